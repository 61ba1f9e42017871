//! What became of a send whose answer was lost: found where it is, proven absent where it is not, left open otherwise.

use bot::channel::telegram::Telegram;
use bot::channel::{Channel as _, Choice, Content, FileKind, Frame, Handed, Probe, Reaction};
use serde_json::{Value, json};

use crate::telegram_support::{ANA, FORUM, Peer, file, jpeg, mp4, with};

fn framed() -> Content {
    let choices = vec![Choice {
        title: "Áudio".into(),
        data: "a:1".into(),
    }];
    Content::framed(
        "Recebi. Já volto.",
        Frame {
            choices,
            ..Frame::default()
        },
    )
}

/// Sends with a fault; its outcome is unknown then.
async fn lose(peer: &Peer, chat: &str, content: &Content, method: &str, fault: &str) {
    peer.fault(method, json!({"kind": fault})).await;
    let error = peer
        .telegram
        .send(&with(chat), content)
        .await
        .expect_err("lost");
    assert!(error.may_be_done, "{}", error.code);
}

async fn probe(
    telegram: &Telegram,
    chat: &str,
    content: &Content,
    after: &str,
    known: &[String],
) -> Option<String> {
    let probe = Probe {
        content,
        after: Some(after),
        known,
    };
    telegram.probe(&with(chat), probe).await.expect("an answer")
}

/// The bot's messages, without what only edits would change.
async fn said(peer: &Peer, chat: &str) -> Vec<(Value, Value)> {
    let said = peer.said(chat).await;
    said.into_iter()
        .map(|message| (message["id"].clone(), message["edits"].clone()))
        .collect()
}

#[tokio::test]
async fn a_send_that_was_done_is_found_by_the_process_that_made_it_and_by_the_next() {
    let peer = Peer::new().await;
    peer.no_floods().await;
    lose(&peer, ANA, &framed(), "sendMessage", "apply_then_drop").await;
    let before = said(&peer, ANA).await;
    assert_eq!(
        probe(&peer.telegram, ANA, &framed(), "1", &[])
            .await
            .as_deref(),
        Some("2")
    );
    assert_eq!(
        probe(&peer.another(), ANA, &framed(), "1", &[])
            .await
            .as_deref(),
        Some("2")
    );
    assert_eq!(said(&peer, ANA).await, before, "asking changes nothing");
}

#[tokio::test]
async fn a_send_that_was_not_done_is_proven_absent() {
    let peer = Peer::new().await;
    lose(&peer, ANA, &framed(), "sendMessage", "drop_then_close").await;
    for telegram in [&peer.telegram, &peer.another()] {
        assert_eq!(probe(telegram, ANA, &framed(), "1", &[]).await, None);
    }
    assert!(peer.said(ANA).await.is_empty());
}

#[tokio::test]
async fn other_messages_in_between_are_passed_over_and_left_alone() {
    let peer = Peer::new().await;
    peer.no_floods().await;
    let known = peer
        .telegram
        .send(&with(ANA), &Content::text("Outra coisa"))
        .await
        .expect("sent");
    let video = file(
        FileKind::Video,
        Handed::Local(peer.local("v.mp4", &mp4(900), "video/mp4")),
        Frame::default(),
    );
    let other_kind = peer.telegram.send(&with(ANA), &video).await.expect("sent");
    peer.writes(ANA, json!({"text": "e aí?"})).await;
    for _ in 0..7 {
        peer.writes("8", json!({"text": "de outra pessoa"})).await;
    }
    lose(&peer, ANA, &framed(), "sendMessage", "apply_then_drop").await;
    peer.writes(ANA, json!({"text": "oi?"})).await;
    let before = said(&peer, ANA).await;
    let found = probe(
        &peer.another(),
        ANA,
        &framed(),
        "1",
        std::slice::from_ref(&known.mid),
    )
    .await;
    assert_eq!(found.as_deref(), Some("12"));
    assert_eq!(said(&peer, ANA).await, before);
    assert_eq!(other_kind.mid, "3");
}

#[tokio::test]
async fn a_supergroup_counts_by_itself() {
    let peer = Peer::new().await;
    peer.no_floods().await;
    let asked = peer
        .writes(FORUM, json!({"text": "/help"}))
        .await
        .to_string();
    for _ in 0..30 {
        peer.writes(ANA, json!({"text": "em particular"})).await;
        peer.writes(FORUM, json!({"text": "conversa", "silent": true}))
            .await;
    }
    lose(&peer, FORUM, &framed(), "sendMessage", "apply_then_drop").await;
    let lost = peer.said(FORUM).await[0]["id"].to_string();
    assert_eq!(
        probe(&peer.another(), FORUM, &framed(), &asked, &[]).await,
        Some(lost)
    );
    let other = Content::text("Nunca dito");
    lose(&peer, FORUM, &other, "sendMessage", "drop_then_close").await;
    let newest = peer.messages(FORUM).await.last().expect("one")["id"].to_string();
    assert_eq!(
        probe(&peer.another(), FORUM, &other, &newest, &[]).await,
        None
    );
}

