//! The shapes that `fixtures/telegram` pins: the simulator must emit the same keys with the same
//! types, and errors to the letter. The files are read here as files.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Answer, World};
use crate::telegram_support::{BOT, CHAT, FORUM, GROUP, Hook, jpeg, mp4, part};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/telegram")
}

fn fixture(name: &str) -> Value {
    let path = folder().join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// Same keys, same types, lists compared item by item.
fn same_shape(place: &str, ours: &Value, theirs: &Value) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let names = |object: &serde_json::Map<String, Value>| {
                object.keys().cloned().collect::<BTreeSet<_>>()
            };
            assert_eq!(names(ours), names(theirs), "keys at {place}");
            for (name, value) in ours {
                same_shape(&format!("{place}.{name}"), value, &theirs[name]);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "items at {place}");
            for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                same_shape(&format!("{place}[{at}]"), ours, theirs);
            }
        }
        (ours, theirs) => assert_eq!(
            std::mem::discriminant(ours),
            std::mem::discriminant(theirs),
            "type at {place}: {ours} against {theirs}"
        ),
    }
}

/// A sentence without its numbers, which are examples in a fixture.
fn sentence(body: &Value) -> String {
    let text = body["description"].as_str().unwrap();
    text.split(|letter: char| letter.is_ascii_digit())
        .filter(|piece| !piece.is_empty())
        .collect::<Vec<_>>()
        .join("#")
}

/// Compares answers with fixtures and remembers which were seen.
#[derive(Default)]
struct Seen(BTreeSet<String>);

impl Seen {
    fn update(&mut self, name: &str, ours: &Value) {
        same_shape(name, ours, &fixture(name)["body"]);
        self.0.insert(name.to_owned());
    }

    fn answer(&mut self, name: &str, ours: &Answer) {
        let theirs = fixture(name);
        assert_eq!(ours.status, theirs["status"], "{name}: {}", ours.body);
        same_shape(name, &ours.body, &theirs["body"]);
        self.0.insert(name.to_owned());
    }

    fn error(&mut self, name: &str, ours: &Answer) {
        self.answer(name, ours);
        let theirs = fixture(name);
        assert_eq!(sentence(&ours.body), sentence(&theirs["body"]), "{name}");
        for (header, value) in theirs["headers"].as_object().into_iter().flatten() {
            assert_eq!(ours.headers[header], value.as_str().unwrap(), "{name}");
        }
    }
}

fn chats(chat: i64, what: &str) -> String {
    format!("telegram/chats/{chat}/{what}")
}

async fn setting() -> World {
    let world = World::without_webhook().await;
    world
        .sim(
            &format!("telegram/chats/{CHAT}"),
            json!({"title": "Ana", "username": "ana_lima"}),
        )
        .await;
    world
        .sim(
            &format!("telegram/chats/{GROUP}"),
            json!({"title": "Receitas"}),
        )
        .await;
    world
        .sim("limits", json!({"telegram_enforce": false}))
        .await;
    world
}

/// A forum with one topic; the topic's id.
async fn forum(world: &World) -> Value {
    let forum = json!({"type": "forum", "title": "Receitas", "topics": ["Pães"]});
    let forum = world.sim(&format!("telegram/chats/{FORUM}"), forum).await;
    forum["topics"][0]["id"].clone()
}

