//! Forgetting a person: every row of theirs, and every byte.
//!
//! First it is read what there is ([`search`]). Then one transaction sets the tombstone (see [`graves`]) and removes
//! jobs, library and what hangs on them; bodies and events follow in pieces, each safe to repeat. The job that erases
//! goes last, with [`Store::erase_rest`], which also clears the file ([`scrub`](crate::scrub)).
//!
//! An event is from before the erasure by the clock that gave it its time, which is its sender's or ours, never by
//! comparing the two: our clock may run ahead or behind. By the sender's it is from before if it is older than the
//! newest that was stored then, so that a message that is written right after it starts anew. Channels round to the
//! second: of that newest time itself it is from before if it was stored then, as its dedupe key tells, which stays for
//! this. An event whose channel gives it no time (a tap, a pushed job) has the time of its arrival (`at_ms` is
//! `received_at_ms`) and is from before if it arrived before, or if its key stays: it has a new time whenever it comes.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use bytes::Bytes;
use sea_orm::Value;
use uuid::Uuid;

use crate::db::{Result, Tx, in_lists, key_text, oldest_id, values};
use crate::forward;
use crate::inbox::talk_values;
use crate::jobs::claim::check_lease;
use crate::scrub::Scrubbed;
use crate::store::Store;
use crate::types::{Conversation, Erase, Erased, Lease};

pub(crate) mod graves;
mod search;
mod uploads;

use search::{Mark, Traces, catch_up, event_of, texts};

/// Rows removed in one transaction.
const PIECE: usize = 500;
/// Ids sort by the clock of whoever made them: so much may those of two processes differ.
const CLOCKS_DIFFER_MS: i64 = 60_000;
/// How often a reader may be in the way of clearing the file, and how long until the next try.
const TRIES: u32 = 40;
const BETWEEN: Duration = Duration::from_millis(50);

const OF_TALK: &str = "person = ? AND account = ? AND channel = ?";

/// What one transaction of an erasure needs.
struct Call {
    own: Conversation,
    mark: Mark,
    traces: Traces,
    since: Uuid,
    keep: Option<Uuid>,
}

impl Store {
    /// The stored webhook bodies in which a person stands; true for those that brought nothing of anybody else. Reads
    /// every body that is kept: some seconds for each gigabyte, beside the other work.
    pub async fn deliveries_of(
        &self,
        conversation: &Conversation,
    ) -> Result<Vec<(Uuid, Bytes, bool)>> {
        let own = conversation.clone();
        self.aside(move |store| async move { store.bodies_of(&own).await })
            .await
    }

    /// Removes everything of a person but the job that is erasing. May be repeated. Until then, what comes of theirs is
    /// stored; afterwards, what they had sent before stays out for as long as events are kept, and so does what is said
    /// of them (echoes, receipts) until they write anew.
    pub async fn erase(&self, erase: Erase) -> Result<Erased> {
        let now_ms = self.clock().now_ms();
        let own = erase.conversation.clone();
        let (mark, traces) = self
            .aside(move |store| async move {
                let mark = store.mark_of(&own).await?;
                let traces = store.traces(&own, &mark).await?;
                Ok((mark, traces))
            })
            .await?;
        let call = Call {
            own: erase.conversation.clone(),
            mark,
            traces,
            since: oldest_id(now_ms.saturating_sub(CLOCKS_DIFFER_MS)),
            keep: erase.keep_job,
        };
        let (mut erased, at_ms) = self
            .write(call, |tx, call| Box::pin(remove(tx, call)))
            .await?;
        let told: HashSet<Uuid> = erase.bodies.iter().map(|(id, _)| *id).collect();
        for bodies in erase.bodies.chunks(PIECE) {
            erased.deliveries += self
                .write(bodies.to_vec(), |tx, bodies| Box::pin(put(tx, bodies)))
                .await?;
        }
        let piece = (erase.conversation, at_ms, told);
        let piece = std::sync::Arc::new(piece);
        loop {
            let (events, deliveries) = self
                .write(piece.clone(), |tx, piece| {
                    let (own, at_ms, told) = &**piece;
                    Box::pin(remove_events(tx, own, *at_ms, told))
                })
                .await?;
            erased.events += events;
            erased.deliveries += deliveries;
            if events == 0 {
                return Ok(erased);
            }
        }
    }

    /// Ends the erasing job by removing it, with what it said and what is remembered of the conversation, and clears
    /// the file of what was removed. False when that could not be done yet (a reader stood in the way for long): then
    /// the next [`Store::purge`] or start does it.
    pub async fn erase_rest(&self, lease: &Lease, conversation: &Conversation) -> Result<bool> {
        let own = conversation.clone();
        let mark = self
            .aside(move |store| async move { store.mark_of(&own).await })
            .await?;
        let call = (*lease, conversation.clone(), mark);
        self.write(call, |tx, (lease, own, mark)| {
            Box::pin(remove_rest(tx, lease, own, mark))
        })
        .await?;
        self.finish_cleaning().await
    }

