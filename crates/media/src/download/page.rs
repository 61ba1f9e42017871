//! The road through a post's page: resolve old share links by hand, let yt-dlp read the page, fetch
//! pictures that it has no use for.

use std::path::Path;

use http::header::{HeaderName, HeaderValue};
use url::Url;

use super::answer::{Answer, Entry};
use super::{Downloader, MAX_ITEMS, disk};
use crate::link::{self, Link, UrlKind};
use crate::net::Reach;
use crate::{DownloadError, FailureClass, Fetched, Item, Progress, Step, Subtitles, Via};

/// Redirects from a share link to its post.
const MAX_HOPS: usize = 3;

/// Subtitles are text; more than this is something else.
const MAX_SUBTITLE_BYTES: u64 = 1 << 20;

impl Downloader {
    pub(super) async fn page(
        &self,
        link: &Link,
        dir: &Path,
        progress: &Progress,
    ) -> Result<Fetched, DownloadError> {
        let link = match link {
            Link::Share { .. } => self.resolve(link).await?,
            Link::Story { .. } | Link::Highlight { .. } if self.cookies.is_none() => {
                return Err(DownloadError::new(
                    FailureClass::LoginRequired,
                    "stories are shown only to people who are logged in",
                ));
            }
            other => other.clone(),
        };
        let answer = self.yt_dlp(&link, dir, progress).await?;
        let fetched = self.collect(&link, &answer, dir, progress).await;
        // What yt-dlp left besides the items is of no use any more.
        let _ = std::fs::remove_dir_all(super::ytdlp::folder(dir));
        progress.report(Step::Download, 1.0);
        fetched
    }

    /// Follows an old share link to the post it stands for.
    async fn resolve(&self, link: &Link) -> Result<Link, DownloadError> {
        let hosts = self.guard.hosts();
        let mut url = link.page_url(hosts.pages());
        // Without this header Instagram answers with a page full of scripts instead of a redirect.
        let navigate = (
            HeaderName::from_static("sec-fetch-mode"),
            HeaderValue::from_static("navigate"),
        );
        for _ in 0..MAX_HOPS {
            let headers = std::slice::from_ref(&navigate);
            let answer = self
                .client
                .get_once(&url, Reach::PagesAndMedia, self.budget(), headers)
                .await?;
            let next = match (answer.status(), answer.location()) {
                (301 | 302 | 303 | 307 | 308, Some(next)) => next,
                (404 | 410, _) => {
                    return Err(DownloadError::new(
                        FailureClass::Removed,
                        "share link is gone",
                    ));
                }
                (429, _) => {
                    return Err(DownloadError::new(FailureClass::RateLimited, "share link"));
                }
                (500.., _) => {
                    return Err(DownloadError::new(FailureClass::Network, "share link"));
                }
                _ => {
                    return Err(DownloadError::new(
                        FailureClass::BadLink,
                        "share link leads nowhere",
                    ));
                }
            };
            match link::classify(next.as_str(), hosts) {
                UrlKind::Link(Link::Share { .. }) => url = next,
                // A login page that names the post is as good as the post.
                UrlKind::Link(found) => return Ok(found),
                UrlKind::Media(_) | UrlKind::Other if next.path().contains("/accounts/login") => {
                    return Err(DownloadError::new(
                        FailureClass::LoginRequired,
                        "share link",
                    ));
                }
                UrlKind::Media(_) | UrlKind::Other => url = next,
            }
        }
        Err(DownloadError::new(
            FailureClass::BadLink,
            "share link goes round in circles",
        ))
    }

    async fn collect(
        &self,
        link: &Link,
        answer: &Answer,
        dir: &Path,
        progress: &Progress,
    ) -> Result<Fetched, DownloadError> {
        let caption = answer.caption();
        let mut items = Vec::new();
        let mut first_failure = None;
        let mut bytes = 0;
        for entry in answer.entries.iter().take(MAX_ITEMS) {
            match self.item(entry, dir, items.len(), progress).await {
                Ok(item) => {
                    bytes += item.bytes;
                    items.push(item);
                }
                Err(failure) => {
                    first_failure.get_or_insert(failure);
                }
            }
        }
        if bytes > self.max_bytes {
            first_failure = Some(DownloadError::new(
                FailureClass::TooLarge,
                "all items together",
            ));
            items.clear();
        }
        if items.is_empty() {
            let failure = first_failure
                .unwrap_or_else(|| DownloadError::new(FailureClass::Ambiguous, "an empty answer"));
            return Err(failure.with_caption(caption));
        }
        Ok(Fetched {
            subtitles: answer
                .entries
                .iter()
                .find_map(|entry| adopt_subtitles(entry, dir)),
            items,
            caption,
            author: answer.author(),
            permalink: Some(link.canonical_url().into()),
            via: Via::YtDlp,
        })
    }

    async fn item(
        &self,
        entry: &Entry,
        dir: &Path,
        index: usize,
        progress: &Progress,
    ) -> Result<Item, DownloadError> {
        if let Some(file) = &entry.file {
            return Ok(self.adopt(file, dir, index).await?);
        }
        let photo = entry.photo().and_then(|url| Url::parse(url).ok());
        let photo = photo.ok_or_else(|| self.nothing_came(entry))?;
        self.fetch_item((&photo, Reach::Media), dir, index, progress)
            .await
    }

    /// An item that is known but did not come: yt-dlp's own limits spoke.
    fn nothing_came(&self, entry: &Entry) -> DownloadError {
        let (class, detail) = if entry.seconds().unwrap_or(0.0) > self.max_duration.as_secs_f64() {
            (FailureClass::TooLong, "longer than the settings allow")
        } else if entry.is_live() {
            (FailureClass::NotAVideo, "a live stream")
        } else if entry.announced {
            (FailureClass::TooLarge, "larger than the settings allow")
        } else if entry.has_formats() {
            (FailureClass::Ambiguous, "ended well without a file")
        } else {
            (FailureClass::NotAVideo, "an item without video and picture")
        };
        DownloadError::new(class, detail)
    }
}

fn adopt_subtitles(entry: &Entry, dir: &Path) -> Option<Subtitles> {
    let found = entry.subtitles.first()?;
    let extension = found.file.extension()?.to_str()?;
    if !matches!(extension, "vtt" | "srt") || found.file.metadata().ok()?.len() > MAX_SUBTITLE_BYTES
    {
        return None;
    }
    let file = format!("subtitles.{extension}");
    std::fs::rename(&found.file, dir.join(&file))
        .map_err(|error| disk(&error))
        .ok()?;
    Some(Subtitles {
        file,
        language: Some(found.language.clone()),
        automatic: found.automatic,
    })
}
