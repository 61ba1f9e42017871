//! An account turned bad: told once a day over all processes, as a log line and as an event that goes out and is streamed
//! like any other, with the link by which its owner connects it again.

use serde_json::json;
use store::{HealthChange, NewAlert, Severity};

use super::{Registry, verdict::Failure};

const DAY_MS: i64 = 86_400_000;

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
        let day = store.clock().now_ms().div_euclid(DAY_MS);
        let told = NewAlert {
            account: account.to_owned(),
            key: format!("account:{account}:{verdict}:{day}"),
            code: failure.code.to_owned(),
            severity: if failure.verdict.is_usable() {
                Severity::Warning
            } else {
                Severity::Error
            },
            says: says.to_owned(),
            next_step: Some(next_step.to_owned()),
            details: json!({ "verdict": verdict, "before": before, "reconnect_url": reconnect }),
        };
        if let Err(error) = store.add_alert(told).await {
            tracing::warn!(%error, account, "an alert could not be stored; the log has it");
        }
    }

    /// Where the owner connects this account again: no secret, since it lets in nobody but that account's owner.
    pub(crate) fn reconnect_link(&self, account: &str) -> String {
        format!("{}/instagram/auth/url?account={account}", self.base_url())
    }
}
