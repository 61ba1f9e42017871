//! What the bot is told when it is built. The server reads the settings file; nothing here does.

use std::time::Duration;

use media::Language;
use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::brake::BrakeSettings;

/// Everything the bot can be told.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct BotSettings {
    /// Language for people whose own is not known yet.
    pub language: Language,
    /// Reels a person may ask for in a day.
    pub daily_limit: u32,
    /// IANA name of the zone whose midnight starts the day.
    pub time_zone: String,
    /// Links taken from one message.
    pub max_links: usize,
    /// Seconds of silence before "got it" is said.
    pub status_after_seconds: u32,
    /// Reels worked on at a time.
    pub concurrency: usize,
    /// Messages answered at a time.
    pub reply_concurrency: usize,
    /// Marks of the brake against loops.
    pub brake: BrakeSettings,
    /// The send protocol's times.
    pub send: SendSettings,
    /// What is kept and what fits.
    pub files: FileSettings,
}

impl Default for BotSettings {
    fn default() -> Self {
        Self {
            language: Language::PtBr,
            daily_limit: 20,
            time_zone: "America/Sao_Paulo".to_owned(),
            max_links: 5,
            status_after_seconds: 4,
            concurrency: 2,
            reply_concurrency: 8,
            brake: BrakeSettings::default(),
            send: SendSettings::default(),
            files: FileSettings::default(),
        }
    }
}

/// Times of the send protocol.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default)]
pub struct SendSettings {
    /// A message that is not in the thread this long after the try, in two readings, was not sent.
    pub settle_seconds: u32,
    /// A try whose outcome nobody can tell by then is left alone for ever.
    pub give_up_seconds: u32,
}

impl Default for SendSettings {
    fn default() -> Self {
        Self {
            settle_seconds: 120,
            give_up_seconds: 900,
        }
    }
}

/// What is kept, for how long, and what fits.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct FileSettings {
    /// How long files stay after the answer, in seconds; `None` removes them with the answer.
    pub keep_seconds: Option<u32>,
    /// Send a GIF rather than a silent clip when a video does not fit.
    pub prefer_gif: bool,
    /// Longest video, for the sentence that says so.
    pub max_duration_seconds: u64,
    /// Where the world reaches this server; without it no links to files are given.
    #[serde(deserialize_with = "optional_url")]
    pub public_url: Option<Url>,
    /// The key that signs links to files.
    pub link_secret: Option<SecretString>,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self {
            keep_seconds: Some(24 * 3600),
            prefer_gif: false,
            max_duration_seconds: 1800,
            public_url: None,
            link_secret: None,
        }
    }
}

impl FileSettings {
    /// How long files stay, if they stay.
    pub fn keep(&self) -> Option<Duration> {
        self.keep_seconds
            .map(|seconds| Duration::from_secs(seconds.into()))
    }
}

fn optional_url<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Url>, D::Error> {
    Option::<String>::deserialize(input)?
        .map(|text| Url::parse(&text).map_err(D::Error::custom))
        .transpose()
}
