//! `POST /{page or account}/message_attachments`: a file, streamed from disk, becomes an id that
//! can be sent. Nobody sees it, so it may be repeated.
//! <https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/attachment-upload>
//! (read 2026). Meta's sample for files is broken; the form is what clients send. Without
//! `platform` on graph.instagram.com, as clients do there.

use super::call::{Streamed, unsendable};
use super::{Credentials, Graph, Login, UPLOAD_TIMEOUT, USUAL_ANSWER_BYTES};
use crate::error::CallError;
use crate::id::AttachmentId;
use crate::limits::{AUDIO_BYTES, FILE_BYTES, IMAGE_BYTES, VIDEO_BYTES};
use crate::request::Request;
use futures::TryStreamExt;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

/// How much of the file is in memory at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// What a file is to Meta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// png, jpeg; gif on one of Meta's pages.
    Image,
    /// mp4 and others.
    Video,
    /// aac, m4a, wav, mp4: no mp3, no opus.
    Audio,
    /// pdf.
    File,
}

impl MediaKind {
    /// Meta's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::File => "file",
        }
    }

    /// Largest file that Meta takes.
    pub fn max_bytes(self) -> u64 {
        match self {
            Self::Image => IMAGE_BYTES,
            Self::Video => VIDEO_BYTES,
            Self::Audio => AUDIO_BYTES,
            Self::File => FILE_BYTES,
        }
    }
}

/// A file to upload.
#[derive(Debug, Clone, Copy)]
pub struct Upload<'a> {
    /// What it is.
    pub kind: MediaKind,
    /// Where it lies.
    pub path: &'a Path,
    /// What Meta shall call it; characters outside ASCII are replaced.
    pub file_name: &'a str,
    /// Its media type.
    pub mime: &'a str,
}

#[derive(Deserialize)]
struct UploadAnswer {
    attachment_id: Option<Value>,
}

impl Graph {
    /// Uploads a file in pieces as they are read from disk: its size does not show in memory.
    pub async fn upload(
        &self,
        credentials: &Credentials,
        upload: Upload<'_>,
    ) -> Result<AttachmentId, CallError> {
        let file_failed = Arc::new(AtomicBool::new(false));
        let filedata = file_part(upload, Arc::clone(&file_failed)).await?;
        let message = json!({
            "attachment": { "type": upload.kind.as_str(), "payload": { "is_reusable": true } }
        });
        let mut form = Form::new();
        if matches!(credentials.login, Login::Facebook { .. }) {
            form = form.text("platform", "instagram");
        }
        let form = form
            .text("message", message.to_string())
            .part("filedata", filedata);
        let request = Request {
            // Nobody sees a file that was not sent yet.
            visible: false,
            ..Request::post(
                "message_attachments",
                &[credentials.node(), "message_attachments"],
            )
        };
        let streamed = Streamed {
            form: Box::new(form),
            limit: UPLOAD_TIMEOUT,
            file_failed,
        };
        let answer = self
            .call(credentials, request, Some(streamed), USUAL_ANSWER_BYTES)
            .await?;
        let uploaded: UploadAnswer = answer.read("an upload's answer is attachment_id")?;
        match uploaded.attachment_id {
            Some(Value::String(id)) if !id.is_empty() => Ok(AttachmentId::from(id)),
            Some(Value::Number(id)) => Ok(AttachmentId::from(id.to_string())),
            _ => Err(answer.malformed("an upload was answered without attachment_id")),
        }
    }
}

async fn file_part(upload: Upload<'_>, failed: Arc<AtomicBool>) -> Result<Part, CallError> {
    let unreadable = |error: std::io::Error| CallError::File(error.kind().to_string());
    let file = File::open(upload.path).await.map_err(unreadable)?;
    let metadata = file.metadata().await.map_err(unreadable)?;
    let bytes = metadata.len();
    if !metadata.is_file() || bytes == 0 {
        return Err(CallError::File("it is empty or no file".to_owned()));
    }
    let most = upload.kind.max_bytes();
    if bytes > most {
        let kind = upload.kind.as_str();
        return Err(CallError::File(format!(
            "{bytes} bytes; Meta takes {most} for {kind}"
        )));
    }
    let stream = ReaderStream::with_capacity(file, CHUNK_BYTES)
        .inspect_err(move |_| failed.store(true, Ordering::Release));
    Part::stream_with_length(reqwest::Body::wrap_stream(stream), bytes)
        .file_name(ascii_name(upload.file_name))
        .mime_str(upload.mime)
        .map_err(|_| unsendable("the media type is none"))
}

/// Names outside ASCII would be spelled in ways that servers read differently.
fn ascii_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = name
        .chars()
        .take(100)
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    if name.chars().any(|c| c.is_ascii_alphanumeric()) {
        name
    } else {
        "file".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_ascii() {
        for (name, expected) in [
            ("reel.mp4", "reel.mp4"),
            ("Olá \"mundo\".mp4", "Ol___mundo_.mp4"),
            ("a\r\nb", "a__b"),
            ("../etc", ".._etc"),
            ("", "file"),
            ("ção", "__o"),
        ] {
            assert_eq!(ascii_name(name), expected);
        }
    }
}
