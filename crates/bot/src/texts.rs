//! Every sentence a person reads, by key and language.
//!
//! The sentences live in `locales/<language>/*.ftl`, so that somebody who writes well but does not
//! program can change them; this file is the only place that names their keys.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{Loader, static_loader};
use media::Language;
use unic_langid::LanguageIdentifier;

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "pt-BR",
        // Isolation marks are invisible bytes in a message of at most 1000.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// One sentence, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // each name is its key in the .ftl files, which hold the sentence itself
pub enum Text {
    Received,
    ReceivedAudio,
    PartOf,
    Help,
    TooManyLinks,
    QuotaUsed,
    QuotaPartly,
    WaitHours,
    WaitMinutes,
    UnsupportedProfile,
    UnsupportedHashtag,
    UnsupportedStory,
    UnsupportedMessage,
    Excerpts,
    CaptionOnly,
    MusicOnly,
    MusicNoCaption,
    Silent,
    SilentNoCaption,
    PictureCaption,
    NothingSaid,
    Unsure,
    Credit,
    FileLink,
    Preview,
    TooBig,
    NoFile,
    PictureTooBig,
    StageDownloading,
    StageDownloadingShare,
    StageTranscribing,
    StageTranscribingShare,
    StageSummarising,
    StageFitting,
    StageFittingShare,
    StageSending,
    StageTogether,
    VideoFollows,
    MoreOfThis,
    ChoiceTranscript,
    ChoiceAudio,
    ChoiceInPortuguese,
    ChoiceInEnglish,
    ChoiceInSpanish,
    ChoiceTryAgain,
    QueuePlace,
    QueuePlaceWait,
    AboutSeconds,
    AboutMinutes,
    Failed(Failure),
}

/// Why a piece of work could not be finished, as far as a person is concerned.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the words are those of `media::FailureClass` and three of our own
pub enum Failure {
    Private,
    Removed,
    LoginRequired,
    RateLimited,
    Geo,
    Network,
    TooLarge,
    TooLong,
    NotAVideo,
    Ambiguous,
    BadLink,
    Hostile,
    Misconfigured,
    /// A picture sent where only speech makes sense.
    Picture,
    /// Our own fault: a bug, a full disk, a job that died on every attempt.
    Internal,
}

impl Failure {
    /// Every class, for the test that each has its sentence.
    pub const ALL: [Self; 15] = [
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
        Self::Picture,
        Self::Internal,
    ];

    /// The word in job reasons, metrics and the `.ftl` keys.
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
            Self::Picture => "picture",
            Self::Internal => "internal",
        }
    }
}

impl From<media::FailureClass> for Failure {
    fn from(class: media::FailureClass) -> Self {
        use media::FailureClass as Class;
        match class {
            Class::Private => Self::Private,
            Class::Removed => Self::Removed,
            Class::LoginRequired => Self::LoginRequired,
            Class::RateLimited => Self::RateLimited,
            Class::Geo => Self::Geo,
            Class::Network => Self::Network,
            Class::TooLarge => Self::TooLarge,
            Class::TooLong => Self::TooLong,
            Class::NotAVideo => Self::NotAVideo,
            Class::Ambiguous => Self::Ambiguous,
            Class::BadLink => Self::BadLink,
            Class::Hostile => Self::Hostile,
            Class::Misconfigured => Self::Misconfigured,
        }
    }
}

impl Text {
    /// Every sentence that is not a failure.
    pub const PLAIN: [Self; 28] = [
        Self::Received,
        Self::ReceivedAudio,
        Self::PartOf,
        Self::Help,
        Self::TooManyLinks,
        Self::QuotaUsed,
        Self::QuotaPartly,
        Self::WaitHours,
        Self::WaitMinutes,
        Self::UnsupportedProfile,
        Self::UnsupportedHashtag,
        Self::UnsupportedStory,
        Self::UnsupportedMessage,
        Self::Excerpts,
        Self::CaptionOnly,
        Self::MusicOnly,
        Self::MusicNoCaption,
        Self::Silent,
        Self::SilentNoCaption,
        Self::PictureCaption,
        Self::NothingSaid,
        Self::Unsure,
        Self::Credit,
        Self::FileLink,
        Self::Preview,
        Self::TooBig,
        Self::NoFile,
        Self::PictureTooBig,
    ];

