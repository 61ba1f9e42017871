//! Jobs that other programs push: answered like a message, over their own status message where that can be.

use bot::{OurSides, pushed_event};
use bytes::Bytes;
use serde_json::{Value, json};
use store::{Clock as _, NewDelivery};

use crate::telegram_support::TOKEN;
use crate::world::telegram::{ANA, BOT, history, shown};
use crate::world::{ACCOUNT, HEARD, PERSON, World};

const REEL: &str = "https://www.instagram.com/reel/COceanTides/";
const PRIVATE: &str = "https://www.instagram.com/reel/FQ7xk2LmPvA/";

/// Takes a job in, as the intake does.
async fn push(world: &World, entry: &str, job: &Value) {
    let ours = OurSides {
        telegram: Some(BOT.into()),
        instagram: Some(ACCOUNT.into()),
        page: None,
    };
    let (body, now_ms) = (job.to_string(), world.clock.now_ms());
    let (channel, event) = pushed_event(entry, body.as_bytes(), &ours, now_ms).expect("a job");
    let delivery = NewDelivery {
        id: world.store.new_id(),
        channel,
        received_at_ms: now_ms,
        body: Bytes::from(body),
        events: vec![event],
    };
    world.store.accept(delivery).await.expect("accepted");
}

/// The other program says something with the same token.
async fn status(world: &World, text: &str) -> Value {
    let base = world.sim.base_url();
    let address = format!("{base}/api.telegram.org/bot{TOKEN}/sendMessage");
    let mut url = reqwest::Url::parse(&address).expect("a URL");
    url.query_pairs_mut()
        .append_pair("chat_id", ANA)
        .append_pair("text", text);
    let answer = reqwest::get(url).await.expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    answer["result"]["message_id"].clone()
}

#[tokio::test]
async fn the_status_message_becomes_the_answer() {
    let world = World::both().await;
    world.tell_words(ANA, "oi").await;
    let id = status(&world, "⏳ Na fila…").await;
    let job = json!({"chat_id": ANA, "status_message_id": id, "url": REEL});
    push(&world, "1-0", &job).await;
    push(&world, "1-0", &job).await;
    world.until_idle().await;
    let said = world.said_in(ANA).await;
    assert_eq!(said.len(), 2, "the help and the answer: {said:?}");
    assert_eq!(said[1]["id"], id);
    assert!(shown(&said[1]).starts_with("[video]") && shown(&said[1]).contains(HEARD));
    assert_eq!(history(&said[1])[0], "⏳ Na fila…");
    assert_eq!(
        world.charged_to(&World::chat(ANA)).await,
        1,
        "one entry is one job"
    );
}

#[tokio::test]
async fn a_job_without_a_status_message_gets_one_of_ours() {
    let world = World::both().await;
    world.tell_words(ANA, "oi").await;
    let chat: i64 = ANA.parse().expect("a number");
    push(&world, "1-0", &json!({"chat_id": chat, "url": REEL})).await;
    world.until_idle().await;
    let said = world.said_in(ANA).await;
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(shown(&said[1]).starts_with("[video]"), "{said:?}");
    assert_eq!(history(&said[1])[0], "Recebi! Estou assistindo pra você.");
}

/// A message that the bot cannot change: whatever is to be said comes as a new one, once.
#[tokio::test]
async fn a_status_message_that_is_not_ours_is_left_alone() {
    let world = World::both_with(|choice| {
        let files = choice.telegram.as_mut().expect("Telegram");
        (files.target_bytes, files.hard_bytes) = (190_000, 200_000);
    })
    .await;
    let theirs = world.tell(ANA, json!({"text": "oi"})).await;
    world.until_idle().await;

    // The words go out first, while the video is encoded.
    world.hold_encoding(true);
    let job = json!({"chat_id": ANA, "status_message_id": theirs, "url": REEL});
    push(&world, "1-0", &job).await;
    world
        .until_said(ANA, |said| {
            said.iter().any(|one| shown(one).contains(HEARD))
        })
        .await;
    world.hold_encoding(false);
    world.until_idle().await;
    let read = world.read_in(ANA).await;
    let with_words = read.iter().filter(|text| text.contains(HEARD)).count();
    let videos = read
        .iter()
        .filter(|text| text.starts_with("[video]"))
        .count();
    assert_eq!((with_words, videos), (1, 1), "{read:?}");
    let notes = world.notes("reel").await;
    assert_eq!(notes, [("done".to_owned(), "answered".to_owned())]);

    // And what cannot be had is said.
    let job = json!({"chat_id": ANA, "status_message_id": theirs, "url": PRIVATE});
    push(&world, "2-0", &job).await;
    world.until_idle().await;
    let read = world.read_in(ANA).await;
    assert!(
        read.iter()
            .any(|text| text.starts_with("Essa conta é privada.")),
        "{read:?}"
    );
}

/// The video cannot go at once after the words went out anew: it still comes.
#[tokio::test]
async fn a_flood_behind_words_that_came_anew_loses_nothing() {
    let world = World::both_with(|choice| {
        let files = choice.telegram.as_mut().expect("Telegram");
        (files.target_bytes, files.hard_bytes) = (190_000, 200_000);
    })
    .await;
    let theirs = world.tell(ANA, json!({"text": "oi"})).await;
    world.until_idle().await;
    world.hold_encoding(true);
    let job = json!({"chat_id": ANA, "status_message_id": theirs, "url": REEL});
    push(&world, "1-0", &job).await;
    world
        .until_said(ANA, |said| {
            said.iter().any(|one| shown(one).contains(HEARD))
        })
        .await;
    for method in ["editMessageMedia", "sendVideo"] {
        let flood = json!({"kind": "status", "status": 429, "retry_after": 40});
        world.fault_in(method, flood, 1).await;
    }
    world.hold_encoding(false);
    world.until_idle().await;
    let read = world.read_in(ANA).await;
    let with_words = read.iter().filter(|text| text.contains(HEARD)).count();
    let videos = read
        .iter()
        .filter(|text| text.starts_with("[video]"))
        .count();
    assert_eq!((with_words, videos), (1, 1), "{read:?}");
}

#[tokio::test]
async fn a_pushed_job_is_answered_on_instagram() {
    let world = World::both().await;
    world.write(PERSON, json!({"text": "oi"})).await;
    world.until_idle().await;
    let job = json!({"channel": "instagram", "recipient_id": PERSON, "url": REEL});
    push(&world, "1-0", &job).await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert_eq!(seen[1], "[video]");
    assert!(seen[2].contains(HEARD), "{seen:?}");
    assert_eq!(world.charged(PERSON).await, 1);
}

#[tokio::test]
async fn pushed_jobs_count_for_the_chat() {
    let world = World::both_with(|choice| choice.settings.daily_limit = 2).await;
    world.tell_words(ANA, "oi").await;
    for entry in ["1-0", "2-0", "3-0"] {
        push(&world, entry, &json!({"chat_id": ANA, "url": REEL})).await;
    }
    world.until_idle().await;
    let read = world.read_in(ANA).await;
    let videos = read
        .iter()
        .filter(|text| text.starts_with("[video]"))
        .count();
    assert_eq!(videos, 2, "{read:?}");
    assert!(
        read.iter()
            .any(|text| text.starts_with("Você já usou seus 2 de hoje.")),
        "{read:?}"
    );
    // The chat's own messages are of the same allowance.
    world.tell_words(ANA, "/cota").await;
    let left = world.read_in(ANA).await.pop().unwrap_or_default();
    assert!(left.starts_with("Você já usou seus 2 de hoje."), "{left}");
}
