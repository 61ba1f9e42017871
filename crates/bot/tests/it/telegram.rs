//! The Telegram channel against the simulator: what people see, and what each error means.

use std::time::Duration;

use bot::channel::telegram::{BuildError, Command, ReceiveError};
use bot::channel::{
    Channel as _, ChannelError, Choice, Content, FileKind, Frame, Handed, LocalFile, Located,
    Reaction, Sign,
};
use media::link::Hosts;
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use crate::conversation::{collect_lines, collected_lines};
use crate::telegram_support::{ANA, FORUM, GROUP, Peer, TOKEN, file, jpeg, mp4, over, with};

fn hosts() -> Hosts {
    Hosts::new(
        &Url::parse("https://www.instagram.com").expect("a URL"),
        &[],
    )
}

/// The error of a send that must not succeed.
async fn fails(peer: &Peer, chat: &str, content: &Content) -> ChannelError {
    peer.telegram
        .send(&with(chat), content)
        .await
        .expect_err("a refusal")
}

#[tokio::test]
async fn one_message_grows_from_words_to_the_video() {
    let peer = Peer::new().await;
    let choices = vec![Choice {
        title: "Transcrição".into(),
        data: "t:1".into(),
    }];
    let frame = Frame {
        choices: choices.clone(),
        ..Frame::default()
    };
    let sent = peer
        .telegram
        .send(&with(ANA), &Content::framed("Na fila <3>", frame))
        .await
        .expect("sent");
    assert_eq!(sent.mid, "2");
    let said = peer.said(ANA).await;
    assert_eq!(
        (&said[0]["text"], &said[0]["entities"]),
        (&json!("Na fila <3>"), &json!([]))
    );
    assert_eq!(said[0]["buttons"][0][0]["data"], "t:1");

    let edited = peer
        .telegram
        .send(&with(ANA), &Content::framed("Baixando", over("2")))
        .await
        .expect("edited");
    assert_eq!(edited.mid, "2");
    assert_eq!(
        peer.said(ANA).await[0]["buttons"],
        json!([]),
        "an edit without choices takes them away"
    );
    let again = peer
        .telegram
        .send(&with(ANA), &Content::framed("Baixando", over("2")))
        .await
        .expect("no change");
    assert_eq!((again.mid.as_str(), again.files.len()), ("2", 0));

    let video = LocalFile {
        thumbnail: Some(peer.local("t.jpg", &jpeg(180, 320), "image/jpeg").file),
        ..peer.local("v.mp4", &mp4(300_000), "video/mp4")
    };
    let frame = Frame {
        over: Some("2".into()),
        choices,
        ..Frame::default()
    };
    let content = file(FileKind::Video, Handed::Local(video), frame);
    let shown = peer
        .telegram
        .send(&with(ANA), &content)
        .await
        .expect("a video");
    assert_eq!((shown.mid.as_str(), shown.files.len()), ("2", 1));
    let said = peer.said(ANA).await;
    assert_eq!(said.len(), 1, "still one message");
    assert_eq!(
        (&said[0]["caption"], &said[0]["media"]["type"]),
        (&json!("Resumo <1>"), &json!("video"))
    );
    assert_eq!(said[0]["buttons"][0][0]["text"], "Transcrição");
    let media = &said[0]["media"];
    let given = json!({"width": 720, "height": 1280, "duration": 8, "supports_streaming": true,
        "thumbnail": {"width": 180, "height": 320, "bytes": 2_000}});
    assert_eq!(
        (&media["given"], &media["square"]),
        (&given, &json!(false)),
        "{media}"
    );

    // The next asker gets the same file by its name.
    let content = file(
        FileKind::Video,
        Handed::Known(shown.files[0].clone()),
        Frame::default(),
    );
    let next = peer
        .telegram
        .send(&with(ANA), &content)
        .await
        .expect("by name");
    assert_eq!((next.mid.as_str(), next.files), ("3", shown.files));
}

