//! Events out: who is subscribed, and what became of each delivery.
//!
//! A delivery is stored in the transaction that stores its event, with the job that sends it, so that nothing is lost
//! between the two. It holds no word of anybody: the body is made from the event when it is sent, and what an erasure
//! removes is not sent any more.

mod deliveries;

use sea_orm::Value;
use serde_json::json;
use uuid::Uuid;

use crate::db::{Result, Row, Tx, in_lists, values};
use crate::error::StoreError;
use crate::inbox::Fresh;
use crate::jobs::insert::{self, Insert};
use crate::store::Store;
use crate::types::{Conversation, NewJob, NewSubscription, Subscription};

/// The queue of the jobs that send events out.
pub const QUEUE: &str = "forward";

/// How often a delivery may end without an outcome, that is, kill its worker. What the receiver refuses is no such end:
/// that waits, and counts in the log.
const MAX_ATTEMPTS: i32 = 100;

const COLUMNS: [&str; 12] = [
    "id",
    "subscription_id",
    "event_id",
    "job_id",
    "channel",
    "account",
    "kind",
    "state",
    "attempts",
    "since_ms",
    "next_at_ms",
    "created_at_ms",
];

const SUBSCRIPTION: &str = "SELECT id, name, url, secret, format, channels, kinds, accounts, state, \
     reason, created_at_ms, changed_at_ms FROM subscription";

