//! What disconnecting an account forgets at once, and what it keeps until somebody says otherwise.

use serde_json::json;
use server::Roles;
use store::{DayValue, MediaDay, NewStory};

use crate::{
    api::{Asked, Got},
    client::ACCOUNT,
    meta::{Meta, START_MS},
    reading::header,
};

const DAY: &str = "2026-09-20";

fn path(more: &str) -> String {
    format!("/v1/accounts/{ACCOUNT}{more}")
}

async fn disconnect(meta: &Meta, more: &str) -> Got {
    meta.api.ask(Asked::delete(&path(more))).await
}

/// How many rows of history there are.
async fn history(meta: &Meta) -> [usize; 3] {
    let store = &meta.house.store;
    let names = ["followers_count".to_owned()];
    let days = store.day_values(ACCOUNT, &names, DAY, DAY).await.unwrap();
    let posts = store.media_days(ACCOUNT, "17", DAY, DAY).await.unwrap();
    let last = store.story(ACCOUNT, "18").await.unwrap();
    [days.len(), posts.len(), usize::from(last.is_some())]
}

async fn write_history(meta: &Meta) {
    let store = &meta.house.store;
    let day = DayValue {
        metric: "followers_count".to_owned(),
        day: DAY.to_owned(),
        value: Some(9),
        split: None,
        note: None,
        settled: true,
        fetched_at_ms: START_MS,
        api_version: "v26.0".to_owned(),
    };
    let post = MediaDay {
        media: "17".to_owned(),
        day: DAY.to_owned(),
        surface: "feed".to_owned(),
        numbers: [("likes".to_owned(), json!(3))].into(),
        notes: [].into(),
        fetched_at_ms: START_MS,
        api_version: "v26.0".to_owned(),
    };
    let found = NewStory {
        account: ACCOUNT.to_owned(),
        media: "18".to_owned(),
        media_type: None,
        permalink: None,
        published_at_ms: START_MS,
        ends_at_ms: START_MS + 1,
    };
    store.record_days(ACCOUNT, vec![day]).await.unwrap();
    store.record_media(ACCOUNT, vec![post]).await.unwrap();
    store.story_found(found).await.unwrap();
    let days = vec![DAY.to_owned()];
    store.mark_days_read(ACCOUNT, days, START_MS).await.unwrap();
}

#[tokio::test]
async fn kept_answers_end_with_the_connection() {
    let meta = Meta::new().await;
    meta.connect("instagram", "").await;
    let ask = async || {
        let got = meta.api.get(&path("/profile")).await;
        assert_eq!(got.status, 200, "{}", got.text);
        header(&got, "x-gramophone-cache").to_owned()
    };
    assert_eq!([ask().await, ask().await], ["miss", "hit"]);
    assert_eq!(disconnect(&meta, "").await.status, 204);
    assert_eq!(meta.api.get(&path("/profile")).await.status, 404);
    let left = meta.house.store.forget_cached(ACCOUNT).await.unwrap();
    assert_eq!(left, 0, "nothing is left in the database");
    meta.connect("instagram", "").await;
    assert_eq!([ask().await, ask().await], ["miss", "hit"]);
    meta.close().await;
}

#[tokio::test]
async fn history_stays_until_it_is_to_be_erased() {
    let meta = Meta::with(Roles::SERVE, &[("api.open_on_loopback", "true")]).await;
    meta.connect("instagram", "").await;
    write_history(&meta).await;
    assert_eq!(history(&meta).await, [1, 1, 1]);
    let wrong = disconnect(&meta, "?history=burn").await;
    assert_eq!((wrong.status, history(&meta).await), (422, [1, 1, 1]));
    assert_eq!(disconnect(&meta, "").await.status, 204);
    assert_eq!(disconnect(&meta, "").await.status, 404);
    assert_eq!(history(&meta).await, [1, 1, 1], "it is the owner's");
    for (scopes, accounts, status) in [
        (["manage"], json!([ACCOUNT]), 403),
        (["admin"], json!(["17841400000000999"]), 404),
    ] {
        let wish = json!({"name": "k", "scopes": scopes, "accounts": accounts});
        let key = meta.api.post("/v1/keys", &wish).await;
        let key = key.body["key"].as_str().unwrap().to_owned();
        let asked = Asked::delete(&path("?history=erase")).header("x-api-key", &key);
        let got = meta.api.ask(asked).await;
        assert_eq!(got.status, status, "{}", got.text);
    }
    assert_eq!(history(&meta).await, [1, 1, 1]);
    // Also afterwards.
    assert_eq!(disconnect(&meta, "?history=erase").await.status, 204);
    assert_eq!(history(&meta).await, [0, 0, 0]);
    // What a job had in hand meanwhile is not written down any more.
    write_history(&meta).await;
    assert_eq!(history(&meta).await, [0, 0, 0]);
    let read = meta.house.store.days_read(ACCOUNT, "").await.unwrap();
    assert!(read.is_empty());
    // Connected again, it begins anew; and all at once it can be ended, too.
    meta.connect("instagram", "").await;
    write_history(&meta).await;
    assert_eq!(history(&meta).await, [1, 1, 1]);
    assert_eq!(disconnect(&meta, "?history=erase").await.status, 204);
    assert_eq!(history(&meta).await, [0, 0, 0]);
    meta.close().await;
}