#[tokio::test]
async fn files_and_albums_are_found_by_their_captions() {
    let peer = Peer::new().await;
    peer.no_floods().await;
    let video = file(
        FileKind::Video,
        Handed::Local(peer.local("v.mp4", &mp4(900), "video/mp4")),
        Frame::default(),
    );
    lose(&peer, ANA, &video, "sendVideo", "apply_then_drop").await;
    assert_eq!(
        probe(&peer.telegram, ANA, &video, "1", &[])
            .await
            .as_deref(),
        Some("2")
    );
    let picture = |name: &str| Handed::Local(peer.local(name, &jpeg(640, 480), "image/jpeg"));
    let album = Content::Pictures {
        attachments: vec![picture("1.jpg"), picture("2.jpg")],
        frame: Frame::default(),
    };
    lose(&peer, ANA, &album, "sendMediaGroup", "apply_then_drop").await;
    assert_eq!(
        probe(&peer.telegram, ANA, &album, "2", &["2".into()])
            .await
            .as_deref(),
        Some("3")
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_not_proven() {
    let peer = Peer::new().await;
    let text = framed();
    let ask = |after| Probe {
        content: &text,
        after,
        known: &[],
    };
    let blind = peer
        .telegram
        .probe(&with(ANA), ask(None))
        .await
        .expect_err("no place to begin");
    assert_eq!(
        (blind.reaction, blind.code.as_str()),
        (Reaction::Later(None), "probe_blind")
    );
    peer.fault("editMessageText", json!({"kind": "status", "status": 502}))
        .await;
    let stumbled = peer
        .telegram
        .probe(&with(ANA), ask(Some("1")))
        .await
        .expect_err("an outage");
    assert_eq!(stumbled.reaction, Reaction::Later(None));
    peer.fault(
        "editMessageText",
        json!({"kind": "status", "status": 429, "retry_after": 5}),
    )
    .await;
    let flood = peer
        .telegram
        .probe(&with(ANA), ask(Some("1")))
        .await
        .expect_err("a flood");
    assert!(
        matches!(flood.reaction, Reaction::Throttled(Some(_))),
        "{}",
        flood.code
    );
    assert!(
        peer.telegram.permit(&with(ANA), &text).is_err(),
        "the chat is closed meanwhile"
    );
}

#[tokio::test]
async fn a_send_that_is_done_late_is_found_once_it_is_there() {
    let peer = Peer::new().await;
    peer.fault("sendMessage", json!({"kind": "late_apply", "ms": 4_000}))
        .await;
    let text = framed();
    let error = peer
        .telegram
        .send(&with(ANA), &text)
        .await
        .expect_err("lost");
    assert!(error.may_be_done);
    assert_eq!(probe(&peer.telegram, ANA, &text, "1", &[]).await, None);
    peer.writes("8", json!({"text": "de outra pessoa"})).await;
    peer.control("clock", json!({"advance_ms": 5_000})).await;
    while peer.said(ANA).await.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        probe(&peer.telegram, ANA, &text, "1", &[]).await.as_deref(),
        Some("3")
    );
}

#[tokio::test]
async fn a_try_is_written_down_with_the_newest_message_of_all_chats() {
    let peer = Peer::new().await;
    peer.no_floods().await;
    let cursor = |telegram: &Telegram, chat, newest| telegram.cursor(&with(chat), newest);
    assert_eq!(cursor(&peer.telegram, ANA, Some("1")).as_deref(), Some("1"));
    for _ in 0..120 {
        peer.writes("8", json!({"text": "de outra pessoa"})).await;
    }
    let sent = peer
        .telegram
        .send(&with("8"), &Content::text("Recebi."))
        .await
        .expect("sent");
    let before = cursor(&peer.telegram, ANA, Some("1")).expect("a message");
    assert_eq!(before, sent.mid);
    assert_eq!(cursor(&peer.telegram, FORUM, None), None, "counted apart");
    lose(&peer, ANA, &framed(), "sendMessage", "apply_then_drop").await;
    let found = probe(&peer.another(), ANA, &framed(), &before, &[]).await;
    assert_eq!(found.as_deref(), Some("123"));

    // Without it the way is too long for one question, and nothing is proven before its end.
    let text = framed();
    let ask = || Probe {
        content: &text,
        after: Some("1"),
        known: &[],
    };
    let far = peer
        .telegram
        .probe(&with(ANA), ask())
        .await
        .expect_err("far");
    assert_eq!(
        (far.reaction, far.code.as_str()),
        (Reaction::Later(None), "probe_far")
    );
    let found = peer
        .telegram
        .probe(&with(ANA), ask())
        .await
        .expect("through");
    assert_eq!(found.as_deref(), Some("123"));
}
