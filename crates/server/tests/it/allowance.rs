//! Doors that Meta has closed, as every route finds them: whatever asks Meta itself takes a permit, and what Meta
//! answers it closes the door for all others. Logins too: theirs is told before anything of it is used up.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    api::{Asked, Got},
    client::ACCOUNT,
    meta::{Meta, part},
    office::Office,
    reading::header,
};

const MINUTE_MS: i64 = 60_000;

fn seconds(got: &Got) -> i64 {
    assert_eq!(got.status, 429, "{}", got.text);
    header(got, "retry-after").parse().unwrap()
}

/// Graph calls so far, those that tokens are made with included.
async fn calls(office: &Office) -> usize {
    let log = office.look("calls?limit=5000").await;
    let calls = log["calls"].as_array().unwrap().iter();
    let is_graph = |call: &&Value| {
        let host = call["host"].as_str().unwrap_or_default();
        host.starts_with("graph.") || host.starts_with("api.")
    };
    calls.filter(is_graph).count()
}

/// Every route that asks Meta without the cache's detour.
fn direct(office: &Office, media: &str) -> Vec<Asked> {
    let comments = office.path(&format!("media/{media}/comments"));
    vec![
        Asked::get(&comments),
        Asked::get(&office.path("comments/17900000000000001")),
        Asked::get(&office.path("comments/17900000000000001/replies")),
        Asked::put(
            &office.path("comments/17900000000000001/hidden"),
            &json!({"hidden": true}),
        ),
        Asked::delete(&office.path("comments/17900000000000001")),
        Asked::put(&format!("{comments}/enabled"), &json!({"enabled": true})),
        Asked::get(&office.path("conversations?person=5550000000000101")),
        Asked::get(&office.path("publishing-limit")),
        Asked::delete(&office.path(&format!("media/{media}"))),
        Asked::get(&office.path("hashtags")),
        Asked::post(&office.path("refresh"), &json!({})),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_any_route_hears_closes_the_door_for_all() {
    let changes = [
        ("api.wait_seconds", "1"),
        ("snapshots.enabled", "false"),
        ("api.calls_per_minute", "1000000"),
    ];
    let office = Office::with(&changes).await;
    office.begun().await;
    let posts = office.look("media?limit=1").await;
    let media = posts["media"][0]["id"].as_str().unwrap().to_owned();
    for at in 0..direct(&office, &media).len() {
        let refuse = json!({
            "match": {"path": "graph.facebook.com*"}, "times": 1,
            "do": {"kind": "status", "status": 400, "code": 4, "message": "(#4) Application request limit reached"},
        });
        office.sim("faults", refuse).await;
        let mut routes = direct(&office, &media);
        let found = office.api.ask(routes.remove(at)).await;
        assert!(
            (290..=300).contains(&seconds(&found)),
            "{at}: {}",
            found.text
        );
        assert_eq!(found.body["error"]["code"], "throttled_by_meta");
        let before = calls(&office).await;
        for route in direct(&office, &media) {
            let refused = office.api.ask(route).await;
            assert!((200..=300).contains(&seconds(&refused)), "{}", refused.text);
        }
        assert_eq!(calls(&office).await, before, "behind the door of {at}");
        office.advance(5 * MINUTE_MS).await;
        let open = office.api.get(&office.path("publishing-limit")).await;
        assert_eq!(open.status, 200, "{}", open.text);
    }
    office.close().await;
}

#[tokio::test]
async fn a_login_before_a_closed_door_is_told_and_may_be_finished_later() {
    let meta = Meta::new().await;
    let connected = meta.connect("instagram", "").await;
    assert_eq!(connected.status, 200, "{}", connected.text);
    let close = json!({"budget": "app", "minutes": 4});
    meta.control("/_sim/limits/close", &close).await;
    let publishing = format!("/v1/accounts/{ACCOUNT}/publishing-limit");
    assert_eq!(seconds(&meta.api.get(&publishing).await), 300);

    let begun = meta.api.get("/instagram/auth/url").await.body;
    let back = meta.allow(begun["auth_url"].as_str().unwrap(), "").await;
    let made = meta.calls("/access_token").await;
    let body = json!({"code": part(&back, "code"), "state": part(&back, "state")});
    let finish = || Asked::post("/instagram/auth/callback", &body);
    let refused = meta.api.ask(finish()).await;
    assert_eq!(seconds(&refused), 300);
    assert_eq!(refused.body["error"]["code"], "throttled_by_meta");
    let step = refused.body["error"]["next_step"].as_str().unwrap();
    assert!(step.starts_with("Send the same call again"), "{step}");
    let page = meta
        .api
        .ask(Asked::get(&back).header("accept-language", "pt-BR"))
        .await;
    assert_eq!(seconds(&page), 300);
    assert!(page.text.contains("A Meta não aceita mais chamadas"));
    assert_eq!(meta.calls("/access_token").await, made, "nothing was asked");

    meta.advance(Duration::from_mins(5)).await;
    let finished = meta.api.ask(finish()).await;
    assert_eq!(finished.status, 200, "{}", finished.text);
    assert!(meta.calls("/access_token").await > made);
    meta.close().await;
}

#[tokio::test]
async fn what_a_login_hears_closes_the_door() {
    let meta = Meta::new().await;
    let connected = meta.connect("instagram", "").await;
    assert_eq!(connected.status, 200, "{}", connected.text);
    let refuse = json!({
        "match": {"path": "graph.instagram.com*/me*"}, "times": 1,
        "do": {"kind": "status", "status": 400, "code": 4, "message": "(#4) Application request limit reached"},
    });
    meta.control("/_sim/faults", &refuse).await;
    let cut = meta.connect("instagram", "").await;
    assert_eq!(seconds(&cut), 300);
    let step = cut.body["error"]["next_step"].as_str().unwrap();
    assert!(step.starts_with("Ask for a new login link"), "{step}");
    let before = meta.calls("").await;
    let publishing = format!("/v1/accounts/{ACCOUNT}/publishing-limit");
    assert_eq!(seconds(&meta.api.get(&publishing).await), 300);
    assert_eq!(meta.calls("").await, before);
    meta.advance(Duration::from_mins(5)).await;
    let again = meta.connect("instagram", "").await;
    assert_eq!(again.status, 200, "{}", again.text);
    meta.close().await;
}
