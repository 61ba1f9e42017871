//! Numbers by the day and stories to their end: once each, never blanked, kept as long as asked.

use serde_json::json;
use store::{
    DayValue, MediaDay, NewStory, NumberNotes, Numbers, Retention, StoryQuery, StoryReading,
};

use crate::support::{House, START_MS};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn value(metric: &str, day: &str, value: Option<i64>, at_ms: i64) -> DayValue {
    DayValue {
        metric: metric.to_owned(),
        day: day.to_owned(),
        value,
        split: None,
        note: value.is_none().then(|| "refused".to_owned()),
        settled: false,
        fetched_at_ms: at_ms,
        api_version: "v26.0".to_owned(),
    }
}

fn numbers(pairs: &[(&str, i64)]) -> Numbers {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect()
}

fn notes(pairs: &[(&str, &str)]) -> NumberNotes {
    pairs
        .iter()
        .map(|(name, note)| ((*name).to_owned(), (*note).to_owned()))
        .collect()
}

fn post(media: &str, day: &str, pairs: &[(&str, i64)], at_ms: i64) -> MediaDay {
    MediaDay {
        media: media.to_owned(),
        day: day.to_owned(),
        surface: "reels".to_owned(),
        numbers: numbers(pairs),
        notes: NumberNotes::new(),
        fetched_at_ms: at_ms,
        api_version: "v26.0".to_owned(),
    }
}

fn story(media: &str, published_at_ms: i64) -> NewStory {
    NewStory {
        account: "acc".to_owned(),
        media: media.to_owned(),
        media_type: Some("IMAGE".to_owned()),
        permalink: None,
        published_at_ms,
        ends_at_ms: published_at_ms + DAY_MS,
    }
}

fn look(slot: &str, at_ms: i64, pairs: &[(&str, i64)]) -> StoryReading {
    StoryReading {
        slot: slot.to_owned(),
        at_ms,
        numbers: numbers(pairs),
        notes: NumberNotes::new(),
        api_version: "v26.0".to_owned(),
    }
}

async fn days(house: &House, metric: &str) -> Vec<(String, Option<i64>)> {
    let metrics = [metric.to_owned()];
    let found = house
        .store
        .day_values("acc", &metrics, "2026-01-01", "2026-12-31")
        .await
        .unwrap();
    found
        .into_iter()
        .map(|value| (value.day, value.value))
        .collect()
}

#[tokio::test]
async fn a_day_is_one_row_and_the_newest_reading_stands() {
    let house = House::new().await;
    let store = &house.store;
    for (number, at_ms) in [(10, 100), (12, 300), (11, 200)] {
        let rows = vec![value("reach", "2026-11-01", Some(number), at_ms)];
        for _ in 0..2 {
            store.record_days("acc", rows.clone()).await.unwrap();
        }
    }
    let rows = vec![value("reach", "2026-10-31", Some(9), 100)];
    store.record_days("acc", rows).await.unwrap();
    store
        .record_days("other", vec![value("reach", "2026-11-01", Some(1), 900)])
        .await
        .unwrap();
    let expected = [
        ("2026-10-31".to_owned(), Some(9)),
        ("2026-11-01".to_owned(), Some(12)),
    ];
    assert_eq!(days(&house, "reach").await, expected);
    assert_eq!(days(&house, "likes").await, []);
}

#[tokio::test]
async fn a_number_that_was_there_is_not_blanked_by_a_refusal() {
    let house = House::new().await;
    let store = &house.store;
    let day = "2026-11-01";
    for (number, at_ms) in [(None, 100), (Some(5), 200), (None, 300)] {
        let rows = vec![value("likes", day, number, at_ms)];
        store.record_days("acc", rows).await.unwrap();
    }
    let metrics = ["likes".to_owned()];
    let kept = store.day_values("acc", &metrics, day, day).await.unwrap();
    assert_eq!((kept[0].value, kept[0].fetched_at_ms), (Some(5), 200));
    assert_eq!(kept[0].note, None);

    store
        .record_media(
            "acc",
            vec![post("m1", day, &[("views", 5), ("likes", 1)], 100)],
        )
        .await
        .unwrap();
    let mut second = post("m1", day, &[("views", 7)], 200);
    second.notes = notes(&[("likes", "refused"), ("saved", "refused")]);
    store.record_media("acc", vec![second]).await.unwrap();
    let kept = store.media_days("acc", "m1", day, day).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].numbers, numbers(&[("views", 7), ("likes", 1)]));
    assert_eq!(kept[0].notes, notes(&[("saved", "refused")]));
}

