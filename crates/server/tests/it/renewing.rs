//! What is old is given at once and renewed behind: by one call however many ask, never for who wants it new, never with
//! a caller's own token, and not again and again while Meta is in trouble.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    api::{Asked, Got},
    house::eventually,
    reading::{Reading, header},
};

const ACCOUNT: &str = "17841400000000001";
const MEDIA: &str = "/v1/accounts/17841400000000001/media?limit=5";
const PROFILE: &str = "/v1/accounts/17841400000000001/profile";
const PATIENCE: Duration = Duration::from_secs(30);
/// A little longer than media and profiles are fresh.
const OLD: Duration = Duration::from_secs(301);

fn source(got: &Got) -> &str {
    header(got, "x-gramophone-cache")
}

fn cost(got: &Got) -> &str {
    header(got, "x-gramophone-calls")
}

/// Asks until the answer is of this source.
async fn until(reading: &Reading, path: &str, wanted: &str) -> Got {
    eventually(wanted, PATIENCE, async || {
        source(&reading.get(path).await) == wanted
    })
    .await;
    reading.get(path).await
}

/// Every call of this kind fails from now on.
async fn break_down(reading: &Reading, path: &str, how: Value) {
    let fault = json!({"match": {"path": path}, "times": 0, "do": how});
    reading.tell("/_sim/faults", &fault).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_readers_of_something_old_cost_one_call_and_none_waits_for_it() {
    let reading = Reading::open().await;
    let first = reading.get(MEDIA).await;
    assert_eq!((source(&first), header(&first, "age")), ("miss", "0"));
    reading.advance(OLD).await;
    reading.calls().await;
    let old = reading.get(MEDIA).await;
    assert_eq!((source(&old), header(&old, "age")), ("revalidating", "301"));
    assert_eq!((cost(&old), &old.text), ("0", &first.text));
    let asked = (0..99).map(|_| reading.get(MEDIA));
    for got in futures::future::join_all(asked).await {
        assert_eq!(cost(&got), "0");
        assert!(["revalidating", "hit"].contains(&source(&got)), "{got:?}");
    }
    let new = until(&reading, MEDIA, "hit").await;
    assert_eq!(header(&new, "age"), "0");
    assert_ne!(new.body["source"], first.body["source"]);
    assert_eq!(reading.calls().await.len(), 1);
    // After its bounded time it is not given any more while Meta can be asked.
    reading.advance(Duration::from_secs(301 + 900)).await;
    let late = reading.get(MEDIA).await;
    assert_eq!((source(&late), cost(&late)), ("revalidated", "1"));
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_renewed_before_the_numbers_that_come_with_it() {
    let reading = Reading::open().await;
    let list = format!("{}&insights=true", MEDIA.replace("=5", "=50"));
    reading.get(&list).await;
    reading.advance(Duration::from_secs(1_000)).await;
    reading.calls().await;
    // The document's way: the page, then each post by itself; all of it is old by now.
    let page = reading.get(&list).await;
    assert_eq!((source(&page), cost(&page)), ("revalidating", "0"));
    for post in reading.media().iter().take(50) {
        let id = post["id"].as_str().unwrap();
        let path = format!("/v1/accounts/{ACCOUNT}/media/{id}/insights");
        let got = reading.get(&path).await;
        assert_eq!(cost(&got), "0", "{}", got.text);
    }
    until(&reading, &list, "hit").await;
    let calls = reading.calls().await;
    assert_eq!(calls.len(), 1, "{calls:?}");
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_renewal_keeps_the_old_answer_and_is_not_repeated_at_once() {
    let reading = Reading::open().await;
    let first = reading.get(PROFILE).await;
    reading.get(MEDIA).await;
    let post = reading.media()[0]["id"].as_str().unwrap();
    let post = format!("/v1/accounts/{ACCOUNT}/media/{post}");
    break_down(
        &reading,
        "*",
        json!({"kind": "status", "status": 503, "code": 2}),
    )
    .await;
    reading.advance(OLD).await;
    reading.calls().await;
    let old = until(&reading, PROFILE, "stale").await;
    assert_eq!((cost(&old), &old.text), ("0", &first.text));
    let asked = (0..50).map(|at| reading.get(if at % 2 == 0 { PROFILE } else { &post }));
    for got in futures::future::join_all(asked).await {
        assert_eq!((source(&got), cost(&got)), ("stale", "0"));
    }
    assert_eq!(reading.calls().await.len(), 1, "one failed call is enough");
    // The other answer of the account is tried first, after a minute.
    reading.advance(Duration::from_secs(61)).await;
    assert_eq!(source(&reading.get(PROFILE).await), "stale");
    assert_eq!(source(&reading.get(&post).await), "revalidating");
    until(&reading, &post, "stale").await;
    assert_eq!(reading.calls().await.len(), 1);
    reading.forget("/_sim/faults").await;
    reading.advance(Duration::from_secs(121)).await;
    let new = until(&reading, PROFILE, "hit").await;
    assert_ne!(new.body["source"], first.body["source"]);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_it_new_waits_for_meta() {
    let reading = Reading::open().await;
    reading.get(MEDIA).await;
    reading.advance(OLD).await;
    reading.calls().await;
    let anew = reading
        .good(Asked::get(MEDIA).header("cache-control", "no-cache"))
        .await;
    assert_eq!((source(&anew), cost(&anew)), ("revalidated", "1"));
    assert_eq!(source(&reading.get(MEDIA).await), "hit");
    assert_eq!(reading.calls().await.len(), 1);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_own_token_is_never_used_behind_their_back() {
    let reading = Reading::open().await;
    let body = json!({"access_token": "IGSIMOWNTOKEN"});
    let theirs = json!({"token": "IGSIMOWNTOKEN", "account": ACCOUNT, "login": "instagram"});
    reading.tell("/_sim/tokens", &theirs).await;
    let ask = || reading.good(Asked::post("/instagram/user/media?limit=5", &body));
    assert_eq!(source(&ask().await), "miss");
    assert_eq!(source(&ask().await), "hit");
    reading.advance(OLD).await;
    reading.calls().await;
    let got = ask().await;
    assert_eq!((source(&got), cost(&got)), ("revalidated", "1"));
    assert_eq!(reading.calls().await.len(), 1);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_renewed_with_a_token_that_meta_refuses() {
    let reading = Reading::open().await;
    reading.get(PROFILE).await;
    let revoked = json!({"all": true, "account": ACCOUNT, "state": "revoked"});
    reading.tell("/_sim/tokens", &revoked).await;
    reading.advance(OLD).await;
    until(&reading, PROFILE, "stale").await;
    eventually("it is known", PATIENCE, async || {
        let account = reading.get(&format!("/v1/accounts/{ACCOUNT}")).await;
        account.body["health"]["verdict"] == "revoked"
    })
    .await;
    // Long after the pause: whoever asks, asks Meta themselves, and nobody does behind them.
    reading.advance(Duration::from_mins(10)).await;
    reading.calls().await;
    for _ in 0..3 {
        let got = reading.get(PROFILE).await;
        assert_eq!((source(&got), cost(&got)), ("stale", "1"));
    }
    assert_eq!(reading.calls().await.len(), 3);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_under_way_is_let_end_when_the_server_stops() {
    let reading = Reading::open().await;
    reading.get(MEDIA).await;
    reading.advance(OLD).await;
    reading.calls().await;
    break_down(&reading, "/media", json!({"kind": "delay", "ms": 1500})).await;
    assert_eq!(source(&reading.get(MEDIA).await), "revalidating");
    eventually("the call is on its way", PATIENCE, async || {
        reading.look("/_sim/faults").await["faults"][0]["struck"] == 1
    })
    .await;
    let Reading {
        house, simulator, ..
    } = reading;
    house.close().await;
    let calls = format!("{}/_sim/calls?path=/media", simulator.base_url());
    let calls: Value = reqwest::get(calls).await.unwrap().json().await.unwrap();
    // Meta writes a call down when it has answered it, and never where the caller hung up.
    assert_eq!(calls["calls"][0]["status"], 200, "{calls}");
    simulator.stop().await;
}
