//! What callers of the API make happen: one effect for each key, one intention before each post.

use std::time::Duration;

use serde_json::json;
use store::{
    Begun, KeyEnd, KeyHold, KeyUse, NewJob, NewPublication, Publication, PublicationChange,
    PublicationState as State, Retention, StoreError, UploadRow, Wished,
};
use uuid::Uuid;

use crate::support::{House, LEASE, START_MS, open};

const HOLD_MS: i64 = 60_000;

fn used(key: &str, request: &str) -> KeyUse {
    KeyUse {
        caller: "key-1".to_owned(),
        key: key.to_owned(),
        request: request.as_bytes().to_vec(),
        hold_ms: HOLD_MS,
    }
}

async fn begin(house: &House, key: &str, request: &str) -> Begun {
    house.store.key_begin(used(key, request)).await.unwrap()
}

async fn mine(house: &House, key: &str, request: &str) -> KeyHold {
    match begin(house, key, request).await {
        Begun::Mine(hold) => hold,
        other => panic!("{other:?}"),
    }
}

fn post(once: Option<&str>) -> NewPublication {
    NewPublication {
        account: "acc".to_owned(),
        spec: json!({ "kind": "image" }),
        publish_at_ms: None,
        begin_at_ms: None,
        once: once.map(str::to_owned),
        uploads: Vec::new(),
    }
}

