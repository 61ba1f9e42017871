//! Quota, help, language, loops, and what never reaches a log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

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

/// A place for log lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_line_holds_a_word_a_token_or_an_address() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer({
            let lines = lines.clone();
            move || lines.clone()
        })
        .finish();
    // The whole test runs on this thread, the bot's tasks included.
    let guard = tracing::subscriber::set_default(subscriber);
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
    drop(guard);
    let reels = world.look("reels").await;
    let caption: Option<&Value> = reels
        .as_array()
        .or_else(|| reels["reels"].as_array())
        .into_iter()
        .flatten()
        .find(|reel| reel["code"] == "COceanTides")
        .map(|reel| &reel["title"]);
    assert!(caption.is_some());
    let all = String::from_utf8_lossy(&lines.0.lock().expect("no panic")).into_owned();
    let ours: Vec<&str> = all.lines().filter(|line| line.contains(" bot::")).collect();
    assert!(
        ours.iter().any(|line| line.contains("a send was settled")),
        "there are lines"
    );
    assert!(
        ours.iter().any(|line| line.contains("a step is done")),
        "there are lines"
    );
    for line in all.lines().filter(|line| {
        [" bot", " store", " graph_api", " media"]
            .iter()
            .any(|ours| line.contains(ours))
    }) {
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
