//! Which updates become which events, and which of them deserve an answer.

use super::*;

const NOW_MS: i64 = 1_795_000_000_000;

fn bot() -> BotIdentity {
    BotIdentity {
        id: "42".into(),
        username: Some("Grama_bot".into()),
    }
}

fn event(update: &Value) -> NewEvent {
    new_event(&bot(), &update.to_string(), NOW_MS)
}

/// A message with these fields in place of the usual ones.
fn message(chat: &Value, fields: &Value) -> Value {
    let mut message = json!({
        "message_id": 11,
        "date": NOW_MS / 1_000,
        "chat": chat,
        "from": {"id": 7, "is_bot": false, "first_name": "Ana", "language_code": "pt-br"},
    });
    for (name, value) in fields.as_object().unwrap() {
        message[name] = value.clone();
    }
    json!({"update_id": 900, "message": message})
}

fn private(fields: &Value) -> Value {
    message(&json!({"id": 7, "type": "private"}), fields)
}

fn group(fields: &Value) -> Value {
    message(
        &json!({"id": -1_001_234_567_890_i64, "type": "supergroup", "title": "G"}),
        fields,
    )
}

#[test]
fn a_message_in_private_is_an_event_with_a_job() {
    let event = event(&private(&json!({"text": "oi"})));
    assert_eq!(
        (event.kind, event.shape, event.account.as_str()),
        ("message", "update", "42")
    );
    assert_eq!(
        (event.person.as_deref(), event.mid.as_deref()),
        (Some("7"), Some("11"))
    );
    assert_eq!((event.at_ms, event.opens_window), (NOW_MS, true));
    let job = event.job.unwrap();
    assert_eq!(job.queue, REPLY);
    assert_eq!(job.order_key.as_deref(), Some("reply:telegram:42:7"));
    assert_eq!(job.payload["channel"], "telegram");
    assert_eq!(
        (job.person.as_deref(), job.max_attempts),
        (Some("7"), REPLY_ATTEMPTS)
    );
}

#[test]
fn a_topic_is_a_conversation_of_its_own() {
    let topic = json!({"text": "/help", "entities": [{"type": "bot_command", "offset": 0, "length": 5}],
        "message_thread_id": 4, "is_topic_message": true});
    assert_eq!(
        event(&group(&topic)).person.as_deref(),
        Some("-1001234567890#4")
    );
    let row_of_replies = json!({"text": "x", "message_thread_id": 4});
    assert_eq!(
        event(&group(&row_of_replies)).person.as_deref(),
        Some("-1001234567890")
    );
}

#[test]
fn repeats_have_one_key_whatever_their_number() {
    let first = private(&json!({"text": "oi"}));
    let mut again = first.clone();
    again["update_id"] = json!(901);
    assert_eq!(event(&first).dedupe, event(&again).dedupe);
    let other = private(&json!({"text": "oi", "message_id": 12}));
    assert_ne!(event(&first).dedupe, event(&other).dedupe);
    let mut edited = again.as_object().unwrap().clone();
    let message = edited.remove("message").unwrap();
    edited.insert("edited_message".into(), message);
    let edited = event(&Value::Object(edited));
    assert_eq!(
        (edited.kind, edited.job.is_none(), edited.opens_window),
        ("edited_message", true, false)
    );
    assert_ne!(edited.dedupe, event(&again).dedupe);
    let elsewhere = new_event(
        &BotIdentity {
            id: "43".into(),
            username: None,
        },
        &first.to_string(),
        NOW_MS,
    );
    assert_ne!(elsewhere.dedupe, event(&first).dedupe);
}

#[test]
fn who_and_what_is_not_answered_in_private() {
    for fields in [
        json!({"text": "oi", "from": {"id": 8, "is_bot": true, "first_name": "B"}}),
        json!({"text": "oi", "from": {"id": 42, "is_bot": false, "first_name": "Eu"}}),
        json!({"text": "oi", "from": null}),
        json!({"pinned_message": {"message_id": 1, "date": 0, "chat": {"id": 7, "type": "private"}}}),
        json!({"text": "oi", "date": NOW_MS / 1_000 - 49 * 3_600}),
    ] {
        assert!(event(&private(&fields)).job.is_none(), "{fields}");
    }
    assert!(
        event(&private(
            &json!({"sticker": {"file_id": "s", "file_unique_id": "u", "type": "regular",
        "width": 1, "height": 1, "is_animated": false, "is_video": false}})
        ))
        .job
        .is_some()
    );
}

