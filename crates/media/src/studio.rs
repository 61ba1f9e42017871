//! The facade: everything the bot asks of this crate, in the order of its pipeline.

use std::path::Path;
use std::time::Duration;

use url::Url;

use crate::download::Downloader;
use crate::fit::Fitter;
use crate::link::{Hosts, Link};
use crate::net::{self, Guard, NetError};
use crate::probe::Prober;
use crate::tool::{self, Limits, Tool};
use crate::transcribe::Ear;
use crate::{
    ChannelLimits, DownloadError, Fetched, FitError, Fitted, Heard, Hints, Item, Progress,
    Settings, Summary, SummaryRequest, TranscribeError, summary,
};

/// Where a reel is to come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A media file on Meta's CDN, as [`crate::link::classify`] let it pass.
    Media {
        /// Its signed URL: a secret.
        url: Url,
    },
    /// The page of a post.
    Page {
        /// The link.
        link: Link,
    },
    /// A file at a public address that a messenger of ours named itself. Never for what a stranger sends.
    Named {
        /// Its address: it opens without a key, so it is a secret.
        url: Url,
    },
    /// A file on this machine, within a folder that the operator named.
    File {
        /// Where it lies.
        path: std::path::PathBuf,
    },
}

/// One tool's state, for `doctor` and readiness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolReport {
    /// Which tool.
    pub name: &'static str,
    /// Its version, if it runs.
    pub version: Option<String>,
    /// How old that version is, where the version says so.
    pub age_days: Option<i64>,
    /// What is wrong, with the next step.
    pub problem: Option<String>,
}

/// Instagram changes its pages several times a year; yt-dlp itself warns at this age.
const YT_DLP_STALE_DAYS: i64 = 90;

/// Downloads, fits, listens and summarises. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Studio {
    settings: Settings,
    downloader: Downloader,
    fitter: Fitter,
    ear: Ear,
}

impl Studio {
    /// Prepares the guarded client. Needs a process-wide rustls provider.
    pub fn new(settings: Settings) -> Result<Self, NetError> {
        let hosts = Hosts::new(&settings.media.pages, &settings.media.test_hosts);
        let client = net::client(&Guard::new(hosts))?;
        let prober = Prober {
            ffprobe: settings.tools.ffprobe.clone(),
            max_duration: Duration::from_secs(settings.media.max_duration_seconds),
        };
        let downloader = Downloader::new(&settings, client, prober.clone());
        let fitter = Fitter::new(&settings, prober);
        let ear = Ear::new(settings.clone());
        Ok(Self {
            settings,
            downloader,
            fitter,
            ear,
        })
    }

    /// The hosts of this installation, for [`crate::link::classify`].
    pub fn hosts(&self) -> Hosts {
        Hosts::new(&self.settings.media.pages, &self.settings.media.test_hosts)
    }

    /// Asks every tool for its version.
    pub async fn check(&self) -> Vec<ToolReport> {
        let tools = &self.settings.tools;
        let (ffmpeg, ffprobe, mut yt_dlp) = tokio::join!(
            version("ffmpeg", &tools.ffmpeg, "-version"),
            version("ffprobe", &tools.ffprobe, "-version"),
            version("yt-dlp", &tools.yt_dlp, "--version"),
        );
        yt_dlp.age_days = yt_dlp.version.as_deref().and_then(age_days);
        if yt_dlp.age_days.is_some_and(|days| days > YT_DLP_STALE_DAYS) {
            yt_dlp.problem = Some(format!(
                "yt-dlp is more than {YT_DLP_STALE_DAYS} days old; Instagram has likely changed since: update it"
            ));
        }
        vec![ffmpeg, ffprobe, yt_dlp]
    }

    /// Brings the files of `source` into `dir`, which is made if need be and closed to others.
    pub async fn download(
        &self,
        source: &Source,
        dir: &Path,
        progress: &Progress,
    ) -> Result<Fetched, DownloadError> {
        self.downloader.download(source, dir, progress).await
    }

    /// Makes a file of `item` that the channel takes.
    pub async fn fit(
        &self,
        item: &Item,
        dir: &Path,
        limits: &ChannelLimits,
        progress: &Progress,
    ) -> Result<Fitted, FitError> {
        self.fitter.fit(item, dir, limits, progress).await
    }

    /// Makes a small still picture of a fitted file; answers its name in `dir`.
    pub async fn thumbnail(&self, file: &str, dir: &Path) -> Result<String, FitError> {
        self.fitter.thumbnail(file, dir).await
    }

    /// Makes a file of the sound of `item` that the channel takes.
    pub async fn sound(
        &self,
        item: &Item,
        dir: &Path,
        limits: &ChannelLimits,
    ) -> Result<Fitted, FitError> {
        self.fitter.sound_of(item, dir, limits).await
    }

    /// Listens to `item`.
    pub async fn transcribe(
        &self,
        item: &Item,
        dir: &Path,
        hints: &Hints,
        progress: &Progress,
    ) -> Result<Heard, TranscribeError> {
        self.ear
            .listen(&dir.join(&item.file), dir, hints, progress)
            .await
    }

    /// Makes a summary.
    pub async fn summarise(&self, request: &SummaryRequest) -> Summary {
        summary::summarise(&self.settings, request).await
    }
}

async fn version(name: &'static str, program: &Path, flag: &str) -> ToolReport {
    let report = |version, problem| ToolReport {
        name,
        version,
        age_days: None,
        problem,
    };
    let tool = Tool::new(program, std::env::temp_dir())
        .arg(flag)
        .limits(Limits {
            wall: Duration::from_secs(20),
            ..Limits::default()
        });
    match tool::run(tool).await {
        Err(error) => report(None, Some(error.to_string())),
        Ok(output) if !output.success() => report(
            None,
            Some(format!("{name} {flag} does not work: reinstall it")),
        ),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            let first = text.lines().next().unwrap_or_default();
            let word = first
                .split_whitespace()
                .find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
            report(Some(word.unwrap_or(first).to_owned()), None)
        }
    }
}

/// Days since the date that yt-dlp's version is, such as `2026.10.26`.
fn age_days(version: &str) -> Option<i64> {
    let mut parts = version.split('.').map(str::parse::<i64>);
    let (year, month, day) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?;
    let today = i64::try_from(now.as_secs() / 86_400).ok()?;
    Some(today - days_since_epoch(year, month, day)?)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (years counted from March, so that the
/// leap day is the last).
fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    Some(365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_count_right() {
        assert_eq!(days_since_epoch(1970, 1, 1), Some(0));
        assert_eq!(days_since_epoch(2000, 2, 29), Some(11_016));
        assert_eq!(days_since_epoch(2026, 10, 26), Some(20_752));
        assert_eq!(days_since_epoch(2026, 13, 1), None);
        assert_eq!(age_days("5.1.9-0+deb12u1"), None);
    }
}
