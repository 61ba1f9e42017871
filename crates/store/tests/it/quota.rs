//! The daily allowance: exact, not charged twice, given back once.

use futures::future::join_all;
use serde_json::json;
use store::{Admission, Admitted, Finish, NewJob};

use crate::support::{House, LEASE};

fn ask(day: &str, limit: u32, keys: &[&str]) -> Admission {
    Admission {
        scope: "instagram:acc:ana".to_owned(),
        day: day.to_owned(),
        limit,
        jobs: keys
            .iter()
            .map(|key| NewJob {
                dedupe_key: Some((*key).to_owned()),
                person: Some("ana".to_owned()),
                max_attempts: 1,
                ..NewJob::new("reel", json!({ "key": key }))
            })
            .collect(),
    }
}

async fn used(house: &House, day: &str) -> u32 {
    house
        .store
        .quota_used("instagram:acc:ana", day)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_at_once_with_ten_to_give_get_exactly_ten() {
    let house = House::new().await;
    for day in ["2026-11-22", "2026-11-23", "2026-11-24"] {
        let calls = (0..200).map(|number| {
            let store = house.store.clone();
            let admission = ask(day, 10, &[&format!("{day}:{number}")]);
            tokio::spawn(async move { store.admit(admission).await.unwrap() })
        });
        let answers = join_all(calls).await;
        let new = answers
            .into_iter()
            .flat_map(Result::unwrap)
            .filter(|answer| matches!(answer, Admitted::New(_)))
            .count();
        assert_eq!(new, 10);
        assert_eq!(used(&house, day).await, 10);
    }
    let jobs = house.store.claim(&["reel"], 99, LEASE).await.unwrap();
    assert_eq!(jobs.len(), 30);
}

#[tokio::test]
async fn several_in_one_asking_are_served_in_order() {
    let house = House::new().await;
    let answers = house
        .store
        .admit(ask("d", 2, &["a", "b", "c"]))
        .await
        .unwrap();
    assert!(matches!(
        answers[..],
        [Admitted::New(_), Admitted::New(_), Admitted::OverLimit]
    ));
    assert_eq!(used(&house, "d").await, 2);
    // Another day is another allowance.
    let answers = house.store.admit(ask("e", 2, &["c"])).await.unwrap();
    assert!(matches!(answers[..], [Admitted::New(_)]));
}

#[tokio::test]
async fn a_repeated_key_is_answered_and_not_charged() {
    let house = House::new().await;
    let first = house.store.admit(ask("d", 1, &["a"])).await.unwrap();
    let Admitted::New(id) = first[0] else {
        panic!("{first:?}")
    };
    let again = house.store.admit(ask("d", 1, &["a", "b"])).await.unwrap();
    assert_eq!(again, [Admitted::Already(id), Admitted::OverLimit]);
    assert_eq!(used(&house, "d").await, 1);
    // Within one asking, too.
    let twice = house.store.admit(ask("e", 5, &["x", "x"])).await.unwrap();
    let Admitted::New(id) = twice[0] else {
        panic!("{twice:?}")
    };
    assert_eq!(twice[1], Admitted::Already(id));
    assert_eq!(used(&house, "e").await, 1);
}

#[tokio::test]
async fn nothing_is_given_when_the_limit_is_nothing() {
    let house = House::new().await;
    let answers = house.store.admit(ask("d", 0, &["a"])).await.unwrap();
    assert_eq!(answers, [Admitted::OverLimit]);
    house.nothing_to_claim("reel").await;
}

#[tokio::test]
async fn the_allowance_comes_back_once_and_only_when_it_should() {
    let house = House::new().await;
    house
        .store
        .admit(ask("d", 9, &["a", "b", "c", "e"]))
        .await
        .unwrap();
    assert_eq!(used(&house, "d").await, 4);
    let jobs = house.store.claim(&["reel"], 9, LEASE).await.unwrap();
    let refused = |refund| Finish::Refused {
        reason: "private".to_owned(),
        refund,
    };
    house
        .store
        .finish(&jobs[0].lease, refused(true))
        .await
        .unwrap();
    assert_eq!(used(&house, "d").await, 3);
    assert!(
        house
            .store
            .finish(&jobs[0].lease, refused(true))
            .await
            .is_err()
    );
    assert_eq!(used(&house, "d").await, 3);
    house
        .store
        .finish(&jobs[1].lease, refused(false))
        .await
        .unwrap();
    assert_eq!(used(&house, "d").await, 3);
    let done = Finish::Done {
        note: "sent".to_owned(),
    };
    house.store.finish(&jobs[2].lease, done).await.unwrap();
    assert_eq!(used(&house, "d").await, 3);
    // A job that crashes its worker for good is not charged either.
    house.clock.advance(LEASE);
    let doomed = house.claim_one("reel").await;
    let reason = doomed.doom.clone().unwrap();
    house
        .store
        .finish(&doomed.lease, Finish::Dead { reason })
        .await
        .unwrap();
    assert_eq!(used(&house, "d").await, 2);
}
