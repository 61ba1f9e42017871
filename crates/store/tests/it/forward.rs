//! Events out, as the store keeps them: planned with the event, tried, given up, sent anew, forgotten; and the feed.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use store::{
    Erase, FORWARD_QUEUE, FeedItem, FeedQuery, Finish, Forwarding, ForwardingFilter, NewAlert,
    NewEvent, NewSubscription, Severity, Subscription, Then, Tried,
};
use uuid::Uuid;

use crate::support::{House, LEASE, delivery, key, message, open, talk};

fn asked(url: &str) -> NewSubscription {
    NewSubscription {
        name: "settings".to_owned(),
        url: url.to_owned(),
        secret: "settings".to_owned(),
        format: "structured".to_owned(),
        channels: vec!["instagram".to_owned(), "gramophone".to_owned()],
        kinds: Vec::new(),
        accounts: Vec::new(),
    }
}

async fn subscribed(house: &House) -> Subscription {
    let asked = asked("https://example.com/callback");
    house.store.subscribe(asked).await.unwrap()
}

fn every() -> ForwardingFilter {
    ForwardingFilter {
        limit: 100,
        ..ForwardingFilter::default()
    }
}

async fn all(house: &House) -> Vec<Forwarding> {
    house.store.forwardings(&every()).await.unwrap()
}

fn comment(number: u64, account: &str) -> NewEvent {
    NewEvent {
        account: account.to_owned(),
        person: None,
        kind: "comment",
        shape: "change",
        mid: None,
        job: None,
        ..message(number, "nobody")
    }
}

fn alert(key: &str) -> NewAlert {
    NewAlert {
        account: "acc".to_owned(),
        key: key.to_owned(),
        code: "token_expiring".to_owned(),
        severity: Severity::Warning,
        says: "the token ends in 7 days".to_owned(),
        next_step: Some("log in again".to_owned()),
        details: json!({ "days": 7 }),
    }
}

async fn try_one(house: &House, then: Then) -> (Uuid, Finish) {
    let job = house.claim_one(FORWARD_QUEUE).await;
    let id: Uuid = job.payload["delivery"].as_str().unwrap().parse().unwrap();
    let is_again = matches!(then, Then::Again { .. });
    let tried = Tried {
        forwarding_id: id,
        at_ms: house.store.clock().now_ms(),
        duration_ms: 12,
        status: Some(if then == Then::Delivered { 200 } else { 503 }),
        error: (then != Then::Delivered).then(|| "answered 503".to_owned()),
        then,
    };
    house.store.forward_tried(&job.lease, tried).await.unwrap();
    let finish = if is_again {
        Finish::Retry {
            after_ms: Some(60_000),
            error: "answered 503".to_owned(),
        }
    } else {
        Finish::Done {
            note: String::new(),
        }
    };
    house
        .store
        .finish(&job.lease, finish.clone())
        .await
        .unwrap();
    (id, finish)
}

#[tokio::test]
async fn without_a_subscription_an_event_makes_no_delivery() {
    let house = House::new().await;
    let body = delivery(vec![message(1, "ana")]);
    house.store.accept(body).await.unwrap();
    assert!(all(&house).await.is_empty());
    house.nothing_to_claim(FORWARD_QUEUE).await;
}

#[tokio::test]
async fn an_event_and_its_delivery_are_stored_together_and_once() {
    let house = House::new().await;
    let subscription = subscribed(&house).await;
    let body = delivery(vec![message(1, "ana"), comment(2, "acc")]);
    house.store.accept(body.clone()).await.unwrap();
    let again = delivery(vec![message(1, "ana"), comment(2, "acc")]);
    house.store.accept(again).await.unwrap();
    let made = all(&house).await;
    assert_eq!(made.len(), 2);
    let events = house.store.events_of_delivery(body.id).await.unwrap();
    let of: BTreeSet<Uuid> = made.iter().map(|one| one.event_id).collect();
    assert_eq!(of, events.iter().map(|event| event.id).collect());
    for one in &made {
        assert_eq!((one.state.as_str(), one.attempts), ("pending", 0));
        assert_eq!(one.subscription_id, subscription.id);
    }
    // The process dies here: everything is there afterwards.
    let House {
        store,
        clock,
        folder,
    } = house;
    store.close().await;
    let store = open(&folder, &clock).await.unwrap();
    assert_eq!(store.forwardings(&every()).await.unwrap(), made);
    let jobs = store.claim(&[FORWARD_QUEUE], 9, LEASE).await.unwrap();
    assert_eq!(jobs.len(), 2);
}

