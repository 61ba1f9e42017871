//! Processes that die, and two that want the same data.

use std::sync::Arc;

use serde_json::json;
use store::{Durability, ManualClock, NewJob, Options, Store, StoreError};

use crate::support::{House, LEASE, START_MS, delivery, message, open, talk};

#[tokio::test]
async fn a_second_process_is_told_so() {
    let house = House::new().await;
    let second = open(&house.folder, &house.clock).await;
    match second {
        Err(StoreError::InUse(text)) => assert!(text.contains("another process"), "{text}"),
        other => panic!("{other:?}"),
    }
    house.store.close().await;
    let store = open(&house.folder, &house.clock).await.unwrap();
    store.ping().await.unwrap();
    let late = house.store.accept(delivery(vec![message(1, "ana")])).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))));
}

/// What a killed process was just starting may have the data open for a moment longer than itself.
#[tokio::test]
async fn a_process_that_is_on_its_way_out_is_waited_for() {
    let house = House::new().await;
    let (next, ()) = tokio::join!(open(&house.folder, &house.clock), house.store.close());
    next.unwrap().ping().await.unwrap();
}

/// Everything a process was doing ends with its runtime, at whatever await it stood.
#[test]
fn what_was_acknowledged_survives_the_death_of_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START_MS));
    let mut acknowledged = 0_u64;
    for life in 0..6_u64 {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let known = runtime.block_on(async {
            let store = open(&folder, &clock).await.unwrap();
            for number in 0..acknowledged {
                let events = store
                    .events_of_mid(&talk("ana"), &format!("mid-{number}"))
                    .await;
                assert_eq!(events.unwrap().len(), 1, "event {number} in life {life}");
            }
            let known = acknowledged + 5 + life;
            for number in acknowledged..known {
                store
                    .accept(delivery(vec![message(number, "ana")]))
                    .await
                    .unwrap();
            }
            // More are on their way when the process dies; nobody was told about these.
            for number in 1_000..1_020 {
                let store = store.clone();
                let number = life * 10_000 + number;
                tokio::spawn(async move {
                    let _ = store.accept(delivery(vec![message(number, "bob")])).await;
                });
            }
            known
        });
        acknowledged = known;
        drop(runtime);
    }
    assert_eq!(acknowledged, 45);
}

#[test]
fn leases_of_a_dead_process_are_free_at_once_and_their_attempts_counted() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START_MS));
    for life in 1..=4 {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = open(&folder, &clock).await.unwrap();
            if life == 1 {
                let job = NewJob {
                    max_attempts: 3,
                    order_key: Some("line".to_owned()),
                    ..NewJob::new("reel", json!({}))
                };
                store.enqueue(job).await.unwrap();
            }
            let jobs = store.claim(&["reel"], 1, LEASE).await.unwrap();
            assert_eq!(jobs[0].attempts, life);
            assert_eq!(jobs[0].doom.is_some(), life == 4);
        });
        drop(runtime);
    }
}

#[tokio::test]
async fn settings_that_cannot_work_say_so() {
    let open = |url: &str| {
        Store::open(Options {
            url: url.to_owned(),
            durability: Durability::Full,
            clock: Arc::new(ManualClock::new(START_MS)),
            exclusive: true,
        })
    };
    let missing = open("sqlite:///nowhere-at-all/store.db?mode=rwc").await;
    assert!(matches!(missing, Err(StoreError::Config(text)) if text.contains("nowhere-at-all")));
    assert!(open("sqlite://x.db?mode=nonsense").await.is_err());
    assert!(open("oracle://somewhere").await.is_err());
    // It would forget, with the process, what it has acknowledged.
    let memory = open("sqlite::memory:").await;
    assert!(matches!(memory, Err(StoreError::Config(text)) if text.contains("name a file")));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("store.db"), vec![b'x'; 8_192]).unwrap();
    let clock = Arc::new(ManualClock::new(START_MS));
    let opened = open(&folder, &clock).await;
    assert!(matches!(opened, Err(StoreError::Corrupt(_))), "{opened:?}");
}

#[tokio::test]
async fn a_bad_operation_does_not_take_its_neighbours_along() {
    // A trigger stands for any reason why the database refuses one row and takes the others.
    let house = House::new().await;
    let direct = sqlx::SqlitePool::connect(&format!(
        "sqlite://{}",
        house.folder.path().join("store.db").display()
    ))
    .await
    .unwrap();
    sqlx::raw_sql(
        "CREATE TRIGGER no_bob BEFORE INSERT ON event WHEN NEW.person = 'bob' \
         BEGIN SELECT RAISE(ABORT, 'not bob'); END",
    )
    .execute(&direct)
    .await
    .unwrap();
    direct.close().await;

    let calls = (0..20).map(|number| {
        let person = if number == 7 { "bob" } else { "ana" };
        house.store.accept(delivery(vec![message(number, person)]))
    });
    let answers = futures::future::join_all(calls).await;
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), number != 7, "{number}: {answer:?}");
    }
    assert!(house.store.writer_stats().split_groups > 0);
    let jobs = house.store.job_counts().await.unwrap();
    assert_eq!(jobs[0].count, 19);
}
