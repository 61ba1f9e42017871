//! What the worker notes about a publication between two looks at it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Publication;
use uuid::Uuid;

/// Notes; all of them survive a crash.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Progress {
    /// The containers of a carousel's items, in their order; empty where not made yet.
    pub(crate) items: Vec<String>,
    /// Which of them Meta is done with.
    pub(crate) ready: Vec<bool>,
    /// How often all of it was begun anew.
    pub(crate) rounds: u32,
    /// When the first container of this round was made.
    pub(crate) made_at_ms: i64,
    /// Looks at a container that was not ready.
    pub(crate) looks: u32,
    /// Calls in a row that failed in a way that may pass.
    pub(crate) stumbles: u32,
    /// Calls in a row that failed because Meta does not know a container.
    pub(crate) missing: u32,
    /// The newest posts before the first call.
    pub(crate) before: Vec<String>,
    /// When the first call was made: what an earlier one published may come to light after a later one.
    pub(crate) first_intent_ms: Option<i64>,
    /// Readings after the call.
    pub(crate) readings: u32,
    /// Those of them, in a row, that showed nothing.
    pub(crate) absent: u32,
    /// Those of them that failed.
    pub(crate) unread: u32,
    /// Refusals of the call that may pass.
    pub(crate) refusals: u32,
    /// When the first of them came.
    pub(crate) refused_since_ms: Option<i64>,
    /// Since when nothing opens the account, or Meta does not let it in.
    pub(crate) away_since_ms: Option<i64>,
    /// Meta suspects spam: the call is not made again.
    pub(crate) suspected: bool,
    /// What is waited for.
    pub(crate) waits_for: Option<String>,
    /// Until when.
    pub(crate) waits_until_ms: Option<i64>,
    /// What was used and what is allowed, when it was last read.
    pub(crate) quota: Option<(i64, Option<i64>)>,
    /// The write that is its first comment.
    pub(crate) first_comment: Option<Uuid>,
    /// Why it failed, or why its account is waited for, as an error's body.
    pub(crate) error: Option<Value>,
}

impl Progress {
    pub(crate) fn of(publication: &Publication) -> Self {
        serde_json::from_value(publication.progress.clone()).unwrap_or_default()
    }

    pub(super) fn stored(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// A call went well that is not made in vain: whatever was in the way is not there any more.
    pub(super) fn steady(&mut self) {
        self.stumbles = 0;
        self.missing = 0;
        if self.away_since_ms.take().is_some() && !self.suspected {
            self.error = None;
        }
    }

    /// Everything from the containers on begins anew.
    pub(super) fn anew(&mut self) {
        self.items.clear();
        self.ready.clear();
        self.missing = 0;
        self.made_at_ms = 0;
        self.looks = 0;
        self.readings = 0;
        self.absent = 0;
        self.unread = 0;
        self.waits_for = None;
        self.rounds += 1;
    }
}
