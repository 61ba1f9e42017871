//! Fetching what a client names by address, as Meta's own servers do, and judging it.
//! Limits: <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media>, 2026-11.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use url::Url;

use crate::world::Shared;
use crate::world::asset::Asset;
use crate::world::container::Kind;
use crate::world::probe::Probe;

const IMAGE_BYTES: u64 = 8 * 1_024 * 1_024;
const REEL_BYTES: u64 = 300_000_000;
const STORY_BYTES: u64 = 100_000_000;
/// Meta's page on messages names 75 s for a video; for publishing it names none.
const FETCH_TIME: Duration = Duration::from_secs(75);
/// A server may refuse robots it does not know, so ours says what Meta's says first.
const AGENT: &str = "facebookexternalhit/1.1 (simulated)";

const NOT_FETCHABLE: i64 = 2_207_052;
const TIMED_OUT: i64 = 2_207_003;
const BAD_VIDEO: i64 = 2_207_026;

pub(super) fn limit(kind: Kind) -> u64 {
    match kind {
        Kind::Reel => REEL_BYTES,
        Kind::StoryVideo | Kind::ItemVideo => STORY_BYTES,
        _ => IMAGE_BYTES,
    }
}

/// The file behind an address, or the subcode that says why not.
pub(super) async fn fetch(
    world: &Shared,
    kind: Kind,
    url: &str,
    thumb_offset_ms: Option<i64>,
) -> Result<Arc<Asset>, i64> {
    let (path, bytes) = match tokio::time::timeout(FETCH_TIME, download(world, kind, url)).await {
        Ok(outcome) => outcome?,
        Err(_) => return Err(TIMED_OUT),
    };
    judge(world, kind, path, bytes, thumb_offset_ms).await
}

async fn download(world: &Shared, kind: Kind, url: &str) -> Result<(PathBuf, u64), i64> {
    if !url.is_ascii() {
        return Err(NOT_FETCHABLE);
    }
    let url = Url::parse(url).map_err(|_| NOT_FETCHABLE)?;
    // Meta wants public https; plain http is taken only from this machine, where tests live.
    let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if url.scheme() != "https" && !(local && url.scheme() == "http") {
        return Err(NOT_FETCHABLE);
    }
    let request = world.http().get(url).header("user-agent", AGENT);
    let mut answer = request.send().await.map_err(|_| NOT_FETCHABLE)?;
    if !answer.status().is_success() {
        return Err(NOT_FETCHABLE);
    }
    let path = world
        .uploads()
        .join(format!("{}.bin", uuid::Uuid::now_v7()));
    let mut file = tokio::fs::File::create(&path)
        .await
        .map_err(|error| disk(&error))?;
    let mut bytes = 0;
    while let Some(piece) = answer.chunk().await.map_err(|_| NOT_FETCHABLE)? {
        bytes += piece.len() as u64;
        if bytes > limit(kind) {
            break;
        }
        file.write_all(&piece).await.map_err(|error| disk(&error))?;
    }
    file.flush().await.map_err(|error| disk(&error))?;
    Ok((path, bytes))
}

fn disk(error: &std::io::Error) -> i64 {
    tracing::error!(%error, "what was fetched cannot be written");
    2_207_001
}

/// Whether the file can be posted as this kind; it becomes an asset if so.
pub(super) async fn judge(
    world: &Shared,
    kind: Kind,
    path: PathBuf,
    bytes: u64,
    thumb_offset_ms: Option<i64>,
) -> Result<Arc<Asset>, i64> {
    let outcome = look(world, kind, &path, bytes, thumb_offset_ms).await;
    if outcome.is_err() {
        let _ = tokio::fs::remove_file(&path).await;
    }
    outcome
}

