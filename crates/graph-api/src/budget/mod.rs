//! How much we may call, per account and per app: token buckets for Meta's fixed rates, and doors
//! that close when Meta's headers or errors say so. Pure: the clock is an argument and the numbers
//! stand behind [`Counters`], so that one process or many may share them.

mod payer;
mod usage;

pub use payer::Payer;
pub use usage::{BusinessUse, Load, Usage};

use crate::error::{ErrorKind, GraphError};
use crate::limits;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// From here on, calls that can wait do: the last fifth is for people who are waiting.
const RESERVE_PERCENT: u32 = 80;
/// How long calls that can wait stay away when an allowance enters its last fifth.
const RESERVE_MS: i64 = 60_000;
/// How long a door stays closed where Meta does not say. Calling while it is closed makes it
/// longer, so this is not short.
const CLOSED_MS: i64 = 5 * 60_000;
/// As [`CLOSED_MS`], after too many sends in one second.
const SEND_RATE_MS: i64 = 2_000;

/// From so many states on, those of guests are forgotten before another guest is taken in: anybody may bring any number
/// of tokens, and Meta itself still refuses those that ask too much.
const MOST_STATES: usize = 10_000;

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bucket {
    /// Texts, reactions, images.
    Text,
    /// Sounds and videos.
    Media,
    /// Reading threads.
    Conversations,
    /// Private replies to comments.
    PrivateReplies,
    /// Everything else. No fixed rate; only the usage headers bound it.
    Other,
}

/// A rate: so many at once, and so many a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many fit, at once and in `period_ms`.
    pub permits: u32,
    /// The period.
    pub period_ms: i64,
}

impl Bucket {
    /// Every bucket.
    pub const ALL: [Self; 5] = [
        Self::Text,
        Self::Media,
        Self::Conversations,
        Self::PrivateReplies,
        Self::Other,
    ];

    /// The word for stores and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Media => "media",
            Self::Conversations => "conversations",
            Self::PrivateReplies => "private_replies",
            Self::Other => "other",
        }
    }

    /// Meta's fixed rate, if there is one.
    pub fn rate(self) -> Option<Rate> {
        let (permits, period_ms) = match self {
            Self::Text => (limits::TEXTS_PER_SECOND, 1_000),
            Self::Media => (limits::MEDIA_PER_SECOND, 1_000),
            Self::Conversations => (limits::CONVERSATIONS_PER_SECOND, 1_000),
            Self::PrivateReplies => (limits::PRIVATE_REPLIES_PER_HOUR, 3_600_000),
            Self::Other => return None,
        };
        Some(Rate { permits, period_ms })
    }

    /// Whether Meta counts it under messaging rather than under reading the platform.
    fn is_messaging(self) -> bool {
        self != Self::Other
    }
}

/// Whose count: one payer's bucket, or the whole app's door (`payer` is none).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Who pays; none for the app.
    pub payer: Option<Payer>,
    /// The bucket; `Other` for the app.
    pub bucket: Bucket,
}

/// What is remembered for one key. Plain numbers, so that any store can hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// When the bucket would be full again if nothing more were taken (epoch milliseconds,
    /// thousandths of a millisecond kept apart so that fast rates do not round to nothing).
    pub full_at_us: i64,
    /// Until when nothing goes.
    pub closed_until_ms: i64,
    /// Until when only what cannot wait goes.
    pub reserved_until_ms: i64,
}

/// Where the numbers stand. `change` must see and replace one state in one step.
pub trait Counters: Send + Sync {
    /// Reads a state, changes it, and keeps it.
    fn update(&self, key: &Key, change: &mut dyn FnMut(&mut State));
}

/// Numbers of this process alone.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<Key, State>>);

impl Counters for Memory {
    fn update(&self, key: &Key, change: &mut dyn FnMut(&mut State)) {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let guest = |key: &Key| key.payer.as_ref().is_some_and(Payer::is_guest);
        if states.len() >= MOST_STATES && guest(key) && !states.contains_key(key) {
            states.retain(|key, _| !guest(key));
        }
        change(states.entry(key.clone()).or_default());
    }
}