/// Stores the deliveries of new events, and their jobs.
pub(crate) async fn plan(tx: &Tx, fresh: &[Fresh<'_>], ids: &[Uuid]) -> Result<()> {
    let sql = format!("{SUBSCRIPTION} WHERE state <> 'ended'");
    let rows = tx.all(&sql, Vec::new()).await?;
    for row in &rows {
        let subscription = subscription(row)?;
        let wanted: Vec<(&Fresh<'_>, Uuid)> = fresh
            .iter()
            .zip(ids.iter().copied())
            .filter(|(event, _)| takes(&subscription.asked, event))
            .collect();
        if !wanted.is_empty() {
            plan_for(tx, &subscription, &wanted).await?;
        }
    }
    Ok(())
}

/// Whether a subscription takes an event. In Meta's own form only Meta's events can be sent.
fn takes(asked: &NewSubscription, event: &Fresh<'_>) -> bool {
    let within =
        |list: &[String], word: &str| list.is_empty() || list.iter().any(|one| one == word);
    let can_be_sent = asked.format != "raw" || event.channel == "instagram";
    // What is of no account is for whoever takes all accounts.
    can_be_sent
        && within(&asked.channels, event.channel)
        && within(&asked.kinds, event.kind)
        && within(&asked.accounts, event.account)
}

async fn plan_for(
    tx: &Tx,
    subscription: &Subscription,
    wanted: &[(&Fresh<'_>, Uuid)],
) -> Result<()> {
    let is_active = subscription.state == "active";
    let now_ms = tx.now_ms();
    let forwarding_ids: Vec<Uuid> = wanted.iter().map(|_| tx.new_id()).collect();
    let mut job_ids = vec![None; wanted.len()];
    if is_active {
        let jobs: Vec<NewJob> = wanted
            .iter()
            .zip(&forwarding_ids)
            .map(|((event, _), id)| {
                let names = (event.channel, event.account);
                job(*id, line(subscription.id, names, event.person))
            })
            .collect();
        for (slot, id) in job_ids.iter_mut().zip(store_jobs(tx, &jobs).await?) {
            *slot = Some(id);
        }
    }
    let state = if is_active { "pending" } else { "held" };
    let mut rows = Vec::with_capacity(wanted.len() * COLUMNS.len());
    for (((event, event_id), id), job_id) in wanted.iter().zip(forwarding_ids).zip(job_ids) {
        rows.extend(values![
            id,
            subscription.id,
            *event_id,
            job_id,
            event.channel,
            event.account,
            event.kind,
            state,
            0_i32,
            now_ms,
            is_active.then_some(now_ms),
            now_ms,
        ]);
    }
    tx.insert_rows("forwarding", &COLUMNS, rows).await
}

/// The line of a delivery (of this channel and account): those of one conversation go out in order, as long as none of
/// them is in the way for long.
fn line(subscription: Uuid, names: (&str, &str), person: Option<&str>) -> Option<String> {
    let talk = Conversation::new(names.0, names.1, person?);
    Some(format!("{QUEUE}:{}:{}", subscription.simple(), talk.key()))
}

fn job(forwarding: Uuid, line: Option<String>) -> NewJob {
    NewJob {
        order_key: line,
        max_attempts: MAX_ATTEMPTS,
        ..NewJob::new(QUEUE, json!({ "delivery": forwarding.to_string() }))
    }
}

async fn store_jobs(tx: &Tx, jobs: &[NewJob]) -> Result<Vec<Uuid>> {
    let inserts: Vec<Insert<'_>> = jobs
        .iter()
        .map(|job| Insert {
            job,
            event_id: None,
            charge: None,
        })
        .collect();
    let stored = insert::jobs(tx, &inserts).await?;
    Ok(stored.into_iter().map(|(id, _)| id).collect())
}

/// Removes the deliveries of these events, and their logs: part of an erasure.
pub(crate) async fn forget_events(tx: &Tx, events: &[Value]) -> Result<()> {
    for (list, ids) in in_lists(events) {
        let sql = format!("SELECT id FROM forwarding WHERE event_id {list}");
        let rows = tx.all(&sql, ids).await?;
        remove(tx, &rows).await?;
    }
    Ok(())
}

/// Removes what was settled long ago; a piece at a time.
pub(crate) async fn purge(tx: &Tx, before: Uuid, piece: u64) -> Result<u64> {
    let sql = format!(
        "SELECT id FROM forwarding WHERE id < ? AND state IN ('delivered', 'dead') \
         ORDER BY id LIMIT {piece}"
    );
    purge_these(tx, &sql, before).await
}

/// Removes what was held back and whose event is gone by now; a piece at a time.
pub(crate) async fn purge_held(tx: &Tx, before: Uuid, piece: u64) -> Result<u64> {
    let sql = format!(
        "SELECT id FROM forwarding WHERE id < ? AND state = 'held' ORDER BY id LIMIT {piece}"
    );
    purge_these(tx, &sql, before).await
}

async fn purge_these(tx: &Tx, sql: &str, before: Uuid) -> Result<u64> {
    let rows = tx.all(sql, values![before]).await?;
    remove(tx, &rows).await?;
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

async fn remove(tx: &Tx, rows: &[Row]) -> Result<()> {
    let ids: Vec<Value> = rows
        .iter()
        .map(|row| row.get::<Uuid>("id").map(Value::from))
        .collect::<Result<_>>()?;
    for (list, ids) in in_lists(&ids) {
        for (table, column) in [("forward_attempt", "forwarding_id"), ("forwarding", "id")] {
            let sql = format!("DELETE FROM {table} WHERE {column} {list}");
            tx.exec(&sql, ids.clone()).await?;
        }
    }
    Ok(())
}

impl Store {
    /// Makes a subscription, or changes the one of this name. A changed address or form makes it active again; an
    /// unchanged one stays as it was, also if its receiver has had it disabled.
    pub async fn subscribe(&self, asked: NewSubscription) -> Result<Subscription> {
        self.write(asked, |tx, asked| Box::pin(subscribe(tx, asked)))
            .await
    }

    /// No deliveries are made for this subscription any more, and those that wait are given up.
    pub async fn end_subscription(&self, name: &str) -> Result<()> {
        self.write(name.to_owned(), |tx, name| {
            Box::pin(async move {
                let sql = "UPDATE subscription SET state = 'ended', changed_at_ms = ? \
                           WHERE name = ? AND state <> 'ended'";
                tx.exec(sql, values![tx.now_ms(), name.as_str()]).await?;
                Ok(())
            })
        })
        .await
    }

    /// A subscription.
    pub async fn subscription(&self, id: Uuid) -> Result<Option<Subscription>> {
        let sql = format!("{SUBSCRIPTION} WHERE id = ?");
        let row = self.reader().one(&sql, values![id]).await?;
        row.as_ref().map(subscription).transpose()
    }

    /// All subscriptions, the ended ones too.
    pub async fn subscriptions(&self) -> Result<Vec<Subscription>> {
        let sql = format!("{SUBSCRIPTION} ORDER BY name");
        let rows = self.reader().all(&sql, Vec::new()).await?;
        rows.iter().map(subscription).collect()
    }
}

async fn subscribe(tx: &Tx, asked: &NewSubscription) -> Result<Subscription> {
    let by_name = format!("{SUBSCRIPTION} WHERE name = ?");
    let now_ms = tx.now_ms();
    let stored = tx.one(&by_name, values![asked.name.as_str()]).await?;
    let before = stored.as_ref().map(subscription).transpose()?;
    let goes_on = before.as_ref().is_some_and(|before| {
        before.state != "ended"
            && before.asked.url == asked.url
            && before.asked.format == asked.format
    });
    if before
        .as_ref()
        .is_some_and(|before| goes_on && before.asked == *asked)
    {
        return before.ok_or_else(|| StoreError::corrupt("a subscription came and went"));
    }
    let mut news: Vec<(&str, Value)> = vec![
        ("url", asked.url.as_str().into()),
        ("secret", asked.secret.as_str().into()),
        ("format", asked.format.as_str().into()),
        ("channels", list_text(&asked.channels).into()),
        ("kinds", list_text(&asked.kinds).into()),
        ("accounts", list_text(&asked.accounts).into()),
        ("changed_at_ms", now_ms.into()),
    ];
    if !goes_on {
        news.push(("state", "active".into()));
        news.push(("reason", Value::String(None)));
    }
    let mut key: Vec<(&str, Value)> = vec![("name", asked.name.as_str().into())];
    if before.is_none() {
        key.push(("id", tx.new_id().into()));
        key.push(("created_at_ms", now_ms.into()));
        let (columns, row): (Vec<&str>, Vec<Value>) = news.into_iter().chain(key).unzip();
        tx.insert_rows("subscription", &columns, row).await?;
    } else {
        tx.change_or_insert("subscription", key, news, &[]).await?;
    }
    let row = tx.one(&by_name, values![asked.name.as_str()]).await?;
    let row = row.ok_or_else(|| StoreError::corrupt("a subscription came and went"))?;
    subscription(&row)
}

fn list_text(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

fn subscription(row: &Row) -> Result<Subscription> {
    let list = |column: &str| -> Result<Vec<String>> {
        serde_json::from_value(row.json(column)?)
            .map_err(|_| StoreError::corrupt(format!("column {column} is no list of words")))
    };
    Ok(Subscription {
        id: row.get("id")?,
        asked: NewSubscription {
            name: row.get("name")?,
            url: row.get("url")?,
            secret: row.get("secret")?,
            format: row.get("format")?,
            channels: list("channels")?,
            kinds: list("kinds")?,
            accounts: list("accounts")?,
        },
        state: row.get("state")?,
        reason: row.get("reason")?,
        created_at_ms: row.get("created_at_ms")?,
        changed_at_ms: row.get("changed_at_ms")?,
    })
}
