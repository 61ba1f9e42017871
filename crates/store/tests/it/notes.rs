//! What is remembered, for how long, and what is counted.

use std::time::Duration;

use serde_json::json;
use store::{AccountState, Admission, Finish, NewJob, NewPart, Note, NoteChange, Retention};
use uuid::Uuid;

use crate::support::{House, LEASE, START_MS, delivery, message, talk};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn account_states_are_kept() {
    let house = House::new().await;
    let state = house.store.account_state("instagram", "acc").await.unwrap();
    assert_eq!(state, AccountState::Active);
    let needs_login = AccountState::NeedsLogin {
        reason: "code 190".to_owned(),
    };
    for state in [
        needs_login.clone(),
        AccountState::Active,
        needs_login.clone(),
    ] {
        house
            .store
            .set_account_state("instagram", "acc", state.clone())
            .await
            .unwrap();
        assert_eq!(
            house.store.account_state("instagram", "acc").await.unwrap(),
            state
        );
    }
    let other = house.store.account_state("telegram", "acc").await.unwrap();
    assert_eq!(other, AccountState::Active);
    let all = house.store.account_states("instagram").await.unwrap();
    assert_eq!(all, [("acc".to_owned(), needs_login)]);
}

#[tokio::test]
async fn an_attachment_id_lives_until_its_date() {
    let house = House::new().await;
    let long_key = "k".repeat(400);
    house
        .store
        .remember_attachment("acc", &long_key, "id-1", START_MS + 10)
        .await
        .unwrap();
    house
        .store
        .remember_attachment("acc", &long_key, "id-2", START_MS + 1_000)
        .await
        .unwrap();
    let found = house.store.attachment("acc", &long_key).await.unwrap();
    assert_eq!(found.as_deref(), Some("id-2"));
    assert_eq!(
        house.store.attachment("other", &long_key).await.unwrap(),
        None
    );
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(
        house.store.attachment("acc", &long_key).await.unwrap(),
        None
    );
    house
        .store
        .remember_attachment("acc", "b", "id-3", i64::MAX)
        .await
        .unwrap();
    house.store.forget_attachment("acc", "b").await.unwrap();
    assert_eq!(house.store.attachment("acc", "b").await.unwrap(), None);
}

#[tokio::test]
async fn a_note_keeps_what_a_change_does_not_name() {
    let house = House::new().await;
    assert_eq!(
        house.store.conversation_note(&talk("ana")).await.unwrap(),
        Note::default()
    );
    let change = NoteChange {
        language: Some("pt-BR".to_owned()),
        ..NoteChange::default()
    };
    house
        .store
        .update_conversation(&talk("ana"), change)
        .await
        .unwrap();
    let change = NoteChange {
        helped_at_ms: Some(7),
        ..NoteChange::default()
    };
    house
        .store
        .update_conversation(&talk("ana"), change)
        .await
        .unwrap();
    let note = house.store.conversation_note(&talk("ana")).await.unwrap();
    assert_eq!(note.language.as_deref(), Some("pt-BR"));
    assert_eq!((note.helped_at_ms, note.limited_at_ms), (Some(7), None));
    assert_eq!(
        house.store.conversation_note(&talk("bob")).await.unwrap(),
        Note::default()
    );
}

#[tokio::test]
async fn who_stops_is_left_alone_until_they_are_back() {
    let house = House::new().await;
    let note = async |change: NoteChange| {
        let store = &house.store;
        store
            .update_conversation(&talk("ana"), change)
            .await
            .unwrap();
        store.conversation_note(&talk("ana")).await.unwrap()
    };
    let change = |stopped, language_chosen| NoteChange {
        stopped,
        language_chosen,
        ..NoteChange::default()
    };
    let stopped = note(change(Some(true), None)).await;
    assert_eq!(stopped.stopped_at_ms, Some(START_MS));
    assert!(!stopped.language_chosen);
    house.clock.advance(DAY);
    let chosen = note(change(None, Some(true))).await;
    assert_eq!(chosen.stopped_at_ms, Some(START_MS));
    assert!(chosen.language_chosen);
    let back = note(change(Some(false), None)).await;
    assert_eq!((back.stopped_at_ms, back.language_chosen), (None, true));
    let guessed = note(change(None, Some(false))).await;
    assert!(!guessed.language_chosen);
}