async fn look(
    world: &Shared,
    kind: Kind,
    path: &Path,
    bytes: u64,
    thumb_offset_ms: Option<i64>,
) -> Result<Arc<Asset>, i64> {
    let head = head(path).await.unwrap_or_default();
    if kind.is_video() {
        let mime = match (head.get(4..8), head.get(8..12)) {
            (Some(b"ftyp"), Some(b"qt  ")) => "video/quicktime",
            (Some(b"ftyp"), _) => "video/mp4",
            _ => return Err(BAD_VIDEO),
        };
        if bytes > limit(kind) || !moov_first(path).await.unwrap_or(false) {
            return Err(BAD_VIDEO);
        }
        let asset = world.add_file(path.to_owned(), mime, bytes);
        let probe = world.probe(&asset).await;
        return match fault_of_video(kind, &probe, thumb_offset_ms) {
            None => Ok(asset),
            Some(subcode) => {
                world.assets().remove(&asset.id);
                Err(subcode)
            }
        };
    }
    if bytes > IMAGE_BYTES {
        return Err(2_207_004);
    }
    if !head.starts_with(b"\xff\xd8\xff") {
        return Err(2_207_005);
    }
    let asset = world.add_file(path.to_owned(), "image/jpeg", bytes);
    let probe = world.probe(&asset).await;
    match (probe.width, probe.height) {
        (Some(width), Some(height)) if kind == Kind::StoryImage || fits(width, height) => Ok(asset),
        (Some(_), Some(_)) => {
            world.assets().remove(&asset.id);
            Err(2_207_009)
        }
        _ => {
            world.assets().remove(&asset.id);
            Err(2_207_005)
        }
    }
}

/// 4:5 to 1.91:1, without a float.
fn fits(width: u64, height: u64) -> bool {
    width * 5 >= height * 4 && width * 100 <= height * 191
}

fn fault_of_video(kind: Kind, probe: &Probe, thumb_offset_ms: Option<i64>) -> Option<i64> {
    let video = matches!(probe.video_codec.as_deref(), Some("h264" | "hevc"));
    let audio = matches!(probe.audio_codec.as_deref(), None | Some("aac"));
    let length_ms = probe.duration_ms.unwrap_or(0);
    let longest_ms = if kind == Kind::Reel {
        15 * 60_000
    } else {
        60_000
    };
    // A tenth of a second more or less is rounding of the container format.
    let length = (2_900..=longest_ms + 100).contains(&length_ms);
    let wide = probe.width.is_some_and(|width| width > 1_920);
    if !video || !audio || !length || wide {
        return Some(BAD_VIDEO);
    }
    let inside = |offset: i64| u64::try_from(offset).is_ok_and(|offset| offset < length_ms);
    let outside = thumb_offset_ms.is_some_and(|offset| !inside(offset));
    outside.then_some(2_207_057)
}

async fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let file = tokio::fs::File::open(path).await?;
    file.take(16).read_to_end(&mut head).await?;
    Ok(head)
}

/// Whether the index stands before the pictures, so that playing can begin at once.
async fn moov_first(path: &Path) -> std::io::Result<bool> {
    let mut file = tokio::fs::File::open(path).await?;
    let mut at = 0;
    loop {
        file.seek(std::io::SeekFrom::Start(at)).await?;
        let mut size = u64::from(file.read_u32().await?);
        let mut name = [0; 4];
        file.read_exact(&mut name).await?;
        match &name {
            b"moov" => return Ok(true),
            b"mdat" => return Ok(false),
            _ => {}
        }
        if size == 1 {
            size = file.read_u64().await?;
        }
        if size < 8 {
            return Ok(false);
        }
        at += size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_and_lengths_have_limits() {
        assert!(fits(1_080, 1_350) && fits(1_080, 1_080) && fits(1_080, 566));
        assert!(!fits(1_080, 1_351) && !fits(1_080, 565));
        let probe = |duration_ms, codec: &str| Probe {
            duration_ms: Some(duration_ms),
            width: Some(720),
            height: Some(1_280),
            video_codec: Some(codec.into()),
            audio_codec: Some("aac".into()),
        };
        assert_eq!(
            fault_of_video(Kind::Reel, &probe(9_000, "h264"), Some(8_000)),
            None
        );
        assert_eq!(
            fault_of_video(Kind::Reel, &probe(9_000, "h264"), Some(9_000)),
            Some(2_207_057)
        );
        assert_eq!(
            fault_of_video(Kind::Reel, &probe(2_000, "h264"), None),
            Some(BAD_VIDEO)
        );
        assert_eq!(
            fault_of_video(Kind::Reel, &probe(9_000, "vp9"), None),
            Some(BAD_VIDEO)
        );
        assert_eq!(
            fault_of_video(Kind::StoryVideo, &probe(61_000, "h264"), None),
            Some(BAD_VIDEO)
        );
    }
}
