//! The decisions of the store without any database: which step a part or a job may take, whether
//! an allowance is left, how long to back off.
//!
//! Pure, so that a hundred thousand histories run in a second (see the tests below).

use crate::types::Finish;

/// What is known about a visible send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartState {
    /// Not tried, or definitely refused for now.
    Planned,
    /// A try is going out, or was when its process died.
    Intent,
    /// Accepted by the other side.
    Sent,
    /// Tried, outcome not known. Never sent again before it is.
    Unknown,
    /// Tried, and proven not to have happened. May be tried again.
    Absent,
    /// Will never be sent.
    Failed,
}

impl PartState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Planned,
        Self::Intent,
        Self::Sent,
        Self::Unknown,
        Self::Absent,
        Self::Failed,
    ];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Intent => "intent",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Absent => "absent",
            Self::Failed => "failed",
        }
    }

    /// From how it is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether the outcome of a try is open: such a part holds its conversation.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Intent | Self::Unknown)
    }

    /// Whether a try may start from here.
    pub fn may_try(self) -> bool {
        matches!(self, Self::Planned | Self::Absent)
    }

    /// Whether nothing will change any more (but for proof that it was sent after all).
    pub fn is_final(self) -> bool {
        matches!(self, Self::Sent | Self::Failed)
    }
}

/// What a settlement does to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The part is now in this state.
    Move(PartState),
    /// Nothing to change: it was so already, or better is known.
    Stay,
    /// The protocol forbids it.
    Illegal,
}

/// What learning `known` does to a part in state `now`.
///
/// `Sent` is proof and wins over everything; what was proven sent never changes again; and only
/// `Absent`, which needs `Unknown` first, opens the way to a second try after an open outcome.
// One arm per rule of the protocol, in the order in which they win.
#[allow(clippy::match_same_arms)]
pub fn settle(now: PartState, known: PartState) -> Step {
    use PartState::{Absent, Failed, Intent, Planned, Sent, Unknown};
    match (now, known) {
        (_, Intent) => Step::Illegal,
        (Sent, _) => Step::Stay,
        (Planned, Planned) | (Unknown, Unknown) | (Absent, Absent) => Step::Stay,
        // Who has never been tried cannot have been sent or be in doubt.
        (Planned, Sent | Unknown | Absent) => Step::Illegal,
        (_, Sent) => Step::Move(Sent),
        (Failed, _) => Step::Stay,
        (Intent, Unknown | Planned | Failed) | (Unknown, Absent) => Step::Move(known),
        (Unknown | Absent | Planned, Failed) => Step::Move(Failed),
        (Intent, Absent) | (Unknown, Planned) | (Absent, Planned | Unknown) => Step::Illegal,
    }
}

/// Whether one more unit fits into the day's allowance.
pub fn within_limit(used: u32, limit: u32) -> bool {
    used < limit
}

/// Where a job goes from `running`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStep {
    /// It ends in this state; `refund` gives the allowance back.
    End {
        /// `done`, `refused` or `dead`.
        state: &'static str,
        /// Give the allowance back.
        refund: bool,
    },
    /// It waits until this time, with this many attempts counted.
    Again {
        /// Not before this time.
        run_at_ms: i64,
        /// Attempts counted from now on.
        attempts: i32,
    },
    /// Its attempts are used up: the handler gets one more claim, only to tell the person.
    Doom,
}

/// Where a finish leads. `attempts` counts the start that is ending now.
pub fn finish(
    finish: &Finish,
    attempts: i32,
    max_attempts: i32,
    now_ms: i64,
    spread: f64,
) -> JobStep {
    match finish {
        Finish::Done { .. } => JobStep::End {
            state: "done",
            refund: false,
        },
        Finish::Refused { refund, .. } => JobStep::End {
            state: "refused",
            refund: *refund,
        },
        Finish::Dead { .. } => JobStep::End {
            state: "dead",
            refund: true,
        },
        Finish::Retry { .. } if attempts >= max_attempts => JobStep::Doom,
        Finish::Retry { after_ms, .. } => JobStep::Again {
            run_at_ms: now_ms.saturating_add(
                after_ms
                    .unwrap_or_else(|| backoff_ms(attempts, spread))
                    .max(0),
            ),
            attempts,
        },
        Finish::Wait { until_ms, .. } => JobStep::Again {
            run_at_ms: *until_ms,
            attempts: (attempts - 1).max(0),
        },
        Finish::HandBack => JobStep::Again {
            run_at_ms: now_ms,
            attempts: (attempts - 1).max(0),
        },
    }
}

/// First wait after a failure.
const BACKOFF_BASE_MS: i64 = 2_000;
/// Longest wait after a failure.
const BACKOFF_CAP_MS: i64 = 15 * 60_000;

/// 2 s, 8 s, 32 s, ... up to 15 minutes, spread by up to a fifth either way (`spread` in 0..1) so
/// that jobs that failed together do not come back together.
pub fn backoff_ms(attempts: i32, spread: f64) -> i64 {
    let doublings = u32::try_from(attempts.max(1) - 1).unwrap_or(0).min(10) * 2;
    let base = BACKOFF_BASE_MS
        .saturating_mul(1 << doublings)
        .min(BACKOFF_CAP_MS);
    // At most 15 minutes in milliseconds: exact in an f64 and far inside an i64.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let spread_ms = (base as f64 * 0.4 * (spread.clamp(0.0, 1.0) - 0.5)) as i64;
    base + spread_ms
}

#[cfg(test)]
mod tests;
