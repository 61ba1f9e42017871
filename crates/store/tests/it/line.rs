//! Where a job stands and how long it takes: what the person is told of it.

use std::time::Duration;

use serde_json::json;
use store::{Finish, NewJob, Place};
use uuid::Uuid;

use crate::support::House;

async fn ask(house: &House, line: &str) -> Uuid {
    let job = NewJob {
        order_key: (!line.is_empty()).then(|| line.to_owned()),
        person: Some(line.to_owned()),
        ..NewJob::new("reel", json!({ "for": line }))
    };
    house.store.enqueue(job).await.unwrap().id
}

async fn ahead(house: &House, job: Uuid) -> Option<(u32, u32)> {
    let place = house.store.place_in_line(job).await.unwrap();
    place.map(|Place { ahead, running }| (ahead, running))
}

fn done() -> Finish {
    Finish::Done {
        note: "ok".to_owned(),
    }
}

/// What is told is what happens: jobs are taken in the order of their places.
async fn taken_as_told(house: &House, jobs: &[Uuid]) {
    let mut told = Vec::new();
    for job in jobs {
        if let Some(place) = ahead(house, *job).await {
            told.push((place.0, *job));
        }
    }
    told.sort_unstable();
    for (_, job) in told {
        let next = house.claim_one("reel").await;
        assert_eq!(next.id, job);
        house.store.finish(&next.lease, done()).await.unwrap();
    }
}

#[tokio::test]
async fn a_place_counts_who_is_in_hand_and_who_comes_sooner() {
    let house = House::new().await;
    let first = ask(&house, "ana").await;
    let second = ask(&house, "ana").await;
    let third = ask(&house, "ana").await;
    let bob = ask(&house, "bob").await;
    assert_eq!(ahead(&house, first).await, Some((0, 0)));
    // Nobody's second goes before somebody else's first.
    assert_eq!(ahead(&house, bob).await, Some((1, 0)));
    assert_eq!(ahead(&house, second).await, Some((2, 0)));
    let running = house.claim_one("reel").await;
    assert_eq!(running.id, first);
    assert_eq!(ahead(&house, first).await, None);
    assert_eq!(ahead(&house, bob).await, Some((1, 1)));
    assert_eq!(ahead(&house, third).await, Some((3, 1)));
    assert_eq!(ahead(&house, Uuid::nil()).await, None);
    house.store.finish(&running.lease, done()).await.unwrap();
    assert_eq!(ahead(&house, bob).await, Some((0, 0)));
    // Another queue's jobs are nobody's business here.
    house
        .store
        .enqueue(NewJob::new("reply", json!({})))
        .await
        .unwrap();
    assert_eq!(ahead(&house, third).await, Some((2, 0)));
    taken_as_told(&house, &[first, second, third, bob]).await;
}

#[tokio::test]
async fn a_later_job_with_a_smaller_turn_still_stands_behind_its_line() {
    let house = House::new().await;
    let first = ask(&house, "ana").await;
    let second = ask(&house, "ana").await;
    let third = ask(&house, "ana").await;
    for expected in [first, second] {
        let job = house.claim_one("reel").await;
        assert_eq!(job.id, expected);
        house.store.finish(&job.lease, done()).await.unwrap();
    }
    // Stored when one stood before it: its turn is 1, while the third's is 2.
    let fourth = ask(&house, "ana").await;
    let bob = ask(&house, "bob").await;
    let bobs = ask(&house, "bob").await;
    assert_eq!(ahead(&house, fourth).await, Some((3, 0)));
    assert_eq!(ahead(&house, third).await, Some((2, 0)));
    taken_as_told(&house, &[third, fourth, bob, bobs]).await;
}

#[tokio::test]
async fn a_job_that_waits_for_its_next_try_keeps_its_place_before_others() {
    let house = House::new().await;
    let first = ask(&house, "ana").await;
    let bob = ask(&house, "bob").await;
    let job = house.claim_one("reel").await;
    assert_eq!(job.id, first);
    let soon = Finish::Retry {
        after_ms: Some(2_000),
        error: "no answer".to_owned(),
    };
    house.store.finish(&job.lease, soon).await.unwrap();
    assert_eq!(ahead(&house, first).await, None);
    assert_eq!(ahead(&house, bob).await, Some((1, 0)));
}

#[tokio::test]
async fn the_usual_time_is_the_median_of_the_newest() {
    let house = House::new().await;
    assert_eq!(house.store.usual_ms("reel", 5).await.unwrap(), None);
    // Somebody stands in line each time, so that turns and priorities differ.
    let mut took = Vec::new();
    for (seconds, line) in [
        (900, "ana"),
        (10, "ana"),
        (30, ""),
        (20, "ana"),
        (400, "bob"),
        (15, "bob"),
        (90, "ana"),
    ] {
        ask(&house, line).await;
        let urgent = NewJob {
            priority: -1,
            ..NewJob::new("reel", json!({}))
        };
        if seconds == 400 {
            house.store.enqueue(urgent).await.unwrap();
        }
        ask(&house, line).await;
        let job = house.claim_one("reel").await;
        let time = Duration::from_secs(seconds);
        house.store.heartbeat(&job.lease, time * 2).await.unwrap();
        house.clock.advance(time);
        house.store.finish(&job.lease, done()).await.unwrap();
        took.push((job.id, i64::try_from(seconds).unwrap() * 1_000));
    }
    took.sort_unstable();
    took.reverse();
    for of_last in [1, 3, 5, 7] {
        let mut newest: Vec<i64> = took[..of_last].iter().map(|(_, ms)| *ms).collect();
        newest.sort_unstable();
        let of_last = u32::try_from(of_last).unwrap();
        assert_eq!(
            house.store.usual_ms("reel", of_last).await.unwrap(),
            Some(newest[newest.len() / 2]),
            "{took:?}"
        );
    }
    assert_eq!(house.store.usual_ms("reply", 5).await.unwrap(), None);
    assert_eq!(house.store.usual_ms("reel", 0).await.unwrap(), None);
}

#[tokio::test]
async fn far_back_the_place_is_counted() {
    let house = House::new().await;
    for number in 0..600 {
        ask(&house, &format!("person-{number}")).await;
    }
    ask(&house, "ana").await;
    let second = ask(&house, "ana").await;
    let bob = ask(&house, "bob").await;
    assert_eq!(ahead(&house, bob).await, Some((601, 0)));
    assert_eq!(ahead(&house, second).await, Some((602, 0)));
}