#[tokio::test]
async fn files_of_every_kind_go_out_by_their_bytes() {
    let peer = Peer::new().await;
    let document = LocalFile {
        shown_as: Some("transcrição.txt".into()),
        ..peer.local("t.txt", b"1\nola\n", "text/plain")
    };
    for (kind, handed, word) in [
        (
            FileKind::Video,
            peer.local("v.mp4", &mp4(9_000), "video/mp4"),
            "video",
        ),
        (
            FileKind::Animation,
            peer.local("a.mp4", &mp4(9_100), "video/mp4"),
            "animation",
        ),
        (
            FileKind::Image,
            peer.local("p.jpg", &jpeg(640, 480), "image/jpeg"),
            "photo",
        ),
        (FileKind::Document, document, "document"),
    ] {
        let content = file(kind, Handed::Local(handed), Frame::default());
        let sent = peer.telegram.send(&with(ANA), &content).await.expect(word);
        assert_eq!(sent.files.len(), 1, "{word}");
        let said = peer.said(ANA).await;
        assert_eq!(said.last().expect("one")["media"]["type"], word);
    }
    let said = peer.said(ANA).await;
    assert_eq!(
        said.last().expect("one")["media"]["file_name"],
        "transcrição.txt"
    );
}

#[tokio::test]
async fn several_pictures_are_one_album() {
    let peer = Peer::new().await;
    let picture = |name: &str| Handed::Local(peer.local(name, &jpeg(640, 480), "image/jpeg"));
    let content = Content::Pictures {
        attachments: vec![picture("1.jpg"), picture("2.jpg"), picture("3.jpg")],
        frame: Frame::default(),
    };
    let sent = peer
        .telegram
        .send(&with(ANA), &content)
        .await
        .expect("an album");
    assert_eq!((sent.mid.as_str(), sent.files.len()), ("2", 3));
    let said = peer.said(ANA).await;
    assert_eq!(said.len(), 3);
    assert!(
        said.iter()
            .all(|message| message["media_group_id"] == said[0]["media_group_id"])
    );
}

#[tokio::test]
async fn topics_and_groups_are_answered_where_they_asked() {
    let peer = Peer::new().await;
    peer.telegram.identify().await.expect("getMe");
    let forum = json!({"type": "forum", "title": "Receitas", "topics": ["Pães"]});
    let forum = peer
        .control(&format!("telegram/chats/{FORUM}"), forum)
        .await;
    let topic = forum["topics"][0]["id"].as_i64().expect("a topic");
    let reel = "https://www.instagram.com/reel/DAbCdEfGhIj/";
    peer.writes(
        FORUM,
        json!({"from": 5_550_000_001_i64, "thread": topic, "mention": true, "text": reel}),
    )
    .await;
    let event = peer.newest_event().await;
    let person = format!("{FORUM}#{topic}");
    assert_eq!(event.person.as_deref(), Some(person.as_str()));
    let inbound = peer.telegram.read(&event, &hosts()).expect("addressed");
    assert_eq!(
        (inbound.words.as_str(), inbound.asked.asks.len()),
        (reel, 1)
    );
    assert_eq!(inbound.under, event.mid);

    let frame = Frame {
        under: inbound.under,
        ..Frame::default()
    };
    peer.telegram
        .send(&with(&person), &Content::framed("Recebi.", frame))
        .await
        .expect("sent");
    let said = peer.said(FORUM).await;
    assert_eq!(said[0]["thread"], topic);
    assert_eq!(said[0]["reply_to"].to_string(), event.mid.expect("an id"));
    peer.telegram.sign(&with(&person), Sign::Typing).await;
    let chat = peer
        .look(&format!("telegram/chats/{FORUM}/messages?probe=0"))
        .await;
    assert_eq!(
        (&chat["typing"], &chat["action_thread"]),
        (&json!(true), &json!(topic))
    );

    // A message that is gone does not keep the answer back.
    let frame = Frame {
        under: Some("999".into()),
        ..Frame::default()
    };
    peer.telegram
        .send(&with(GROUP), &Content::framed("x", frame.clone()))
        .await
        .expect_err("no such group yet");
    peer.writes(GROUP, json!({"text": "/help"})).await;
    peer.telegram
        .send(&with(GROUP), &Content::framed("x", frame))
        .await
        .expect("sent");
}

