//! Updates: numbered, kept for a day of Telegram's clock, confirmed by an offset or by a webhook's 2xx
//! (<https://core.telegram.org/bots/api#getting-updates>, 2026-11).

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

/// "Incoming updates are stored on the server until the bot receives them, but not longer than 24 hours."
const KEPT_MS: i64 = 24 * 3_600_000;
/// Kinds that come only when asked for.
const ON_DEMAND: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// One update on its way.
#[derive(Debug, Clone)]
pub(super) struct Update {
    pub(super) id: i64,
    pub(super) at_ms: i64,
    pub(super) kind: String,
    /// Updates of one chat arrive in order at a webhook.
    pub(super) lane: i64,
    /// The object under its kind.
    pub(super) item: Value,
    /// Failed deliveries so far.
    pub(super) failures: u32,
    /// Not before this, on Telegram's clock.
    pub(super) ready_ms: i64,
}

impl Update {
    pub(super) fn body(&self) -> Value {
        serde_json::json!({"update_id": self.id, self.kind.as_str(): self.item})
    }
}

#[derive(Debug, Default)]
pub(super) struct Updates {
    pub(super) pending: VecDeque<Update>,
    pub(super) holding: bool,
    pub(super) held: Vec<Update>,
    /// What was delivered lately, for redelivery.
    pub(super) done: VecDeque<Update>,
    /// Absent: every kind but those on demand.
    pub(super) allowed: Option<BTreeSet<String>>,
    last_id: i64,
}

/// First number of a run: a real bot's numbers start anywhere, too.
const FIRST_ID: i64 = 700_000_001;
/// Delivered updates that can still be redelivered.
const KEPT_DONE: usize = 1_000;

impl Updates {
    /// Numbers an update, or drops one of a kind that was not asked for.
    pub(super) fn number(
        &mut self,
        kind: &str,
        lane: i64,
        item: Value,
        now_ms: i64,
    ) -> Option<Update> {
        let wanted = match &self.allowed {
            Some(allowed) => allowed.contains(kind),
            None => !ON_DEMAND.contains(&kind),
        };
        if !wanted {
            return None;
        }
        self.last_id = self.last_id.max(FIRST_ID - 1) + 1;
        Some(Update {
            id: self.last_id,
            at_ms: now_ms,
            kind: kind.to_owned(),
            lane,
            item,
            failures: 0,
            ready_ms: 0,
        })
    }

    pub(super) fn put(&mut self, update: Update) {
        if self.holding {
            self.held.push(update);
        } else {
            self.pending.push_back(update);
        }
    }

    /// Drops what is older than a day.
    pub(super) fn age(&mut self, now_ms: i64) {
        self.pending
            .retain(|update| update.at_ms > now_ms - KEPT_MS);
    }

    /// Everything below `offset` is confirmed; a negative one keeps so many from the end.
    pub(super) fn confirm(&mut self, offset: i64) {
        if offset < 0 {
            let keep = usize::try_from(-offset).unwrap_or(usize::MAX);
            let mut ids: Vec<i64> = self.pending.iter().map(|update| update.id).collect();
            ids.sort_unstable();
            let first = ids.len().saturating_sub(keep);
            if let Some(first) = ids.get(first).copied() {
                self.done_below(first);
            }
        } else {
            self.done_below(offset);
        }
    }

    fn done_below(&mut self, first: i64) {
        let (done, left): (VecDeque<Update>, VecDeque<Update>) =
            self.pending.drain(..).partition(|update| update.id < first);
        self.pending = left;
        for update in done {
            self.keep(update);
        }
    }

    pub(super) fn keep(&mut self, update: Update) {
        self.done.push_back(update);
        if self.done.len() > KEPT_DONE {
            self.done.pop_front();
        }
    }

    /// The next ones for `getUpdates`, by number.
    pub(super) fn next(&self, limit: usize) -> Vec<Value> {
        let mut next: Vec<&Update> = self.pending.iter().collect();
        next.sort_by_key(|update| update.id);
        next.into_iter().take(limit).map(Update::body).collect()
    }

    /// What a reset leaves: the numbers go on, and what the bot asked for holds.
    pub(super) fn emptied(self) -> Self {
        Self {
            allowed: self.allowed,
            last_id: self.last_id,
            ..Self::default()
        }
    }

    pub(super) fn clear_pending(&mut self) {
        self.pending.clear();
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(count: i64) -> Updates {
        let mut updates = Updates::default();
        for n in 0..count {
            let update = updates.number("message", n, json!({}), n).unwrap();
            updates.put(update);
        }
        updates
    }

    fn ids(updates: &Updates) -> Vec<i64> {
        let next = updates.next(100);
        next.iter()
            .map(|update| update["update_id"].as_i64().unwrap() - FIRST_ID)
            .collect()
    }

    #[test]
    fn an_offset_confirms_and_a_negative_one_counts_from_the_end() {
        let mut updates = filled(5);
        updates.confirm(0);
        assert_eq!(ids(&updates), [0, 1, 2, 3, 4]);
        updates.confirm(FIRST_ID + 2);
        assert_eq!(ids(&updates), [2, 3, 4]);
        updates.confirm(-1);
        assert_eq!(ids(&updates), [4]);
    }

    #[test]
    fn a_day_later_they_are_gone() {
        let mut updates = filled(2);
        updates.age(KEPT_MS);
        assert_eq!(ids(&updates), [1]);
    }

    #[test]
    fn kinds_are_filtered_when_they_happen() {
        let mut updates = Updates::default();
        assert!(
            updates
                .number("message_reaction", 1, json!({}), 0)
                .is_none()
        );
        updates.allowed = Some(BTreeSet::from(["message".to_owned()]));
        assert!(updates.number("callback_query", 1, json!({}), 0).is_none());
        assert!(updates.number("message", 1, json!({}), 0).is_some());
    }
}
