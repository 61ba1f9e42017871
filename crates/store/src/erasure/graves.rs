//! Who was erased, as `accept` and `admit` ask: by a hash, since nothing else is left. What is from before an erasure is
//! explained in [`erasure`](super).

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::Value;
use sha2::{Digest as _, Sha256};

use super::OF_TALK;
use crate::db::{Result, Row, Tx, in_lists, key_text, values};
use crate::inbox::talk_values;
use crate::types::{Conversation, NewDelivery, NewEvent};

/// What an erased person had used up of a day's allowance; see [`used_values`].
pub(crate) const USED: &str = "SELECT used FROM erased WHERE erased_key = ? AND on_day = ?";

/// Gives back one of what an erased person had used up; see [`used_values`].
pub(crate) const GIVE_BACK: &str =
    "UPDATE erased SET used = used - 1 WHERE erased_key = ? AND on_day = ? AND used > 0";

/// When an erased person had stopped us, if they have not written since; see [`stopped_values`].
pub(crate) const STOPPED: &str = "SELECT stopped_at_ms FROM erased WHERE erased_key = ?";

/// Which events of an erased person are from before: older than a time by the sender's clock, or known by their keys.
pub(super) const FROM_BEFORE: &str = "(at_ms < ? AND at_ms <> received_at_ms) \
     OR dedupe IN (SELECT dedupe FROM erased_event WHERE erased_key = ?)";

/// The kind of events that another program speaks in somebody's name.
const PUSHED: &str = "pushed";

const REMEMBERED: [&str; 2] = ["erased_key", "dedupe"];

/// The values of [`USED`] and [`GIVE_BACK`]. A scope that is no conversation's key finds nothing.
pub(crate) fn used_values(scope: &str, day: &str) -> Vec<Value> {
    values![hash(scope), day]
}

/// The values of [`STOPPED`].
pub(crate) fn stopped_values(of: &Conversation) -> Vec<Value> {
    values![hash(&of.key())]
}

