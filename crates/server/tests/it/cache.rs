//! What is kept and for how long, what a storm of throttling does, and who goes first afterwards.

use std::time::Duration;

use serde_json::json;

use crate::{
    api::Asked,
    house::eventually,
    reading::{Reading, header, metric},
};

const MEDIA: &str = "/v1/accounts/17841400000000001/media?limit=5";
const PROFILE: &str = "/v1/accounts/17841400000000001/profile";

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_marked_and_asked_for_anew() {
    let reading = Reading::open().await;
    let first = reading.get(MEDIA).await;
    assert_eq!(header(&first, "x-gramophone-cache"), "miss");
    let again = reading.get(MEDIA).await;
    assert_eq!(header(&again, "x-gramophone-cache"), "hit");
    assert_eq!(header(&again, "x-gramophone-calls"), "0");
    assert_eq!(first.text, again.text);
    let etag = header(&first, "etag").to_owned();
    let same = reading
        .api
        .ask(Asked::get(MEDIA).header("if-none-match", &etag))
        .await;
    assert_eq!((same.status, same.text.as_str()), (304, ""));
    let anew = reading
        .good(Asked::get(MEDIA).header("cache-control", "no-cache"))
        .await;
    assert_eq!(header(&anew, "x-gramophone-cache"), "revalidated");
    assert_eq!(header(&anew, "x-gramophone-calls"), "1");
    reading.advance(Duration::from_secs(301)).await;
    let later = reading.get(MEDIA).await;
    assert_eq!(header(&later, "x-gramophone-cache"), "revalidating");
    assert_eq!(later.text, anew.text);
    // What is renewed behind counts as made, and the answer it was renewed behind as saved.
    let path = "/v1/accounts/17841400000000001/usage";
    eventually("it is renewed", Duration::from_secs(30), async || {
        reading.get(path).await.body["days"][0]["calls_made"] == 3
    })
    .await;
    let usage = reading.get(path).await;
    assert_eq!(usage.body["days"][0]["calls_saved"], 3);
    assert_eq!(usage.body["interactive"]["open"], true);
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_once_cost_one_call() {
    let reading = Reading::open().await;
    reading.calls().await;
    let asked = (0..20).map(|_| reading.get(MEDIA));
    let answers = futures::future::join_all(asked).await;
    let calls = reading.calls().await;
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_door_is_not_knocked_at_and_what_is_kept_stands_in() {
    for budget in ["app", "account", "custom"] {
        let reading = Reading::open().await;
        reading.get(PROFILE).await;
        reading.advance(Duration::from_secs(301)).await;
        let close = json!({"budget": budget, "minutes": 10});
        reading.tell("/_sim/limits/close", &close).await;
        reading.calls().await;
        // One call finds out; from then on nobody calls.
        eventually("stale", Duration::from_secs(30), async || {
            let kept = reading.get(PROFILE).await;
            header(&kept, "x-gramophone-cache") == "stale"
        })
        .await;
        assert_eq!(reading.calls().await.len(), 1, "{budget}");
        for _ in 0..5 {
            let refused = reading.api.get(MEDIA).await;
            assert_eq!(refused.status, 429, "{budget}: {}", refused.text);
            let wait: u64 = header(&refused, "retry-after").parse().unwrap();
            assert!((60..=660).contains(&wait), "{budget}: {wait}");
            assert_eq!(refused.body["error"]["code"], "throttled_by_meta");
        }
        assert_eq!(reading.calls().await, [], "{budget}");
        reading.advance(Duration::from_mins(11)).await;
        let open = reading.get(MEDIA).await;
        assert_eq!(header(&open, "x-gramophone-cache"), "miss", "{budget}");
        reading.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_last_process_kept_is_kept() {
    let reading = Reading::open().await;
    reading.get(MEDIA).await;
    let keys = ["17841400000000001||media|list:media:5:::".to_owned()];
    let rows = reading.house.store.cached(&keys).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].body.contains("access_token"));
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_callers_own_token_is_refused_is_believed_for_that_answer_alone() {
    for visits in [true, false] {
        let reading = Reading::open().await;
        let truth = reading.media()[0].clone();
        let id = truth["id"].as_str().unwrap();
        let visitor = "EAAvisitorvisitorvisitorvisitor";
        let token = json!({"token": visitor, "account": "17841400000000001", "login": "facebook"});
        reading.tell("/_sim/tokens", &token).await;
        let refuse = json!({"refuse": ["saved"]});
        reading.tell("/_sim/insights", &refuse).await;
        let mut body = json!({});
        if visits {
            body["access_token"] = visitor.into();
        }
        let path = format!("/instagram/media/{id}/insights");
        let got = reading.good(Asked::post(&path, &body)).await;
        assert_eq!(
            metric(&got.body["insights"]["data"], "saves")["available"],
            false
        );
        reading.tell("/_sim/insights", &json!({"refuse": []})).await;
        // Asked anew by our own token: what was refused to ours is remembered, what was refused to theirs is not.
        let path = format!("/v1/accounts/17841400000000001/media/{id}/insights");
        let got = reading
            .good(Asked::get(&path).header("cache-control", "no-cache"))
            .await;
        let saved = &metric(&got.body["data"], "saved")["value"];
        if visits {
            assert_eq!(*saved, truth["metrics"]["saved"], "{}", got.text);
        } else {
            assert!(saved.is_null(), "{}", got.text);
        }
        let usage = reading.get("/v1/accounts/17841400000000001/usage").await;
        let made = usage.body["days"][0]["calls_made"].as_u64().unwrap();
        assert_eq!(made == 1, visits, "{}", usage.text);
        reading.close().await;
    }
}
