//! What became of a publication when Meta's answers cannot be believed: refused and done, gone and done, not to be read.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    api::Asked,
    gallery::{count, newest, ordered, picture, post},
    house::eventually,
    office::Office,
};

const PATIENCE: Duration = Duration::from_mins(1);
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// The call that people see meets this fault, after so many others.
async fn fault(office: &Office, after: u32, what: Value) {
    let fault = json!({
        "match": {"method": "POST", "path": "*/media_publish"}, "times": 1, "after": after, "do": what,
    });
    office.sim("faults", fault).await;
}

async fn state(office: &Office, id: &str) -> Value {
    let path = office.path(&format!("publications/{id}"));
    office.api.get(&path).await.body["state"].clone()
}

/// Until the call was made so often; time passes as long as it was not.
async fn called(office: &Office, times: usize) {
    eventually("the call is made", PATIENCE, || async {
        if office.calls("/media_publish").await >= times {
            return true;
        }
        office.advance(2_000).await;
        false
    })
    .await;
}

/// Meta says that the container is not ready, and has published it. There are no words to know the post by: what was
/// there before the first call stays what it was, so that it is found all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_and_is_out_is_not_published_again() {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    let refusal = json!({
        "kind": "apply_then_error", "status": 400, "code": 9007, "subcode": 2_207_027,
    });
    fault(&office, 0, refusal).await;
    let body = json!({"kind": "image", "items": [{ "image_url": url }]});
    let id = ordered(&office, &body).await;
    office.waits(&id, "processing").await;
    assert_eq!(count(&office).await, before + 1);
    let over = office.over_with(&id, 2_000).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(over["media_id"], newest(&office).await["id"], "{over}");
    assert_eq!(count(&office).await, before + 1);
    assert_eq!(office.calls("/media_publish").await, 1);
    office.close().await;
}

/// The first call is lost and carried out hours later, while the second one is refused because its container is gone.
async fn gone_because_it_is_out(code: i64, subcode: i64) {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    fault(&office, 0, json!({"kind": "late_apply", "ms": 3 * HOUR_MS})).await;
    let gone = json!({"kind": "status", "status": 400, "code": code, "subcode": subcode});
    fault(&office, 1, gone).await;
    let id = ordered(&office, &post(&url, "Uma só")).await;
    called(&office, 2).await;
    office
        .sim("clock", json!({"advance_ms": 3 * HOUR_MS}))
        .await;
    eventually("the first call is carried out", PATIENCE, || async {
        count(&office).await == before + 1
    })
    .await;
    let over = office.over_with(&id, 1_000).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(over["media_id"], newest(&office).await["id"], "{over}");
    assert_eq!(count(&office).await, before + 1);
    assert_eq!(office.calls("/media").await, 1, "another container");
    assert_eq!(office.calls("/media_publish").await, 2);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_gone_because_it_is_out_is_not_made_again() {
    gone_because_it_is_out(24, 2_207_008).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_failed_because_it_is_out_is_not_made_again() {
    gone_because_it_is_out(-1, 2_207_053).await;
}

/// A post whose call is lost, while Meta answers no question any more.
async fn unreadable(office: &Office) -> String {
    let url = picture().await;
    fault(office, 0, json!({"kind": "drop_then_close"})).await;
    let down = json!({
        "match": {"method": "GET", "path": "graph.facebook.com"}, "times": 0, "after": 0,
        "do": {"kind": "status", "status": 503},
    });
    let id = ordered(office, &post(&url, "Uma só")).await;
    called(office, 1).await;
    office.sim("faults", down).await;
    id
}

/// Readings of the container that failed.
async fn failed_readings(office: &Office, id: &str) -> usize {
    let path = office.path(&format!("publications/{id}"));
    let container = office.api.get(&path).await.body["container_id"].clone();
    let container = container.as_str().unwrap().to_owned();
    let calls = office.look("calls?method=GET&limit=10000").await;
    let calls = calls["calls"].as_array().unwrap().clone();
    let failed = |call: &&Value| {
        call["path"].as_str().unwrap().ends_with(&container) && call["status"] == 503
    };
    calls.iter().filter(failed).count()
}

/// Whoever was away for longer than anybody waits has not looked yet: one reading that fails proves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_absence_is_no_reason_to_give_up() {
    let office = Office::open().await;
    let before = count(&office).await;
    let id = unreadable(&office).await;
    office.advance(HOUR_MS).await;
    eventually("it was looked for", PATIENCE, || async {
        office.advance(1_000).await;
        failed_readings(&office, &id).await > 0
    })
    .await;
    assert_eq!(state(&office, &id).await, "publishing");
    let faults = format!("{}/_sim/faults", office.simulator.base_url());
    assert!(office.api.ask(Asked::delete(&faults)).await.status < 300);
    let over = office.over_with(&id, 5_000).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(count(&office).await, before + 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_knows_only_after_ten_readings_that_failed() {
    let office = Office::open().await;
    let id = unreadable(&office).await;
    office.advance(HOUR_MS).await;
    let over = office.over_with(&id, MINUTE_MS).await;
    assert_eq!(over["state"], "unknown", "{over}");
    assert_eq!(over["error"]["error"]["code"], "outcome_unknown", "{over}");
    assert!(failed_readings(&office, &id).await >= 10);
    assert_eq!(office.calls("/media_publish").await, 1);
    office.close().await;
}
