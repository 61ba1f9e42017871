//! Two channels, one pipeline: what was watched for somebody on one is finished work on the other.

use serde_json::{Value, json};

use crate::world::telegram::{ANA, BIA, shown};
use crate::world::{HEARD, OTHER, PERSON, World};

const REEL: &str = "https://www.instagram.com/reel/COceanTides/";

/// How often a file went to Telegram by its bytes, and how often by its name there.
async fn files_shown(world: &World) -> (usize, usize) {
    let mut calls = world.calls("/editMessageMedia").await;
    calls.extend(world.calls("/sendVideo").await);
    let by_bytes = |call: &&Value| call["body"].to_string().contains("file_name");
    let uploads = calls.iter().filter(by_bytes).count();
    (uploads, calls.len() - uploads)
}

/// One message: the video with what is said in it below, as an app can draw it.
fn check_video(said: &[Value]) {
    assert_eq!(said.len(), 1, "{said:?}");
    let (text, media) = (shown(&said[0]), &said[0]["media"]);
    assert!(text.starts_with("[video] "), "{text}");
    assert!(text.contains(HEARD) && text.contains("@dr.lua"), "{text}");
    assert!(text.ends_with(REEL), "{text}");
    assert_eq!(media["square"], false, "{media}");
    let given = &media["given"];
    for name in ["width", "height", "duration"] {
        assert!(
            given[name].as_u64().is_some_and(|n| n > 0),
            "{name}: {media}"
        );
    }
    assert_eq!(given["supports_streaming"], true, "{media}");
    let thumbnail = &given["thumbnail"];
    for side in ["width", "height"] {
        let length = thumbnail[side].as_u64();
        assert!(length.is_some_and(|n| (1..=320).contains(&n)), "{media}");
    }
}

#[tokio::test]
async fn telegram_after_instagram_is_answered_from_finished_work() {
    let world = World::both().await;
    world.write(PERSON, json!({"text": REEL})).await;
    world.until_idle().await;
    let fetched = world.downloads().await;
    assert!(fetched > 0);
    assert_eq!(world.times_heard(), 1);

    world.tell_words(ANA, REEL).await;
    check_video(&world.said_in(ANA).await);
    assert_eq!(world.downloads().await, fetched, "no second download");
    assert_eq!(world.times_heard(), 1, "no second listening");
    assert_eq!(files_shown(&world).await, (1, 0));
}

#[tokio::test]
async fn instagram_after_telegram_is_answered_from_finished_work() {
    let world = World::both().await;
    world.tell_words(ANA, REEL).await;
    check_video(&world.said_in(ANA).await);
    let fetched = world.downloads().await;
    assert!(fetched > 0);

    world.write(PERSON, json!({"text": REEL})).await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(seen[0], "[video]", "{seen:?}");
    assert!(seen[1].contains(HEARD), "{seen:?}");
    assert_eq!((world.downloads().await, world.times_heard()), (fetched, 1));
}

#[tokio::test]
async fn the_next_on_telegram_gets_the_file_by_its_name() {
    let world = World::both().await;
    world.tell_words(ANA, REEL).await;
    let first = world.said_in(ANA).await;
    world.tell_words(BIA, REEL).await;
    let second = world.said_in(BIA).await;
    assert_eq!(second.len(), 1, "{second:?}");
    assert!(shown(&second[0]).contains(HEARD), "{second:?}");
    assert_eq!(
        first[0]["media"]["file_id"], second[0]["media"]["file_id"],
        "one upload"
    );
    assert_eq!(files_shown(&world).await, (1, 1));
    assert_eq!(world.times_heard(), 1);
}

/// Both ask at once: whoever comes second waits for the first's work, and is told so.
#[tokio::test]
async fn two_channels_at_once_share_the_work() {
    let world = World::both().await;
    world.hold(true);
    world.tell(ANA, json!({"text": REEL})).await;
    world.write(OTHER, json!({"text": REEL})).await;
    world.until_heard(1).await;
    world.until_put_off("reel", "shared_work").await;
    world.hold(false);
    world.until_idle().await;
    check_video(&world.said_in(ANA).await);
    let seen = world.seen_by(OTHER).await;
    assert!(seen.contains(&"[video]".to_owned()), "{seen:?}");
    assert_eq!(seen.iter().filter(|text| text.contains(HEARD)).count(), 1);
    assert_eq!(world.times_heard(), 1);
}

/// A file that only one channel takes as it is, is made anew for the other from what was downloaded.
#[tokio::test]
async fn each_channel_gets_a_file_of_its_size() {
    let world = World::both_with(|choice| choice.files.hard_bytes = 200_000).await;
    world.tell_words(ANA, REEL).await;
    let said = world.said_in(ANA).await;
    let whole = said[0]["media"]["bytes"].as_u64().expect("a size");
    let fetched = world.downloads().await;
    world.write(PERSON, json!({"text": REEL})).await;
    world.until_idle().await;
    let thread = world.look(&format!("people/{PERSON}/messages")).await;
    let files: Vec<u64> = thread["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|message| message["attachments"][0]["bytes"].as_u64())
        .collect();
    assert_eq!(files.len(), 1, "{thread}");
    assert!(whole > 200_000 && files[0] <= 200_000, "{whole} {files:?}");
    assert_eq!((world.downloads().await, world.times_heard()), (fetched, 1));
}
