//! Webhooks in: the raw delivery, its new events and the jobs they cause, in one transaction.
//!
//! The hot path. All deliveries of a group are looked at together and inserted together, however many callers wait.

use std::collections::HashSet;

use sea_orm::Value;
use uuid::Uuid;

use crate::db::{Result, Row, Tx, in_lists, values};
use crate::erasure::graves::Graves;
use crate::feed::{self, Note};
use crate::forward;
use crate::jobs::insert::{self, Insert};
use crate::store::Store;
use crate::types::{Accepted, Conversation, DeliveryRow, EventRow, NewDelivery, NewEvent, NewJob};

const DELIVERY_COLUMNS: [&str; 4] = ["id", "channel", "received_at_ms", "body"];

const EVENT_COLUMNS: [&str; 13] = [
    "id",
    "delivery_id",
    "channel",
    "account",
    "person",
    "kind",
    "shape",
    "mid",
    "at_ms",
    "received_at_ms",
    "dedupe",
    "opens_window",
    "raw",
];

pub(crate) const EVENT_SELECT: &str = "SELECT id, delivery_id, channel, account, person, kind, shape, mid, \
     at_ms, received_at_ms, opens_window, raw FROM event";

/// Stores deliveries; answers in their order.
pub(crate) async fn store_deliveries(
    tx: &Tx,
    deliveries: &[&NewDelivery],
) -> Result<Vec<Accepted>> {
    let mut graves = Graves::of(tx, deliveries).await?;
    let mut known = known_keys(tx, deliveries).await?;
    let mut accepted = Vec::with_capacity(deliveries.len());
    let mut fresh: Vec<(&NewDelivery, &NewEvent)> = Vec::new();
    let mut vault: Vec<&NewDelivery> = Vec::with_capacity(deliveries.len());
    let mut doubtful: Vec<&NewDelivery> = Vec::new();
    for delivery in deliveries {
        let before = fresh.len();
        let mut buried = false;
        for event in &delivery.events {
            // What an erased person had sent before does not come back.
            if graves.hold(delivery, event) {
                buried = true;
                continue;
            }
            // `known` also learns what this very group brings, so that repeats count once.
            if known.insert(event.dedupe) {
                fresh.push((delivery, event));
            }
        }
        let new = fresh.len() - before;
        accepted.push(Accepted {
            new,
            seen: delivery.events.len() - new,
        });
        // A body that brought nothing new is in the vault already; one without any event is kept
        // because we did not understand it. One that holds words of an erased person is not kept at
        // all: what else it brought is, as events.
        if !buried && (new > 0 || delivery.events.is_empty()) {
            vault.push(delivery);
            // Had it been stored before, so had its events: among many, one that brings only news needs no look. If
            // it was known after all (a replay of purged events), the group fails, and it comes again alone.
            let only_news = new == delivery.events.len() && new > 0;
            if !only_news || deliveries.len() == 1 {
                doubtful.push(delivery);
            }
        }
    }
    store_bodies(tx, &vault, &doubtful).await?;
    store_events(tx, &fresh).await?;
    graves.wake(tx).await?;
    Ok(accepted)
}

async fn known_keys(tx: &Tx, deliveries: &[&NewDelivery]) -> Result<HashSet<[u8; 16]>> {
    let keys: Vec<Value> = deliveries
        .iter()
        .flat_map(|delivery| &delivery.events)
        .map(|event| Value::from(event.dedupe.to_vec()))
        .collect();
    let mut known = HashSet::with_capacity(keys.len());
    for (list, keys) in in_lists(&keys) {
        let sql = format!("SELECT dedupe FROM event WHERE dedupe {list}");
        for row in tx.all(&sql, keys).await? {
            let key: Vec<u8> = row.get("dedupe")?;
            if let Ok(key) = key.try_into() {
                known.insert(key);
            }
        }
    }
    Ok(known)
}

async fn store_bodies(tx: &Tx, vault: &[&NewDelivery], doubtful: &[&NewDelivery]) -> Result<()> {
    let stored = stored_bodies(tx, doubtful).await?;
    let mut seen: HashSet<Uuid> = HashSet::with_capacity(vault.len());
    let mut rows = Vec::with_capacity(vault.len() * DELIVERY_COLUMNS.len());
    for delivery in vault {
        if stored.contains(&delivery.id) || !seen.insert(delivery.id) {
            continue;
        }
        rows.extend(values![
            delivery.id,
            delivery.channel,
            delivery.received_at_ms,
            delivery.body.to_vec(),
        ]);
    }
    tx.insert_rows("delivery", &DELIVERY_COLUMNS, rows).await
}

