//! Every file of `fixtures/telegram` is read as the bot reads it; a file that is not expected here fails.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bot::channel::telegram::{BotIdentity, new_event};
use bot::channel::{Channel as _, Content, Reaction};
use media::link::Hosts;
use serde_json::{Value, json};
use url::Url;

use crate::telegram_support::{ANA, Peer, row, with};

fn fixtures() -> BTreeMap<String, Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/telegram");
    let files = std::fs::read_dir(folder).expect("the folder");
    let files = files.map(|file| file.expect("a file").path());
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read_to_string(&path).expect("text");
            (name, serde_json::from_str(&text).expect("JSON"))
        })
        .collect()
}

fn of_kind(kind: &str) -> BTreeMap<String, Value> {
    let fixtures = fixtures();
    assert!(fixtures.len() > 50);
    assert!(fixtures.values().all(|one| ["update", "answer", "error"].contains(&one["kind"].as_str().unwrap_or("?"))));
    fixtures
        .into_iter()
        .filter(|(_, one)| one["kind"] == kind)
        .collect()
}

fn same_names<'a>(kind: &str, expected: impl Iterator<Item = &'a str>) {
    let expected: BTreeSet<String> = expected.map(str::to_owned).collect();
    let there: BTreeSet<String> = of_kind(kind).into_keys().collect();
    assert_eq!(there, expected, "give each {kind} its expectation");
}

/// Name, kind of the event, whether it causes a job, how many things are asked for.
const UPDATES: &[(&str, &str, bool, usize)] = &[
    ("update-callback-query", "callback", true, 0),
    ("update-callback-query-inaccessible", "callback", true, 0),
    ("update-edited-message", "edited_message", false, 0),
    ("update-message-command", "message", true, 0),
    ("update-message-forwarded-channel", "message", true, 1),
    ("update-message-group-mention", "message", true, 1),
    ("update-message-photo", "message", true, 0),
    ("update-message-reply", "message", true, 0),
    ("update-message-text", "message", true, 0),
    ("update-message-text-link", "message", true, 1),
    ("update-message-topic", "message", true, 1),
    ("update-message-url", "message", true, 1),
    ("update-message-video", "message", true, 2),
    ("update-message-voice", "message", true, 1),
    ("update-migrate-from", "message", false, 0),
    ("update-migrate-to", "message", false, 0),
    ("update-my-chat-member-blocked", "my_chat_member", false, 0),
    (
        "update-my-chat-member-unblocked",
        "my_chat_member",
        false,
        0,
    ),
    ("update-unknown-kind", "unknown", false, 0),
];

#[tokio::test]
async fn every_update_becomes_its_event() {
    same_names("update", UPDATES.iter().map(|(name, ..)| *name));
    let peer = Peer::new().await;
    let bot: BotIdentity = peer.telegram.identify().await.expect("getMe");
    let hosts = Hosts::new(
        &Url::parse("https://www.instagram.com").expect("a URL"),
        &[],
    );
    let mut keys = BTreeSet::new();
    let updates = of_kind("update");
    for (name, kind, answered, asks) in UPDATES {
        let body = &updates[*name]["body"];
        let date = [
            "/message/date",
            "/edited_message/date",
            "/my_chat_member/date",
        ]
        .iter()
        .find_map(|place| body.pointer(place)?.as_i64());
        let received_ms = date.unwrap_or(1_767_225_600) * 1_000 + 500;
        let event = new_event(&bot, &body.to_string(), received_ms);
        assert_eq!(
            (event.kind, event.job.is_some()),
            (*kind, *answered),
            "{name}"
        );
        assert_eq!(event.person.is_some(), *kind != "unknown", "{name}");
        assert!(
            keys.insert(event.dedupe) || name.contains("callback"),
            "{name} looks like another"
        );
        let inbound = peer.telegram.read(&row(event), &hosts);
        assert_eq!(inbound.is_some(), *answered, "{name}");
        assert_eq!(
            inbound.map_or(0, |inbound| inbound.asked.asks.len()),
            *asks,
            "{name}"
        );
    }
}

