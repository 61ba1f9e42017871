//! What a person does in a Telegram chat: writes, sends voice and video, forwards, edits, taps.

use axum::Json;
use axum::extract::{Path as UrlPath, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::chat::{Book, Callback, ChatKind, Message};
use super::command::TAP_MS;
use super::entity::{self, Words, units};
use super::person_file::{self, FileIn};
use super::show::{self, BOT_NAME};
use super::{changed, webhook};
use crate::control::{Answer, Refused};
use crate::pages::permalink;
use crate::world::Shared;

/// What a person writes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct MessageIn {
    /// Who writes, in a group; a private chat is its own person.
    from: Option<i64>,
    text: Option<String>,
    /// Entities that the server would not find by itself.
    entities: Vec<Value>,
    caption: Option<String>,
    pub(super) video: Option<FileIn>,
    pub(super) photo: Option<FileIn>,
    pub(super) audio: Option<FileIn>,
    pub(super) document: Option<FileIn>,
    pub(super) voice: Option<FileIn>,
    forward_from_channel: Option<ForwardIn>,
    /// Forwarded by hand from a person.
    forward_from_user: Option<i64>,
    reply_to: Option<i64>,
    thread: Option<i64>,
    /// Puts `@bot` before the text.
    mention: bool,
    /// A `text_link` after the text.
    link: Option<LinkIn>,
    /// A sample whose permalink is pasted after the text.
    code: Option<String>,
    /// No update: one that was lost.
    silent: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkIn {
    text: String,
    url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForwardIn {
    code: Option<String>,
    url: Option<String>,
    title: Option<String>,
}

/// `POST /_sim/telegram/chats/{id}/messages`
pub(super) async fn write(
    State(world): State<Shared>,
    UrlPath(chat_id): UrlPath<i64>,
    Json(input): Json<MessageIn>,
) -> Answer {
    let from = writer(chat_id, input.from)?;
    let media = person_file::media(&world, &input).await?;
    let words = words(&world, &input, media.is_some())?;
    if media.is_none() && words.text.is_empty() {
        return Err(Refused::bad(
            "give text, code, link, video, photo, audio, document, voice or forward_from_channel",
        ));
    }
    let now_ms = world.clock().now_ms();
    let mut message = Message::new(Some(from), now_ms);
    message.words = words;
    message.media = media;
    message.reply_to = input.reply_to;
    message.forward = forward(&world, &input, now_ms);
    let (id, shown) = {
        let mut book = world.telegram().lock();
        book.user(from);
        let chat = book.chat(chat_id);
        chat.started = true;
        if input.reply_to.is_some_and(|reply| !chat.has(reply)) {
            return Err(Refused::missing(
                "the message replied to is not in this chat",
            ));
        }
        if let Some(thread) = input.thread {
            if !chat.topics.contains_key(&thread) {
                return Err(Refused::missing("there is no such topic in this chat"));
            }
            message.thread = Some(thread);
        }
        if chat.kind != ChatKind::Private && !chat.members.contains(&from) {
            chat.members.push(from);
        }
        let id = book.add(chat_id, message);
        let heard = !input.silent && heard(&mut book, chat_id, id);
        let shown = show::message(world.options(), &book, chat_id, id);
        (id, shown.filter(|_| heard))
    };
    changed(&world, chat_id, "message");
    let update_id = shown.and_then(|shown| webhook::emit(&world, "message", chat_id, shown));
    Ok(Json(json!({"update_id": update_id, "message_id": id})))
}

fn writer(chat_id: i64, from: Option<i64>) -> Result<i64, Refused> {
    match from {
        Some(from) if from > 0 => Ok(from),
        Some(_) => Err(Refused::bad("from is a user id, which is positive")),
        None if chat_id > 0 => Ok(chat_id),
        None => Ok(DEFAULT_MEMBER),
    }
}

/// Who writes in a group when a test does not care.
const DEFAULT_MEMBER: i64 = 7_000_000_001;

/// Whether the bot is told: it is in the chat, and in a group where it is no administrator only of
/// commands, mentions and answers to it (<https://core.telegram.org/bots/features#privacy-mode>, 2026-11).
fn heard(book: &mut Book, chat_id: i64, id: i64) -> bool {
    let chat = book.chat(chat_id);
    if chat.kicked || chat.blocked || chat.migrated_to.is_some() {
        return false;
    }
    if chat.is_private() || chat.bot_is_admin {
        return true;
    }
    let Some(message) = chat.find(id).cloned() else {
        return false;
    };
    let answers_bot = message
        .reply_to
        .and_then(|reply| chat.find(reply).map(|replied| replied.from.is_none()))
        .unwrap_or(false);
    let text = message.words.text.to_ascii_lowercase();
    let command = message
        .words
        .entities
        .iter()
        .any(|entity| entity["type"] == "bot_command" && entity["offset"] == 0);
    let of_other_bot = text
        .split_whitespace()
        .next()
        .and_then(|word| word.split_once('@'))
        .is_some_and(|(_, bot)| bot != BOT_NAME);
    answers_bot || text.contains(&format!("@{BOT_NAME}")) || (command && !of_other_bot)
}

/// The text or caption with what the server finds in it.
fn words(world: &Shared, input: &MessageIn, has_media: bool) -> Result<Words, Refused> {
    let base = if has_media {
        input.caption.as_ref().or(input.text.as_ref())
    } else {
        input.text.as_ref()
    };
    let mut text = String::new();
    if input.mention {
        text = format!("@{BOT_NAME} ");
    }
    let shift = units(&text);
    let mut entities = input.entities.clone();
    for entity in &mut entities {
        let offset = entity["offset"].as_u64().unwrap_or(0) + shift as u64;
        entity["offset"] = offset.into();
    }
    text.push_str(base.map(String::as_str).unwrap_or_default());
    if let Some(link) = &input.link {
        space(&mut text);
        entities.push(json!({
            "type": "text_link", "offset": units(&text), "length": units(&link.text), "url": link.url,
        }));
        text.push_str(&link.text);
    }
    let channel = input.forward_from_channel.as_ref();
    let codes = [
        input.code.as_ref(),
        channel.and_then(|from| from.code.as_ref()),
    ];
    for code in codes.into_iter().flatten() {
        space(&mut text);
        let sample = world.samples().get(code).ok_or_else(|| no_sample(code))?;
        text.push_str(&permalink("https:/", &sample));
    }
    if let Some(url) = channel.and_then(|from| from.url.as_ref()) {
        space(&mut text);
        text.push_str(url);
    }
    let text = text.trim_end().to_owned();
    entity::find(&text, &mut entities);
    Ok(Words { text, entities })
}

fn space(text: &mut String) {
    if !text.is_empty() && !text.ends_with(char::is_whitespace) {
        text.push(' ');
    }
}

pub(super) fn no_sample(code: &str) -> Refused {
    Refused::missing(format!(
        "there is no sample {code}; GET /_sim/reels lists them"
    ))
}

/// The fields of a forwarded message, those of before Bot API 7.0 among them.
fn forward(world: &Shared, input: &MessageIn, now_ms: i64) -> Option<Value> {
    let date = now_ms.div_euclid(1_000) - 3_600;
    if let Some(id) = input.forward_from_user {
        let user = world.telegram().lock().user(id).show();
        return Some(json!({
            "forward_origin": {"type": "user", "sender_user": user, "date": date},
            "forward_from": user,
            "forward_date": date,
        }));
    }
    let from = input.forward_from_channel.as_ref()?;
    let title = from.title.as_deref().unwrap_or("Receitas da Voz");
    let chat = json!({
        "id": -1_001_987_654_321_i64, "title": title, "username": "receitas_da_voz", "type": "channel",
    });
    Some(json!({
        "forward_origin": {"type": "channel", "chat": chat, "message_id": 421, "date": date},
        "forward_from_chat": chat,
        "forward_from_message_id": 421,
        "forward_date": date,
    }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EditIn {
    message_id: i64,
    text: String,
}

/// `POST …/edits`: a person changes their own words.
pub(super) async fn edit(
    State(world): State<Shared>,
    UrlPath(chat_id): UrlPath<i64>,
    Json(input): Json<EditIn>,
) -> Answer {
    let now_ms = world.clock().now_ms();
    let shown = {
        let mut book = world.telegram().lock();
        let message = book
            .chat(chat_id)
            .find(input.message_id)
            .filter(|message| message.from.is_some())
            .ok_or_else(|| Refused::missing("no such message of a person in this chat"))?;
        let mut entities = Vec::new();
        entity::find(&input.text, &mut entities);
        let before = std::mem::replace(
            &mut message.words,
            Words {
                text: input.text,
                entities,
            },
        );
        let at_ms = message.edited_ms.unwrap_or(message.at_ms);
        message
            .history
            .push(json!({"at": at_ms, "text": before.text, "caption": null, "media": null}));
        message.edited_ms = Some(now_ms);
        show::message(world.options(), &book, chat_id, input.message_id)
    };
    changed(&world, chat_id, "edit");
    let update_id = shown.and_then(|shown| webhook::emit(&world, "edited_message", chat_id, shown));
    Ok(Json(json!({"update_id": update_id})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TapIn {
    message_id: i64,
    data: String,
    from: Option<i64>,
}

/// `POST …/taps`: a person taps a button that is there.
pub(super) async fn tap(
    State(world): State<Shared>,
    UrlPath(chat_id): UrlPath<i64>,
    Json(input): Json<TapIn>,
) -> Answer {
    let from = writer(chat_id, input.from)?;
    let id = format!(
        "{}{:06}",
        4_382_000_000_u64 + world.next(),
        rand::random::<u16>()
    );
    let item = {
        let mut book = world.telegram().lock();
        let message = book
            .chat(chat_id)
            .find(input.message_id)
            .ok_or_else(|| Refused::missing("no such message in this chat"))?;
        let is_there = message.markup.as_ref().is_some_and(|markup| {
            let rows = markup["inline_keyboard"].as_array();
            rows.into_iter()
                .flatten()
                .flat_map(|row| row.as_array().into_iter().flatten())
                .any(|button| button["callback_data"] == input.data.as_str())
        });
        if !is_there {
            return Err(Refused::bad("the message has no button with this data"));
        }
        let user = book.user(from).show();
        let callback = Callback {
            chat: chat_id,
            at_ms: world.clock().now_ms(),
        };
        // Taps that nobody answered in time are forgotten.
        let oldest_ms = callback.at_ms - TAP_MS;
        book.callbacks.retain(|_, other| other.at_ms >= oldest_ms);
        book.callbacks.insert(id.clone(), callback);
        let message = show::message(world.options(), &book, chat_id, input.message_id);
        json!({
            "id": id, "from": user, "message": message,
            "chat_instance": format!("-{}", 3_070_000_000_000_000_000_i64 + chat_id.rem_euclid(1_000_000)),
            "data": input.data,
        })
    };
    let update_id = webhook::emit(&world, "callback_query", chat_id, item);
    Ok(Json(
        json!({"update_id": update_id, "callback_query_id": id}),
    ))
}
