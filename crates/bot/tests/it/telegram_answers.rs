//! What a person on Telegram sees of an answer: one message that grows, and what becomes of it when things go wrong.

use serde_json::{Value, json};

use crate::world::telegram::{ANA, history, shown, titles};
use crate::world::{HEARD, World};

const REEL: &str = "https://www.instagram.com/reel/COceanTides/";
const RECEIVED: &str = "Recebi! Estou assistindo pra você.";
const GROUP: i64 = -4_000_000_001;
const FORUM: i64 = -1_002_000_000_001;

fn link(code: &str) -> String {
    format!("https://www.instagram.com/reel/{code}/")
}

/// The only message of ours in the chat.
async fn only(world: &World, chat: &str) -> Value {
    let said = world.said_in(chat).await;
    assert_eq!(said.len(), 1, "one message: {said:?}");
    said[0].clone()
}

#[tokio::test]
async fn one_message_says_how_far_it_is_and_becomes_the_answer() {
    let world = World::both().await;
    world.hold(true);
    world.tell(ANA, json!({"text": REEL})).await;
    world.until_heard(1).await;
    let first = only(&world, ANA).await;
    assert_eq!(shown(&first), RECEIVED);
    for _ in 0..4 {
        world.advance(2_000).await;
        world
            .until_said(ANA, |said| shown(&said[0]).contains("ranscre"))
            .await;
    }
    world.hold(false);
    world.until_idle().await;
    let answer = only(&world, ANA).await;
    assert_eq!(answer["id"], first["id"]);
    assert!(shown(&answer).starts_with("[video] ") && shown(&answer).contains(HEARD));
    assert_eq!(history(&answer)[0], RECEIVED);
    let edits = world.calls("/editMessageText").await;
    let times: Vec<i64> = edits
        .iter()
        .filter_map(|call| call["at"].as_i64())
        .collect();
    assert!(!times.is_empty());
    let apart = times.windows(2).all(|pair| pair[1] - pair[0] >= 3_000);
    assert!(apart, "an edit every three seconds at most: {times:?}");
    assert_eq!(world.calls("/sendMessage").await.len(), 1);
    assert_eq!(
        titles(&answer),
        ["Transcrição completa", "Só o áudio"],
        "without a model there is no other language"
    );
}

#[tokio::test]
async fn the_words_come_first_while_the_video_is_encoded() {
    let world = World::both_with(|choice| {
        let files = choice.telegram.as_mut().expect("Telegram");
        (files.target_bytes, files.hard_bytes) = (190_000, 200_000);
    })
    .await;
    world.hold_encoding(true);
    world.tell(ANA, json!({"text": REEL})).await;
    let said = world
        .until_said(ANA, |said| {
            said.iter().any(|one| shown(one).contains(HEARD))
        })
        .await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(shown(&said[0]).ends_with("O vídeo vem já já."), "{said:?}");
    assert_eq!(titles(&said[0]).len(), 0, "nothing to tap yet");
    world.hold_encoding(false);
    world.until_idle().await;
    let answer = only(&world, ANA).await;
    assert_eq!(answer["id"], said[0]["id"], "the same message");
    let text = shown(&answer);
    assert!(
        text.starts_with("[video] ") && text.contains(HEARD),
        "{text}"
    );
    assert!(!text.contains("já já"), "{text}");
    assert!(
        answer["media"]["bytes"]
            .as_u64()
            .is_some_and(|bytes| bytes <= 200_000)
    );
    assert_eq!(titles(&answer), ["Transcrição completa", "Só o áudio"]);
}

/// What does not fit below a video stays a message of its own, before it.
#[tokio::test]
async fn words_that_do_not_fit_below_the_video_stay_above_it() {
    let address = format!("https://bot.example/{}/", "pasta/".repeat(160));
    let world = World::both_with(|choice| {
        let files = choice.telegram.as_mut().expect("Telegram");
        (files.target_bytes, files.hard_bytes) = (300_000, 310_000);
        let files = &mut choice.settings.files;
        files.public_url = Some(address.parse().expect("a URL"));
        files.link_secret = Some("k".to_owned().into());
    })
    .await;
    world.tell_words(ANA, &link("HLongLesson")).await;
    let said = world.said_in(ANA).await;
    assert_eq!(said.len(), 2, "{said:?}");
    let text = shown(&said[0]);
    assert!(
        text.encode_utf16().count() > 1_024 && text.contains(HEARD),
        "{text}"
    );
    assert!(
        text.contains("prévia") && text.contains("pasta/pasta"),
        "{text}"
    );
    assert_eq!(history(&said[0])[0], RECEIVED);
    assert_eq!(titles(&said[0]), ["Transcrição completa", "Só o áudio"]);
    assert!(shown(&said[1]).starts_with('['), "{said:?}");
    assert_eq!(said[1]["caption"], Value::Null);
    assert_eq!(said[1]["edits"], 0);
}