/// A delivery may come twice under its id: its first commit went through but looked failed, and the
/// spool brought it again.
async fn stored_bodies(tx: &Tx, vault: &[&NewDelivery]) -> Result<HashSet<Uuid>> {
    let ids: Vec<Value> = vault.iter().map(|delivery| delivery.id.into()).collect();
    let mut stored = HashSet::new();
    for (list, ids) in in_lists(&ids) {
        let sql = format!("SELECT id FROM delivery WHERE id {list}");
        for row in tx.all(&sql, ids).await? {
            stored.insert(row.get("id")?);
        }
    }
    Ok(stored)
}

async fn store_events(tx: &Tx, fresh: &[(&NewDelivery, &NewEvent)]) -> Result<()> {
    let fresh: Vec<Fresh<'_>> = fresh
        .iter()
        .map(|(delivery, event)| Fresh {
            delivery_id: delivery.id,
            channel: delivery.channel,
            account: &event.account,
            person: event.person.as_deref(),
            kind: event.kind,
            shape: event.shape,
            mid: event.mid.as_deref(),
            at_ms: event.at_ms,
            received_at_ms: delivery.received_at_ms,
            dedupe: event.dedupe,
            opens_window: event.opens_window,
            raw: &event.raw,
            job: event.job.as_ref(),
        })
        .collect();
    store_fresh(tx, &fresh).await?;
    Ok(())
}

/// An event that is not stored yet.
pub(crate) struct Fresh<'a> {
    pub(crate) delivery_id: Uuid,
    pub(crate) channel: &'a str,
    pub(crate) account: &'a str,
    pub(crate) person: Option<&'a str>,
    pub(crate) kind: &'a str,
    pub(crate) shape: &'a str,
    pub(crate) mid: Option<&'a str>,
    pub(crate) at_ms: i64,
    pub(crate) received_at_ms: i64,
    pub(crate) dedupe: [u8; 16],
    pub(crate) opens_window: bool,
    pub(crate) raw: &'a str,
    pub(crate) job: Option<&'a NewJob>,
}

