//! A chat as the person in it sees it, with what ffprobe says about each file.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::chat::{Chat, Message};
use super::file::{Kind, Stored};
use crate::control::Answer;
use crate::world::Shared;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ViewIn {
    /// `0` leaves ffprobe out, for chats with hundreds of files.
    probe: Option<String>,
}

/// A message with its file, taken out of the lock.
struct Seen {
    message: Message,
    stored: Option<Stored>,
    /// The picture before a video plays.
    thumb: Option<String>,
}

/// `GET /_sim/telegram/chats/{id}/messages`
pub(super) async fn read(
    State(world): State<Shared>,
    Path(chat_id): Path<i64>,
    Query(input): Query<ViewIn>,
) -> Answer {
    let now_ms = world.clock().now_ms();
    let (seen, mut answer) = {
        let book = world.telegram().lock();
        let chat = book.chats.get(&chat_id);
        let seen: Vec<Seen> = chat
            .map(|chat| {
                let messages = chat.messages.iter().cloned();
                let with_file = |message: Message| {
                    let media = message.media.as_ref();
                    let stored = media.and_then(|media| book.files.get(&media.file_id).cloned());
                    let thumb = stored.as_ref().and_then(|stored| stored.thumb.as_deref());
                    Seen {
                        thumb: thumb
                            .and_then(|id| book.files.get(id))
                            .map(|thumb| thumb.asset.clone()),
                        stored,
                        message,
                    }
                };
                messages.map(with_file).collect()
            })
            .unwrap_or_default();
        (seen, around(chat, now_ms))
    };
    let probing = !matches!(input.probe.as_deref(), Some("0" | "false"));
    let mut messages = Vec::with_capacity(seen.len());
    for one in &seen {
        messages.push(show(&world, one, probing).await);
    }
    answer["messages"] = messages.into();
    Ok(Json(answer))
}

/// What is in a chat besides messages.
fn around(chat: Option<&Chat>, now_ms: i64) -> Value {
    let action = chat
        .and_then(|chat| chat.action.as_ref())
        .filter(|action| action.until_ms > now_ms);
    let toasts = chat
        .map(|chat| Vec::from(chat.toasts.clone()))
        .unwrap_or_default();
    json!({
        "typing": action.is_some(),
        "action": action.map(|action| action.word.as_str()),
        "action_thread": action.and_then(|action| action.thread),
        "toast": toasts.last(),
        "toasts": toasts,
        "now_ms": now_ms,
    })
}

async fn show(world: &Shared, seen: &Seen, probing: bool) -> Value {
    let message = &seen.message;
    let text = message.words.text.as_str();
    let (text, caption) = match message.media {
        None => (Some(text), None),
        Some(_) => (None, (!text.is_empty()).then_some(text)),
    };
    let media = match &seen.stored {
        Some(stored) => media(world, message, stored, probing).await,
        None => Value::Null,
    };
    let media = with_thumbnail(world, media, seen.thumb.as_deref());
    json!({
        "id": message.id,
        "at": message.at_ms,
        "from": if message.from.is_none() { "bot" } else { "person" },
        "user": message.from,
        "text": text,
        "caption": caption,
        "entities": message.words.entities,
        "buttons": buttons(message),
        "reply_to": message.reply_to,
        "thread": message.thread,
        "forwarded": message.forward.is_some(),
        "media_group_id": message.group,
        "media": media,
        "reaction": message.reaction,
        "edited_at": message.edited_ms,
        "edits": message.history.len(),
        "history": message.history,
    })
}

fn with_thumbnail(world: &Shared, mut media: Value, thumb: Option<&str>) -> Value {
    if let (Some(media), Some(thumb)) = (media.as_object_mut(), thumb) {
        media.insert("thumbnail_url".into(), world.cdn_url(thumb).into());
    }
    media
}

fn buttons(message: &Message) -> Value {
    let rows = message
        .markup
        .as_ref()
        .and_then(|markup| markup["inline_keyboard"].as_array());
    rows.into_iter()
        .flatten()
        .map(|row| {
            let row = row.as_array().into_iter().flatten();
            row.map(|button| {
                json!({"text": button["text"], "data": button["callback_data"], "url": button["url"]})
            })
            .collect::<Vec<_>>()
            .into()
        })
        .collect::<Vec<Value>>()
        .into()
}

async fn media(world: &Shared, message: &Message, stored: &Stored, probing: bool) -> Value {
    let asset = world.assets().get(&stored.asset);
    let probe = match &asset {
        Some(asset) if probing || asset.probe.initialized() => world.probe(asset).await,
        _ => crate::world::probe::Probe::default(),
    };
    let geometry = matches!(stored.kind, Kind::Video | Kind::Animation);
    let unknown = stored.width.is_none() || stored.height.is_none();
    json!({
        "type": stored.kind.word(),
        "url": asset.as_ref().map(|asset| world.cdn_url(&asset.id)),
        "bytes": stored.bytes,
        "duration_ms": probe.duration_ms,
        "width": probe.width,
        "height": probe.height,
        "video_codec": probe.video_codec,
        "audio_codec": probe.audio_codec,
        "given": message.media.as_ref().map(|media| media.given.clone()),
        // What the app draws with; without it a video is a square tile.
        "shown": {"width": stored.width, "height": stored.height, "duration": stored.duration},
        "square": geometry && unknown,
        "file_id": stored.file_id,
        "file_name": stored.name,
        "mime_type": stored.mime,
    })
}
