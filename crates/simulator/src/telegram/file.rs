//! The file store: every upload gets an id that works again, and its bytes can be fetched back.

use std::collections::HashMap;

use axum::response::Response;
use hyper::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::call::{Call, Upload};
use super::error::{BotError, answer};
use crate::world::{Shared, letters};

/// `getFile` serves up to 20 MB (<https://core.telegram.org/bots/api#getfile>, 2026-11; `20 << 20`
/// in the server's public source).
const DOWNLOAD_BYTES: u64 = 20 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Animation,
    Audio,
    Document,
    Photo,
    Voice,
    Thumbnail,
}

impl Kind {
    /// The field of a message that holds it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Animation => "animation",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Photo => "photo",
            Self::Voice => "voice",
            Self::Thumbnail => "thumbnail",
        }
    }

    /// How ids of this kind begin, as captured ones do.
    fn prefix(self) -> &'static str {
        match self {
            Self::Video => "BAACAgI",
            Self::Animation => "CgACAgI",
            Self::Audio => "CQACAgI",
            Self::Document => "BQACAgI",
            Self::Photo => "AgACAgI",
            Self::Voice => "AwACAgI",
            Self::Thumbnail => "AAMCAgI",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Video => "videos",
            Self::Animation => "animations",
            Self::Audio => "music",
            Self::Document => "documents",
            Self::Photo => "photos",
            Self::Voice => "voice",
            Self::Thumbnail => "thumbnails",
        }
    }
}

/// One file that Telegram keeps.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) file_id: String,
    pub(super) unique: String,
    pub(super) kind: Kind,
    /// Where the bytes are: an asset of the media host.
    pub(super) asset: String,
    pub(super) name: Option<String>,
    pub(super) mime: String,
    pub(super) bytes: u64,
    pub(super) width: Option<u64>,
    pub(super) height: Option<u64>,
    /// Seconds.
    pub(super) duration: Option<u64>,
    pub(super) performer: Option<String>,
    pub(super) title: Option<String>,
    pub(super) thumb: Option<String>,
    /// Where `getFile` says it is.
    path: String,
}

#[derive(Debug, Default)]
pub(super) struct Files {
    by_id: HashMap<String, Stored>,
    paths: HashMap<String, String>,
    count: u64,
}

impl Files {
    pub(super) fn get(&self, id: &str) -> Option<&Stored> {
        self.by_id.get(id)
    }

    /// Keeps a file under a new id.
    pub(super) fn add(&mut self, kind: Kind, asset: &str, mime: &str, bytes: u64) -> &mut Stored {
        self.count += 1;
        let noise: [u8; 20] = rand::random();
        let number = self.count.to_be_bytes();
        let file_id = format!(
            "{}{}{}",
            kind.prefix(),
            letters(&number[5..]),
            letters(&noise)
        );
        let ending = mime.rsplit_once('/').map_or("bin", |(_, end)| ending(end));
        let path = format!("{}/file_{}.{ending}", kind.folder(), self.count);
        self.paths.insert(path.clone(), file_id.clone());
        let stored = Stored {
            unique: format!("AgAD{}", letters(&noise[..6])),
            file_id: file_id.clone(),
            kind,
            asset: asset.to_owned(),
            name: None,
            mime: mime.to_owned(),
            bytes,
            width: None,
            height: None,
            duration: None,
            performer: None,
            title: None,
            thumb: None,
            path,
        };
        self.by_id.entry(file_id).or_insert(stored)
    }
}

fn ending(subtype: &str) -> &str {
    match subtype {
        "mpeg" => "mp3",
        "jpeg" => "jpg",
        "ogg" => "oga",
        "plain" => "txt",
        "quicktime" => "mov",
        "octet-stream" => "bin",
        other => other,
    }
}

/// `getFile`
pub(super) fn get(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let id = call
        .text("file_id")
        .ok_or_else(|| BotError::bad("file_id not specified"))?;
    let book = world.telegram().lock();
    let stored = book
        .files
        .get(&id)
        .ok_or_else(|| BotError::bad("wrong file_id or the file is temporarily unavailable"))?;
    if stored.bytes > DOWNLOAD_BYTES {
        return Err(BotError::bad("file is too big"));
    }
    Ok(json!({
        "file_id": stored.file_id,
        "file_unique_id": stored.unique,
        "file_size": stored.bytes,
        "file_path": stored.path,
    }))
}

