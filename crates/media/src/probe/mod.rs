//! Looking at a file before anything decodes it: what it is, how long, how large, and whether it
//! was made to do harm.

pub(crate) mod boxes;
pub(crate) mod sniff;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::tool::{self, Limits, Tool, ToolError};
use crate::{FailureClass, ItemKind};
use sniff::{Container, Sniffed};

/// Largest picture that is decoded, 4096 × 2160. A 16000 × 9000 film fits into half a megabyte and
/// takes gigabytes to show (measured November 2026).
pub(crate) const MAX_PIXELS: u64 = 8_847_360;

/// A post has a picture and a sound track; files with many more are bombs.
const MAX_STREAMS: usize = 8;

/// Frames per second above which a file is a bomb or a lie.
const MAX_FPS: f64 = 120.0;

/// A file that does not say how long it is may only be this large.
const MAX_BYTES_WITHOUT_DURATION: u64 = 50_000_000;

/// The decoders that may run. Rare ones are where memory errors are found (CVE-2026-8461 was in
/// MagicYUV); these are what phones and Instagram write.
const CODECS: &str = "h264,hevc,vp8,vp9,libvpx,libvpx-vp9,av1,libdav1d,libaom-av1,mpeg4,mjpeg,png,\
    gif,webp,aac,aac_fixed,mp3,mp3float,opus,libopus,vorbis,ac3,eac3,flac,alac,amrnb,amrwb,\
    pcm_s16le,pcm_s16be,pcm_s24le,pcm_f32le,pcm_u8,pcm_mulaw,pcm_alaw";

/// Flags that stand before every `-i`: the reader is named, other files and networks are closed.
pub(crate) fn input_flags(container: Container) -> Vec<String> {
    let demuxer = container.demuxer();
    let pixels = MAX_PIXELS.to_string();
    [
        "-protocol_whitelist",
        "file",
        "-format_whitelist",
        demuxer,
        "-codec_whitelist",
        CODECS,
        "-max_pixels",
        &pixels,
        "-f",
        demuxer,
    ]
    .map(str::to_owned)
    .to_vec()
}

/// What a picture track is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) codec: String,
    pub(crate) pix_fmt: String,
    /// As a person sees it, rotation applied.
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rotated: bool,
    pub(crate) fps: f64,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Probed {
    pub(crate) container: Container,
    pub(crate) bytes: u64,
    pub(crate) duration: Option<Duration>,
    pub(crate) picture: Option<Picture>,
    pub(crate) audio_codec: Option<String>,
}

impl Probed {
    pub(crate) fn kind(&self) -> ItemKind {
        if self.container.is_image() {
            ItemKind::Image
        } else if self.picture.is_some() {
            ItemKind::Video
        } else {
            ItemKind::Audio
        }
    }

    pub(crate) fn duration_ms(&self) -> Option<u64> {
        self.duration
            .and_then(|duration| duration.as_millis().try_into().ok())
    }
}