/// What a send meets with each error.
fn reactions() -> Vec<(&'static str, Reaction)> {
    use Reaction::{
        Later, MessageGone, NeedsLogin, PersonUnreachable, Refused, StaleFile, Throttled,
    };
    let second = Some(std::time::Duration::from_secs(1));
    let refused = [
        "action",
        "button-data",
        "button-without-action",
        "callback-too-old",
        "caption-too-long",
        "chat-id-empty",
        "delete-not-found",
        "delete-too-late",
        "edit-caption-too-long",
        "edit-no-caption",
        "edit-too-long",
        "entities",
        "file-too-big",
        "not-modified",
        "photo-too-big",
        "reply-not-found",
        "secret-token",
        "text-empty",
        "text-too-long",
        "too-large",
    ];
    let mut reactions: Vec<_> = refused.map(|name| (name, Refused)).into();
    reactions.extend([
        ("bad-gateway", Later(None)),
        ("blocked", PersonUnreachable),
        ("chat-not-found", PersonUnreachable),
        ("conflict-poll", Later(None)),
        ("conflict-webhook", Later(None)),
        ("deactivated", PersonUnreachable),
        ("edit-foreign", MessageGone),
        ("edit-no-text", MessageGone),
        ("edit-not-found", MessageGone),
        ("file-id", StaleFile),
        ("file-unknown", StaleFile),
        ("flood", Throttled(second)),
        ("kicked-group", PersonUnreachable),
        ("kicked-supergroup", PersonUnreachable),
        ("migrated", Later(Some(std::time::Duration::ZERO))),
        ("never-started", PersonUnreachable),
        ("thread-not-found", PersonUnreachable),
        ("unauthorized", NeedsLogin),
        ("unknown-method", NeedsLogin),
    ]);
    reactions
}

#[tokio::test]
async fn every_error_means_what_it_says() {
    let reactions = reactions();
    let names: Vec<String> = reactions
        .iter()
        .map(|(name, _)| format!("error-{name}"))
        .collect();
    same_names("error", names.iter().map(String::as_str));
    let errors = of_kind("error");
    for ((_, reaction), name) in reactions.iter().zip(&names) {
        let peer = Peer::new().await;
        let fixture = &errors[name];
        let answer = json!({"kind": "status", "status": fixture["status"], "body": fixture["body"].to_string()});
        peer.fault("sendMessage", answer).await;
        let error = peer
            .telegram
            .send(&with(ANA), &Content::text("oi"))
            .await
            .expect_err(name);
        assert_eq!(
            (error.reaction, error.may_be_done),
            (*reaction, name == "error-bad-gateway"),
            "{name}"
        );
        assert!(error.code.len() < 30, "{}", error.code);
    }
}

#[tokio::test]
async fn every_answer_to_a_send_names_its_message() {
    // Files in the answer.
    let sends = BTreeMap::from([
        ("answer-edit-message-media", 1),
        ("answer-edit-message-text", 0),
        ("answer-send-audio", 1),
        ("answer-send-document", 1),
        ("answer-send-message", 0),
        ("answer-send-message-topic", 0),
        ("answer-send-photo", 1),
        ("answer-send-video", 1),
        ("answer-send-video-as-document", 1),
    ]);
    // Read by other calls, which have their tests against the simulator, whose shapes these files pin.
    let others = [
        "answer-delete-message",
        "answer-delete-webhook",
        "answer-get-chat",
        "answer-get-file",
        "answer-get-me",
        "answer-get-my-commands",
        "answer-get-updates",
        "answer-get-updates-none",
        "answer-get-webhook-info",
        "answer-get-webhook-info-none",
        "answer-send-chat-action",
        "answer-set-webhook",
    ];
    same_names("answer", sends.keys().copied().chain(others));
    let peer = Peer::new().await;
    let answers = of_kind("answer");
    for (name, files) in sends {
        let body = &answers[name]["body"];
        peer.fault(
            "sendMessage",
            json!({"kind": "status", "status": 200, "body": body.to_string()}),
        )
        .await;
        let sent = peer
            .telegram
            .send(&with(ANA), &Content::text("oi"))
            .await
            .expect(name);
        assert_eq!(sent.mid, body["result"]["message_id"].to_string(), "{name}");
        assert_eq!(sent.files.len(), files, "{name}");
    }
}