/// Stores events with all that follows from them: their numbers in the feed, their jobs, and a delivery to each
/// subscriber. Answers their ids in order.
pub(crate) async fn store_fresh(tx: &Tx, fresh: &[Fresh<'_>]) -> Result<Vec<Uuid>> {
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = Vec::with_capacity(fresh.len() * EVENT_COLUMNS.len());
    let mut ids = Vec::with_capacity(fresh.len());
    let mut notes = Vec::with_capacity(fresh.len());
    let mut jobs = Vec::new();
    for event in fresh {
        let id = tx.new_id();
        ids.push(id);
        rows.extend(values![
            id,
            event.delivery_id,
            event.channel,
            event.account,
            event.person,
            event.kind,
            event.shape,
            event.mid,
            event.at_ms,
            event.received_at_ms,
            event.dedupe.to_vec(),
            event.opens_window,
            event.raw,
        ]);
        let note = Note::event(id, event.kind, event.channel, event.account);
        notes.push(note.at(event.received_at_ms));
        if let Some(job) = event.job {
            jobs.push(Insert {
                job,
                event_id: Some(id),
                charge: None,
            });
        }
    }
    tx.insert_rows("event", &EVENT_COLUMNS, rows).await?;
    feed::note(tx, &notes).await?;
    if !jobs.is_empty() {
        insert::jobs(tx, &jobs).await?;
    }
    forward::plan(tx, fresh, &ids).await?;
    Ok(ids)
}

fn delivery_row(row: &Row) -> Result<DeliveryRow> {
    let body: Vec<u8> = row.get("body")?;
    Ok(DeliveryRow {
        id: row.get("id")?,
        channel: row.get("channel")?,
        received_at_ms: row.get("received_at_ms")?,
        body: body.into(),
    })
}

pub(crate) fn event_row(row: &Row) -> Result<EventRow> {
    Ok(EventRow {
        id: row.get("id")?,
        delivery_id: row.get("delivery_id")?,
        channel: row.get("channel")?,
        account: row.get("account")?,
        person: row.get("person")?,
        kind: row.get("kind")?,
        shape: row.get("shape")?,
        mid: row.get("mid")?,
        at_ms: row.get("at_ms")?,
        received_at_ms: row.get("received_at_ms")?,
        opens_window: row.get("opens_window")?,
        raw: row.get("raw")?,
    })
}

impl Store {
    /// Stores a delivery, the events in it that are new, and the jobs these cause: all or nothing,
    /// and durable when this returns. Deliveries that come at the same time share one commit.
    pub async fn accept(&self, delivery: NewDelivery) -> Result<Accepted> {
        self.accept_through_writer(delivery).await
    }

    /// A stored event.
    pub async fn event(&self, id: Uuid) -> Result<Option<EventRow>> {
        let sql = format!("{EVENT_SELECT} WHERE id = ?");
        let row = self.reader().one(&sql, values![id]).await?;
        row.as_ref().map(event_row).transpose()
    }

    /// A stored webhook body.
    pub async fn delivery(&self, id: Uuid) -> Result<Option<DeliveryRow>> {
        let sql = "SELECT id, channel, received_at_ms, body FROM delivery WHERE id = ?";
        let row = self.reader().one(sql, values![id]).await?;
        row.as_ref().map(delivery_row).transpose()
    }

    /// Stored webhook bodies that arrived from `from_ms` until before `to_ms`, oldest first.
    pub async fn deliveries(
        &self,
        from_ms: i64,
        to_ms: i64,
        limit: u32,
    ) -> Result<Vec<DeliveryRow>> {
        let sql = format!(
            "SELECT id, channel, received_at_ms, body FROM delivery \
             WHERE received_at_ms >= ? AND received_at_ms < ? \
             ORDER BY received_at_ms, id LIMIT {limit}"
        );
        let rows = self.reader().all(&sql, values![from_ms, to_ms]).await?;
        rows.iter().map(delivery_row).collect()
    }

    /// The events that a delivery brought, in its order.
    pub async fn events_of_delivery(&self, id: Uuid) -> Result<Vec<EventRow>> {
        let sql = format!("{EVENT_SELECT} WHERE delivery_id = ? ORDER BY id");
        let rows = self.reader().all(&sql, values![id]).await?;
        rows.iter().map(event_row).collect()
    }

    /// When this person last did something that opens the 24-hour window, by the sender's clock.
    pub async fn last_inbound_ms(&self, conversation: &Conversation) -> Result<Option<i64>> {
        let sql = "SELECT at_ms FROM event WHERE person = ? AND account = ? AND channel = ? \
                   AND opens_window = ? ORDER BY at_ms DESC LIMIT 1";
        let mut values = talk_values(conversation);
        values.extend(values![true]);
        let row = self.reader().one(sql, values).await?;
        row.map(|row| row.get("at_ms")).transpose()
    }

    /// Echoes of our own and of others' sends in this conversation from `since_ms` on, oldest
    /// first.
    pub async fn echoes_since(
        &self,
        conversation: &Conversation,
        since_ms: i64,
    ) -> Result<Vec<EventRow>> {
        let sql = format!(
            "{EVENT_SELECT} WHERE person = ? AND account = ? AND channel = ? AND at_ms >= ? \
             AND kind = 'echo' ORDER BY at_ms, id"
        );
        let mut values = talk_values(conversation);
        values.extend(values![since_ms]);
        let rows = self.reader().all(&sql, values).await?;
        rows.iter().map(event_row).collect()
    }

    /// What happened to one message of this conversation (sent, edited, deleted, …), oldest first.
    pub async fn events_of_mid(
        &self,
        conversation: &Conversation,
        mid: &str,
    ) -> Result<Vec<EventRow>> {
        // No index on `mid`, which is long: one person's events are few.
        let sql = format!(
            "{EVENT_SELECT} WHERE person = ? AND account = ? AND channel = ? AND mid = ? \
             ORDER BY at_ms, id"
        );
        let mut values = talk_values(conversation);
        values.extend(values![mid]);
        let rows = self.reader().all(&sql, values).await?;
        rows.iter().map(event_row).collect()
    }
}

/// The values for `person = ? AND account = ? AND channel = ?`.
pub(crate) fn talk_values(conversation: &Conversation) -> Vec<Value> {
    values![
        conversation.person.as_str(),
        conversation.account.as_str(),
        conversation.channel.as_str(),
    ]
}