#[tokio::test]
async fn posts_of_every_kind_come_whole() {
    let world = World::both().await;
    world
        .tell_words(ANA, "https://www.instagram.com/p/ECarouselXY/")
        .await;
    let said = world.said_in(ANA).await;
    let kinds: Vec<&str> = said
        .iter()
        .filter_map(|message| message["media"]["type"].as_str())
        .collect();
    assert_eq!(kinds, ["video", "photo", "photo", "video"], "{said:?}");
    assert!(shown(&said[0]).contains(HEARD), "{said:?}");
    let albums: Vec<&Value> = said.iter().map(|one| &one["media_group_id"]).collect();
    assert!(
        albums[1].is_string() && albums[1] == albums[2],
        "{albums:?}"
    );
    assert!(albums[0].is_null() && albums[3].is_null(), "{albums:?}");

    let world = World::both().await;
    world
        .tell_words(ANA, "https://www.instagram.com/p/FPhotoStill/")
        .await;
    let picture = only(&world, ANA).await;
    assert!(
        shown(&picture).starts_with("[photo] Da legenda:\n"),
        "{picture}"
    );
    assert_eq!(titles(&picture), [""; 0]);

    let world = World::both().await;
    world.tell_words(ANA, &link("CBeatSunset")).await;
    let music = only(&world, ANA).await;
    assert!(
        shown(&music).starts_with("[video] Só tem música nesse. O resumo vem da legenda:"),
        "{music}"
    );
    assert_eq!(world.times_heard(), 0, "nobody guesses at a song's words");
    assert_eq!(titles(&music), ["Só o áudio"]);
}

#[tokio::test]
async fn a_failure_takes_the_place_of_the_first_word() {
    let world = World::both().await;
    world.tell_words(ANA, &link("FQ7xk2LmPvA")).await;
    let answer = only(&world, ANA).await;
    assert_eq!(
        shown(&answer),
        "Essa conta é privada. Se você consegue ver o reel, salve o vídeo e me mande o arquivo aqui."
    );
    assert_eq!(history(&answer)[0], RECEIVED);
    assert_eq!(titles(&answer), [""; 0], "another try would not help");
    assert_eq!(world.charged_to(&World::chat(ANA)).await, 0);
}

#[tokio::test]
async fn a_tap_tries_again_in_the_same_message() {
    let world = World::both().await;
    let busy = json!({"match": {"path": "www.instagram.com/reel/*"}, "times": 0,
        "do": {"kind": "status", "status": 429}});
    world.control("faults", busy).await;
    world.tell_words(ANA, REEL).await;
    let failed = only(&world, ANA).await;
    assert!(
        shown(&failed).starts_with("O Instagram está me pedindo calma"),
        "{failed}"
    );
    assert_eq!(titles(&failed), ["Tentar de novo"]);
    assert_eq!(world.charged_to(&World::chat(ANA)).await, 0, "given back");

    world.clear("faults").await;
    let tapped = world.tap(ANA, "Tentar de novo").await;
    world.until_idle().await;
    let answer = only(&world, ANA).await;
    assert_eq!(
        (&answer["id"], &failed["id"]),
        (&json!(tapped), &json!(tapped))
    );
    assert!(shown(&answer).starts_with("[video] ") && shown(&answer).contains(HEARD));
    assert!(history(&answer).contains(&RECEIVED.to_owned()), "{answer}");
    assert_eq!(world.charged_to(&World::chat(ANA)).await, 1);
    assert_eq!(world.calls("/answerCallbackQuery").await.len(), 1);
}

#[tokio::test]
async fn a_placeholder_that_is_taken_away_calls_it_off() {
    let world = World::both().await;
    world.hold(true);
    world.tell(ANA, json!({"text": REEL})).await;
    world.until_heard(1).await;
    let first = only(&world, ANA).await;
    world.remove_message(ANA, &first["id"]).await;
    world.hold(false);
    world.until_idle().await;
    assert_eq!(world.read_in(ANA).await, [""; 0]);
    let notes = world.notes("reel").await;
    assert_eq!(notes, [("refused".to_owned(), "message_gone".to_owned())]);
    assert_eq!(world.charged_to(&World::chat(ANA)).await, 0, "given back");
}