/// `/file/bot<token>/<file_path>`
pub(super) async fn download(world: &Shared, path: &str, headers: &HeaderMap) -> Response {
    let found = {
        let book = world.telegram().lock();
        let stored = book.files.paths.get(path).and_then(|id| book.files.get(id));
        stored.map(|stored| (stored.asset.clone(), stored.mime.clone()))
    };
    let missing = || {
        answer(
            StatusCode::NOT_FOUND,
            &json!({"ok": false, "error_code": 404, "description": "Not Found"}),
        )
    };
    let Some((asset, mime)) = found else {
        return missing();
    };
    let Some(asset) = world.assets().get(&asset) else {
        return missing();
    };
    match world.asset_path(&asset).await {
        Some(file) => crate::cdn::file(&file, &mime, headers).await,
        None => missing(),
    }
}

/// Media type by the first bytes; the name helps only where bytes say nothing.
pub(super) fn mime_of(upload: &Upload) -> &'static str {
    let head = &upload.head;
    let at = |from: usize, magic: &[u8]| head.get(from..from + magic.len()) == Some(magic);
    if at(4, b"ftyp") {
        return match head.get(8..12) {
            Some(b"M4A " | b"M4B ") => "audio/mp4",
            Some(b"qt  ") => "video/quicktime",
            _ => "video/mp4",
        };
    }
    if at(0, b"RIFF") {
        return match head.get(8..12) {
            Some(b"WAVE") => "audio/wav",
            Some(b"WEBP") => "image/webp",
            _ => "application/octet-stream",
        };
    }
    let table: [(&[u8], &str); 8] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"OggS", "audio/ogg"),
        (b"\x1a\x45\xdf\xa3", "video/webm"),
        (b"%PDF", "application/pdf"),
        (b"ID3", "audio/mpeg"),
        (b"\xff\xfb", "audio/mpeg"),
    ];
    if let Some((_, mime)) = table.iter().find(|(magic, _)| at(0, magic)) {
        return mime;
    }
    let name = upload.name.to_ascii_lowercase();
    let by_name = [
        (".txt", "text/plain"),
        (".srt", "application/x-subrip"),
        (".json", "application/json"),
    ];
    by_name
        .iter()
        .find(|(end, _)| name.ends_with(end))
        .map_or("application/octet-stream", |(_, mime)| mime)
}

/// Width and height of a JPEG, PNG or GIF by its header.
pub(super) fn picture_size(head: &[u8]) -> Option<(u64, u64)> {
    let wide = |at: usize| {
        Some(u64::from(u16::from_be_bytes([
            *head.get(at)?,
            *head.get(at + 1)?,
        ])))
    };
    if head.starts_with(b"\x89PNG") {
        return Some((wide(18)?, wide(22)?));
    }
    if head.starts_with(b"GIF8") {
        let little = |at: usize| {
            Some(u64::from(u16::from_le_bytes([
                *head.get(at)?,
                *head.get(at + 1)?,
            ])))
        };
        return Some((little(6)?, little(8)?));
    }
    if !head.starts_with(b"\xff\xd8") {
        return None;
    }
    let mut at = 2;
    loop {
        if *head.get(at)? != 0xff {
            return None;
        }
        let marker = *head.get(at + 1)?;
        // Start-of-frame markers hold the size; C4, C8 and CC are not among them.
        if (0xc0..=0xcf).contains(&marker) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            return Some((wide(at + 7)?, wide(at + 5)?));
        }
        at += 2 + usize::try_from(wide(at + 2)?).ok()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_stand_in_headers() {
        let jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x01\x40\x00\xb4\x03";
        assert_eq!(picture_size(jpeg), Some((180, 320)));
        let gif = b"GIF89a\x0a\x00\x14\x00";
        assert_eq!(picture_size(gif), Some((10, 20)));
        assert_eq!(picture_size(b"<html>"), None);
    }
}
