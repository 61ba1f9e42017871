//! Files that a bot sends: an upload, an address, or an id from before; and what becomes of them.

use std::time::Duration;

use serde_json::{Map, Value, json};
use url::Url;

use super::call::{Call, Sink, Upload};
use super::chat::Media;
use super::error::BotError;
use super::file::{Kind, mime_of, picture_size};
use crate::world::Shared;

/// 10 MB in the server's words: its sentence names this figure.
const PHOTO_BYTES: u64 = 10_485_760;
/// Width and height of a photo together (<https://core.telegram.org/bots/api#sendphoto>, 2026-11).
const PHOTO_SIDES: u64 = 10_000;
/// How much longer than wide a photo may be, same page.
const PHOTO_RATIO: u64 = 20;
/// <https://core.telegram.org/bots/api#sendvideo>, 2026-11.
const THUMBNAIL_BYTES: u64 = 200 * 1_000;
const THUMBNAIL_SIDE: u64 = 320;
/// The server looks into uploads up to this size; above it, a video without given geometry shows as
/// a square (tdlib/telegram-bot-api issue 127).
const LOOKED_INTO_BYTES: u64 = 10_000_000;
/// By address: 5 MB for photos, 20 MB for the rest
/// (<https://core.telegram.org/bots/api#sending-files>, 2026-11).
const FETCH_PHOTO_BYTES: u64 = 5_000_000;
const FETCH_BYTES: u64 = 20_000_000;
const FETCH_TIME: Duration = Duration::from_secs(20);

/// What a call, or an `InputMedia`, says of a file.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) call: &'a Call,
    pub(super) wanted: Kind,
    /// The argument: an id, an address, `attach://name`.
    pub(super) file: Option<String>,
    /// The part of a multipart body that holds the file if the argument does not say so.
    pub(super) field: &'a str,
    /// The `InputMedia`, where there is one.
    pub(super) object: Option<&'a Map<String, Value>>,
}

enum Source {
    Upload(Upload),
    Address(Url),
    Id(String),
}

impl Request<'_> {
    fn text(&self, name: &str) -> Option<String> {
        match self.object {
            Some(object) => match object.get(name)? {
                Value::String(text) => Some(text.clone()),
                Value::Null => None,
                other => Some(other.to_string()),
            },
            None => self.call.text(name),
        }
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?
            .trim()
            .parse()
            .ok()
            .filter(|number| *number > 0)
    }

    fn source(&self) -> Option<Source> {
        let Some(file) = self.file.as_deref() else {
            return self.call.file(self.field).cloned().map(Source::Upload);
        };
        if let Some(name) = file.strip_prefix("attach://") {
            return self.call.file(name).cloned().map(Source::Upload);
        }
        match Url::parse(file) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Some(Source::Address(url)),
            _ => Some(Source::Id(file.to_owned())),
        }
    }

    fn thumbnail(&self) -> Option<&Upload> {
        let named = self.text("thumbnail").or_else(|| self.text("thumb"));
        match named
            .as_deref()
            .and_then(|name| name.strip_prefix("attach://"))
        {
            Some(name) => self.call.file(name),
            None => self
                .call
                .file("thumbnail")
                .or_else(|| self.call.file("thumb")),
        }
    }
}

/// Stores the file of a request, or finds it; what a message then carries.
pub(super) async fn take(world: &Shared, request: &Request<'_>) -> Result<Media, BotError> {
    let mut given = given(request);
    let upload = match request.source() {
        None => return Err(missing(request)),
        Some(Source::Id(id)) => {
            let file_id = known(world, &id, request.wanted)?;
            return Ok(Media { file_id, given });
        }
        Some(Source::Upload(upload)) => upload,
        Some(Source::Address(url)) => fetch(world, url, request.wanted).await?,
    };
    let mime = mime_of(&upload);
    let kind = becomes(request, mime);
    if upload.bytes == 0 {
        return Err(BotError::bad("file must be non-empty"));
    }
    if request.wanted == Kind::Photo {
        check_photo(&upload, mime)?;
    }
    let asset = world.add_file(upload.path.clone(), mime, upload.bytes);
    let mut size = (request.number("width"), request.number("height"));
    let mut duration = request.number("duration");
    if kind == Kind::Photo || mime == "image/gif" {
        let (width, height) = picture_size(&upload.head).unwrap_or((0, 0));
        size = (Some(width), Some(height));
    } else if kind != Kind::Document
        && upload.bytes <= LOOKED_INTO_BYTES
        && (size.0.is_none() || size.1.is_none() || duration.is_none())
    {
        let probe = world.probe(&asset).await;
        size = (size.0.or(probe.width), size.1.or(probe.height));
        duration = duration.or(probe.duration_ms.map(|ms| (ms + 500) / 1_000));
    }
    let thumb = match request.thumbnail() {
        Some(thumb) if kind != Kind::Photo => {
            let (told, id) = store_thumbnail(world, thumb);
            given["thumbnail"] = told;
            id
        }
        _ => None,
    };
    let mut book = world.telegram().lock();
    let stored = book.files.add(kind, &asset.id, mime, upload.bytes);
    (stored.width, stored.height) = size;
    stored.duration = duration;
    stored.thumb = thumb;
    stored.name = (kind != Kind::Photo && !upload.name.is_empty()).then(|| upload.name.clone());
    stored.performer = request.text("performer");
    stored.title = request.text("title");
    let file_id = stored.file_id.clone();
    drop(book);
    Ok(Media { file_id, given })
}

fn missing(request: &Request<'_>) -> BotError {
    if request.object.is_some() {
        return BotError::bad("can't parse InputMedia: media not found");
    }
    BotError::bad(format!(
        "there is no {} in the request",
        request.wanted.word()
    ))
}