/// Why a file is not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("not a media file ({0})")]
    NotMedia(&'static str),
    #[error("refused as harmful ({0})")]
    Hostile(&'static str),
    #[error("longer than allowed")]
    TooLong,
    #[error("cannot look into the file: {0}")]
    Tool(String),
}

impl ProbeError {
    pub(crate) fn class(&self) -> FailureClass {
        match self {
            Self::NotMedia(_) => FailureClass::NotAVideo,
            Self::Hostile(_) => FailureClass::Hostile,
            Self::TooLong => FailureClass::TooLong,
            Self::Tool(_) => FailureClass::Misconfigured,
        }
    }
}

impl From<ToolError> for ProbeError {
    fn from(error: ToolError) -> Self {
        Self::Tool(error.to_string())
    }
}

/// Looks into files.
#[derive(Clone, Debug)]
pub(crate) struct Prober {
    pub(crate) ffprobe: PathBuf,
    pub(crate) max_duration: Duration,
}

impl Prober {
    /// Looks into `file` inside `dir` and refuses what is not media or not harmless.
    pub(crate) async fn probe(&self, dir: &Path, file: &str) -> Result<Probed, ProbeError> {
        let path = dir.join(file);
        let container = match sniff::sniff_file(&path) {
            Ok(Sniffed::Media(container)) => container,
            Ok(Sniffed::Page) => return Err(ProbeError::NotMedia("a page")),
            Ok(Sniffed::Playlist) => return Err(ProbeError::Hostile("a playlist")),
            Ok(Sniffed::Empty) => return Err(ProbeError::NotMedia("empty")),
            Ok(Sniffed::Unknown) => return Err(ProbeError::NotMedia("unknown bytes")),
            Err(error) => return Err(ProbeError::Tool(error.kind().to_string())),
        };
        let bytes = std::fs::metadata(&path)
            .map_err(|error| ProbeError::Tool(error.kind().to_string()))?
            .len();
        let answer = self.ask(dir, file, container).await?;
        let probed = read(container, bytes, &answer)?;
        // A second of grace: an encode of exactly the longest film comes out a frame longer.
        let longest = self.max_duration + Duration::from_secs(1);
        if probed.duration.is_some_and(|duration| duration > longest) {
            return Err(ProbeError::TooLong);
        }
        Ok(probed)
    }

    async fn ask(&self, dir: &Path, file: &str, container: Container) -> Result<Value, ProbeError> {
        let tool = Tool::new(&self.ffprobe, dir)
            .args(["-hide_banner", "-v", "error"])
            .args(input_flags(container))
            .args([
                "-show_entries",
                "format=duration:stream=codec_type,codec_name,pix_fmt,width,height,\
                 avg_frame_rate,r_frame_rate,duration:stream_side_data=rotation:\
                 stream_disposition=attached_pic:stream_tags=rotate",
                "-of",
                "json",
            ])
            .arg(format!("file:{file}"))
            .limits(Limits {
                wall: Duration::from_secs(30),
                cpu_seconds: Some(20),
                file_size: Some(0),
                ..Limits::default()
            });
        let output = tool::run(tool).await?;
        if output.killed.is_some() || output.status.signal.is_some() {
            return Err(ProbeError::Hostile("probing it takes too much"));
        }
        if !output.status.success() {
            return Err(ProbeError::NotMedia("unreadable"));
        }
        serde_json::from_slice(&output.stdout).map_err(|_| ProbeError::NotMedia("unreadable"))
    }
}

/// Reads ffprobe's answer, in which every number may be a string or missing.
fn read(container: Container, bytes: u64, answer: &Value) -> Result<Probed, ProbeError> {
    let streams = answer["streams"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if streams.len() > MAX_STREAMS {
        return Err(ProbeError::Hostile("too many streams"));
    }
    let of_kind = |kind: &str| {
        streams.iter().find(|stream| {
            stream["codec_type"] == kind
                && number(&stream["disposition"]["attached_pic"]) != Some(1.0)
        })
    };
    let picture = of_kind("video").map(read_picture).transpose()?;
    let audio_codec = of_kind("audio").and_then(|stream| text(&stream["codec_name"]));
    if picture.is_none() && audio_codec.is_none() {
        return Err(ProbeError::NotMedia("neither picture nor sound"));
    }
    let longest = streams
        .iter()
        .filter_map(|stream| number(&stream["duration"]))
        .fold(None, |longest: Option<f64>, seconds| {
            Some(longest.map_or(seconds, |l| l.max(seconds)))
        });
    let duration = number(&answer["format"]["duration"])
        .or(longest)
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|_| !container.is_image());
    if duration.is_none() && !container.is_image() && bytes > MAX_BYTES_WITHOUT_DURATION {
        return Err(ProbeError::Hostile("large and does not say how long it is"));
    }
    Ok(Probed {
        container,
        bytes,
        duration,
        picture,
        audio_codec,
    })
}

fn read_picture(stream: &Value) -> Result<Picture, ProbeError> {
    let side = |name: &str| {
        number(&stream[name])
            .filter(|side| *side >= 1.0)
            .map(to_u32)
    };
    let (Some(width), Some(height)) = (side("width"), side("height")) else {
        return Err(ProbeError::NotMedia("a picture without size"));
    };
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ProbeError::Hostile("too many pixels"));
    }
    let fps = rate(&stream["avg_frame_rate"]).or_else(|| rate(&stream["r_frame_rate"]));
    if fps.is_some_and(|fps| fps > MAX_FPS) {
        return Err(ProbeError::Hostile("too many frames per second"));
    }
    let rotation = stream["side_data_list"]
        .as_array()
        .and_then(|list| list.iter().find_map(|entry| number(&entry["rotation"])))
        .or_else(|| number(&stream["tags"]["rotate"]))
        .unwrap_or(0.0);
    let turned = (rotation / 90.0).round().rem_euclid(2.0) > 0.5;
    let (width, height) = if turned {
        (height, width)
    } else {
        (width, height)
    };
    Ok(Picture {
        codec: text(&stream["codec_name"]).unwrap_or_default(),
        pix_fmt: text(&stream["pix_fmt"]).unwrap_or_default(),
        width,
        height,
        rotated: rotation.abs() > 0.5,
        fps: fps.filter(|fps| *fps >= 1.0).unwrap_or(30.0),
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// `30000/1001` or `30`.
fn rate(value: &Value) -> Option<f64> {
    let text = value.as_str()?;
    let (top, bottom) = text.split_once('/').unwrap_or((text, "1"));
    let rate = top.parse::<f64>().ok()? / bottom.parse::<f64>().ok()?;
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped first"
)]
pub(crate) fn to_u32(number: f64) -> u32 {
    number.clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn video(extra: &Value) -> Value {
        let mut stream = json!({"codec_type": "video", "codec_name": "h264", "pix_fmt": "yuv420p",
            "width": 1080, "height": 1920, "avg_frame_rate": "30/1"});
        for (key, value) in extra.as_object().unwrap() {
            stream[key] = value.clone();
        }
        json!({"streams": [stream], "format": {"duration": "12.5"}})
    }

    #[test]
    fn numbers_come_in_any_shape() {
        let probed = read(
            Container::IsoMedia,
            10,
            &video(&json!({"width": "720", "avg_frame_rate": "0/0",
            "r_frame_rate": "30000/1001"})),
        )
        .unwrap();
        let picture = probed.picture.clone().unwrap();
        assert_eq!((picture.width, picture.height), (720, 1920));
        assert!((picture.fps - 29.97).abs() < 0.01);
        assert_eq!(probed.duration_ms(), Some(12_500));
        assert_eq!(probed.kind(), ItemKind::Video);
    }

    #[test]
    fn rotation_swaps_the_sides() {
        for side in [
            json!({"side_data_list": [{"rotation": -90}]}),
            json!({"tags": {"rotate": "270"}}),
        ] {
            let picture = read(Container::IsoMedia, 10, &video(&side))
                .unwrap()
                .picture
                .unwrap();
            assert_eq!(
                (picture.width, picture.height, picture.rotated),
                (1920, 1080, true)
            );
        }
        let half = json!({"side_data_list": [{"rotation": 180}]});
        let picture = read(Container::IsoMedia, 10, &video(&half))
            .unwrap()
            .picture
            .unwrap();
        assert_eq!(
            (picture.width, picture.height, picture.rotated),
            (1080, 1920, true)
        );
    }

    #[test]
    fn bombs_are_refused() {
        for extra in [
            json!({"width": 16000, "height": 9000}),
            json!({"avg_frame_rate": "1000/1"}),
        ] {
            let refused = read(Container::IsoMedia, 10, &video(&extra));
            assert!(
                matches!(refused, Err(ProbeError::Hostile(_))),
                "{refused:?}"
            );
        }
        let many = json!({"streams": vec![json!({"codec_type": "audio", "codec_name": "aac"}); 9]});
        assert!(matches!(
            read(Container::IsoMedia, 10, &many),
            Err(ProbeError::Hostile(_))
        ));
        let endless = json!({"streams": [{"codec_type": "audio", "codec_name": "aac"}]});
        assert!(matches!(
            read(Container::IsoMedia, 60_000_000, &endless),
            Err(ProbeError::Hostile(_))
        ));
        assert!(read(Container::IsoMedia, 1_000_000, &endless).is_ok());
    }

    #[test]
    fn covers_are_not_pictures() {
        let song = json!({"streams": [
            {"codec_type": "video", "codec_name": "mjpeg", "width": 500, "height": 500,
             "disposition": {"attached_pic": 1}},
            {"codec_type": "audio", "codec_name": "mp3"}], "format": {}});
        let probed = read(Container::Mp3, 10, &song).unwrap();
        assert_eq!(probed.kind(), ItemKind::Audio);
        assert!(matches!(
            read(Container::Mp3, 10, &json!({})),
            Err(ProbeError::NotMedia(_))
        ));
    }
}