async fn updates(world: &World, seen: &mut Seen) {
    let topic = forum(world).await;
    let say = chats(CHAT, "messages");
    let reel = "https://www.instagram.com/reel/DAbCdEfGhIj/";
    let words = "O que ela diz? https://www.instagram.com/reel/DAbCdEfGhIj/";
    let voice = world.sim("reels", json!({"text": "um teste curto"})).await["code"].clone();
    let sent = world
        .bot_ok("sendMessage", json!({"chat_id": CHAT, "text": "Recebi."}))
        .await["message_id"]
        .clone();
    for (name, path, body) in [
        (
            "update-message-text",
            say.clone(),
            json!({"text": "Bom dia"}),
        ),
        ("update-message-url", say.clone(), json!({"text": words})),
        (
            "update-message-text-link",
            say.clone(),
            json!({"text": "olha", "link": {"text": "isto", "url": reel}}),
        ),
        (
            "update-message-command",
            say.clone(),
            json!({"text": "/start"}),
        ),
        (
            "update-message-forwarded-channel",
            say.clone(),
            json!({"forward_from_channel": {"url": reel}}),
        ),
        (
            "update-message-video",
            say.clone(),
            json!({"video": {"code": voice}, "caption": words}),
        ),
        (
            "update-message-voice",
            say.clone(),
            json!({"voice": {"code": voice}}),
        ),
        (
            "update-message-photo",
            say.clone(),
            json!({"photo": {"code": voice}}),
        ),
        (
            "update-message-reply",
            say.clone(),
            json!({"text": "e em inglês?", "reply_to": sent}),
        ),
        (
            "update-message-topic",
            chats(FORUM, "messages"),
            json!({"from": CHAT, "thread": topic, "mention": true, "text": reel}),
        ),
        (
            "update-message-group-mention",
            chats(GROUP, "messages"),
            json!({"from": CHAT, "mention": true, "text": reel}),
        ),
    ] {
        world.sim(&path, body).await;
        seen.update(name, &world.last_update().await);
    }
    let written = world.chat_writes(CHAT, json!({"text": "Bom dia"})).await["message_id"].clone();
    let edit = json!({"message_id": written, "text": "Boa tarde"});
    world.sim(&chats(CHAT, "edits"), edit).await;
    seen.update("update-edited-message", &world.last_update().await);
    let keyboard = json!({"inline_keyboard": [[
        {"text": "Transcrição", "callback_data": "t:1"}, {"text": "Ver no Instagram", "url": reel},
    ]]});
    let sent = world
        .bot_ok(
            "sendMessage",
            json!({"chat_id": CHAT, "text": "Pronto", "reply_markup": keyboard}),
        )
        .await;
    let tap = json!({"message_id": sent["message_id"], "data": "t:1"});
    world.sim(&chats(CHAT, "taps"), tap).await;
    seen.update("update-callback-query", &world.last_update().await);
    for (state, name) in [(true, "blocked"), (false, "unblocked")] {
        world
            .sim(&format!("telegram/chats/{CHAT}"), json!({"blocked": state}))
            .await;
        seen.update(
            &format!("update-my-chat-member-{name}"),
            &world.last_update().await,
        );
    }
    let to: i64 = -1_002_000_000_002;
    let migrated = json!({"migrated_to": to});
    world
        .sim(&format!("telegram/chats/{GROUP}"), migrated)
        .await;
    let last = world.updates(-2).await;
    seen.update("update-migrate-to", &last[0]);
    seen.update("update-migrate-from", &last[1]);
    for name in ["update-callback-query-inaccessible", "update-unknown-kind"] {
        world
            .sim("telegram/updates", json!({"update": fixture(name)["body"]}))
            .await;
        seen.update(name, &world.last_update().await);
    }
}

