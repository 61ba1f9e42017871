//! The third flow, top to bottom: is it kept? — is it old, and can be renewed behind? — does somebody ask already? — may
//! Meta be asked? — ask — keep — hand over. An answer that is old is better than none while Meta cannot be asked.

use std::{
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bot::Accounts as _;
use graph_api::{budget::Urgency, insights::Support};
use moka::future::Cache as Memory;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::{
    entry::{Entry, Got, Kind, Source},
    errand::Errand,
    renew::{Offer, Renewals},
    tally::Tally,
    wanted::Wanted,
};
use crate::api::{Account, ApiError, Gate};

/// What somebody wants of an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) gate: &'a Gate,
    pub(crate) account: &'a Account,
    /// `Cache-Control: no-cache`: ask Meta even if an answer is kept.
    pub(crate) anew: bool,
    /// Whether somebody waits. What can wait is a renewal, and an old answer is of no use to it.
    pub(crate) urgency: Urgency,
}

/// What one look at a key ended with; everybody who waited for it gets the same.
#[derive(Clone)]
struct Slot {
    entry: Option<Arc<Entry>>,
    failure: Option<ApiError>,
}

/// What is kept in memory, and what was learned.
pub(crate) struct Gateway {
    memory: Memory<String, Slot>,
    pub(super) support: RwLock<Support>,
    pub(super) remembered: OnceCell<()>,
    turns: AtomicU64,
    pub(super) renewals: Renewals,
    pub(crate) tally: Tally,
}

impl Gateway {
    pub(crate) fn new(memory_bytes: u64) -> Self {
        let weigh = |key: &String, slot: &Slot| {
            let body = slot.entry.as_ref().map_or(64, |entry| entry.weight());
            body.saturating_add(u32::try_from(key.len()).unwrap_or(u32::MAX))
        };
        Self {
            memory: Memory::builder()
                .max_capacity(memory_bytes)
                .weigher(weigh)
                // A private answer has no other end than this.
                .time_to_live(Duration::from_hours(24))
                .build(),
            support: RwLock::default(),
            remembered: OnceCell::new(),
            turns: AtomicU64::new(1),
            renewals: Renewals::default(),
            tally: Tally::default(),
        }
    }

    /// The answer to what is `wanted`: kept, or fetched by `work`, which runs at most once at a time for all who ask.
    ///
    /// Longer than other functions, since it is the flow itself and is to be read in one go.
    pub(crate) async fn get(
        &self,
        ask: Ask<'_>,
        wanted: &Wanted,
        errand: &Errand<'_>,
        work: impl Future<Output = Result<Value, ApiError>> + Send,
    ) -> Result<Got<Arc<Entry>>, ApiError> {
        self.remember_refusals(ask.gate).await;
        let kind = wanted.kind();
        let key = key(ask.account, kind, &wanted.name());
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let now_ms = ask.gate.clock.now_ms();
        let good = |entry: &Entry| {
            let asked_anew = !ask.anew || entry.turn > turn;
            entry.fresh_until_ms > now_ms && asked_anew
        };
        let old = self.kept(ask, kind, &key).await;
        if let Some(entry) = &old
            && !good(entry)
            && let Some(source) = self.renewed_behind(ask, wanted, &key, entry)
        {
            return Ok(self.hand_over(ask, Arc::clone(entry), source, 0).await);
        }
        let mut source = Source::Hit;
        let refill = async {
            if let Some(entry) = &old
                && good(entry)
            {
                return Slot {
                    entry: old,
                    failure: None,
                };
            }
            let usable = old.filter(|entry| entry.stale_until_ms > now_ms);
            errand.hurry(usable.is_some());
            match work.await {
                Ok(body) => {
                    source = if usable.is_some() {
                        Source::Revalidated
                    } else {
                        Source::Miss
                    };
                    let entry = self.keep(ask, kind, &key, body, errand.calls()).await;
                    Slot {
                        failure: entry.is_none().then(ApiError::account_away),
                        entry,
                    }
                }
                Err(failure) => Slot {
                    entry: usable,
                    failure: Some(failure),
                },
            }
        };
        let found = self
            .memory
            .entry_by_ref(&key)
            .or_insert_with_if(refill, |slot| {
                slot.failure.is_some() || !slot.entry.as_ref().is_some_and(|entry| good(entry))
            })
            .await;
        let slot = found.into_value();
        let calls = errand.calls();
        match (slot.entry, slot.failure) {
            (Some(entry), None) => Ok(self.hand_over(ask, entry, source, calls).await),
            (Some(entry), Some(_)) if ask.urgency == Urgency::Now => {
                Ok(self.hand_over(ask, entry, Source::Stale, calls).await)
            }
            (_, Some(failure)) => {
                self.count(ask, calls, 0).await;
                Err(failure)
            }
            (None, None) => Err(ApiError::internal()),
        }
    }