async fn add(house: &House, new: NewPublication) -> Publication {
    house.store.publication_add(new).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_key_has_one_effect_and_one_answer() {
    let house = House::new().await;
    let hold = mine(&house, "k", "a").await;
    let until_ms = START_MS + HOLD_MS;
    assert_eq!(begin(&house, "k", "a").await, Begun::Busy { until_ms });
    assert_eq!(begin(&house, "k", "b").await, Begun::OtherRequest);
    let answer = json!({ "id": "1" });
    let end = KeyEnd::Answer {
        status: 201,
        answer: answer.clone(),
    };
    assert!(house.store.key_end(&hold, end).await.unwrap());
    let again = Begun::Answered {
        status: 201,
        answer,
    };
    assert_eq!(begin(&house, "k", "a").await, again);
    assert_eq!(begin(&house, "k", "b").await, Begun::OtherRequest);
    // What was answered stays answered.
    assert!(!house.store.key_end(&hold, KeyEnd::Forget).await.unwrap());
    let stranger = KeyUse {
        caller: "key-2".to_owned(),
        ..used("k", "b")
    };
    let theirs = house.store.key_begin(stranger).await.unwrap();
    assert!(matches!(theirs, Begun::Mine(_)), "{theirs:?}");
}

/// Whoever repeats an order right after a crash is not told for minutes that it is still being worked on.
#[tokio::test]
async fn the_only_process_lets_go_of_what_the_one_before_had_in_hand() {
    let house = House::new().await;
    let first = mine(&house, "k", "a").await;
    let busy = begin(&house, "k", "a").await;
    assert!(matches!(busy, Begun::Busy { .. }), "{busy:?}");
    house.store.close().await;
    let store = open(&house.folder, &house.clock).await.unwrap();
    let again = store.key_begin(used("k", "a")).await.unwrap();
    assert!(
        matches!(again, Begun::Mine(hold) if hold.id == first.id),
        "{again:?}"
    );
}

#[tokio::test]
async fn a_request_whose_process_died_goes_on_under_the_same_id() {
    let house = House::new().await;
    let first = mine(&house, "k", "a").await;
    house.clock.advance(Duration::from_millis(60_001));
    let second = mine(&house, "k", "a").await;
    assert_eq!(first.id, second.id);
    assert_ne!(first.holder, second.holder);
    // The one that was given up comes too late.
    let late = KeyEnd::Answer {
        status: 500,
        answer: json!(null),
    };
    assert!(!house.store.key_end(&first, late).await.unwrap());
    assert!(house.store.key_end(&second, KeyEnd::Open).await.unwrap());
    let third = mine(&house, "k", "a").await;
    assert_eq!(third.id, first.id);
    assert!(house.store.key_end(&third, KeyEnd::Forget).await.unwrap());
    let anew = mine(&house, "k", "another body").await;
    assert_ne!(anew.id, first.id);
}

#[tokio::test]
async fn keys_are_forgotten_after_two_days() {
    let house = House::new().await;
    let hold = mine(&house, "k", "a").await;
    let end = KeyEnd::Answer {
        status: 200,
        answer: json!({}),
    };
    house.store.key_end(&hold, end).await.unwrap();
    house.clock.advance(Duration::from_hours(47));
    assert_eq!(house.store.purge_keys().await.unwrap(), 0);
    house.clock.advance(Duration::from_hours(2));
    let anew = mine(&house, "k", "b").await;
    assert_ne!(anew.id, hold.id);
    assert_eq!(house.store.purge_keys().await.unwrap(), 0);
    house.clock.advance(Duration::from_hours(49));
    assert_eq!(house.store.purge_keys().await.unwrap(), 1);
}

#[tokio::test]
async fn a_publication_and_its_job_come_together_and_once() {
    let house = House::new().await;
    let first = add(&house, post(Some("w"))).await;
    assert_eq!(add(&house, post(Some("w"))).await, first);
    assert_eq!(first.state, State::Scheduled);
    let job = house.claim_one("publish").await;
    assert_eq!(job.id, first.job_id);
    assert_eq!(job.payload["publication"], json!(first.id));
    // By this the stream shows its end to keys of this account.
    assert_eq!(job.payload["account"], json!("acc"));
    house.nothing_to_claim("publish").await;
}

#[tokio::test]
async fn what_was_stored_under_a_word_is_found_by_it() {
    let house = House::new().await;
    let first = add(&house, post(Some("w"))).await;
    let found = house.store.publication_once("w").await.unwrap();
    assert_eq!(found, Some(first.clone()));
    assert_eq!(house.store.publication_once("v").await.unwrap(), None);
    let job = NewJob {
        dedupe_key: Some("w".to_owned()),
        ..NewJob::new("writes", json!({}))
    };
    let stored = house.store.enqueue(job).await.unwrap().id;
    let found = house.store.job_once("w").await.unwrap();
    assert_eq!(found.map(|job| job.id), Some(stored));
    assert_eq!(house.store.job_once("v").await.unwrap(), None);
}

#[tokio::test]
async fn publications_that_are_over_go_in_their_time_and_the_others_stay() {
    let house = House::new().await;
    let retention = Retention::default();
    let [early, waiting, late] = [
        add(&house, post(None)).await.id,
        add(&house, post(None)).await.id,
        add(&house, post(None)).await.id,
    ];
    let cancel = async |id| house.store.publication_cancel("acc", id).await.unwrap();
    cancel(early).await;
    house.clock.advance(Duration::from_hours(1));
    cancel(late).await;
    let kept = retention.publications_ms - 30 * 60_000;
    let kept = Duration::from_millis(kept.unsigned_abs());
    house.clock.advance(kept);
    house.store.purge(retention).await.unwrap();
    let is_there = async |id| house.store.publication(id).await.unwrap().is_some();
    assert!(!is_there(early).await);
    assert!(is_there(waiting).await, "it is not over");
    assert!(is_there(late).await);
}

#[tokio::test]
async fn the_intention_is_on_disk_before_the_call() {
    let house = House::new().await;
    let id = add(&house, post(None)).await.id;
    let job = house.claim_one("publish").await;
    let change = PublicationChange {
        state: Some(State::Processing),
        container_id: Some(Some("c-1".to_owned())),
        ..PublicationChange::default()
    };
    let now = house.store.publication_change(&job.lease, id, change).await;
    assert_eq!(now.unwrap().unwrap().container_id.as_deref(), Some("c-1"));
    let noted = json!({ "newest": "m-0" });
    let tried = house
        .store
        .publication_intent(&job.lease, id, noted.clone())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((tried.state, tried.attempt), (State::Publishing, 1));
    let House {
        store,
        clock,
        folder,
    } = house;
    store.close().await;
    drop(store);
    let store = open(&folder, &clock).await.unwrap();
    let found = store.publication(id).await.unwrap().unwrap();
    assert_eq!(found.state, State::Publishing);
    assert_eq!(found.intent_at_ms, Some(START_MS));
    assert_eq!(found.progress, noted);
    let cancelled = store.publication_cancel("acc", id).await.unwrap();
    assert!(matches!(cancelled, Wished::TooLate(_)), "{cancelled:?}");
    // The lease of the process before is over.
    let late = PublicationChange::default();
    let refused = store.publication_change(&job.lease, id, late).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
}

#[tokio::test]
async fn a_moved_publication_leaves_its_first_job_without_a_say() {
    let house = House::new().await;
    let new = NewPublication {
        publish_at_ms: Some(START_MS + 600_000),
        begin_at_ms: Some(START_MS + 300_000),
        ..post(None)
    };
    let first = add(&house, new).await;
    house.nothing_to_claim("publish").await;
    let moved = house
        .store
        .publication_move("acc", first.id, START_MS + 60_000, START_MS)
        .await
        .unwrap();
    let Wished::Done(moved) = moved else {
        panic!("{moved:?}")
    };
    assert_eq!(moved.publish_at_ms, Some(START_MS + 60_000));
    let job = house.claim_one("publish").await;
    assert_eq!(job.id, moved.job_id);
    house.clock.advance(Duration::from_mins(5));
    let old = house.store.claim(&["publish"], 9, LEASE).await.unwrap();
    let old = old.iter().find(|job| job.id == first.job_id).unwrap();
    let change = PublicationChange {
        state: Some(State::Preparing),
        ..PublicationChange::default()
    };
    let silent = house
        .store
        .publication_change(&old.lease, first.id, change)
        .await
        .unwrap();
    assert_eq!(silent, None);
    let stranger = house
        .store
        .publication_move("other", first.id, START_MS, START_MS)
        .await
        .unwrap();
    assert_eq!(stranger, Wished::Missing);
}

#[tokio::test]
async fn what_was_called_off_is_not_published() {
    let house = House::new().await;
    let id = add(&house, post(None)).await.id;
    let job = house.claim_one("publish").await;
    let cancelled = house.store.publication_cancel("acc", id).await.unwrap();
    assert!(matches!(cancelled, Wished::Done(_)), "{cancelled:?}");
    let again = house.store.publication_cancel("acc", id).await.unwrap();
    assert_eq!(again, cancelled);
    let intent = house
        .store
        .publication_intent(&job.lease, id, json!({}))
        .await
        .unwrap();
    assert_eq!(intent, None);
    let moved = house
        .store
        .publication_move("acc", id, START_MS, START_MS)
        .await
        .unwrap();
    assert!(matches!(moved, Wished::TooLate(_)), "{moved:?}");
}

#[tokio::test]
async fn publications_are_listed_by_account_and_state() {
    let house = House::new().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(add(&house, post(None)).await.id);
    }
    let other = NewPublication {
        account: "other".to_owned(),
        ..post(None)
    };
    add(&house, other).await;
    house.store.publication_cancel("acc", ids[1]).await.unwrap();
    let list = |state, before, limit| {
        let store = house.store.clone();
        async move {
            let found = store.publications("acc", state, before, limit).await;
            let ids: Vec<Uuid> = found.unwrap().iter().map(|one| one.id).collect();
            ids
        }
    };
    assert_eq!(list(None, None, 9).await, [ids[2], ids[1], ids[0]]);
    assert_eq!(list(None, Some(ids[2]), 1).await, [ids[1]]);
    assert_eq!(list(Some(State::Cancelled), None, 9).await, [ids[1]]);
}