    /// The key in the `.ftl` files.
    pub fn key(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Received => "received",
            Self::ReceivedAudio => "received-audio",
            Self::PartOf => "part-of",
            Self::Help => "help",
            Self::TooManyLinks => "too-many-links",
            Self::QuotaUsed => "quota-used",
            Self::QuotaPartly => "quota-partly",
            Self::WaitHours => "wait-hours",
            Self::WaitMinutes => "wait-minutes",
            Self::UnsupportedProfile => "unsupported-profile",
            Self::UnsupportedHashtag => "unsupported-hashtag",
            Self::UnsupportedStory => "unsupported-story",
            Self::UnsupportedMessage => "unsupported-message",
            Self::Excerpts => "excerpts",
            Self::CaptionOnly => "caption-only",
            Self::MusicOnly => "music-only",
            Self::MusicNoCaption => "music-no-caption",
            Self::Silent => "silent",
            Self::SilentNoCaption => "silent-no-caption",
            Self::PictureCaption => "picture-caption",
            Self::NothingSaid => "nothing-said",
            Self::Unsure => "unsure",
            Self::Credit => "credit",
            Self::FileLink => "file-link",
            Self::Preview => "preview",
            Self::TooBig => "too-big",
            Self::NoFile => "no-file",
            Self::PictureTooBig => "picture-too-big",
            Self::StageDownloading => "stage-downloading",
            Self::StageDownloadingShare => "stage-downloading-share",
            Self::StageTranscribing => "stage-transcribing",
            Self::StageTranscribingShare => "stage-transcribing-share",
            Self::StageSummarising => "stage-summarising",
            Self::StageFitting => "stage-fitting",
            Self::StageFittingShare => "stage-fitting-share",
            Self::StageSending => "stage-sending",
            Self::StageTogether => "stage-together",
            Self::VideoFollows => "video-follows",
            Self::MoreOfThis => "more-of-this",
            Self::ChoiceTranscript => "choice-transcript",
            Self::ChoiceAudio => "choice-audio",
            Self::ChoiceInPortuguese => "choice-in-portuguese",
            Self::ChoiceInEnglish => "choice-in-english",
            Self::ChoiceInSpanish => "choice-in-spanish",
            Self::ChoiceTryAgain => "choice-try-again",
            Self::QueuePlace => "queue-place",
            Self::QueuePlaceWait => "queue-place-wait",
            Self::AboutSeconds => "about-seconds",
            Self::AboutMinutes => "about-minutes",
            Self::Failed(failure) => return Cow::Owned(format!("failed-{}", failure.as_str())),
        })
    }
}

/// One value to put into a sentence.
#[derive(Debug, Clone)]
pub enum Arg<'a> {
    /// A count; sentences choose their plural by it.
    Number(i64),
    /// Anything else, put in as it is.
    Words(Cow<'a, str>),
}

/// The sentence in this language.
pub fn say(language: Language, text: Text, args: &[(&'static str, Arg<'_>)]) -> String {
    let args: HashMap<Cow<'static, str>, FluentValue<'_>> = args
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Arg::Number(number) => FluentValue::from(*number),
                Arg::Words(words) => FluentValue::String(Cow::Borrowed(words.as_ref())),
            };
            (Cow::Borrowed(*name), value)
        })
        .collect();
    LOCALES.lookup_with_args(identifier(language), &text.key(), &args)
}

/// The sentence in this language, for those that take no values.
pub fn plain(language: Language, text: Text) -> String {
    say(language, text, &[])
}

fn identifier(language: Language) -> &'static LanguageIdentifier {
    static IDS: LazyLock<[LanguageIdentifier; 3]> =
        LazyLock::new(|| Language::ALL.map(|language| language.tag().parse().unwrap_or_default()));
    match language {
        Language::PtBr => &IDS[0],
        Language::En => &IDS[1],
        Language::Es => &IDS[2],
    }
}