async fn answers(world: &World, seen: &mut Seen) {
    let topic = forum(world).await;
    seen.answer("answer-get-me", &world.bot("getMe", json!({})).await);
    let keyboard = fixture("answer-send-message")["body"]["result"]["reply_markup"].clone();
    let text = json!({"chat_id": CHAT, "text": "<b>Recebi</b>! Estou assistindo pra você.",
        "parse_mode": "HTML", "reply_markup": keyboard});
    let sent = world.bot("sendMessage", text).await;
    seen.answer("answer-send-message", &sent);
    let id = sent.body["result"]["message_id"].clone();
    let in_topic = json!({"chat_id": FORUM, "message_thread_id": topic, "text": "Recebi!"});
    seen.answer(
        "answer-send-message-topic",
        &world.bot("sendMessage", in_topic).await,
    );
    let form = || reqwest::multipart::Form::new().text("chat_id", CHAT.to_string());
    let video = || {
        form()
            .part("video", part(mp4(900), "reel.mp4"))
            .part("thumbnail", part(jpeg(180, 320, 400), "thumb.jpg"))
            .text("width", "720")
            .text("height", "1280")
            .text("duration", "14")
    };
    let captioned = video()
        .text("caption", "<i>Receita</i> de pão")
        .text("parse_mode", "HTML");
    let sent_video = world.bot_form("sendVideo", captioned).await;
    seen.answer("answer-send-video", &sent_video);
    let webm = part(b"\x1a\x45\xdf\xa3webm".to_vec(), "reel.webm");
    seen.answer(
        "answer-send-video-as-document",
        &world
            .bot_form("sendVideo", form().part("video", webm))
            .await,
    );
    let text = part(b"00:00 oi".to_vec(), "transcricao.txt");
    seen.answer(
        "answer-send-document",
        &world
            .bot_form("sendDocument", form().part("document", text))
            .await,
    );
    let photo = part(jpeg(640, 480, 900), "foto.jpg");
    seen.answer(
        "answer-send-photo",
        &world
            .bot_form("sendPhoto", form().part("photo", photo))
            .await,
    );
    let audio = form()
        .part("audio", part(b"ID3\x03rest".to_vec(), "audio.mp3"))
        .text("duration", "14")
        .text("performer", "ana")
        .text("title", "Receita");
    seen.answer(
        "answer-send-audio",
        &world.bot_form("sendAudio", audio).await,
    );
    let edit = json!({"chat_id": CHAT, "message_id": id, "text": "Transcrevendo: 42 %"});
    seen.answer(
        "answer-edit-message-text",
        &world.bot("editMessageText", edit).await,
    );
    let file_id = sent_video.body["result"]["video"]["file_id"].clone();
    let media = json!({"chat_id": CHAT, "message_id": id,
        "media": {"type": "video", "media": file_id, "caption": "Pronto"}});
    seen.answer(
        "answer-edit-message-media",
        &world.bot("editMessageMedia", media).await,
    );
    seen.answer(
        "answer-get-file",
        &world.bot("getFile", json!({"file_id": file_id})).await,
    );
    let action = json!({"chat_id": CHAT, "action": "typing"});
    seen.answer(
        "answer-send-chat-action",
        &world.bot("sendChatAction", action).await,
    );
    seen.answer(
        "answer-get-chat",
        &world.bot("getChat", json!({"chat_id": CHAT})).await,
    );
    let delete = json!({"chat_id": CHAT, "message_id": id});
    seen.answer(
        "answer-delete-message",
        &world.bot("deleteMessage", delete).await,
    );
    let commands = fixture("answer-get-my-commands")["body"]["result"].clone();
    let scoped = json!({"commands": commands, "language_code": "pt"});
    world.bot_ok("setMyCommands", scoped).await;
    seen.answer(
        "answer-get-my-commands",
        &world
            .bot("getMyCommands", json!({"language_code": "pt"}))
            .await,
    );
}