    /// Clears the file of remains, if an erasure has left any.
    pub(crate) async fn finish_cleaning(&self) -> Result<bool> {
        let sql = "SELECT at_ms FROM erased WHERE clean = ?";
        if self.reader().one(sql, values![false]).await?.is_none() {
            return Ok(true);
        }
        if !self.forget_pages().await? {
            tracing::warn!("the file of the database could not be cleared of erased rows yet");
            return Ok(false);
        }
        // Whoever is erased in between is cleared by their own job's end, which sets this anew.
        self.write((), |tx, ()| {
            Box::pin(async move {
                let sql = "UPDATE erased SET clean = ? WHERE clean = ?";
                tx.exec(sql, values![true, false]).await?;
                Ok(())
            })
        })
        .await?;
        Ok(true)
    }

    /// Leaves nothing of deleted rows in the database's files: the log is emptied, unused bytes are cleared. Reads the
    /// whole file, in slices between the other writes. False when readers stood in the way for long.
    pub async fn forget_pages(&self) -> Result<bool> {
        let mut from = 1;
        let mut tries = 0;
        loop {
            match self.scrub(from).await? {
                Scrubbed::All => return Ok(true),
                Scrubbed::UpTo(next) => {
                    from = next;
                    tries = 0;
                }
                Scrubbed::Busy if tries < TRIES => {
                    tries += 1;
                    // Real time on purpose: this is about other threads, not about the jobs' calendar.
                    tokio::time::sleep(BETWEEN).await;
                }
                Scrubbed::Busy => return Ok(false),
            }
        }
    }
}

async fn remove(tx: &Tx, call: &Call) -> Result<(Erased, i64)> {
    let Call { own, mark, .. } = call;
    let mut traces = call.traces.clone();
    catch_up(tx, mark, call.since, &mut traces).await?;
    let at_ms = graves::dig(tx, own).await?;
    let mut erased = Erased::default();
    for work in &traces.works {
        if remove_work(tx, own, &traces, work).await? {
            erased.works.push(work.clone());
        }
    }
    if let Some(keep) = call.keep {
        traces.jobs.remove(&keep);
    }
    let sql = format!("DELETE FROM library WHERE {OF_TALK}");
    erased.entries = tx.exec(&sql, talk_values(own)).await?;
    uploads::remove(tx, &own.account, &traces.jobs, &traces.shared_uploads).await?;
    erased.jobs = remove_jobs(tx, &traces.jobs).await?;
    let nameless: Vec<Value> = traces.events.iter().map(|id| (*id).into()).collect();
    forward::forget_events(tx, &nameless).await?;
    for (list, ids) in in_lists(&nameless) {
        let sql = format!("DELETE FROM event WHERE id {list}");
        erased.events += tx.exec(&sql, ids).await?;
    }
    let sql = format!("DELETE FROM conversation WHERE {OF_TALK}");
    tx.exec(&sql, talk_values(own)).await?;
    let sql = "DELETE FROM quota WHERE scope = ?";
    tx.exec(sql, values![&*key_text(&own.key())]).await?;
    crate::writes::forget_person(tx, &own.person).await?;
    // Who stood behind them in a line may go now.
    tx.wake_runners();
    Ok((erased, at_ms))
}

/// Removes shared work and the ids of its uploads, unless somebody else is at it, or at the same upload.
async fn remove_work(tx: &Tx, own: &Conversation, traces: &Traces, work: &str) -> Result<bool> {
    let sql = "SELECT owner_job FROM work WHERE work_key = ?";
    if let Some(row) = tx.one(sql, values![work]).await? {
        let owner: Option<Uuid> = row.get("owner_job")?;
        if owner.is_some_and(|owner| !traces.jobs.contains(&owner)) {
            return Ok(false);
        }
    }
    let sql = "SELECT data FROM work_step WHERE work_key = ?";
    let mut told = BTreeSet::new();
    for row in tx.all(sql, values![work]).await? {
        texts(&row.get::<String>("data")?, &mut told);
    }
    let keys: Vec<Value> = told
        .iter()
        .map(|text| key_text(text).into_owned())
        .filter(|key| !traces.shared_uploads.contains(key))
        .map(Value::from)
        .collect();
    for (list, keys) in in_lists(&keys) {
        let sql = format!("DELETE FROM attachment WHERE account = ? AND media_key {list}");
        let mut values = values![own.account.as_str()];
        values.extend(keys);
        tx.exec(&sql, values).await?;
    }
    for table in ["work_step", "work"] {
        let sql = format!("DELETE FROM {table} WHERE work_key = ?");
        tx.exec(&sql, values![work]).await?;
    }
    Ok(true)
}

