//! Alerts: events of our own, which go out like any other.

use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::db::{Result, Tx, values};
use crate::inbox::{Fresh, store_fresh};
use crate::store::Store;
use crate::types::NewAlert;

/// The channel of what no messenger brought.
const CHANNEL: &str = "gramophone";
const KIND: &str = "alert";

impl Store {
    /// Makes an event of something that the operator or their programs should know: kind `alert`, channel
    /// `gramophone`. It is stored, numbered in the feed, sent to every subscription that takes it and shown in the
    /// stream, like an event of Meta's, once for each `key`: put the day into the key of what may be said again
    /// tomorrow (`token_expiring:17841…:2026-11-22`). Answers its id, or `None` if that key was told before.
    pub async fn add_alert(&self, alert: NewAlert) -> Result<Option<Uuid>> {
        self.write(alert, |tx, alert| Box::pin(add(tx, alert)))
            .await
    }
}

/// The same within a transaction that has more to do.
pub(crate) async fn add(tx: &Tx, alert: &NewAlert) -> Result<Option<Uuid>> {
    let digest = Sha256::digest(format!("{CHANNEL}\0{}", alert.key).as_bytes());
    let mut dedupe = [0; 16];
    for (to, from) in dedupe.iter_mut().zip(digest) {
        *to = from;
    }
    let sql = "SELECT id FROM event WHERE dedupe = ?";
    if tx.one(sql, values![dedupe.to_vec()]).await?.is_some() {
        return Ok(None);
    }
    let raw = json!({
        "code": alert.code,
        "severity": alert.severity.as_str(),
        "says": alert.says,
        "next_step": alert.next_step,
        "details": alert.details,
    })
    .to_string();
    let now_ms = tx.now_ms();
    let fresh = Fresh {
        // No delivery brought it.
        delivery_id: Uuid::nil(),
        channel: CHANNEL,
        account: &alert.account,
        person: None,
        kind: KIND,
        shape: KIND,
        mid: None,
        at_ms: now_ms,
        received_at_ms: now_ms,
        dedupe,
        opens_window: false,
        raw: &raw,
        job: None,
    };
    let ids = store_fresh(tx, &[fresh]).await?;
    Ok(ids.first().copied())
}
