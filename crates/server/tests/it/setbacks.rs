//! What is in the way of a publication for a while, and what nobody can know: a container that Meta does not know, a
//! token that it does not take, a container that is gone while a strange post is new.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    gallery::{count, newest, ordered, picture, post},
    house::eventually,
    office::Office,
};

const PATIENCE: Duration = Duration::from_mins(1);
/// Containers, as they are read; nothing else has an id that begins so.
const CONTAINERS: &str = "graph.facebook.com/v26.0/179*";

async fn refused(office: &Office, method: &str, path: &str, times: u32, code: (i64, i64)) {
    let fault = json!({
        "match": {"method": method, "path": path}, "times": times,
        "do": {"kind": "status", "status": 400, "code": code.0, "subcode": code.1, "message": "No."},
    });
    office.sim("faults", fault).await;
}

/// A publication, once it is over; time moves to the end of each of its waits, and no further.
async fn waited_for(office: &Office, id: &str) -> Value {
    let path = office.path(&format!("publications/{id}"));
    eventually("the publication is over", PATIENCE, async || {
        let got = office.api.get(&path).await;
        let wait = got.headers.get("retry-after");
        if let Some(seconds) = wait.and_then(|wait| wait.to_str().ok()?.parse::<i64>().ok()) {
            office.advance(seconds * 1_000).await;
        }
        let state = got.body["state"].as_str();
        matches!(state, Some("published" | "failed" | "unknown"))
    })
    .await;
    office.api.get(&path).await.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_meta_does_not_know_yet_is_waited_for_and_then_made_anew() {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    refused(&office, "POST", "*/media", 1, (-1, 2_207_053)).await;
    refused(&office, "GET", CONTAINERS, 2, (24, 2_207_008)).await;
    let id = ordered(&office, &post(&url, "Ainda não")).await;
    let over = waited_for(&office, &id).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(office.calls("/media").await, 2, "one of them was refused");
    refused(&office, "GET", CONTAINERS, 4, (100, 33)).await;
    let id = ordered(&office, &post(&url, "De novo")).await;
    let over = waited_for(&office, &id).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(
        office.calls("/media").await,
        4,
        "the first one was given up"
    );
    assert_eq!(count(&office).await, before + 2);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_meta_does_not_take_keeps_a_post_waiting_and_does_not_end_it() {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    for path in ["*/media", "*/media_publish"] {
        refused(&office, "POST", path, 1, (190, 460)).await;
        let id = ordered(&office, &post(&url, "Mais tarde")).await;
        let waiting = office.waits(&id, "account").await;
        assert_eq!(waiting.status, 200, "{}", waiting.text);
        let error = &waiting.body["error"]["error"];
        assert_eq!(error["meta"]["code"], 190, "{}", waiting.text);
        let over = waited_for(&office, &id).await;
        assert_eq!(over["state"], "published", "{over}");
        assert_eq!(over["error"], Value::Null, "{over}");
    }
    assert_eq!(count(&office).await, before + 2);
    // For a day, and no longer.
    refused(&office, "POST", "*/media", 0, (190, 460)).await;
    let id = ordered(&office, &post(&url, "Nunca")).await;
    office.waits(&id, "account").await;
    let over = waited_for(&office, &id).await;
    assert_eq!(over["state"], "failed", "{over}");
    assert_eq!(over["error"]["error"]["meta"]["code"], 190, "{over}");
    office.close().await;
}

/// Somebody else publishes for the account.
async fn stranger(office: &Office, url: &str) {
    let base = office.simulator.base_url();
    let token = simulator::Options::default().page_token;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |edge: &str, body: Value| -> Value {
        let url = format!("{base}/graph.facebook.com/v26.0/{}/{edge}", office.account);
        let asked = http.post(url).bearer_auth(&token).json(&body);
        asked.send().await.unwrap().json().await.unwrap()
    };
    let made = ask("media", json!({"image_url": url, "caption": "Outra"})).await;
    let out = ask("media_publish", json!({"creation_id": made["id"]})).await;
    assert!(out["id"].is_string(), "{made} {out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_gone_beside_a_strange_new_post_is_not_published_again() {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    let lost = json!({
        "match": {"method": "POST", "path": "*/media_publish"}, "times": 1, "do": {"kind": "drop_then_close"},
    });
    office.sim("faults", lost).await;
    let id = ordered(&office, &post(&url, "Minha")).await;
    eventually("the call is made", PATIENCE, async || {
        office.calls("/media_publish").await == 1
    })
    .await;
    refused(&office, "GET", CONTAINERS, 0, (100, 33)).await;
    stranger(&office, &url).await;
    assert_eq!(newest(&office).await["caption"], "Outra");
    let over = waited_for(&office, &id).await;
    assert_eq!(over["state"], "unknown", "{over}");
    assert_eq!(over["error"]["error"]["code"], "outcome_unknown", "{over}");
    assert_eq!(count(&office).await, before + 1, "the stranger's alone");
    assert_eq!(office.calls("/media_publish").await, 2);
    office.close().await;
}
