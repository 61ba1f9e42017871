//! From a message as it is stored to the call that shows it. Pure, but for knowing where the files lie.
//!
//! Words are sent as they are: no `parse_mode`, so that nothing a reel says can turn into markup. An edit always carries
//! the keyboard the message shall have, since one without takes it away.

mod media;

use std::path::Path;

use frankenstein::input_media::{InputMediaPhoto, MediaGroupInputMedia};
use frankenstein::methods::{
    EditMessageCaptionParams, EditMessageMediaParams, EditMessageTextParams, SendMediaGroupParams,
    SendMessageParams,
};
use frankenstein::types::{
    InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyMarkup, ReplyParameters,
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::client::{CALL_TIMEOUT, Call, UPLOAD_TIMEOUT, Upload};
use super::fault::refuse;
use super::place::Place;
use crate::channel::{ChannelError, Choice, Content, FileKind, Frame, Handed, Look};
use media::{Shown, field, file_anew, hand, input_media, thumbnail};

/// Titles up to this length stand two in a row.
const SHORT_TITLE: usize = 16;
/// Pictures in one album (<https://core.telegram.org/bots/api#sendmediagroup>, 2026-11); one alone is no album.
pub(super) const ALBUM: std::ops::RangeInclusive<usize> = 2..=10;

/// A call that shows or changes a message.
pub(super) struct Draft {
    pub(super) method: &'static str,
    params: Map<String, Value>,
    files: Vec<Upload>,
    /// The message it changes.
    pub(super) over: Option<i32>,
}

impl Draft {
    fn new(
        method: &'static str,
        params: &impl Serialize,
        over: Option<i32>,
    ) -> Result<Self, ChannelError> {
        match serde_json::to_value(params) {
            Ok(Value::Object(params)) => Ok(Self {
                method,
                params,
                files: Vec::new(),
                over,
            }),
            _ => Err(refuse("uncomposed")),
        }
    }

    fn with(mut self, files: Vec<Upload>) -> Self {
        self.files = files;
        self
    }

    pub(super) fn into_call(self) -> Call {
        Call {
            method: self.method,
            params: self.params,
            limit: if self.files.is_empty() {
                CALL_TIMEOUT
            } else {
                UPLOAD_TIMEOUT
            },
            files: self.files,
            visible: true,
        }
    }
}

/// The call that shows this content.
pub(super) fn draft(
    data_dir: &Path,
    place: Place,
    content: &Content,
) -> Result<Draft, ChannelError> {
    let over = over(content)?;
    match (content, over) {
        (Content::Text { text, frame }, None) => text_anew(place, text, frame),
        (Content::Text { text, frame }, Some(mid)) => text_over(place, mid, text, &frame.choices),
        (
            Content::File {
                file,
                attachment,
                caption,
                look,
                frame,
            },
            _,
        ) => {
            let file = Shown {
                kind: *file,
                handed: attachment,
                caption: caption.as_deref(),
                look: *look,
            };
            one_file(data_dir, place, file, frame, over)
        }
        (Content::Pictures { attachments, frame }, _) => match attachments.as_slice() {
            [one] => {
                let file = Shown {
                    kind: FileKind::Image,
                    handed: one,
                    caption: None,
                    look: Look::default(),
                };
                one_file(data_dir, place, file, frame, over)
            }
            several if ALBUM.contains(&several.len()) => album(data_dir, place, several, frame),
            _ => Err(refuse("album_size")),
        },
    }
}

/// The message that is changed. An album is no message that another could become, so it always comes anew.
fn over(content: &Content) -> Result<Option<i32>, ChannelError> {
    let is_album =
        matches!(content, Content::Pictures { attachments, .. } if attachments.len() > 1);
    match &content.frame().over {
        Some(over) if !is_album => Ok(Some(message_id(over)?)),
        _ => Ok(None),
    }
}

/// An edit that leaves this content as it is, if message `mid` is this content.
pub(super) fn mirror(place: Place, mid: i32, content: &Content) -> Result<Draft, ChannelError> {
    let (caption, frame) = match content {
        Content::Text { text, frame } => return text_over(place, mid, text, &frame.choices),
        Content::File { caption, frame, .. } => (caption.as_deref(), frame),
        Content::Pictures { frame, .. } => (None, frame),
    };
    let choices = if is_album(content) {
        &[][..]
    } else {
        &frame.choices
    };
    let params = EditMessageCaptionParams::builder()
        .chat_id(place.chat)
        .message_id(mid)
        .maybe_caption(caption)
        .maybe_reply_markup(keyboard(choices))
        .build();
    Draft::new("editMessageCaption", &params, Some(mid))
}

fn is_album(content: &Content) -> bool {
    matches!(content, Content::Pictures { attachments, .. } if attachments.len() > 1)
}

/// The edit that leaves nothing but words.
pub(super) fn text_over(
    place: Place,
    mid: i32,
    text: &str,
    choices: &[Choice],
) -> Result<Draft, ChannelError> {
    let params = EditMessageTextParams::builder()
        .chat_id(place.chat)
        .message_id(mid)
        .text(text)
        .link_preview_options(no_preview())
        .maybe_reply_markup(keyboard(choices))
        .build();
    Draft::new("editMessageText", &params, Some(mid))
}

fn text_anew(place: Place, text: &str, frame: &Frame) -> Result<Draft, ChannelError> {
    let params = SendMessageParams::builder()
        .chat_id(place.chat)
        .maybe_message_thread_id(place.thread)
        .text(text)
        .link_preview_options(no_preview())
        .maybe_reply_parameters(reply(frame)?)
        .maybe_reply_markup(markup(frame))
        .build();
    Draft::new("sendMessage", &params, None)
}

fn one_file(
    data_dir: &Path,
    place: Place,
    file: Shown<'_>,
    frame: &Frame,
    over: Option<i32>,
) -> Result<Draft, ChannelError> {
    let mut files = Vec::new();
    // Where a method is named after its file, the file stands for that parameter; an edit's `media` speaks of the file.
    let field = if over.is_some() {
        "file"
    } else {
        field(file.kind)
    };
    let media = hand(data_dir, file.kind, file.handed, field, &mut files)?;
    let thumbnail = thumbnail(data_dir, file.handed, &mut files)?;
    let draft = match over {
        Some(mid) => {
            let params = EditMessageMediaParams::builder()
                .chat_id(place.chat)
                .message_id(mid)
                .media(input_media(file, media, thumbnail))
                .maybe_reply_markup(keyboard(&frame.choices))
                .build();
            Draft::new("editMessageMedia", &params, over)
        }
        None => file_anew(place, file, frame, media, thumbnail),
    };
    Ok(draft?.with(files))
}

/// Albums take no keyboard.
fn album(
    data_dir: &Path,
    place: Place,
    pictures: &[Handed],
    frame: &Frame,
) -> Result<Draft, ChannelError> {
    let mut files = Vec::new();
    let mut media = Vec::new();
    for (at, picture) in pictures.iter().enumerate() {
        let file = hand(
            data_dir,
            FileKind::Image,
            picture,
            &format!("picture{at}"),
            &mut files,
        )?;
        media.push(MediaGroupInputMedia::Photo(
            InputMediaPhoto::builder().media(file).build(),
        ));
    }
    let params = SendMediaGroupParams::builder()
        .chat_id(place.chat)
        .maybe_message_thread_id(place.thread)
        .media(media)
        .maybe_reply_parameters(reply(frame)?)
        .build();
    Ok(Draft::new("sendMediaGroup", &params, None)?.with(files))
}

fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions::builder().is_disabled(true).build()
}

