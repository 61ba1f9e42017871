//! Files that a person sends: samples as they are, or their sound as the app records it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use serde_json::Value;

use super::chat::Media;
use super::file::Kind;
use super::person::{MessageIn, no_sample};
use crate::control::Refused;
use crate::samples::NewSample;
use crate::world::Shared;

/// A sample's file; for a voice note also words to speak.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileIn {
    pub(super) code: Option<String>,
    item: Option<usize>,
    text: Option<String>,
    file_name: Option<String>,
    /// What the message says of its size, for files nobody wants to make.
    bytes: Option<u64>,
}

/// The sample of a file, made first where words to speak are given.
fn code(world: &Shared, file: &FileIn) -> Result<String, Refused> {
    match (&file.code, &file.text) {
        (Some(code), _) => Ok(code.clone()),
        (None, Some(text)) => {
            let sample = world.samples().add(NewSample {
                text: text.clone(),
                caption: None,
                what: None,
            });
            let sample = sample.map_err(|error| Refused::bad(error.to_string()))?;
            Ok(sample.code.clone())
        }
        (None, None) => Err(Refused::bad("a file needs code, or text to speak")),
    }
}

/// Stores what the person sends as a file of Telegram's.
pub(super) async fn media(world: &Shared, input: &MessageIn) -> Result<Option<Media>, Refused> {
    let given = [
        (Kind::Video, &input.video),
        (Kind::Photo, &input.photo),
        (Kind::Audio, &input.audio),
        (Kind::Document, &input.document),
        (Kind::Voice, &input.voice),
    ];
    let given = given
        .into_iter()
        .find_map(|(kind, file)| file.as_ref().map(|file| (kind, file)));
    let Some((kind, file)) = given else {
        return Ok(None);
    };
    let broken = |error: crate::samples::MakeError| Refused::bad(error.to_string());
    let code = code(world, file)?;
    let sample = world.samples().get(&code).ok_or_else(|| no_sample(&code))?;
    let item = file.item.unwrap_or(0);
    let made = world
        .samples()
        .made_item(&code, item)
        .await
        .map_err(broken)?;
    let sound = matches!(kind, Kind::Voice | Kind::Audio);
    let (asset, mime, bytes) = if sound {
        let path = extract(world, &made.path, kind).await?;
        let bytes = tokio::fs::metadata(&path)
            .await
            .map_or(0, |data| data.len());
        let mime = if kind == Kind::Voice {
            "audio/ogg"
        } else {
            "audio/mp4"
        };
        (world.add_file(path, mime, bytes), mime, bytes)
    } else {
        (
            world.sample_asset(&code, file.item, made.mime),
            made.mime,
            made.bytes,
        )
    };
    let mut book = world.telegram().lock();
    let stored = book
        .files
        .add(kind, &asset.id, mime, file.bytes.unwrap_or(bytes));
    if !sound {
        stored.width = made.width.map(u64::from);
        stored.height = made.height.map(u64::from);
    }
    stored.duration = made.duration_ms.map(|ms| (ms + 500) / 1_000);
    if !matches!(kind, Kind::Voice | Kind::Photo) {
        stored.name = file.file_name.clone().or(Some(sample.file_name(item).0));
    }
    let file_id = stored.file_id.clone();
    Ok(Some(Media {
        file_id,
        given: Value::Null,
    }))
}

/// The sound of a sample, as the app records a voice note or sends a song.
async fn extract(world: &Shared, source: &Path, kind: Kind) -> Result<PathBuf, Refused> {
    let voice = kind == Kind::Voice;
    let ending = if voice { "ogg" } else { "m4a" };
    let path = world
        .uploads()
        .join(format!("{}.{ending}", uuid::Uuid::now_v7()));
    let codec: &[&str] = if voice {
        &["-c:a", "libopus", "-b:a", "32k", "-ac", "1"]
    } else {
        &["-c:a", "aac", "-b:a", "96k"]
    };
    let output = tokio::process::Command::new(&world.options().ffmpeg)
        .args(["-hide_banner", "-nostdin", "-y", "-v", "error", "-i"])
        .arg(source)
        .arg("-vn")
        .args(codec)
        .arg(&path)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    match output {
        Ok(output) if output.status.success() => Ok(path),
        _ => Err(Refused::bad("this sample has no sound to send")),
    }
}
