//! An answer that is kept: what it says, since when, until when, and what it cost.

use std::sync::Arc;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::CacheRow;
use utoipa::ToSchema;

use crate::{api::ApiError, settings::Cache};

/// For good: what is settled does not change.
const FOR_GOOD_MS: i64 = i64::MAX / 4;

/// Kinds of answers; each has its own times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Profile,
    /// A page of media, or one of them.
    Media,
    /// What others published: never on our disk.
    Tagged,
    /// Numbers of one post.
    Numbers,
    /// Numbers of the account.
    Account,
    /// That a post has no numbers and never will.
    NoNumbers,
    /// One day of the account's numbers, settled.
    ClosedDay,
    Audience,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Media => "media",
            Self::Tagged => "tagged",
            Self::Numbers => "numbers",
            Self::NoNumbers => "no_numbers",
            Self::Account => "account",
            Self::ClosedDay => "day",
            Self::Audience => "audience",
        }
    }

    /// The times of every kind, in one table: how long it is as good as new, and how much longer it is given at once
    /// while it is renewed.
    fn ages(self, cache: &Cache) -> Ages {
        let (fresh, renew) = match self {
            Self::Profile => (cache.profile_seconds, cache.profile_renew_seconds),
            Self::Media | Self::Tagged => (cache.media_seconds, cache.media_renew_seconds),
            Self::Numbers => (
                cache.media_insights_seconds,
                cache.media_insights_renew_seconds,
            ),
            Self::Account => (
                cache.account_insights_seconds,
                cache.account_insights_renew_seconds,
            ),
            Self::Audience => (cache.audience_seconds, cache.audience_renew_seconds),
            Self::ClosedDay | Self::NoNumbers => {
                return Ages {
                    fresh_ms: FOR_GOOD_MS,
                    renew_ms: 0,
                };
            }
        };
        Ages {
            fresh_ms: i64::from(fresh) * 1000,
            renew_ms: i64::from(renew) * 1000,
        }
    }

    pub(crate) fn is_stored(self) -> bool {
        self != Self::Tagged
    }
}

/// How long a kind of answer lives; how long it may stand in while Meta cannot be asked is the same for all.
struct Ages {
    fresh_ms: i64,
    renew_ms: i64,
}

/// An answer that is kept.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) body: Value,
    pub(crate) etag: String,
    pub(crate) fetched_at_ms: i64,
    pub(crate) fresh_until_ms: i64,
    /// Until then it is old and given at once, while it is renewed behind.
    pub(crate) renew_until_ms: i64,
    pub(crate) stale_until_ms: i64,
    /// What it cost, and so what each reuse saves.
    pub(crate) calls: u32,
    /// Its place among all that this process learned.
    pub(crate) turn: u64,
}

impl Entry {
    pub(crate) fn new(kind: Kind, body: Value, now_ms: i64, cache: &Cache) -> Self {
        let Ages { fresh_ms, renew_ms } = kind.ages(cache);
        let fresh_until_ms = now_ms.saturating_add(fresh_ms);
        let stale_ms = i64::from(cache.stale_seconds) * 1000;
        Self {
            etag: mark(body.to_string().as_bytes()),
            body,
            fetched_at_ms: now_ms,
            fresh_until_ms,
            renew_until_ms: fresh_until_ms.saturating_add(renew_ms),
            stale_until_ms: fresh_until_ms.saturating_add(stale_ms.max(renew_ms)),
            calls: 0,
            turn: 0,
        }
    }

    pub(crate) fn from_row(row: CacheRow, kind: Kind, cache: &Cache) -> Option<Self> {
        Some(Self {
            body: serde_json::from_str(&row.body).ok()?,
            etag: row.etag,
            fetched_at_ms: row.fetched_at_ms,
            fresh_until_ms: row.fresh_until_ms,
            renew_until_ms: row.fresh_until_ms.saturating_add(kind.ages(cache).renew_ms),
            stale_until_ms: row.stale_until_ms,
            calls: row.calls.unsigned_abs(),
            turn: 0,
        })
    }

    pub(crate) fn to_row(&self, key: &str, account: &str, kind: Kind) -> CacheRow {
        CacheRow {
            key: key.to_owned(),
            account: account.to_owned(),
            kind: kind.as_str().to_owned(),
            body: self.body.to_string(),
            etag: self.etag.clone(),
            fetched_at_ms: self.fetched_at_ms,
            fresh_until_ms: self.fresh_until_ms,
            stale_until_ms: self.stale_until_ms,
            calls: i32::try_from(self.calls).unwrap_or(i32::MAX),
        }
    }

    /// About how much memory it takes.
    pub(crate) fn weight(&self) -> u32 {
        fn of(value: &Value) -> usize {
            32 + match value {
                Value::String(text) => text.len(),
                Value::Array(items) => items.iter().map(of).sum(),
                Value::Object(fields) => fields.iter().map(|(k, v)| 48 + k.len() + of(v)).sum(),
                _ => 0,
            }
        }
        u32::try_from(of(&self.body)).unwrap_or(u32::MAX)
    }
}

/// The mark of a body, by which a client says that it has it already.
pub(crate) fn mark(body: &[u8]) -> String {
    hex::encode(&Sha256::digest(body)[..12])
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    /// It was kept and is fresh.
    Hit,
    /// Meta was asked.
    Miss,
    /// It was kept, and Meta was asked all the same.
    Revalidated,
    /// It was kept and is old, and is being renewed behind this answer.
    Revalidating,
    /// It was kept and is old, and Meta cannot be asked now.
    Stale,
}

impl Source {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Revalidated => "revalidated",
            Self::Revalidating => "revalidating",
            Self::Stale => "stale",
        }
    }

    /// Of two parts of an answer the one that says more.
    pub(crate) fn and(self, other: Self) -> Self {
        let rank = |source| match source {
            Self::Hit => 0,
            Self::Revalidated => 1,
            Self::Miss => 2,
            Self::Revalidating => 3,
            Self::Stale => 4,
        };
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }
}

/// An answer with where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Got<T> {
    pub(crate) body: T,
    pub(crate) fetched_at_ms: i64,
    /// When it was given: its age is from the one to the other.
    pub(crate) given_at_ms: i64,
    pub(crate) source: Source,
    /// Graph calls that this answer cost now.
    pub(crate) calls: u32,
}

impl<T> Got<T> {
    /// The same, shaped.
    pub(crate) fn map<U>(self, shape: impl FnOnce(T) -> U) -> Got<U> {
        Got {
            body: shape(self.body),
            fetched_at_ms: self.fetched_at_ms,
            given_at_ms: self.given_at_ms,
            source: self.source,
            calls: self.calls,
        }
    }

    /// How old it is, in whole seconds.
    pub(crate) fn age_s(&self) -> i64 {
        (self.given_at_ms - self.fetched_at_ms).max(0) / 1000
    }
}

impl Got<Arc<Entry>> {
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<Got<T>, ApiError> {
        let body = T::deserialize(&self.body.body).map_err(|error| {
            tracing::error!(%error, "a kept answer cannot be read");
            ApiError::internal()
        })?;
        Ok(self.map(|_| body))
    }
}
