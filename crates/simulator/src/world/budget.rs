//! Budgets of calls: what was called lately, when a budget is closed, and that calling on keeps it closed for longer
//! (<https://developers.facebook.com/docs/graph-api/overview/rate-limiting>, 2026-11).

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Account;
use super::rate::Limits;
use super::{State, World};

const MINUTE_MS: i64 = 60_000;
const HOUR_MINUTES: i64 = 60;
const DAY_MINUTES: i64 = 24 * 60;

/// How many calls fit into which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// 0: no bound.
    pub(crate) calls: u64,
    pub(crate) minutes: i64,
}

/// A call that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full {
    /// The client had been told already: calling now prolongs the closing.
    pub(crate) was_closed: bool,
}

/// Calls of a rolling time, counted by the minute.
#[derive(Debug, Clone, Default)]
pub(crate) struct Budget {
    counted: VecDeque<(i64, u32)>,
    closed_until_ms: Option<i64>,
    refused: u32,
    /// What the headers say at least, whatever was counted.
    shown_at_least: u32,
}

impl Budget {
    /// Counts one call if it fits.
    pub(crate) fn take(
        &mut self,
        now_ms: i64,
        allowance: Allowance,
        limits: &Limits,
    ) -> Result<(), Full> {
        if !limits.enforce_calls {
            self.closed_until_ms = None;
        } else if let Some(until_ms) = self.closed_until_ms {
            if now_ms < until_ms {
                self.refused += 1;
                self.closed_until_ms = Some(until_ms + limits.prolong_ms);
                return Err(Full { was_closed: true });
            }
            self.closed_until_ms = None;
        }
        self.forget(now_ms, allowance);
        let full = allowance.calls > 0 && self.total(now_ms, allowance) >= allowance.calls;
        if full && limits.enforce_calls {
            let oldest = self
                .counted
                .front()
                .map_or(now_ms.div_euclid(MINUTE_MS), |(minute, _)| *minute);
            self.refused += 1;
            self.closed_until_ms = Some((oldest + allowance.minutes) * MINUTE_MS);
            return Err(Full { was_closed: false });
        }
        let minute = now_ms.div_euclid(MINUTE_MS);
        match self.counted.back_mut() {
            Some((at, count)) if *at == minute => *count = count.saturating_add(1),
            _ => self.counted.push_back((minute, 1)),
        }
        Ok(())
    }

    fn forget(&mut self, now_ms: i64, allowance: Allowance) {
        let first = now_ms.div_euclid(MINUTE_MS) - allowance.minutes;
        while self.counted.front().is_some_and(|(at, _)| *at <= first) {
            self.counted.pop_front();
        }
    }

    pub(crate) fn total(&self, now_ms: i64, allowance: Allowance) -> u64 {
        let first = now_ms.div_euclid(MINUTE_MS) - allowance.minutes;
        let recent = self.counted.iter().filter(|(at, _)| *at > first);
        recent.map(|(_, count)| u64::from(*count)).sum()
    }

    /// How full it is. 100 is full, and a closed budget is full.
    pub(crate) fn percent(&self, now_ms: i64, allowance: Allowance) -> u32 {
        let share = (self.total(now_ms, allowance) * 100)
            .checked_div(allowance.calls)
            .unwrap_or(0);
        let share = u32::try_from(share).unwrap_or(u32::MAX);
        let share = share.max(self.shown_at_least);
        if self.minutes_closed(now_ms) > 0 {
            share.max(100)
        } else {
            share
        }
    }

    /// Minutes until it opens again, 0 while it is open.
    pub(crate) fn minutes_closed(&self, now_ms: i64) -> i64 {
        let left_ms = self.closed_until_ms.unwrap_or(now_ms) - now_ms;
        (left_ms.max(0) + MINUTE_MS - 1) / MINUTE_MS
    }

    fn close(&mut self, until_ms: i64) {
        self.closed_until_ms = Some(until_ms);
    }

    fn show(&self, now_ms: i64, allowance: Allowance) -> Value {
        json!({
            "calls": self.total(now_ms, allowance),
            "limit": allowance.calls,
            "percent": self.percent(now_ms, allowance),
            "closed_until_ms": self.closed_until_ms.filter(|until_ms| *until_ms > now_ms),
            "refused": self.refused,
        })
    }
}

/// The budgets that are not an account's own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Platform {
    pub(crate) app: Budget,
    /// The person who logs in at Facebook.
    pub(crate) user: Budget,
    /// Odd traffic (613).
    pub(crate) custom: Budget,
}

