//! Renewing behind the answer: who asks for something old gets it at once, and one call that nobody waits for fetches
//! the new one. Each account's renewals go one after the other, because a list brings along what was asked for next.
//! A failure closes the line for a while, so that trouble at Meta is not knocked at once for each thing that is old.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::StatusCode;
use futures::{StreamExt as _, stream::FuturesUnordered};
use graph_api::budget::Urgency;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    flow::{Ask, is_renewed},
    wanted::Wanted,
};
use crate::{
    accounts::no_account,
    api::{ApiError, Gate, Reach},
};

/// Accounts that are renewed for at the same time.
const AT_ONCE: usize = 4;
/// Renewals that may wait; who asks for one more asks Meta themselves.
const MOST: usize = 1_000;
/// How long nothing is renewed after a failure that does not say so itself.
const PAUSE: Duration = Duration::from_mins(1);

/// What became of an old answer's renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// It will be renewed, or is being renewed.
    Taken,
    /// It could not be renewed a moment ago.
    Failed,
    /// Too many wait.
    Full,
}

/// One renewal, with the key under which its answer is kept.
#[derive(Debug)]
struct Turn {
    account: String,
    key: String,
    wanted: Wanted,
}

/// One account's renewals.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<(String, Wanted)>,
    closed_until_ms: i64,
}

/// Who waits for what. Pure: time comes from outside.
#[derive(Debug, Default)]
struct Lines {
    by_account: HashMap<String, Line>,
    /// Accounts whose turn it is, in order. Whose renewal is under way stands not in here.
    ready: VecDeque<String>,
    /// Keys that wait or are under way.
    open: HashSet<String>,
    /// Keys that failed, and until when they are left alone.
    failed: HashMap<String, i64>,
}

impl Lines {
    fn offer(&mut self, turn: Turn, now_ms: i64) -> Offer {
        if self.open.contains(&turn.key) {
            return Offer::Taken;
        }
        let closed = self.by_account.get(&turn.account);
        let until_ms = closed.map_or(0, |line| line.closed_until_ms);
        let failed_ms = self.failed.get(&turn.key).copied().unwrap_or_default();
        if until_ms.max(failed_ms) > now_ms {
            return Offer::Failed;
        }
        if self.open.len() >= MOST {
            return Offer::Full;
        }
        self.open.insert(turn.key.clone());
        if let Some(line) = self.by_account.get_mut(&turn.account)
            && line.closed_until_ms == 0
        {
            line.waiting.push_back((turn.key, turn.wanted));
            return Offer::Taken;
        }
        let line = Line {
            waiting: [(turn.key, turn.wanted)].into(),
            closed_until_ms: 0,
        };
        self.by_account.insert(turn.account.clone(), line);
        self.ready.push_back(turn.account);
        Offer::Taken
    }

    fn next(&mut self) -> Option<Turn> {
        let account = self.ready.pop_front()?;
        let (key, wanted) = self.by_account.get_mut(&account)?.waiting.pop_front()?;
        Some(Turn {
            account,
            key,
            wanted,
        })
    }

    fn done(&mut self, turn: Turn, outcome: Result<(), ApiError>, now_ms: i64) {
        self.open.remove(&turn.key);
        self.failed.retain(|_, until_ms| *until_ms > now_ms);
        let closed_until_ms = match outcome {
            Ok(()) => 0,
            Err(error) if is_about_this_alone(&error) => {
                self.failed.insert(turn.key, now_ms + pause_ms(&error));
                0
            }
            Err(error) => {
                let pause_ms = pause_ms(&error);
                // Later than its neighbours, which it must not keep from their turn each time.
                self.failed.insert(turn.key, now_ms + 2 * pause_ms);
                now_ms + pause_ms
            }
        };
        let Some(line) = self.by_account.get_mut(&turn.account) else {
            return;
        };
        if closed_until_ms > 0 {
            for (key, _) in line.waiting.drain(..) {
                self.open.remove(&key);
            }
            line.closed_until_ms = closed_until_ms;
        } else if line.waiting.is_empty() {
            self.by_account.remove(&turn.account);
        } else {
            self.ready.push_back(turn.account);
        }
    }

    fn forget(&mut self, account: &str) {
        if let Some(line) = self.by_account.get_mut(account) {
            for (key, _) in line.waiting.drain(..) {
                self.open.remove(&key);
            }
        }
        if let Some(place) = self.ready.iter().position(|ready| ready == account) {
            self.ready.remove(place);
            self.by_account.remove(account);
        }
    }
}

/// Meta refused this very thing, and would not refuse another: a post that was deleted.
fn is_about_this_alone(error: &ApiError) -> bool {
    matches!(
        error.status(),
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY
    )
}

fn pause_ms(error: &ApiError) -> i64 {
    let told = error.wait().unwrap_or_default();
    i64::try_from(told.max(PAUSE).as_millis()).unwrap_or(i64::MAX / 4)
}

/// The renewals of this process.
#[derive(Debug, Default)]
pub(super) struct Renewals {
    lines: Mutex<Lines>,
    news: Notify,
}

impl Renewals {
    /// Asks for a renewal, once however many ask.
    pub(super) fn offer(&self, account: &str, key: &str, wanted: &Wanted, now_ms: i64) -> Offer {
        let turn = Turn {
            account: account.to_owned(),
            key: key.to_owned(),
            wanted: wanted.clone(),
        };
        let offer = self.with(|lines| lines.offer(turn, now_ms));
        if offer == Offer::Taken {
            self.news.notify_one();
        }
        offer
    }

