//! Rate limits and the usage figures that Meta's headers report, on Meta's clock.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::budget::Budget;

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
    /// Calls of an account in 24 hours for each of its impressions in that time: 4800, same page.
    pub(crate) calls_per_impression: u32,
    /// Impressions of an account that has no number of its own.
    pub(crate) impressions: u32,
    /// Calls of an account in an hour; it replaces the formula where it is set.
    pub(crate) calls_per_hour: u32,
    /// Calls of the whole app in an hour (4): 200 for each daily user, same page; here of 1,000 users.
    pub(crate) app_calls_per_hour: u32,
    /// Calls of a Facebook person's tokens in an hour (17); Meta keeps the number to itself.
    pub(crate) user_calls_per_hour: u32,
    /// Calls with a Page's token in an hour (32).
    pub(crate) page_calls_per_hour: u32,
    /// Calls of the whole app in an hour that make its traffic look odd (613 with 1996).
    pub(crate) custom_calls_per_hour: u32,
    /// Calls for an account's messaging in an hour (80006).
    pub(crate) messenger_calls_per_hour: u32,
    /// Whether a full budget refuses calls.
    pub(crate) enforce_calls: bool,
    /// What each refused call adds to the time a budget stays closed; Meta gives no figure.
    pub(crate) prolong_ms: i64,
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
            calls_per_impression: 4_800,
            impressions: 1_000,
            calls_per_hour: 0,
            app_calls_per_hour: 200_000,
            user_calls_per_hour: 20_000,
            page_calls_per_hour: 0,
            custom_calls_per_hour: 0,
            messenger_calls_per_hour: 0,
            enforce_calls: true,
            prolong_ms: 60_000,
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
    pub(crate) calls: Budget,
    pub(crate) page_calls: Budget,
    pub(crate) messenger_calls: Budget,
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
}
