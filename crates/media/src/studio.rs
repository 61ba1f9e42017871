//! The facade: everything the bot asks of this crate, in the order of its pipeline.

use std::path::Path;

use crate::link::Link;
use crate::{
    ChannelLimits, DownloadError, FailureClass, Fetched, FitError, Fitted, Heard, Hints, Item,
    Progress, Settings, Summary, SummaryRequest, TranscribeError, summary, transcribe,
};
use url::Url;

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

/// Downloads, fits, listens and summarises. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Studio {
    settings: Settings,
}

impl Studio {
    /// Checks the settings and prepares the guarded client.
    pub fn new(settings: Settings) -> Result<Self, crate::net::NetError> {
        Ok(Self { settings })
    }

    /// Asks every tool for its version.
    pub async fn check(&self) -> Vec<ToolReport> {
        Vec::new()
    }

    /// Brings the files of `source` into `dir`.
    pub async fn download(
        &self,
        _source: &Source,
        _dir: &Path,
        _progress: &Progress,
    ) -> Result<Fetched, DownloadError> {
        Err(DownloadError::new(
            FailureClass::Misconfigured,
            "not built yet",
        ))
    }

    /// Makes a file of `item` that the channel takes.
    pub async fn fit(
        &self,
        _item: &Item,
        _dir: &Path,
        _limits: &ChannelLimits,
        _progress: &Progress,
    ) -> Result<Fitted, FitError> {
        Err(FitError::TooBig)
    }

    /// Listens to `item`.
    pub async fn transcribe(
        &self,
        item: &Item,
        dir: &Path,
        hints: &Hints,
        progress: &Progress,
    ) -> Result<Heard, TranscribeError> {
        transcribe::transcribe(&self.settings, &dir.join(&item.file), dir, hints, progress).await
    }

    /// Makes a summary.
    pub async fn summarise(&self, request: &SummaryRequest) -> Summary {
        summary::summarise(&self.settings, request).await
    }
}
