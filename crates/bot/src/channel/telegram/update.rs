//! An update of the Bot API as an event of the store, decided without a clock, a network or a database.
//!
//! Nothing is lost: what is not understood is stored all the same, under its `update_id`. And what is understood only in
//! part is read in that part: a new kind of detail somewhere in a message must not silence the bot.
//! <https://core.telegram.org/bots/api#update> (2026-11)

use frankenstein::types::{
    CallbackQuery, ChatMemberUpdated, ChatType, MaybeInaccessibleMessage, Message, MessageEntity,
    MessageEntityType,
};
use frankenstein::updates::{Update, UpdateContent};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use store::{NewEvent, NewJob};

use super::place::Place;
use crate::plan::{REPLY, REPLY_ATTEMPTS, STALE_MS};

/// The shape of every event of this channel.
pub const SHAPE: &str = "update";

/// Who the bot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotIdentity {
    /// Its id, as text.
    pub id: String,
    /// Its user name, without the `@`. Until it is known, groups are not answered to a mention.
    pub username: Option<String>,
}

/// What an update is about.
pub(super) enum Heard {
    Message(Box<Message>),
    Edited(Box<Message>),
    Tap(Box<CallbackQuery>),
    Member(Box<ChatMemberUpdated>),
    /// Something that nobody is waiting for an answer to.
    Other,
}

/// An update as the store takes it, with the job it causes, if it deserves an answer.
pub fn new_event(bot: &BotIdentity, raw: &str, received_at_ms: i64) -> NewEvent {
    let update_id = update_id(raw);
    let mut event = NewEvent {
        account: bot.id.clone(),
        person: None,
        kind: "unknown",
        shape: SHAPE,
        mid: None,
        at_ms: received_at_ms,
        dedupe: update_id.map_or_else(
            || key(&["telegram", &bot.id, "raw", raw]),
            |id| key(&["telegram", &bot.id, "update", &id.to_string()]),
        ),
        opens_window: false,
        raw: raw.into(),
        job: None,
    };
    let Some(heard) = hear(raw) else {
        return event;
    };
    match &heard {
        Heard::Message(message) => {
            event.kind = "message";
            event.opens_window = true;
            let ids = [message.chat.id.to_string(), message.message_id.to_string()];
            event.dedupe = key(&["telegram", &bot.id, &ids[0], &ids[1]]);
            about(&mut event, message);
        }
        Heard::Edited(message) => {
            event.kind = "edited_message";
            about(&mut event, message);
        }
        Heard::Tap(tap) => {
            event.kind = "callback";
            event.opens_window = true;
            event.dedupe = key(&["telegram", &bot.id, "callback", &tap.id]);
            let (place, mid) = tapped_at(tap).unzip();
            event.person = place.map(|place| place.to_string());
            event.mid = mid.map(|mid| mid.to_string());
        }
        Heard::Member(change) => {
            event.kind = "my_chat_member";
            event.person = Some(change.chat.id.to_string());
            event.at_ms = millis(change.date);
        }
        Heard::Other => event.kind = "other",
    }
    let is_fresh = received_at_ms.saturating_sub(event.at_ms) <= STALE_MS;
    if is_fresh && deserves_answer(bot, &heard) {
        event.job = event.person.as_deref().map(|person| job(&bot.id, person));
    }
    event
}

fn about(event: &mut NewEvent, message: &Message) {
    event.person = Some(place(message).to_string());
    event.mid = Some(message.message_id.to_string());
    event.at_ms = millis(message.date);
}

fn job(account: &str, person: &str) -> NewJob {
    let mut job = NewJob::new(REPLY, json!({ "channel": super::NAME }));
    job.order_key = Some(format!("{REPLY}:{}:{account}:{person}", super::NAME));
    job.person = Some(person.to_owned());
    job.max_attempts = REPLY_ATTEMPTS;
    job
}

/// The conversation a message belongs to.
pub(super) fn place(message: &Message) -> Place {
    // Outside topics the thread's id only names the first message of a row of replies.
    let thread = message
        .message_thread_id
        .filter(|_| message.is_topic_message == Some(true));
    Place {
        chat: message.chat.id,
        thread,
    }
}