#[tokio::test]
async fn an_upload_is_its_accounts_until_it_is_forgotten() {
    let house = House::new().await;
    let row = UploadRow {
        id: house.store.new_id(),
        account: "acc".to_owned(),
        mime: "image/jpeg".to_owned(),
        file: "file.jpg".to_owned(),
        bytes: 3,
        created_at_ms: START_MS,
    };
    house.store.upload_add(row.clone()).await.unwrap();
    let found = house.store.upload("acc", row.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&row));
    assert_eq!(house.store.upload("other", row.id).await.unwrap(), None);
    assert!(house.store.has_upload(row.id).await.unwrap());
    assert!(!house.store.has_upload(Uuid::from_u128(9)).await.unwrap());
}

#[tokio::test]
async fn an_upload_stays_as_long_as_a_post_is_to_be_made_of_it() {
    let house = House::new().await;
    let id = house.store.new_id();
    let row = UploadRow {
        id,
        account: "acc".to_owned(),
        mime: "image/jpeg".to_owned(),
        file: "file.jpg".to_owned(),
        bytes: 3,
        created_at_ms: START_MS,
    };
    house.store.upload_add(row).await.unwrap();
    let made_of_it = |begin_at_ms| NewPublication {
        spec: json!({ "items": [{ "upload": id }] }),
        uploads: vec![id],
        begin_at_ms,
        ..post(None)
    };
    let waits = add(&house, made_of_it(Some(START_MS + 9))).await.id;
    let now = add(&house, made_of_it(None)).await.id;
    let idle = async |before_ms| house.store.idle_uploads(before_ms).await.unwrap();
    let out = async |post: Uuid| {
        let lease = house.claim_one("publish").await.lease;
        let change = PublicationChange {
            state: Some(State::Published),
            let_go: vec![id],
            ..PublicationChange::default()
        };
        let changed = house.store.publication_change(&lease, post, change).await;
        assert!(changed.unwrap().is_some());
        house.store.has_upload(id).await.unwrap()
    };
    assert!(out(now).await, "the other one is still to come");
    assert!(idle(START_MS + 1).await.is_empty());
    house.clock.advance(Duration::from_millis(9));
    assert!(!out(waits).await);
    let late = house.store.publication_add(made_of_it(None)).await;
    assert_eq!(late.unwrap(), None);
}

#[tokio::test]
async fn uploads_that_nothing_is_made_of_are_let_go() {
    let house = House::new().await;
    let mut ids = Vec::new();
    // More than are looked at in one transaction.
    for _ in 0..201 {
        let row = UploadRow {
            id: house.store.new_id(),
            account: "acc".to_owned(),
            mime: "image/jpeg".to_owned(),
            file: "file.jpg".to_owned(),
            bytes: 3,
            created_at_ms: START_MS,
        };
        ids.push(row.id);
        house.store.upload_add(row).await.unwrap();
    }
    let new = NewPublication {
        spec: json!({ "items": [{ "upload": ids[0] }] }),
        uploads: vec![ids[0]],
        ..post(None)
    };
    let called_off = add(&house, new).await.id;
    let idle = async |before_ms| house.store.idle_uploads(before_ms).await.unwrap();
    assert!(idle(START_MS).await.is_empty(), "they are too young");
    assert_eq!(idle(START_MS + 1).await, ids[1..]);
    house
        .store
        .publication_cancel("acc", called_off)
        .await
        .unwrap();
    assert_eq!(idle(START_MS + 1).await, ids[..1]);
}
