//! Who was erased, as `accept` and `admit` ask: by a hash, since nothing else is left.

use std::collections::HashMap;

use sea_orm::Value;
use sha2::{Digest as _, Sha256};

use crate::db::{Result, Tx, in_lists, values};
use crate::types::{Conversation, NewDelivery, NewEvent};

/// What an erased person had used up of a day's allowance; see [`used_values`].
pub(crate) const USED: &str = "SELECT used FROM erased WHERE erased_key = ? AND on_day = ?";

/// The values of [`USED`]. A scope that is no conversation's key finds nothing.
pub(crate) fn used_values(scope: &str, day: &str) -> Vec<Value> {
    values![hash(scope), day]
}

pub(crate) fn hash(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

struct Grave {
    at_ms: i64,
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
        let mut keys: Vec<String> = deliveries
            .iter()
            .flat_map(|delivery| {
                delivery
                    .events
                    .iter()
                    .map(|event| (delivery.channel, event))
            })
            .filter_map(|(channel, event)| key(channel, event))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let keys: Vec<Value> = keys.into_iter().map(Value::from).collect();
        for (list, keys) in in_lists(&keys) {
            let sql =
                format!("SELECT erased_key, at_ms, woken FROM erased WHERE erased_key {list}");
            for row in tx.all(&sql, keys).await? {
                let grave = Grave {
                    at_ms: row.get("at_ms")?,
                    woken: row.get("woken")?,
                    woken_now: false,
                };
                graves.insert(row.get("erased_key")?, grave);
            }
        }
        Ok(Self(graves))
    }

    /// Whether an event stays out: it is from before the erasure, or speaks of an erased person (an echo, a receipt)
    /// who has not written anew.
    pub(crate) fn hold(&mut self, channel: &str, event: &NewEvent) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let Some(grave) = key(channel, event).and_then(|key| self.0.get_mut(&key)) else {
            return false;
        };
        if event.at_ms <= grave.at_ms {
            return true;
        }
        if event.opens_window && !grave.woken {
            grave.woken = true;
            grave.woken_now = true;
        }
        !grave.woken
    }

    /// Remembers who has written anew.
    pub(crate) async fn wake(&self, tx: &Tx) -> Result<()> {
        for (key, _) in self.0.iter().filter(|(_, grave)| grave.woken_now) {
            let sql = "UPDATE erased SET woken = ? WHERE erased_key = ?";
            tx.exec(sql, values![true, key.as_str()]).await?;
        }
        Ok(())
    }
}

fn key(channel: &str, event: &NewEvent) -> Option<String> {
    let person = event.person.as_deref()?;
    Some(hash(
        &Conversation::new(channel, &event.account, person).key(),
    ))
}
