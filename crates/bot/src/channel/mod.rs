//! The face a messenger shows to the bot.
//!
//! The pipeline and the send protocol know this trait and nothing else of Instagram, so that a
//! second messenger is a second file here.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use media::ChannelLimits;
use serde::{Deserialize, Serialize};
use store::{Conversation, EventRow};

pub mod instagram;

/// What a channel takes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Files, for `media`'s ladder.
    pub files: ChannelLimits,
    /// Pictures in one message.
    pub pictures_per_message: usize,
    /// How long after a person's last message we may write, margin already taken off.
    pub window_ms: i64,
}

/// Small signs that leave no message behind; repeating them does no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// "Seen" under the person's message.
    Seen,
    /// "Typing" for some twenty seconds.
    Typing,
}

/// What kind of file is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A still picture or a GIF.
    Image,
    /// Moving pictures.
    Video,
}

/// One visible message, complete: what is stored before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Words, already within the channel's length.
    Text {
        /// The words.
        text: String,
    },
    /// One uploaded file.
    File {
        /// What it is.
        file: FileKind,
        /// The channel's name for the upload.
        attachment: String,
    },
    /// Several uploaded pictures in one message.
    Pictures {
        /// The channel's names for the uploads.
        attachments: Vec<String>,
    },
}

impl Content {
    /// The word in the outbox and in metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::File {
                file: FileKind::Image,
                ..
            } => "image",
            Self::File {
                file: FileKind::Video,
                ..
            } => "video",
            Self::Pictures { .. } => "images",
        }
    }
}

/// A message that lies in the thread, as far as recognising our own needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lying {
    /// The channel's id of it.
    pub mid: String,
    /// When, as the channel says.
    pub at_ms: i64,
    /// Whether it came from our side (us, or a human of the account).
    pub ours: bool,
    /// Its words.
    pub text: Option<String>,
    /// `image`, `video`, ... for each file.
    pub files: Vec<String>,
}

/// What to do about a call that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// The far side stumbles; the same call later.
    Later(Option<Duration>),
    /// We are too fast; nothing to this account until then.
    Throttled(Option<Duration>),
    /// The person has not written lately enough.
    WindowClosed,
    /// This person cannot be written to any more.
    PersonUnreachable,
    /// The account's owner must sign in again.
    NeedsLogin,
    /// The account was stopped by the platform or lacks a permission.
    AccountStopped,
    /// Another program leads this conversation now.
    NotOurThread,
    /// The upload is gone; upload again.
    StaleFile,
    /// Several pictures in one message are not enabled for this account.
    OneByOne,
    /// The call is wrong and stays wrong.
    Refused,
}

/// A call that did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{code}: {reaction:?}")]
pub struct ChannelError {
    /// Whether the message may nevertheless lie in the thread.
    pub may_be_done: bool,
    /// What to do.
    pub reaction: Reaction,
    /// `10/2534022`, `connect`, ...: short, stable, without words of people.
    pub code: String,
    /// The platform's trace id, for its support.
    pub trace: Option<String>,
}

/// A file to upload.
#[derive(Debug, Clone, Copy)]
pub struct FileToUpload<'a> {
    /// What it is.
    pub kind: FileKind,
    /// Where it lies; it is streamed from there.
    pub path: &'a Path,
    /// Its type.
    pub mime: &'a str,
}

/// A messenger. Every method makes at most one call and never repeats it by itself.
#[async_trait]
pub trait Channel: Send + Sync {
    /// The word in `Conversation::channel`.
    fn name(&self) -> &'static str;

    /// What the channel takes.
    fn limits(&self) -> Limits;

    /// Cuts words into messages the channel takes, at sentence ends.
    fn split(&self, text: &str) -> Vec<String>;

    /// Takes the right to send one such message now, or says when to ask again.
    fn permit(&self, to: &Conversation, content: &Content) -> Result<(), Duration>;

    /// A fingerprint of the account's key, so that a new key is noticed; `None` if there is none.
    fn key_print(&self, account: &str) -> Option<String>;

    /// A stored echo of our side's message, as it would lie in the thread.
    fn echo(&self, event: &EventRow) -> Option<Lying>;

    /// Shows a sign. Its failure is nobody's problem, so it has none.
    async fn sign(&self, to: &Conversation, sign: Sign);

    /// Uploads a file that nobody sees yet; safe to repeat.
    async fn upload(
        &self,
        to: &Conversation,
        file: FileToUpload<'_>,
    ) -> Result<String, ChannelError>;

    /// Sends one visible message, once. The answer is the channel's id of it.
    async fn send(&self, to: &Conversation, content: &Content) -> Result<String, ChannelError>;

    /// The newest messages of the thread, newest first.
    async fn newest(&self, of: &Conversation) -> Result<Vec<Lying>, ChannelError>;
}
