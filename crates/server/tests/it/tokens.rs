//! What becomes of tokens over time: refreshed ahead, each account on its own; dead ones told; the settings' token an
//! account like any other; a caller's own token used and not kept.

use std::time::Duration;

use serde_json::{Value, json};
use server::Roles;

use crate::{api::Asked, client::ACCOUNT, house::eventually, meta::Meta};

const PATIENCE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
const OPEN: (&str, &str) = ("api.open_on_loopback", "true");

async fn health(meta: &Meta, account: &str) -> Value {
    let got = meta.api.get(&format!("/v1/accounts/{account}")).await;
    got.body["health"].clone()
}

/// Moves time on in steps, as it does by itself, until this holds.
async fn until(meta: &Meta, what: &str, verdict: &str, account: &str) {
    eventually(what, PATIENCE, async || {
        meta.advance(Duration::from_mins(10)).await;
        health(meta, account).await["verdict"] == verdict
    })
    .await;
}

#[tokio::test]
async fn a_token_is_refreshed_now_and_only_when_meta_lets_us() {
    let meta = Meta::new().await;
    meta.connect("instagram", "").await;
    let path = format!("/v1/accounts/{ACCOUNT}/refresh");
    let young = meta.api.post(&path, &json!({})).await;
    // Too young for Meta: it is asked how the account is, and nothing that it would refuse.
    assert_eq!(young.status, 200, "{}", young.text);
    assert_eq!(young.body["health"]["verdict"], "fine");
    assert_eq!(meta.calls("/refresh_access_token").await, 0);
    meta.advance(DAY * 20).await;
    assert_eq!(health(&meta, ACCOUNT).await["days_left"], 39);
    let fresh = meta.api.post(&path, &json!({})).await;
    assert_eq!(fresh.status, 200, "{}", fresh.text);
    assert_eq!(fresh.body["health"]["days_left"], 59);
    meta.close().await;
}

#[tokio::test]
async fn accounts_are_looked_after_each_on_its_own() {
    let meta = Meta::with(Roles::BOTH, &[OPEN]).await;
    let second = "17841400000000002";
    meta.control(
        "/_sim/accounts",
        &json!({"id": second, "username": "second"}),
    )
    .await;
    meta.connect("instagram", "").await;
    meta.connect("instagram", &format!("&sim_account={second}"))
        .await;
    let revoked = json!({"all": true, "account": second, "state": "revoked"});
    let told = meta.control("/_sim/tokens", &revoked).await;
    assert_eq!(told.status, 200, "{}", told.text);
    meta.advance(DAY * 11).await;
    until(&meta, "the dead one is told", "revoked", second).await;
    // It had 48 days left.
    eventually("the other one is fresh", PATIENCE, async || {
        meta.advance(Duration::from_mins(10)).await;
        health(&meta, ACCOUNT).await["days_left"].as_i64() > Some(50)
    })
    .await;
    let dead = health(&meta, second).await;
    assert_eq!(dead["last_error"], "190/460");
    let link = dead["reconnect_url"].as_str().unwrap();
    assert!(
        link.ends_with(&format!("/instagram/auth/url?account={second}")),
        "{link}"
    );
    // A new login makes it well again.
    meta.connect("instagram", &format!("&sim_account={second}"))
        .await;
    assert_eq!(health(&meta, second).await["verdict"], "fine");
    meta.close().await;
}

#[tokio::test]
async fn a_token_that_nobody_could_refresh_warns_and_then_has_ended() {
    let meta = Meta::with(Roles::BOTH, &[OPEN]).await;
    meta.connect("instagram", "").await;
    let away = json!({"match": {"path": "refresh_access_token"}, "times": 1000, "do": {"kind": "status", "status": 503}});
    let told = meta.control("/_sim/faults", &away).await;
    assert_eq!(told.status, 200, "{}", told.text);
    meta.advance(DAY * 54).await;
    until(&meta, "it warns", "expiring", ACCOUNT).await;
    meta.advance(DAY * 6).await;
    until(&meta, "it has ended", "expired", ACCOUNT).await;
    meta.close().await;
}

#[tokio::test]
async fn the_settings_token_becomes_an_account() {
    let settings = [
        OPEN,
        ("instagram.page_access_token", "SIM-PAGE-TOKEN"),
        ("instagram.page_id", "100000000000001"),
        ("instagram.account_id", ""),
    ];
    let meta = Meta::with(Roles::SERVE, &settings).await;
    eventually(
        "Meta says whose it is",
        Duration::from_secs(20),
        async || {
            let listed = meta.api.get("/v1/accounts").await.body;
            listed["data"][0]["id"] == ACCOUNT && listed["data"][0]["username"].is_string()
        },
    )
    .await;
    let account = &meta.api.get("/v1/accounts").await.body["data"][0];
    assert_eq!(account["origin"], "settings");
    assert_eq!(account["page_id"], "100000000000001");
    let gone = meta
        .api
        .ask(Asked::delete(&format!("/v1/accounts/{ACCOUNT}")))
        .await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    assert_eq!(meta.api.get("/v1/accounts").await.body["data"], json!([]));
    meta.close().await;
}

#[tokio::test]
async fn the_settings_account_is_there_though_meta_is_away() {
    let settings = [
        OPEN,
        ("instagram.page_access_token", "SIM-PAGE-TOKEN"),
        ("instagram.page_id", "100000000000001"),
        ("graph.graph_facebook", "http://127.0.0.1:1"),
    ];
    let meta = Meta::with(Roles::SERVE, &settings).await;
    let account = meta.api.get(&format!("/v1/accounts/{ACCOUNT}")).await;
    assert_eq!(account.status, 200, "{}", account.text);
    assert_eq!(account.body["health"]["verdict"], "unchecked");
    meta.close().await;
}