#[tokio::test]
async fn a_subscription_takes_what_it_asked_for() {
    let house = House::new().await;
    let narrow = NewSubscription {
        kinds: vec!["comment".to_owned()],
        accounts: vec!["acc".to_owned()],
        ..asked("https://example.com/narrow")
    };
    house.store.subscribe(narrow).await.unwrap();
    let raw = NewSubscription {
        name: "raw".to_owned(),
        format: "raw".to_owned(),
        channels: Vec::new(),
        ..asked("https://example.com/raw")
    };
    let raw = house.store.subscribe(raw).await.unwrap();
    let body = delivery(vec![
        message(1, "ana"),
        comment(2, "acc"),
        comment(3, "other"),
    ]);
    house.store.accept(body).await.unwrap();
    house.store.add_alert(alert("a")).await.unwrap();
    let made = all(&house).await;
    let (to_raw, to_narrow): (Vec<_>, Vec<_>) =
        made.iter().partition(|one| one.subscription_id == raw.id);
    assert_eq!(to_raw.len(), 3, "an alert is nothing that Meta would send");
    assert_eq!(to_narrow.len(), 1);
    assert_eq!(to_narrow[0].kind, "comment");
}

#[tokio::test]
async fn an_alert_is_an_event_once_for_each_key() {
    let house = House::new().await;
    subscribed(&house).await;
    let id = house.store.add_alert(alert("day-1")).await.unwrap();
    assert_eq!(house.store.add_alert(alert("day-1")).await.unwrap(), None);
    let other = house.store.add_alert(alert("day-2")).await.unwrap();
    let event = house.store.event(id.unwrap()).await.unwrap().unwrap();
    assert_eq!(
        (event.channel.as_str(), event.kind.as_str()),
        ("gramophone", "alert")
    );
    let raw: serde_json::Value = serde_json::from_str(&event.raw).unwrap();
    assert_eq!(raw["severity"], "warning");
    let sent: BTreeSet<Uuid> = all(&house).await.iter().map(|one| one.event_id).collect();
    assert_eq!(sent, BTreeSet::from([id.unwrap(), other.unwrap()]));
}

#[tokio::test]
async fn each_attempt_is_logged_and_a_conversation_keeps_its_order() {
    let house = House::new().await;
    subscribed(&house).await;
    let body = delivery(vec![
        message(1, "ana"),
        message(2, "ana"),
        message(3, "bia"),
    ]);
    house.store.accept(body).await.unwrap();
    let mut made = all(&house).await;
    made.reverse();
    let again = |steps_out| Then::Again {
        at_ms: house.clock_ms() + 60_000,
        steps_out,
    };
    let (first, _) = try_one(&house, again(false)).await;
    assert_eq!(first, made[0].id);
    // The second of the same person waits behind it; the other person does not.
    let (other, _) = try_one(&house, Then::Delivered).await;
    assert_eq!(other, made[2].id);
    house.nothing_to_claim(FORWARD_QUEUE).await;
    house.clock.advance(Duration::from_secs(61));
    // It steps out of the line: the second may go.
    let (first, _) = try_one(&house, again(true)).await;
    assert_eq!(first, made[0].id);
    let (second, _) = try_one(&house, Then::Delivered).await;
    assert_eq!(second, made[1].id);
    house.clock.advance(Duration::from_secs(61));
    try_one(&house, Then::Delivered).await;
    let log = house.store.forward_attempts(made[0].id).await.unwrap();
    let outcomes: Vec<_> = log
        .iter()
        .map(|line| (line.number, line.status, line.outcome.as_deref().unwrap()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (1, Some(503), "again"),
            (2, Some(503), "again"),
            (3, Some(200), "delivered")
        ]
    );
    let after = house.store.forwarding(made[0].id).await.unwrap().unwrap();
    assert_eq!((after.state.as_str(), after.attempts), ("delivered", 3));
    assert_eq!(after.settled_at_ms, Some(house.clock_ms()));
}

