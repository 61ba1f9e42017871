//! The face a messenger shows to the bot.
//!
//! The pipeline and the send protocol know this trait and nothing else of Instagram, so that a
//! second messenger is a second file here.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use media::link::Hosts;
use media::{ChannelLimits, Language};
use store::{Conversation, EventRow};
use url::Url;

use crate::plan::Asked;

mod content;
pub mod instagram;
pub mod telegram;

pub use content::{Choice, Content, FileKind, Frame, Handed, LocalFile, Look};

/// What a channel takes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Files, for `media`'s ladder.
    pub files: ChannelLimits,
    /// Pictures in one message.
    pub pictures_per_message: usize,
    /// How long after a person's last message we may write, margin already taken off; `None`: for ever.
    pub window_ms: Option<i64>,
    /// Whether a message of ours can be changed: then a request has one message, which the answer replaces.
    pub edits: bool,
    /// Whether a file can be handed in before the message that shows it.
    pub uploads_apart: bool,
    /// Whether a person can be given a file of any kind, such as a text file.
    pub documents: bool,
    /// UTF-16 units of words below a file; 0 where words go alone.
    pub caption_units: usize,
    /// Largest file of a person's that the channel hands out.
    pub inbound_bytes: u64,
    /// Choices that a message can offer.
    pub choices: usize,
    /// How the outcome of a try that nobody heard of is found out.
    pub outcome: Outcome,
}

/// How the outcome of a try that nobody heard of is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// By echoes and by reading the thread: [`Channel::newest`].
    Thread,
    /// By asking for a change that changes nothing: [`Channel::probe`].
    Probe,
}

/// Small signs that leave no message behind; repeating them does no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// "Seen" under the person's message.
    Seen,
    /// "Typing" for some twenty seconds.
    Typing,
}

/// A person's message, the same from every channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inbound {
    /// What the person wrote, or the title of what they tapped.
    pub words: String,
    /// What a tapped choice stands for.
    pub tapped: Option<String>,
    /// What there is to watch, uncut.
    pub asked: Asked,
    /// The language the person's device speaks.
    pub device_language: Option<Language>,
    /// The message that answers are hung under, where several people talk.
    pub under: Option<String>,
    /// A message of ours, or of the program that pushed the job, that the answer replaces.
    pub placeholder: Option<String>,
}

/// Where a file is that a person sent.
#[derive(Clone, PartialEq, Eq)]
pub enum Located {
    /// To be fetched; the address opens without a key, so it counts as a secret.
    At(Url),
    /// On this machine.
    Here(std::path::PathBuf),
}

impl std::fmt::Debug for Located {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(_) => f.write_str("At(..)"),
            Self::Here(path) => f.debug_tuple("Here").field(path).finish(),
        }
    }
}

/// A message that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The channel's id of it.
    pub mid: String,
    /// The channel's names for the files in it, in their order, where it gives any.
    pub files: Vec<String>,
}

impl Sent {
    /// A message without files.
    pub fn words(mid: impl Into<String>) -> Self {
        Self {
            mid: mid.into(),
            files: Vec::new(),
        }
    }
}

/// What is looked for by [`Channel::probe`].
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    /// What was sent.
    pub content: &'a Content,
    /// A message that was there before it.
    pub after: Option<&'a str>,
    /// Messages that are known to be others.
    pub known: &'a [String],
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
    /// The message that was to be changed is gone.
    MessageGone,
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

    /// The newest message that is known to be there before a try, given the newest of the conversation: what is not
    /// newer cannot be what the try became.
    fn cursor(&self, of: &Conversation, newest: Option<&str>) -> Option<String> {
        let _ = of;
        newest.map(str::to_owned)
    }

    /// A fingerprint of the account's key, so that a new key is noticed; `None` if there is none.
    fn key_print(&self, account: &str) -> Option<String>;

    /// What a person says with this stored event; `None` if it is nothing to act on or to answer.
    fn read(&self, event: &EventRow, hosts: &Hosts) -> Option<Inbound>;

    /// A stored body without what is one person's in it; `None` if nothing else is.
    fn without(&self, body: &[u8], person: &Conversation) -> Option<bytes::Bytes> {
        let _ = (body, person);
        None
    }

    /// A stored echo of our side's message, as it would lie in the thread.
    fn echo(&self, event: &EventRow) -> Option<Lying>;

    /// Shows a sign. Its failure is nobody's problem, so it has none.
    async fn sign(&self, to: &Conversation, sign: Sign);

    /// Tells the device that a tap was noticed. Its failure is nobody's problem either.
    async fn notice_tap(&self, event: &EventRow) {
        let _ = event;
    }

    /// Changes the words of a message of ours to say how far the work is, unless that was done a moment ago. Answers
    /// only when the change is made, refused or given up, so that nothing overtakes it.
    async fn progress(&self, to: &Conversation, mid: &str, words: &str) {
        let _ = (to, mid, words);
    }

    /// Takes a message of ours back.
    async fn take_back(&self, to: &Conversation, mid: &str) -> Result<(), ChannelError> {
        let _ = (to, mid);
        Ok(())
    }

    /// Where the file is that the channel knows by this name.
    async fn locate(&self, of: &Conversation, file: &str) -> Result<Located, ChannelError>;

    /// Uploads a file that nobody sees yet; safe to repeat.
    async fn upload(
        &self,
        to: &Conversation,
        file: FileToUpload<'_>,
    ) -> Result<String, ChannelError>;

    /// Sends one visible message, once, or changes one.
    async fn send(&self, to: &Conversation, content: &Content) -> Result<Sent, ChannelError>;

    /// The newest messages of the thread, newest first.
    async fn newest(&self, of: &Conversation) -> Result<Vec<Lying>, ChannelError>;

    /// The message that a try of unknown outcome became, if it is there.
    async fn probe(
        &self,
        of: &Conversation,
        probe: Probe<'_>,
    ) -> Result<Option<String>, ChannelError>;
}