#[tokio::test]
async fn chats_that_cannot_be_written_to_are_named_so() {
    let peer = Peer::new().await;
    let text = Content::text("oi");
    for (chat, state) in [
        ("71", json!({"blocked": true})),
        ("72", json!({"deactivated": true})),
        ("73", json!({"started": false})),
        (GROUP, json!({"kicked": true})),
    ] {
        peer.control(&format!("telegram/chats/{chat}"), state).await;
        let error = fails(&peer, chat, &text).await;
        assert_eq!(
            (error.reaction, error.may_be_done),
            (Reaction::PersonUnreachable, false),
            "{chat}"
        );
    }
    assert_eq!(fails(&peer, "99", &text).await.code, "400/chat_not_found");
    assert_eq!(fails(&peer, "Ana", &text).await.code, "no_chat");
    peer.control(&format!("telegram/chats/{FORUM}"), json!({"type": "forum"}))
        .await;
    assert_eq!(
        fails(&peer, &format!("{FORUM}#77"), &text).await.code,
        "400/topic_gone"
    );
}

#[tokio::test]
async fn a_group_that_moved_is_followed() {
    let peer = Peer::new().await;
    peer.writes(GROUP, json!({"text": "/help"})).await;
    peer.control(
        &format!("telegram/chats/{GROUP}"),
        json!({"migrated_to": -1_002_000_000_002_i64}),
    )
    .await;
    let error = fails(&peer, GROUP, &Content::text("oi")).await;
    assert_eq!(
        (error.code.as_str(), error.reaction),
        ("migrated", Reaction::Later(Some(Duration::ZERO)))
    );
    peer.telegram
        .send(&with(GROUP), &Content::text("oi"))
        .await
        .expect("sent to the new place");
    assert_eq!(peer.said("-1002000000002").await.len(), 1);
}

#[tokio::test]
async fn messages_that_are_gone_and_files_that_are_stale_say_so() {
    let peer = Peer::new().await;
    let error = fails(&peer, ANA, &Content::framed("x", over("77"))).await;
    assert_eq!(
        (error.reaction, error.code.as_str()),
        (Reaction::MessageGone, "400/message_not_found")
    );
    let foreign = fails(&peer, ANA, &Content::framed("x", over("1"))).await;
    assert_eq!(
        (foreign.reaction, foreign.code.as_str()),
        (Reaction::MessageGone, "400/message_not_ours")
    );
    for frame in [Frame::default(), over("2")] {
        peer.telegram
            .send(&with(ANA), &Content::text("Recebi."))
            .await
            .expect("sent");
        let error = fails(
            &peer,
            ANA,
            &file(FileKind::Video, Handed::Known("AgADx".into()), frame),
        )
        .await;
        assert_eq!(error.reaction, Reaction::StaleFile, "{}", error.code);
    }
    let local = LocalFile {
        file: "gone.mp4".into(),
        ..peer.local("v.mp4", &mp4(100), "video/mp4")
    };
    let error = fails(
        &peer,
        ANA,
        &file(FileKind::Video, Handed::Local(local), Frame::default()),
    )
    .await;
    assert_eq!(
        (error.reaction, error.code.as_str()),
        (Reaction::StaleFile, "no_file")
    );
    let long = "x".repeat(4_097);
    assert_eq!(
        fails(&peer, ANA, &Content::text(long.as_str())).await.code,
        "400/too_long"
    );
    let pieces = peer.telegram.split(&long);
    assert_eq!(
        pieces.iter().map(String::len).collect::<Vec<_>>(),
        [4_096, 1]
    );
    peer.telegram
        .send(&with(ANA), &Content::text(pieces[0].as_str()))
        .await
        .expect("as long as may be");
}

#[tokio::test]
async fn a_flood_closes_its_chat_alone_and_only_for_a_while() {
    let peer = Peer::new().await;
    peer.writes("8", json!({"text": "oi"})).await;
    peer.fault(
        "sendMessage",
        json!({"kind": "status", "status": 429, "retry_after": 7}),
    )
    .await;
    let text = Content::text("oi");
    let error = fails(&peer, ANA, &text).await;
    let wait = Duration::from_secs(7);
    assert_eq!(
        (error.reaction, error.may_be_done),
        (Reaction::Throttled(Some(wait)), false)
    );
    assert_eq!(peer.telegram.permit(&with(ANA), &text), Err(wait));
    assert_eq!(peer.telegram.permit(&with("8"), &text), Ok(()));
    peer.telegram.sign(&with(ANA), Sign::Typing).await;
    peer.telegram.progress(&with(ANA), "1", "…").await;
    assert_eq!(
        (
            peer.calls("sendChatAction").await,
            peer.calls("editMessageText").await
        ),
        (0, 0)
    );
    peer.clock.advance(wait);
    assert_eq!(peer.telegram.permit(&with(ANA), &text), Ok(()));
    peer.telegram
        .send(&with(ANA), &text)
        .await
        .expect("open again");
}

