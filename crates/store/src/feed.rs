//! The feed: what happened, numbered in the order in which it can be seen.
//!
//! Ids sort by clocks, and clocks of two processes differ; a reader that goes on after an id could miss what was
//! committed late. So every entry gets a number under a lock that is held until the commit: whoever has read up to a
//! number has missed nothing before it. Entries only refer to events and jobs, so that an erasure finds no words here.

use std::collections::{BTreeSet, HashMap};

use sea_orm::Value;
use serde_json::Value as Json;
use tokio::sync::watch;
use uuid::Uuid;

use crate::db::{Result, Row, Tx, in_lists, values};
use crate::inbox::{EVENT_SELECT, event_row};
use crate::jobs::finish::{JOB_SELECT, job_row};
use crate::store::Store;
use crate::types::{EventRow, FeedEntry, FeedItem, FeedPage, FeedQuery, JobRow};

const COLUMNS: [&str; 7] = [
    "seq", "kind", "what", "ref_id", "channel", "account", "at_ms",
];
const EVENT: &str = "event";
const JOB: &str = "job";
/// Entries in one answer.
const MOST: u32 = 1_000;

/// What is to be put into the feed.
pub(crate) struct Note<'a> {
    pub(crate) kind: &'static str,
    pub(crate) what: &'a str,
    pub(crate) ref_id: Uuid,
    pub(crate) channel: &'a str,
    pub(crate) account: &'a str,
    pub(crate) at_ms: i64,
}

impl<'a> Note<'a> {
    /// An event that was accepted.
    pub(crate) fn event(id: Uuid, what: &'a str, channel: &'a str, account: &'a str) -> Self {
        Self {
            kind: EVENT,
            what,
            ref_id: id,
            channel,
            account,
            at_ms: 0,
        }
    }

    pub(crate) fn at(mut self, at_ms: i64) -> Self {
        self.at_ms = at_ms;
        self
    }
}

