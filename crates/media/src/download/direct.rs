//! The short road: one guarded GET of the media URL that Meta sent.

use std::path::Path;

use url::Url;

use super::{Downloader, disk};
use crate::net::Reach;
use crate::{DownloadError, FailureClass, Fetched, Item, Progress, Step, Via};

impl Downloader {
    pub(super) async fn direct(
        &self,
        url: &Url,
        reach: Reach,
        dir: &Path,
        progress: &Progress,
    ) -> Result<Fetched, DownloadError> {
        let item = self.fetch_item((url, reach), dir, 0, progress).await?;
        Ok(only(item))
    }

    /// A file that is on this machine already. A copy: whoever put it there may take it away.
    pub(super) async fn copied(&self, path: &Path, dir: &Path) -> Result<Fetched, DownloadError> {
        let bytes = tokio::fs::metadata(path)
            .await
            .map_err(|error| disk(&error))?
            .len();
        if bytes > self.budget().max_bytes {
            return Err(DownloadError::new(
                FailureClass::TooLarge,
                "the file is larger than the settings allow",
            ));
        }
        let raw = dir.join("item-0.part");
        tokio::fs::copy(path, &raw)
            .await
            .map_err(|error| disk(&error))?;
        Ok(only(self.adopt(&raw, dir, 0).await?))
    }

    /// One media URL into `item-<index>`.
    pub(super) async fn fetch_item(
        &self,
        (url, reach): (&Url, Reach),
        dir: &Path,
        index: usize,
        progress: &Progress,
    ) -> Result<Item, DownloadError> {
        let raw = dir.join(format!("item-{index}.part"));
        match std::fs::remove_file(&raw) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(disk(&error)),
            _ => {}
        }
        let report = |bytes: u64, announced: Option<u64>| {
            if let Some(whole) = announced.filter(|whole| *whole > 0) {
                progress.report(Step::Download, share(bytes, whole));
            }
        };
        self.client
            .download(url, reach, self.budget(), &raw, report)
            .await?;
        Ok(self.adopt(&raw, dir, index).await?)
    }
}

fn only(item: Item) -> Fetched {
    Fetched {
        items: vec![item],
        caption: None,
        author: None,
        permalink: None,
        subtitles: None,
        via: Via::Direct,
    }
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a share for a progress line"
)]
fn share(bytes: u64, whole: u64) -> f32 {
    (bytes as f64 / whole as f64) as f32
}
