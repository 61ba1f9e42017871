//! Rate limits and the usage figures that Meta's headers report, on Meta's clock.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Limits per account; 0 switches one off, as a load test needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// Text, link, reaction and template sends a second; absent: 300 for Facebook Login, 100 for
    /// Instagram Login (<https://developers.facebook.com/docs/graph-api/overview/rate-limiting>, 2026-11).
    pub(crate) sends_per_second: Option<u32>,
    /// Audio and video sends a second: 10 on both, same page.
    pub(crate) media_per_second: u32,
    /// Conversations calls a second: 2, same page.
    pub(crate) conversations_per_second: u32,
    /// Calls an hour that make 100 percent in the usage headers.
    pub(crate) calls_per_hour: u32,
    /// Whether 100 percent also refuses calls (80002).
    pub(crate) enforce_calls: bool,
    /// Private replies an hour: 750 for posts and reels, same page.
    pub(crate) private_replies_per_hour: u32,
    /// Whether Telegram's limits below refuse calls.
    pub(crate) telegram_enforce: bool,
    /// Messages and edits a second in a private chat once its burst is spent
    /// (<https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>, 2026-11).
    pub(crate) telegram_per_chat_per_second: u32,
    /// How many may come at once in a private chat; Telegram says "short bursts".
    pub(crate) telegram_burst: u32,
    /// Messages and edits a minute in a group, same page.
    pub(crate) telegram_per_group_per_minute: u32,
    /// Messages and edits a second over all chats, same page.
    pub(crate) telegram_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sends_per_second: None,
            media_per_second: 10,
            conversations_per_second: 2,
            calls_per_hour: 20_000,
            enforce_calls: false,
            private_replies_per_hour: 750,
            telegram_enforce: true,
            telegram_per_chat_per_second: 1,
            telegram_burst: 10,
            telegram_per_group_per_minute: 20,
            telegram_per_second: 30,
        }
    }
}

/// What an account spent lately.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spent {
    pub(crate) sends: Window,
    pub(crate) media: Window,
    pub(crate) conversations: Window,
    pub(crate) private_replies: Window,
    pub(crate) calls: Hour,
}

/// Times of the calls of the last moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Window(VecDeque<i64>);

impl Window {
    /// Counts one call unless `limit` calls of the last `span_ms` are already counted.
    pub(crate) fn take(&mut self, now_ms: i64, span_ms: i64, limit: u32) -> bool {
        if limit == 0 {
            return true;
        }
        while self.0.front().is_some_and(|at| *at <= now_ms - span_ms) {
            self.0.pop_front();
        }
        if self.0.len() >= limit as usize {
            return false;
        }
        self.0.push_back(now_ms);
        true
    }
}

/// Calls of a rolling hour, counted by the minute.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hour {
    minutes: VecDeque<(i64, u32)>,
}

impl Hour {
    pub(crate) fn count(&mut self, now_ms: i64) -> u32 {
        let minute = now_ms.div_euclid(60_000);
        while self
            .minutes
            .front()
            .is_some_and(|(at, _)| *at <= minute - 60)
        {
            self.minutes.pop_front();
        }
        match self.minutes.back_mut() {
            Some((at, count)) if *at == minute => *count = count.saturating_add(1),
            _ => self.minutes.push_back((minute, 1)),
        }
        self.minutes.iter().map(|(_, count)| *count).sum()
    }

    pub(crate) fn total(&self, now_ms: i64) -> u32 {
        let minute = now_ms.div_euclid(60_000);
        self.minutes
            .iter()
            .filter(|(at, _)| *at > minute - 60)
            .map(|(_, count)| *count)
            .sum()
    }

    /// Minutes until the oldest counted minute leaves the hour.
    pub(crate) fn minutes_to_regain(&self, now_ms: i64) -> i64 {
        let minute = now_ms.div_euclid(60_000);
        self.minutes
            .front()
            .map_or(0, |(at, _)| (at + 60 - minute).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_frees_itself_as_time_passes() {
        let mut window = Window::default();
        assert!(window.take(0, 1_000, 2));
        assert!(window.take(1, 1_000, 2));
        assert!(!window.take(999, 1_000, 2));
        assert!(window.take(1_000, 1_000, 2));
        assert!(!window.take(1_000, 1_000, 2));
        assert!(window.take(1_000, 1_000, 0), "0 means no limit");
    }

    #[test]
    fn an_hour_forgets_old_minutes() {
        let mut hour = Hour::default();
        assert_eq!(hour.count(0), 1);
        assert_eq!(hour.count(59 * 60_000), 2);
        assert_eq!(hour.minutes_to_regain(59 * 60_000), 1);
        assert_eq!(hour.count(60 * 60_000), 2);
    }
}