async fn delivery(world: &World, seen: &mut Seen) {
    seen.answer(
        "answer-get-updates-none",
        &world.bot("getUpdates", json!({"offset": -1})).await,
    );
    for text in [
        "Bom dia",
        "O que ela diz? https://www.instagram.com/reel/DAbCdEfGhIj/",
    ] {
        world.chat_writes(CHAT, json!({"text": text})).await;
    }
    seen.answer(
        "answer-get-updates",
        &world.bot("getUpdates", json!({})).await,
    );
    world.updates(999_999_999).await;
    seen.answer(
        "answer-get-webhook-info-none",
        &world.bot("getWebhookInfo", json!({})).await,
    );
    let hook = Hook::start().await;
    hook.answer(&[500]).await;
    let set = json!({"url": hook.url, "secret_token": "s-1", "allowed_updates": ["message", "callback_query"]});
    seen.answer("answer-set-webhook", &world.bot("setWebhook", set).await);
    world.chat_writes(CHAT, json!({"text": "oi"})).await;
    hook.wait(2).await;
    seen.answer(
        "answer-get-webhook-info",
        &world.bot("getWebhookInfo", json!({})).await,
    );
    seen.error(
        "error-conflict-webhook",
        &world.bot("getUpdates", json!({})).await,
    );
    let wrong = json!({"url": hook.url, "secret_token": "no spaces"});
    seen.error("error-secret-token", &world.bot("setWebhook", wrong).await);
    let drop = json!({"drop_pending_updates": true});
    seen.answer(
        "answer-delete-webhook",
        &world.bot("deleteWebhook", drop).await,
    );
    let first = world.bot("getUpdates", json!({"timeout": 20}));
    let second = async {
        world.until_polling().await;
        let poll = world.bot("getUpdates", json!({"timeout": 20}));
        let write = async {
            world.until_polls(2).await;
            world.chat_writes(CHAT, json!({"text": "oi"})).await
        };
        tokio::join!(poll, write).0
    };
    let (first, second) = tokio::join!(first, second);
    seen.error("error-conflict-poll", &first);
    assert_eq!(second.body["result"].as_array().unwrap().len(), 1);
}

