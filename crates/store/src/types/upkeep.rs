//! State of accounts and conversations, retention, and the numbers that metrics show.

/// Whether we may act for an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AccountState {
    /// All is well.
    #[default]
    Active,
    /// The owner must log in again.
    NeedsLogin {
        /// Why, for the operator.
        reason: String,
    },
    /// The other side has stopped the account.
    Stopped {
        /// Why, for the operator.
        reason: String,
    },
}

/// What we remember about a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Note {
    /// The language the person writes in.
    pub language: Option<String>,
    /// When the short help was last sent.
    pub helped_at_ms: Option<i64>,
    /// When the person was last told that the day's allowance is used up.
    pub limited_at_ms: Option<i64>,
    /// When the person opted out, unless they came back.
    pub stopped_at_ms: Option<i64>,
    /// The person chose the language, so that it is not guessed any more.
    pub language_chosen: bool,
}

/// What to remember anew; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoteChange {
    /// See [`Note::language`].
    pub language: Option<String>,
    /// See [`Note::helped_at_ms`].
    pub helped_at_ms: Option<i64>,
    /// See [`Note::limited_at_ms`].
    pub limited_at_ms: Option<i64>,
    /// `Some(true)`: the person opts out now; `Some(false)`: they are back.
    pub stopped: Option<bool>,
    /// See [`Note::language_chosen`].
    pub language_chosen: Option<bool>,
}

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Raw webhook bodies.
    pub deliveries_ms: i64,
    /// Events, and with them their dedupe keys, the feed and the deliveries that are held back.
    pub events_ms: i64,
    /// Ended jobs with their steps and parts, and with them their dedupe keys; deliveries that arrived or were given up.
    pub jobs_ms: i64,
    /// Counts of past days' allowances.
    pub quotas_ms: i64,
    /// What a person can find again.
    pub library_ms: i64,
    /// Publications that are over.
    pub publications_ms: i64,
    /// Numbers by the day, and stories; `None`: for good, since nobody can ask for them again.
    pub snapshots_ms: Option<i64>,
}

const DAY_MS: i64 = 86_400_000;

impl Default for Retention {
    fn default() -> Self {
        Self {
            deliveries_ms: 30 * DAY_MS,
            events_ms: 365 * DAY_MS,
            jobs_ms: 30 * DAY_MS,
            quotas_ms: 7 * DAY_MS,
            library_ms: 365 * DAY_MS,
            publications_ms: 365 * DAY_MS,
            snapshots_ms: None,
        }
    }
}

/// What a purge removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Raw webhook bodies.
    pub deliveries: u64,
    /// Events.
    pub events: u64,
    /// Ended jobs.
    pub jobs: u64,
    /// Finished shared work past its date.
    pub works: u64,
    /// Entries of people's libraries.
    pub entries: u64,
    /// Everything else: quota rows, expired attachment ids, settled deliveries of events, entries of the feed,
    /// snapshots past their time.
    pub others: u64,
}

/// How many jobs of a queue are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCount {
    /// The queue.
    pub queue: String,
    /// The state, as in [`JobRow::state`](super::JobRow::state).
    pub state: String,
    /// How many.
    pub count: i64,
}

/// How many parts are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartCount {
    /// The state.
    pub state: String,
    /// How many.
    pub count: i64,
}

/// What the writer has done since the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriterStats {
    /// Transactions committed; with `synchronous=FULL` about one disk flush each.
    pub commits: u64,
    /// Operations asked for, each `accept` counted.
    pub operations: u64,
    /// Groups that had to be taken apart because one operation failed.
    pub split_groups: u64,
}