#[tokio::test]
async fn a_tick_goes_to_one_asker_per_period() {
    let house = House::new().await;
    let calls = (0..10).map(|_| house.store.tick_claim("purge", 60_000));
    let got = futures::future::join_all(calls).await;
    assert_eq!(
        got.into_iter().filter(|got| *got.as_ref().unwrap()).count(),
        1
    );
    house.clock.advance(Duration::from_millis(59_999));
    assert!(!house.store.tick_claim("purge", 60_000).await.unwrap());
    assert!(house.store.tick_claim("other", 60_000).await.unwrap());
    house.clock.advance(Duration::from_millis(1));
    assert!(house.store.tick_claim("purge", 60_000).await.unwrap());
    // A clock that was set back by an hour does not silence it for an hour.
    house.clock.set(START_MS - 3_600_000);
    assert!(house.store.tick_claim("purge", 60_000).await.unwrap());
}

#[tokio::test]
async fn everything_is_forgotten_in_its_time() {
    let house = House::new().await;
    let first = delivery(vec![message(1, "ana")]);
    let first_id = first.id;
    house.store.accept(first).await.unwrap();
    let ask = Admission {
        scope: "ana".to_owned(),
        day: "d".to_owned(),
        limit: 9,
        jobs: vec![NewJob::new("reel", json!({}))],
    };
    house.store.admit(ask).await.unwrap();
    let job = house.claim_one("reel").await;
    let part = NewPart {
        part: "text-0".to_owned(),
        seq: 0,
        kind: "text".to_owned(),
        body: json!({}),
        hash: "h".to_owned(),
    };
    house
        .store
        .plan_parts(&job.lease, &talk("ana"), vec![part])
        .await
        .unwrap();
    house
        .store
        .step_done(&job.lease, "resolve", json!(1))
        .await
        .unwrap();
    house.store.work_join(&job.lease, "reel:abc").await.unwrap();
    house
        .store
        .work_step(&job.lease, "reel:abc", "download", json!(1))
        .await
        .unwrap();
    house
        .store
        .work_done(&job.lease, "reel:abc", START_MS + 1_000)
        .await
        .unwrap();
    // Work that this job leaves unfinished.
    house.store.work_join(&job.lease, "voice:1").await.unwrap();
    house
        .store
        .work_step(&job.lease, "voice:1", "heard", json!("words"))
        .await
        .unwrap();
    let done = Finish::Done {
        note: "ok".to_owned(),
    };
    house.store.finish(&job.lease, done).await.unwrap();

    let nothing = house.store.purge(Retention::default()).await.unwrap();
    assert_eq!(nothing, store::Purged::default());

    house.clock.advance(DAY * 31);
    let removed = house.store.purge(Retention::default()).await.unwrap();
    assert_eq!((removed.deliveries, removed.events), (1, 0));
    // The reply job was never done: it stays however old it is.
    assert_eq!((removed.jobs, removed.works, removed.others), (1, 2, 1));
    assert!(house.store.delivery(first_id).await.unwrap().is_none());
    assert!(house.store.job(job.id).await.unwrap().is_none());
    assert!(house.store.parts(job.id).await.unwrap().is_empty());
    assert!(house.store.steps(job.id).await.unwrap().is_empty());
    assert_eq!(house.store.quota_used("ana", "d").await.unwrap(), 0);
    assert_eq!(house.store.unfinished_jobs().await.unwrap(), 1);
    // The event, and with it its dedupe key, is still known.
    let again = house
        .store
        .accept(delivery(vec![message(1, "ana")]))
        .await
        .unwrap();
    assert_eq!((again.new, again.seen), (0, 1));
    house.clock.advance(DAY * 335);
    let removed = house.store.purge(Retention::default()).await.unwrap();
    assert_eq!(removed.events, 1);
}

