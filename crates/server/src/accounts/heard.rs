//! What calls to Meta show about the accounts, whoever makes them: an account that answers is well, and one whose token
//! Meta refuses is told at once, not when somebody asks for its health.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use graph_api::client::{CallCode, CallRecord};
use store::{AccountRow, HealthChange};
use tokio::sync::Notify;

use super::{
    Registry,
    verdict::{self, Failure, Verdict},
};

/// Good calls are written down once in this time.
const GOOD_NOTED_EVERY_MS: i64 = 60_000;

/// What was heard of one account since the last look.
#[derive(Debug, Clone, Copy, Default)]
struct Word {
    good: bool,
    /// The code of a refusal that speaks of the token.
    bad: Option<(i64, Option<i64>)>,
}

/// Collects what calls show until somebody writes it down. Never blocks a call.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    words: Mutex<HashMap<String, Word>>,
    news: Notify,
}

impl Heard {
    /// A call has ended.
    pub(crate) fn called(&self, call: &CallRecord) {
        if call.payer.is_guest() {
            // It tells of the token that a caller brought, not of the one that is kept here.
            return;
        }
        let (good, bad) = match call.code {
            CallCode::Http(status) => ((200..300).contains(&status), None),
            CallCode::Graph { code, subcode } => {
                let speaks = verdict::of_token(code, subcode).is_some();
                (false, speaks.then_some((code, subcode)))
            }
            CallCode::Transport(_) => (false, None),
        };
        if !good && bad.is_none() {
            return;
        }
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let word = words.entry(call.account.as_str().to_owned()).or_default();
        if good {
            // Meta took the token after it had refused it.
            word.good = true;
            word.bad = None;
        }
        if bad.is_some() {
            word.bad = bad;
            self.news.notify_one();
        }
    }

    /// Returns when something bad was heard.
    pub(super) async fn something(&self) {
        self.news.notified().await;
    }

    fn take(&self) -> HashMap<String, Word> {
        std::mem::take(&mut *self.words.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Registry {
    /// Writes down what calls have shown since the last time.
    pub(super) async fn write_what_was_heard(&self) {
        for (account, word) in self.heard.take() {
            let Some(known) = self.find(&account) else {
                continue;
            };
            let now_ms = self.safe.store().clock().now_ms();
            let health = &known.row.health;
            if let Some((code, subcode)) = word.bad {
                if let Some(failure) = verdict::of_token(code, subcode) {
                    self.judge(&account, refusal(code, subcode, failure), failure)
                        .await;
                }
                continue;
            }
            let noted = health
                .last_good_at_ms
                .is_some_and(|at_ms| (now_ms - at_ms).abs() < GOOD_NOTED_EVERY_MS);
            let is_cured = word.good && is_disproved(&known.row, now_ms);
            if noted && !is_cured {
                continue;
            }
            let change = HealthChange {
                good_at_ms: Some(now_ms),
                verdict: is_cured.then(|| Verdict::Fine.as_str().to_owned()),
                ..HealthChange::default()
            };
            if let Err(error) = self.safe.store().note_health(&account, change).await {
                tracing::warn!(%error, account, "an account's health cannot be written down");
            }
        }
    }
}

/// Whether a good call shows that what is written down of the token is not so, or no longer.
fn is_disproved(row: &AccountRow, now_ms: i64) -> bool {
    match Verdict::parse(&row.health.verdict) {
        Verdict::Unchecked | Verdict::Revoked | Verdict::Checkpoint => true,
        // Its end is known from its age as well, and a token may answer a little longer.
        Verdict::Expired => row.expires_at_ms.is_none_or(|end_ms| end_ms > now_ms),
        _ => false,
    }
}

/// A refusal as it is written down.
pub(super) fn refusal(code: i64, subcode: Option<i64>, failure: Failure) -> HealthChange {
    HealthChange {
        verdict: Some(failure.verdict.as_str().to_owned()),
        error: Some(match subcode {
            Some(subcode) => format!("{code}/{subcode}"),
            None => code.to_string(),
        }),
        ..HealthChange::default()
    }
}
