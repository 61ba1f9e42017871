//! Visible sends: written down first, one open try per conversation, never repeated in doubt.

use serde_json::json;
use store::{
    Claimed, Conversation, Finish, Intent, IntentIn, NewJob, NewPart, Part, PartState, Settle,
    StoreError,
};

use crate::support::{House, LEASE, START_MS, talk};

const DAY_MS: i64 = 86_400_000;

fn part(name: &str, seq: i32) -> NewPart {
    NewPart {
        part: name.to_owned(),
        seq,
        kind: "text".to_owned(),
        body: json!({ "text": name }),
        hash: format!("hash-{name}"),
    }
}

fn open_window() -> IntentIn {
    IntentIn {
        cursor_mid: Some("before".to_owned()),
        window_open_until_ms: START_MS + DAY_MS,
    }
}

/// A claimed job with parts planned for this conversation.
async fn job_with_parts(house: &House, to: &Conversation, names: &[&str]) -> (Claimed, Vec<Part>) {
    house
        .store
        .enqueue(NewJob::new("reel", json!({})))
        .await
        .unwrap();
    let job = house.claim_one("reel").await;
    let parts = names
        .iter()
        .zip(0..)
        .map(|(name, seq)| part(name, seq))
        .collect();
    house.store.plan_parts(&job.lease, to, parts).await.unwrap();
    let parts = house.store.parts(job.id).await.unwrap();
    (job, parts)
}

async fn open_parts(house: &House, job: &Claimed) -> usize {
    let parts = house.store.parts(job.id).await.unwrap();
    parts.iter().filter(|part| part.state.is_open()).count()
}

#[tokio::test]
async fn planning_again_changes_nothing_and_adds_what_is_new() {
    let house = House::new().await;
    let (job, parts) = job_with_parts(&house, &talk("ana"), &["text-0", "video-0"]).await;
    let mut other_words = part("text-0", 5);
    other_words.body = json!({ "text": "other" });
    let again = vec![other_words, part("text-1", 2)];
    house
        .store
        .plan_parts(&job.lease, &talk("ana"), again)
        .await
        .unwrap();
    let now = house.store.parts(job.id).await.unwrap();
    assert_eq!(now[..2], parts[..]);
    assert_eq!(now[2].part, "text-1");
    assert_eq!(now[0].state, PartState::Planned);
    assert_eq!(now[0].conversation, talk("ana"));
}