#[tokio::test]
async fn a_purge_of_many_goes_in_pieces() {
    let house = House::new().await;
    let events = (0..1_200).map(|number| message(number, "ana")).collect();
    house.store.accept(delivery(events)).await.unwrap();
    house.clock.advance(DAY * 366);
    let before = house.store.writer_stats().commits;
    let removed = house.store.purge(Retention::default()).await.unwrap();
    assert_eq!(removed.events, 1_200);
    assert!(house.store.writer_stats().commits - before >= 3);
}

#[tokio::test]
async fn the_operators_numbers_tell_what_waits_and_runs() {
    let house = House::new().await;
    assert_eq!(house.store.oldest_waiting_ms().await.unwrap(), None);
    for _ in 0..3 {
        house
            .store
            .enqueue(NewJob::new("reel", json!({})))
            .await
            .unwrap();
        house.clock.advance(Duration::from_secs(1));
    }
    let running = house.claim_one("reel").await;
    assert_eq!(
        house.store.oldest_waiting_ms().await.unwrap(),
        Some(START_MS + 1_000)
    );
    assert_eq!(
        house.store.oldest_running_ms().await.unwrap(),
        Some(START_MS + 3_000)
    );
    let counts = house.store.job_counts().await.unwrap();
    let counts: Vec<(&str, i64)> = counts
        .iter()
        .map(|count| (count.state.as_str(), count.count))
        .collect();
    assert_eq!(counts, [("running", 1), ("waiting", 2)]);
    let dead = Finish::Dead {
        reason: "test".to_owned(),
    };
    house.store.finish(&running.lease, dead).await.unwrap();
    assert_eq!(house.state_of(running.id).await, "dead");
    house.store.ping().await.unwrap();
}

#[tokio::test]
async fn a_delivery_leads_to_its_events_and_these_to_their_jobs() {
    let house = House::new().await;
    let one = delivery(vec![message(1, "ana"), message(2, "bob")]);
    let id = one.id;
    house.store.accept(one.clone()).await.unwrap();
    house.clock.advance(Duration::from_secs(5));
    house
        .store
        .accept(delivery(vec![message(3, "ana")]))
        .await
        .unwrap();
    let row = house.store.delivery(id).await.unwrap().unwrap();
    assert_eq!(row.body, one.body);
    let events = house.store.events_of_delivery(id).await.unwrap();
    let mids: Vec<&str> = events
        .iter()
        .filter_map(|event| event.mid.as_deref())
        .collect();
    assert_eq!(mids, ["mid-1", "mid-2"]);
    let later = NewJob {
        dedupe_key: Some(format!("{}:0", events[0].id)),
        ..NewJob::new("reel", json!({}))
    };
    house.clock.advance(DAY);
    house.store.enqueue(later).await.unwrap();
    let jobs = house.store.jobs_of_event(events[0].id).await.unwrap();
    let queues: Vec<&str> = jobs.iter().map(|job| job.queue.as_str()).collect();
    assert_eq!(queues, ["reply", "reel"]);
    assert!(
        house
            .store
            .jobs_of_event(Uuid::nil())
            .await
            .unwrap()
            .is_empty()
    );
    let all = house
        .store
        .deliveries(START_MS, START_MS + 1, 10)
        .await
        .unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(
        house
            .store
            .deliveries(START_MS, START_MS + 1, 1)
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        house
            .store
            .deliveries(START_MS + 1, i64::MAX, 9)
            .await
            .unwrap()
            .is_empty()
    );
    // The same delivery again, as a drained spool brings it, is no error and nothing new.
    let again = house.store.accept(one).await.unwrap();
    assert_eq!((again.new, again.seen), (0, 2));
    let mut more = house
        .store
        .delivery(id)
        .await
        .unwrap()
        .map(|row| delivery_of(row.id));
    if let Some(more) = &mut more {
        more.events = vec![message(9, "ana")];
        let accepted = house.store.accept(more.clone()).await.unwrap();
        assert_eq!(accepted.new, 1);
    }
    let waited = house.store.claim(&["reply"], 9, LEASE).await.unwrap();
    assert_eq!(waited.len(), 2);
}

fn delivery_of(id: Uuid) -> store::NewDelivery {
    store::NewDelivery {
        id,
        ..delivery(Vec::new())
    }
}
