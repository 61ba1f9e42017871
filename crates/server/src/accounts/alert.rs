//! An account turned bad: told once over all processes, as a log line and as an event that goes out and is streamed
//! like any other, with the link by which its owner connects it again.

use bytes::Bytes;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::{HealthChange, NewDelivery, NewEvent};

use super::{Registry, verdict::Failure};

/// The event's kind.
pub(crate) const KIND: &str = "account_alert";

impl Registry {
    /// Writes down what is wrong with an account, and tells of it if that is new.
    pub(super) async fn judge(&self, account: &str, change: HealthChange, failure: Failure) {
        let store = self.safe.store();
        match store.note_health(account, change).await {
            Ok(Some(before)) => self.alert(account, &before, failure).await,
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, account, "an account's health cannot be written down");
            }
        }
        if let Err(error) = self.reload().await {
            tracing::warn!(%error, "the accounts cannot be read anew");
        }
    }

    async fn alert(&self, account: &str, before: &str, failure: Failure) {
        let (says, next_step) = failure.english;
        let verdict = failure.verdict.as_str();
        let reconnect = self.reconnect_link(account);
        tracing::error!(
            account,
            verdict,
            before,
            code = failure.code,
            next_step,
            reconnect,
            "an account needs its owner: {says}"
        );
        metrics::counter!("gramophone_account_alerts_total", "verdict" => verdict).increment(1);
        let store = self.safe.store();
        let (id, now_ms) = (store.new_id(), store.clock().now_ms());
        let raw = json!({
            "account": account, "verdict": verdict, "before": before, "code": failure.code,
            "says": says, "next_step": next_step, "reconnect_url": reconnect, "at_ms": now_ms,
        })
        .to_string();
        let digest = Sha256::digest(format!("{KIND} {account} {verdict} {id}"));
        let mut dedupe = [0; 16];
        dedupe.copy_from_slice(&digest[..16]);
        let event = NewEvent {
            account: account.to_owned(),
            person: None,
            kind: KIND,
            shape: "alert",
            mid: None,
            at_ms: now_ms,
            dedupe,
            opens_window: false,
            raw: raw.clone().into(),
            job: None,
        };
        let delivery = NewDelivery {
            id,
            channel: "gramophone",
            received_at_ms: now_ms,
            body: Bytes::from(raw),
            events: vec![event],
        };
        if let Err(error) = store.accept(delivery).await {
            tracing::warn!(%error, account, "an alert could not be stored; the log has it");
        }
    }

    /// Where the owner connects this account again: no secret, since it lets in nobody but that account's owner.
    pub(crate) fn reconnect_link(&self, account: &str) -> String {
        format!("{}/instagram/auth/url?account={account}", self.base_url())
    }
}
