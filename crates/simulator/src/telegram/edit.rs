//! Messages that change: text, caption, media, buttons, reactions, and going away.

use serde_json::{Value, json};

use super::call::Call;
use super::chat::{Book, Message};
use super::entity::{self, CAPTION_UNITS, TEXT_UNITS};
use super::error::BotError;
use super::{changed, markup as keyboard, send, show};
use crate::world::Shared;

/// A bot may delete for two days (<https://core.telegram.org/bots/api#deletemessage>, 2026-11).
const DELETABLE_MS: i64 = 48 * 3_600_000;
const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";

/// `editMessageText`
pub(super) fn text(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let text = call
        .text("text")
        .ok_or_else(|| BotError::bad("message text is empty"))?;
    let words = entity::read(call, Some(text), "entities")?;
    let markup = keyboard::read(call)?;
    let preview = call.json("link_preview_options", "link preview options")?;
    if words.text.is_empty() {
        return Err(BotError::bad("text must be non-empty"));
    }
    if entity::units(&words.text) > TEXT_UNITS {
        return Err(BotError::bad("MESSAGE_TOO_LONG"));
    }
    change(world, call, |message| {
        if message.media.is_some() {
            return Err(BotError::bad("there is no text in the message to edit"));
        }
        message.words = words;
        message.markup = markup;
        message.link_preview = preview;
        Ok(())
    })
}

/// `editMessageCaption`
pub(super) fn caption(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let words = entity::read(call, call.text("caption"), "caption_entities")?;
    let markup = keyboard::read(call)?;
    if entity::units(&words.text) > CAPTION_UNITS {
        return Err(BotError::bad("MEDIA_CAPTION_TOO_LONG"));
    }
    change(world, call, |message| {
        if message.media.is_none() {
            return Err(BotError::bad("there is no caption in the message to edit"));
        }
        message.words = words;
        message.markup = markup;
        Ok(())
    })
}

/// `editMessageMedia`: also turns a text into media, never back.
pub(super) async fn media(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let item = call
        .json("media", "input media")?
        .ok_or_else(|| BotError::bad("input media is not specified"))?;
    let markup = keyboard::read(call)?;
    target(&mut world.telegram().lock(), call)?;
    let (media, words) = send::input_media(world, call, &item).await?;
    let kind = send::kind_of(&world.telegram().lock(), &media);
    change(world, call, |message| {
        let visual = matches!(
            kind,
            Some(super::file::Kind::Photo | super::file::Kind::Video)
        );
        if message.group.is_some() && !visual {
            return Err(BotError::bad(
                "can't use the media of the specified type in the album",
            ));
        }
        let same = message
            .media
            .as_ref()
            .is_some_and(|old| old.file_id == media.file_id);
        message.words = words;
        message.markup = markup;
        message.link_preview = None;
        if !same {
            message.media = Some(media);
        }
        Ok(())
    })
}

/// `editMessageReplyMarkup`
pub(super) fn markup(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let markup = keyboard::read(call)?;
    change(world, call, |message| {
        message.markup = markup;
        Ok(())
    })
}

/// The message of a call, if the bot may edit it: chat and number.
fn target(book: &mut Book, call: &Call) -> Result<(i64, i64), BotError> {
    if call.text("inline_message_id").is_some() {
        return Err(BotError::bad("MESSAGE_ID_INVALID"));
    }
    let id = call.int("message_id").unwrap_or(0);
    if call.text("chat_id").is_none() && id == 0 {
        return Err(BotError::bad("message identifier is not specified"));
    }
    let chat = book.open(call.text("chat_id"))?;
    let chat_id = chat.id;
    let message = chat
        .find(id)
        .ok_or_else(|| BotError::bad("message to edit not found"))?;
    if message.from.is_some() {
        return Err(BotError::bad("message can't be edited"));
    }
    Ok((chat_id, id))
}

