//! A reel from the message to the last part, through the real ffmpeg and the real yt-dlp.

use serde_json::{Value, json};
use store::AccountState;

use crate::world::{ACCOUNT, HEARD, OTHER, PERSON, World};

const REEL: &str = "COceanTides";
const OTHER_REEL: &str = "CPaoCaseiro";

fn share(code: &str) -> Value {
    json!({"share": {"code": code, "as": "ig_reel", "url": "cdn"}})
}

fn link(code: &str) -> String {
    format!("https://www.instagram.com/reel/{code}/")
}

fn videos(seen: &[String]) -> usize {
    seen.iter().filter(|message| *message == "[video]").count()
}

fn check_answered(notes: &[(String, String)], count: usize) {
    assert_eq!(notes.len(), count, "{notes:?}");
    for note in notes {
        assert_eq!(*note, ("done".to_owned(), "answered".to_owned()));
    }
}

#[tokio::test]
async fn a_shared_reel_comes_back_as_words_and_video() {
    let world = World::new().await;
    world.write(PERSON, share(REEL)).await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!(seen[0], "[video]");
    assert!(seen[1].contains(HEARD), "{seen:?}");
    check_answered(&world.notes("reel").await, 1);
    assert_eq!(world.charged(PERSON).await, 1);
    let thread = world.look(&format!("people/{PERSON}/messages")).await;
    let messages = thread["messages"].as_array().cloned().unwrap_or_default();
    let from_us = |message: &&Value| message["from"] == "business";
    let video = &messages.iter().find(from_us).expect("a message")["attachments"][0];
    assert_eq!(video["video_codec"], "h264", "{video}");
    assert_eq!(video["audio_codec"], "aac", "{video}");
    assert!(
        video["bytes"]
            .as_u64()
            .is_some_and(|bytes| bytes <= 24_900_000),
        "{video}"
    );
    assert_eq!(world.calls("/message_attachments").await.len(), 1);
}

#[tokio::test]
async fn a_pasted_link_goes_through_yt_dlp_and_is_credited() {
    let world = World::new().await;
    world
        .write(
            PERSON,
            json!({"text": format!("what does this say? {}", link(REEL))}),
        )
        .await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!(seen[0], "[video]");
    assert!(
        seen[1].contains(HEARD) && seen[1].contains("By @"),
        "{seen:?}"
    );
    // The page itself stood in the simulator; what a person is given is Instagram's own address.
    assert!(
        seen[1].ends_with(&format!(" · {}", link(REEL))),
        "the original is linked: {seen:?}"
    );
    check_answered(&world.notes("reel").await, 1);
}

#[tokio::test]
async fn two_who_ask_at_once_share_the_work() {
    let world = World::new().await;
    world.hold(true);
    world.write(PERSON, json!({"text": link(REEL)})).await;
    world.write(OTHER, json!({"text": link(REEL)})).await;
    world.until_heard(1).await;
    world.hold(false);
    world.until_idle().await;
    for person in [PERSON, OTHER] {
        let seen = world.seen_by(person).await;
        assert_eq!(videos(&seen), 1, "{seen:?}");
        assert_eq!(
            seen.iter().filter(|text| text.contains(HEARD)).count(),
            1,
            "{seen:?}"
        );
    }
    assert_eq!(world.times_heard(), 1);
    assert_eq!(world.calls("/message_attachments").await.len(), 1);
    // Asked again later, everything is there already.
    world.write(PERSON, json!({"text": link(REEL)})).await;
    world.until_idle().await;
    assert_eq!(videos(&world.seen_by(PERSON).await), 2);
    assert_eq!(world.times_heard(), 1);
    assert_eq!(world.calls("/message_attachments").await.len(), 1);
}