/// Where a button was, and on which message.
pub(super) fn tapped_at(tap: &CallbackQuery) -> Option<(Place, i32)> {
    match tap.message.as_ref()? {
        MaybeInaccessibleMessage::Message(message) => Some((place(message), message.message_id)),
        MaybeInaccessibleMessage::InaccessibleMessage(message) => Some((
            Place {
                chat: message.chat.id,
                thread: None,
            },
            message.message_id,
        )),
    }
}

/// Whether somebody wrote something to us that we could act on or answer. Bots are never answered, ourselves least of
/// all: since May 2026 they can hear each other, and ending the loop is left to them.
pub(super) fn deserves_answer(bot: &BotIdentity, heard: &Heard) -> bool {
    match heard {
        Heard::Message(message) => {
            let is_person = message
                .from
                .as_ref()
                .is_some_and(|from| !from.is_bot && from.id.to_string() != bot.id);
            // What a channel posts in its group is nobody's question.
            is_person
                && message.is_automatic_forward != Some(true)
                && says_something(message)
                && match message.chat.type_field {
                    ChatType::Private => true,
                    ChatType::Group | ChatType::Supergroup => is_addressed(bot, message),
                    ChatType::Channel => false,
                }
        }
        Heard::Tap(tap) => !tap.from.is_bot && tap.data.is_some() && tap.message.is_some(),
        Heard::Edited(_) | Heard::Member(_) | Heard::Other => false,
    }
}

/// Content, and not the note that somebody joined, pinned or renamed something.
fn says_something(message: &Message) -> bool {
    message.text.is_some()
        || message.caption.is_some()
        || message.animation.is_some()
        || message.audio.is_some()
        || message.document.is_some()
        || message.photo.is_some()
        || message.live_photo.is_some()
        || message.sticker.is_some()
        || message.story.is_some()
        || message.video.is_some()
        || message.video_note.is_some()
        || message.voice.is_some()
        || message.contact.is_some()
        || message.location.is_some()
        || message.poll.is_some()
}

/// Whether a message in a group speaks to us: it names us, answers us, or commands us.
pub(super) fn is_addressed(bot: &BotIdentity, message: &Message) -> bool {
    let answers_us = message.reply_to_message.as_ref().is_some_and(|before| {
        // The first message of a topic is a note that the topic was made.
        before.forum_topic_created.is_none()
            && before
                .from
                .as_ref()
                .is_some_and(|from| from.id.to_string() == bot.id)
    });
    let (text, entities) = words_of(message);
    answers_us
        || entities
            .iter()
            .any(|entity| address(bot, text, entity).is_some())
}

/// The words of a message, and what is marked in them.
pub(super) fn words_of(message: &Message) -> (&str, &[MessageEntity]) {
    match &message.text {
        Some(text) => (text, message.entities.as_deref().unwrap_or_default()),
        None => (
            message.caption.as_deref().unwrap_or_default(),
            message.caption_entities.as_deref().unwrap_or_default(),
        ),
    }
}

/// If this entity speaks to us: how many of its last UTF-16 units only say so and belong to no question.
pub(super) fn address(bot: &BotIdentity, text: &str, entity: &MessageEntity) -> Option<usize> {
    let is_name = |name: &str| {
        bot.username
            .as_deref()
            .is_some_and(|ours| ours.eq_ignore_ascii_case(name))
    };
    let whole = usize::from(entity.length);
    match entity.type_field {
        MessageEntityType::Mention => {
            is_name(marked(text, entity)?.strip_prefix('@')?).then_some(whole)
        }
        MessageEntityType::TextMention => {
            let user = entity.user.as_ref()?;
            (user.id.to_string() == bot.id).then_some(whole)
        }
        // In the middle of a sentence `/word` is not said to anybody.
        MessageEntityType::BotCommand => match marked(text, entity)?.split_once('@') {
            Some((_, name)) => is_name(name).then_some(name.len() + 1),
            None => (entity.offset == 0).then_some(0),
        },
        _ => None,
    }
}

