//! Our messages and files in the words of the Graph client.

use std::path::Path;

use graph_api::client::{MediaKind, Outgoing};
use graph_api::id::AttachmentId;

use crate::channel::{Content, FileKind, Handed};

pub(super) fn media_kind(kind: FileKind) -> MediaKind {
    match kind {
        FileKind::Image | FileKind::Animation => MediaKind::Image,
        FileKind::Video => MediaKind::Video,
        FileKind::Audio => MediaKind::Audio,
        FileKind::Document => MediaKind::File,
    }
}

/// `None` for what was never uploaded: this channel shows uploads only.
pub(super) fn outgoing(content: &Content) -> Option<Outgoing> {
    let id = |handed: &Handed| match handed {
        Handed::Known(id) => Some(AttachmentId::from(id.as_str())),
        Handed::Local(_) => None,
    };
    Some(match content {
        Content::Text { text, frame } if frame.choices.is_empty() => Outgoing::Text(text.clone()),
        Content::Text { text, frame } => Outgoing::Choices {
            text: text.clone(),
            choices: frame
                .choices
                .iter()
                .map(|choice| (choice.title.clone(), choice.data.clone()))
                .collect(),
        },
        Content::File {
            file, attachment, ..
        } => Outgoing::Attachment {
            kind: media_kind(*file),
            id: id(attachment)?,
        },
        Content::Pictures { attachments, .. } => {
            Outgoing::Images(attachments.iter().map(id).collect::<Option<_>>()?)
        }
    })
}

/// The name the person's device shows; the bytes decide the type.
pub(super) fn file_name(path: &Path, kind: FileKind) -> String {
    let (name, default) = match kind {
        FileKind::Image => ("image", "jpg"),
        FileKind::Animation => ("image", "gif"),
        FileKind::Video => ("video", "mp4"),
        FileKind::Audio => ("audio", "m4a"),
        FileKind::Document => ("file", "pdf"),
    };
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or(default);
    format!("{name}.{extension}")
}
