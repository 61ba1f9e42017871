//! What a person says with a message or a tap: their words, and everything there is to watch in it.

use frankenstein::types::{ChatType, Message, MessageEntity, MessageEntityType};
use media::Language;
use store::EventRow;

use super::update::{
    BotIdentity, Heard, address, deserves_answer, hear, is_addressed, tapped_at, words_of,
};
use crate::channel::Inbound;
use crate::plan::{Ask, AskSource, Asked, Origin, Unsupported};

/// Largest file that the common server hands out: 20 MB, which it counts as 20 · 2^20
/// (<https://core.telegram.org/bots/api#getfile> and `Client.h` of the public server, 2026-11).
pub(super) const DOWNLOAD_BYTES: u64 = 20 << 20;

/// How a stored update is read.
pub(super) struct Reader<'a> {
    pub(super) bot: &'a BotIdentity,
    /// Largest file that can be fetched; `None`: any.
    pub(super) most_bytes: Option<u64>,
}

impl Reader<'_> {
    /// `None` if it is nothing to act on or to answer.
    pub(super) fn read(&self, event: &EventRow) -> Option<Inbound> {
        let heard = hear(&event.raw)?;
        // Whoever stored it knew our name; a process that has not asked for it yet does not judge again.
        if self.bot.username.is_some() && !deserves_answer(self.bot, &heard) {
            return None;
        }
        match heard {
            Heard::Message(message) => Some(self.message(&message)),
            Heard::Tap(tap) => {
                let (place, mid) = tapped_at(&tap)?;
                Some(Inbound {
                    tapped: tap.data.clone(),
                    device_language: language(tap.from.language_code.as_deref()),
                    under: (place.chat < 0).then(|| mid.to_string()),
                    ..Inbound::default()
                })
            }
            Heard::Edited(_) | Heard::Member(_) | Heard::Other => None,
        }
    }

    fn message(&self, message: &Message) -> Inbound {
        let is_group = !matches!(message.chat.type_field, ChatType::Private);
        let mut asked = self.asked(message);
        if is_group
            && asked.asks.is_empty()
            && let Some(before) = message.reply_to_message.as_deref()
            && !self.is_ours(before)
            && is_addressed(self.bot, message)
        {
            // "@bot, this one": what it hangs under is what it speaks of.
            let theirs = self.asked(before);
            theirs.asks.into_iter().for_each(|ask| asked.push(ask));
            asked.unsupported.extend(theirs.unsupported);
        }
        Inbound {
            words: self.words(message),
            asked,
            device_language: language(
                message
                    .from
                    .as_ref()
                    .and_then(|from| from.language_code.as_deref()),
            ),
            under: is_group.then(|| message.message_id.to_string()),
            ..Inbound::default()
        }
    }

    fn is_ours(&self, message: &Message) -> bool {
        message
            .from
            .as_ref()
            .is_some_and(|from| from.id.to_string() == self.bot.id)
    }

    /// The words, without what only says that they are for us.
    fn words(&self, message: &Message) -> String {
        let (text, entities) = words_of(message);
        let mut units: Vec<u16> = text.encode_utf16().collect();
        // From the last to the first, so that the places before stay where they are.
        for entity in entities.iter().rev() {
            if let Some(length) = address(self.bot, text, entity)
                && let Some(end) = end(entity, units.len())
            {
                units.drain(end - length..end);
            }
        }
        String::from_utf16_lossy(&units).trim().to_owned()
    }

    /// What there is to watch in one message.
    fn asked(&self, message: &Message) -> Asked {
        let (_, entities) = words_of(message);
        let words = self.words(message);
        let mut asked = Asked::in_words(&words);
        for link in entities
            .iter()
            .filter(|entity| entity.type_field == MessageEntityType::TextLink)
        {
            let behind = Asked::in_words(link.url.as_deref().unwrap_or_default());
            behind.asks.into_iter().for_each(|ask| asked.push(ask));
            asked.unsupported.extend(behind.unsupported);
        }
        match held(message) {
            Some(file) if self.is_too_large(&file) => {
                asked.unsupported.insert(Unsupported::TooLargeHere);
            }
            Some(file) => asked.push(Ask {
                key: format!("own:{}:{}:{}", super::NAME, self.bot.id, file.unique),
                origin: Origin::Own,
                source: AskSource::Held(file.id.to_owned()),
                page: None,
                caption: Some(words).filter(|words| !words.is_empty()),
                is_voice: file.is_voice,
            }),
            None => {}
        }
        let is_picture =
            message.photo.is_some() || message.live_photo.is_some() || is_image(message);
        if is_picture && asked.asks.is_empty() {
            asked.unsupported.insert(Unsupported::Picture);
        }
        if message.story.is_some() && asked.asks.is_empty() {
            asked.unsupported.insert(Unsupported::Story);
        }
        asked
    }

    fn is_too_large(&self, file: &Held<'_>) -> bool {
        self.most_bytes
            .is_some_and(|most| file.bytes.unwrap_or(0) > most)
    }
}

fn end(entity: &MessageEntity, length: usize) -> Option<usize> {
    let end = usize::from(entity.offset) + usize::from(entity.length);
    (end <= length).then_some(end)
}

fn language(tag: Option<&str>) -> Option<Language> {
    Language::from_tag(tag?)
}

/// A file that can be watched or listened to.
struct Held<'a> {
    id: &'a str,
    unique: &'a str,
    bytes: Option<u64>,
    is_voice: bool,
}

fn held(message: &Message) -> Option<Held<'_>> {
    // An animation is also told as a document, for programs older than animations.
    macro_rules! of {
        ($field:ident, $is_voice:expr) => {
            if let Some(file) = &message.$field {
                return Some(Held {
                    id: &file.file_id,
                    unique: &file.file_unique_id,
                    bytes: file.file_size,
                    is_voice: $is_voice,
                });
            }
        };
    }
    of!(video, false);
    of!(video_note, false);
    of!(animation, false);
    of!(voice, true);
    of!(audio, true);
    let kind = |kind: &str| document_type(message).is_some_and(|mime| mime.starts_with(kind));
    if kind("video/") {
        of!(document, false);
    }
    if kind("audio/") {
        of!(document, true);
    }
    None
}

fn is_image(message: &Message) -> bool {
    document_type(message).is_some_and(|mime| mime.starts_with("image/"))
}

fn document_type(message: &Message) -> Option<&str> {
    message.document.as_ref()?.mime_type.as_deref()
}

#[cfg(test)]
mod tests;
