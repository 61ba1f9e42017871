//! What was heard in a file and what was made of it: the words that the speech and summary modules
//! and everybody above share.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::item::Subtitles;

/// Languages in which the bot speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// Brazilian Portuguese, the default.
    #[default]
    #[serde(rename = "pt-BR", alias = "pt")]
    PtBr,
    /// English.
    #[serde(rename = "en")]
    En,
    /// Spanish.
    #[serde(rename = "es")]
    Es,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PtBr, Self::En, Self::Es];

    /// BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::PtBr => "pt-BR",
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// Two-letter code as speech engines want it.
    pub fn code(self) -> &'static str {
        match self {
            Self::PtBr => "pt",
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// English name, for prompts.
    pub fn english_name(self) -> &'static str {
        match self {
            Self::PtBr => "Brazilian Portuguese",
            Self::En => "English",
            Self::Es => "Spanish",
        }
    }

    /// Reads a tag such as `pt`, `pt_BR`, `en-GB`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let code = tag.split(['-', '_']).next()?.trim().to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|language| language.code() == code)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// What the ear found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Somebody speaks.
    Speech,
    /// Sound, but nobody speaks.
    MusicOnly,
    /// A sound track with nothing on it.
    Silence,
    /// No sound track.
    NoAudio,
    /// Nobody listened (no engine, or it failed); the reason is for the operator.
    NotHeard {
        /// Why.
        why: String,
    },
}

/// A piece of the transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Start in the file.
    pub start_ms: u64,
    /// End in the file.
    pub end_ms: u64,
    /// What was said.
    pub text: String,
}

/// A transcript with its verdict. Stored as a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// What the ear found.
    pub verdict: Verdict,
    /// The whole text; empty unless the verdict is speech.
    pub text: String,
    /// The text by time.
    pub segments: Vec<Segment>,
    /// Language tag that the engine reported.
    pub language: Option<String>,
    /// The words may well be wrong.
    pub low_confidence: bool,
    /// Which engine listened, for logs and labels.
    pub engine: String,
}

impl Heard {
    /// A result without words.
    pub fn nothing(verdict: Verdict, engine: impl Into<String>) -> Self {
        Self {
            verdict,
            text: String::new(),
            segments: Vec::new(),
            language: None,
            low_confidence: false,
            engine: engine.into(),
        }
    }
}

/// What is known before listening.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Subtitles that came along; they are used instead of an engine.
    pub subtitles: Option<Subtitles>,
    /// Language of the video, if somebody fixed it.
    pub language: Option<Language>,
    /// Length of the file.
    pub duration_ms: Option<u64>,
    /// Whether probing found a sound track.
    pub has_audio: bool,
}

/// Why listening failed in a way that another try may cure. Everything else is a [`Verdict`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum TranscribeError {
    /// The engine or its tools failed.
    #[error("listening failed: {detail}")]
    Engine {
        /// One line for the operator, without words of the video.
        detail: String,
        /// Whether another try makes sense.
        retryable: bool,
    },
}

impl TranscribeError {
    /// Whether another try may succeed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Engine { retryable, .. } => *retryable,
        }
    }
}

/// What a summary is made from.
#[derive(Clone, Debug)]
pub struct SummaryRequest {
    /// The author's caption.
    pub caption: Option<String>,
    /// The transcript.
    pub heard: Heard,
    /// The author's user name.
    pub author: Option<String>,
    /// Language to answer in.
    pub language: Language,
}

/// How a summary came to be; the bot labels it accordingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SummaryKind {
    /// A language model wrote it.
    Model,
    /// Sentences of the video itself, chosen by us.
    Excerpts,
    /// So short that the words are shown as they are.
    AsIs,
    /// Only the caption could be used.
    CaptionOnly,
    /// There is nothing to summarise.
    Nothing,
}

/// A summary in fields; the bot makes the message of it. Stored as a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// A line above the points.
    pub title: Option<String>,
    /// The points, in the video's order.
    pub points: Vec<String>,
    /// How it came to be.
    pub kind: SummaryKind,
    /// The words may well be wrong.
    pub low_confidence: bool,
    /// Which engine wrote it.
    pub engine: String,
}
