//! Who gets in with what in the body of a document's call, and whose allowance such calls cost: a handle's its own,
//! Meta's tokens that of the key beside them.

use std::time::Duration;

use serde_json::json;

use crate::{
    api::{Api, Asked, Got},
    client::ACCOUNT,
    keys,
    meta::Meta,
    reading::Reading,
};

/// A token that Meta gave to somebody else's app.
const RAW: &str = "IGAArawTokenOfAnotherApp";

async fn profile(api: &Api, token: &str, key: Option<&str>) -> Got {
    let asked = Asked::post("/instagram/user/profile", &json!({"access_token": token}));
    let asked = match key {
        Some(key) => asked.header("x-api-key", key),
        None => asked,
    };
    api.ask(asked).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_metas_opens_nothing_without_a_key_of_ours() {
    for (open, status) in [("false", 401), ("true", 200)] {
        let reading = Reading::with(&[("api.open_on_loopback", open)]).await;
        let known = json!({"token": RAW, "account": ACCOUNT, "login": "instagram"});
        reading.tell("/_sim/tokens", &known).await;
        keys::add(&reading.house, "gmk_dashboard", &["read"]).await;
        let alone = profile(&reading.api, RAW, None).await;
        assert_eq!(alone.status, status, "{}", alone.text);
        if status == 401 {
            let error = &alone.body["error"];
            assert_eq!(error["code"], "key_missing");
            let step = error["next_step"].as_str().unwrap();
            assert!(step.contains("x-api-key") && step.contains("/instagram/auth/url"));
            let log = format!("{}/_sim/calls?limit=5000", reading.simulator.base_url());
            let arrived = reading.api.get(&log).await.text;
            assert!(!arrived.contains("graph.instagram.com"), "{arrived}");
        }
        let with_key = profile(&reading.api, RAW, Some("gmk_dashboard")).await;
        assert_eq!(with_key.status, 200, "{}", with_key.text);
        assert_eq!(with_key.body["profile"]["user_id"], ACCOUNT);
        reading.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_in_the_body_has_an_allowance_of_its_own() {
    let changes = [
        ("api.open_on_loopback", "true"),
        ("api.calls_per_minute", "20"),
    ];
    let meta = Meta::with(server::Roles::SERVE, &changes).await;
    let connected = meta.connect("instagram", "").await;
    let handle = connected.body["access_token"].as_str().unwrap();
    let first = profile(&meta.api, handle, None).await;
    assert_eq!(first.status, 200, "{}", first.text);
    // Somebody else at this address spends all there is.
    let mut last = 0;
    for _ in 0..20 {
        last = meta.api.get("/v1/me").await.status;
    }
    assert_eq!(last, 429);
    let next = profile(&meta.api, handle, None).await;
    assert_eq!(next.status, 200, "{}", next.text);
    assert_eq!(next.headers["ratelimit-remaining"], "19");
    let stranger = profile(&meta.api, "gmh_made_up", None).await;
    assert_eq!(stranger.status, 429, "{}", stranger.text);
    meta.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_shuts_out_no_handle_and_a_dead_token_is_no_guess() {
    let meta = Meta::new().await;
    let connected = meta.connect("instagram", "").await;
    let handle = connected.body["access_token"].as_str().unwrap();
    for key in ["gmk_dashboard", "gmk_late"] {
        keys::add(&meta.house, key, &["read"]).await;
    }
    for _ in 0..40 {
        let dead = profile(&meta.api, "IGAAdead", Some("gmk_dashboard")).await;
        assert_eq!(dead.status, 401, "{}", dead.text);
    }
    let late = Asked::get("/v1/me").header("x-api-key", "gmk_late");
    let late = meta.api.ask(late).await;
    assert_eq!(late.status, 200, "nobody guessed: {}", late.text);

    assert_eq!(profile(&meta.api, handle, None).await.status, 200);
    let mut last = 0;
    for _ in 0..40 {
        last = profile(&meta.api, "gmh_made_up", None).await.status;
    }
    assert_eq!(last, 429, "whoever guesses is shut out");
    let good = profile(&meta.api, handle, None).await;
    assert_eq!(good.status, 200, "{}", good.text);
    meta.advance(Duration::from_mins(1)).await;
    let again = profile(&meta.api, "gmh_made_up", None).await;
    assert_eq!(again.status, 401, "{}", again.text);
    meta.close().await;
}
