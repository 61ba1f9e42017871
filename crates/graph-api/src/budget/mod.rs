//! How much we may call, per account and per app: token buckets for Meta's fixed rates, and doors
//! that close when Meta's headers or errors say so. Pure: the clock is an argument and the numbers
//! stand behind [`Counters`], so that one process or many may share them.

mod door;
mod payer;
mod usage;

pub use door::State;
pub use payer::Payer;
pub use usage::{BusinessUse, Load, Usage};

use crate::error::{ErrorKind, GraphError};
use crate::limits;
use door::Closing;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// From here on, calls that can wait do: the last fifth is for people who are waiting.
const RESERVE_PERCENT: u32 = 80;
/// How long calls that can wait stay away when an allowance enters its last fifth.
const RESERVE_MS: i64 = 60_000;
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
        let mut permit = Permit::Go;
        if !payer.is_guest() {
            self.counters.update(&app(), &mut |state| {
                permit = match payer {
                    // Proves nothing about the others, so it is not the one that tries the door.
                    Payer::App => state.knock(urgency, now_ms),
                    _ => state.take(None, urgency, now_ms),
                };
            });
            if permit != Permit::Go {
                return permit;
            }
        }
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
            let closing = (load.fullest() >= 100).then_some(Closing::Guessed);
            for key in doors_of_app(&payer) {
                self.shut(&key, closing, load.fullest(), now_ms);
            }
        }
        for line in &usage.business {
            let fullest = line.load.fullest();
            let closing = match line.regain {
                Some(regain) => Some(Closing::Told(millis(regain))),
                None => (fullest >= 100).then_some(Closing::Guessed),
            };
            if closing.is_some() || fullest >= RESERVE_PERCENT {
                for bucket in counted_by(&line.kind, bucket) {
                    self.shut(&key(&payer, bucket), closing, fullest, now_ms);
                }
            }
        }
    }

    /// Learns from an error. Says how long the call's own door is closed now, if the error closed one.
    pub fn learn_error(
        &self,
        payer: impl Into<Payer>,
        bucket: Bucket,
        error: &GraphError,
        now_ms: i64,
    ) -> Option<Duration> {
        let payer = payer.into();
        let closing = match error.kind {
            // A rate of seconds: the minutes of the usage headers are about something else.
            ErrorKind::SendRate => Closing::Told(SEND_RATE_MS),
            ErrorKind::Throttled => error
                .retry_after
                .map_or(Closing::Guessed, |told| Closing::Told(millis(told))),
            _ => return None,
        };
        let keys = match (error.kind, error.code, error.subcode) {
            (ErrorKind::SendRate, ..) => vec![key(&payer, bucket)],
            (_, code, subcode) => doors_of(code, subcode, &payer, bucket),
        };
        for key in keys {
            self.shut(&key, Some(closing), 0, now_ms);
        }
        let opens_ms = self.opens_ms(&payer, bucket, Urgency::Now);
        Some(Duration::from_millis(
            opens_ms.saturating_sub(now_ms).unsigned_abs(),
        ))
    }

    /// Learns that Meta took a call of this bucket: what was closed by a guess is open.
    pub fn learn_open(&self, payer: impl Into<Payer>, bucket: Bucket, now_ms: i64) {
        let payer = payer.into();
        // What is asked in the app's own name is not sure to be counted with the rest.
        let is_like_others = matches!(payer, Payer::Account(_));
        for key in [is_like_others.then(app), Some(key(&payer, bucket))]
            .into_iter()
            .flatten()
        {
            self.counters
                .update(&key, &mut |state| state.is_open_after_all(now_ms));
        }
    }

    fn shut(&self, key: &Key, closing: Option<Closing>, percent: u32, now_ms: i64) {
        self.counters.update(key, &mut |state| {
            if let Some(closing) = closing {
                let until_ms = state.close(closing, now_ms);
                // When it opens again, whoever has somebody waiting goes first.
                state.reserved_until_ms = state.reserved_until_ms.max(until_ms + RESERVE_MS);
            }
            if percent >= RESERVE_PERCENT {
                state.reserved_until_ms = state.reserved_until_ms.max(now_ms + RESERVE_MS);
            }
        });
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

/// What a refusal with this code closes
/// (<https://developers.facebook.com/docs/graph-api/overview/rate-limiting>, read 2026): what was refused, and whatever
/// else is counted with it.
fn doors_of(code: i64, subcode: Option<i64>, payer: &Payer, bucket: Bucket) -> Vec<Key> {
    let of = |buckets: &mut dyn Iterator<Item = Bucket>| -> Vec<Key> {
        buckets.map(|bucket| key(payer, bucket)).collect()
    };
    match (code, subcode) {
        // 4 and 341 are the app's own limit; 613 with 1996 says that the app's traffic is odd.
        (4 | 341, _) | (613, Some(1996)) => doors_of_app(payer),
        // Whoever the token belongs to, the person or the Page, has asked too much of whatever kind.
        (17 | 32, _) => of(&mut Bucket::ALL.into_iter()),
        (80_002, _) => of(&mut alike(bucket).chain(counted_by("instagram", bucket))),
        (80_006, _) => of(&mut alike(bucket).chain(counted_by("messenger", bucket))),
        _ => of(&mut alike(bucket)),
    }
}

/// The buckets that are counted under a business use case, as a header's line names it. Messaging has limits of its own
/// (<https://developers.facebook.com/docs/instagram-platform/overview>, read 2026), and a line may be about something
/// else than its call.
fn counted_by(kind: &str, bucket: Bucket) -> impl Iterator<Item = Bucket> {
    let sample = match kind {
        "instagram" => Bucket::Other,
        "messenger" => Bucket::Text,
        _ => bucket,
    };
    alike(sample)
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