#[tokio::test]
async fn a_receiver_that_is_gone_holds_what_comes_until_it_is_sent_anew() {
    let house = House::new().await;
    let subscription = subscribed(&house).await;
    let body = delivery(vec![message(1, "ana")]);
    house.store.accept(body).await.unwrap();
    let gone = Then::Dead {
        disable: Some("answered 410".to_owned()),
    };
    let (dead, _) = try_one(&house, gone).await;
    let now = house.store.subscription(subscription.id).await.unwrap();
    assert_eq!(now.unwrap().state, "disabled");
    let body = delivery(vec![message(2, "ana"), message(3, "bia")]);
    house.store.accept(body).await.unwrap();
    house.nothing_to_claim(FORWARD_QUEUE).await;
    let held = ForwardingFilter {
        states: vec!["held".to_owned(), "dead".to_owned()],
        ..every()
    };
    assert_eq!(house.store.forwardings(&held).await.unwrap().len(), 3);
    // Started again with the same settings, it stays disabled: nobody has looked at it.
    let unchanged = subscribed(&house).await;
    assert_eq!(unchanged.state, "disabled");
    assert_eq!(house.store.resend(held, true).await.unwrap().sent, 3);
    let order: Vec<Uuid> = [
        try_one(&house, Then::Delivered).await.0,
        try_one(&house, Then::Delivered).await.0,
        try_one(&house, Then::Delivered).await.0,
    ]
    .to_vec();
    assert_eq!(order[0], dead, "in the order of the events");
    assert!(all(&house).await.iter().all(|one| one.state == "delivered"));
    let now = house.store.subscription(subscription.id).await.unwrap();
    assert_eq!(now.unwrap().state, "active");
}

#[tokio::test]
async fn sending_anew_pulls_a_waiting_delivery_forward_and_doubles_no_job() {
    let house = House::new().await;
    subscribed(&house).await;
    house
        .store
        .accept(delivery(vec![message(1, "ana")]))
        .await
        .unwrap();
    let later = Then::Again {
        at_ms: house.clock_ms() + 60_000,
        steps_out: false,
    };
    let (id, _) = try_one(&house, later).await;
    house.nothing_to_claim(FORWARD_QUEUE).await;
    assert_eq!(house.store.resend(every(), true).await.unwrap().sent, 1);
    let (again, _) = try_one(&house, Then::Delivered).await;
    assert_eq!(again, id);
    house.nothing_to_claim(FORWARD_QUEUE).await;
    house.clock.advance(Duration::from_mins(2));
    house.nothing_to_claim(FORWARD_QUEUE).await;
}

#[tokio::test]
async fn who_was_erased_is_not_sent_to_anybody() {
    let house = House::new().await;
    subscribed(&house).await;
    let named = NewEvent {
        raw: json!({"field": "new", "value": {"by": "ana"}})
            .to_string()
            .into(),
        ..comment(3, "acc")
    };
    let body = delivery(vec![message(1, "ana"), message(2, "bia"), named]);
    house.store.accept(body).await.unwrap();
    let later = Then::Again {
        at_ms: house.clock_ms() + 60_000,
        steps_out: true,
    };
    let (first, _) = try_one(&house, later).await;
    let erase = Erase {
        conversation: talk("ana"),
        bodies: Vec::new(),
        keep_job: None,
    };
    house.store.erase(erase).await.unwrap();
    let left = all(&house).await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(
        house
            .store
            .forward_attempts(first)
            .await
            .unwrap()
            .is_empty()
    );
    let feed = FeedQuery {
        only_events: true,
        limit: 100,
        ..FeedQuery::default()
    };
    let feed = house.store.feed(&feed).await.unwrap();
    assert_eq!(feed.entries.len(), 1);
    assert_eq!(feed.next, 3);
}