#[tokio::test]
async fn who_blocks_the_bot_is_left_alone() {
    let world = World::both().await;
    world.hold(true);
    world.tell(ANA, json!({"text": REEL})).await;
    world.until_heard(1).await;
    world
        .control(&format!("telegram/chats/{ANA}"), json!({"blocked": true}))
        .await;
    world.pull().await;
    world.hold(false);
    world.until_idle().await;
    assert_eq!(world.read_in(ANA).await, [RECEIVED]);
    let notes = world.notes("reel").await;
    assert_eq!(
        notes,
        [("refused".to_owned(), "person_unreachable".to_owned())]
    );
    world
        .control(&format!("telegram/chats/{ANA}"), json!({"blocked": false}))
        .await;
    world.tell_words(ANA, REEL).await;
    let read = world.read_in(ANA).await;
    assert!(read[1].starts_with("[video] "), "{read:?}");
}

#[tokio::test]
async fn a_flood_is_waited_out_and_doubles_nothing() {
    for method in ["sendMessage", "editMessageMedia"] {
        let world = World::both().await;
        let flood = json!({"kind": "status", "status": 429, "retry_after": 40});
        world.fault_in(method, flood, 1).await;
        world.tell(ANA, json!({"text": REEL})).await;
        let asked_ms = world.now_ms();
        world.until_idle().await;
        assert!(world.now_ms() - asked_ms >= 40_000, "{method} waited");
        let answer = only(&world, ANA).await;
        assert!(shown(&answer).starts_with("[video] "), "{method}: {answer}");
        assert_eq!(world.calls(method).await.len(), 2, "{method}");
        assert_eq!(world.times_heard(), 1);
    }
}

#[tokio::test]
async fn lost_answers_neither_double_nor_lose() {
    for fault in ["apply_then_drop", "drop_then_close"] {
        for method in ["sendMessage", "editMessageMedia"] {
            let world = World::both().await;
            world.fault_in(method, json!({"kind": fault}), 1).await;
            world.tell_words(ANA, REEL).await;
            let answer = only(&world, ANA).await;
            assert!(shown(&answer).starts_with("[video] "), "{fault} {method}");
            let notes = world.notes("reel").await;
            assert_eq!(
                notes,
                [("done".to_owned(), "answered".to_owned())],
                "{fault} {method}"
            );
        }
        for method in ["sendMediaGroup", "sendVideo"] {
            let world = World::both().await;
            world.fault_in(method, json!({"kind": fault}), 1).await;
            world
                .tell_words(ANA, "https://www.instagram.com/p/ECarouselXY/")
                .await;
            let said = world.said_in(ANA).await;
            let kinds: Vec<&str> = said
                .iter()
                .filter_map(|message| message["media"]["type"].as_str())
                .collect();
            assert_eq!(
                kinds,
                ["video", "photo", "photo", "video"],
                "{fault} {method}: {said:?}"
            );
            let notes = world.notes("reel").await;
            assert_eq!(
                notes,
                [("done".to_owned(), "answered".to_owned())],
                "{fault} {method}"
            );
        }
    }
}

/// The same when the process dies with the try open: the next one finds out.
#[tokio::test]
async fn a_crash_with_an_open_try_neither_doubles_nor_loses() {
    for method in ["sendMessage", "editMessageMedia"] {
        let mut world = World::both().await;
        let late = json!({"kind": "delay", "ms": 600_000, "when": "after"});
        world.fault_in(method, late, 1).await;
        world.tell(ANA, json!({"text": REEL})).await;
        let wanted = if method == "sendMessage" {
            "Recebi"
        } else {
            "[video]"
        };
        world
            .until_said(ANA, |said| {
                said.iter().any(|one| shown(one).starts_with(wanted))
            })
            .await;
        world.kill().await;
        world.clear("faults").await;
        world.advance(700_000).await;
        world.start();
        world.until_idle().await;
        let answer = only(&world, ANA).await;
        assert!(shown(&answer).starts_with("[video] "), "{method}: {answer}");
        assert_eq!(world.times_heard(), 1);
    }
}