#[tokio::test]
async fn our_own_pace_keeps_within_theirs() {
    let peer = Peer::new().await;
    peer.telegram
        .send(&with(ANA), &Content::text("0"))
        .await
        .expect("sent");
    let mut waits = 0;
    for n in 0..25 {
        let text = Content::text(n.to_string());
        while let Err(wait) = peer.telegram.permit(&with(ANA), &text) {
            waits += 1;
            peer.clock.advance(wait);
            let ms = i64::try_from(wait.as_millis()).expect("a wait");
            peer.control("clock", json!({"advance_ms": ms})).await;
        }
        peer.telegram
            .send(&with(ANA), &text)
            .await
            .expect("no flood");
    }
    assert!(waits >= 20, "only {waits} waits");
}

#[tokio::test]
async fn progress_is_shown_at_most_every_three_seconds() {
    let peer = Peer::new().await;
    peer.telegram
        .send(&with(ANA), &Content::text("Na fila"))
        .await
        .expect("sent");
    for (step, words) in ["10 %", "20 %", "30 %", "40 %"].iter().enumerate() {
        peer.telegram.progress(&with(ANA), "2", words).await;
        if step % 2 == 1 {
            peer.clock.advance(Duration::from_secs(3));
        }
    }
    assert_eq!(peer.calls("editMessageText").await, 2);
    assert_eq!(peer.said(ANA).await[0]["text"], "30 %");
    peer.clock.advance(Duration::from_secs(3));
    peer.fault(
        "editMessageText",
        json!({"kind": "status", "status": 429, "retry_after": 60}),
    )
    .await;
    peer.telegram.progress(&with(ANA), "2", "50 %").await;
    assert!(
        peer.telegram
            .permit(&with(ANA), &Content::text("x"))
            .is_err()
    );
    peer.clock.advance(Duration::from_mins(1));
    peer.fault("editMessageText", json!({"kind": "drop_then_close"}))
        .await;
    peer.telegram.progress(&with(ANA), "2", "60 %").await;
    let rest = peer.telegram.permit(&with(ANA), &Content::text("x"));
    assert_eq!(rest, Err(Duration::from_secs(5)), "it may still arrive");
}

#[tokio::test]
async fn outcomes_that_nobody_heard_of_are_unknown_for_sends_and_harmless_for_edits() {
    let peer = Peer::new().await;
    let text = Content::text("Recebi.");
    peer.telegram.send(&with(ANA), &text).await.expect("sent");
    for fault in [
        json!({"kind": "apply_then_drop"}),
        json!({"kind": "drop_then_close"}),
        json!({"kind": "status", "status": 502}),
        json!({"kind": "status", "status": 502, "body": "<html>"}),
        json!({"kind": "cut"}),
        json!({"kind": "apply_then_error", "status": 500}),
    ] {
        peer.no_floods().await;
        peer.fault("sendMessage", fault.clone()).await;
        assert!(fails(&peer, ANA, &text).await.may_be_done, "{fault}");
        peer.fault("editMessageText", fault.clone()).await;
        let edit = Content::framed(format!("x {fault}"), over("2"));
        let error = fails(&peer, ANA, &edit).await;
        assert_eq!(
            (error.may_be_done, error.reaction),
            (false, Reaction::Later(None)),
            "{fault}"
        );
        peer.telegram
            .send(&with(ANA), &edit)
            .await
            .expect("the same again does no harm");
    }
    let Peer { sim, telegram, .. } = peer;
    sim.stop().await;
    let error = telegram
        .send(&with(ANA), &text)
        .await
        .expect_err("nobody listens");
    assert_eq!((error.may_be_done, error.code.as_str()), (false, "connect"));
}

#[tokio::test]
async fn a_file_above_the_limit_is_refused() {
    let peer = Peer::new().await;
    let big = peer.local("big.mp4", &mp4(50_000_001), "video/mp4");
    let error = fails(
        &peer,
        ANA,
        &file(FileKind::Video, Handed::Local(big), Frame::default()),
    )
    .await;
    assert_eq!(
        (error.reaction, error.code.as_str()),
        (Reaction::Refused, "too_large")
    );
}

