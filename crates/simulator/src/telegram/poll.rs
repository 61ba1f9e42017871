//! `getUpdates`: a real long poll that wakes at once, and the conflicts around it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::call::Call;
use super::error::BotError;
use super::update::Updates;
use crate::world::Shared;

/// Longest wait that the server grants (its public source).
const LONGEST_S: i64 = 50;
const WEBHOOK_ACTIVE: &str = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const OTHER_POLL: &str = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
const SET_WEBHOOK: &str = "Conflict: terminated by setWebhook request";

pub(super) async fn get_updates(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let telegram = world.telegram();
    let limit = call.int("limit").unwrap_or(100).clamp(1, 100);
    let limit = usize::try_from(limit).unwrap_or(100);
    let wait_s = call.int("timeout").unwrap_or(0).clamp(0, LONGEST_S);
    let deadline = Instant::now() + Duration::from_secs(u64::try_from(wait_s).unwrap_or(0));
    let allowed = allowed(call)?;
    let mut woken = telegram.woken.subscribe();
    {
        let mut book = telegram.lock();
        if book.webhook.is_set() {
            return Err(BotError::new(409, WEBHOOK_ACTIVE));
        }
        allowed.apply(&mut book.updates);
        book.updates.confirm(call.int("offset").unwrap_or(0));
    }
    let mut number = None;
    loop {
        woken.borrow_and_update();
        let batch = {
            let mut book = telegram.lock();
            book.updates.age(world.clock().now_ms());
            book.updates.next(limit)
        };
        if !batch.is_empty() || Instant::now() >= deadline {
            return Ok(batch.into());
        }
        // Only a poll that waits ends the one before it.
        let number = *number.get_or_insert_with(|| {
            telegram
                .polls
                .send_modify(|(newest, by_webhook)| (*newest, *by_webhook) = (*newest + 1, false));
            telegram.polls.borrow().0
        });
        let mut polls = telegram.polls.subscribe();
        let ended = polls.wait_for(|(newest, _)| *newest != number);
        tokio::select! {
            ended = ended => {
                let by_webhook = ended.is_ok_and(|newest| newest.1);
                return Err(BotError::new(409, if by_webhook { SET_WEBHOOK } else { OTHER_POLL }));
            }
            _ = woken.changed() => {}
            () = tokio::time::sleep_until(deadline) => {}
        }
    }
}

/// What `allowed_updates` says.
#[derive(Debug)]
pub(super) enum Allowed {
    /// Absent: what was stays.
    Unchanged,
    /// An empty list: every kind but those on demand.
    Default,
    Only(BTreeSet<String>),
}

impl Allowed {
    pub(super) fn apply(self, updates: &mut Updates) {
        match self {
            Self::Unchanged => {}
            Self::Default => updates.allowed = None,
            Self::Only(kinds) => updates.allowed = Some(kinds),
        }
    }
}

/// Reads `allowed_updates`.
pub(super) fn allowed(call: &Call) -> Result<Allowed, BotError> {
    let Some(value) = call.json("allowed_updates", "allowed_updates")? else {
        return Ok(Allowed::Unchanged);
    };
    let kinds: BTreeSet<String> = serde_json::from_value(value)
        .map_err(|_| BotError::bad("can't parse allowed_updates: Expected an Array of String"))?;
    Ok(if kinds.is_empty() {
        Allowed::Default
    } else {
        Allowed::Only(kinds)
    })
}