/// May the call be made?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Yes, and it is counted.
    Go,
    /// Not before then (epoch milliseconds). Nothing was counted.
    Wait {
        /// When to ask again.
        until_ms: i64,
    },
}

/// Whether somebody waits for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// A person waits in a chat.
    Now,
    /// Background work: gives way when an allowance runs low.
    CanWait,
}

/// What an account may send in a second; none: no bound of ours. The defaults are the lower of the two rates that
/// Meta names for its two logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendRates {
    /// Texts, reactions, images.
    pub texts: Option<u32>,
    /// Sounds and videos.
    pub media: Option<u32>,
}

impl Default for SendRates {
    fn default() -> Self {
        Self {
            texts: Some(limits::TEXTS_PER_SECOND),
            media: Some(limits::MEDIA_PER_SECOND),
        }
    }
}

/// The permits of one app and its accounts.
pub struct Budget<C> {
    counters: C,
    sends: SendRates,
}

impl<C> fmt::Debug for Budget<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Budget")
    }
}

impl<C: Counters> Budget<C> {
    /// A budget over these counters.
    pub fn new(counters: C) -> Self {
        Self::with_rates(counters, SendRates::default())
    }

    /// The same for an account whose send rates are known to be others.
    pub fn with_rates(counters: C, sends: SendRates) -> Self {
        Self { counters, sends }
    }

    fn rate(&self, bucket: Bucket) -> Option<Rate> {
        let per_second = |permits| Rate {
            permits,
            period_ms: 1_000,
        };
        match bucket {
            Bucket::Text => self.sends.texts.map(per_second),
            Bucket::Media => self.sends.media.map(per_second),
            other => other.rate(),
        }
    }

    /// Takes one permit, or says when to ask again.
    pub fn take(
        &self,
        payer: impl Into<Payer>,
        bucket: Bucket,
        urgency: Urgency,
        now_ms: i64,
    ) -> Permit {
        let payer = payer.into();
        if !payer.is_guest() {
            let mut door_ms = 0;
            self.counters
                .update(&app(), &mut |state| door_ms = state.door_ms(urgency));
            if door_ms > now_ms {
                return Permit::Wait { until_ms: door_ms };
            }
        }
        let mut permit = Permit::Go;
        self.counters.update(&key(&payer, bucket), &mut |state| {
            permit = state.take(self.rate(bucket), urgency, now_ms);
        });
        permit
    }

    /// When calls of this bucket may be made again; a moment that is past where nothing is closed. Takes no permit.
    pub fn opens_ms(&self, payer: impl Into<Payer>, bucket: Bucket, urgency: Urgency) -> i64 {
        let payer = payer.into();
        let mut opens_ms = 0;
        for key in [(!payer.is_guest()).then(app), Some(key(&payer, bucket))]
            .into_iter()
            .flatten()
        {
            self.counters.update(&key, &mut |state| {
                opens_ms = opens_ms.max(state.door_ms(urgency));
            });
        }
        opens_ms
    }

    /// Learns from the headers of an answer to a call of this bucket.
    pub fn learn(&self, payer: impl Into<Payer>, bucket: Bucket, usage: &Usage, now_ms: i64) {
        let payer = payer.into();
        if let Some(load) = usage.app {
            let full = load.fullest() >= 100;
            for key in doors_of_app(&payer) {
                self.shut(
                    &key,
                    full.then_some(now_ms + CLOSED_MS),
                    load.fullest(),
                    now_ms,
                );
            }
        }
        let fullest = usage.fullest_business();
        let until = match usage.regain() {
            Some(regain) => Some(now_ms + millis(regain)),
            None => (fullest >= 100).then_some(now_ms + CLOSED_MS),
        };
        if until.is_some() || fullest >= RESERVE_PERCENT {
            for bucket in alike(bucket) {
                self.shut(&key(&payer, bucket), until, fullest, now_ms);
            }
        }
    }

