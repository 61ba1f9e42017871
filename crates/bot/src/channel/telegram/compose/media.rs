//! Files in calls: one method for each kind, or one edit for all; by their names, or by their bytes from a work folder.

use std::path::{Path, PathBuf};

use frankenstein::input_file::FileUpload;
use frankenstein::input_media::{
    InputMedia, InputMediaAnimation, InputMediaAudio, InputMediaDocument, InputMediaPhoto,
    InputMediaVideo,
};
use frankenstein::methods::{
    SendAnimationParams, SendAudioParams, SendDocumentParams, SendPhotoParams, SendVideoParams,
};

use super::{Draft, markup, reply};
use crate::channel::telegram::client::Upload;
use crate::channel::telegram::fault::refuse;
use crate::channel::telegram::place::Place;
use crate::channel::{ChannelError, FileKind, Frame, Handed, LocalFile, Look};
use crate::files::{FileName, work_dir};

/// A file as it shall be shown.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) kind: FileKind,
    pub(super) handed: &'a Handed,
    pub(super) caption: Option<&'a str>,
    pub(super) look: Look,
}

impl Shown<'_> {
    /// Whole seconds, and never 0 for what moves.
    fn seconds(&self) -> Option<u32> {
        let ms = self.look.duration_ms?;
        u32::try_from(ms.div_ceil(1_000)).ok()
    }
}

/// Longer than other functions, because it is a table: Telegram has a method for each kind.
pub(super) fn file_anew(
    place: Place,
    file: Shown<'_>,
    frame: &Frame,
    media: FileUpload,
    thumbnail: Option<FileUpload>,
) -> Result<Draft, ChannelError> {
    let (reply, markup) = (reply(frame)?, markup(frame));
    match file.kind {
        FileKind::Video => {
            let params = SendVideoParams::builder()
                .chat_id(place.chat)
                .maybe_message_thread_id(place.thread)
                .video(media)
                .maybe_thumbnail(thumbnail)
                .maybe_caption(file.caption)
                .maybe_width(file.look.width)
                .maybe_height(file.look.height)
                .maybe_duration(file.seconds())
                .supports_streaming(true)
                .maybe_reply_parameters(reply)
                .maybe_reply_markup(markup)
                .build();
            Draft::new("sendVideo", &params, None)
        }
        FileKind::Animation => {
            let params = SendAnimationParams::builder()
                .chat_id(place.chat)
                .maybe_message_thread_id(place.thread)
                .animation(media)
                .maybe_thumbnail(thumbnail)
                .maybe_caption(file.caption)
                .maybe_width(file.look.width)
                .maybe_height(file.look.height)
                .maybe_duration(file.seconds())
                .maybe_reply_parameters(reply)
                .maybe_reply_markup(markup)
                .build();
            Draft::new("sendAnimation", &params, None)
        }
        FileKind::Image => {
            let params = SendPhotoParams::builder()
                .chat_id(place.chat)
                .maybe_message_thread_id(place.thread)
                .photo(media)
                .maybe_caption(file.caption)
                .maybe_reply_parameters(reply)
                .maybe_reply_markup(markup)
                .build();
            Draft::new("sendPhoto", &params, None)
        }
        FileKind::Audio => {
            let params = SendAudioParams::builder()
                .chat_id(place.chat)
                .maybe_message_thread_id(place.thread)
                .audio(media)
                .maybe_thumbnail(thumbnail)
                .maybe_caption(file.caption)
                .maybe_duration(file.seconds())
                .maybe_reply_parameters(reply)
                .maybe_reply_markup(markup)
                .build();
            Draft::new("sendAudio", &params, None)
        }
        FileKind::Document => {
            let params = SendDocumentParams::builder()
                .chat_id(place.chat)
                .maybe_message_thread_id(place.thread)
                .document(media)
                .maybe_thumbnail(thumbnail)
                .maybe_caption(file.caption)
                .maybe_reply_parameters(reply)
                .maybe_reply_markup(markup)
                .build();
            Draft::new("sendDocument", &params, None)
        }
    }
}