#[tokio::test]
async fn several_links_are_answered_in_their_order() {
    let world = World::new().await;
    let text = format!(
        "{} {} https://www.instagram.com/reel/FQ7xk2LmPvA/",
        link(REEL),
        link(OTHER_REEL)
    );
    world.write(PERSON, json!({"text": text})).await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    let answers: Vec<&String> = seen
        .iter()
        .filter(|text| !text.starts_with("Recebi"))
        .collect();
    assert_eq!(answers.len(), 5, "{seen:?}");
    assert_eq!(answers[0], "[video]");
    assert!(
        answers[1].starts_with("1 de 3") && answers[1].contains(REEL),
        "{seen:?}"
    );
    assert_eq!(answers[2], "[video]");
    assert!(
        answers[3].starts_with("2 de 3") && answers[3].contains(OTHER_REEL),
        "{seen:?}"
    );
    assert!(
        answers[4].starts_with("3 de 3: Essa conta é privada."),
        "{seen:?}"
    );
    assert_eq!(world.charged(PERSON).await, 2, "what failed is given back");
}

#[tokio::test]
async fn each_failure_has_its_sentence() {
    for (code, sentence, reason) in [
        ("GZ3hd8WnRtE", "Esse post foi apagado", "removed"),
        (
            "GL9sv4KcYuI",
            "O Instagram só mostra esse post para quem está logado",
            "login_required",
        ),
        ("GH2wj6DfNaS", "", "hostile"),
    ] {
        let world = World::new().await;
        world.write(PERSON, json!({"text": link(code)})).await;
        world.until_idle().await;
        let seen = world.seen_by(PERSON).await;
        assert_eq!(seen.len(), 1, "{code}: {seen:?}");
        let notes = world.notes("reel").await;
        if reason == "hostile" {
            // Refused one way or another; nothing of any other file is shown.
            assert_eq!(notes[0].0, "refused", "{notes:?}");
            assert_eq!(videos(&seen), 0);
        } else {
            assert!(seen[0].starts_with(sentence), "{seen:?}");
            assert_eq!(notes, [("refused".to_owned(), reason.to_owned())]);
        }
        assert_eq!(world.charged(PERSON).await, 0, "given back");
    }
}

#[tokio::test]
async fn one_line_when_it_takes_longer() {
    let world = World::new().await;
    world.hold(true);
    world.write(PERSON, share(REEL)).await;
    world.until_heard(1).await;
    assert_eq!(
        world.seen_by(PERSON).await,
        Vec::<String>::new(),
        "not before its time"
    );
    world.advance(5_000).await;
    assert_eq!(
        world.until_seen(PERSON, 1).await,
        ["Recebi! Estou assistindo pra você."]
    );
    world.advance(60_000).await;
    world.hold(false);
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(seen.len(), 3, "one line only: {seen:?}");
    assert!(seen[1] == "[video]" && seen[2].contains(HEARD), "{seen:?}");
}

#[tokio::test]
async fn a_process_that_dies_while_listening_goes_on_where_it_was() {
    let mut world = World::new().await;
    world.hold(true);
    world.write(PERSON, json!({"text": link(REEL)})).await;
    world.until_heard(1).await;
    let fetched = world.calls(&format!("/reel/{REEL}/")).await.len();
    assert!(fetched > 0);
    world.kill().await;
    world.hold(false);
    world.advance(700_000).await;
    world.start();
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(videos(&seen), 1, "{seen:?}");
    assert_eq!(
        seen.iter().filter(|text| text.contains(HEARD)).count(),
        1,
        "{seen:?}"
    );
    assert_eq!(
        world.calls(&format!("/reel/{REEL}/")).await.len(),
        fetched,
        "not fetched again"
    );
}

#[tokio::test]
async fn a_video_whose_fate_is_open_holds_the_words_back() {
    let world = World::new().await;
    let video = "attachment_id";
    world.fault(video, json!({"kind": "lose_echo"}), 0).await;
    world
        .fault(video, json!({"kind": "apply_then_drop"}), 1)
        .await;
    world.write(PERSON, share(REEL)).await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(
        seen[0] == "[video]" && seen[1].contains(HEARD),
        "in order: {seen:?}"
    );
    check_answered(&world.notes("reel").await, 1);
}

