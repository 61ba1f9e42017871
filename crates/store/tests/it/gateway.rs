//! What the gateway keeps: answers until their time, refusals until theirs, counts by the day.

use std::time::Duration;

use store::{CacheRow, CallCount, RefusalRow, Retention};

use crate::support::{House, START_MS, open};

fn row(key: &str, body: &str, stale_until_ms: i64) -> CacheRow {
    CacheRow {
        key: key.to_owned(),
        account: "acc".to_owned(),
        kind: "media".to_owned(),
        body: body.to_owned(),
        etag: "e1".to_owned(),
        fetched_at_ms: START_MS,
        fresh_until_ms: START_MS + 1,
        stale_until_ms,
        calls: 2,
    }
}

fn retention() -> Retention {
    let day_ms = 86_400_000;
    Retention {
        deliveries_ms: day_ms,
        events_ms: day_ms,
        jobs_ms: day_ms,
        quotas_ms: day_ms,
        library_ms: day_ms,
        publications_ms: day_ms,
        snapshots_ms: None,
    }
}

#[tokio::test]
async fn an_answer_is_kept_replaced_and_purged_in_its_time() {
    let house = House::new().await;
    let store = &house.store;
    let (soon, late) = (START_MS + 1_000, i64::MAX / 4);
    let rows = vec![row("a", "1", soon), row("b", "2", late)];
    store.keep_cached(rows).await.unwrap();
    store.keep_cached(vec![row("a", "é3", soon)]).await.unwrap();
    let keys = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
    let mut found = store.cached(&keys).await.unwrap();
    found.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(found, [row("a", "é3", soon), row("b", "2", late)]);
    house.clock.advance(Duration::from_secs(2));
    assert_eq!(store.cached(&keys).await.unwrap(), [row("b", "2", late)]);
    let before = store.purge(retention()).await.unwrap().others;
    assert_eq!(before, 1);
    assert_eq!(store.forget_cached("other").await.unwrap(), 0);
    assert_eq!(store.forget_cached("acc").await.unwrap(), 1);
    assert_eq!(store.cached(&keys).await.unwrap(), []);
}

#[tokio::test]
async fn a_refusal_outlives_the_process_and_not_its_time() {
    let house = House::new().await;
    let refusal = RefusalRow {
        family: "instagram".to_owned(),
        surface: "account".to_owned(),
        metric: "website_clicks".to_owned(),
        until_ms: START_MS + 1_000,
    };
    house.store.keep_refusal(refusal.clone()).await.unwrap();
    house.store.keep_refusal(refusal.clone()).await.unwrap();
    house.store.close().await;
    let store = open(&house.folder, &house.clock).await.unwrap();
    assert_eq!(store.refusals().await.unwrap(), [refusal]);
    house.clock.advance(Duration::from_secs(2));
    assert_eq!(store.refusals().await.unwrap(), []);
}

#[tokio::test]
async fn calls_are_added_up_by_the_day() {
    let house = House::new().await;
    let count = |day: &str, made, saved| CallCount {
        day: day.to_owned(),
        made,
        saved,
    };
    for (day, made, saved) in [
        ("2026-11-21", 1, 0),
        ("2026-11-22", 2, 50),
        ("2026-11-22", 1, 3),
    ] {
        let add = house.store.count_calls("acc", count(day, made, saved));
        add.await.unwrap();
    }
    let counts = house.store.call_counts("acc", 7).await.unwrap();
    assert_eq!(
        counts,
        [count("2026-11-22", 3, 53), count("2026-11-21", 1, 0)]
    );
    assert_eq!(house.store.call_counts("acc", 1).await.unwrap().len(), 1);
    assert_eq!(house.store.call_counts("else", 7).await.unwrap(), []);
}
