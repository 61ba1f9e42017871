//! Jobs, their leases, and the work that several jobs may share.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::StoreError;

/// A job to be done once, some time.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Which handler does it.
    pub queue: &'static str,
    /// What the handler needs to know.
    pub payload: Value,
    /// A second job with the same key is not stored while the first is remembered.
    pub dedupe_key: Option<String>,
    /// The line it stands in: jobs with the same key run one after the other, in the order they were stored, and
    /// nobody's tenth goes before somebody else's first.
    pub order_key: Option<String>,
    /// Whom it is for, as the operator sees it.
    pub person: Option<String>,
    /// Smaller runs sooner.
    pub priority: i16,
    /// Not before this time.
    pub run_at_ms: Option<i64>,
    /// How often it may be started before it counts as poison.
    pub max_attempts: i32,
}

impl NewJob {
    /// A job for `queue` with five attempts and nothing else special.
    pub fn new(queue: &'static str, payload: Value) -> Self {
        Self {
            queue,
            payload,
            dedupe_key: None,
            order_key: None,
            person: None,
            priority: 0,
            run_at_ms: None,
            max_attempts: 5,
        }
    }
}

/// What became of `enqueue`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enqueued {
    /// The job, the earlier one if the dedupe key was known.
    pub id: Uuid,
    /// False when the dedupe key was known.
    pub new: bool,
}

/// Jobs that cost somebody's daily allowance.
#[derive(Debug, Clone, PartialEq)]
pub struct Admission {
    /// Whose allowance, e.g. `channel:account:person`.
    pub scope: String,
    /// Which day, in the caller's calendar, e.g. `2026-11-22`.
    pub day: String,
    /// How many a day.
    pub limit: u32,
    /// One unit each, in this order.
    pub jobs: Vec<NewJob>,
}

/// What became of one job of an `Admission`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// Stored and charged.
    New(Uuid),
    /// Stored before under the same dedupe key; not charged again.
    Already(Uuid),
    /// The day's allowance is used up; nothing stored.
    OverLimit,
}

/// The right to finish a job, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job_id: Uuid,
    /// Compared by every write made under this lease.
    pub token: Uuid,
    /// Grows with every claim of the job: the fencing number.
    pub epoch: i64,
}

/// A job in somebody's hands.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The job.
    pub id: Uuid,
    /// Which handler does it.
    pub queue: String,
    /// What the handler needs to know.
    pub payload: Value,
    /// How often it was started, this time included.
    pub attempts: i32,
    /// How often it may be started.
    pub max_attempts: i32,
    /// The right to finish it.
    pub lease: Lease,
    /// Its place in line.
    pub order_key: Option<String>,
    /// Whom it is for.
    pub person: Option<String>,
    /// When it was stored.
    pub created_at_ms: i64,
    /// Set when the job is given up: the handler only tells the person, with this reason.
    pub doom: Option<String>,
    /// Cancelled when the process is asked to stop or the lease is lost: finish soon, or answer
    /// with [`Finish::HandBack`].
    pub stop: CancellationToken,
}

/// How a job ended, or when it should go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// Done. The note is for the operator.
    Done {
        /// A short word on the outcome, never a person's text.
        note: String,
    },
    /// Deliberately not done, and the person knows (or need not know).
    Refused {
        /// Why, for the operator.
        reason: String,
        /// Give the daily allowance back.
        refund: bool,
    },
    /// Failed; try again unless the attempts are used up.
    Retry {
        /// How long to wait; `None` takes the back-off of the attempt, with jitter.
        after_ms: Option<i64>,
        /// Why, for the operator.
        error: String,
    },
    /// Not failed, but cannot go on before `until_ms`. Counts no attempt.
    Wait {
        /// When to go on.
        until_ms: i64,
        /// What it waits for.
        why: String,
    },
    /// Given up for good; the handler has said what there was to say. The allowance is refunded.
    Dead {
        /// Why, for the operator.
        reason: String,
    },
    /// The process is stopping: somebody else takes the job, at once. Counts no attempt.
    HandBack,
}

impl Finish {
    /// For a job whose database did not do its part: again, unless somebody else has it by now and whatever is said
    /// here would be refused.
    pub fn after(error: &StoreError) -> Self {
        match error {
            StoreError::LeaseLost => Self::HandBack,
            error => Self::Retry {
                after_ms: None,
                error: error.to_string(),
            },
        }
    }
}

/// A job as the operator sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRow {
    /// The job.
    pub id: Uuid,
    /// Which handler does it.
    pub queue: String,
    /// `waiting`, `scheduled`, `running`, `done`, `refused` or `dead`.
    pub state: String,
    /// Not before this time.
    pub run_at_ms: i64,
    /// How often it was started.
    pub attempts: i32,
    /// What the handler needs to know.
    pub payload: Value,
    /// The last word on it: outcome, reason or error.
    pub note: Option<String>,
    /// Whom it is for.
    pub person: Option<String>,
    /// When it was stored.
    pub created_at_ms: i64,
    /// When it ended.
    pub finished_at_ms: Option<i64>,
}

/// Where a waiting job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Unfinished jobs of its queue that come before it: those in hand and those to be taken sooner.
    pub ahead: u32,
    /// How many of them are in hand.
    pub running: u32,
}

/// Work that several jobs may need: done once, by one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// What it is about.
    pub key: String,
    /// Whether it is finished.
    pub state: WorkState,
    /// What is done of it so far, by step.
    pub steps: BTreeMap<String, Value>,
}

/// Whether shared work is finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkState {
    /// Some job is at it, or was when it stopped.
    Open,
    /// Every step is there.
    Done,
}

/// The answer to `work_join`.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkTurn {
    /// Go on from its steps: either finished, or this job's to finish.
    Mine(Work),
    /// Another job is at it; ask again later.
    Busy,
}
