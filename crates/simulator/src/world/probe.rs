//! What ffprobe says about a file, for the thread view: a test wants to know that what arrived is
//! playable, and the phone page wants its size.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::World;
use super::asset::{Asset, Source};

#[derive(Debug, Clone, Default, Serialize, PartialEq)]
pub(crate) struct Probe {
    pub(crate) duration_ms: Option<u64>,
    pub(crate) width: Option<u64>,
    pub(crate) height: Option<u64>,
    pub(crate) video_codec: Option<String>,
    pub(crate) audio_codec: Option<String>,
}

/// A stuck ffprobe must not stop the thread view.
const PROBE_TIME: Duration = Duration::from_secs(20);

impl World {
    /// The path of an asset's bytes; a sample is made when it is asked for the first time.
    pub(crate) async fn asset_path(&self, asset: &Asset) -> Option<PathBuf> {
        match &asset.source {
            Source::File(path) => Some(path.clone()),
            Source::Sample { code, item } => self.samples().file(code, *item).await,
        }
    }

    /// Asks ffprobe once per asset.
    pub(crate) async fn probe(&self, asset: &Arc<Asset>) -> Probe {
        let probing = asset.probe.get_or_init(|| async {
            let _permit = self.probing().acquire().await;
            match self.asset_path(asset).await {
                Some(path) => ask(&self.ffprobe(), &path).await.unwrap_or_default(),
                None => Probe::default(),
            }
        });
        probing.await.clone()
    }

    fn ffprobe(&self) -> PathBuf {
        let ffmpeg = &self.options().ffmpeg;
        match ffmpeg.file_name().and_then(|name| name.to_str()) {
            Some(name) => ffmpeg.with_file_name(name.replace("ffmpeg", "ffprobe")),
            None => PathBuf::from("ffprobe"),
        }
    }
}

async fn ask(ffprobe: &Path, file: &Path) -> Option<Probe> {
    let child = tokio::process::Command::new(ffprobe)
        .args([
            "-v",
            "error",
            "-show_format",
            "-show_streams",
            "-of",
            "json",
        ])
        .arg(file)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PROBE_TIME, child).await.ok()?.ok()?;
    serde_json::from_slice(&output.stdout)
        .ok()
        .map(|value| read(&value))
}

fn read(value: &Value) -> Probe {
    let streams = value["streams"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let of_kind = |kind: &str| streams.iter().find(|stream| stream["codec_type"] == kind);
    let video = of_kind("video");
    let codec = |stream: &Value| stream["codec_name"].as_str().map(str::to_owned);
    Probe {
        duration_ms: value["format"]["duration"].as_str().and_then(milliseconds),
        width: video.and_then(|stream| stream["width"].as_u64()),
        height: video.and_then(|stream| stream["height"].as_u64()),
        video_codec: video.and_then(codec),
        audio_codec: of_kind("audio").and_then(codec),
    }
}

/// `"8.042000"` -> 8042, without a float.
fn milliseconds(seconds: &str) -> Option<u64> {
    let (whole, part) = seconds.split_once('.').unwrap_or((seconds, ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    Some(whole.parse::<u64>().ok()? * 1_000 + part.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_ffprobe_prints() {
        let probe = read(&json!({
            "streams": [
                {"codec_type": "audio", "codec_name": "aac"},
                {"codec_type": "video", "codec_name": "h264", "width": 720, "height": 1280},
            ],
            "format": {"duration": "8.042000"},
        }));
        assert_eq!(probe.duration_ms, Some(8_042));
        assert_eq!((probe.width, probe.height), (Some(720), Some(1_280)));
        assert_eq!(probe.audio_codec.as_deref(), Some("aac"));
        assert_eq!(milliseconds("12"), Some(12_000));
        assert_eq!(milliseconds("N/A"), None);
    }
}