/// Numbers these and stores them.
pub(crate) async fn note(tx: &Tx, notes: &[Note<'_>]) -> Result<()> {
    let Ok(count) = i64::try_from(notes.len()) else {
        return Ok(());
    };
    if count == 0 {
        return Ok(());
    }
    let sql = format!(
        "SELECT last_seq FROM feed_head WHERE name = 'feed'{}",
        tx.for_update()
    );
    let last: i64 = match tx.one(&sql, Vec::new()).await? {
        Some(row) => row.get("last_seq")?,
        None => start(tx).await?,
    };
    let sql = "UPDATE feed_head SET last_seq = ? WHERE name = 'feed'";
    tx.exec(sql, values![last + count]).await?;
    let mut rows = Vec::with_capacity(notes.len() * COLUMNS.len());
    for (seq, note) in (last + 1..).zip(notes) {
        rows.extend(values![
            seq,
            note.kind,
            note.what,
            note.ref_id,
            note.channel,
            note.account,
            note.at_ms,
        ]);
    }
    tx.insert_rows("feed", &COLUMNS, rows).await?;
    tx.wake_feed();
    Ok(())
}

/// The first entry, or the first after the upgrade that numbered the older events.
async fn start(tx: &Tx) -> Result<i64> {
    let row = tx
        .one("SELECT MAX(seq) AS last_seq FROM feed", Vec::new())
        .await?;
    let last: Option<i64> = row.map_or(Ok(None), |row| row.get("last_seq"))?;
    let last = last.unwrap_or(0);
    tx.insert_rows("feed_head", &["name", "last_seq"], values!["feed", last])
        .await?;
    Ok(last)
}

/// A job has ended. Deliveries of events have a log of their own; only one that was given up is told here.
pub(crate) async fn note_end(tx: &Tx, id: Uuid, state: &str) -> Result<()> {
    let sql = "SELECT queue, order_key, payload FROM job WHERE id = ?";
    let Some(row) = tx.one(sql, values![id]).await? else {
        return Ok(());
    };
    let queue: String = row.get("queue")?;
    if queue == crate::forward::QUEUE && state != "dead" {
        return Ok(());
    }
    let line: Option<String> = row.get("order_key")?;
    let payload = row.json("payload").unwrap_or_default();
    let (channel, account) = whose(&payload, line.as_deref());
    let ended = Note {
        kind: JOB,
        what: state,
        ref_id: id,
        channel: &channel,
        account: &account,
        at_ms: tx.now_ms(),
    };
    note(tx, &[ended]).await
}

/// The channel and the account of a job: by its payload, or by the line it stands in (`…:channel:account:person`).
fn whose(payload: &Json, line: Option<&str>) -> (String, String) {
    let told = |name: &str| payload.get(name).and_then(Json::as_str).map(str::to_owned);
    let mut names = line.unwrap_or_default().split(':');
    let channel = names.find(|name| matches!(*name, "instagram" | "telegram"));
    let account = channel.and_then(|_| names.next());
    (
        told("channel")
            .or_else(|| channel.map(str::to_owned))
            .unwrap_or_default(),
        told("account")
            .or_else(|| account.map(str::to_owned))
            .unwrap_or_default(),
    )
}

fn select(query: &FeedQuery, head: i64, limit: u32) -> (String, Vec<Value>) {
    let mut rules = vec!["seq > ? AND seq <= ?".to_owned()];
    let mut values = values![query.after, head];
    let mut narrow = |column: &str, list: &[String]| {
        rules.push(within(column, list.len()));
        values.extend(list.iter().map(|one| Value::from(one.as_str())));
    };
    if let Some(accounts) = &query.accounts {
        narrow("account", accounts);
    }
    if let Some(kinds) = &query.kinds {
        narrow("what", kinds);
    }
    if query.only_events || query.kinds.is_some() {
        narrow("kind", &[EVENT.to_owned()]);
    }
    let rules = rules.join(" AND ");
    let sql = format!(
        "SELECT seq, kind, what, ref_id, account, at_ms FROM feed WHERE {rules} \
         ORDER BY seq LIMIT {limit}"
    );
    (sql, values)
}

/// `column IN (?,…)`; nothing is in an empty list.
pub(crate) fn within(column: &str, count: usize) -> String {
    match count {
        0 => "1 = 0".to_owned(),
        count => format!("{column} IN ({})", vec!["?"; count].join(",")),
    }
}

impl Store {
    /// A piece of the feed.
    pub async fn feed(&self, query: &FeedQuery) -> Result<FeedPage> {
        // Read before the rows: what is committed in between has a higher number and comes next time.
        let head = self.feed_head().await?;
        let limit = query.limit.clamp(1, MOST);
        let (sql, values) = select(query, head, limit);
        let rows = self.reader().all(&sql, values).await?;
        let more = rows.len() == limit as usize;
        let next = match rows.last() {
            Some(last) if more => last.get("seq")?,
            _ => head.max(query.after),
        };
        Ok(FeedPage {
            entries: self.entries(&rows).await?,
            next,
            head,
            more,
        })
    }

    /// The number that the feed has come to; 0 before the first entry.
    pub async fn feed_head(&self) -> Result<i64> {
        let sql = "SELECT last_seq FROM feed_head WHERE name = 'feed'";
        if let Some(row) = self.reader().one(sql, Vec::new()).await? {
            return row.get("last_seq");
        }
        let sql = "SELECT MAX(seq) AS last_seq FROM feed";
        let row = self.reader().one(sql, Vec::new()).await?;
        let last: Option<i64> = row.map_or(Ok(None), |row| row.get("last_seq"))?;
        Ok(last.unwrap_or(0))
    }

    /// Changes whenever this process has put something into the feed. Other processes' entries are only found by
    /// looking.
    pub fn feed_changes(&self) -> watch::Receiver<u64> {
        self.feed_bell()
    }

    async fn entries(&self, rows: &[Row]) -> Result<Vec<FeedEntry>> {
        let mut events = BTreeSet::new();
        let mut jobs = BTreeSet::new();
        for row in rows {
            let is_event = row.get::<String>("kind")? == EVENT;
            let ids = if is_event { &mut events } else { &mut jobs };
            ids.insert(row.get::<Uuid>("ref_id")?);
        }
        let events = self.events_by_id(events).await?;
        let jobs = self.jobs_by_id(jobs).await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            let id: Uuid = row.get("ref_id")?;
            let item = if row.get::<String>("kind")? == EVENT {
                let event = events.get(&id).cloned();
                event.map(|event| FeedItem::Event(Box::new(event)))
            } else {
                let state = row.get("what")?;
                jobs.get(&id).cloned().map(|job| FeedItem::Job {
                    state,
                    job: Box::new(job),
                })
            };
            let Some(item) = item else { continue };
            entries.push(FeedEntry {
                seq: row.get("seq")?,
                account: row.get("account")?,
                at_ms: row.get("at_ms")?,
                item,
            });
        }
        Ok(entries)
    }

    async fn events_by_id(&self, ids: BTreeSet<Uuid>) -> Result<HashMap<Uuid, EventRow>> {
        let ids: Vec<Value> = ids.into_iter().map(Value::from).collect();
        let mut found = HashMap::new();
        for (list, ids) in in_lists(&ids) {
            let sql = format!("{EVENT_SELECT} WHERE id {list}");
            for row in self.reader().all(&sql, ids).await? {
                let event = event_row(&row)?;
                found.insert(event.id, event);
            }
        }
        Ok(found)
    }

    async fn jobs_by_id(&self, ids: BTreeSet<Uuid>) -> Result<HashMap<Uuid, JobRow>> {
        let ids: Vec<Value> = ids.into_iter().map(Value::from).collect();
        let mut found = HashMap::new();
        for (list, ids) in in_lists(&ids) {
            let sql = format!("{JOB_SELECT} WHERE id {list}");
            for row in self.reader().all(&sql, ids).await? {
                let job = job_row(&row)?;
                found.insert(job.id, job);
            }
        }
        Ok(found)
    }
}

