//! The send protocol against a Meta that lies, stumbles and is late: never twice, never lost.

use serde_json::json;
use store::AccountState;

use crate::world::{ACCOUNT, OTHER, PERSON, World};

/// The help text is the smallest answer: one visible send.
const TEXT: &str = "\"text\"";

async fn ask(world: &World) {
    world.write(PERSON, json!({"text": "oi"})).await;
}

async fn lose_echoes(world: &World) {
    world.fault(TEXT, json!({"kind": "lose_echo"}), 0).await;
}

/// Exactly one help text, and the job knows it.
async fn check_once(world: &World) {
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].starts_with("Oi! Me mande um reel"), "{seen:?}");
    assert_eq!(
        world.notes("reply").await,
        [("done".to_owned(), "answered".to_owned())]
    );
    let mids = world
        .store
        .mids_sent(&World::conversation(PERSON), 0)
        .await
        .expect("mids");
    assert_eq!(mids.len(), 1, "the message is known by its mid");
    assert!(world.store.part_counts().await.expect("counts").is_empty());
}

async fn visible_calls(world: &World) -> usize {
    let calls = world.calls("/messages").await;
    calls
        .iter()
        .filter(|call| call["method"] == "POST" && call["body"].to_string().contains("text"))
        .count()
}

#[tokio::test]
async fn a_plain_answer_with_its_signs() {
    let world = World::new().await;
    ask(&world).await;
    check_once(&world).await;
    assert_eq!(visible_calls(&world).await, 1);
    let thread = world
        .look(&format!("people/{PERSON}/messages?probe=0"))
        .await;
    assert!(!thread["seen_at"].is_null(), "{thread}");
}

#[tokio::test]
async fn done_but_the_answer_lost_is_known_by_its_echo() {
    let world = World::new().await;
    world
        .fault(TEXT, json!({"kind": "apply_then_drop"}), 1)
        .await;
    ask(&world).await;
    check_once(&world).await;
    assert_eq!(visible_calls(&world).await, 1, "never sent again");
}

#[tokio::test]
async fn done_but_answer_and_echo_lost_is_read_back() {
    let world = World::new().await;
    lose_echoes(&world).await;
    world
        .fault(TEXT, json!({"kind": "apply_then_drop"}), 1)
        .await;
    ask(&world).await;
    check_once(&world).await;
    assert_eq!(visible_calls(&world).await, 1);
}

#[tokio::test]
async fn an_error_that_lies_is_not_believed() {
    for lie in [
        json!({"kind": "apply_then_error", "status": 500, "code": 2, "is_transient": true}),
        json!({"kind": "apply_then_error", "status": 400, "code": 1, "subcode": 1_357_046}),
        json!({"kind": "apply_then_error", "status": 502, "body": "<html>bad gateway</html>"}),
        json!({"kind": "cut", "bytes": 10}),
    ] {
        let world = World::new().await;
        lose_echoes(&world).await;
        world.fault(TEXT, lie, 1).await;
        ask(&world).await;
        check_once(&world).await;
        assert_eq!(visible_calls(&world).await, 1);
    }
}

#[tokio::test]
async fn not_done_and_the_answer_lost_is_proven_and_sent_again() {
    let world = World::new().await;
    world
        .fault(TEXT, json!({"kind": "drop_then_close"}), 1)
        .await;
    let asked_ms = world.now_ms();
    ask(&world).await;
    check_once(&world).await;
    let took_ms = world.now_ms() - asked_ms;
    assert_eq!(visible_calls(&world).await, 2);
    assert!(
        (120_000..300_000).contains(&took_ms),
        "after the settle time, within 5 minutes: {took_ms}"
    );
}

#[tokio::test]
async fn done_ninety_seconds_late_is_waited_for() {
    let world = World::new().await;
    lose_echoes(&world).await;
    world
        .fault(TEXT, json!({"kind": "late_apply", "ms": 90_000}), 1)
        .await;
    ask(&world).await;
    check_once(&world).await;
    assert_eq!(visible_calls(&world).await, 1);
}

#[tokio::test]
async fn a_thread_that_lags_proves_nothing() {
    let world = World::new().await;
    lose_echoes(&world).await;
    world
        .fault(TEXT, json!({"kind": "apply_then_drop"}), 1)
        .await;
    // For its first ten readings the thread shows nothing younger than ten minutes.
    let lag = json!({"match": {"path": "*/conversations"}, "times": 10, "do": {"kind": "lag", "ms": 600_000}});
    world.control("faults", lag).await;
    ask(&world).await;
    check_once(&world).await;
    assert_eq!(visible_calls(&world).await, 1);
}

/// What Meta refuses for the number of calls was no look at the thread. The door stays closed for 5, 10 and 20 minutes,
/// longer than anybody goes on looking.
#[tokio::test]
async fn a_closed_allowance_is_waited_for_and_is_no_reading() {
    let world = World::new().await;
    lose_echoes(&world).await;
    world
        .fault(TEXT, json!({"kind": "apply_then_drop"}), 1)
        .await;
    let full = json!({"match": {"path": "*/conversations"}, "times": 3, "do": {"kind": "status", "status": 400, "code": 613}});
    world.control("faults", full).await;
    ask(&world).await;
    check_once(&world).await;
    assert_eq!(visible_calls(&world).await, 1);
}

