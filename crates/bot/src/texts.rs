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

/// Makes the sentences' names from one list, so that each is written once.
macro_rules! texts {
    ($($name:ident = $key:literal,)*) => {
        /// One sentence, by what it is for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)] // each name is its key in the .ftl files, which hold the sentence itself
        pub enum Text {
            $($name,)*
            Failed(Failure),
        }

        impl Text {
            /// Every sentence that is not a failure.
            pub const PLAIN: &'static [Self] = &[$(Self::$name,)*];

            /// The key in the `.ftl` files.
            pub fn key(self) -> Cow<'static, str> {
                match self {
                    $(Self::$name => Cow::Borrowed($key),)*
                    Self::Failed(failure) => Cow::Owned(format!("failed-{}", failure.as_str())),
                }
            }
        }
    };
}

texts! {
    Received = "received",
    ReceivedAudio = "received-audio",
    PartOf = "part-of",
    Help = "help",
    TooManyLinks = "too-many-links",
    QuotaUsed = "quota-used",
    QuotaPartly = "quota-partly",
    WaitHours = "wait-hours",
    WaitMinutes = "wait-minutes",
    UnsupportedProfile = "unsupported-profile",
    UnsupportedHashtag = "unsupported-hashtag",
    UnsupportedStory = "unsupported-story",
    UnsupportedMessage = "unsupported-message",
    Excerpts = "excerpts",
    CaptionOnly = "caption-only",
    MusicOnly = "music-only",
    MusicNoCaption = "music-no-caption",
    Silent = "silent",
    SilentNoCaption = "silent-no-caption",
    PictureCaption = "picture-caption",
    NothingSaid = "nothing-said",
    Unsure = "unsure",
    Credit = "credit",
    FileLink = "file-link",
    Preview = "preview",
    TooBig = "too-big",
    NoFile = "no-file",
    PictureTooBig = "picture-too-big",
    HelpMore = "help-more",
    HelpGroup = "help-group",
    Welcome = "welcome",
    Queued = "queued",
    QueuedNoTime = "queued-no-time",
    AboutSeconds = "about-seconds",
    AboutMinutes = "about-minutes",
    StepDownloading = "step-downloading",
    StepDownloadingPart = "step-downloading-part",
    StepTranscribing = "step-transcribing",
    StepTranscribingPart = "step-transcribing-part",
    StepSummarising = "step-summarising",
    StepFitting = "step-fitting",
    StepFittingPart = "step-fitting-part",
    StepSending = "step-sending",
    StepShared = "step-shared",
    VideoFollows = "video-follows",
    ChoiceTranscript = "choice-transcript",
    ChoiceAudio = "choice-audio",
    ChoiceInPortuguese = "choice-in-portuguese",
    ChoiceInEnglish = "choice-in-english",
    ChoiceInSpanish = "choice-in-spanish",
    ChoiceTryAgain = "choice-try-again",
    ChoiceHelp = "choice-help",
    ChoiceFind = "choice-find",
    ChoiceQuota = "choice-quota",
    ChoiceHistory = "choice-history",
    ChoiceLanguage = "choice-language",
    ChoiceStop = "choice-stop",
    ChoiceStart = "choice-start",
    ChoiceForget = "choice-forget",
    LanguagePortuguese = "language-portuguese",
    LanguageEnglish = "language-english",
    LanguageSpanish = "language-spanish",
    FirstHow = "first-how",
    FirstHistory = "first-history",
    FirstFind = "first-find",
    FirstQuota = "first-quota",
    MoreOfThis = "more-of-this",
    Transcript = "transcript",
    TranscriptOf = "transcript-of",
    TranscriptUnsure = "transcript-unsure",
    TranscriptEmpty = "transcript-empty",
    Audio = "audio",
    AudioOf = "audio-of",
    AudioNone = "audio-none",
    FileGone = "file-gone",
    NotYours = "not-yours",
    StillWorking = "still-working",
    TapUnknown = "tap-unknown",
    NothingYet = "nothing-yet",
    CannotTranslate = "cannot-translate",
    AgainNow = "again-now",
    AgainNothing = "again-nothing",
    QuotaLeft = "quota-left",
    HistoryHeader = "history-header",
    HistoryEntry = "history-entry",
    HistoryEntryAnonymous = "history-entry-anonymous",
    HistoryEmpty = "history-empty",
    Untitled = "untitled",
    Found = "found",
    FoundAt = "found-at",
    FoundInCaption = "found-in-caption",
    FoundNothing = "found-nothing",
    FindWhat = "find-what",
    LanguageWhich = "language-which",
    LanguageNow = "language-now",
    Stopped = "stopped",
    StartedAgain = "started-again",
    Forgotten = "forgotten",
    ForgottenGroup = "forgotten-group",
    CommandHelp = "command-help",
    CommandFind = "command-find",
    CommandHistory = "command-history",
    CommandQuota = "command-quota",
    CommandLanguage = "command-language",
    CommandStart = "command-start",
    CommandStop = "command-stop",
    CommandForget = "command-forget",
    FileOverLimit = "file-over-limit",
}

/// Makes the failures from one list: the name, and its word in job reasons, metrics and `.ftl` keys.
macro_rules! failures {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// Why a piece of work could not be finished, as far as a person is concerned.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[allow(missing_docs)] // the words are those of `media::FailureClass` and two of our own
        pub enum Failure {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl Failure {
            /// Every class, for the test that each has its sentence.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in job reasons, metrics and the `.ftl` keys.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

failures! {
    Private = "private",
    Removed = "removed",
    LoginRequired = "login_required",
    RateLimited = "rate_limited",
    Geo = "geo",
    Network = "network",
    TooLarge = "too_large",
    TooLong = "too_long",
    NotAVideo = "not_a_video",
    Ambiguous = "ambiguous",
    BadLink = "bad_link",
    Hostile = "hostile",
    Misconfigured = "misconfigured",
    /// A picture sent where only speech makes sense.
    Picture = "picture",
    /// Our own fault: a bug, a full disk, a job that died on every attempt.
    Internal = "internal",
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
    LOCALES.lookup_with_args(identifier(language), &text.key(), &values(args))
}

/// The sentence in this language as that channel needs it ("share it with me" on Instagram is "send
/// me the file" on Telegram): under `<key>-<channel>` if there is such a key, else the common one.
pub fn say_on(
    channel: &str,
    language: Language,
    text: Text,
    args: &[(&'static str, Arg<'_>)],
) -> String {
    let own = format!("{}-{channel}", text.key());
    LOCALES
        .try_lookup_with_args(identifier(language), &own, &values(args))
        .unwrap_or_else(|| say(language, text, args))
}

fn values<'a>(args: &'a [(&'static str, Arg<'_>)]) -> HashMap<Cow<'static, str>, FluentValue<'a>> {
    args.iter()
        .map(|(name, value)| {
            let value = match value {
                Arg::Number(number) => FluentValue::from(*number),
                Arg::Words(words) => FluentValue::String(Cow::Borrowed(words.as_ref())),
            };
            (Cow::Borrowed(*name), value)
        })
        .collect()
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