/// Removes the oldest entries; a piece at a time.
pub(crate) async fn purge(tx: &Tx, before_ms: i64, piece: u64) -> Result<u64> {
    let sql = format!("SELECT seq, at_ms FROM feed ORDER BY seq LIMIT {piece}");
    let mut upto = None;
    for row in tx.all(&sql, Vec::new()).await? {
        if row.get::<i64>("at_ms")? >= before_ms {
            break;
        }
        upto = Some(row.get::<i64>("seq")?);
    }
    match upto {
        Some(seq) => {
            tx.exec("DELETE FROM feed WHERE seq <= ?", values![seq])
                .await
        }
        None => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::plan_of;

    #[test]
    fn a_job_is_of_the_account_that_it_names_or_stands_in_line_for() {
        let named = json!({"channel": "instagram", "account": "178"});
        for (payload, line, expected) in [
            (&named, None, ("instagram", "178")),
            (&json!({}), Some("instagram:178:55"), ("instagram", "178")),
            (&json!({}), Some("reply:telegram:9:55#1"), ("telegram", "9")),
            (&json!(null), Some("token:x"), ("", "")),
        ] {
            let (channel, account) = whose(payload, line);
            assert_eq!((channel.as_str(), account.as_str()), expected);
        }
    }

    #[tokio::test]
    async fn the_feed_is_read_by_its_number() {
        let sql = "SELECT seq FROM feed WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 100";
        let plan = plan_of(sql, values![1_i64, 2_i64]).await;
        assert!(
            plan.starts_with("SEARCH feed USING INTEGER PRIMARY KEY"),
            "{plan}"
        );
    }
}
