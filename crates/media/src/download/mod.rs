//! From a source to checked files in the job's folder: the URL that Meta sent is fetched by us; a
//! post's page is read by yt-dlp behind our proxy. Whatever came is looked at before anybody else
//! sees it.

mod answer;
mod classes;
mod direct;
mod page;
mod ytdlp;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::net::{Budget, Guard, GuardedClient, NetError, Reach};
use crate::probe::sniff::{self, Sniffed};
use crate::probe::{ProbeError, Prober};
use crate::settings::Settings;
use crate::studio::Source;
use crate::{DownloadError, FailureClass, Fetched, Item, Progress};

/// Items of a carousel that are fetched; Instagram's chat shows ten at a time.
const MAX_ITEMS: usize = 10;

/// Silence after which a download counts as dead.
const IDLE: Duration = Duration::from_secs(15);

/// Everything of one download. A file of the largest size comes in 100 s at 16 Mb/s.
const TOTAL: Duration = Duration::from_mins(2);

/// Brings files.
#[derive(Clone, Debug)]
pub(crate) struct Downloader {
    guard: Guard,
    client: GuardedClient,
    prober: Prober,
    yt_dlp: PathBuf,
    ffmpeg: PathBuf,
    cookies: Option<PathBuf>,
    max_bytes: u64,
    max_duration: Duration,
}

impl Downloader {
    pub(crate) fn new(settings: &Settings, client: GuardedClient, prober: Prober) -> Self {
        Self {
            guard: client.guard().clone(),
            client,
            yt_dlp: settings.tools.yt_dlp.clone(),
            ffmpeg: settings.tools.ffmpeg.clone(),
            cookies: settings.media.cookies_file.clone(),
            max_bytes: settings.media.max_download_bytes,
            max_duration: prober.max_duration,
            prober,
        }
    }

    pub(crate) async fn download(
        &self,
        source: &Source,
        dir: &Path,
        progress: &Progress,
    ) -> Result<Fetched, DownloadError> {
        // yt-dlp works inside this folder, where a relative path would mean something else.
        let dir = &std::path::absolute(dir).map_err(|error| disk(&error))?;
        prepare(dir).map_err(|error| disk(&error))?;
        match source {
            Source::Media { url } => self.direct(url, Reach::Media, dir, progress).await,
            Source::Named { url } => self.direct(url, Reach::Public, dir, progress).await,
            Source::Page { link } => self.page(link, dir, progress).await,
            Source::File { path } => self.copied(path, dir).await,
        }
    }

    fn budget(&self) -> Budget {
        Budget {
            max_bytes: self.max_bytes,
            idle: IDLE,
            total: TOTAL,
        }
    }

    /// Gives a downloaded file its place and name, and looks into it.
    async fn adopt(&self, from: &Path, dir: &Path, index: usize) -> Result<Item, ProbeError> {
        let tool = |error: std::io::Error| ProbeError::Tool(error.kind().to_string());
        let container = match sniff::sniff_file(from).map_err(tool)? {
            Sniffed::Media(container) => container,
            Sniffed::Page => return Err(ProbeError::NotMedia("a page")),
            Sniffed::Playlist => return Err(ProbeError::Hostile("a playlist")),
            Sniffed::Empty => return Err(ProbeError::NotMedia("empty")),
            Sniffed::Unknown => return Err(ProbeError::NotMedia("unknown bytes")),
        };
        let file = format!("item-{index}.{}", container.extension());
        std::fs::rename(from, dir.join(&file)).map_err(tool)?;
        let probed = self.prober.probe(dir, &file).await?;
        let duration_ms = probed.duration_ms();
        Ok(Item {
            kind: probed.kind(),
            bytes: probed.bytes,
            duration_ms,
            width: probed.picture.as_ref().map(|picture| picture.width),
            height: probed.picture.as_ref().map(|picture| picture.height),
            has_audio: probed.audio_codec.is_some(),
            file,
        })
    }
}

/// The job's folder, for us alone.
fn prepare(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)?;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
}

fn disk(error: &std::io::Error) -> DownloadError {
    DownloadError::new(
        FailureClass::Misconfigured,
        format!("job folder: {}", error.kind()),
    )
}

impl From<ProbeError> for DownloadError {
    fn from(error: ProbeError) -> Self {
        Self::new(error.class(), error.to_string())
    }
}

impl From<NetError> for DownloadError {
    fn from(error: NetError) -> Self {
        let (class, after) = match &error {
            NetError::Refused(_) | NetError::Redirects => (FailureClass::Hostile, None),
            NetError::Status {
                status: 429,
                retry_after,
            } => (FailureClass::RateLimited, *retry_after),
            NetError::Status {
                status: 500..,
                retry_after,
            } => (FailureClass::Network, *retry_after),
            // Signed links of Meta's CDN end so, whether they expired or the post is gone.
            NetError::Status { .. } => (FailureClass::Removed, None),
            NetError::TooLarge(_) => (FailureClass::TooLarge, None),
            NetError::Timeout | NetError::Transport(_) => (FailureClass::Network, None),
            NetError::Disk(_) => (FailureClass::Misconfigured, None),
        };
        let failure = Self::new(class, error.to_string());
        Self {
            retry_after: after.or(failure.retry_after),
            ..failure
        }
    }
}