    /// What waits for this account is not done any more.
    pub(super) fn forget(&self, account: &str) {
        self.with(|lines| lines.forget(account));
    }

    fn with<T>(&self, act: impl FnOnce(&mut Lines) -> T) -> T {
        act(&mut self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Renews until told to stop; a call that is under way then is let end.
pub(crate) async fn renew(gate: Arc<Gate>, stop: CancellationToken) {
    let renewals = &gate.gateway.renewals;
    let mut under_way = FuturesUnordered::new();
    while !stop.is_cancelled() {
        while under_way.len() < AT_ONCE
            && let Some(turn) = renewals.with(Lines::next)
        {
            under_way.push(take(&gate, turn));
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = renewals.news.notified() => {}
            Some(()) = under_way.next() => {}
        }
    }
    while under_way.next().await.is_some() {}
}

async fn take(gate: &Gate, turn: Turn) {
    let outcome = Box::pin(fetch(gate, &turn)).await;
    if let Err(error) = &outcome {
        tracing::debug!(
            account = turn.account,
            kind = turn.wanted.kind().as_str(),
            status = error.status().as_u16(),
            "an old answer could not be renewed"
        );
    }
    let now_ms = gate.clock.now_ms();
    let renewals = &gate.gateway.renewals;
    renewals.with(|lines| lines.done(turn, outcome, now_ms));
}

/// With the account as it is now: between the offer and its turn it may have been disconnected, or refused.
async fn fetch(gate: &Gate, turn: &Turn) -> Result<(), ApiError> {
    let account = gate.accounts.pick(&Reach::All, Some(&turn.account))?;
    if !is_renewed(gate, &account) {
        return Err(no_account());
    }
    let ask = Ask {
        gate,
        account: &account,
        anew: false,
        urgency: Urgency::CanWait,
    };
    turn.wanted.fetch(ask).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(account: &str, key: &str) -> Turn {
        Turn {
            account: account.to_owned(),
            key: key.to_owned(),
            wanted: Wanted::Profile,
        }
    }

    fn keys(lines: &mut Lines) -> Vec<String> {
        std::iter::from_fn(|| lines.next().map(|turn| turn.key)).collect()
    }

    #[test]
    fn an_account_has_one_renewal_at_a_time_and_accounts_take_turns() {
        let mut lines = Lines::default();
        for (account, key) in [("a", "a1"), ("a", "a2"), ("a", "a1"), ("b", "b1")] {
            assert_eq!(lines.offer(turn(account, key), 0), Offer::Taken);
        }
        assert_eq!(keys(&mut lines), ["a1", "b1"]);
        lines.done(turn("a", "a1"), Ok(()), 0);
        lines.done(turn("b", "b1"), Ok(()), 0);
        assert_eq!(keys(&mut lines), ["a2"]);
        lines.done(turn("a", "a2"), Ok(()), 0);
        assert!(lines.by_account.is_empty() && lines.open.is_empty());
    }

    #[test]
    fn trouble_closes_the_line_and_a_refusal_closes_one_key() {
        let mut lines = Lines::default();
        for key in ["a1", "a2", "a3"] {
            lines.offer(turn("a", key), 0);
        }
        assert_eq!(keys(&mut lines), ["a1"]);
        lines.done(turn("a", "a1"), Err(no_account()), 0);
        assert_eq!(lines.offer(turn("a", "a1"), 59_999), Offer::Failed);
        assert_eq!(keys(&mut lines), ["a2"]);
        let away = ApiError::account_away().retry_after(Duration::from_mins(10));
        let closed = ApiError::internal().retry_after(Duration::from_mins(10));
        assert!(is_about_this_alone(&away) && !is_about_this_alone(&closed));
        lines.done(turn("a", "a2"), Err(closed), 0);
        assert!(keys(&mut lines).is_empty(), "nothing else is tried");
        for (key, at_ms, offer) in [
            ("a3", 599_999, Offer::Failed),
            ("a2", 600_000, Offer::Failed),
            ("a3", 600_000, Offer::Taken),
            ("a2", 1_200_000, Offer::Taken),
        ] {
            assert_eq!(lines.offer(turn("a", key), at_ms), offer, "{key} {at_ms}");
        }
        assert_eq!(keys(&mut lines), ["a3"]);
    }

    #[test]
    fn what_was_disconnected_does_not_stop_the_others() {
        let mut lines = Lines::default();
        lines.offer(turn("a", "a1"), 0);
        lines.offer(turn("b", "b1"), 0);
        lines.forget("a");
        assert_eq!(keys(&mut lines), ["b1"]);
        lines.offer(turn("b", "b2"), 0);
        lines.forget("b");
        lines.done(turn("b", "b1"), Ok(()), 0);
        assert!(lines.by_account.is_empty() && lines.open.is_empty());
    }

    #[test]
    fn too_many_are_not_taken() {
        let mut lines = Lines::default();
        for at in 0..MOST {
            lines.offer(turn("a", &at.to_string()), 0);
        }
        assert_eq!(lines.offer(turn("a", "more"), 0), Offer::Full);
        assert_eq!(lines.offer(turn("a", "0"), 0), Offer::Taken);
    }
}