#[tokio::test]
async fn days_that_were_read_are_no_gaps() {
    let house = House::new().await;
    let store = &house.store;
    for at_ms in [100, 200] {
        let read = vec!["2026-11-01".to_owned(), "2026-11-02".to_owned()];
        store.mark_days_read("acc", read, at_ms).await.unwrap();
    }
    let read = store.days_read("acc", "2026-11-02").await.unwrap();
    assert_eq!(read, [("2026-11-02".to_owned(), 200)].into());
    assert!(store.days_read("bob", "").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_story_keeps_its_last_numbers_and_every_look() {
    let house = House::new().await;
    let store = &house.store;
    assert!(store.story_found(story("s1", START_MS)).await.unwrap());
    assert!(!store.story_found(story("s1", START_MS)).await.unwrap());
    for (slot, hours, views) in [("1h", 1, 10), ("23h", 23, 40), ("23h", 23, 40)] {
        let reading = look(slot, START_MS + hours * HOUR_MS, &[("views", views)]);
        store.story_read("acc", "s1", reading).await.unwrap();
    }
    // The last look failed: what was known stays.
    let mut refused = look("23.8h", START_MS + DAY_MS - 1, &[]);
    refused.notes = notes(&[("views", "refused"), ("replies", "refused")]);
    store.story_read("acc", "s1", refused).await.unwrap();
    store
        .story_ended(story("s1", START_MS), "expiry", None)
        .await
        .unwrap();
    let kept = store.story("acc", "s1").await.unwrap().unwrap();
    assert_eq!(kept.numbers, numbers(&[("views", 40)]));
    assert_eq!(kept.notes, notes(&[("replies", "refused")]));
    assert_eq!(kept.final_by.as_deref(), Some("expiry"));
    assert_eq!(store.story_readings("acc", "s1").await.unwrap().len(), 3);

    // The other side's own last word counts more than ours.
    let last = look("webhook", START_MS + DAY_MS + HOUR_MS, &[("views", 44)]);
    store
        .story_ended(story("s1", START_MS), "webhook", Some(last))
        .await
        .unwrap();
    let late = look("late", START_MS + 2 * DAY_MS, &[("views", 1)]);
    store.story_read("acc", "s1", late).await.unwrap();
    store
        .story_ended(story("s1", START_MS), "expiry", None)
        .await
        .unwrap();
    let kept = store.story("acc", "s1").await.unwrap().unwrap();
    assert_eq!(kept.numbers, numbers(&[("views", 44)]));
    assert_eq!(kept.final_by.as_deref(), Some("webhook"));
}

#[tokio::test]
async fn stories_are_listed_by_pages_and_ended_ones_apart() {
    let house = House::new().await;
    let store = &house.store;
    for number in 0..5 {
        let published = START_MS - number / 2 * DAY_MS;
        let media = format!("s{number}");
        store.story_found(story(&media, published)).await.unwrap();
    }
    let mut query = StoryQuery {
        limit: 2,
        ..StoryQuery::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = store.stories("acc", &query).await.unwrap();
        let Some(last) = page.last() else { break };
        query.before = Some((last.story.published_at_ms, last.story.media.clone()));
        seen.extend(page.into_iter().map(|row| row.story.media));
    }
    assert_eq!(seen, ["s1", "s0", "s3", "s2", "s4"]);
    let ended = StoryQuery {
        ended_by_ms: Some(START_MS),
        limit: 9,
        ..StoryQuery::default()
    };
    assert_eq!(store.stories("acc", &ended).await.unwrap().len(), 3);
}

#[tokio::test]
async fn history_goes_only_when_it_is_told_to() {
    let house = House::new().await;
    let store = &house.store;
    let day = "2026-11-01";
    let rows = vec![value("reach", day, Some(1), START_MS)];
    store.record_days("acc", rows).await.unwrap();
    let posts = vec![post("m1", day, &[("views", 5)], START_MS)];
    store.record_media("acc", posts).await.unwrap();
    store.story_found(story("s1", START_MS)).await.unwrap();
    store
        .mark_days_read("acc", vec![day.to_owned()], START_MS)
        .await
        .unwrap();
    house
        .clock
        .advance(std::time::Duration::from_hours(4_000 * 24));
    store.purge(Retention::default()).await.unwrap();
    assert_eq!(days(&house, "reach").await.len(), 1);
    let retention = Retention {
        snapshots_ms: Some(3_000 * DAY_MS),
        ..Retention::default()
    };
    assert_eq!(store.purge(retention).await.unwrap().others, 3);
    assert_eq!(days(&house, "reach").await.len(), 0);
    assert!(store.story("acc", "s1").await.unwrap().is_none());
    // What was thrown away is not fetched again.
    assert_eq!(store.days_read("acc", "").await.unwrap().len(), 1);
}
