//! What a download brings, what a channel takes and what fitting made of it. These are the words
//! that cross this crate's wall; `Fetched` and `Fitted` are stored as checkpoints, hence serde.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a downloaded file is, decided by its bytes and never by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Moving pictures, with or without sound.
    Video,
    /// A still picture.
    Image,
    /// Sound alone (a voice note).
    Audio,
}

/// One file of a post, lying in the job's folder under a name that we chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// File name inside the job's folder; never a path.
    pub file: String,
    /// Size on disk.
    pub bytes: u64,
    /// Length, for video and audio.
    pub duration_ms: Option<u64>,
    /// Width as a person sees it (rotation applied).
    pub width: Option<u32>,
    /// Height as a person sees it (rotation applied).
    pub height: Option<u32>,
    /// Whether there is a sound track.
    pub has_audio: bool,
}

/// Text that came with the media and spares us listening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subtitles {
    /// File name inside the job's folder (WebVTT or SubRip).
    pub file: String,
    /// Language tag as the source gave it.
    pub language: Option<String>,
    /// Whether a machine wrote them.
    pub automatic: bool,
}

/// Which road the bytes came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// One guarded GET of the URL that Meta sent.
    Direct,
    /// yt-dlp read the post's page.
    YtDlp,
}

/// Everything a download brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// Files in the order of the post; never empty.
    pub items: Vec<Item>,
    /// The author's caption.
    pub caption: Option<String>,
    /// The author's user name.
    pub author: Option<String>,
    /// Canonical link of the post, if it came from one.
    pub permalink: Option<String>,
    /// Subtitles, if the source had any.
    pub subtitles: Option<Subtitles>,
    /// Which road the bytes came.
    pub via: Via,
}

impl Fetched {
    /// The item that is fitted and listened to: the first video, else the first sound, else the
    /// first picture.
    pub fn main_item(&self) -> Option<&Item> {
        [ItemKind::Video, ItemKind::Audio, ItemKind::Image]
            .iter()
            .find_map(|kind| self.items.iter().find(|item| item.kind == *kind))
    }
}

/// Why nothing could be downloaded, in classes that a person can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The account is private.
    Private,
    /// The post is gone or never was.
    Removed,
    /// Instagram shows it only to people who are logged in (age, region of trust, stories).
    LoginRequired,
    /// Instagram asks us to slow down.
    RateLimited,
    /// Not shown in the country where this server stands.
    Geo,
    /// The network or the far side failed; another try may do.
    Network,
    /// More bytes than the settings allow.
    TooLarge,
    /// Longer than the settings allow.
    TooLong,
    /// A post without a video and without pictures that we could fetch.
    NotAVideo,
    /// Instagram answered emptily: private, removed or restricted, it does not say which.
    Ambiguous,
    /// Not a link that we can follow.
    BadLink,
    /// A file or address that tried to lead us elsewhere.
    Hostile,
    /// Our own tools or settings are at fault; the operator must act.
    Misconfigured,
}

impl FailureClass {
    /// Every class, in the order of declaration.
    pub const ALL: [Self; 13] = [
        Self::Private,
        Self::Removed,
        Self::LoginRequired,
        Self::RateLimited,
        Self::Geo,
        Self::Network,
        Self::TooLarge,
        Self::TooLong,
        Self::NotAVideo,
        Self::Ambiguous,
        Self::BadLink,
        Self::Hostile,
        Self::Misconfigured,
    ];

    /// The word used in stored reasons, metrics and text keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Removed => "removed",
            Self::LoginRequired => "login_required",
            Self::RateLimited => "rate_limited",
            Self::Geo => "geo",
            Self::Network => "network",
            Self::TooLarge => "too_large",
            Self::TooLong => "too_long",
            Self::NotAVideo => "not_a_video",
            Self::Ambiguous => "ambiguous",
            Self::BadLink => "bad_link",
            Self::Hostile => "hostile",
            Self::Misconfigured => "misconfigured",
        }
    }

    /// Whether the same request may succeed later without anybody changing anything.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Network | Self::Ambiguous)
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A download that failed. `detail` is for the operator and holds no URL and no text of a person.
#[derive(Clone, Debug, thiserror::Error)]
#[error("download failed ({class}): {detail}")]
pub struct DownloadError {
    /// What the caller can do next.
    pub class: FailureClass,
    /// How long to wait before the next try, if one makes sense.
    pub retry_after: Option<Duration>,
    /// One line for the operator.
    pub detail: String,
    /// What is known of the post although no file came (a photo-only post still has a caption).
    pub caption: Option<String>,
}