    /// Whether this answer, which is not fresh, is given as it is: because it is renewed behind, or because that failed
    /// a moment ago.
    fn renewed_behind(
        &self,
        ask: Ask<'_>,
        wanted: &Wanted,
        key: &str,
        entry: &Entry,
    ) -> Option<Source> {
        let now_ms = ask.gate.clock.now_ms();
        let is_asked_so = ask.urgency == Urgency::Now && !ask.anew;
        let is_of_age = entry.renew_until_ms > now_ms;
        if !is_asked_so || !is_of_age || !is_renewed(ask.gate, ask.account) {
            return None;
        }
        let account = ask.account.id.as_str();
        match self.renewals.offer(account, key, wanted, now_ms) {
            Offer::Taken => Some(Source::Revalidating),
            Offer::Failed => Some(Source::Stale),
            Offer::Full => None,
        }
    }

    async fn hand_over(
        &self,
        ask: Ask<'_>,
        entry: Arc<Entry>,
        source: Source,
        calls: u32,
    ) -> Got<Arc<Entry>> {
        let saved = if calls == 0 { entry.calls.max(1) } else { 0 };
        self.count(ask, calls, saved).await;
        Got {
            fetched_at_ms: entry.fetched_at_ms,
            given_at_ms: ask.gate.clock.now_ms(),
            body: entry,
            source,
            calls,
        }
    }

    /// Counts calls that were made, and those that a caller would have cost.
    async fn count(&self, ask: Ask<'_>, calls: u32, saved: u32) {
        let now_ms = ask.gate.clock.now_ms();
        let saved = if ask.urgency == Urgency::Now {
            saved
        } else {
            0
        };
        if ask.account.private.is_none() {
            self.tally
                .count(ask.account.id.as_str(), calls, saved, now_ms);
        }
        self.tally.write(&ask.gate.store, now_ms, false).await;
    }

    /// What is kept of it, however old; Meta is not asked.
    pub(crate) async fn peek(&self, ask: Ask<'_>, kind: Kind, what: &str) -> Option<Arc<Entry>> {
        self.kept(ask, kind, &key(ask.account, kind, what)).await
    }

    /// In memory, else in the database. What is older than the account's connection is of an earlier one, which was
    /// ended: another process may still have it in memory.
    async fn kept(&self, ask: Ask<'_>, kind: Kind, key: &str) -> Option<Arc<Entry>> {
        let entry = match self.memory.get(key).await.and_then(|slot| slot.entry) {
            Some(entry) => Some(entry),
            None => self.stored(ask, kind, key).await,
        };
        let is_private = ask.account.private.is_some();
        let standing = ask.gate.accounts.standing(ask.account.id.as_str());
        let since_ms = standing
            .filter(|_| !is_private)
            .map(|it| it.connected_at_ms);
        entry.filter(|entry| since_ms.is_none_or(|since_ms| entry.fetched_at_ms >= since_ms))
    }

    /// Forgets all that this process has in memory of an account that was disconnected; the store did so itself.
    pub(crate) async fn forget(&self, account: &str) {
        self.renewals.forget(account);
        let prefix = format!("{account}|");
        for (key, _) in &self.memory {
            if key.starts_with(&prefix) {
                self.memory.invalidate(key.as_str()).await;
            }
        }
    }

