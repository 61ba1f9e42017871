//! Containers: media on its way to being published. What a container is at a moment follows from when
//! its file was there and from the clock, so that moving the clock is enough to finish it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Containers live a day, and 400 of them may be made in one
/// (<https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media>, 2026-11).
pub(crate) const LIFE_MS: i64 = 24 * 3_600_000;
pub(crate) const CONTAINERS_A_DAY: usize = 400;

/// What will be posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Image,
    Reel,
    StoryImage,
    StoryVideo,
    ItemImage,
    ItemVideo,
    Carousel,
}

impl Kind {
    pub(crate) fn is_video(self) -> bool {
        matches!(self, Self::Reel | Self::StoryVideo | Self::ItemVideo)
    }

    pub(crate) fn is_item(self) -> bool {
        matches!(self, Self::ItemImage | Self::ItemVideo)
    }
}

/// Where the file of a container is.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Being fetched, or to be uploaded.
    Awaited,
    /// There since, as this asset; a carousel has none.
    Here { at_ms: i64, asset: Option<String> },
    /// It could not be had or used: the subcode says why.
    Bad { at_ms: i64, subcode: i64 },
}

/// A resumable upload.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) path: PathBuf,
    pub(crate) received: u64,
    pub(crate) size: Option<u64>,
    /// Somebody writes to the file now.
    pub(crate) busy: bool,
}

/// What a client asked to have posted.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) kind: Kind,
    pub(crate) made_ms: i64,
    pub(crate) caption: Option<String>,
    pub(crate) alt_text: Option<String>,
    pub(crate) children: Vec<String>,
    pub(crate) share_to_feed: bool,
    pub(crate) is_ai_generated: bool,
    /// Not shown to followers at first.
    pub(crate) trial: bool,
    /// Everything asked, for whoever looks at the result.
    pub(crate) asked: serde_json::Value,
    pub(crate) thumb_offset_ms: Option<i64>,
    pub(crate) processing_ms: i64,
    /// Processing ends with this subcode.
    pub(crate) fail: Option<i64>,
    pub(crate) content: Content,
    pub(crate) upload: Option<Upload>,
    /// The media it became.
    pub(crate) published: Option<String>,
}

/// `status_code`, with the subcode of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    InProgress,
    Finished,
    Error(i64),
    Expired,
    Published,
}

impl Stage {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Finished => "FINISHED",
            Self::Error(_) => "ERROR",
            Self::Expired => "EXPIRED",
            Self::Published => "PUBLISHED",
        }
    }
}

impl Container {
    pub(crate) fn stage(&self, now_ms: i64) -> Stage {
        if self.published.is_some() {
            return Stage::Published;
        }
        if now_ms - self.made_ms >= LIFE_MS {
            return Stage::Expired;
        }
        let (at_ms, bad) = match &self.content {
            Content::Awaited => return Stage::InProgress,
            Content::Here { at_ms, .. } => (*at_ms, self.fail),
            Content::Bad { at_ms, subcode } => (*at_ms, Some(*subcode)),
        };
        match bad {
            _ if now_ms - at_ms < self.processing_ms => Stage::InProgress,
            Some(subcode) => Stage::Error(subcode),
            None => Stage::Finished,
        }
    }
}

/// The next containers end with this subcode.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fail {
    pub(crate) subcode: i64,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

fn once() -> u32 {
    1
}

/// What `POST /_sim/publishing` sets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rules {
    /// How long Meta works on a file once it has it.
    pub(crate) processing_ms: i64,
    /// Posts in any 24 hours. Meta's guide says 100, its limit page 50: clients must ask.
    pub(crate) quota_total: usize,
    /// Trial reels are open to some accounts only.
    pub(crate) trial_reels: bool,
    pub(crate) fail: Option<Fail>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            processing_ms: 1_000,
            quota_total: 100,
            trial_reels: true,
            fail: None,
        }
    }
}

/// Everything about publishing.
#[derive(Debug, Default)]
pub(crate) struct Publishing {
    pub(crate) rules: Rules,
    pub(crate) containers: BTreeMap<String, Container>,
    /// When each account posted, oldest first.
    posted: HashMap<String, VecDeque<i64>>,
    /// Media that its own account likes.
    pub(crate) liked: BTreeSet<String>,
}

impl Publishing {
    /// Posts of the account since `since_ms`.
    pub(crate) fn posted_since(&self, account: &str, since_ms: i64) -> usize {
        let times = self.posted.get(account);
        times.map_or(0, |times| times.iter().filter(|at| **at > since_ms).count())
    }

    pub(crate) fn count_post(&mut self, account: &str, now_ms: i64) {
        let times = self.posted.entry(account.to_owned()).or_default();
        times.retain(|at| now_ms - *at < LIFE_MS);
        times.push_back(now_ms);
    }

    /// Containers that the account made in the last day.
    pub(crate) fn made_lately(&self, account: &str, now_ms: i64) -> usize {
        let made = self.containers.values();
        made.filter(|one| one.account == account && now_ms - one.made_ms < LIFE_MS)
            .count()
    }

    /// Whether the next container is to fail, counted as used.
    pub(crate) fn next_fail(&mut self) -> Option<i64> {
        let fail = self.rules.fail.as_mut()?;
        let subcode = fail.subcode;
        fail.times = fail.times.saturating_sub(1);
        if fail.times == 0 {
            self.rules.fail = None;
        }
        Some(subcode)
    }

    /// The file came, or did not. The world may have been reset meanwhile.
    pub(crate) fn settle(&mut self, id: &str, outcome: Result<String, i64>, at_ms: i64) {
        if let Some(container) = self.containers.get_mut(id) {
            container.content = match outcome {
                Ok(asset) => Content::Here {
                    at_ms,
                    asset: Some(asset),
                },
                Err(subcode) => Content::Bad { at_ms, subcode },
            };
        }
    }
}