async fn remove_jobs(tx: &Tx, jobs: &BTreeSet<Uuid>) -> Result<u64> {
    let ids: Vec<Value> = jobs.iter().map(|id| (*id).into()).collect();
    let mut removed = 0;
    for (list, ids) in in_lists(&ids) {
        for (table, column) in [
            ("job_step", "job_id"),
            ("part", "job_id"),
            ("library", "job_id"),
        ] {
            let sql = format!("DELETE FROM {table} WHERE {column} {list}");
            tx.exec(&sql, ids.clone()).await?;
        }
        let sql = format!("DELETE FROM job WHERE id {list}");
        removed += tx.exec(&sql, ids).await?;
    }
    Ok(removed)
}

/// Bodies as the caller has told.
async fn put(tx: &Tx, bodies: &[(Uuid, Option<Bytes>)]) -> Result<u64> {
    let mut changed = 0;
    for (id, body) in bodies {
        changed += if let Some(body) = body {
            let sql = "UPDATE delivery SET body = ? WHERE id = ?";
            tx.exec(sql, values![body.to_vec(), *id]).await?
        } else {
            let sql = "DELETE FROM delivery WHERE id = ?";
            tx.exec(sql, values![*id]).await?
        };
    }
    Ok(changed)
}

/// Removes a piece of their events, and the bodies of which nothing was told.
async fn remove_events(
    tx: &Tx,
    own: &Conversation,
    at_ms: i64,
    told: &HashSet<Uuid>,
) -> Result<(u64, u64)> {
    let sql = format!(
        "SELECT id, delivery_id FROM event WHERE {OF_TALK} AND ({}) LIMIT {PIECE}",
        graves::FROM_BEFORE
    );
    let mut values = talk_values(own);
    values.extend(values![at_ms, graves::hash(&own.key())]);
    let rows = tx.all(&sql, values).await?;
    let mut events: Vec<Value> = Vec::with_capacity(rows.len());
    let mut untold = BTreeSet::new();
    for row in &rows {
        events.push(row.get::<Uuid>("id")?.into());
        let delivery: Uuid = row.get("delivery_id")?;
        if !told.contains(&delivery) {
            untold.insert(delivery);
        }
    }
    let untold: Vec<Value> = untold.into_iter().map(Into::into).collect();
    forward::forget_events(tx, &events).await?;
    let mut removed = [0, 0];
    for (at, (table, ids)) in [("event", events), ("delivery", untold)]
        .into_iter()
        .enumerate()
    {
        for (list, ids) in in_lists(&ids) {
            let sql = format!("DELETE FROM {table} WHERE id {list}");
            removed[at] += tx.exec(&sql, ids).await?;
        }
    }
    Ok((removed[0], removed[1]))
}

async fn remove_rest(tx: &Tx, lease: &Lease, own: &Conversation, mark: &Mark) -> Result<()> {
    check_lease(tx, lease, false).await?;
    let hash = graves::hash(&own.key());
    let sql = "SELECT erased_at_ms FROM erased WHERE erased_key = ?";
    let mut jobs = BTreeSet::from([lease.job_id]);
    if let Some(row) = tx.one(sql, values![hash.as_str()]).await? {
        let erased_at_ms: i64 = row.get("erased_at_ms")?;
        let since = oldest_id(erased_at_ms.saturating_sub(CLOCKS_DIFFER_MS));
        jobs.extend(strays(tx, mark, since).await?);
    }
    // Should somebody else use the same upload, it is made once more.
    uploads::remove(tx, &own.account, &jobs, &BTreeSet::new()).await?;
    remove_jobs(tx, &jobs).await?;
    let sql = format!("DELETE FROM conversation WHERE {OF_TALK}");
    tx.exec(&sql, talk_values(own)).await?;
    let sql = "UPDATE erased SET clean = ? WHERE erased_key = ?";
    tx.exec(sql, values![false, hash]).await?;
    Ok(())
}

/// Jobs of theirs that somebody stored who did not know yet that they are erased: those that no event of today's
/// causes. What the person has asked for since has its event.
async fn strays(tx: &Tx, mark: &Mark, since: Uuid) -> Result<BTreeSet<Uuid>> {
    let sql = "SELECT id, person, order_key, quota_scope, payload FROM job WHERE id > ?";
    let mut strays = BTreeSet::new();
    for row in tx.all(sql, values![since]).await? {
        if !mark.is_on(&row)? {
            continue;
        }
        let mut is_stray = true;
        if let Some(event) = event_of(&row.get::<String>("payload")?) {
            let sql = "SELECT id FROM event WHERE id = ?";
            is_stray = tx.one(sql, values![event]).await?.is_none();
        }
        if is_stray {
            strays.insert(row.get("id")?);
        }
    }
    Ok(strays)
}