pub(super) fn input_media(
    file: Shown<'_>,
    media: FileUpload,
    thumbnail: Option<FileUpload>,
) -> InputMedia {
    match file.kind {
        FileKind::Video => InputMedia::Video(
            InputMediaVideo::builder()
                .media(media)
                .maybe_thumbnail(thumbnail)
                .maybe_caption(file.caption)
                .maybe_width(file.look.width)
                .maybe_height(file.look.height)
                .maybe_duration(file.seconds())
                .supports_streaming(true)
                .build(),
        ),
        FileKind::Animation => InputMedia::Animation(
            InputMediaAnimation::builder()
                .media(media)
                .maybe_thumbnail(thumbnail)
                .maybe_caption(file.caption)
                .maybe_width(file.look.width)
                .maybe_height(file.look.height)
                .maybe_duration(file.seconds())
                .build(),
        ),
        FileKind::Image => InputMedia::Photo(
            InputMediaPhoto::builder()
                .media(media)
                .maybe_caption(file.caption)
                .build(),
        ),
        FileKind::Audio => InputMedia::Audio(
            InputMediaAudio::builder()
                .media(media)
                .maybe_thumbnail(thumbnail)
                .maybe_caption(file.caption)
                .maybe_duration(file.seconds())
                .build(),
        ),
        FileKind::Document => InputMedia::Document(
            InputMediaDocument::builder()
                .media(media)
                .maybe_thumbnail(thumbnail)
                .maybe_caption(file.caption)
                .build(),
        ),
    }
}

/// A file by its name, or by its bytes under this field of the form.
pub(super) fn hand(
    data_dir: &Path,
    kind: FileKind,
    handed: &Handed,
    field: &str,
    files: &mut Vec<Upload>,
) -> Result<FileUpload, ChannelError> {
    let file = match handed {
        Handed::Known(id) => return Ok(FileUpload::String(id.clone())),
        Handed::Local(file) => file,
    };
    let name = file
        .shown_as
        .as_deref()
        .map_or_else(|| default_name(kind, &file.file), shown_name);
    files.push(Upload {
        field: field.to_owned(),
        path: path(data_dir, file, &file.file)?,
        name,
        mime: file.mime.clone(),
    });
    Ok(FileUpload::String(format!("attach://{field}")))
}

pub(super) fn thumbnail(
    data_dir: &Path,
    handed: &Handed,
    files: &mut Vec<Upload>,
) -> Result<Option<FileUpload>, ChannelError> {
    let Handed::Local(
        file @ LocalFile {
            thumbnail: Some(thumbnail),
            ..
        },
    ) = handed
    else {
        return Ok(None);
    };
    files.push(Upload {
        field: "thumbnail".to_owned(),
        path: path(data_dir, file, thumbnail)?,
        name: "thumbnail.jpg".to_owned(),
        mime: "image/jpeg".to_owned(),
    });
    Ok(Some(FileUpload::String("attach://thumbnail".to_owned())))
}

fn path(data_dir: &Path, file: &LocalFile, name: &str) -> Result<PathBuf, ChannelError> {
    // Both names are ours; what came back from the database is looked at all the same.
    FileName::new(&file.folder, name).ok_or_else(|| refuse("file_name"))?;
    Ok(work_dir(data_dir, &file.folder).join(name))
}

pub(super) fn field(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Image => "photo",
        FileKind::Animation => "animation",
        FileKind::Video => "video",
        FileKind::Audio => "audio",
        FileKind::Document => "document",
    }
}

fn default_name(kind: FileKind, file: &str) -> String {
    let (name, ending) = match kind {
        FileKind::Image => ("photo", "jpg"),
        FileKind::Animation => ("animation", "mp4"),
        FileKind::Video => ("video", "mp4"),
        FileKind::Audio => ("audio", "m4a"),
        FileKind::Document => ("file", "txt"),
    };
    let ending = Path::new(file)
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or(ending);
    format!("{name}.{ending}")
}

/// Letters of every language, but nothing that means something to a form or to a file system.
pub(super) fn shown_name(name: &str) -> String {
    let plain = |c: char| {
        !(c.is_control()
            || matches!(
                c,
                '/' | '\\' | '"' | ':' | '*' | '?' | '<' | '>' | '|' | ';'
            ))
    };
    let name: String = name
        .chars()
        .take(60)
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() {
        "file".to_owned()
    } else {
        name.to_owned()
    }
}