/// What the bot said, which a test compares with what ffprobe sees.
fn given(request: &Request<'_>) -> Value {
    let mut given = json!({
        "width": request.number("width"),
        "height": request.number("height"),
        "duration": request.number("duration"),
        "thumbnail": null,
    });
    if matches!(request.wanted, Kind::Video) {
        given["supports_streaming"] = request
            .text("supports_streaming")
            .map(|text| text == "true" || text == "1" || text == "True")
            .into();
    }
    given
}

/// A file that the bot has sent or received before.
fn known(world: &Shared, id: &str, wanted: Kind) -> Result<String, BotError> {
    let book = world.telegram().lock();
    let stored = book
        .files
        .get(id)
        .ok_or_else(|| BotError::bad("wrong file identifier/HTTP URL specified"))?;
    let name = |kind: Kind| {
        let mut name = kind.word().to_owned();
        name[..1].make_ascii_uppercase();
        name
    };
    // A document's id stands for any file, and keeps what it is.
    let fits = stored.kind == wanted || (wanted == Kind::Document && stored.kind != Kind::Photo);
    if fits {
        Ok(stored.file_id.clone())
    } else {
        Err(BotError::bad(format!(
            "can't use file of type {} as {}",
            name(stored.kind),
            name(wanted)
        )))
    }
}

/// What the server makes of a file whose bytes are not what the method promised.
fn becomes(request: &Request<'_>, mime: &str) -> Kind {
    let detected = request.text("disable_content_type_detection").as_deref() != Some("true");
    match (request.wanted, mime) {
        (Kind::Video, "video/mp4") => Kind::Video,
        (Kind::Animation, "video/mp4" | "image/gif") => Kind::Animation,
        (Kind::Audio, "audio/mpeg" | "audio/mp4") => Kind::Audio,
        (Kind::Voice, "audio/ogg" | "audio/mpeg" | "audio/mp4") => Kind::Voice,
        (Kind::Photo, _) => Kind::Photo,
        (Kind::Document, "image/gif") if detected => Kind::Animation,
        _ => Kind::Document,
    }
}

fn check_photo(upload: &Upload, mime: &str) -> Result<(), BotError> {
    if upload.bytes > PHOTO_BYTES {
        return Err(BotError::bad(format!(
            "file of size {} bytes is too big for a photo; the maximum size is {PHOTO_BYTES} bytes",
            upload.bytes
        )));
    }
    let size = picture_size(&upload.head);
    let (Some((width, height)), true) = (size, mime.starts_with("image/")) else {
        return Err(BotError::bad("IMAGE_PROCESS_FAILED"));
    };
    let (short, long) = (width.min(height), width.max(height));
    if short == 0 || width + height > PHOTO_SIDES || long > short * PHOTO_RATIO {
        return Err(BotError::bad("PHOTO_INVALID_DIMENSIONS"));
    }
    Ok(())
}

/// The server ignores a thumbnail that breaks its rules; here it is said in the view.
fn store_thumbnail(world: &Shared, thumb: &Upload) -> (Value, Option<String>) {
    let size = picture_size(&thumb.head);
    let (width, height) = size.unwrap_or((0, 0));
    let mut told = json!({"width": width, "height": height, "bytes": thumb.bytes});
    let wrong = if mime_of(thumb) != "image/jpeg" {
        Some("not a JPEG")
    } else if thumb.bytes > THUMBNAIL_BYTES {
        Some("more than 200 kB")
    } else if width.max(height) > THUMBNAIL_SIDE {
        Some("longer than 320 pixels")
    } else {
        None
    };
    if let Some(wrong) = wrong {
        told["ignored"] = wrong.into();
        return (told, None);
    }
    let asset = world.add_file(thumb.path.clone(), "image/jpeg", thumb.bytes);
    let mut book = world.telegram().lock();
    let stored = book
        .files
        .add(Kind::Thumbnail, &asset.id, "image/jpeg", thumb.bytes);
    (stored.width, stored.height) = (Some(width), Some(height));
    (told, Some(stored.file_id.clone()))
}

/// Fetches what a bot names by address; plain http is taken only from this machine.
async fn fetch(world: &Shared, url: Url, wanted: Kind) -> Result<Upload, BotError> {
    let failed = || BotError::bad("failed to get HTTP URL content");
    let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if url.scheme() != "https" && !local {
        return Err(BotError::bad("wrong file identifier/HTTP URL specified"));
    }
    let name = url
        .path_segments()
        .and_then(|mut parts| parts.next_back())
        .unwrap_or_default()
        .to_owned();
    let limit = if wanted == Kind::Photo {
        FETCH_PHOTO_BYTES
    } else {
        FETCH_BYTES
    };
    let fetching = async {
        let mut answer = world.http().get(url).send().await.map_err(|_| failed())?;
        if !answer.status().is_success() {
            return Err(failed());
        }
        let mut sink = Sink::open(world).await?;
        while let Some(piece) = answer.chunk().await.map_err(|_| failed())? {
            sink.write(&piece).await?;
            if sink.bytes > limit {
                return Err(failed());
            }
        }
        sink.close(name).await
    };
    let upload = tokio::time::timeout(FETCH_TIME, fetching)
        .await
        .map_err(|_| failed())??;
    let mime = mime_of(&upload);
    let fits = match wanted {
        Kind::Photo => mime.starts_with("image/"),
        Kind::Video => mime == "video/mp4",
        Kind::Audio | Kind::Voice => mime.starts_with("audio/"),
        _ => true,
    };
    if fits {
        Ok(upload)
    } else {
        Err(BotError::bad("wrong type of the web page content"))
    }
}