#[tokio::test]
async fn files_people_send_are_located() {
    let peer = Peer::new().await;
    let code = peer
        .control("reels", json!({"text": "um teste curto"}))
        .await["code"]
        .clone();
    peer.writes(ANA, json!({"voice": {"code": code}})).await;
    let inbound = peer
        .telegram
        .read(&peer.newest_event().await, &hosts())
        .expect("a voice note");
    let ask = inbound.asked.asks.first().expect("something to hear");
    let bot::plan::AskSource::Held(id) = &ask.source else {
        panic!("{ask:?}");
    };
    let located = peer.telegram.locate(&with(ANA), id).await.expect("a place");
    assert!(!format!("{located:?}").contains("SIM-TELEGRAM"));
    let Located::At(url) = located else {
        panic!("{located:?}");
    };
    let bytes = reqwest::get(url)
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("bytes");
    assert!(bytes.len() > 1_000);
    assert_eq!(
        peer.telegram
            .locate(&with(ANA), "nonsense")
            .await
            .expect_err("none")
            .reaction,
        Reaction::StaleFile
    );

    let path = |path: &str| {
        json!({"kind": "status", "status": 200,
        "body": json!({"ok": true, "result": {"file_id": "x", "file_unique_id": "u", "file_path": path}}).to_string()})
    };
    let root = tempfile::tempdir().expect("a folder");
    let inside = root.path().join("v.mp4");
    std::fs::write(&inside, b"x").expect("a file");
    let outside = peer.folder.path().join("secret");
    std::fs::write(&outside, b"x").expect("a file");
    std::os::unix::fs::symlink(&outside, root.path().join("link")).expect("a link");
    let local = peer.with_local_files(root.path().to_path_buf());
    for (file, code) in [
        (inside.clone(), None),
        (outside, Some("local_file_outside")),
        (root.path().join("link"), Some("local_file_outside")),
        (root.path().join("none"), Some("local_file_missing")),
    ] {
        peer.fault("getFile", path(file.to_str().expect("a path")))
            .await;
        match (local.locate(&with(ANA), "x").await, code) {
            (Ok(Located::Here(at)), None) => assert_eq!(at, inside.canonicalize().expect("a path")),
            (Err(error), Some(code)) => assert_eq!(error.code, code),
            (other, code) => panic!("{other:?} {code:?}"),
        }
    }
    peer.fault("getFile", path("/etc/passwd")).await;
    assert_eq!(
        peer.telegram
            .locate(&with(ANA), "x")
            .await
            .expect_err("no root")
            .code,
        "local_files_unset"
    );
    peer.fault(
        "getFile",
        json!({"kind": "status", "status": 400, "message": "Bad Request: file is too big"}),
    )
    .await;
    let error = peer
        .telegram
        .locate(&with(ANA), "x")
        .await
        .expect_err("20 MB");
    assert_eq!(
        (error.reaction, error.code.as_str()),
        (Reaction::Refused, "400/too_big")
    );
}

#[tokio::test]
async fn taps_are_noticed_and_messages_taken_back() {
    let peer = Peer::new().await;
    let choices = vec![Choice {
        title: "Áudio".into(),
        data: "a:1".into(),
    }];
    let frame = Frame {
        choices,
        ..Frame::default()
    };
    let sent = peer
        .telegram
        .send(&with(ANA), &Content::framed("Pronto", frame))
        .await
        .expect("sent");
    let tap = json!({"message_id": sent.mid.parse::<i64>().expect("an id"), "data": "a:1"});
    peer.control(&format!("telegram/chats/{ANA}/taps"), tap)
        .await;
    let event = peer.newest_event().await;
    assert_eq!(
        (event.kind.as_str(), event.mid.as_deref()),
        ("callback", Some("2"))
    );
    assert_eq!(
        peer.telegram
            .read(&event, &hosts())
            .expect("a tap")
            .tapped
            .as_deref(),
        Some("a:1")
    );
    peer.telegram.notice_tap(&event).await;
    assert_eq!(peer.calls("answerCallbackQuery").await, 1);
    let taken = peer.telegram.take_back(&with(ANA), "2").await;
    taken.expect("taken back");
    assert!(peer.said(ANA).await.is_empty());
}