pub(crate) fn hash(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

/// Somebody has stopped us or come back since they were erased: what was before does not count.
pub(crate) async fn forget_stop(tx: &Tx, of: &Conversation) -> Result<()> {
    let sql = "UPDATE erased SET stopped_at_ms = NULL \
               WHERE erased_key = ? AND stopped_at_ms IS NOT NULL";
    tx.exec(sql, stopped_values(of)).await?;
    Ok(())
}

/// Marks the conversation as erased; answers up to when, by the sender's clock.
pub(super) async fn dig(tx: &Tx, own: &Conversation) -> Result<i64> {
    let key = hash(&own.key());
    let sql = format!(
        "SELECT at_ms, on_day, used, stopped_at_ms FROM erased WHERE erased_key = ?{}",
        tx.for_update()
    );
    let before = tx.one(&sql, values![key.as_str()]).await?;
    let sql = format!(
        "SELECT at_ms FROM event WHERE {OF_TALK} AND at_ms <> received_at_ms \
         ORDER BY at_ms DESC LIMIT 1"
    );
    let newest = tx.one(&sql, talk_values(own)).await?;
    // Without a message there is nothing to be older than.
    let mut at_ms: i64 = newest.map_or(Ok(0), |row| row.get("at_ms"))?;
    let sql = format!("SELECT stopped_at_ms FROM conversation WHERE {OF_TALK}");
    let note = tx.one(&sql, talk_values(own)).await?;
    let mut stopped_at_ms: Option<i64> = note.map_or(Ok(None), |row| row.get("stopped_at_ms"))?;
    let (mut on_day, mut used) = (None, 0);
    if let Some(row) = before {
        at_ms = at_ms.max(row.get("at_ms")?);
        on_day = row.get::<Option<String>>("on_day")?;
        used = row.get("used")?;
        stopped_at_ms = stopped_at_ms.or(row.get("stopped_at_ms")?);
    }
    // Only of who pays for themselves: a topic's chat goes on paying, and keeps its count.
    let sql = "SELECT on_day, used FROM quota WHERE scope = ? ORDER BY changed_at_ms DESC LIMIT 1";
    if let Some(row) = tx.one(sql, values![&*key_text(&own.key())]).await? {
        on_day = Some(row.get("on_day")?);
        used = row.get::<i64>("used")?;
    }
    remember_keys(tx, own, &key, at_ms).await?;
    let news = vec![
        ("at_ms", at_ms.into()),
        ("erased_at_ms", tx.now_ms().into()),
        ("woken", false.into()),
        ("on_day", on_day.into()),
        ("used", used.into()),
        ("clean", false.into()),
        ("stopped_at_ms", stopped_at_ms.into()),
    ];
    let key = vec![("erased_key", key.into())];
    tx.change_or_insert("erased", key, news, &[]).await?;
    Ok(at_ms)
}

/// Keeps the keys of the events that are not told by a time of their sender's: of the newest time, and of none.
async fn remember_keys(tx: &Tx, own: &Conversation, key: &str, at_ms: i64) -> Result<()> {
    let sql = format!(
        "SELECT dedupe FROM event WHERE {OF_TALK} AND (at_ms = ? OR at_ms = received_at_ms)"
    );
    let mut values = talk_values(own);
    values.extend(values![at_ms]);
    let mut keys = dedupes(&tx.all(&sql, values).await?)?;
    let sql = "SELECT dedupe FROM erased_event WHERE erased_key = ?";
    for known in dedupes(&tx.all(sql, values![key]).await?)? {
        keys.remove(&known);
    }
    let rows = keys
        .into_iter()
        .flat_map(|dedupe| values![key, dedupe])
        .collect();
    tx.insert_rows("erased_event", &REMEMBERED, rows).await
}

fn dedupes(rows: &[Row]) -> Result<HashSet<Vec<u8>>> {
    rows.iter().map(|row| row.get("dedupe")).collect()
}

struct Grave {
    /// By the sender's clock.
    at_ms: i64,
    /// By ours.
    erased_at_ms: i64,
    /// Events from before, of those that were asked for.
    known: HashSet<Vec<u8>>,
    /// The person had stopped us.
    stopped: bool,
    /// The person has written since.
    woken: bool,
    /// … just now.
    woken_now: bool,
}

/// The erased among the people of some deliveries.
pub(crate) struct Graves(HashMap<String, Grave>);

impl Graves {
    /// One look at an empty table where nobody was erased, which is as cheap as remembering that, and right whichever
    /// process erases.
    pub(crate) async fn of(tx: &Tx, deliveries: &[&NewDelivery]) -> Result<Self> {
        let mut graves = HashMap::new();
        let any = "SELECT at_ms FROM erased LIMIT 1";
        if tx.one(any, Vec::new()).await?.is_none() {
            return Ok(Self(graves));
        }
        let mut asked: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for delivery in deliveries {
            for event in &delivery.events {
                if let Some(key) = key(delivery.channel, event) {
                    let events = asked.entry(key).or_default();
                    events.push(event.dedupe.to_vec().into());
                }
            }
        }
        let keys: Vec<Value> = asked.keys().map(Value::from).collect();
        for (list, keys) in in_lists(&keys) {
            let sql = format!(
                "SELECT erased_key, at_ms, erased_at_ms, woken, stopped_at_ms FROM erased \
                 WHERE erased_key {list}"
            );
            for row in tx.all(&sql, keys).await? {
                let key: String = row.get("erased_key")?;
                let events = asked.get(&key).map_or(&[][..], Vec::as_slice);
                let grave = Grave {
                    at_ms: row.get("at_ms")?,
                    erased_at_ms: row.get("erased_at_ms")?,
                    known: known(tx, &key, events).await?,
                    stopped: row.get::<Option<i64>>("stopped_at_ms")?.is_some(),
                    woken: row.get("woken")?,
                    woken_now: false,
                };
                graves.insert(key, grave);
            }
        }
        Ok(Self(graves))
    }

    /// Whether an event stays out: it is from before the erasure, or speaks of an erased person (an echo, a receipt)
    /// who has not written anew. Another program may speak for them, unless they had stopped us.
    pub(crate) fn hold(&mut self, delivery: &NewDelivery, event: &NewEvent) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let key = key(delivery.channel, event);
        let Some(grave) = key.and_then(|key| self.0.get_mut(&key)) else {
            return false;
        };
        let is_timed_by_us = event.at_ms == delivery.received_at_ms;
        let since_ms = if is_timed_by_us {
            grave.erased_at_ms
        } else {
            grave.at_ms
        };
        if event.at_ms < since_ms || grave.known.contains(&event.dedupe[..]) {
            return true;
        }
        let may_wake = event.opens_window && (event.kind != PUSHED || !grave.stopped);
        if may_wake && !grave.woken {
            grave.woken = true;
            grave.woken_now = true;
        }
        !grave.woken
    }

    /// Remembers who has written anew, and so speaks to us again.
    pub(crate) async fn wake(&self, tx: &Tx) -> Result<()> {
        for (key, _) in self.0.iter().filter(|(_, grave)| grave.woken_now) {
            let sql = "UPDATE erased SET woken = ?, stopped_at_ms = NULL WHERE erased_key = ?";
            tx.exec(sql, values![true, key.as_str()]).await?;
        }
        Ok(())
    }
}

async fn known(tx: &Tx, key: &str, events: &[Value]) -> Result<HashSet<Vec<u8>>> {
    let mut known = HashSet::new();
    for (list, events) in in_lists(events) {
        let sql = format!("SELECT dedupe FROM erased_event WHERE erased_key = ? AND dedupe {list}");
        let mut values = values![key];
        values.extend(events);
        known.extend(dedupes(&tx.all(&sql, values).await?)?);
    }
    Ok(known)
}

fn key(channel: &str, event: &NewEvent) -> Option<String> {
    let person = event.person.as_deref()?;
    Some(hash(
        &Conversation::new(channel, &event.account, person).key(),
    ))
}
