//! Quota, help, language, loops, and what never reaches a log.

use std::cell::RefCell;
use std::io::Write;

use serde_json::json;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::world::{HEARD, PERSON, World};

const REEL: &str = "https://www.instagram.com/reel/COceanTides/";

async fn say(world: &World, text: &str) {
    world.write(PERSON, json!({"text": text})).await;
    world.until_idle().await;
}

#[tokio::test]
async fn help_is_said_once_and_not_nagged() {
    let world = World::new().await;
    for text in ["oi", "tudo bem?", "👍"] {
        say(&world, text).await;
    }
    assert_eq!(world.seen_by(PERSON).await.len(), 1);
    world.advance(31 * 24 * 3_600_000).await;
    say(&world, "oi de novo").await;
    assert_eq!(
        world.seen_by(PERSON).await.len(),
        2,
        "after a month it is a new start"
    );
}

#[tokio::test]
async fn the_conversation_keeps_its_language() {
    let world = World::new().await;
    say(&world, "hello, what is this?").await;
    say(&world, "https://www.instagram.com/fulano/").await;
    say(
        &world,
        "hola, ¿qué dice este video? instagram.com/explore/tags/gatos",
    )
    .await;
    let seen = world.seen_by(PERSON).await;
    assert!(seen[0].starts_with("Hi! Send me"), "{seen:?}");
    assert!(seen[1].starts_with("That link is a profile."), "{seen:?}");
    assert!(
        seen[2].starts_with("Ese enlace es de un hashtag."),
        "{seen:?}"
    );
}

#[tokio::test]
async fn the_daily_limit_is_exact_and_said_once() {
    let world = World::with(|choice| choice.settings.daily_limit = 2).await;
    for _ in 0..5 {
        world.write(PERSON, json!({"text": REEL})).await;
    }
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(
        seen.iter().filter(|text| text.contains(HEARD)).count(),
        2,
        "{seen:?}"
    );
    let refusals: Vec<&String> = seen
        .iter()
        .filter(|text| text.contains("Você já usou seus 2 de hoje"))
        .collect();
    assert_eq!(refusals.len(), 1, "{seen:?}");
    assert!(
        refusals[0].contains("à meia-noite, daqui a"),
        "{refusals:?}"
    );
    assert_eq!(world.charged(PERSON).await, 2);
    let over = world
        .notes("reply")
        .await
        .iter()
        .filter(|(_, note)| note == "over_limit")
        .count();
    assert_eq!(over, 3);
    // A new day.
    world.advance(24 * 3_600_000).await;
    say(&world, REEL).await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(
        seen.iter().filter(|text| text.contains(HEARD)).count(),
        3,
        "{seen:?}"
    );
}

#[tokio::test]
async fn two_machines_that_talk_fall_silent() {
    let world = World::with(|choice| {
        choice.settings.brake.per_minute = 2;
        choice.settings.brake.per_hour = 4;
        choice.settings.daily_limit = 1000;
    })
    .await;
    for _ in 0..8 {
        world.write(PERSON, json!({"text": REEL})).await;
    }
    let asked_ms = world.now_ms();
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(
        seen.iter().filter(|text| text.contains(HEARD)).count(),
        4,
        "{seen:?}"
    );
    assert!(
        world.now_ms() - asked_ms >= 60_000,
        "the third waited for its minute"
    );
    let braked = world
        .notes("reply")
        .await
        .iter()
        .filter(|(_, note)| note == "loop_brake")
        .count();
    assert_eq!(braked, 4);
}

#[tokio::test]
async fn our_own_words_coming_back_are_not_answered() {
    let world = World::new().await;
    say(&world, "https://www.instagram.com/fulano/").await;
    let ours = world.seen_by(PERSON).await.pop().expect("an answer");
    say(&world, &ours).await;
    assert_eq!(world.seen_by(PERSON).await.len(), 1);
    let notes = world.notes("reply").await;
    assert_eq!(notes[1], ("refused".to_owned(), "own_words".to_owned()));
}

#[tokio::test]
async fn echoes_and_strangers_events_cause_nothing() {
    let world = World::new().await;
    world
        .control("echoes", json!({"person": PERSON, "text": REEL}))
        .await;
    world
        .control("comments", json!({"from": PERSON, "text": REEL}))
        .await;
    say(&world, "oi").await;
    assert_eq!(world.notes("reel").await, []);
    assert_eq!(world.notes("reply").await.len(), 1);
}

thread_local! {
    /// The log lines of this test's thread, once it wants them.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Writes where the thread that logs collects its lines.
struct ToThisThread;

impl Write for ToThisThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.with_borrow_mut(|lines| {
            if let Some(lines) = lines {
                lines.extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Collects what our crates log on this thread. One subscriber for the process, because places
/// that log for the first time on a thread without one would stay silent for all.
pub(crate) fn collect_lines() {
    let ours = ["bot", "store", "graph_api", "media"];
    let targets = Targets::new().with_targets(ours.map(|name| (name, tracing::Level::TRACE)));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(|| ToThisThread);
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(targets)
        .try_init();
    LINES.set(Some(Vec::new()));
}

/// What was collected so far.
pub(crate) fn collected_lines() -> String {
    String::from_utf8_lossy(&LINES.take().unwrap_or_default()).into_owned()
}

#[tokio::test]
async fn no_log_line_holds_a_word_a_token_or_an_address() {
    // The whole test runs on this thread, the bot's tasks included.
    collect_lines();
    let world = World::new().await;
    world
        .fault("\"text\"", json!({"kind": "apply_then_drop"}), 1)
        .await;
    let share = json!({"share": {"code": "COceanTides", "as": "ig_reel", "url": "cdn"}});
    world.write(PERSON, share).await;
    world
        .write(
            PERSON,
            json!({"text": "pintassilgo secreto https://www.instagram.com/reel/FQ7xk2LmPvA/"}),
        )
        .await;
    world.until_idle().await;
    let all = collected_lines();
    for expected in [
        "a send was settled",
        "a step is done",
        "a send did not succeed",
    ] {
        assert!(all.contains(expected), "there are lines: {all}");
    }
    for line in all.lines() {
        for secret in [
            "marmalade",
            "pintassilgo",
            "SIM-PAGE-TOKEN",
            "simulator-app-secret",
            "signature=",
            "asset_id",
        ] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}