#[tokio::test]
async fn a_group_is_answered_when_it_speaks_to_the_bot() {
    let world = World::both().await;
    let chat = GROUP.to_string();
    let group = json!({"type": "group", "title": "Receitas", "bot_is_admin": true});
    world
        .control(&format!("telegram/chats/{chat}"), group)
        .await;
    world
        .tell(&chat, json!({"from": 7_001, "text": REEL}))
        .await;
    world.until_idle().await;
    assert_eq!(world.read_in(&chat).await, [""; 0], "not spoken to");

    let asked = world
        .tell(&chat, json!({"from": 7_001, "mention": true, "text": REEL}))
        .await;
    world.until_idle().await;
    let answer = only(&world, &chat).await;
    assert!(shown(&answer).contains(HEARD), "{answer}");
    assert_eq!(answer["reply_to"], asked);

    let other = link("CPaoCaseiro");
    let reply = json!({"from": 7_002, "reply_to": answer["id"], "text": other});
    let asked = world.tell(&chat, reply).await;
    world.until_idle().await;
    let said = world.said_in(&chat).await;
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(shown(&said[1]).ends_with(&other), "{said:?}");
    assert_eq!(said[1]["reply_to"], asked);
}

#[tokio::test]
async fn a_topic_is_answered_in_its_topic() {
    let world = World::both().await;
    let chat = FORUM.to_string();
    let forum = json!({"type": "forum", "title": "Casa", "topics": ["Geral", "Pães"]});
    let forum = world
        .control(&format!("telegram/chats/{chat}"), forum)
        .await;
    let topic = forum["topics"][1]["id"].clone();
    world
        .tell(
            &chat,
            json!({"from": 7_001, "thread": topic, "mention": true, "text": REEL}),
        )
        .await;
    world.until_idle().await;
    let answer = only(&world, &chat).await;
    assert_eq!(answer["thread"], topic, "{answer}");
    assert!(shown(&answer).starts_with("[video] "), "{answer}");
    world.tap(&chat, "Só o áudio").await;
    world.until_idle().await;
    let said = world.said_in(&chat).await;
    assert!(shown(&said[1]).starts_with("[audio] "), "{said:?}");
    assert_eq!(said[1]["thread"], topic, "{said:?}");
}

#[tokio::test]
async fn links_are_found_wherever_they_stand() {
    let world = World::both().await;
    for message in [
        json!({"text": "olha", "link": {"text": "isto aqui", "url": REEL}}),
        json!({"forward_from_channel": {"code": "COceanTides", "title": "Canal"}}),
        json!({"photo": {"code": "FPhotoStill"}, "caption": REEL}),
    ] {
        world.tell(ANA, message).await;
        world.until_idle().await;
        let said = world.said_in(ANA).await;
        let last = said.last().map(shown).unwrap_or_default();
        assert!(
            last.starts_with("[video] ") && last.contains(HEARD),
            "{said:?}"
        );
    }
    assert_eq!(world.said_in(ANA).await.len(), 3);
    assert_eq!(world.times_heard(), 1);
}

#[tokio::test]
async fn what_is_sent_directly_is_answered_in_words() {
    let world = World::both().await;
    world
        .tell(ANA, json!({"voice": {"code": "COceanTides"}}))
        .await;
    world.until_idle().await;
    let answer = only(&world, ANA).await;
    assert!(shown(&answer).contains(HEARD), "{answer}");
    assert_eq!(history(&answer)[0], "Recebi! Estou ouvindo pra você.");
    assert_eq!(titles(&answer), ["Transcrição completa"]);

    world
        .tell(ANA, json!({"video": {"code": "CPaoCaseiro"}}))
        .await;
    world.until_idle().await;
    let said = world.said_in(ANA).await;
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        shown(&said[1]).contains(HEARD) && said[1]["media"].is_null(),
        "{said:?}"
    );
    assert_eq!(world.times_heard(), 2);
}

#[tokio::test]
async fn twenty_megabytes_are_said_honestly() {
    let world = World::both().await;
    let file = json!({"video": {"code": "COceanTides", "bytes": 25_000_000}});
    world.tell(ANA, file).await;
    world.until_idle().await;
    let answer = only(&world, ANA).await;
    assert!(
        shown(&answer).starts_with("O Telegram só me deixa baixar arquivos de até 20 MB"),
        "{answer}"
    );
    assert_eq!(world.calls("/getFile").await.len(), 0);
}
