//! An account that nothing opens for a while: what is scheduled for it waits, and goes out when it is back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    api::Asked,
    gallery::{count, ordered, picture, post},
    house::eventually,
    meta::part,
    office::Office,
};

const PATIENCE: Duration = Duration::from_mins(1);
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const KEY: (&str, &str) = ("master_key", "the first of two keys, long enough");
const OTHER_KEY: (&str, &str) = ("master_key", "the other of two keys, long enough");

/// A server whose only account is one that somebody logs in with.
async fn open() -> Office {
    let office = Office::with(&[
        ("instagram.page_access_token", ""),
        ("instagram.page_id", ""),
        ("instagram.app_id", "{app}"),
        ("graph.instagram_login", "{simulator}/www.instagram.com"),
        ("graph.instagram_api", "{simulator}/api.instagram.com"),
        KEY,
    ])
    .await;
    connect(&office).await;
    office
}

async fn connect(office: &Office) {
    let begun = office.api.get("/instagram/auth/url?login=instagram").await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    let url = begun.body["auth_url"].as_str().unwrap();
    let page = office.api.get(&format!("{url}&sim_decision=allow")).await;
    let back = page.headers["location"].to_str().unwrap();
    let back = back.split('#').next().unwrap();
    let body = json!({"code": part(back, "code"), "state": part(back, "state")});
    let got = office.api.post("/instagram/auth/callback", &body).await;
    assert_eq!(got.status, 200, "{}", got.text);
}

/// A picture in an hour.
async fn scheduled(office: &Office) -> String {
    let mut body = post(&picture().await, "Com hora");
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    body["publish_at"] = at.to_string().into();
    ordered(office, &body).await
}

/// Until its time has come and it waits for its account, which nobody can ask about over the API now.
async fn waits_for_its_account(office: &Office, id: &str) {
    let id = id.parse().unwrap();
    let found = || async { office.process.store.publication(id).await.unwrap().unwrap() };
    eventually("it waits for its account", PATIENCE, || async {
        found().await.progress["waits_for"] == "account"
    })
    .await;
    assert!(!found().await.state.is_over(), "{:?}", found().await);
    assert_eq!(office.calls("/media_publish").await, 0);
}

async fn goes_out(office: &Office, id: &str, before: u64) {
    office.advance(MINUTE_MS).await;
    let over = office.over_with(id, 1_000).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(over["error"], Value::Null, "{over}");
    assert_eq!(count(office).await, before + 1);
    assert_eq!(office.calls("/media_publish").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_post_outlives_a_disconnection() {
    let office = open().await;
    let before = count(&office).await;
    let id = scheduled(&office).await;
    let account = format!("/v1/accounts/{}", office.account);
    let gone = office.api.ask(Asked::delete(&account)).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    office.advance(HOUR_MS + MINUTE_MS).await;
    waits_for_its_account(&office, &id).await;
    connect(&office).await;
    goes_out(&office, &id, before).await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_post_outlives_a_wrong_master_key() {
    let office = open().await;
    let before = count(&office).await;
    let id = scheduled(&office).await;
    let office = office.killed_for(2 * HOUR_MS, &[OTHER_KEY]).await;
    let path = office.path(&format!("publications/{id}"));
    let locked = office.api.get(&path).await;
    assert_eq!(
        locked.body["error"]["code"], "token_locked",
        "{}",
        locked.text
    );
    waits_for_its_account(&office, &id).await;
    let office = office.killed_for(MINUTE_MS, &[KEY]).await;
    goes_out(&office, &id, before).await;
    office.close().await;
}
