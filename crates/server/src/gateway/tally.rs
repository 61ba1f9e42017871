//! How many calls to Meta were made and saved, by account and day. Counted in memory and written down now and then: a
//! crash costs a few seconds of counting, and no answer waits for it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{Timestamp, tz::TimeZone};
use store::{CallCount, Store};

/// How long counts may stay in memory.
const WRITE_EVERY_MS: i64 = 5_000;

#[derive(Debug, Default)]
struct Counts {
    by_day: HashMap<(String, String), (i64, i64)>,
    written_at_ms: i64,
}

/// The counts that are not written down yet.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

impl Tally {
    pub(crate) fn count(&self, account: &str, made: u32, saved: u32, now_ms: i64) {
        if made == 0 && saved == 0 {
            return;
        }
        let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
        let day = now.to_zoned(TimeZone::UTC).date().to_string();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.by_day.entry((account.to_owned(), day)).or_default();
        count.0 += i64::from(made);
        count.1 += i64::from(saved);
    }

    /// Writes the counts down, if it is time or must be.
    pub(crate) async fn write(&self, store: &Store, now_ms: i64, must: bool) {
        let taken: Vec<_> = {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if !must && (now_ms - counts.written_at_ms).abs() < WRITE_EVERY_MS {
                return;
            }
            counts.written_at_ms = now_ms;
            counts.by_day.drain().collect()
        };
        for ((account, day), (made, saved)) in taken {
            let count = CallCount { day, made, saved };
            if let Err(error) = store.count_calls(&account, count).await {
                tracing::warn!(%error, made, saved, "calls could not be counted");
            }
        }
    }
}
