//! What is read from messages as people send them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const REEL: &str = "https://www.instagram.com/reel/C8Qx1abcDEF/";
const POST: &str = "https://www.instagram.com/p/C9Qx1abcDEF/";

fn read_with(update: &Value, most_bytes: Option<u64>) -> Option<Inbound> {
    let bot = BotIdentity {
        id: "42".into(),
        username: Some("grama_bot".into()),
    };
    let event = EventRow {
        id: Uuid::nil(),
        delivery_id: Uuid::nil(),
        channel: "telegram".into(),
        account: "42".into(),
        person: Some("7".into()),
        kind: "message".into(),
        shape: "update".into(),
        mid: None,
        at_ms: 0,
        received_at_ms: 0,
        opens_window: true,
        raw: update.to_string(),
    };
    Reader {
        bot: &bot,
        most_bytes,
    }
    .read(&event)
}

fn message(chat: Value, fields: &Value) -> Value {
    let mut message = json!({
        "message_id": 11, "date": 1,
        "from": {"id": 7, "is_bot": false, "first_name": "Ana", "language_code": "pt-br"},
    });
    message["chat"] = chat;
    for (name, value) in fields.as_object().unwrap() {
        message[name] = value.clone();
    }
    json!({"update_id": 900, "message": message})
}

fn private(fields: &Value) -> Inbound {
    let update = message(json!({"id": 7, "type": "private"}), fields);
    read_with(&update, Some(DOWNLOAD_BYTES)).unwrap()
}

fn group(fields: &Value) -> Inbound {
    let update = message(
        json!({"id": -1_001_i64, "type": "supergroup", "title": "G"}),
        fields,
    );
    read_with(&update, Some(DOWNLOAD_BYTES)).unwrap()
}

fn keys(inbound: &Inbound) -> Vec<&str> {
    inbound
        .asked
        .asks
        .iter()
        .map(|ask| ask.key.as_str())
        .collect()
}

#[test]
fn links_are_found_in_words_and_behind_them() {
    let text = format!("veja {REEL} e isto");
    let at = text.encode_utf16().count() - 4;
    let inbound = private(&json!({"text": text, "entities": [
        {"type": "url", "offset": 5, "length": REEL.len()},
        {"type": "text_link", "offset": at, "length": 4, "url": POST},
        {"type": "text_link", "offset": at, "length": 4, "url": REEL},
    ]}));
    assert_eq!(inbound.words, text);
    assert_eq!(inbound.asked.asks.len(), 2, "{:?}", keys(&inbound));
    assert!(keys(&inbound).iter().all(|key| key.starts_with("link:")));
    assert_eq!(
        (inbound.under, inbound.device_language),
        (None, Some(Language::PtBr))
    );
}

#[test]
fn a_forwarded_post_is_read_by_its_caption() {
    let inbound = private(&json!({
        "forward_origin": {"type": "channel", "date": 1, "message_id": 5,
            "chat": {"id": -100, "type": "channel", "title": "C"}},
        "photo": [{"file_id": "p", "file_unique_id": "u", "width": 1, "height": 1}],
        "caption": format!("do canal: {REEL}"),
    }));
    assert_eq!(inbound.asked.asks.len(), 1);
    assert!(
        inbound.asked.unsupported.is_empty(),
        "the link is what the photo is about"
    );
}

#[test]
fn files_sent_directly_are_asked_for_by_their_names() {
    let file = json!({"file_id": "F", "file_unique_id": "U", "width": 1, "height": 1, "length": 1, "duration": 1});
    let with = |kind: &str, mime: Option<&str>| {
        let mut file = file.clone();
        if let Some(mime) = mime {
            file["mime_type"] = json!(mime);
        }
        private(&json!({kind: file, "caption": "minha nota"}))
    };
    for (kind, mime, is_voice) in [
        ("video", None, false),
        ("video_note", None, false),
        ("animation", None, false),
        ("voice", None, true),
        ("audio", None, true),
        ("document", Some("video/quicktime"), false),
        ("document", Some("audio/ogg"), true),
    ] {
        let inbound = with(kind, mime);
        assert_eq!(keys(&inbound), ["own:telegram:42:U"], "{kind}");
        let ask = &inbound.asked.asks[0];
        assert_eq!(
            (ask.origin, ask.is_voice),
            (Origin::Own, is_voice),
            "{kind}"
        );
        assert_eq!(ask.source, AskSource::Held("F".into()));
        assert_eq!(ask.caption.as_deref(), Some("minha nota"));
    }
    assert!(
        with("document", Some("application/pdf"))
            .asked
            .asks
            .is_empty()
    );
    let picture = with("document", Some("image/png"));
    assert!(picture.asked.unsupported.contains(&Unsupported::Picture));
}