/// Applies a change unless it changes nothing; the version of before is kept for the view.
fn change(
    world: &Shared,
    call: &Call,
    apply: impl FnOnce(&mut Message) -> Result<(), BotError>,
) -> Result<Value, BotError> {
    let limits = world.lock().limits.clone();
    let now_ms = world.clock().now_ms();
    let mut book = world.telegram().lock();
    let (chat_id, id) = target(&mut book, call)?;
    let found = book.chat(chat_id).find(id).cloned();
    let mut message = found.ok_or_else(|| BotError::bad("message to edit not found"))?;
    let before = message.clone();
    apply(&mut message)?;
    let file = |message: &Message| message.media.as_ref().map(|media| media.file_id.clone());
    let same = message.words == before.words
        && message.markup == before.markup
        && message.link_preview == before.link_preview
        && file(&message) == file(&before);
    if same {
        return Err(BotError::bad(NOT_MODIFIED));
    }
    send::spend(&mut book, chat_id, 1, now_ms, &limits)?;
    let only_buttons = message.words == before.words && file(&message) == file(&before);
    // Changed buttons are no edit to the person: no mark, no earlier version.
    if !only_buttons {
        let kind = before
            .media
            .as_ref()
            .and_then(|media| send::kind_of(&book, media))
            .map(super::file::Kind::word);
        let (text, caption) = match kind {
            None => (Some(before.words.text), None),
            Some(_) => (None, Some(before.words.text)),
        };
        message.history.push(json!({
            "at": before.edited_ms.unwrap_or(before.at_ms),
            "text": text, "caption": caption, "media": kind,
        }));
        message.edited_ms = Some(now_ms);
    }
    if let Some(place) = book.chat(chat_id).find(id) {
        *place = message;
    }
    let shown = show::message(world.options(), &book, chat_id, id);
    drop(book);
    changed(world, chat_id, "edit");
    shown.ok_or_else(|| BotError::new(500, "Internal Server Error"))
}

/// `deleteMessage`
pub(super) fn delete(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let now_ms = world.clock().now_ms();
    let id = call
        .int("message_id")
        .filter(|id| *id > 0)
        .ok_or_else(|| BotError::bad("message identifier is not specified"))?;
    let chat_id = {
        let mut book = world.telegram().lock();
        let chat = book.open(call.text("chat_id"))?;
        let is_private = chat.is_private();
        let message = chat
            .find(id)
            .ok_or_else(|| BotError::bad("message to delete not found"))?;
        let foreign = message.from.is_some() && !is_private;
        if foreign || now_ms - message.at_ms > DELETABLE_MS {
            return Err(BotError::bad("message can't be deleted"));
        }
        chat.messages.retain(|message| message.id != id);
        chat.id
    };
    changed(world, chat_id, "unsend");
    Ok(json!(true))
}

/// `setMessageReaction`: a bot that pays nothing puts at most one.
pub(super) fn reaction(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let list = call.json("reaction", "reaction types")?;
    let list = list.unwrap_or_else(|| json!([]));
    let Value::Array(list) = list else {
        return Err(BotError::bad("expected an Array of ReactionType"));
    };
    if list.len() > 1 {
        return Err(BotError::bad("REACTIONS_TOO_MANY"));
    }
    let emoji = match list.first() {
        Some(reaction) => Some(
            reaction["emoji"]
                .as_str()
                .filter(|emoji| !emoji.is_empty() && !emoji.is_ascii())
                .ok_or_else(|| BotError::bad("REACTION_INVALID"))?
                .to_owned(),
        ),
        None => None,
    };
    let chat_id = {
        let mut book = world.telegram().lock();
        let chat = book.open(call.text("chat_id"))?;
        let message = chat
            .find(call.int("message_id").unwrap_or(0))
            .ok_or_else(|| BotError::bad("message to react not found"))?;
        message.reaction = emoji;
        chat.id
    };
    changed(world, chat_id, "reaction");
    Ok(json!(true))
}
