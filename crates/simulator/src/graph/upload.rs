//! `message_attachments`: files come as multipart and go to disk piece by piece, or are fetched from
//! an address. Kind, size and format are judged by the bytes, not by what the client says.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest as _, Multipart, Request};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use url::Url;

use super::Host;
use super::auth::Caller;
use super::call::Call;
use super::compose::only_keys;
use super::error::GraphError;
use crate::world::asset::Asset;
use crate::world::{Attachment, Shared};

/// Limits of <https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/attachment-upload>,
/// 2026-11; "MB" is read as a million bytes, the strict side.
const IMAGE_BYTES: u64 = 8_000_000;
const OTHER_BYTES: u64 = 25_000_000;
/// What is read (and thrown away) of a file that is too big, so that the client hears why.
const READ_BYTES: u64 = 200_000_000;
/// Meta gives up fetching a video after 75 s (error table, 2026-06-25).
const FETCH_TIME: Duration = Duration::from_secs(75);
/// A form field that is not a file.
const FIELD_BYTES: usize = 64 * 1_024;

/// A multipart body that has been read.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) note: Value,
    file: Option<File>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    name: String,
    bytes: u64,
    head: Vec<u8>,
}

/// Reads a multipart body: the file to disk, everything else into the call's arguments.
pub(super) async fn receive(
    world: &Shared,
    call: &mut Call,
    request: Request,
) -> Result<Received, GraphError> {
    let broken = |_| GraphError::argument("The multipart body cannot be read");
    let mut multipart = Multipart::from_request(request, &())
        .await
        .map_err(|_| GraphError::argument("The multipart body has no boundary"))?;
    let mut parts = Vec::new();
    let mut file = None;
    while let Some(mut field) = multipart.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if let Some(file_name) = field.file_name().map(str::to_owned) {
            let mime = field.content_type().unwrap_or_default().to_owned();
            let mut sink = Sink::open(world).await?;
            while let Some(piece) = field.chunk().await.map_err(broken)? {
                sink.write(&piece).await?;
            }
            let stored = sink.close(file_name).await?;
            parts.push(json!({"name": name, "file_name": stored.name, "type": mime, "bytes": stored.bytes}));
            file = Some(stored);
        } else {
            let mut text = Vec::new();
            while let Some(piece) = field.chunk().await.map_err(broken)? {
                if text.len() + piece.len() > FIELD_BYTES {
                    return Err(GraphError::argument(format!(
                        "The field {name} is too long"
                    )));
                }
                text.extend_from_slice(&piece);
            }
            let text = String::from_utf8_lossy(&text).into_owned();
            let shown = if name == "access_token" {
                "***"
            } else {
                text.as_str()
            };
            parts.push(json!({"name": name, "value": shown}));
            if name == "access_token" && call.token.is_none() {
                call.token = Some(text.clone());
            }
            call.params.set(&name, text);
        }
    }
    Ok(Received {
        note: json!({"multipart": parts}),
        file,
    })
}

pub(super) async fn run(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    received: Option<Received>,
) -> Result<Value, GraphError> {
    let file = received.and_then(|received| received.file);
    let outcome = store(world, call, caller, file.as_ref()).await;
    if let (Err(_), Some(file)) = (&outcome, &file) {
        let _ = tokio::fs::remove_file(&file.path).await;
    }
    outcome
}