#[test]
fn what_cannot_be_fetched_is_said_so() {
    let fields = json!({"video": {"file_id": "F", "file_unique_id": "U", "width": 1, "height": 1, "duration": 1,
        "file_size": DOWNLOAD_BYTES + 1}});
    let inbound = private(&fields);
    assert!(inbound.asked.asks.is_empty());
    assert!(
        inbound
            .asked
            .unsupported
            .contains(&Unsupported::TooLargeHere)
    );
    let update = message(json!({"id": 7, "type": "private"}), &fields);
    assert_eq!(
        read_with(&update, None).unwrap().asked.asks.len(),
        1,
        "a server of our own hands out any"
    );
}

#[test]
fn pictures_alone_are_named() {
    let photo = json!([{"file_id": "p", "file_unique_id": "u", "width": 1, "height": 1}]);
    let inbound = private(&json!({"photo": photo}));
    assert!(inbound.asked.unsupported.contains(&Unsupported::Picture));
}

#[test]
fn in_a_group_the_mention_goes_and_the_message_above_counts() {
    let above = |from: i64| {
        json!({"message_id": 3, "date": 1, "chat": {"id": -1_001_i64, "type": "supergroup"},
        "from": {"id": from, "is_bot": from == 42, "first_name": "x"}, "text": REEL})
    };
    let mention = json!([{"type": "mention", "offset": 3, "length": 10}]);
    let inbound = group(
        &json!({"text": "😀 @Grama_bot resume isto", "entities": mention, "reply_to_message": above(8)}),
    );
    assert_eq!(inbound.words, "😀  resume isto");
    assert_eq!(
        (inbound.asked.asks.len(), inbound.under.as_deref()),
        (1, Some("11"))
    );
    let ours = group(&json!({"text": "obrigado", "reply_to_message": above(42)}));
    assert!(ours.asked.asks.is_empty(), "our own link is no question");
    let command = json!([{"type": "bot_command", "offset": 0, "length": 17}]);
    let inbound = group(&json!({"text": "/idioma@grama_bot en", "entities": command}));
    assert_eq!(inbound.words, "/idioma en");
}

#[test]
fn a_private_reply_to_an_old_link_asks_for_nothing() {
    let inbound = private(
        &json!({"text": "obrigada", "reply_to_message": {"message_id": 3, "date": 1,
        "chat": {"id": 7, "type": "private"}, "from": {"id": 7, "is_bot": false, "first_name": "A"}, "text": REEL}}),
    );
    assert!(inbound.asked.asks.is_empty());
}

#[test]
fn a_tap_stands_for_its_data() {
    let tap = |chat: i64| {
        json!({"update_id": 5, "callback_query": {"id": "q1", "chat_instance": "c", "data": "audio:1",
            "from": {"id": 7, "is_bot": false, "first_name": "Ana", "language_code": "es"},
            "message": {"message_id": 33, "date": 9, "text": "x", "chat": {"id": chat, "type": if chat < 0 { "group" } else { "private" }}}}})
    };
    let inbound = read_with(&tap(7), None).unwrap();
    assert_eq!(
        (inbound.words.as_str(), inbound.tapped.as_deref()),
        ("", Some("audio:1"))
    );
    assert_eq!(
        (inbound.under, inbound.device_language),
        (None, Some(Language::Es))
    );
    assert_eq!(
        read_with(&tap(-5), None).unwrap().under.as_deref(),
        Some("33")
    );
}