#[tokio::test]
async fn a_video_whose_answer_was_lost_is_not_sent_again() {
    for what in [
        json!({"kind": "apply_then_drop"}),
        json!({"kind": "drop_then_close"}),
    ] {
        let world = World::new().await;
        world
            .fault("attachment_id", json!({"kind": "lose_echo"}), 0)
            .await;
        world.fault("attachment_id", what, 1).await;
        world.write(PERSON, share(REEL)).await;
        world.until_idle().await;
        assert_eq!(videos(&world.seen_by(PERSON).await), 1);
        check_answered(&world.notes("reel").await, 1);
        assert_eq!(world.calls("/message_attachments").await.len(), 1);
    }
}

#[tokio::test]
async fn a_stale_upload_is_made_anew_once() {
    let world = World::new().await;
    let stale = json!({"kind": "status", "status": 400, "code": 100, "subcode": 2_018_074});
    world.fault("attachment_id", stale, 1).await;
    world.write(PERSON, share(REEL)).await;
    world.until_idle().await;
    assert_eq!(videos(&world.seen_by(PERSON).await), 1);
    assert_eq!(world.calls("/message_attachments").await.len(), 2);
}

/// A link lives as long as the folder that the sweep looks at, and not without its file.
#[tokio::test]
async fn a_file_link_promises_no_more_than_the_sweep_keeps() {
    let world = World::with(|choice| {
        (choice.files.target_bytes, choice.files.hard_bytes) = (1_000, 1_000);
        let files = &mut choice.settings.files;
        files.public_url = Some("https://bot.example/".parse().expect("a URL"));
        files.link_secret = Some("k".to_owned().into());
    })
    .await;
    let until = |seen: &[String]| {
        let text = seen.iter().find(|text| text.contains("until="))?;
        let (_, after) = text.split_once("until=")?;
        let (seconds, _) = after.split_once('&')?;
        Some(seconds.parse::<i64>().expect("seconds") * 1000)
    };
    world.write(PERSON, share(REEL)).await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    let first = until(&seen).unwrap_or_else(|| panic!("no link in {seen:?}"));
    assert!(first > world.now_ms() + 23 * 3_600_000);

    let mut folders = std::fs::read_dir(world.data_dir.join("work")).expect("a folder");
    let folder = folders.next().expect("work").expect("an entry").path();
    let then = std::time::SystemTime::now() - std::time::Duration::from_hours(23);
    let opened = std::fs::File::open(&folder).expect("a folder");
    opened.set_modified(then).expect("a date");
    world.write(OTHER, share(REEL)).await;
    world.until_idle().await;
    let second = until(&world.seen_by(OTHER).await).expect("a link");
    assert!(second <= world.now_ms() + 3_600_000, "{second}");

    for entry in std::fs::read_dir(&folder).expect("a folder") {
        std::fs::remove_file(entry.expect("an entry").path()).expect("removed");
    }
    world.write(PERSON, share(REEL)).await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    let links = seen.iter().filter(|text| text.contains("until="));
    assert_eq!(links.count(), 1, "{seen:?}");
}

/// Meta told of one post twice, once by its file and once by its page; the file's address no longer opens.
#[tokio::test]
async fn a_share_whose_file_is_gone_is_fetched_from_its_page() {
    let world = World::new().await;
    let reels = world.look("reels").await;
    let reels = reels.as_array().or_else(|| reels["reels"].as_array());
    let file = reels
        .and_then(|reels| reels.iter().find(|reel| reel["code"] == REEL))
        .and_then(|reel| reel["cdn_url"].as_str())
        .expect("the sample's address");
    let (address, _) = file.split_once("signature=").expect("a signed address");
    world
        .write(
            PERSON,
            json!({"attachments": [
                {"type": "share", "url": link(REEL)},
                {"type": "ig_reel", "url": format!("{address}signature=1.gone")},
            ]}),
        )
        .await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!(seen[0], "[video]");
    assert!(seen[1].contains(HEARD), "{seen:?}");
    check_answered(&world.notes("reel").await, 1);
}

