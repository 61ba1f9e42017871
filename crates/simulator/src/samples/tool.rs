//! Runs ffmpeg and ffprobe for the samples.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde::Deserialize;
use tokio::process::Command;

use super::MakeError;

/// The largest sample takes a quarter of a minute on one core; a loaded machine gets ten times that.
const DEADLINE: Duration = Duration::from_mins(3);

/// The ffmpeg to use.
#[derive(Debug, Clone)]
pub(super) struct Ffmpeg(pub(super) PathBuf);

impl Ffmpeg {
    /// Runs ffmpeg inside `dir`; file names in `args` are plain names there.
    pub(super) async fn run(&self, dir: &Path, args: Vec<OsString>) -> Result<(), MakeError> {
        let mut command = Command::new(&self.0);
        command
            .args(words("-hide_banner -nostdin -y -v error -threads 2"))
            .args(args)
            .current_dir(dir);
        output(command).await.map(drop)
    }
}

/// What a media file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Probed {
    pub(crate) duration_ms: Option<u64>,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) video_codec: Option<String>,
    pub(crate) audio_codec: Option<String>,
}

/// What ffprobe prints of it.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Answer {
    streams: Vec<Stream>,
    format: Format,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Format {
    duration: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Stream {
    codec_type: String,
    codec_name: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
}

/// Asks ffprobe, which lives beside ffmpeg, what a file holds. It reads the file alone: other protocols and the
/// formats that name other files are switched off, because bots upload what strangers sent them.
pub(crate) async fn probe(ffmpeg: &Path, file: &Path) -> Result<Probed, MakeError> {
    let ffprobe = match ffmpeg.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.join("ffprobe"),
        _ => PathBuf::from("ffprobe"),
    };
    let mut command = Command::new(ffprobe);
    command.args(words(
        "-v error -protocol_whitelist file -max_pixels 33177600 -format_whitelist",
    ));
    command
        .arg("mov,matroska,webm,avi,ogg,mp3,aac,wav,flac,image2,jpeg_pipe,png_pipe,gif,webp_pipe");
    command.args(words(
        "-show_entries format=duration:stream=codec_type,codec_name,width,height -of json",
    ));
    command.arg("-i").arg(file);
    let text = output(command).await?;
    let answer: Answer =
        serde_json::from_slice(&text).map_err(|error| MakeError::Tool(error.to_string()))?;
    let of = |kind: &str| {
        answer
            .streams
            .iter()
            .find(|stream| stream.codec_type == kind)
    };
    let still = of("video")
        .is_some_and(|video| matches!(video.codec_name.as_deref(), Some("mjpeg" | "png" | "webp")));
    let duration = answer
        .format
        .duration
        .filter(|_| !still)
        .and_then(|seconds| seconds.parse::<f64>().ok());
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a length in milliseconds"
    )]
    Ok(Probed {
        duration_ms: duration.map(|seconds| (seconds * 1000.0).round().max(0.0) as u64),
        width: of("video").and_then(|video| video.width),
        height: of("video").and_then(|video| video.height),
        video_codec: of("video").and_then(|video| video.codec_name.clone()),
        audio_codec: of("audio").and_then(|audio| audio.codec_name.clone()),
    })
}

async fn output(mut command: Command) -> Result<Vec<u8>, MakeError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let name = command
        .as_std()
        .get_program()
        .to_string_lossy()
        .into_owned();
    let run = async move { command.spawn()?.wait_with_output().await };
    let output = tokio::time::timeout(DEADLINE, run)
        .await
        .map_err(|_| MakeError::Tool(format!("{name} took longer than {DEADLINE:?}")))?
        .map_err(|error| {
            MakeError::Tool(format!(
                "{name} did not start ({error}); install ffmpeg or name it in the options"
            ))
        })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: String = said.lines().rev().take(4).collect::<Vec<_>>().join(" | ");
    Err(MakeError::Tool(format!(
        "{name} failed ({}): {last}",
        output.status
    )))
}

/// Splits fixed text at blanks; nothing that a person wrote ever passes here.
pub(super) fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}
