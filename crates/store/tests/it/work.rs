//! Shared work: one at it, the others wait or inherit.

use serde_json::json;
use store::{Claimed, Finish, NewJob, StoreError, Work, WorkState, WorkTurn};

use crate::support::{House, LEASE, START_MS};

async fn worker(house: &House) -> Claimed {
    house
        .store
        .enqueue(NewJob::new("reel", json!({})))
        .await
        .unwrap();
    house.claim_one("reel").await
}

async fn join(house: &House, job: &Claimed) -> WorkTurn {
    house.store.work_join(&job.lease, "reel:abc").await.unwrap()
}

fn mine(turn: WorkTurn) -> Work {
    match turn {
        WorkTurn::Mine(work) => work,
        WorkTurn::Busy => panic!("somebody else is at it"),
    }
}

#[tokio::test]
async fn one_works_and_the_next_finds_it_done() {
    let house = House::new().await;
    let (first, second) = (worker(&house).await, worker(&house).await);
    let work = mine(join(&house, &first).await);
    assert_eq!((work.state, work.steps.len()), (WorkState::Open, 0));
    assert_eq!(join(&house, &second).await, WorkTurn::Busy);
    // Joining again is no second work.
    mine(join(&house, &first).await);
    let step = house
        .store
        .work_step(&first.lease, "reel:abc", "download", json!({ "file": "a" }));
    step.await.unwrap();
    let stranger = house
        .store
        .work_step(&second.lease, "reel:abc", "fit", json!(1))
        .await;
    assert!(matches!(stranger, Err(StoreError::LeaseLost)));
    house
        .store
        .work_done(&first.lease, "reel:abc", START_MS + 60_000)
        .await
        .unwrap();

    let work = mine(join(&house, &second).await);
    assert_eq!(work.state, WorkState::Done);
    assert_eq!(work.steps["download"]["file"], "a");
    // What is past its date is begun anew.
    house.clock.set(START_MS + 60_000);
    house.store.heartbeat(&second.lease, LEASE).await.unwrap();
    let work = mine(join(&house, &second).await);
    assert_eq!((work.state, work.steps.len()), (WorkState::Open, 0));
}

#[tokio::test]
async fn a_dead_owners_work_is_taken_over_at_its_last_step() {
    let house = House::new().await;
    let first = worker(&house).await;
    mine(join(&house, &first).await);
    house
        .store
        .work_step(&first.lease, "reel:abc", "download", json!(1))
        .await
        .unwrap();
    house.clock.advance(LEASE / 2);
    let second = worker(&house).await;
    assert_eq!(join(&house, &second).await, WorkTurn::Busy);
    house.clock.advance(LEASE / 2);
    let work = mine(join(&house, &second).await);
    assert_eq!(work.steps["download"], json!(1));
    let late = house
        .store
        .work_step(&first.lease, "reel:abc", "fit", json!(2))
        .await;
    assert!(matches!(late, Err(StoreError::LeaseLost)));
    house
        .store
        .work_step(&second.lease, "reel:abc", "fit", json!(3))
        .await
        .unwrap();
    let work = mine(join(&house, &second).await);
    assert_eq!(work.steps["fit"], json!(3));
}

#[tokio::test]
async fn an_owner_that_ends_or_lets_go_leaves_it_to_the_next() {
    let house = House::new().await;
    let (first, second, third) = (
        worker(&house).await,
        worker(&house).await,
        worker(&house).await,
    );
    mine(join(&house, &first).await);
    house
        .store
        .work_release(&first.lease, "reel:abc")
        .await
        .unwrap();
    mine(join(&house, &second).await);
    // Letting go of what is another's does nothing.
    house
        .store
        .work_release(&first.lease, "reel:abc")
        .await
        .unwrap();
    assert_eq!(join(&house, &third).await, WorkTurn::Busy);
    let failed = Finish::Retry {
        after_ms: Some(1_000),
        error: "network".to_owned(),
    };
    house.store.finish(&second.lease, failed).await.unwrap();
    mine(join(&house, &third).await);
    house.store.work_forget("reel:abc").await.unwrap();
    let gone = house
        .store
        .work_done(&third.lease, "reel:abc", START_MS)
        .await;
    assert!(matches!(gone, Err(StoreError::LeaseLost)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_askers_one_works() {
    let house = House::new().await;
    let mut jobs = Vec::new();
    for _ in 0..10 {
        jobs.push(worker(&house).await);
    }
    let calls = jobs
        .iter()
        .map(|job| house.store.work_join(&job.lease, "reel:abc"));
    let turns = futures::future::join_all(calls).await;
    let mine = turns
        .into_iter()
        .filter(|turn| matches!(turn, Ok(WorkTurn::Mine(_))))
        .count();
    assert_eq!(mine, 1);
}