#[test]
fn groups_are_answered_when_they_speak_to_us() {
    let entity = |kind: &str, offset: usize, length: usize| json!([{"type": kind, "offset": offset, "length": length}]);
    let before = |id: i64| {
        json!({"message_id": 3, "date": 1, "chat": {"id": -1_001_234_567_890_i64, "type": "supergroup"},
        "from": {"id": id, "is_bot": id == 42, "first_name": "x"}, "text": "y"})
    };
    let mut topic = before(42);
    topic["forum_topic_created"] = json!({"name": "t", "icon_color": 1});
    let table = [
        (
            json!({"text": "https://www.instagram.com/reel/C8Qx1abcDEF/"}),
            false,
        ),
        (
            json!({"text": "😀 @grama_BOT veja", "entities": entity("mention", 3, 10)}),
            true,
        ),
        (
            json!({"text": "@outro_bot veja", "entities": entity("mention", 0, 10)}),
            false,
        ),
        (
            json!({"caption": "@grama_bot", "photo": [], "caption_entities": entity("mention", 0, 10)}),
            true,
        ),
        (
            json!({"text": "Grama veja", "entities": [{"type": "text_mention", "offset": 0, "length": 5,
            "user": {"id": 42, "is_bot": true, "first_name": "G"}}]}),
            true,
        ),
        (
            json!({"text": "/help", "entities": entity("bot_command", 0, 5)}),
            true,
        ),
        (
            json!({"text": "/help@Grama_bot", "entities": entity("bot_command", 0, 15)}),
            true,
        ),
        (
            json!({"text": "/help@outro_bot", "entities": entity("bot_command", 0, 15)}),
            false,
        ),
        (
            json!({"text": "ver /help", "entities": entity("bot_command", 4, 5)}),
            false,
        ),
        (
            json!({"text": "e isto?", "reply_to_message": before(42)}),
            true,
        ),
        (
            json!({"text": "e isto?", "reply_to_message": before(8)}),
            false,
        ),
        (json!({"text": "e isto?", "reply_to_message": topic}), false),
        (
            json!({"text": "@grama_bot", "entities": entity("mention", 900, 10)}),
            false,
        ),
    ];
    for (fields, answered) in table {
        assert_eq!(event(&group(&fields)).job.is_some(), answered, "{fields}");
    }
    let post = message(
        &json!({"id": -100, "type": "channel", "title": "C"}),
        &json!({"text": "/help"}),
    );
    assert!(event(&post).job.is_none());
}

#[test]
fn a_tap_belongs_to_the_message_it_was_made_on() {
    let tap = json!({"update_id": 5, "callback_query": {"id": "q1", "chat_instance": "c", "data": "audio:1",
        "from": {"id": 7, "is_bot": false, "first_name": "Ana"},
        "message": {"message_id": 33, "date": 0, "chat": {"id": 7, "type": "private"}}}});
    let event = event(&tap);
    assert_eq!(
        (event.kind, event.opens_window, event.at_ms),
        ("callback", true, NOW_MS)
    );
    assert_eq!(
        (event.person.as_deref(), event.mid.as_deref()),
        (Some("7"), Some("33"))
    );
    assert!(event.job.is_some());
}

#[test]
fn what_is_not_understood_is_kept() {
    for (raw, kind) in [
        (json!({"update_id": 1, "something_new": {"a": 1}}).to_string(), "unknown"),
        (json!({"update_id": 2, "channel_post": {"message_id": 1, "date": 1, "chat": {"id": -5, "type": "channel"}}})
            .to_string(), "other"),
        ("not json".to_owned(), "unknown"),
        ("[]".to_owned(), "unknown"),
    ] {
        let event = new_event(&bot(), &raw, NOW_MS);
        assert_eq!((event.kind, event.job.is_none(), &*event.raw), (kind, true, raw.as_str()));
    }
    let twice = |id: i64| {
        new_event(
            &bot(),
            &json!({"update_id": id, "new": 1}).to_string(),
            NOW_MS,
        )
        .dedupe
    };
    assert_ne!(twice(1), twice(2));
}

#[test]
fn a_detail_of_a_new_kind_does_not_silence_the_bot() {
    let event = event(&private(&json!({
        "text": "https://www.instagram.com/reel/C8Qx1abcDEF/",
        "entities": [{"type": "url", "offset": 0, "length": 43}, {"type": 9}],
        "forward_origin": {"type": "from_the_moon"},
        "video": {"file_id": "v", "file_unique_id": "u", "width": 1, "height": 1, "duration": 1, "cover": 7},
    })));
    assert_eq!((event.kind, event.job.is_some()), ("message", true));
}
