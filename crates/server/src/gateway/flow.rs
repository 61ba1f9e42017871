//! The third flow, top to bottom: is it kept? — does somebody ask already? — may Meta be asked? — ask — keep — hand
//! over. An answer that is old is better than none while Meta cannot be asked.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use graph_api::{
    budget::Urgency,
    insights::{Family, Refusal, Support, Surface},
};
use moka::future::Cache as Memory;
use serde_json::Value;
use store::RefusalRow;
use tokio::sync::OnceCell;

use super::{
    entry::{Entry, Got, Kind, Source},
    errand::Errand,
    tally::Tally,
};
use crate::api::{Account, ApiError, Gate};

/// What somebody wants of an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) gate: &'a Gate,
    pub(crate) account: &'a Account,
    /// `Cache-Control: no-cache`: ask Meta even if an answer is kept.
    pub(crate) anew: bool,
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
    support: RwLock<Support>,
    remembered: OnceCell<()>,
    turns: AtomicU64,
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
            tally: Tally::default(),
        }
    }

    /// The answer called `what`: kept, or fetched by `work`, which runs at most once at a time for all who ask.
    ///
    /// Longer than other functions, since it is the flow itself and is to be read in one go.
    pub(crate) async fn get(
        &self,
        ask: Ask<'_>,
        kind: Kind,
        what: &str,
        errand: &Errand<'_>,
        work: impl Future<Output = Result<Value, ApiError>> + Send,
    ) -> Result<Got<Arc<Entry>>, ApiError> {
        self.remember_refusals(ask.gate).await;
        let key = key(ask.account, kind, what);
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let now_ms = ask.gate.clock.now_ms();
        let good = |entry: &Entry| {
            let asked_anew = !ask.anew || entry.turn > turn;
            entry.fresh_until_ms > now_ms && asked_anew
        };
        let mut source = Source::Hit;
        let refill = async {
            let old = match self.memory.get(&key).await.and_then(|slot| slot.entry) {
                Some(entry) => Some(entry),
                None => self.stored(ask, kind, &key).await,
            };
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
                    let calls = errand.calls();
                    let entry = self.keep(ask, kind, &key, body, calls).await;
                    Slot {
                        entry: Some(entry),
                        failure: None,
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
        let saved = match (&slot.entry, calls) {
            (Some(entry), 0) => entry.calls.max(1),
            _ => 0,
        };
        let account = ask.account.id.as_str();
        if ask.account.private.is_none() {
            self.tally.count(account, calls, saved, now_ms);
        }
        self.tally.write(&ask.gate.store, now_ms, false).await;
        match (slot.entry, slot.failure) {
            (Some(entry), failure) => Ok(Got {
                fetched_at_ms: entry.fetched_at_ms,
                body: entry,
                source: if failure.is_some() {
                    Source::Stale
                } else {
                    source
                },
                calls,
            }),
            (None, Some(failure)) => Err(failure),
            (None, None) => Err(ApiError::internal()),
        }
    }

    /// What is kept of it, however old; Meta is not asked.
    pub(crate) async fn peek(&self, ask: Ask<'_>, kind: Kind, what: &str) -> Option<Arc<Entry>> {
        let key = key(ask.account, kind, what);
        match self.memory.get(&key).await.and_then(|slot| slot.entry) {
            Some(entry) => Some(entry),
            None => self.stored(ask, kind, &key).await,
        }
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
    }

    async fn keep(
        &self,
        ask: Ask<'_>,
        kind: Kind,
        key: &str,
        body: Value,
        calls: u32,
    ) -> Arc<Entry> {
        let now_ms = ask.gate.clock.now_ms();
        let mut entry = Entry::new(kind, body, now_ms, &ask.gate.settings.cache);
        entry.calls = calls;
        entry.turn = self.turns.fetch_add(1, Ordering::Relaxed);
        if ask.account.private.is_none() && kind.is_stored() {
            let row = entry.to_row(key, ask.account.id.as_str(), kind);
            write_down(ask, vec![row]).await;
        }
        Arc::new(entry)
    }

    async fn stored(&self, ask: Ask<'_>, kind: Kind, key: &str) -> Option<Arc<Entry>> {
        if ask.account.private.is_some() || !kind.is_stored() {
            return None;
        }
        match ask.gate.store.cached(&[key.to_owned()]).await {
            Ok(rows) => rows
                .into_iter()
                .next()
                .and_then(Entry::from_row)
                .map(Arc::new),
            Err(error) => {
                tracing::warn!(%error, "kept answers cannot be read");
                None
            }
        }
    }

    /// What may be asked for, and what not.
    pub(crate) fn split<'a>(
        &self,
        family: Family,
        surface: Surface,
        wanted: &[&'a str],
        now_ms: i64,
    ) -> (Vec<&'a str>, Vec<&'a str>) {
        let support = self.support.read().unwrap_or_else(PoisonError::into_inner);
        support.split(family, surface, wanted, now_ms)
    }

    /// Remembers that Meta does not give a metric. What it refuses to a token that a caller brought may be that token's
    /// fault, and is believed for that answer alone.
    pub(crate) async fn learn_refusal(
        &self,
        gate: &Gate,
        account: &Account,
        surface: Surface,
        metric: &str,
    ) {
        if account.private.is_some() {
            return;
        }
        let family = Family::from(&account.credentials.login);
        let now_ms = gate.clock.now_ms();
        let learnt = self
            .support
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .learn(family, surface, metric, now_ms);
        let Some(refusal) = learnt else {
            return;
        };
        let row = RefusalRow {
            family: family.as_str().to_owned(),
            surface: surface.as_str().to_owned(),
            metric: refusal.metric,
            until_ms: refusal.until_ms,
        };
        tracing::info!(
            metric,
            surface = row.surface,
            family = row.family,
            "Meta refused a metric; it is left out for a while"
        );
        if let Err(error) = gate.store.keep_refusal(row).await {
            tracing::warn!(%error, "a refusal could not be written down");
        }
    }

    /// Refusals of earlier processes, read once.
    async fn remember_refusals(&self, gate: &Gate) {
        let read = self.remembered.get_or_try_init(|| async {
            let rows = gate.store.refusals().await?;
            let refusals = rows.into_iter().filter_map(|row| {
                Some(Refusal {
                    family: Family::from_word(&row.family)?,
                    surface: Surface::from_word(&row.surface)?,
                    metric: row.metric,
                    until_ms: row.until_ms,
                })
            });
            let support = Support::from_refusals(refusals);
            *self.support.write().unwrap_or_else(PoisonError::into_inner) = support;
            Ok::<(), store::StoreError>(())
        });
        if let Err(error) = read.await {
            tracing::warn!(%error, "earlier refusals cannot be read");
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