#[tokio::test]
async fn the_feed_shows_each_event_and_each_ended_job_once_and_in_order() {
    let house = House::new().await;
    let mut bell = house.store.feed_changes();
    let mut seen = Vec::new();
    let mut after = 0;
    for number in 1..=30 {
        let body = delivery(vec![message(number, "ana"), comment(100 + number, "other")]);
        house.store.accept(body).await.unwrap();
        assert!(bell.has_changed().unwrap());
        bell.mark_unchanged();
        let job = house.claim_one("reply").await;
        let done = Finish::Done {
            note: "answered".to_owned(),
        };
        house.store.finish(&job.lease, done).await.unwrap();
        if number % 7 == 0 {
            after = read_on(&house, after, &mut seen).await;
        }
    }
    read_on(&house, after, &mut seen).await;
    assert_eq!(seen.len(), 90);
    assert!(seen.is_sorted_by(|one, next| one.0 < next.0));
    let jobs = seen.iter().filter(|(_, what)| what == "job").count();
    assert_eq!(jobs, 30);
    let mine = FeedQuery {
        accounts: Some(vec!["acc".to_owned()]),
        kinds: Some(vec!["message".to_owned(), "comment".to_owned()]),
        limit: 100,
        ..FeedQuery::default()
    };
    let mine = house.store.feed(&mine).await.unwrap();
    assert_eq!(mine.entries.len(), 30);
    assert!(mine.entries.iter().all(|entry| entry.account == "acc"));
    assert!(!mine.more);
    let nobody = FeedQuery {
        accounts: Some(Vec::new()),
        limit: 100,
        ..FeedQuery::default()
    };
    let nobody = house.store.feed(&nobody).await.unwrap();
    assert!(nobody.entries.is_empty());
    assert_eq!(nobody.next, house.store.feed_head().await.unwrap());
}

async fn read_on(house: &House, after: i64, seen: &mut Vec<(i64, String)>) -> i64 {
    let mut query = FeedQuery {
        after,
        limit: 4,
        ..FeedQuery::default()
    };
    loop {
        let page = house.store.feed(&query).await.unwrap();
        for entry in &page.entries {
            let what = match &entry.item {
                FeedItem::Event(event) => event.kind.clone(),
                FeedItem::Job { state, .. } => {
                    assert_eq!(state, "done");
                    assert_eq!(entry.account, "acc");
                    "job".to_owned()
                }
            };
            seen.push((entry.seq, what));
        }
        query.after = page.next;
        if !page.more {
            return page.next;
        }
    }
}

#[tokio::test]
async fn what_was_settled_long_ago_is_purged_and_numbers_never_come_again() {
    let house = House::new().await;
    subscribed(&house).await;
    house
        .store
        .accept(delivery(vec![message(1, "ana")]))
        .await
        .unwrap();
    try_one(&house, Then::Delivered).await;
    let head = house.store.feed_head().await.unwrap();
    house.clock.advance(Duration::from_hours(24 * 400));
    house
        .store
        .purge(store::Retention::default())
        .await
        .unwrap();
    assert!(all(&house).await.is_empty());
    let new = NewEvent {
        dedupe: key(9),
        ..message(9, "bia")
    };
    house.store.accept(delivery(vec![new])).await.unwrap();
    let query = FeedQuery {
        after: head,
        limit: 10,
        ..FeedQuery::default()
    };
    let page = house.store.feed(&query).await.unwrap();
    assert_eq!(page.entries.len(), 1);
    assert_eq!(page.entries[0].seq, head + 1);
}

async fn is_gone(house: &House) -> Uuid {
    let gone = Then::Dead {
        disable: Some("answered 410".to_owned()),
    };
    try_one(house, gone).await.0
}

