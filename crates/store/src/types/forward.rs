//! What goes out: the feed of what happened, subscriptions to it, and the deliveries of each event.

use serde_json::Value;
use uuid::Uuid;

use super::{EventRow, JobRow};

/// Something to be known of that no messenger brought: a token that runs out, a publication that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAlert {
    /// The account it is about; empty where it is about none.
    pub account: String,
    /// Two alerts with the same key are one: put the day into it where it may come again tomorrow.
    pub key: String,
    /// A short word for programs, e.g. `token_expiring`.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// What happened, in a sentence. No person's words, no token.
    pub says: String,
    /// The one thing to do about it.
    pub next_step: Option<String>,
    /// More for programs; `null` for nothing.
    pub details: Value,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something will break unless somebody acts.
    Warning,
    /// Something is broken.
    Error,
}

impl Severity {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something that happened, in the order in which it can be seen.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedEntry {
    /// Grows by at least one from entry to entry: where a reader goes on.
    pub seq: i64,
    /// The account it happened to; empty where it is of none.
    pub account: String,
    /// When it was stored.
    pub at_ms: i64,
    /// What.
    pub item: FeedItem,
}

/// What a feed entry speaks of.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedItem {
    /// An event was accepted.
    Event(Box<EventRow>),
    /// A job ended in this state.
    Job {
        /// `done`, `refused` or `dead`: as it ended, whatever has become of it since.
        state: String,
        /// The job as it is now.
        job: Box<JobRow>,
    },
}

/// Which part of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedQuery {
    /// After this number.
    pub after: i64,
    /// Only of these accounts; `None` for all.
    pub accounts: Option<Vec<String>>,
    /// Only events, and only of these kinds; `None` for everything.
    pub kinds: Option<Vec<String>>,
    /// Only events.
    pub only_events: bool,
    /// At most so many.
    pub limit: u32,
}

/// A piece of the feed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeedPage {
    /// In order. What was erased since is left out.
    pub entries: Vec<FeedEntry>,
    /// Where to go on; nothing of what was asked for stands before it.
    pub next: i64,
    /// The number that the feed had come to.
    pub head: i64,
    /// Whether there was more when this was read.
    pub more: bool,
}

/// Whom to send events to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubscription {
    /// Its name, for ever.
    pub name: String,
    /// Where to.
    pub url: String,
    /// Where the key is kept: `settings`.
    pub secret: String,
    /// `structured` or `raw`.
    pub format: String,
    /// Only these channels; empty for all.
    pub channels: Vec<String>,
    /// Only these kinds; empty for all.
    pub kinds: Vec<String>,
    /// Only these accounts; empty for all.
    pub accounts: Vec<String>,
}

/// Whom events are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Ours.
    pub id: Uuid,
    /// What was asked for.
    pub asked: NewSubscription,
    /// `active`, `disabled` (the receiver said so: deliveries are held) or `ended` (none are made).
    pub state: String,
    /// Why it is not active.
    pub reason: Option<String>,
    /// When it was made.
    pub created_at_ms: i64,
    /// When it was last changed.
    pub changed_at_ms: i64,
}

/// What sending anew came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resent {
    /// On their way again.
    pub sent: u64,
    /// Left alone, since their subscription is disabled.
    pub left: u64,
}

/// One event on its way to one subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarding {
    /// Ours.
    pub id: Uuid,
    /// To whom.
    pub subscription_id: Uuid,
    /// What.
    pub event_id: Uuid,
    /// The job that sends it, the last one if there were several.
    pub job_id: Option<Uuid>,
    /// The event's channel.
    pub channel: String,
    /// The event's account.
    pub account: String,
    /// The event's kind.
    pub kind: String,
    /// `pending`, `delivered`, `dead` or `held`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When the days of trying began.
    pub since_ms: i64,
    /// When it is tried next.
    pub next_at_ms: Option<i64>,
    /// What the receiver last answered.
    pub last_status: Option<i64>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When the event was stored.
    pub created_at_ms: i64,
    /// When it was delivered or given up.
    pub settled_at_ms: Option<i64>,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardAttempt {
    /// From 1 on.
    pub number: i32,
    /// When it began.
    pub at_ms: i64,
    /// How long it took.
    pub duration_ms: i64,
    /// What the receiver answered.
    pub status: Option<i64>,
    /// Why it failed; never what the receiver wrote.
    pub error: Option<String>,
    /// `delivered`, `again` or `dead`.
    pub outcome: Option<String>,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The delivery.
    pub forwarding_id: Uuid,
    /// When it began.
    pub at_ms: i64,
    /// How long it took.
    pub duration_ms: i64,
    /// What the receiver answered.
    pub status: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// What follows.
    pub then: Then,
}

/// What follows an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// It arrived.
    Delivered,
    /// It is tried again.
    Again {
        /// When.
        at_ms: i64,
        /// It steps out of the line of its conversation, so that those behind it may go.
        steps_out: bool,
    },
    /// It is given up.
    Dead {
        /// The receiver wants nothing any more, for this reason.
        disable: Option<String>,
    },
}

/// Which deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ForwardingFilter {
    /// Only of these accounts; `None` for all.
    pub accounts: Option<Vec<String>>,
    /// Only in these states; empty for all.
    pub states: Vec<String>,
    /// Only events of this kind.
    pub kind: Option<String>,
    /// Only of this event.
    pub event_id: Option<Uuid>,
    /// Only of this subscription.
    pub subscription_id: Option<Uuid>,
    /// Only from this time on.
    pub from_ms: Option<i64>,
    /// Only before this time.
    pub to_ms: Option<i64>,
    /// Only older than this one: where the next page begins.
    pub before: Option<Uuid>,
    /// At most so many.
    pub limit: u32,
}
