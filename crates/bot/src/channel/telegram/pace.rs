//! Our own pace, so that Telegram's limits are seldom met, and the chats it closed for a while. Pure: no clock of its own.
//!
//! Telegram asks for one message a second in a chat, short bursts allowed, 20 a minute in a group and 30 a second over all
//! (<https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>, 2026-11). Edits count as well.
//! What it refuses nevertheless (429) closes that chat alone: others are written to as before.

use std::collections::HashMap;
use std::time::Duration;

/// Chats that are remembered before the idle ones are let go.
const CHATS: usize = 4_096;
/// Progress of a job is shown at most this often in one chat.
const PROGRESS_MS: i64 = 3_000;

/// So many at once, and one more each step.
#[derive(Debug, Clone, Copy)]
struct Rate {
    step_ms: i64,
    burst: i64,
}

const PRIVATE: Rate = Rate {
    step_ms: 1_000,
    burst: 5,
};
/// 5 at once and 15 more in a minute.
const GROUP: Rate = Rate {
    step_ms: 4_000,
    burst: 5,
};
/// 5 at once and 25 more in a second.
const OVERALL: Rate = Rate {
    step_ms: 40,
    burst: 5,
};

/// A bucket that is told by one number: when it will be full again.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    full_ms: i64,
}

impl Bucket {
    /// How long until `rate` has this many to give.
    fn wait_ms(self, rate: Rate, many: i64, now_ms: i64) -> i64 {
        (self.full_ms - (rate.burst - many) * rate.step_ms - now_ms).max(0)
    }

    fn take(&mut self, rate: Rate, now_ms: i64) {
        self.full_ms = self.full_ms.max(now_ms) + rate.step_ms;
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Chat {
    bucket: Bucket,
    closed_until_ms: i64,
    progress_ms: Option<i64>,
}

/// Who may be written to now.
#[derive(Debug, Default)]
pub(super) struct Pace {
    chats: HashMap<i64, Chat>,
    overall: Bucket,
}

impl Pace {
    /// Takes the right to write one message now, or says when to ask again.
    pub(super) fn take(&mut self, chat: i64, now_ms: i64) -> Result<(), Duration> {
        self.take_leaving(chat, 0, now_ms)
    }

    /// Takes the right to show progress. What matters more finds a place left.
    pub(super) fn take_progress(&mut self, chat: i64, now_ms: i64) -> bool {
        let shown_ms = self.chats.get(&chat).and_then(|chat| chat.progress_ms);
        if shown_ms.is_some_and(|shown_ms| now_ms < shown_ms + PROGRESS_MS)
            || self.take_leaving(chat, 1, now_ms).is_err()
        {
            return false;
        }
        self.chats.entry(chat).or_default().progress_ms = Some(now_ms);
        true
    }

    fn take_leaving(&mut self, chat: i64, left: i64, now_ms: i64) -> Result<(), Duration> {
        let rate = if chat < 0 { GROUP } else { PRIVATE };
        self.forget_idle(now_ms);
        let state = self.chats.entry(chat).or_default();
        let wait_ms = (state.closed_until_ms - now_ms)
            .max(state.bucket.wait_ms(rate, 1 + left, now_ms))
            .max(self.overall.wait_ms(OVERALL, 1 + left, now_ms));
        if wait_ms > 0 {
            return Err(Duration::from_millis(wait_ms.unsigned_abs()));
        }
        state.bucket.take(rate, now_ms);
        self.overall.take(OVERALL, now_ms);
        Ok(())
    }

    /// Telegram wants silence in this chat.
    pub(super) fn close(&mut self, chat: i64, until_ms: i64) {
        let state = self.chats.entry(chat).or_default();
        state.closed_until_ms = state.closed_until_ms.max(until_ms);
    }

    /// Whether it still wants it.
    pub(super) fn is_closed(&self, chat: i64, now_ms: i64) -> bool {
        self.chats
            .get(&chat)
            .is_some_and(|state| now_ms < state.closed_until_ms)
    }

    fn forget_idle(&mut self, now_ms: i64) {
        if self.chats.len() >= CHATS {
            self.chats.retain(|_, chat| {
                chat.bucket.full_ms > now_ms
                    || chat.closed_until_ms > now_ms
                    || chat
                        .progress_ms
                        .is_some_and(|shown_ms| now_ms < shown_ms + PROGRESS_MS)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: i64 = 7;
    const GROUP_CHAT: i64 = -7;

    /// When the first `many` messages to these chats may go, asking as early as allowed.
    fn times(chats: &[i64], many: usize) -> Vec<i64> {
        let (mut pace, mut now_ms) = (Pace::default(), 1_000_000);
        (0..many)
            .map(|n| {
                loop {
                    match pace.take(chats[n % chats.len()], now_ms) {
                        Ok(()) => break now_ms - 1_000_000,
                        Err(wait) => now_ms += i64::try_from(wait.as_millis()).unwrap(),
                    }
                }
            })
            .collect()
    }

    fn most_within(times: &[i64], span_ms: i64) -> usize {
        times
            .iter()
            .map(|from| {
                times
                    .iter()
                    .filter(|at| (*from..=from + span_ms).contains(at))
                    .count()
            })
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn a_chat_takes_a_burst_and_then_one_a_second() {
        assert_eq!(times(&[ANA], 8), [0, 0, 0, 0, 0, 1_000, 2_000, 3_000]);
    }

    #[test]
    fn a_group_takes_twenty_a_minute() {
        assert_eq!(most_within(&times(&[GROUP_CHAT], 60), 60_000), 20);
    }

    #[test]
    fn all_chats_together_take_thirty_a_second() {
        let chats: Vec<i64> = (1..=500).collect();
        assert_eq!(most_within(&times(&chats, 500), 1_000), 30);
    }

    #[test]
    fn a_flood_closes_one_chat_and_not_the_others() {
        let mut pace = Pace::default();
        pace.close(ANA, 9_000);
        assert_eq!(pace.take(ANA, 1_000), Err(Duration::from_secs(8)));
        assert!(pace.is_closed(ANA, 8_999) && !pace.is_closed(ANA, 9_000));
        assert_eq!(pace.take(8, 1_000), Ok(()));
        pace.close(ANA, 2_000);
        assert!(
            pace.is_closed(ANA, 8_999),
            "an earlier end does not open it"
        );
        assert!(!pace.take_progress(ANA, 1_000));
        assert_eq!(pace.take(ANA, 9_000), Ok(()));
    }

    #[test]
    fn progress_is_rare_and_leaves_room_for_the_answer() {
        let mut pace = Pace::default();
        assert!(pace.take_progress(ANA, 0));
        assert!(!pace.take_progress(ANA, 2_999));
        assert!(pace.take_progress(ANA, 3_000));
        for _ in 0..3 {
            assert_eq!(pace.take(8, 10_000), Ok(()));
        }
        assert!(pace.take_progress(8, 10_000));
        assert_eq!(pace.take(8, 13_000), Ok(()));
        let mut full = Pace::default();
        for _ in 0..4 {
            assert_eq!(full.take(GROUP_CHAT, 0), Ok(()));
        }
        assert!(!full.take_progress(GROUP_CHAT, 0));
        assert_eq!(full.take(GROUP_CHAT, 0), Ok(()));
    }

    #[test]
    fn idle_chats_are_let_go() {
        let mut pace = Pace::default();
        for chat in 0..i64::try_from(CHATS).unwrap() {
            pace.close(chat, 5);
        }
        pace.close(ANA, 1_000_000);
        assert_eq!(pace.take(-1, 10), Ok(()));
        assert_eq!(pace.chats.len(), 2);
    }
}
