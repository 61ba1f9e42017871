//! Replay: what died is tried again, what is under way or answered is not.

use std::time::Duration;

use serde_json::json;
use server::operate::replay::{Which, run};
use store::{Conversation, Finish, Intent, IntentIn, NewDelivery, NewJob, NewPart};

use crate::{
    client::{messages, post},
    house::{House, settings},
};

#[tokio::test]
async fn only_dead_jobs_are_run_again() {
    let house = House::serving(&[]).await;
    let settings = settings(house.folder.path(), &[]);
    let all = || Which::Between(0, i64::MAX);
    let body = messages(&[("m-1", "55", "hello"), ("m-2", "56", "hello")]);
    assert_eq!(post(house.address, &body).await.status, 200);

    let waiting = run(&settings, all(), false).await.unwrap();
    assert_eq!(
        (
            waiting.deliveries,
            waiting.events,
            waiting.jobs,
            waiting.answered
        ),
        (1, 2, 0, 2)
    );

    let claimed = house
        .store
        .claim(&["reply"], 2, Duration::from_mins(1))
        .await
        .unwrap();
    assert_eq!(claimed.len(), 2);
    for (job, finish) in claimed.iter().zip([
        Finish::Dead {
            reason: "a test".to_owned(),
        },
        Finish::Done {
            note: String::new(),
        },
    ]) {
        house.store.finish(&job.lease, finish).await.unwrap();
    }
    assert_eq!(house.jobs().await, 0);

    let dry = run(&settings, all(), true).await.unwrap();
    assert_eq!((dry.jobs, dry.answered), (1, 1));
    assert_eq!(house.jobs().await, 0, "a dry run did something");
    let done = run(&settings, all(), false).await.unwrap();
    assert_eq!((done.jobs, done.answered), (1, 1));
    assert_eq!(house.jobs().await, 1);
    let again = run(&settings, all(), false).await.unwrap();
    assert_eq!(
        (again.jobs, again.answered),
        (0, 2),
        "a replay was replayed"
    );
    house.close().await;
}

/// The message was answered with "I am on it" and the reel died on the way: the reel is what comes again.
#[tokio::test]
async fn a_reel_that_died_is_asked_for_again_and_once() {
    let house = House::serving(&[]).await;
    let settings = settings(house.folder.path(), &[]);
    let all = || Which::Between(0, i64::MAX);
    let body = messages(&[("m-1", "55", "https://www.instagram.com/reel/C8Qx1abcDEF/")]);
    assert_eq!(post(house.address, &body).await.status, 200);
    let claim = async |queue| {
        let mut jobs = house
            .store
            .claim(&[queue], 1, Duration::from_mins(1))
            .await
            .unwrap();
        assert_eq!(jobs.len(), 1, "one {queue} job");
        jobs.remove(0)
    };
    let reply = claim("reply").await;
    let event = reply.payload["event_id"].as_str().unwrap().to_owned();
    let reel = NewJob {
        dedupe_key: Some(format!("{event}:1")),
        ..NewJob::new(
            "reel",
            json!({"event_id": event, "key": "link:post:C8Qx1abcDEF", "n": 1, "of": 1, "language": "pt-BR"}),
        )
    };
    house.store.enqueue(reel).await.unwrap();
    let done = Finish::Done {
        note: String::new(),
    };
    house.store.finish(&reply.lease, done).await.unwrap();
    let dead = || Finish::Dead {
        reason: "a test".to_owned(),
    };
    let first = claim("reel").await;
    house.store.finish(&first.lease, dead()).await.unwrap();

    let replayed = run(&settings, all(), false).await.unwrap();
    assert_eq!((replayed.jobs, replayed.answered), (1, 0));
    let second = claim("reel").await;
    assert_eq!(second.payload, first.payload);
    assert_eq!(second.person.as_deref(), Some("55"));
    let replayed = run(&settings, all(), false).await.unwrap();
    assert_eq!((replayed.jobs, replayed.answered), (0, 1), "under way");

    house.store.finish(&second.lease, dead()).await.unwrap();
    let replayed = run(&settings, all(), false).await.unwrap();
    assert_eq!(replayed.jobs, 1, "one job for two deaths");

    // This time a text went out, nobody knows with what result, before it died.
    let third = claim("reel").await;
    let part = NewPart {
        part: "text-0".to_owned(),
        seq: 10,
        kind: "text".to_owned(),
        body: json!({"kind": "text", "text": "words"}),
        hash: "h".to_owned(),
    };
    let intent = IntentIn {
        cursor_mid: None,
        window_open_until_ms: i64::MAX,
    };
    let to = Conversation::new("instagram", "17841400000000001", "55");
    let tried = house
        .store
        .plan_and_try(&third.lease, &to, vec![part], intent)
        .await
        .unwrap();
    assert_eq!(tried.1, Intent::Go { attempt: 1 });
    house.store.finish(&third.lease, dead()).await.unwrap();
    let replayed = run(&settings, all(), false).await.unwrap();
    assert_eq!(
        (replayed.jobs, replayed.answered),
        (0, 1),
        "what may have been heard was to be said again"
    );
    house.close().await;
}

/// Without its events and jobs nobody can tell what became of a delivery.
#[tokio::test]
async fn what_is_past_its_retention_is_left_alone() {
    let house = House::serving(&[]).await;
    let settings = settings(house.folder.path(), &[("retention.events_days", "2")]);
    let day_ms = 86_400_000;
    let now_ms = house.store.clock().now_ms();
    for age_days in [1, 3] {
        let delivery = NewDelivery {
            id: house.store.new_id(),
            channel: "instagram",
            received_at_ms: now_ms - age_days * day_ms,
            body: messages(&[(&format!("m-{age_days}"), "55", "hello")]).into(),
            events: Vec::new(),
        };
        house.store.accept(delivery).await.unwrap();
    }
    let done = run(&settings, Which::Between(0, i64::MAX), false)
        .await
        .unwrap();
    assert_eq!((done.deliveries, done.events, done.forgotten), (2, 1, 1));
    house.close().await;
}

/// As if an older version had not understood a body that this one does.
#[tokio::test]
async fn a_body_that_was_kept_unread_is_read() {
    let house = House::serving(&[]).await;
    let settings = settings(house.folder.path(), &[]);
    let all = || Which::Between(0, i64::MAX);
    let keep = async |body: &str| {
        let delivery = NewDelivery {
            id: house.store.new_id(),
            channel: "instagram",
            received_at_ms: house.store.clock().now_ms(),
            body: body.to_owned().into(),
            events: Vec::new(),
        };
        house.store.accept(delivery).await.unwrap();
    };
    keep(&messages(&[("m-1", "55", "hello")])).await;
    keep("no envelope").await;
    let dry = run(&settings, all(), true).await.unwrap();
    assert_eq!((dry.events, dry.jobs, dry.unreadable), (1, 1, 1));
    assert_eq!(house.jobs().await, 0);
    for jobs in [1, 0] {
        let done = run(&settings, all(), false).await.unwrap();
        assert_eq!((done.events, done.jobs, done.unreadable), (1, jobs, 1));
        assert_eq!(house.jobs().await, 1);
    }
    house.close().await;
}
