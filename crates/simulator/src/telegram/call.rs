//! One call of a bot, read: its arguments wherever they stand (query, form, JSON, multipart) and
//! the files that came with it, which go to disk piece by piece.

use std::collections::HashMap;
use std::path::PathBuf;

use axum::extract::{FromRequest as _, Multipart, Request};
use http_body_util::BodyExt as _;
use hyper::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt as _;

use super::error::BotError;
use crate::world::Shared;

/// Uploads above 50 MB are refused (<https://core.telegram.org/bots/api#sending-files>, 2026-11);
/// "MB" is read as a million bytes, the strict side.
pub(super) const UPLOAD_BYTES: u64 = 50_000_000;
/// What is read (and thrown away) of an upload that is too big, so that the client hears why.
const READ_BYTES: u64 = 200_000_000;
/// A form field that is not a file.
const FIELD_BYTES: usize = 1_024 * 1_024;
/// Enough of a file to tell its format by; the size of a picture stands in its first kilobytes.
const HEAD_BYTES: usize = 64 * 1_024;

/// A file that came with a call.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) head: Vec<u8>,
}

/// A call whose arguments are known.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// In lower case, as names of methods are not case-sensitive.
    pub(super) method: String,
    params: Map<String, Value>,
    files: HashMap<String, Upload>,
    /// What the call log shows of a multipart body.
    pub(super) note: Option<Value>,
}

impl Call {
    /// Reads everything a request brings.
    pub(super) async fn read(
        world: &Shared,
        method: &str,
        request: Request,
    ) -> Result<Self, BotError> {
        let mut call = Self {
            method: method.to_ascii_lowercase(),
            ..Self::default()
        };
        let query = request.uri().query().unwrap_or_default().to_owned();
        call.add_pairs(query.as_bytes());
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        if kind.starts_with("multipart/") {
            call.receive(world, request).await?;
            return Ok(call);
        }
        let body = match request.into_body().collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(_) => return Err(BotError::bad("can't read the request")),
        };
        if kind.contains("json") && !body.is_empty() {
            match serde_json::from_slice::<Value>(&body) {
                Ok(Value::Object(object)) => call.params.extend(object),
                _ => return Err(BotError::bad("can't parse request JSON object")),
            }
        } else if kind.contains("x-www-form-urlencoded") {
            call.add_pairs(&body);
        }
        Ok(call)
    }

    fn add_pairs(&mut self, pairs: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(pairs) {
            self.params
                .insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }

    async fn receive(&mut self, world: &Shared, request: Request) -> Result<(), BotError> {
        let broken = |_| BotError::bad("can't parse the multipart body");
        let mut multipart = Multipart::from_request(request, &())
            .await
            .map_err(|_| BotError::bad("the multipart body has no boundary"))?;
        let mut parts = Vec::new();
        let mut total = 0;
        while let Some(mut field) = multipart.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            if let Some(file_name) = field.file_name().map(str::to_owned) {
                let mime = field.content_type().unwrap_or_default().to_owned();
                let mut sink = Sink::open(world).await?;
                while let Some(piece) = field.chunk().await.map_err(broken)? {
                    sink.write(&piece).await?;
                }
                let upload = sink.close(file_name).await?;
                total += upload.bytes;
                parts.push(json!({"name": name, "file_name": upload.name, "type": mime, "bytes": upload.bytes}));
                self.files.insert(name, upload);
            } else {
                let mut text = Vec::new();
                while let Some(piece) = field.chunk().await.map_err(broken)? {
                    if text.len() + piece.len() > FIELD_BYTES {
                        return Err(BotError::too_large());
                    }
                    text.extend_from_slice(&piece);
                }
                let text = String::from_utf8_lossy(&text).into_owned();
                let shown = if name == "secret_token" { "***" } else { &text };
                parts.push(json!({"name": name, "value": shown}));
                self.params.insert(name, Value::String(text));
            }
        }
        self.note = Some(json!({"multipart": parts}));
        if total > UPLOAD_BYTES {
            self.forget_files().await;
            return Err(BotError::too_large());
        }
        Ok(())
    }

    /// Removes what came with a call that was refused.
    pub(super) async fn forget_files(&mut self) {
        for (_, file) in self.files.drain() {
            let _ = tokio::fs::remove_file(file.path).await;
        }
    }

    /// An argument as text; absent and empty are the same here.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = match self.params.get(name)? {
            Value::String(text) => text.clone(),
            Value::Null => return None,
            other => other.to_string(),
        };
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn int(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim().parse().ok()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.text(name)
            .is_some_and(|text| matches!(text.as_str(), "true" | "True" | "1" | "yes"))
    }

    /// A JSON argument, given as JSON or as text that is JSON.
    pub(super) fn json(&self, name: &str, what: &str) -> Result<Option<Value>, BotError> {
        match self.params.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map(Some)
                .map_err(|_| BotError::bad(format!("can't parse {what} JSON object"))),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    pub(super) fn file(&self, name: &str) -> Option<&Upload> {
        self.files.get(name)
    }
}

/// A file that grows on disk; past the largest limit bytes are counted, not kept.
pub(super) struct Sink {
    path: PathBuf,
    file: tokio::fs::File,
    pub(super) bytes: u64,
    head: Vec<u8>,
}

impl Sink {
    pub(super) async fn open(world: &Shared) -> Result<Self, BotError> {
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

    pub(super) async fn write(&mut self, piece: &[u8]) -> Result<(), BotError> {
        let room = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend_from_slice(&piece[..piece.len().min(room)]);
        self.bytes += piece.len() as u64;
        if self.bytes > READ_BYTES {
            return Err(BotError::too_large());
        }
        if self.bytes <= UPLOAD_BYTES {
            self.file
                .write_all(piece)
                .await
                .map_err(|error| disk(&error))?;
        }
        Ok(())
    }

    pub(super) async fn close(mut self, name: String) -> Result<Upload, BotError> {
        self.file.flush().await.map_err(|error| disk(&error))?;
        Ok(Upload {
            path: self.path,
            name,
            bytes: self.bytes,
            head: self.head,
        })
    }
}

fn disk(error: &std::io::Error) -> BotError {
    tracing::error!(%error, "an upload cannot be written");
    BotError::new(500, "Internal Server Error")
}