impl DownloadError {
    /// A failure of this class, with the class's usual waiting time.
    pub fn new(class: FailureClass, detail: impl Into<String>) -> Self {
        let retry_after = match class {
            // Blocks by Instagram last minutes, not seconds (facts of November 2026).
            FailureClass::RateLimited => Some(Duration::from_mins(5)),
            FailureClass::Ambiguous => Some(Duration::from_mins(1)),
            FailureClass::Network => Some(Duration::from_secs(10)),
            _ => None,
        };
        Self {
            class,
            retry_after,
            detail: detail.into(),
            caption: None,
        }
    }

    /// Keeps the caption that was found on the way.
    pub fn with_caption(mut self, caption: Option<String>) -> Self {
        self.caption = caption;
        self
    }
}

/// What a channel accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelLimits {
    /// Size an encode aims at.
    pub target_bytes: u64,
    /// Size that is never exceeded.
    pub hard_bytes: u64,
    /// Largest still picture.
    pub image_bytes: u64,
    /// Largest GIF.
    pub gif_bytes: u64,
    /// Send a real GIF instead of a silent MP4 when nothing else fits.
    pub prefer_gif: bool,
}

impl ChannelLimits {
    /// Instagram direct messages: video 25 MB, pictures and GIF 8 MB (Meta, "Upload attachments",
    /// page of 30 June 2026). Meta does not say whether its megabyte is 10^6 or 2^20, so the
    /// smaller reading holds, less a margin.
    pub fn instagram() -> Self {
        Self {
            target_bytes: 24_000_000,
            hard_bytes: 24_900_000,
            image_bytes: 8_000_000,
            gif_bytes: 8_000_000,
            prefer_gif: false,
        }
    }

    /// Telegram's common server: files 50 MB, photos 10 MB (<https://core.telegram.org/bots/api#sending-files>, read
    /// 2026-11). It counts as Meta does, without saying how, so the smaller reading holds, less a margin.
    pub fn telegram() -> Self {
        Self {
            target_bytes: 48_000_000,
            hard_bytes: 49_900_000,
            image_bytes: 10_000_000,
            gif_bytes: 49_900_000,
            prefer_gif: false,
        }
    }
}

/// Which rung of the ladder made the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitHow {
    /// The file already fits; it is the download itself.
    PassThrough,
    /// Same pictures and sound, index moved to the front or container changed.
    Remux,
    /// One capped encode.
    Reencoded {
        /// Short side of the picture.
        short_side: u32,
    },
    /// Two passes, one rung lower, because one was not enough.
    TwoPass {
        /// Short side of the picture.
        short_side: u32,
    },
    /// A few silent seconds as MP4.
    Preview,
    /// A few silent seconds as GIF.
    Gif,
    /// A still picture.
    Image,
    /// Sound alone.
    Audio,
}

/// A file that the channel takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fitted {
    /// File name inside the job's folder; ASCII, since Meta refuses other attachment names.
    pub file: String,
    /// Size on disk.
    pub bytes: u64,
    /// Length, for video and audio.
    pub duration_ms: Option<u64>,
    /// Width in pixels.
    pub width: Option<u32>,
    /// Height in pixels.
    pub height: Option<u32>,
    /// Which rung made it.
    pub how: FitHow,
    /// Whether there is a sound track.
    pub has_audio: bool,
}

impl Fitted {
    /// The MIME type to upload it as.
    pub fn mime(&self) -> &'static str {
        match self.file.rsplit('.').next() {
            Some("gif") => "image/gif",
            Some("jpg") => "image/jpeg",
            Some("png") => "image/png",
            Some("m4a" | "mp4") if self.width.is_none() => "audio/mp4",
            _ => "video/mp4",
        }
    }
}

/// Why no file could be made that the channel takes.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FitError {
    /// Not even a preview fits.
    #[error("nothing of this file fits the channel")]
    TooBig,
    /// The file is not media, or it is made to do harm.
    #[error("the file was refused: {0}")]
    Refused(String),
    /// Longer than the settings allow.
    #[error("the file lasts longer than the settings allow")]
    TooLong,
    /// Our own tools or disk are at fault.
    #[error("the tools failed: {0}")]
    Tools(String),
}

impl FitError {
    /// Whether another try may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Tools(_))
    }
}