async fn text_errors(world: &World, seen: &mut Seen) {
    let send = |more: Value| {
        let mut body = json!({"chat_id": CHAT, "text": "oi"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let button = |button: Value| json!({"reply_markup": {"inline_keyboard": [[button]]}});
    let long = "x".repeat(4_097);
    for (name, more) in [
        ("error-chat-not-found", json!({"chat_id": 42})),
        ("error-chat-id-empty", json!({"chat_id": null})),
        ("error-text-empty", json!({"text": ""})),
        ("error-text-too-long", json!({"text": long})),
        (
            "error-entities",
            json!({"text": "oi <p>x</p>", "parse_mode": "HTML"}),
        ),
        (
            "error-button-data",
            button(json!({"text": "a", "callback_data": "d".repeat(65)})),
        ),
        ("error-button-without-action", button(json!({"text": "a"}))),
        (
            "error-reply-not-found",
            json!({"reply_parameters": {"message_id": 999}}),
        ),
        ("error-thread-not-found", json!({"message_thread_id": 999})),
    ] {
        seen.error(name, &world.bot("sendMessage", send(more)).await);
    }
    let own = world.bot_ok("sendMessage", send(json!({}))).await["message_id"].clone();
    let theirs = world.chat_writes(CHAT, json!({"text": "meu"})).await["message_id"].clone();
    let edit = |id: &Value, text: &str| json!({"chat_id": CHAT, "message_id": id, "text": text, "caption": text});
    for (name, method, body) in [
        ("error-edit-too-long", "editMessageText", edit(&own, &long)),
        ("error-not-modified", "editMessageText", edit(&own, "oi")),
        (
            "error-edit-not-found",
            "editMessageText",
            edit(&json!(999), "x"),
        ),
        ("error-edit-foreign", "editMessageText", edit(&theirs, "x")),
        (
            "error-edit-no-caption",
            "editMessageCaption",
            edit(&own, "x"),
        ),
        (
            "error-delete-not-found",
            "deleteMessage",
            edit(&json!(999), "x"),
        ),
        (
            "error-action",
            "sendChatAction",
            json!({"chat_id": CHAT, "action": "sleep"}),
        ),
        (
            "error-callback-too-old",
            "answerCallbackQuery",
            json!({"callback_query_id": "1"}),
        ),
        ("error-unknown-method", "flyToTheMoon", json!({})),
        ("error-file-unknown", "getFile", json!({"file_id": "nope"})),
        (
            "error-file-id",
            "sendVideo",
            json!({"chat_id": CHAT, "video": "nope"}),
        ),
    ] {
        seen.error(name, &world.bot(method, body).await);
    }
    world
        .sim("clock", json!({"advance_ms": 49 * 3_600_000_i64}))
        .await;
    seen.error(
        "error-delete-too-late",
        &world.bot("deleteMessage", edit(&own, "x")).await,
    );
}

async fn file_errors(world: &World, seen: &mut Seen) {
    let form = || reqwest::multipart::Form::new().text("chat_id", CHAT.to_string());
    let video = || {
        form()
            .part("video", part(mp4(900), "a.mp4"))
            .text("width", "1")
            .text("height", "1")
            .text("duration", "1")
    };
    let long = video().text("caption", "x".repeat(1_025));
    seen.error(
        "error-caption-too-long",
        &world.bot_form("sendVideo", long).await,
    );
    let sent = world.bot_form("sendVideo", video()).await.body["result"].clone();
    let edit = |field: &str, text: String| json!({"chat_id": CHAT, "message_id": sent["message_id"], field: text});
    let text = edit("text", "x".into());
    seen.error(
        "error-edit-no-text",
        &world.bot("editMessageText", text).await,
    );
    let caption = edit("caption", "x".repeat(1_025));
    seen.error(
        "error-edit-caption-too-long",
        &world.bot("editMessageCaption", caption).await,
    );
    let big = form().part("document", part(mp4(50_000_001), "a.mp4"));
    seen.error(
        "error-too-large",
        &world.bot_form("sendDocument", big).await,
    );
    let photo = form().part("photo", part(jpeg(640, 480, 10_485_761), "a.jpg"));
    seen.error(
        "error-photo-too-big",
        &world.bot_form("sendPhoto", photo).await,
    );
    let document = form().part("document", part(mp4((20 << 20) + 1), "a.mp4"));
    let sent = world.bot_form("sendDocument", document).await.body["result"].clone();
    let file = json!({"file_id": sent["document"]["file_id"]});
    seen.error("error-file-too-big", &world.bot("getFile", file).await);
}

async fn chat_errors(world: &World, seen: &mut Seen) {
    let send = |chat: i64| json!({"chat_id": chat, "text": "oi"});
    for (name, chat, state) in [
        ("error-blocked", 71, json!({"blocked": true})),
        ("error-deactivated", 72, json!({"deactivated": true})),
        ("error-never-started", 73, json!({"started": false})),
        (
            "error-kicked-group",
            -4_000_000_071,
            json!({"kicked": true}),
        ),
        (
            "error-kicked-supergroup",
            -1_002_000_000_071,
            json!({"kicked": true}),
        ),
        (
            "error-migrated",
            -4_000_000_072,
            json!({"migrated_to": FORUM}),
        ),
    ] {
        world.sim(&format!("telegram/chats/{chat}"), state).await;
        seen.error(name, &world.bot("sendMessage", send(chat)).await);
    }
    let other = BOT.replace("SIM", "OTHER");
    let request = world.client.get(world.url(&format!("{other}/getMe")));
    seen.error("error-unauthorized", &world.call(request).await);
    let gateway =
        json!({"match": {"path": "api.telegram.org"}, "do": {"kind": "status", "status": 502}});
    world.sim("faults", gateway).await;
    seen.error("error-bad-gateway", &world.bot("getMe", json!({})).await);
    world
        .sim(
            "limits",
            json!({"telegram_enforce": true, "telegram_burst": 1}),
        )
        .await;
    world.bot_ok("sendMessage", send(CHAT)).await;
    seen.error("error-flood", &world.bot("sendMessage", send(CHAT)).await);
}

#[tokio::test]
async fn every_fixture_is_emitted() {
    let mut seen = Seen::default();
    updates(&setting().await, &mut seen).await;
    answers(&setting().await, &mut seen).await;
    delivery(&setting().await, &mut seen).await;
    text_errors(&setting().await, &mut seen).await;
    file_errors(&setting().await, &mut seen).await;
    chat_errors(&setting().await, &mut seen).await;
    let known: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".json").map(str::to_owned)
        })
        .collect();
    assert_eq!(
        known, seen.0,
        "files without an expectation, or the other way round"
    );
}