/// What an entity marks.
pub(super) fn marked(text: &str, entity: &MessageEntity) -> Option<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let from = usize::from(entity.offset);
    let marked = units.get(from..from + usize::from(entity.length))?;
    String::from_utf16(marked).ok()
}

fn millis(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000)
}

/// Parts are told apart by their lengths, so that no two lists read the same.
fn key(parts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

fn update_id(raw: &str) -> Option<i64> {
    serde_json::from_str::<Value>(raw)
        .ok()?
        .get("update_id")?
        .as_i64()
}

/// Reads an update; `None` if it is none, or of a kind that is unknown.
pub(super) fn hear(raw: &str) -> Option<Heard> {
    let update: Update = match serde_json::from_str(raw) {
        Ok(update) => update,
        Err(_) => serde_json::from_value(trimmed(&serde_json::from_str(raw).ok()?)?).ok()?,
    };
    Some(match update.content {
        UpdateContent::Message(message) => Heard::Message(message),
        UpdateContent::EditedMessage(message) => Heard::Edited(message),
        UpdateContent::CallbackQuery(tap) => Heard::Tap(tap),
        UpdateContent::MyChatMember(change) => Heard::Member(Box::new(change)),
        _ => Heard::Other,
    })
}

const CHAT: &[&str] = &["id", "type"];
const USER: &[&str] = &["id", "is_bot", "first_name", "username", "language_code"];
const ENTITY: &[&str] = &["type", "offset", "length", "url", "user"];
const FILE: &[&str] = &[
    "file_id",
    "file_unique_id",
    "width",
    "height",
    "length",
    "duration",
    "file_name",
    "mime_type",
    "file_size",
];
const FILES: &[&str] = &[
    "animation",
    "audio",
    "document",
    "video",
    "video_note",
    "voice",
];
const PLAIN: &[&str] = &[
    "message_id",
    "message_thread_id",
    "is_topic_message",
    "is_automatic_forward",
    "date",
    "text",
    "caption",
];

/// Only what is understood of an update, of its first kinds only.
fn trimmed(update: &Value) -> Option<Value> {
    let mut kept = Map::new();
    kept.insert("update_id".into(), update.get("update_id")?.clone());
    for kind in ["message", "edited_message"] {
        if let Some(message) = update.get(kind) {
            kept.insert(kind.into(), message_trimmed(message, true));
        }
    }
    if let Some(tap) = update.get("callback_query") {
        let mut tapped = some(tap, &["id", "chat_instance", "data"]);
        tapped.insert("from".into(), some(tap.get("from")?, USER).into());
        if let Some(message) = tap.get("message") {
            tapped.insert("message".into(), message_trimmed(message, false));
        }
        kept.insert("callback_query".into(), tapped.into());
    }
    Some(kept.into())
}

fn message_trimmed(message: &Value, with_reply: bool) -> Value {
    let mut kept = some(message, PLAIN);
    if let Some(chat) = message.get("chat") {
        kept.insert("chat".into(), some(chat, CHAT).into());
    }
    if let Some(from) = message.get("from") {
        kept.insert("from".into(), some(from, USER).into());
    }
    for name in FILES {
        if let Some(file) = message.get(*name) {
            kept.insert((*name).into(), some(file, FILE).into());
        }
    }
    for name in ["entities", "caption_entities"] {
        if let Some(Value::Array(entities)) = message.get(name) {
            let known = |entity: &Value| {
                let entity = Value::from(some(entity, ENTITY));
                serde_json::from_value::<MessageEntity>(entity.clone())
                    .ok()
                    .map(|_| entity)
            };
            kept.insert(name.into(), entities.iter().filter_map(known).collect());
        }
    }
    if let Some(Value::Array(sizes)) = message.get("photo") {
        kept.insert(
            "photo".into(),
            sizes
                .iter()
                .map(|size| Value::from(some(size, FILE)))
                .collect(),
        );
    }
    if let Some(before) = message.get("reply_to_message").filter(|_| with_reply) {
        kept.insert("reply_to_message".into(), message_trimmed(before, false));
    }
    kept.into()
}

fn some(value: &Value, names: &[&str]) -> Map<String, Value> {
    names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), value.get(*name)?.clone())))
        .collect()
}

#[cfg(test)]
mod tests;
