//! Jobs: order, fairness, leases, attempts, and one holder at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use store::{Finish, NewJob, Store, StoreError};

use crate::support::{House, LEASE, START_MS};

fn job(number: usize) -> NewJob {
    NewJob::new("reel", json!({ "number": number }))
}

fn done() -> Finish {
    Finish::Done {
        note: "done".to_owned(),
    }
}

fn retry(after_ms: i64) -> Finish {
    Finish::Retry {
        after_ms: Some(after_ms),
        error: "failed".to_owned(),
    }
}

#[tokio::test]
async fn a_dedupe_key_is_stored_once() {
    let house = House::new().await;
    let keyed = NewJob {
        dedupe_key: Some("k".to_owned()),
        ..job(1)
    };
    let first = house.store.enqueue(keyed.clone()).await.unwrap();
    let second = house.store.enqueue(keyed).await.unwrap();
    assert!(first.new && !second.new);
    assert_eq!(first.id, second.id);
    // Keys differ by case.
    let upper = NewJob {
        dedupe_key: Some("K".to_owned()),
        ..job(1)
    };
    assert!(house.store.enqueue(upper).await.unwrap().new);
}

#[tokio::test]
async fn urgent_ones_first_then_everybodys_first_then_in_order() {
    let house = House::new().await;
    for (number, line, priority) in [
        (1, "ana", 0),
        (2, "ana", 0),
        (3, "ana", 0),
        (4, "bob", 0),
        (5, "cyd", -1),
        (6, "ana", 0),
        (7, "dan", 0),
    ] {
        let job = NewJob {
            order_key: Some(line.to_owned()),
            priority,
            ..job(number)
        };
        house.store.enqueue(job).await.unwrap();
    }
    let mut order = Vec::new();
    while order.len() < 7 {
        // One place: whoever waits for it is chosen each time.
        let job = house.claim_one("reel").await;
        order.push(job.payload["number"].as_i64().unwrap());
        let done = Finish::Done {
            note: String::new(),
        };
        house.store.finish(&job.lease, done).await.unwrap();
    }
    assert_eq!(order, [5, 1, 4, 7, 2, 3, 6]);
}