#[tokio::test]
async fn updates_come_by_asking_or_by_webhook() {
    let peer = Peer::new().await;
    let me = peer.telegram.identify().await.expect("getMe");
    assert_eq!(
        (me.id.as_str(), me.username.as_deref()),
        ("123456789", Some("gramophone_sim_bot"))
    );
    let first = peer
        .telegram
        .updates(None, Duration::ZERO)
        .await
        .expect("updates");
    assert_eq!(first.len(), 1);
    let again = peer
        .telegram
        .updates(None, Duration::ZERO)
        .await
        .expect("updates");
    assert_eq!(again, first, "kept until acknowledged");
    let next = peer
        .telegram
        .updates(Some(first[0].id + 1), Duration::ZERO)
        .await
        .expect("updates");
    assert!(next.is_empty());

    let url = Url::parse("https://bot.example/webhooks/telegram").expect("a URL");
    peer.writes(ANA, json!({"text": "espera"})).await;
    peer.telegram
        .set_webhook(&url, &SecretString::from("segredo_1"))
        .await
        .expect("set");
    let error = peer
        .telegram
        .updates(None, Duration::ZERO)
        .await
        .expect_err("a webhook");
    assert!(matches!(error, ReceiveError::Conflict));
    let info = peer.telegram.webhook_info().await.expect("info");
    assert_eq!(
        (info.url.as_str(), info.pending_update_count),
        (url.as_str(), 1)
    );
    peer.telegram.delete_webhook().await.expect("deleted");
    assert_eq!(peer.telegram.webhook_info().await.expect("info").url, "");
    let kept = peer
        .telegram
        .updates(None, Duration::ZERO)
        .await
        .expect("updates");
    assert_eq!(kept.len(), 1, "nothing is lost by changing the way");

    let commands = [Command {
        word: "ajuda",
        sentence: "Como funciona",
    }];
    peer.telegram
        .set_commands(Some("pt"), &commands)
        .await
        .expect("set");
    let shown = peer.look("telegram").await["commands"].to_string();
    assert!(
        shown.contains("ajuda") && shown.contains("\"pt\""),
        "{shown}"
    );
}

#[tokio::test]
async fn a_dead_token_asks_for_its_owner() {
    let peer = Peer::new().await;
    let dead = peer
        .with_token("123456789:OTHER")
        .expect("looks like a token");
    assert_eq!(
        dead.identify().await.expect_err("dead").reaction,
        Reaction::NeedsLogin
    );
    let error = dead
        .send(&with(ANA), &Content::text("x"))
        .await
        .expect_err("dead");
    assert_eq!(
        (error.reaction, error.may_be_done),
        (Reaction::NeedsLogin, false)
    );
    assert_ne!(
        dead.key_print("123456789"),
        peer.telegram.key_print("123456789")
    );
    assert!(matches!(
        peer.with_token("no token"),
        Err(BuildError::Token)
    ));
}

#[tokio::test]
async fn the_token_is_in_no_error_and_in_no_log() {
    // The whole test runs on this thread.
    collect_lines();
    let peer = Peer::new().await;
    let secret = "palavras-da-ana";
    let mut shown = Vec::new();
    for fault in [
        json!({"kind": "drop_then_close"}),
        json!({"kind": "cut"}),
        json!({"kind": "status", "status": 400, "message": format!("Bad Request: {secret}")}),
        json!({"kind": "status", "status": 500}),
    ] {
        peer.fault("sendMessage", fault).await;
        let error = fails(&peer, ANA, &Content::text(secret)).await;
        shown.push(format!("{error} {error:?}"));
    }
    let video = peer.local("v.mp4", &mp4(1_000), "video/mp4");
    peer.telegram
        .send(
            &with(ANA),
            &file(FileKind::Video, Handed::Local(video), Frame::default()),
        )
        .await
        .expect("sent");
    peer.telegram.progress(&with(ANA), "2", secret).await;
    shown.push(format!("{:?}", peer.telegram));
    let Peer { sim, telegram, .. } = peer;
    sim.stop().await;
    let error = telegram
        .send(&with(ANA), &Content::text(secret))
        .await
        .expect_err("nobody listens");
    shown.push(format!("{error} {error:?}"));
    shown.push(collected_lines());
    let shown = shown.join("\n");
    assert!(shown.contains("telegram call"), "something was logged");
    let key = TOKEN.split_once(':').expect("a token").1;
    for canary in [key, secret] {
        assert!(!shown.contains(canary), "{canary} in {shown}");
    }
}
