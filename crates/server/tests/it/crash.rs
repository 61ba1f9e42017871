//! A server that is killed in the middle of a publication, at every place where that could make two posts or none.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    gallery::{count, newest, ordered, picture, post},
    house::eventually,
    office::Office,
};

const PATIENCE: Duration = Duration::from_mins(1);
const HOUR_MS: i64 = 3_600_000;

async fn fault(office: &Office, path: &str, what: Value) {
    let fault = json!({"match": {"method": "POST", "path": path}, "times": 1, "do": what});
    office.sim("faults", fault).await;
}

async fn state(office: &Office, id: &str) -> Value {
    let path = office.path(&format!("publications/{id}"));
    office.api.get(&path).await.body["state"].clone()
}

/// How many posts have these words: a day later the stories of today are gone, so that all posts say nothing.
async fn with_words(office: &Office, words: &str) -> usize {
    let all = office.look("media?limit=20").await["media"].clone();
    let all = all.as_array().unwrap().clone();
    all.iter().filter(|one| one["caption"] == words).count()
}

/// Until the call that people see is on its way.
async fn publishing(office: &Office, id: &str) {
    eventually("the call is made", PATIENCE, || async {
        state(office, id).await == "publishing"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_meta_published_and_before_it_answered() {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    fault(
        &office,
        "*/media_publish",
        json!({"kind": "apply_then_drop", "ms": 120_000}),
    )
    .await;
    let mut body = post(&url, "Uma só");
    body["first_comment"] = "E um comentário".into();
    let id = ordered(&office, &body).await;
    eventually("Meta has published it", PATIENCE, || async {
        count(&office).await == before + 1
    })
    .await;
    let office = office.killed(90_000).await;
    let over = office.over_with(&id, 1_000).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(count(&office).await, before + 1);
    let post = newest(&office).await;
    assert_eq!(post["id"], over["media_id"], "{over}");
    let write = over["first_comment"].as_str().unwrap().to_owned();
    let write = office.path(&format!("writes/{write}"));
    let write = office.settled(office.api.get(&write).await).await;
    assert_eq!(write.status, 201, "{}", write.text);
    let comments = newest(&office).await["comments"].clone();
    assert_eq!(comments.as_array().unwrap().len(), 1, "{comments}");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_meta_has_not_begun() {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    fault(
        &office,
        "*/media_publish",
        json!({"kind": "delay", "ms": 120_000, "when": "before"}),
    )
    .await;
    let id = ordered(&office, &post(&url, "Uma só")).await;
    publishing(&office, &id).await;
    assert_eq!(count(&office).await, before);
    let office = office.killed(1_000).await;
    let over = office.over_with(&id, 5_000).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(count(&office).await, before + 1);
    assert_eq!(newest(&office).await["id"], over["media_id"]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_meta_publishes_it_a_minute_later() {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    fault(
        &office,
        "*/media_publish",
        json!({"kind": "late_apply", "ms": 60_000}),
    )
    .await;
    let id = ordered(&office, &post(&url, "Uma só")).await;
    publishing(&office, &id).await;
    let office = office.killed(1_000).await;
    let over = office.over_with(&id, 2_000).await;
    assert_eq!(over["state"], "published", "{over}");
    office.advance(10 * 60_000).await;
    assert_eq!(count(&office).await, before + 1);
    assert_eq!(office.calls("/media_publish").await, 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_container_is_made() {
    let office = Office::open().await;
    let url = picture().await;
    let before = count(&office).await;
    fault(
        &office,
        "*/media",
        json!({"kind": "apply_then_drop", "ms": 120_000}),
    )
    .await;
    let id = ordered(&office, &post(&url, "Uma só")).await;
    eventually("the container is there", PATIENCE, || async {
        let all = office.look("publishing").await["containers"].clone();
        all.as_array().is_some_and(|all| !all.is_empty())
    })
    .await;
    let office = office.killed(1_000).await;
    let over = office.over_with(&id, 1_000).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(count(&office).await, before + 1);
    assert_eq!(office.calls("/media_publish").await, 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_expired_while_nobody_worked_is_made_anew() {
    let office = Office::open().await;
    let url = picture().await;
    let now: jiff::Timestamp = jiff::Timestamp::now();
    let mut body = post(&url, "Com hora");
    body["publish_at"] = (now + jiff::SignedDuration::from_hours(1))
        .to_string()
        .into();
    let id = ordered(&office, &body).await;
    office.advance(51 * 60_000).await;
    let got = office.waits(&id, "its_time").await;
    eventually("the container is made", PATIENCE, || async {
        office.calls("/media").await == 1
    })
    .await;
    assert_eq!(got.body["media_id"], Value::Null);
    let office = office.killed(25 * HOUR_MS).await;
    let over = office.over_with(&id, 1_000).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(with_words(&office, "Com hora").await, 1);
    assert_eq!(office.calls("/media").await, 2);
    assert_eq!(office.calls("/media_publish").await, 1);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_which_nothing_is_known_a_day_later_is_one_post() {
    let office = Office::open().await;
    let url = picture().await;
    fault(
        &office,
        "*/media_publish",
        json!({"kind": "delay", "ms": 120_000, "when": "before"}),
    )
    .await;
    let id = ordered(&office, &post(&url, "Uma só")).await;
    publishing(&office, &id).await;
    let office = office.killed(25 * HOUR_MS).await;
    let over = office.over_with(&id, 5_000).await;
    assert_eq!(over["state"], "published", "{over}");
    assert_eq!(with_words(&office, "Uma só").await, 1);
    assert_eq!(office.calls("/media").await, 2, "the first one expired");
    office.close().await;
}