#[tokio::test]
async fn a_part_goes_out_once_and_its_message_is_known() {
    let house = House::new().await;
    let (job, parts) = job_with_parts(&house, &talk("ana"), &["text-0"]).await;
    let go = house
        .store
        .intent(&job.lease, parts[0].id, open_window())
        .await
        .unwrap();
    assert_eq!(go, Intent::Go { attempt: 1 });
    let again = house
        .store
        .intent(&job.lease, parts[0].id, open_window())
        .await
        .unwrap();
    assert_eq!(again, Intent::AlreadySettled(PartState::Intent));

    let sent = Settle::Sent {
        mid: Some("m1".to_owned()),
    };
    for _ in 0..2 {
        let state = house
            .store
            .settle(&job.lease, parts[0].id, sent.clone())
            .await
            .unwrap();
        assert_eq!(state, PartState::Sent);
    }
    let late = house
        .store
        .settle(&job.lease, parts[0].id, Settle::Unknown)
        .await
        .unwrap();
    assert_eq!(late, PartState::Sent);
    let again = house
        .store
        .intent(&job.lease, parts[0].id, open_window())
        .await
        .unwrap();
    assert_eq!(again, Intent::AlreadySettled(PartState::Sent));
    assert_eq!(
        house.store.mids_sent(&talk("ana"), START_MS).await.unwrap(),
        ["m1"]
    );
    assert!(
        house
            .store
            .mids_sent(&talk("ana"), START_MS + 1)
            .await
            .unwrap()
            .is_empty()
    );
    let found = house
        .store
        .part_by_mid(&talk("ana"), "m1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.cursor_mid.as_deref(), Some("before"));
    assert!(
        house
            .store
            .part_by_mid(&talk("bob"), "m1")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn one_open_try_holds_its_conversation_and_no_other() {
    let house = House::new().await;
    let (first, ana) = job_with_parts(&house, &talk("ana"), &["text-0", "video-0"]).await;
    let (second, ana_too) = job_with_parts(&house, &talk("ana"), &["text-0"]).await;
    let (third, bob) = job_with_parts(&house, &talk("bob"), &["text-0"]).await;
    let go = |job: &Claimed, part: &Part| {
        let (store, lease, id) = (house.store.clone(), job.lease, part.id);
        async move { store.intent(&lease, id, open_window()).await.unwrap() }
    };
    assert_eq!(go(&first, &ana[0]).await, Intent::Go { attempt: 1 });
    assert_eq!(go(&first, &ana[1]).await, Intent::Held);
    assert_eq!(go(&second, &ana_too[0]).await, Intent::Held);
    assert_eq!(go(&third, &bob[0]).await, Intent::Go { attempt: 1 });
    house
        .store
        .settle(&first.lease, ana[0].id, Settle::Unknown)
        .await
        .unwrap();
    assert_eq!(go(&second, &ana_too[0]).await, Intent::Held);
    assert_eq!(open_parts(&house, &first).await, 1);
    // Proven absent: it is free again, for the same part too.
    house
        .store
        .settle(&first.lease, ana[0].id, Settle::Absent)
        .await
        .unwrap();
    assert_eq!(open_parts(&house, &first).await, 0);
    assert_eq!(go(&first, &ana[0]).await, Intent::Go { attempt: 2 });
    house
        .store
        .settle(&first.lease, ana[0].id, Settle::Planned)
        .await
        .unwrap();
    assert_eq!(go(&second, &ana_too[0]).await, Intent::Go { attempt: 1 });
}

#[tokio::test]
async fn a_job_that_ends_with_an_open_try_frees_its_conversation() {
    let house = House::new().await;
    let (first, ana) = job_with_parts(&house, &talk("ana"), &["text-0"]).await;
    let (second, ana_too) = job_with_parts(&house, &talk("ana"), &["text-0"]).await;
    let store = &house.store;
    let first_go = store.intent(&first.lease, ana[0].id, open_window()).await;
    assert_eq!(first_go.unwrap(), Intent::Go { attempt: 1 });
    store
        .settle(&first.lease, ana[0].id, Settle::Unknown)
        .await
        .unwrap();
    let unsent = Finish::Refused {
        reason: "unsent".to_owned(),
        refund: true,
    };
    store.finish(&first.lease, unsent).await.unwrap();

    let left = &store.parts(first.id).await.unwrap()[0];
    assert_eq!(left.state, PartState::Failed);
    assert_eq!(left.reason.as_deref(), Some("outcome_unknown"));
    let second_go = store
        .intent(&second.lease, ana_too[0].id, open_window())
        .await;
    assert_eq!(second_go.unwrap(), Intent::Go { attempt: 1 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_get_one_go() {
    let house = House::new().await;
    let mut tries = Vec::new();
    for _ in 0..12 {
        let (job, parts) = job_with_parts(&house, &talk("ana"), &["text-0"]).await;
        tries.push((job.lease, parts[0].id));
    }
    let calls = tries.iter().map(|(lease, part)| {
        let (store, lease, part) = (house.store.clone(), *lease, *part);
        tokio::spawn(async move { store.intent(&lease, part, open_window()).await.unwrap() })
    });
    let answers = futures::future::join_all(calls).await;
    let goes = answers
        .into_iter()
        .filter(|answer| matches!(answer, Ok(Intent::Go { .. })))
        .count();
    assert_eq!(goes, 1);
}

#[tokio::test]
async fn nothing_goes_out_after_the_window_or_without_a_live_lease() {
    let house = House::new().await;
    let (job, parts) = job_with_parts(&house, &talk("ana"), &["text-0"]).await;
    let closed = IntentIn {
        cursor_mid: None,
        window_open_until_ms: START_MS,
    };
    let answer = house
        .store
        .intent(&job.lease, parts[0].id, closed)
        .await
        .unwrap();
    assert_eq!(answer, Intent::WindowClosed);
    // Nobody has taken the job over yet, but its lease is past: no visible effect any more.
    house.clock.advance(LEASE);
    let answer = house
        .store
        .intent(&job.lease, parts[0].id, open_window())
        .await;
    assert!(matches!(answer, Err(StoreError::LeaseLost)));
}

#[tokio::test]
async fn a_new_owner_finds_the_dead_ones_try_and_may_only_reconcile_it() {
    let house = House::new().await;
    let (dead, parts) = job_with_parts(&house, &talk("ana"), &["text-0"]).await;
    house
        .store
        .intent(&dead.lease, parts[0].id, open_window())
        .await
        .unwrap();
    house.clock.advance(LEASE);
    let job = house.claim_one("reel").await;
    let seen = house.store.parts(job.id).await.unwrap().remove(0);
    assert_eq!(seen.state, PartState::Intent);
    assert!(seen.epoch < job.lease.epoch);
    let answer = house
        .store
        .intent(&job.lease, seen.id, open_window())
        .await
        .unwrap();
    assert_eq!(answer, Intent::AlreadySettled(PartState::Intent));
    let absent = house
        .store
        .settle(&job.lease, seen.id, Settle::Absent)
        .await;
    assert!(matches!(absent, Err(StoreError::Conflict(_))));
    let stale = house
        .store
        .settle(&dead.lease, seen.id, Settle::Unknown)
        .await;
    assert!(matches!(stale, Err(StoreError::LeaseLost)));
    house
        .store
        .settle(&job.lease, seen.id, Settle::Unknown)
        .await
        .unwrap();
    assert_eq!(open_parts(&house, &job).await, 1);
    let counts = house.store.part_counts().await.unwrap();
    assert_eq!((counts[0].state.as_str(), counts[0].count), ("unknown", 1));
}

#[tokio::test]
async fn another_job_may_settle_only_what_nobody_is_at() {
    let house = House::new().await;
    let (owner, parts) = job_with_parts(&house, &talk("ana"), &["text-0"]).await;
    house
        .store
        .intent(&owner.lease, parts[0].id, open_window())
        .await
        .unwrap();
    house
        .store
        .enqueue(NewJob::new("reconcile", json!({})))
        .await
        .unwrap();
    let other = house.claim_one("reconcile").await;
    let refused = house
        .store
        .settle(&other.lease, parts[0].id, Settle::Unknown)
        .await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)));
    let tried = house
        .store
        .intent(&other.lease, parts[0].id, open_window())
        .await;
    assert!(matches!(tried, Err(StoreError::Conflict(_))));
    let dead = Finish::Dead {
        reason: "test".to_owned(),
    };
    house.store.finish(&owner.lease, dead).await.unwrap();
    let left = house.store.parts(owner.id).await.unwrap();
    assert_eq!(left[0].state, PartState::Failed);
    // A proof that comes after the end still counts.
    let proof = Settle::Sent {
        mid: Some("mid-1".to_owned()),
    };
    let state = house
        .store
        .settle(&other.lease, parts[0].id, proof)
        .await
        .unwrap();
    assert_eq!(state, PartState::Sent);
}

#[tokio::test]
async fn a_plan_and_its_first_try_are_one_commit() {
    let house = House::new().await;
    let (first, _) = job_with_parts(&house, &talk("ana"), &[]).await;
    let plan = |names: &[&str]| -> Vec<NewPart> {
        let named = names.iter().zip(0..);
        named.map(|(name, seq)| part(name, seq)).collect()
    };
    let before = house.store.writer_stats().commits;
    let (tried, answer) = house
        .store
        .plan_and_try(
            &first.lease,
            &talk("ana"),
            plan(&["text-0", "text-1"]),
            open_window(),
        )
        .await
        .unwrap();
    assert_eq!(house.store.writer_stats().commits, before + 1);
    assert_eq!(answer, Intent::Go { attempt: 1 });
    let stored = house.store.parts(first.id).await.unwrap();
    assert_eq!(stored[0], tried, "what is told is what is stored");
    assert_eq!(stored[1].state, PartState::Planned);

    // The conversation is held, the window is closed: planned, and not tried.
    let (second, _) = job_with_parts(&house, &talk("ana"), &[]).await;
    let (tried, answer) = house
        .store
        .plan_and_try(
            &second.lease,
            &talk("ana"),
            plan(&["text-0"]),
            open_window(),
        )
        .await
        .unwrap();
    assert_eq!((tried.state, answer), (PartState::Planned, Intent::Held));
    let (third, _) = job_with_parts(&house, &talk("bob"), &[]).await;
    let closed = IntentIn {
        window_open_until_ms: START_MS,
        ..open_window()
    };
    let (tried, answer) = house
        .store
        .plan_and_try(&third.lease, &talk("bob"), plan(&["text-0"]), closed)
        .await
        .unwrap();
    assert_eq!(
        (tried.state, answer),
        (PartState::Planned, Intent::WindowClosed)
    );
    assert_eq!(open_parts(&house, &third).await, 0);

    // A lease that has lapsed plans and tries nothing.
    let (late, _) = job_with_parts(&house, &talk("cyd"), &[]).await;
    house.clock.advance(LEASE * 2);
    let refused = house
        .store
        .plan_and_try(&late.lease, &talk("cyd"), plan(&["text-0"]), open_window())
        .await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    assert!(house.store.parts(late.id).await.unwrap().is_empty());
}
