//! What callers of the API make happen, as plain data.

use serde_json::Value;
use uuid::Uuid;

/// A request that carries an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// Who asks: keys of two callers are two keys.
    pub caller: String,
    /// The key.
    pub key: String,
    /// What is asked: method, path and body, in any spelling that is always the same.
    pub request: Vec<u8>,
    /// How long whoever works on it is believed to be alive without a word.
    pub hold_ms: i64,
}

/// What became of the beginning of a request with a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// Go on. The same id comes for every repeat of the request until there is an answer: what is done under it is done
    /// once.
    Mine(KeyHold),
    /// Somebody is at it.
    Busy {
        /// When they are given up, at the latest.
        until_ms: i64,
    },
    /// It was answered before.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The body.
        answer: Value,
    },
    /// The key was used for another request.
    OtherRequest,
}

/// The right to answer a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyHold {
    /// The request, the same for all its repeats.
    pub id: Uuid,
    /// This try of it.
    pub holder: Uuid,
}

/// How a request with a key ended.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyEnd {
    /// Repeats get this answer.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body.
        answer: Value,
    },
    /// Not decided yet: a repeat goes on where this one stopped.
    Open,
    /// Nothing was done: the key is as good as new.
    Forget,
}

/// How far a publication is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublicationState {
    /// Waits for its time.
    Scheduled,
    /// Its containers are being made.
    Preparing,
    /// Meta is at work on the containers.
    Processing,
    /// The one call that people see was made, or is about to be.
    Publishing,
    /// It is out.
    Published,
    /// It will not be published, for a reason that is told.
    Failed,
    /// Somebody called it off in time.
    Cancelled,
    /// Nobody can tell whether it is out.
    Unknown,
}

impl PublicationState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Scheduled,
        Self::Preparing,
        Self::Processing,
        Self::Publishing,
        Self::Published,
        Self::Failed,
        Self::Cancelled,
        Self::Unknown,
    ];

    /// The word in the table and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Preparing => "preparing",
            Self::Processing => "processing",
            Self::Publishing => "publishing",
            Self::Published => "published",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }

    /// The state with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether nothing more happens to it.
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Published | Self::Failed | Self::Cancelled | Self::Unknown
        )
    }

    /// Whether it can be called off: nobody can have seen it.
    pub fn may_cancel(self) -> bool {
        matches!(self, Self::Scheduled | Self::Preparing | Self::Processing)
    }
}

/// Something to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPublication {
    /// Whose.
    pub account: String,
    /// What, as the caller reads it back.
    pub spec: Value,
    /// Not before this time.
    pub publish_at_ms: Option<i64>,
    /// When the work on it begins, so that it is ready in time.
    pub begin_at_ms: Option<i64>,
    /// A second one with the same word is the first one.
    pub once: Option<String>,
    /// The handed-in files it is made of.
    pub uploads: Vec<Uuid>,
}

/// Something that is, was or will be published.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// Ours.
    pub id: Uuid,
    /// Whose.
    pub account: String,
    /// How far it is.
    pub state: PublicationState,
    /// The job that works on it.
    pub job_id: Uuid,
    /// What.
    pub spec: Value,
    /// What the worker has noted.
    pub progress: Value,
    /// Not before this time.
    pub publish_at_ms: Option<i64>,
    /// When it was last tried to publish it.
    pub intent_at_ms: Option<i64>,
    /// How often that was tried.
    pub attempt: i32,
    /// Meta's id of what is going to be published.
    pub container_id: Option<String>,
    /// Meta's id of what was published.
    pub media_id: Option<String>,
    /// When it was stored.
    pub created_at_ms: i64,
    /// When it last changed.
    pub changed_at_ms: i64,
}

/// What the worker has to say about a publication; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PublicationChange {
    /// How far it is now.
    pub state: Option<PublicationState>,
    /// What is noted, in full.
    pub progress: Option<Value>,
    /// The container; an inner `None` lets it go.
    pub container_id: Option<Option<String>>,
    /// What it became.
    pub media_id: Option<String>,
    /// Handed-in files it needs no more: those that no other unfinished publication names are forgotten.
    pub let_go: Vec<Uuid>,
}

/// What became of somebody's wish about a publication.
#[derive(Debug, Clone, PartialEq)]
pub enum Wished {
    /// Done; this is what it is now.
    Done(Publication),
    /// Too late: this is how far it is.
    TooLate(Publication),
    /// There is no such publication of this account.
    Missing,
}

/// A file that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRow {
    /// Ours.
    pub id: Uuid,
    /// Whose.
    pub account: String,
    /// Its type.
    pub mime: String,
    /// Its name in the folder of uploads.
    pub file: String,
    /// Its size.
    pub bytes: i64,
    /// When it came.
    pub created_at_ms: i64,
}
