//! How chats and messages are written as the Bot API's objects
//! (<https://core.telegram.org/bots/api#message>, 2026-11).

use serde_json::{Map, Value, json};

use super::chat::{Book, Chat, ChatKind, Message};
use super::file::{Kind, Stored};
use crate::Options;

/// `123456789` of `123456789:…`
pub(super) fn bot_id(options: &Options) -> i64 {
    let digits = options.telegram_token.split(':').next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

pub(super) const BOT_NAME: &str = "gramophone_sim_bot";

pub(super) fn bot(options: &Options) -> Value {
    json!({"id": bot_id(options), "is_bot": true, "first_name": "Gramophone", "username": BOT_NAME})
}

/// What `getMe` adds.
pub(super) fn me(options: &Options) -> Value {
    let mut me = bot(options);
    for (name, value) in [
        ("can_join_groups", true),
        ("can_read_all_group_messages", false),
        ("supports_inline_queries", false),
        ("supports_guest_queries", false),
        ("can_connect_to_business", false),
        ("has_main_web_app", false),
        ("has_topics_enabled", false),
        ("allows_users_to_create_topics", false),
        ("can_manage_bots", false),
    ] {
        me[name] = value.into();
    }
    me
}

pub(super) fn chat(book: &Book, chat: &Chat) -> Value {
    let mut shown = json!({"id": chat.id, "type": chat.kind.word()});
    match (chat.kind, book.users.get(&chat.id)) {
        (ChatKind::Private, Some(user)) => {
            shown["first_name"] = user.first_name.as_str().into();
            for (name, value) in [("last_name", &user.last_name), ("username", &user.username)] {
                if let Some(value) = value {
                    shown[name] = value.as_str().into();
                }
            }
        }
        _ => shown["title"] = chat.title.as_str().into(),
    }
    if chat.kind == ChatKind::Group {
        shown["all_members_are_administrators"] = true.into();
        shown["accepted_gift_types"] = json!({
            "unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
            "premium_subscription": false, "gifts_from_channels": false,
        });
    }
    if chat.kind == ChatKind::Supergroup {
        if let Some(username) = &chat.username {
            shown["username"] = username.as_str().into();
        }
        if chat.forum {
            shown["is_forum"] = true.into();
        }
    }
    shown
}

/// The `Message` object; `None` where the chat or the message is not there.
pub(super) fn message(options: &Options, book: &Book, chat_id: i64, id: i64) -> Option<Value> {
    shown(options, book, chat_id, id, true)
}

fn shown(options: &Options, book: &Book, chat_id: i64, id: i64, with_reply: bool) -> Option<Value> {
    let within = book.chats.get(&chat_id)?;
    let message = within.messages.iter().rev().find(|one| one.id == id)?;
    let mut shown = json!({
        "message_id": message.id,
        "from": match message.from {
            Some(person) => book.users.get(&person)?.show(),
            None => bot(options),
        },
        "chat": chat(book, within),
        "date": message.at_ms.div_euclid(1_000),
    });
    if let Some(at_ms) = message.edited_ms {
        shown["edit_date"] = at_ms.div_euclid(1_000).into();
    }
    if let Some(thread) = message.thread {
        shown["message_thread_id"] = thread.into();
        shown["is_topic_message"] = true.into();
    }
    if let (Some(Value::Object(forward)), Some(object)) = (&message.forward, shown.as_object_mut())
    {
        object.extend(forward.clone());
    }
    if let Some(reply) = message.reply_to.filter(|_| with_reply)
        && let Some(replied) = self::shown(options, book, chat_id, reply, false)
    {
        shown["reply_to_message"] = replied;
    }
    if let Some(group) = &message.group {
        shown["media_group_id"] = group.as_str().into();
    }
    content(book, message, &mut shown);
    if let Some(markup) = &message.markup {
        shown["reply_markup"] = markup.clone();
    }
    Some(shown)
}

fn content(book: &Book, message: &Message, shown: &mut Value) {
    let words = &message.words;
    let Some(media) = &message.media else {
        shown["text"] = words.text.as_str().into();
        if !words.entities.is_empty() {
            shown["entities"] = words.entities.clone().into();
        }
        if let Some(preview) = &message.link_preview {
            shown["link_preview_options"] = preview.clone();
        }
        return;
    };
    if let Some(stored) = book.files.get(&media.file_id) {
        let object = file(book, stored);
        if stored.kind == Kind::Animation {
            // Kept for clients of before animations.
            shown["document"] = document(book, stored);
        }
        shown[stored.kind.word()] = if stored.kind == Kind::Photo {
            json!([object])
        } else {
            object
        };
    }
    if !words.text.is_empty() {
        shown["caption"] = words.text.as_str().into();
        if !words.entities.is_empty() {
            shown["caption_entities"] = words.entities.clone().into();
        }
    }
}

fn document(book: &Book, stored: &Stored) -> Value {
    let mut object = base(stored);
    named(&mut object, stored);
    thumbnail(book, stored, &mut object);
    object.into()
}

/// `Video`, `Document`, `PhotoSize`, … of a stored file.
pub(super) fn file(book: &Book, stored: &Stored) -> Value {
    if stored.kind == Kind::Document {
        return document(book, stored);
    }
    let mut object = base(stored);
    if matches!(stored.kind, Kind::Video | Kind::Animation | Kind::Photo) {
        object.insert("width".into(), stored.width.unwrap_or(0).into());
        object.insert("height".into(), stored.height.unwrap_or(0).into());
    }
    if stored.kind == Kind::Photo {
        return object.into();
    }
    object.insert("duration".into(), stored.duration.unwrap_or(0).into());
    named(&mut object, stored);
    for (name, value) in [("performer", &stored.performer), ("title", &stored.title)] {
        if let Some(value) = value {
            object.insert(name.into(), value.as_str().into());
        }
    }
    thumbnail(book, stored, &mut object);
    object.into()
}

fn base(stored: &Stored) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("file_id".into(), stored.file_id.as_str().into());
    object.insert("file_unique_id".into(), stored.unique.as_str().into());
    object.insert("file_size".into(), stored.bytes.into());
    object
}

fn named(object: &mut Map<String, Value>, stored: &Stored) {
    if let Some(name) = stored
        .name
        .as_deref()
        .filter(|_| stored.kind != Kind::Voice)
    {
        object.insert("file_name".into(), name.into());
    }
    object.insert("mime_type".into(), stored.mime.as_str().into());
}

/// Both names: `thumb` is what clients of before Bot API 6.6 read.
fn thumbnail(book: &Book, stored: &Stored, object: &mut Map<String, Value>) {
    let thumb = stored.thumb.as_deref().and_then(|id| book.files.get(id));
    if let Some(thumb) = thumb {
        let mut size = base(thumb);
        size.insert("width".into(), thumb.width.unwrap_or(0).into());
        size.insert("height".into(), thumb.height.unwrap_or(0).into());
        object.insert("thumbnail".into(), size.clone().into());
        object.insert("thumb".into(), size.into());
    }
}