#[tokio::test]
async fn only_the_named_queues_are_claimed() {
    let house = House::new().await;
    house.store.enqueue(job(1)).await.unwrap();
    house.nothing_to_claim("reply").await;
    let jobs = house
        .store
        .claim(&["reply", "reel"], 5, LEASE)
        .await
        .unwrap();
    assert_eq!(jobs.len(), 1);
    assert!(house.store.claim(&[], 5, LEASE).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_scheduled_job_waits_for_its_time() {
    let house = House::new().await;
    let later = NewJob {
        run_at_ms: Some(START_MS + 5_000),
        ..job(1)
    };
    house.store.enqueue(later).await.unwrap();
    house.nothing_to_claim("reel").await;
    house.clock.advance(Duration::from_secs(5));
    house.claim_one("reel").await;
}

#[tokio::test]
async fn a_line_moves_only_when_its_head_is_over() {
    let house = House::new().await;
    for number in 1..=3 {
        let job = NewJob {
            order_key: Some("line".to_owned()),
            ..job(number)
        };
        house.store.enqueue(job).await.unwrap();
    }
    let head = house.claim_one("reel").await;
    house.nothing_to_claim("reel").await;
    // A head that waits for a retry still holds the line.
    house.store.finish(&head.lease, retry(1_000)).await.unwrap();
    house.nothing_to_claim("reel").await;
    house.clock.advance(Duration::from_secs(1));
    let head = house.claim_one("reel").await;
    assert_eq!(head.payload["number"], 1);
    assert_eq!(head.attempts, 2);
    house.store.finish(&head.lease, done()).await.unwrap();
    assert_eq!(house.claim_one("reel").await.payload["number"], 2);
    house.nothing_to_claim("reel").await;
}

#[tokio::test]
async fn a_lapsed_lease_is_taken_over_and_the_old_holder_is_refused() {
    let house = House::new().await;
    house.store.enqueue(job(1)).await.unwrap();
    let old = house.claim_one("reel").await;
    house.clock.advance(LEASE / 2);
    house.store.heartbeat(&old.lease, LEASE).await.unwrap();
    house.clock.advance(LEASE / 2);
    house.nothing_to_claim("reel").await;
    house.clock.advance(LEASE);
    let new = house.claim_one("reel").await;
    assert_eq!(new.attempts, 2);
    assert!(new.lease.epoch > old.lease.epoch);

    let refused = [
        house.store.heartbeat(&old.lease, LEASE).await,
        house.store.finish(&old.lease, done()).await,
        house
            .store
            .step_done(&old.lease, "download", json!(1))
            .await,
    ];
    for refusal in refused {
        assert!(matches!(refusal, Err(StoreError::LeaseLost)));
    }
    house
        .store
        .step_done(&new.lease, "download", json!(2))
        .await
        .unwrap();
    house
        .store
        .step_done(&new.lease, "download", json!(3))
        .await
        .unwrap();
    assert_eq!(
        house.store.steps(new.id).await.unwrap()["download"],
        json!(3)
    );
    house.store.finish(&new.lease, done()).await.unwrap();
    assert_eq!(house.state_of(new.id).await, "done");
    let twice = house.store.finish(&new.lease, done()).await;
    assert!(matches!(twice, Err(StoreError::LeaseLost)));
}

#[tokio::test]
async fn a_job_that_kills_its_workers_is_given_up_and_its_person_told_once_more() {
    let house = House::new().await;
    let poison = NewJob {
        max_attempts: 3,
        ..job(1)
    };
    house.store.enqueue(poison).await.unwrap();
    for attempt in 1..=3 {
        let job = house.claim_one("reel").await;
        assert_eq!((job.attempts, job.doom), (attempt, None));
        house.clock.advance(LEASE);
    }
    let last = house.claim_one("reel").await;
    let reason = last.doom.clone().unwrap();
    house
        .store
        .finish(&last.lease, Finish::Dead { reason })
        .await
        .unwrap();
    assert_eq!(house.state_of(last.id).await, "dead");
    house.nothing_to_claim("reel").await;
}

#[tokio::test]
async fn a_job_whose_last_words_crash_too_is_buried_without_them() {
    let house = House::new().await;
    let poison = NewJob {
        max_attempts: 1,
        ..job(1)
    };
    let id = house.store.enqueue(poison).await.unwrap().id;
    for _ in 0..4 {
        house.claim_one("reel").await;
        house.clock.advance(LEASE);
    }
    house.nothing_to_claim("reel").await;
    assert_eq!(house.state_of(id).await, "dead");
}

#[tokio::test]
async fn failing_uses_attempts_up_and_waiting_does_not() {
    let house = House::new().await;
    let two = NewJob {
        max_attempts: 2,
        ..job(1)
    };
    house.store.enqueue(two).await.unwrap();
    for _ in 0..5 {
        let job = house.claim_one("reel").await;
        assert_eq!(job.attempts, 1);
        let wait = Finish::Wait {
            until_ms: START_MS,
            why: "an echo".to_owned(),
        };
        house.store.finish(&job.lease, wait).await.unwrap();
        let job = house.claim_one("reel").await;
        house
            .store
            .finish(&job.lease, Finish::HandBack)
            .await
            .unwrap();
    }
    for attempt in 1..=2 {
        let job = house.claim_one("reel").await;
        assert_eq!(job.attempts, attempt);
        house.store.finish(&job.lease, retry(0)).await.unwrap();
    }
    let doomed = house.claim_one("reel").await;
    assert_eq!(doomed.doom.as_deref(), Some("failed 2 times, last: failed"));
}

#[tokio::test]
async fn without_a_wish_a_retry_backs_off() {
    let house = House::new().await;
    house.store.enqueue(job(1)).await.unwrap();
    let job = house.claim_one("reel").await;
    let failed = Finish::Retry {
        after_ms: None,
        error: "failed".to_owned(),
    };
    house.store.finish(&job.lease, failed).await.unwrap();
    house.clock.advance(Duration::from_millis(1_500));
    house.nothing_to_claim("reel").await;
    house.clock.advance(Duration::from_secs(1));
    house.claim_one("reel").await;
}

/// Claims with `claimers` at once until nothing is left; returns who got what, in order of ends.
async fn race(store: &Store, claimers: usize, jobs: usize) -> Vec<(usize, Option<String>, i64)> {
    let ends = Arc::new(Mutex::new(Vec::new()));
    let tasks = (0..claimers).map(|claimer| {
        let (store, ends) = (store.clone(), ends.clone());
        tokio::spawn(async move {
            while ends.lock().unwrap().len() < jobs {
                for job in store.claim(&["reel"], 3, LEASE).await.unwrap() {
                    tokio::task::yield_now().await;
                    let number = job.payload["number"].as_i64().unwrap();
                    let end = (claimer, job.order_key.clone(), number);
                    ends.lock().unwrap().push(end);
                    store.finish(&job.lease, done()).await.unwrap();
                }
                tokio::task::yield_now().await;
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    Arc::into_inner(ends).unwrap().into_inner().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_claimers_never_share_a_job() {
    let house = House::new().await;
    join_all((0..200).map(|number| house.store.enqueue(job(number)))).await;
    let ends = race(&house.store, 8, 200).await;
    let mut numbers: Vec<i64> = ends.iter().map(|(_, _, number)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..200).collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_claimers_keep_every_line_in_order() {
    let house = House::new().await;
    for number in 0..200 {
        let job = NewJob {
            order_key: (number % 4 != 3).then(|| format!("line-{}", number % 7)),
            ..job(number)
        };
        house.store.enqueue(job).await.unwrap();
    }
    let ends = race(&house.store, 8, 200).await;
    assert_eq!(ends.len(), 200);
    let mut lines: HashMap<String, Vec<i64>> = HashMap::new();
    for (_, line, number) in ends {
        if let Some(line) = line {
            lines.entry(line).or_default().push(number);
        }
    }
    assert_eq!(lines.len(), 7);
    for numbers in lines.values() {
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claimers_over_two_connections_never_share_a_job() {
    // A second store on the same file stands for a second process: SQLite's own lock between them.
    let house = House::new().await;
    let mut options = crate::support::options(&house.folder, &house.clock);
    options.exclusive = false;
    let second = Store::open(options).await.unwrap();
    for number in 0..60 {
        let job = NewJob {
            order_key: Some(format!("line-{}", number % 5)),
            ..job(number)
        };
        house.store.enqueue(job).await.unwrap();
    }
    let ends = Arc::new(Mutex::new(Vec::new()));
    let tasks = (0..8).map(|claimer| {
        let store = if claimer % 2 == 0 {
            house.store.clone()
        } else {
            second.clone()
        };
        let ends = ends.clone();
        tokio::spawn(async move {
            while ends.lock().unwrap().len() < 60 {
                for job in store.claim(&["reel"], 2, LEASE).await.unwrap() {
                    ends.lock()
                        .unwrap()
                        .push(job.payload["number"].as_i64().unwrap());
                    store.finish(&job.lease, done()).await.unwrap();
                }
                tokio::task::yield_now().await;
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    let ends = ends.lock().unwrap().clone();
    for line in 0..5 {
        let line: Vec<i64> = ends
            .iter()
            .copied()
            .filter(|number| number % 5 == line)
            .collect();
        assert!(line.is_sorted() && line.len() == 12, "{line:?}");
    }
    second.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_jobs_in_and_out() {
    let house = House::new().await;
    join_all((0..1_000).map(|number| house.store.enqueue(job(number)))).await;
    let before = house.store.writer_stats();
    let started = std::time::Instant::now();
    let ends = race(&house.store, 8, 1_000).await;
    let after = house.store.writer_stats();
    println!(
        "1,000 jobs claimed and ended: {:?}, {} commits",
        started.elapsed(),
        after.commits - before.commits
    );
    assert_eq!(ends.len(), 1_000);
    assert_eq!(house.store.unfinished_jobs().await.unwrap(), 0);
}