fn reply(frame: &Frame) -> Result<Option<ReplyParameters>, ChannelError> {
    let Some(under) = &frame.under else {
        return Ok(None);
    };
    let parameters = ReplyParameters::builder()
        .message_id(message_id(under)?)
        .allow_sending_without_reply(true)
        .build();
    Ok(Some(parameters))
}

fn markup(frame: &Frame) -> Option<ReplyMarkup> {
    keyboard(&frame.choices).map(ReplyMarkup::InlineKeyboardMarkup)
}

fn keyboard(choices: &[Choice]) -> Option<InlineKeyboardMarkup> {
    if choices.is_empty() {
        return None;
    }
    let is_short = |choice: &Choice| choice.title.chars().count() <= SHORT_TITLE;
    let in_row = if choices.iter().all(is_short) { 2 } else { 1 };
    let button = |choice: &Choice| {
        InlineKeyboardButton::builder()
            .text(&choice.title)
            .callback_data(&choice.data)
            .build()
    };
    let rows = choices
        .chunks(in_row)
        .map(|row| row.iter().map(button).collect())
        .collect();
    Some(
        InlineKeyboardMarkup::builder()
            .inline_keyboard(rows)
            .build(),
    )
}

pub(super) fn message_id(mid: &str) -> Result<i32, ChannelError> {
    mid.parse().map_err(|_| refuse("message_id"))
}

#[cfg(test)]
mod tests;
