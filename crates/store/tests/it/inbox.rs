//! Webhooks in: once each, all or nothing, many in one flush.

use std::time::Instant;

use futures::future::join_all;
use serde_json::Value;
use store::NewEvent;
use uuid::Uuid;

use crate::support::{House, START_MS, delivery, message, talk};

#[tokio::test]
async fn an_event_is_stored_with_its_job_and_can_be_read_back() {
    let house = House::new().await;
    let accepted = house
        .store
        .accept(delivery(vec![message(1, "ana")]))
        .await
        .unwrap();
    assert_eq!((accepted.new, accepted.seen), (1, 0));

    let job = house.claim_one("reply").await;
    assert_eq!(job.payload["from"], "test");
    assert_eq!(job.person.as_deref(), Some("ana"));
    let id: Uuid = job.payload["event_id"].as_str().unwrap().parse().unwrap();
    let event = house.store.event(id).await.unwrap().unwrap();
    assert_eq!(event.mid.as_deref(), Some("mid-1"));
    assert_eq!(event.kind, "message");
    assert_eq!(event.at_ms, START_MS + 1);
    let raw: Value = serde_json::from_str(&event.raw).unwrap();
    assert_eq!(raw["message"]["text"], "hello");
    assert!(house.store.event(Uuid::nil()).await.unwrap().is_none());
}

#[tokio::test]
async fn thirty_equal_deliveries_at_once_make_one_event_and_one_job() {
    let house = House::new().await;
    let calls = (0..30).map(|_| house.store.accept(delivery(vec![message(1, "ana")])));
    let answers = join_all(calls).await;
    let new: usize = answers
        .iter()
        .map(|answer| answer.as_ref().unwrap().new)
        .sum();
    let seen: usize = answers
        .iter()
        .map(|answer| answer.as_ref().unwrap().seen)
        .sum();
    assert_eq!((new, seen), (1, 29));
    house.claim_one("reply").await;
    house.nothing_to_claim("reply").await;
    let events = house
        .store
        .events_of_mid(&talk("ana"), "mid-1")
        .await
        .unwrap();
    assert_eq!(events.len(), 1);
}

#[tokio::test]
async fn a_repeat_within_one_delivery_counts_once_and_news_beside_it_are_kept() {
    let house = House::new().await;
    let first = delivery(vec![
        message(1, "ana"),
        message(1, "ana"),
        message(2, "ana"),
    ]);
    let accepted = house.store.accept(first).await.unwrap();
    assert_eq!((accepted.new, accepted.seen), (2, 1));
    let second = delivery(vec![message(2, "ana"), message(3, "ana")]);
    let accepted = house.store.accept(second).await.unwrap();
    assert_eq!((accepted.new, accepted.seen), (1, 1));
}

#[tokio::test]
async fn a_delivery_without_events_is_kept_and_may_come_again() {
    let house = House::new().await;
    let empty = delivery(Vec::new());
    for _ in 0..2 {
        let accepted = house.store.accept(empty.clone()).await.unwrap();
        assert_eq!((accepted.new, accepted.seen), (0, 0));
    }
    let both = join_all([house.store.accept(empty.clone()), house.store.accept(empty)]).await;
    assert!(both.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_thousand_entries_of_ten_go_in_as_one() {
    let house = House::new().await;
    let events: Vec<NewEvent> = (0..10_000)
        .map(|number| message(number, &format!("person-{}", number / 10)))
        .collect();
    let batch = delivery(events);
    let before = house.store.writer_stats();
    let started = Instant::now();
    let accepted = house.store.accept(batch.clone()).await.unwrap();
    let taken = started.elapsed();
    println!("10,000 events in one delivery: {taken:?}");
    assert_eq!((accepted.new, accepted.seen), (10_000, 0));
    let after = house.store.writer_stats();
    assert_eq!(after.commits - before.commits, 1);
    let accepted = house.store.accept(batch).await.unwrap();
    assert_eq!((accepted.new, accepted.seen), (0, 10_000));
    let count = house.store.job_counts().await.unwrap();
    assert_eq!(count.len(), 1);
    assert_eq!(count[0].count, 10_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_callers_share_few_flushes() {
    let house = House::new().await;
    let before = house.store.writer_stats();
    let started = Instant::now();
    let callers = (0..64_u64).map(|caller| {
        let store = house.store.clone();
        tokio::spawn(async move {
            for turn in 0..50 {
                let number = caller * 50 + turn;
                let person = format!("person-{number}");
                let accepted = store
                    .accept(delivery(vec![message(number, &person)]))
                    .await
                    .unwrap();
                assert_eq!(accepted.new, 1);
            }
        })
    });
    for caller in join_all(callers).await {
        caller.unwrap();
    }
    let taken = started.elapsed();
    let after = house.store.writer_stats();
    let commits = after.commits - before.commits;
    println!("3,200 deliveries from 64 callers: {taken:?}, {commits} commits");
    assert_eq!(after.operations - before.operations, 3_200);
    assert_eq!(after.split_groups, before.split_groups);
    assert!(
        commits <= 3_200 / 8,
        "{commits} commits for 3,200 deliveries"
    );
}

#[tokio::test]
async fn the_window_is_the_newest_event_that_opens_it() {
    let house = House::new().await;
    let mut echo = message(50, "ana");
    echo.kind = "echo";
    echo.opens_window = false;
    echo.job = None;
    let mut other_account = message(90, "ana");
    other_account.account = "other".to_owned();
    let events = vec![message(10, "ana"), message(30, "ana"), echo, other_account];
    house.store.accept(delivery(events)).await.unwrap();
    house
        .store
        .accept(delivery(vec![message(20, "ana")]))
        .await
        .unwrap();

    let last = house.store.last_inbound_ms(&talk("ana")).await.unwrap();
    assert_eq!(last, Some(START_MS + 30));
    assert_eq!(
        house.store.last_inbound_ms(&talk("bob")).await.unwrap(),
        None
    );
    let echoes = house
        .store
        .echoes_since(&talk("ana"), START_MS)
        .await
        .unwrap();
    assert_eq!(echoes.len(), 1);
    assert_eq!(echoes[0].at_ms, START_MS + 50);
    let later = house
        .store
        .echoes_since(&talk("ana"), START_MS + 51)
        .await
        .unwrap();
    assert!(later.is_empty());
}
