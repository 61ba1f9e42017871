//! The settings of this crate as plain structs. Whoever runs us reads files and environment; we
//! only say what we need and which default is sane.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use url::Url;

/// Everything this crate is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Where models and other kept files live.
    pub data_dir: PathBuf,
    /// Links, downloads, sizes.
    pub media: MediaSettings,
    /// The programs we start.
    pub tools: ToolSettings,
    /// The ear.
    pub speech: SpeechSettings,
    /// The language model that writes summaries.
    pub language: LanguageSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            media: MediaSettings::default(),
            tools: ToolSettings::default(),
            speech: SpeechSettings::default(),
            language: LanguageSettings::default(),
        }
    }
}

/// `[media]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct MediaSettings {
    /// Longest video that is taken.
    pub max_duration_seconds: u64,
    /// Most bytes that one file may bring.
    pub max_download_bytes: u64,
    /// `host:port` pairs that may be plain HTTP on loopback. For the simulator and tests; empty in production.
    pub test_hosts: Vec<String>,
    /// A Netscape cookie file for yt-dlp, if the operator lends one.
    #[serde(deserialize_with = "empty_path_is_none")]
    pub cookies_file: Option<PathBuf>,
    /// Base of the pages that yt-dlp reads.
    #[serde(deserialize_with = "url")]
    pub pages: Url,
    /// Encodes at the same time; 0 means one for every two cores.
    pub encode_slots: usize,
}

impl Default for MediaSettings {
    fn default() -> Self {
        Self {
            max_duration_seconds: 1800,
            max_download_bytes: 200_000_000,
            test_hosts: Vec::new(),
            cookies_file: None,
            pages: instagram_pages(),
            encode_slots: 0,
        }
    }
}

pub(crate) fn instagram_pages() -> Url {
    // A constant that a test parses; there is no road on which it could fail.
    Url::parse("https://www.instagram.com").unwrap_or_else(|_| unreachable!("constant URL"))
}

/// `[tools]`: names looked up in the usual folders, or absolute paths.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct ToolSettings {
    /// ffmpeg.
    pub ffmpeg: PathBuf,
    /// ffprobe.
    pub ffprobe: PathBuf,
    /// yt-dlp.
    pub yt_dlp: PathBuf,
}

impl Default for ToolSettings {
    fn default() -> Self {
        Self {
            ffmpeg: "ffmpeg".into(),
            ffprobe: "ffprobe".into(),
            yt_dlp: "yt-dlp".into(),
        }
    }
}

/// Which ear listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeechEngine {
    /// Remote if a URL is set, embedded if a model exists, the command if it is installed, else
    /// none.
    #[default]
    Auto,
    /// An OpenAI-compatible endpoint.
    Remote,
    /// The engine inside this binary, in a child process.
    Embedded,
    /// Any program that prints text.
    Command,
    /// Nobody listens.
    None,
}

/// `[speech]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SpeechSettings {
    /// Which ear.
    pub engine: SpeechEngine,
    /// Base URL of the OpenAI-compatible endpoint, up to and including `/v1`.
    #[serde(deserialize_with = "empty_url_is_none")]
    pub url: Option<Url>,
    /// Its key.
    #[serde(deserialize_with = "empty_secret_is_none")]
    pub key: Option<SecretString>,
    /// Its model, or the embedded engine's model name.
    #[serde(deserialize_with = "empty_text_is_none")]
    pub model: Option<String>,
    /// Program and arguments; `{wav}` stands for the sound file.
    pub command: Vec<String>,
    /// Model file of the embedded engine.
    #[serde(deserialize_with = "empty_path_is_none")]
    pub model_path: Option<PathBuf>,
    /// Program that is started as the embedded engine's child; unset: this very binary.
    #[serde(deserialize_with = "empty_path_is_none")]
    pub worker_program: Option<PathBuf>,
}

/// `[language]`: an OpenAI-compatible chat endpoint.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LanguageSettings {
    /// Base URL, up to and including `/v1`.
    #[serde(deserialize_with = "empty_url_is_none")]
    pub url: Option<Url>,
    /// Its key.
    #[serde(deserialize_with = "empty_secret_is_none")]
    pub key: Option<SecretString>,
    /// Its model.
    #[serde(deserialize_with = "empty_text_is_none")]
    pub model: Option<String>,
}

// Settings files spell "unset" as an empty string, so that every setting can be listed.
fn empty_text_is_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.filter(|text| !text.trim().is_empty()))
}

fn empty_path_is_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(empty_text_is_none(from)?.map(PathBuf::from))
}

fn empty_secret_is_none<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<SecretString>, D::Error> {
    Ok(empty_text_is_none(from)?.map(SecretString::from))
}

fn url<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    Url::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
}

fn empty_url_is_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Url>, D::Error> {
    empty_text_is_none(from)?
        .map(|text| Url::parse(&text).map_err(serde::de::Error::custom))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_instagram_and_strict() {
        let settings = Settings::default();
        assert_eq!(settings.media.pages.as_str(), "https://www.instagram.com/");
        assert!(settings.media.test_hosts.is_empty());
        assert_eq!(settings.speech.engine, SpeechEngine::Auto);
    }

    #[test]
    fn empty_strings_mean_unset_and_secrets_do_not_print() {
        let settings: Settings = toml::from_str(
            "[speech]\nurl = \"\"\nkey = \"s3cret-key\"\nmodel_path = \"\"\n[media]\ncookies_file = \"\"\n",
        )
        .unwrap();
        assert!(settings.speech.url.is_none() && settings.speech.model_path.is_none());
        assert!(settings.media.cookies_file.is_none());
        assert!(settings.speech.key.is_some());
        assert!(!format!("{settings:?}").contains("s3cret"));
        assert!(toml::from_str::<Settings>("[speech]\nurl = \"not a url\"").is_err());
    }
}