    /// Learns from an error. Says how long the door is closed now, if the error closed one.
    pub fn learn_error(
        &self,
        payer: impl Into<Payer>,
        bucket: Bucket,
        error: &GraphError,
        now_ms: i64,
    ) -> Option<Duration> {
        let payer = payer.into();
        let told = error.retry_after.map(millis);
        let (whole_app, closed_ms) = match error.kind {
            // A rate of seconds: the minutes of the usage headers are about something else.
            ErrorKind::SendRate => {
                self.shut(&key(&payer, bucket), Some(now_ms + SEND_RATE_MS), 0, now_ms);
                return Some(Duration::from_millis(SEND_RATE_MS.unsigned_abs()));
            }
            // 4 is the app's own limit; the others are an account's or a use's.
            ErrorKind::Throttled => (error.code == 4, told.unwrap_or(CLOSED_MS)),
            _ => return None,
        };
        let until = Some(now_ms + closed_ms);
        if whole_app {
            for key in doors_of_app(&payer) {
                self.shut(&key, until, 0, now_ms);
            }
        } else {
            for bucket in alike(bucket) {
                self.shut(&key(&payer, bucket), until, 0, now_ms);
            }
        }
        Some(Duration::from_millis(closed_ms.unsigned_abs()))
    }

    fn shut(&self, key: &Key, until_ms: Option<i64>, percent: u32, now_ms: i64) {
        self.counters.update(key, &mut |state| {
            if let Some(until_ms) = until_ms {
                state.closed_until_ms = state.closed_until_ms.max(until_ms);
                // When it opens again, whoever has somebody waiting goes first.
                state.reserved_until_ms = state.reserved_until_ms.max(until_ms + RESERVE_MS);
            }
            if percent >= RESERVE_PERCENT {
                state.reserved_until_ms = state.reserved_until_ms.max(now_ms + RESERVE_MS);
            }
        });
    }
}

impl State {
    fn door_ms(&self, urgency: Urgency) -> i64 {
        match urgency {
            Urgency::Now => self.closed_until_ms,
            Urgency::CanWait => self.closed_until_ms.max(self.reserved_until_ms),
        }
    }

    /// A token bucket kept as one number: the moment at which it is full again. Each permit moves
    /// that moment on by its share of the period; it may not be further away than one period.
    fn take(&mut self, rate: Option<Rate>, urgency: Urgency, now_ms: i64) -> Permit {
        let door_ms = self.door_ms(urgency);
        if door_ms > now_ms {
            return Permit::Wait { until_ms: door_ms };
        }
        let Some(rate) = rate else {
            return Permit::Go;
        };
        let current_us = now_ms * 1000;
        let period_us = rate.period_ms * 1000;
        let step_us = period_us / i64::from(rate.permits.max(1));
        let full_at_us = self.full_at_us.max(current_us) + step_us;
        let too_far_us = full_at_us - current_us - period_us;
        if too_far_us > 0 {
            // Round up, so that asking again at that moment succeeds.
            return Permit::Wait {
                until_ms: now_ms + (too_far_us + 999) / 1000,
            };
        }
        self.full_at_us = full_at_us;
        Permit::Go
    }
}

fn app() -> Key {
    Key {
        payer: None,
        bucket: Bucket::Other,
    }
}

fn key(payer: &Payer, bucket: Bucket) -> Key {
    Key {
        payer: Some(payer.clone()),
        bucket,
    }
}

/// What is closed when an app has asked too much: ours, or everything of a guest, whose app it may be instead.
fn doors_of_app(payer: &Payer) -> Vec<Key> {
    if payer.is_guest() {
        Bucket::ALL
            .into_iter()
            .map(|bucket| key(payer, bucket))
            .collect()
    } else {
        vec![app()]
    }
}

/// The buckets that share an allowance with this one.
fn alike(bucket: Bucket) -> impl Iterator<Item = Bucket> {
    Bucket::ALL
        .into_iter()
        .filter(move |other| other.is_messaging() == bucket.is_messaging())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis())
        .unwrap_or(i64::MAX / 4)
        .min(24 * 3_600_000)
}

#[cfg(test)]
mod tests;