impl Limits {
    /// 4800 calls in 24 hours for each impression of the account, unless a plain number an hour is set.
    pub(crate) fn of_account(&self, account: &Account) -> Allowance {
        if self.calls_per_hour > 0 {
            return hourly(self.calls_per_hour);
        }
        let impressions = account.impressions.unwrap_or(self.impressions).max(1);
        Allowance {
            calls: u64::from(self.calls_per_impression) * u64::from(impressions),
            minutes: DAY_MINUTES,
        }
    }
}

pub(crate) fn hourly(calls: u32) -> Allowance {
    Allowance {
        calls: calls.into(),
        minutes: HOUR_MINUTES,
    }
}

/// Which budget `POST /_sim/limits/close` closes and `POST /_sim/limits/level` fills.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Which {
    App,
    User,
    Custom,
    Page,
    Account,
    Messenger,
}

impl World {
    /// Every budget as it stands.
    pub(crate) fn budgets(&self) -> Value {
        let now_ms = self.clock().now_ms();
        let state = self.lock();
        let limits = &state.limits;
        let accounts: serde_json::Map<String, Value> = state
            .accounts
            .iter()
            .map(|(id, account)| {
                let own = account.spent.calls.show(now_ms, limits.of_account(account));
                let page = account
                    .spent
                    .page_calls
                    .show(now_ms, hourly(limits.page_calls_per_hour));
                let messenger = account
                    .spent
                    .messenger_calls
                    .show(now_ms, hourly(limits.messenger_calls_per_hour));
                (
                    id.clone(),
                    json!({"account": own, "page": page, "messenger": messenger}),
                )
            })
            .collect();
        let platform = &state.platform;
        json!({
            "app": platform.app.show(now_ms, hourly(limits.app_calls_per_hour)),
            "user": platform.user.show(now_ms, hourly(limits.user_calls_per_hour)),
            "custom": platform.custom.show(now_ms, hourly(limits.custom_calls_per_hour)),
            "accounts": accounts,
        })
    }
}

impl State {
    /// Closes a budget for a while; false if there is no such account.
    pub(crate) fn close_budget(&mut self, which: Which, account: &str, until_ms: i64) -> bool {
        let budget = self.budget(which, account);
        budget.map(|budget| budget.close(until_ms)).is_some()
    }

    /// Lets the headers say that a budget is so full; false if there is no such account.
    pub(crate) fn level_budget(&mut self, which: Which, account: &str, percent: u32) -> bool {
        let budget = self.budget(which, account);
        budget
            .map(|budget| budget.shown_at_least = percent)
            .is_some()
    }

    fn budget(&mut self, which: Which, account: &str) -> Option<&mut Budget> {
        let own = self
            .accounts
            .get_mut(account)
            .map(|account| &mut account.spent);
        match which {
            Which::App => Some(&mut self.platform.app),
            Which::User => Some(&mut self.platform.user),
            Which::Custom => Some(&mut self.platform.custom),
            Which::Page => own.map(|spent| &mut spent.page_calls),
            Which::Account => own.map(|spent| &mut spent.calls),
            Which::Messenger => own.map(|spent| &mut spent.messenger_calls),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_budget_opens_when_its_oldest_minute_is_over_and_calling_on_prolongs_it() {
        let (limits, two) = (Limits::default(), hourly(2));
        let mut budget = Budget::default();
        budget.take(0, two, &limits).unwrap();
        budget.take(30 * MINUTE_MS, two, &limits).unwrap();
        assert_eq!(budget.percent(30 * MINUTE_MS, two), 100);
        let now_ms = 31 * MINUTE_MS;
        assert_eq!(
            budget.take(now_ms, two, &limits),
            Err(Full { was_closed: false })
        );
        assert_eq!(budget.minutes_closed(now_ms), 29);
        assert_eq!(
            budget.take(now_ms, two, &limits),
            Err(Full { was_closed: true })
        );
        assert_eq!(budget.minutes_closed(now_ms), 30);
        assert_eq!(
            budget.take(60 * MINUTE_MS, two, &limits),
            Err(Full { was_closed: true })
        );
        assert!(budget.take(62 * MINUTE_MS, two, &limits).is_ok());
        assert_eq!(budget.total(62 * MINUTE_MS, two), 2);
    }

    #[test]
    fn without_a_bound_nothing_is_full() {
        let limits = Limits::default();
        let mut budget = Budget::default();
        for _ in 0..1_000 {
            budget.take(0, hourly(0), &limits).unwrap();
        }
        assert_eq!(budget.percent(0, hourly(0)), 0);
    }
}
