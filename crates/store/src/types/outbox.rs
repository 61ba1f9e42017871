//! Visible sends: what is planned, what was tried, what is known.

use serde_json::Value;
use uuid::Uuid;

use crate::machine::PartState;

/// Two sides that talk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conversation {
    /// `"instagram"` or `"telegram"`.
    pub channel: String,
    /// Our side.
    pub account: String,
    /// The other side.
    pub person: String,
}

impl Conversation {
    /// A conversation from its three names.
    pub fn new(
        channel: impl Into<String>,
        account: impl Into<String>,
        person: impl Into<String>,
    ) -> Self {
        Self {
            channel: channel.into(),
            account: account.into(),
            person: person.into(),
        }
    }

    /// `channel:account:person`, as order keys and quota scopes spell it.
    pub fn key(&self) -> String {
        format!("{}:{}:{}", self.channel, self.account, self.person)
    }
}

/// A visible message that a job is going to send.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPart {
    /// Its name within the job, e.g. `"text-0"`.
    pub part: String,
    /// Its place within the job.
    pub seq: i32,
    /// What it is, e.g. `"text"`.
    pub kind: String,
    /// Everything needed to send it.
    pub body: Value,
    /// A hash of what the person will see, to recognise it in a read-back.
    pub hash: String,
}

/// A visible message and what is known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Ours.
    pub id: Uuid,
    /// The job that sends it.
    pub job_id: Uuid,
    /// To whom.
    pub conversation: Conversation,
    /// Its name within the job.
    pub part: String,
    /// Its place within the job.
    pub seq: i32,
    /// What it is.
    pub kind: String,
    /// Everything needed to send it.
    pub body: Value,
    /// A hash of what the person will see.
    pub hash: String,
    /// What is known.
    pub state: PartState,
    /// How often it was tried.
    pub attempt: i32,
    /// The epoch of the lease under which it was last tried.
    pub epoch: i64,
    /// When it was last tried.
    pub intent_at_ms: Option<i64>,
    /// The newest message of the thread before the try.
    pub cursor_mid: Option<String>,
    /// The message it became.
    pub mid: Option<String>,
    /// Why it failed.
    pub reason: Option<String>,
}

/// What is known just before a try.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IntentIn {
    /// The newest message of the thread, where known.
    pub cursor_mid: Option<String>,
    /// Until when this person may be written to.
    pub window_open_until_ms: i64,
}

/// Whether a try may go out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Recorded and committed: send once, now.
    Go {
        /// Which try this is, from 1.
        attempt: i32,
    },
    /// Another visible send of this conversation has no known outcome yet.
    Held,
    /// The 24 hours are over.
    WindowClosed,
    /// This part needs no try, or may not have one before its outcome is known.
    AlreadySettled(PartState),
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settle {
    /// Accepted; the other side calls it `mid`, where it said so.
    Sent {
        /// The message it became.
        mid: Option<String>,
    },
    /// It may or may not have happened.
    Unknown,
    /// Proven not to have happened (after `Unknown`): may be tried again.
    Absent,
    /// Definitely refused for now: may be tried again.
    Planned,
    /// Will never be sent.
    Failed {
        /// Why, for the operator.
        reason: String,
    },
}
