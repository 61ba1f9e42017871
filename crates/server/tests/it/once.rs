//! `Idempotency-Key` and outcomes that were told: whose key it is, which calls it is for, and that what was told stays so
//! when the process dies before it is done.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use server::{App, Roles};
use store::{KeyKind, NewKey};
use tokio_util::sync::CancellationToken;

use crate::{
    api::Asked,
    client::ACCOUNT,
    gallery::post,
    house::{eventually, settings},
    office::Office,
    reading::Reading,
};

const PATIENCE: Duration = Duration::from_mins(1);

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(text.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_callers_of_one_name_do_not_share_a_key() {
    let office = Office::open().await;
    let mut body = post("https://example.com/a.jpg", "Amanhã");
    body["publish_at"] = "2027-06-01T12:00:00Z".into();
    let path = office.path("publications");
    let wanted = json!({"name": "dashboard", "scopes": ["read", "publish"]});
    let mut ids = Vec::new();
    for _ in 0..2 {
        let made = office.api.post("/v1/keys", &wanted).await;
        let key = made.body["key"].as_str().unwrap().to_owned();
        let order = || {
            let asked = Asked::post(&path, &body).header("x-api-key", &key);
            office.api.ask(asked.header("idempotency-key", "order-1"))
        };
        let (first, again) = (order().await, order().await);
        assert_eq!((first.status, again.status), (201, 201), "{}", again.text);
        assert!(first.headers.get("idempotency-replayed").is_none());
        assert_eq!(again.headers["idempotency-replayed"], "true");
        assert_eq!(again.body["id"], first.body["id"]);
        ids.push(first.body["id"].clone());
    }
    assert_ne!(ids[0], ids[1]);
    office.close().await;
}

/// Who asks may stand in the body there, where the layer around the handlers does not look.
#[tokio::test(flavor = "multi_thread")]
async fn the_documents_calls_take_a_handle_in_the_body_beside_a_key_for_repeats() {
    let reading = Reading::with(&[("api.open_on_loopback", "false")]).await;
    let handle = "gmh_a-handle-of-the-tests";
    let new = NewKey {
        kind: KeyKind::Handle,
        hash: sha256(handle),
        prefix: "gmh_a-ha".to_owned(),
        name: "handle".to_owned(),
        scopes: vec!["read".to_owned()],
        accounts: Some(vec![ACCOUNT.to_owned()]),
        expires_at_ms: None,
    };
    reading.house.store.add_key(new).await.unwrap();
    let newest = reading.media()[0]["id"].as_str().unwrap().to_owned();
    for path in [
        "/instagram/user/profile".to_owned(),
        "/instagram/user/media?limit=2".to_owned(),
        format!("/instagram/media/{newest}/insights"),
        "/instagram/account/insights?period=day".to_owned(),
        "/instagram/audience/insights?period=lifetime".to_owned(),
    ] {
        let ask = |body: Value| {
            let asked = Asked::post(&path, &body).header("idempotency-key", "one");
            reading.api.ask(asked)
        };
        for _ in 0..2 {
            let got = ask(json!({ "access_token": handle })).await;
            assert_eq!(got.status, 200, "{path}: {}", got.text);
            assert!(got.headers.get("idempotency-replayed").is_none(), "{path}");
        }
        assert_eq!(ask(json!({})).await.status, 401, "{path}");
    }
    reading.close().await;
}

/// A reply that nobody works on; its write.
async fn ordered_reply(reading: &Reading) -> uuid::Uuid {
    let comment = json!({"from": "5550000000000101", "text": "Que disco é esse?", "silent": true});
    let comment = reading.tell("/_sim/comments", &comment).await;
    let id = comment["id"].as_str().unwrap();
    let path = format!("/v1/accounts/{ACCOUNT}/comments/{id}/replies");
    let got = reading.api.post(&path, &json!({"text": "Oi"})).await;
    assert_eq!(got.status, 202, "{}", got.text);
    got.body["write"].as_str().unwrap().parse().unwrap()
}

/// As a process leaves it that dies between telling an outcome and ending its job.
#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_was_told_is_not_sent_after_a_crash() {
    let reading = Reading::with(&[("api.wait_seconds", "1")]).await;
    let store = &reading.house.store;
    let error = json!({"detail": "too late", "error": {"code": "not_in_time"}});
    let mut writes = Vec::new();
    for (outcome, end) in [
        (
            json!({"state": "refused", "status": 503, "error": error}),
            "refused",
        ),
        (json!({"state": "done", "id": "17800000000000009"}), "done"),
        (json!({"state": "unknown"}), "dead"),
    ] {
        let write = ordered_reply(&reading).await;
        let lease = Duration::from_secs(1);
        let claimed = store.claim(&["writes"], 1, lease).await.unwrap();
        assert_eq!(claimed[0].id, write);
        store
            .step_done(&claimed[0].lease, "outcome", outcome)
            .await
            .unwrap();
        writes.push((write, end));
    }
    reading.clock.advance(Duration::from_secs(2));

    let base = reading.simulator.base_url();
    let (facebook, token) = (
        format!("{base}/graph.facebook.com"),
        simulator::Options::default().page_token,
    );
    let changes = [
        ("graph.graph_facebook", facebook.as_str()),
        ("instagram.page_access_token", token.as_str()),
    ];
    let settings = settings(reading.house.folder.path(), &changes);
    let clock = Arc::clone(&reading.clock) as Arc<dyn store::Clock>;
    let app = App::build_by(settings, Roles::WORK, clock).await.unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(app.run(stop.clone()));
    for (write, end) in writes {
        eventually("the job ends as it was told", PATIENCE, || async {
            store.job(write).await.unwrap().unwrap().state == end
        })
        .await;
    }
    stop.cancel();
    running.await.unwrap().unwrap();
    let calls = reading.calls().await;
    let is_reply = |(path, _): &&(String, u64)| path.ends_with("/replies");
    assert_eq!(calls.iter().filter(is_reply).count(), 0, "{calls:?}");
    reading.close().await;
}
