//! One door: open, closed until Meta opens it, or closed for as long as we guess; and the token bucket behind it. Pure.

use super::{Permit, Rate, Urgency};

/// How long a door stays closed where Meta does not say. Calling while it is closed makes it
/// longer, so this is not short, and doubles when it turns out to have been too short.
pub(super) const CLOSED_MS: i64 = 5 * 60_000;
/// The longest such guess: Meta counts the app's calls by the rolling hour
/// (<https://developers.facebook.com/docs/graph-api/overview/rate-limiting>, read 2026).
const MOST_CLOSED_MS: i64 = 3_600_000;
/// How long one call that tries a door, which opens by our own guess, has it to itself.
pub(super) const TRIAL_MS: i64 = 1_000;

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
    /// How often in a row it was closed by our own guess; 0: nobody doubts that it is open.
    pub guesses: u32,
    /// Until when the call that tries the door is waited for.
    pub tried_until_ms: i64,
}

/// For how long a door closes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Closing {
    /// Meta said so, in milliseconds.
    Told(i64),
    /// Meta did not say.
    Guessed,
}

impl State {
    pub(super) fn door_ms(&self, urgency: Urgency) -> i64 {
        match urgency {
            Urgency::Now => self.closed_until_ms,
            Urgency::CanWait => self.closed_until_ms.max(self.reserved_until_ms),
        }
    }

    pub(super) fn knock(&self, urgency: Urgency, now_ms: i64) -> Permit {
        match self.door_ms(urgency) {
            door_ms if door_ms > now_ms => Permit::Wait { until_ms: door_ms },
            _ => Permit::Go,
        }
    }

    /// Closes the door; says until when it is closed now.
    pub(super) fn close(&mut self, closing: Closing, now_ms: i64) -> i64 {
        let until_ms = match closing {
            Closing::Told(ms) => now_ms + ms,
            // Calls that were on their way together are refused together: that is one refusal.
            Closing::Guessed if self.closed_until_ms > now_ms => self.closed_until_ms,
            Closing::Guessed => {
                let guess_ms = (CLOSED_MS << self.guesses.min(8)).min(MOST_CLOSED_MS);
                self.guesses = self.guesses.saturating_add(1);
                now_ms + guess_ms
            }
        };
        self.closed_until_ms = self.closed_until_ms.max(until_ms);
        self.tried_until_ms = 0;
        self.closed_until_ms
    }

    /// A call was taken. One that was on its way when the door closed proves nothing.
    pub(super) fn is_open_after_all(&mut self, now_ms: i64) {
        if self.closed_until_ms <= now_ms {
            self.guesses = 0;
            self.tried_until_ms = 0;
        }
    }

    /// A token bucket kept as one number: the moment at which it is full again. Each permit moves
    /// that moment on by its share of the period; it may not be further away than one period.
    pub(super) fn take(&mut self, rate: Option<Rate>, urgency: Urgency, now_ms: i64) -> Permit {
        let permit = self.knock(urgency, now_ms);
        if permit != Permit::Go {
            return permit;
        }
        if self.guesses > 0 {
            // It may still be closed, and every call that finds that out makes it longer: one goes ahead.
            if self.tried_until_ms > now_ms {
                return Permit::Wait {
                    until_ms: self.tried_until_ms,
                };
            }
            self.tried_until_ms = now_ms + TRIAL_MS;
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