/// More than fit into one piece, and all of one conversation: at any time only the oldest of them is to be had.
#[tokio::test]
async fn what_is_sent_anew_goes_out_in_the_order_of_its_events() {
    let house = House::new().await;
    subscribed(&house).await;
    let body = delivery(vec![message(0, "ana")]);
    house.store.accept(body).await.unwrap();
    let mut wanted = vec![is_gone(&house).await];
    for piece in 0..5 {
        let numbers = 1 + piece * 50..51 + piece * 50;
        let events = numbers.map(|number| message(number, "ana")).collect();
        house.store.accept(delivery(events)).await.unwrap();
    }
    let most = ForwardingFilter {
        limit: 1_000,
        ..every()
    };
    let mut made = house.store.forwardings(&most).await.unwrap();
    made.reverse();
    wanted.extend(made.iter().skip(1).map(|one| one.id));
    assert_eq!(wanted.len(), 251);
    let sent = house.store.resend(most.clone(), true).await.unwrap().sent;
    assert_eq!(sent, 251);
    let mut anew = house.store.forwardings(&most).await.unwrap();
    anew.sort_by_key(|one| one.job_id);
    let order: Vec<Uuid> = anew.iter().map(|one| one.id).collect();
    assert!(order == wanted, "their jobs stand in another order");
    for expected in wanted.iter().take(3) {
        let jobs = house.store.claim(&[FORWARD_QUEUE], 8, LEASE).await.unwrap();
        assert_eq!(jobs.len(), 1, "they overtake each other");
        assert_eq!(jobs[0].payload["delivery"], expected.to_string().as_str());
        let done = Finish::Done {
            note: String::new(),
        };
        house.store.finish(&jobs[0].lease, done).await.unwrap();
    }
}

#[tokio::test]
async fn what_had_stepped_out_of_its_line_is_sent_anew_in_its_old_place() {
    let house = House::new().await;
    subscribed(&house).await;
    let body = delivery(vec![message(1, "ana"), message(2, "ana")]);
    house.store.accept(body).await.unwrap();
    let away = || Then::Again {
        at_ms: house.clock_ms() + 60_000,
        steps_out: true,
    };
    let (first, _) = try_one(&house, away()).await;
    let (second, _) = try_one(&house, away()).await;
    house.nothing_to_claim(FORWARD_QUEUE).await;
    let sent = house.store.resend(every(), true).await.unwrap().sent;
    assert_eq!(sent, 2);
    let jobs = house.store.claim(&[FORWARD_QUEUE], 8, LEASE).await.unwrap();
    assert_eq!(jobs.len(), 1, "they overtake each other");
    assert_eq!(jobs[0].payload["delivery"], first.to_string().as_str());
    let done = Finish::Done {
        note: String::new(),
    };
    house.store.finish(&jobs[0].lease, done).await.unwrap();
    assert_eq!(try_one(&house, Then::Delivered).await.0, second);
}

#[tokio::test]
async fn what_is_held_back_stays_as_long_as_its_event() {
    let house = House::new().await;
    subscribed(&house).await;
    let body = delivery(vec![message(1, "ana"), message(2, "bia")]);
    house.store.accept(body).await.unwrap();
    let dead = is_gone(&house).await;
    // The other one is found to be held when its turn comes.
    let job = house.claim_one(FORWARD_QUEUE).await;
    let held: Uuid = job.payload["delivery"].as_str().unwrap().parse().unwrap();
    house.store.forward_held(&job.lease, held).await.unwrap();
    let done = Finish::Done {
        note: "held".to_owned(),
    };
    house.store.finish(&job.lease, done).await.unwrap();
    let retention = store::Retention::default();
    for (days, left) in [(40, vec![held]), (400, Vec::new())] {
        house.clock.advance(Duration::from_hours(24 * days));
        house.store.purge(retention).await.unwrap();
        let ids: Vec<Uuid> = all(&house).await.iter().map(|one| one.id).collect();
        assert_eq!(ids, left, "after {days} days; {dead} was given up");
    }
}