async fn store(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    file: Option<&File>,
) -> Result<Value, GraphError> {
    caller.need_messages()?;
    if call.host == Host::Facebook && call.params.text("platform").as_deref() != Some("instagram") {
        // Without it a Page's upload is one for Messenger, whose ids Instagram does not know.
        return Err(GraphError::argument("param platform must be instagram"));
    }
    let message = call
        .params
        .object("message")?
        .ok_or_else(|| GraphError::argument("The parameter message is required"))?;
    let attachment = message
        .get("attachment")
        .and_then(Value::as_object)
        .ok_or_else(|| GraphError::argument("param message needs an attachment"))?;
    only_keys(attachment, "message[attachment]", &["type", "payload"])?;
    let kind = attachment
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !matches!(kind, "image" | "video" | "audio" | "file") {
        return Err(GraphError::bad_message(
            "The attachment type is not one of image, video, audio, file",
        ));
    }
    let url = attachment
        .get("payload")
        .and_then(|payload| payload["url"].as_str());
    let asset = match (file, url) {
        (Some(file), _) => {
            if !file.name.is_ascii() {
                return Err(GraphError::argument("The file name must be ASCII"));
            }
            let mime = judge(kind, file.bytes, &file.head)?;
            world.add_file(file.path.clone(), mime, file.bytes)
        }
        (None, Some(url)) => fetch(world, kind, url).await?,
        (None, None) => return Err(GraphError::argument("There is neither filedata nor a url")),
    };
    let id = world.new_id("15");
    world.lock().attachments.insert(
        id.clone(),
        Attachment {
            account: caller.account.clone(),
            kind: kind.to_owned(),
            asset: asset.id.clone(),
        },
    );
    Ok(json!({"attachment_id": id}))
}

/// Fetches what a client names by address, as Meta's servers would.
pub(super) async fn fetch(world: &Shared, kind: &str, url: &str) -> Result<Arc<Asset>, GraphError> {
    let failed = || {
        GraphError::new(
            100,
            Some(2_018_008),
            "(#100) Failed to fetch the file from the url",
        )
    };
    let url = Url::parse(url).map_err(|_| failed())?;
    // Meta wants public https; plain http is taken only from this machine, where tests live.
    let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if url.scheme() != "https" && !(local && url.scheme() == "http") {
        return Err(failed());
    }
    let fetching = async {
        let mut answer = world.http().get(url).send().await.map_err(|_| failed())?;
        if !answer.status().is_success() {
            return Err(failed());
        }
        let mut sink = Sink::open(world).await?;
        while let Some(piece) = answer.chunk().await.map_err(|_| failed())? {
            sink.write(&piece).await?;
            if sink.bytes > OTHER_BYTES {
                break;
            }
        }
        sink.close("fetched".into()).await
    };
    let file = match tokio::time::timeout(FETCH_TIME, fetching).await {
        Ok(file) => file?,
        Err(_) if kind == "video" => {
            return Err(GraphError::new(
                100,
                Some(2_018_294),
                "(#100) Fetching the video took longer than 75 s",
            ));
        }
        Err(_) => return Err(failed()),
    };
    let mime = judge(kind, file.bytes, &file.head)?;
    Ok(world.add_file(file.path, mime, file.bytes))
}

/// Whether bytes of this size and beginning may be sent as this type; their media type if so.
fn judge(kind: &str, bytes: u64, head: &[u8]) -> Result<&'static str, GraphError> {
    let limit = if kind == "image" {
        IMAGE_BYTES
    } else {
        OTHER_BYTES
    };
    if bytes > limit {
        return Err(GraphError::new(
            100,
            Some(2_018_109),
            format!("(#100) Attachment size exceeds allowable limit: {bytes} of {limit} bytes"),
        ));
    }
    let mime = sniff(head);
    let fits = match kind {
        "image" => matches!(mime, Some("image/png" | "image/jpeg" | "image/gif")),
        "video" => {
            matches!(
                mime,
                Some(
                    "video/mp4"
                        | "video/quicktime"
                        | "video/ogg"
                        | "video/x-msvideo"
                        | "video/webm"
                )
            )
        }
        "audio" => matches!(
            mime,
            Some("audio/aac" | "audio/wav" | "audio/mp4" | "video/mp4")
        ),
        _ => matches!(mime, Some("application/pdf")),
    };
    match mime {
        Some(mime) if fits => Ok(mime),
        _ => Err(GraphError::new(
            100,
            Some(2_018_047),
            "(#100) The file does not match the attachment type",
        )),
    }
}