/// An upload that says that the key is dead parks the account; from then on nothing is called, not even for signs.
#[tokio::test]
async fn an_upload_with_a_dead_key_parks_the_account() {
    let world = World::new().await;
    let dead = json!({"kind": "status", "status": 401, "code": 190});
    let fault = json!({
        "match": {"method": "POST", "path": "*/message_attachments"}, "times": 100, "do": dead
    });
    world.control("faults", fault).await;
    world.write(PERSON, share(REEL)).await;
    world.until_put_off("reel", "account").await;
    let state = world.store.account_state("instagram", ACCOUNT).await;
    assert!(matches!(state, Ok(AccountState::NeedsLogin { .. })));
    let calls = async || {
        world.calls("/messages").await.len() + world.calls("/message_attachments").await.len()
    };
    let before = calls().await;
    for _ in 0..5 {
        world.advance(60_000).await;
        world.until_put_off("reel", "account").await;
    }
    assert_eq!(calls().await, before, "a parked account makes no calls");
}

#[tokio::test]
async fn nothing_stays_in_storage_free_mode() {
    let world = World::with(|choice| choice.settings.files.keep_seconds = None).await;
    world.write(PERSON, json!({"text": link(REEL)})).await;
    world.until_idle().await;
    assert_eq!(videos(&world.seen_by(PERSON).await), 1);
    let left: Vec<_> = std::fs::read_dir(world.data_dir.join("work"))
        .expect("a folder")
        .collect();
    assert!(left.is_empty(), "{left:?}");
    // The upload is Meta's and is reused; nothing is fetched or heard again.
    world.write(OTHER, json!({"text": link(REEL)})).await;
    world.until_idle().await;
    assert_eq!(videos(&world.seen_by(OTHER).await), 1);
    assert_eq!(world.times_heard(), 1);
}

#[tokio::test]
async fn music_is_called_music() {
    let world = World::new().await;
    world.write(PERSON, share("CBeatSunset")).await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert!(
        seen[1].starts_with("Só tem música nesse. O resumo vem da legenda:"),
        "{seen:?}"
    );
    assert!(!seen[1].contains(HEARD), "no invented words: {seen:?}");
    assert_eq!(videos(&seen), 1);
    assert_eq!(world.times_heard(), 0);
}

#[tokio::test]
async fn a_carousel_comes_whole() {
    let world = World::new().await;
    world
        .write(
            PERSON,
            json!({"text": "https://www.instagram.com/p/ECarouselXY/"}),
        )
        .await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    let reels = world.look("reels").await;
    let items = reels
        .as_array()
        .or_else(|| reels["reels"].as_array())
        .into_iter()
        .flatten()
        .find(|reel| reel["code"] == "ECarouselXY")
        .cloned()
        .expect("the sample");
    let files = seen.join("").matches('[').count();
    assert!(files >= 2, "{seen:?} of {items}");
    check_answered(&world.notes("reel").await, 1);
}

#[tokio::test]
async fn own_recordings_are_answered_in_words_only() {
    let world = World::new().await;
    world
        .write(
            PERSON,
            json!({"attachments": [{"type": "video", "code": REEL}]}),
        )
        .await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].contains(HEARD), "{seen:?}");
    assert_eq!(world.calls("/message_attachments").await.len(), 0);
}

#[tokio::test]
async fn the_window_closes_on_a_reel_too() {
    let mut world = World::new().await;
    world.hold(true);
    world.write(PERSON, share(REEL)).await;
    world.until_heard(1).await;
    world.kill().await;
    world.hold(false);
    world.advance(24 * 3_600_000).await;
    world.start();
    world.until_idle().await;
    assert_eq!(world.seen_by(PERSON).await, Vec::<String>::new());
    assert_eq!(
        world.notes("reel").await,
        [("refused".to_owned(), "window_closed".to_owned())]
    );
}

#[tokio::test]
async fn a_message_taken_back_is_not_answered() {
    let mut world = World::new().await;
    world.kill().await;
    let mid = world.write(PERSON, share(REEL)).await;
    world.control("unsend", json!({"mid": mid})).await;
    world.until_deleted(PERSON, &mid).await;
    world.start();
    world.until_idle().await;
    assert_eq!(world.seen_by(PERSON).await, Vec::<String>::new());
    assert_eq!(
        world.notes("reply").await,
        [("refused".to_owned(), "unsent".to_owned())]
    );
}