#[tokio::test]
async fn a_thread_that_cannot_be_read_is_never_answered_twice() {
    let world = World::new().await;
    lose_echoes(&world).await;
    world
        .fault(TEXT, json!({"kind": "drop_then_close"}), 1)
        .await;
    let down = json!({"match": {"path": "*/conversations"}, "times": 0, "do": {"kind": "status", "status": 500, "code": 2}});
    world.control("faults", down).await;
    ask(&world).await;
    world.until_idle().await;
    assert_eq!(world.seen_by(PERSON).await, Vec::<String>::new());
    assert_eq!(
        visible_calls(&world).await,
        1,
        "unknown is never sent again"
    );
    let notes = world.notes("reply").await;
    assert_eq!(
        notes,
        [("done".to_owned(), "answered, 1 of unknown fate".to_owned())]
    );
    // The conversation is free again: the next answer goes out.
    world
        .write(PERSON, json!({"text": "https://www.instagram.com/fulano/"}))
        .await;
    world.until_idle().await;
    assert_eq!(world.seen_by(PERSON).await.len(), 1);
}

#[tokio::test]
async fn a_message_that_keeps_getting_lost_is_tried_three_times() {
    let world = World::new().await;
    world
        .fault(TEXT, json!({"kind": "drop_then_close"}), 0)
        .await;
    ask(&world).await;
    world.until_idle().await;
    assert_eq!(visible_calls(&world).await, 3);
    assert_eq!(world.seen_by(PERSON).await.len(), 0);
}

#[tokio::test]
async fn a_process_that_dies_between_intent_and_answer_only_looks() {
    for (what, calls) in [
        (json!({"kind": "delay", "ms": 60_000, "when": "after"}), 1),
        (json!({"kind": "delay", "ms": 60_000, "when": "before"}), 2),
    ] {
        let mut world = World::new().await;
        lose_echoes(&world).await;
        world.fault(TEXT, what, 1).await;
        ask(&world).await;
        // The intention is written and the call is under way; what is done at Meta is done before
        // the process dies.
        world.until_open_part().await;
        if calls == 1 {
            world.until_seen(PERSON, 1).await;
        }
        world.kill().await;
        world.advance(700_000).await;
        world.start();
        check_once(&world).await;
    }
}

#[tokio::test]
async fn a_refusal_is_obeyed_by_its_meaning() {
    let error = |code: i64, subcode: i64| json!({"kind": "status", "status": 400, "code": code, "subcode": subcode});
    for (refusal, reason) in [
        (error(10, 2_534_022), "window_closed"),
        (error(551, 1_545_041), "person_unreachable"),
        (error(10, 2_018_300), "thread_owned_by_other"),
        (error(100, 2_534_015), "send_refused 100/2534015"),
    ] {
        let world = World::new().await;
        world.fault(TEXT, refusal, 0).await;
        ask(&world).await;
        world.until_idle().await;
        assert_eq!(
            world.notes("reply").await,
            [("refused".to_owned(), reason.to_owned())]
        );
        assert_eq!(visible_calls(&world).await, 1, "{reason}");
    }
}

#[tokio::test]
async fn a_throttle_closes_the_door_and_then_goes_on() {
    let world = World::new().await;
    world
        .fault(
            TEXT,
            json!({"kind": "status", "status": 400, "code": 613}),
            1,
        )
        .await;
    let asked_ms = world.now_ms();
    ask(&world).await;
    check_once(&world).await;
    assert_eq!(
        visible_calls(&world).await,
        2,
        "no call while the door is closed"
    );
    assert!(world.now_ms() - asked_ms >= 60_000);
}

#[tokio::test]
async fn a_dead_token_parks_the_account_and_nothing_is_lost() {
    let mut world = World::new().await;
    world
        .control(
            "tokens",
            json!({"token": "SIM-PAGE-TOKEN", "state": "expired"}),
        )
        .await;
    ask(&world).await;
    let mut state = AccountState::Active;
    for _ in 0..2000 {
        state = world
            .store
            .account_state("instagram", ACCOUNT)
            .await
            .expect("state");
        if state != AccountState::Active {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(
        matches!(state, AccountState::NeedsLogin { .. }),
        "{state:?}"
    );
    let before = visible_calls(&world).await;
    world.advance(600_000).await;
    tokio::task::yield_now().await;
    assert_eq!(
        visible_calls(&world).await,
        before,
        "a parked account makes no calls"
    );
    // The owner signs in again: the same token works, and the operator says so.
    world
        .control(
            "tokens",
            json!({"token": "SIM-PAGE-TOKEN", "state": "active"}),
        )
        .await;
    world
        .store
        .set_account_state("instagram", ACCOUNT, AccountState::Active)
        .await
        .expect("set");
    check_once(&world).await;
    world.kill().await;
}

#[tokio::test]
async fn the_window_is_not_overstepped() {
    let mut world = World::new().await;
    world.kill().await;
    ask(&world).await;
    world.advance(24 * 3_600_000 - 9 * 60_000).await;
    world.start();
    world.until_idle().await;
    assert_eq!(
        world.notes("reply").await,
        [("refused".to_owned(), "window_closed".to_owned())]
    );
    assert_eq!(
        visible_calls(&world).await,
        0,
        "not even tried in the last ten minutes"
    );
}

#[tokio::test]
async fn thirty_deliveries_of_one_message_are_one_answer() {
    let world = World::new().await;
    ask(&world).await;
    for _ in 0..29 {
        world.control("webhooks/redeliver", json!({})).await;
    }
    check_once(&world).await;
}

#[tokio::test]
async fn conversations_do_not_wait_for_each_other() {
    let world = World::new().await;
    // The first person's answer stays unknown for ever; the second person's does not care.
    world
        .fault(TEXT, json!({"kind": "drop_then_close"}), 1)
        .await;
    ask(&world).await;
    world.until_open_part().await;
    world.write(OTHER, json!({"text": "hello"})).await;
    let seen = world.until_seen(OTHER, 1).await;
    assert!(seen[0].starts_with("Hi! Send me"), "{seen:?}");
    assert_eq!(world.seen_by(PERSON).await, Vec::<String>::new());
}