/// Media type by the first bytes.
fn sniff(head: &[u8]) -> Option<&'static str> {
    let at = |from: usize, magic: &[u8]| head.get(from..from + magic.len()) == Some(magic);
    if at(4, b"ftyp") {
        return Some(match head.get(8..12) {
            Some(b"M4A " | b"M4B ") => "audio/mp4",
            Some(b"qt  ") => "video/quicktime",
            _ => "video/mp4",
        });
    }
    if at(0, b"RIFF") {
        return match head.get(8..12) {
            Some(b"WAVE") => Some("audio/wav"),
            Some(b"AVI ") => Some("video/x-msvideo"),
            _ => None,
        };
    }
    let table: [(&[u8], &str); 6] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"OggS", "video/ogg"),
        (b"\x1a\x45\xdf\xa3", "video/webm"),
        (b"%PDF", "application/pdf"),
    ];
    let known = table
        .iter()
        .find(|(magic, _)| at(0, magic))
        .map(|(_, mime)| *mime);
    // ADTS: twelve sync bits, layer 0.
    let adts = head.first() == Some(&0xff) && head.get(1).is_some_and(|byte| byte & 0xf6 == 0xf0);
    known.or(adts.then_some("audio/aac"))
}

/// A file that grows on disk; past the largest limit bytes are counted, not kept.
struct Sink {
    path: PathBuf,
    file: tokio::fs::File,
    bytes: u64,
    head: Vec<u8>,
}

impl Sink {
    async fn open(world: &Shared) -> Result<Self, GraphError> {
        let path = world
            .uploads()
            .join(format!("{}.bin", uuid::Uuid::now_v7()));
        let file = tokio::fs::File::create(&path)
            .await
            .map_err(|error| disk(&error))?;
        Ok(Self {
            path,
            file,
            bytes: 0,
            head: Vec::new(),
        })
    }

    async fn write(&mut self, piece: &[u8]) -> Result<(), GraphError> {
        if self.head.len() < 16 {
            self.head.extend_from_slice(&piece[..piece.len().min(16)]);
        }
        self.bytes += piece.len() as u64;
        if self.bytes > READ_BYTES {
            return Err(GraphError::new(
                100,
                Some(2_018_109),
                "(#100) Attachment size exceeds allowable limit",
            ));
        }
        if self.bytes <= OTHER_BYTES {
            self.file
                .write_all(piece)
                .await
                .map_err(|error| disk(&error))?;
        }
        Ok(())
    }

    async fn close(mut self, name: String) -> Result<File, GraphError> {
        self.file.flush().await.map_err(|error| disk(&error))?;
        Ok(File {
            path: self.path,
            name,
            bytes: self.bytes,
            head: self.head,
        })
    }
}

fn disk(error: &std::io::Error) -> GraphError {
    tracing::error!(%error, "an upload cannot be written");
    GraphError::new(2, None, "(#2) Service temporarily unavailable")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0";

    fn subcode(outcome: Result<&'static str, GraphError>) -> i64 {
        outcome.unwrap_err().body()["error"]["error_subcode"]
            .as_i64()
            .unwrap()
    }

    #[test]
    fn sizes_are_judged_to_the_byte() {
        assert_eq!(judge("video", 25_000_000, MP4).unwrap(), "video/mp4");
        assert_eq!(subcode(judge("video", 25_000_001, MP4)), 2_018_109);
        assert!(judge("image", 8_000_000, b"\xff\xd8\xff\xe0").is_ok());
        assert_eq!(
            subcode(judge("image", 8_000_001, b"\xff\xd8\xff\xe0")),
            2_018_109
        );
    }

    #[test]
    fn bytes_and_not_names_decide_the_type() {
        assert_eq!(subcode(judge("video", 5, b"<html>")), 2_018_047);
        assert_eq!(subcode(judge("image", 5, MP4)), 2_018_047);
        assert_eq!(subcode(judge("audio", 5, b"ID3\x03")), 2_018_047, "no mp3");
        assert_eq!(judge("audio", 5, b"\xff\xf1\x50").unwrap(), "audio/aac");
        assert_eq!(judge("audio", 5, b"RIFF\0\0\0\0WAVE").unwrap(), "audio/wav");
        assert_eq!(judge("file", 5, b"%PDF-1.7").unwrap(), "application/pdf");
    }
}