    /// Takes back what was written down of an account that was disconnected while Meta was being asked.
    async fn is_kept_in_vain(&self, ask: Ask<'_>) -> bool {
        let account = ask.account.id.as_str();
        if ask.account.private.is_some() || ask.gate.accounts.credentials(account).is_some() {
            return false;
        }
        if let Err(error) = ask.gate.store.forget_cached(account).await {
            tracing::warn!(%error, "what came too late could not be forgotten");
        }
        true
    }

    /// Keeps what came along with another answer: the next who asks for it costs nothing.
    pub(crate) async fn keep_along(&self, ask: Ask<'_>, found: Vec<(Kind, String, Value)>) {
        let now_ms = ask.gate.clock.now_ms();
        let mut rows = Vec::new();
        for (kind, what, body) in found {
            let key = key(ask.account, kind, &what);
            let mut entry = Entry::new(kind, body, now_ms, &ask.gate.settings.cache);
            entry.turn = self.turns.fetch_add(1, Ordering::Relaxed);
            // Each reuse saves the call that would have been made for it alone.
            entry.calls = 1;
            if ask.account.private.is_none() && kind.is_stored() {
                rows.push(entry.to_row(&key, ask.account.id.as_str(), kind));
            }
            let slot = Slot {
                entry: Some(Arc::new(entry)),
                failure: None,
            };
            self.memory.insert(key, slot).await;
        }
        write_down(ask, rows).await;
        self.is_kept_in_vain(ask).await;
    }

    /// None: the account was disconnected meanwhile.
    async fn keep(
        &self,
        ask: Ask<'_>,
        kind: Kind,
        key: &str,
        body: Value,
        calls: u32,
    ) -> Option<Arc<Entry>> {
        let now_ms = ask.gate.clock.now_ms();
        let mut entry = Entry::new(kind, body, now_ms, &ask.gate.settings.cache);
        entry.calls = calls;
        entry.turn = self.turns.fetch_add(1, Ordering::Relaxed);
        if ask.account.private.is_none() && kind.is_stored() {
            let row = entry.to_row(key, ask.account.id.as_str(), kind);
            write_down(ask, vec![row]).await;
        }
        let is_kept = !self.is_kept_in_vain(ask).await;
        is_kept.then(|| Arc::new(entry))
    }

    async fn stored(&self, ask: Ask<'_>, kind: Kind, key: &str) -> Option<Arc<Entry>> {
        if ask.account.private.is_some() || !kind.is_stored() {
            return None;
        }
        match ask.gate.store.cached(&[key.to_owned()]).await {
            Ok(rows) => rows
                .into_iter()
                .next()
                .and_then(|row| Entry::from_row(row, kind, &ask.gate.settings.cache))
                .map(Arc::new),
            Err(error) => {
                tracing::warn!(%error, "kept answers cannot be read");
                None
            }
        }
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway")
            .field("entries", &self.memory.entry_count())
            .finish_non_exhaustive()
    }
}

/// The rows that survive this process. An answer is not kept from its asker because the disk is slow or full.
async fn write_down(ask: Ask<'_>, rows: Vec<store::CacheRow>) {
    if let Err(error) = ask.gate.store.keep_cached(rows).await {
        tracing::warn!(%error, "an answer could not be kept");
    }
}

/// What is learned with a token that the caller brought along is under a name that only this token leads to.
fn key(account: &Account, kind: Kind, what: &str) -> String {
    let whose = account.private.as_deref().unwrap_or_default();
    format!("{}|{whose}|{}|{what}", account.id, kind.as_str())
}

/// Whether this account's answers are renewed by ourselves: not with a token that a caller brought for their own
/// call, and not with one that Meta refuses.
pub(super) fn is_renewed(gate: &Gate, account: &Account) -> bool {
    let standing = gate.accounts.standing(account.id.as_str());
    account.private.is_none() && standing.is_none_or(|standing| standing.is_usable)
}
