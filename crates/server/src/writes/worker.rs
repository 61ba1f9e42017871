//! Does the writes: each by the bot's send protocol, its outcome written down before its job ends.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bot::{
    Accounts as _, SendSettings,
    channel::instagram::SharedBudget,
    send::{Delivered, Route, Sender, Stop, part},
};
use graph_api::client::Graph;
use serde::Deserialize;
use store::{Claimed, Clock, Finish, Handler, PartState, Store, StoreError};

use super::{
    Deed, Outcome,
    carrier::{Carrier, window_ms},
    order::outcome_of,
    outcome::STEP,
};
use crate::{
    accounts::Registry,
    error::{ApiError, throttled},
};

/// The name of the one part of such a job.
const PART: &str = "write";
/// A write that could not even be tried for so long is told as refused: nobody wants their reply to appear hours later.
const STALE_MS: i64 = 15 * 60_000;
/// The same for one that nobody waits for: a comment that goes with a post is as good on the next day.
const STALE_UNHURRIED_MS: i64 = 48 * 3_600_000;

/// Does the jobs of the queue.
pub(crate) struct Writer {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) graph: Arc<Graph>,
    pub(crate) budget: SharedBudget,
    pub(crate) accounts: Arc<Registry>,
    pub(crate) settings: SendSettings,
}

#[derive(Deserialize)]
struct Payload {
    account: String,
    deed: Deed,
    #[serde(default)]
    unhurried: bool,
}

#[async_trait]
impl Handler for Writer {
    async fn run(&self, job: &Claimed) -> Finish {
        self.write(job)
            .await
            .unwrap_or_else(|error| Finish::after(&error))
    }

    async fn buried(&self, job: &Claimed, reason: &str) {
        tracing::warn!(job = %job.id, reason, "a write was given up");
        if let Err(error) = self.bury(job).await {
            tracing::warn!(job = %job.id, %error, "what became of a write could not be written down");
        }
    }
}

impl Writer {
    async fn write(&self, job: &Claimed) -> Result<Finish, StoreError> {
        // What was told stays told: a process that died between the word and the end of its job must not write now.
        let told = outcome_of(&self.store, job.id).await?;
        if !matches!(told, Outcome::Waiting { .. }) {
            return Ok(finish_of(&told));
        }
        let Ok(payload) = serde_json::from_value::<Payload>(job.payload.clone()) else {
            return Ok(Finish::Dead {
                reason: "the job cannot be read".to_owned(),
            });
        };
        let Some(credentials) = self.accounts.credentials(&payload.account) else {
            let part = self.part(job).await?;
            let outcome = without_looking(part, &ApiError::account_away());
            return self.end(job, outcome).await;
        };
        let (route, carrier) = self.route(job, &payload, credentials).await?;
        let parts = vec![part(PART, 0, &payload.deed.content())];
        let sender = Sender::new(self.store.clone(), Arc::clone(&self.clock), self.settings);
        match sender.deliver(&route, parts).await? {
            Delivered::All { unresolved: 0 } => {
                let parts = self.store.parts(job.id).await?;
                let id = parts.into_iter().find_map(|part| part.mid);
                self.end(job, Outcome::Done { id }).await
            }
            Delivered::All { .. } => self.end(job, Outcome::Unknown).await,
            Delivered::Pause { until_ms, why } => {
                let stale_ms = if payload.unhurried {
                    STALE_UNHURRIED_MS
                } else {
                    STALE_MS
                };
                let stale_at_ms = job.created_at_ms.saturating_add(stale_ms);
                let waiting = Outcome::Waiting {
                    why: why.to_owned(),
                    until_ms: Some(until_ms),
                };
                if until_ms > stale_at_ms && self.is_untried(job).await? {
                    let refused = self.too_late(&carrier, until_ms, why);
                    return self.end(job, Outcome::refused(&refused)).await;
                }
                self.tell(job, &waiting).await?;
                Ok(Finish::Wait {
                    until_ms,
                    why: why.to_owned(),
                })
            }
            Delivered::Stop(stop) => {
                let error = carrier.refusal().unwrap_or_else(|| of_stop(&stop));
                self.end(job, Outcome::refused(&error)).await
            }
        }
    }

    async fn route(
        &self,
        job: &Claimed,
        payload: &Payload,
        credentials: graph_api::client::Credentials,
    ) -> Result<(Route, Arc<Carrier>), StoreError> {
        let conversation = payload.deed.place(&payload.account);
        // Who has written is known only of messages that came while we were listening: where nothing is known, Meta
        // decides.
        let wrote = self.store.last_inbound_ms(&conversation).await?.is_some();
        let carrier = Arc::new(Carrier::new(
            self,
            payload.deed.clone(),
            credentials,
            if wrote {
                window_ms(&payload.deed)
            } else {
                None
            },
            job.created_at_ms,
        ));
        let route = Route {
            lease: job.lease,
            conversation,
            channel: Arc::clone(&carrier) as Arc<dyn bot::channel::Channel>,
            asked_mid: None,
        };
        Ok((route, carrier))
    }

    /// Nothing of it can be out, nor is it being looked for.
    async fn is_untried(&self, job: &Claimed) -> Result<bool, StoreError> {
        let parts = self.store.parts(job.id).await?;
        Ok(!parts
            .iter()
            .any(|part| part.state.is_open() || part.state == PartState::Absent))
    }

    /// Why it is not waited for until then.
    fn too_late(&self, carrier: &Carrier, until_ms: i64, why: &str) -> ApiError {
        if ["budget", "throttled"].contains(&why) {
            let wait_ms = until_ms.saturating_sub(self.clock.now_ms());
            return throttled(Duration::from_millis(wait_ms.unsigned_abs()));
        }
        carrier.refusal().unwrap_or_else(ApiError::not_in_time)
    }

    async fn end(&self, job: &Claimed, outcome: Outcome) -> Result<Finish, StoreError> {
        self.tell(job, &outcome).await?;
        Ok(finish_of(&outcome))
    }

    /// How far the one part of the job is, and Meta's id of it.
    async fn part(&self, job: &Claimed) -> Result<Option<(PartState, Option<String>)>, StoreError> {
        let parts = self.store.parts(job.id).await?;
        Ok(parts.into_iter().next().map(|part| (part.state, part.mid)))
    }

    async fn tell(&self, job: &Claimed, outcome: &Outcome) -> Result<(), StoreError> {
        let data = serde_json::to_value(outcome).unwrap_or_default();
        self.store.step_done(&job.lease, STEP, data).await
    }

    /// The job crashed its process again and again: what it may have said is looked for once more.
    async fn bury(&self, job: &Claimed) -> Result<(), StoreError> {
        let payload = serde_json::from_value::<Payload>(job.payload.clone()).ok();
        let found = payload.and_then(|payload| {
            let credentials = self.accounts.credentials(&payload.account)?;
            Some((payload, credentials))
        });
        if let Some((payload, credentials)) = found {
            let (route, _) = self.route(job, &payload, credentials).await?;
            let sender = Sender::new(self.store.clone(), Arc::clone(&self.clock), self.settings);
            sender.bury(&route).await?;
        }
        let part = self.part(job).await?;
        let outcome = without_looking(part, &ApiError::not_in_time());
        self.tell(job, &outcome).await
    }
}

/// How a job ends.
fn finish_of(outcome: &Outcome) -> Finish {
    match outcome {
        Outcome::Refused { status, .. } => Finish::Refused {
            reason: format!("refused with {status}"),
            refund: false,
        },
        Outcome::Unknown => Finish::Dead {
            reason: "nobody can tell whether it was written".to_owned(),
        },
        _ => Finish::Done {
            note: "written".to_owned(),
        },
    }
}

/// What can be said of a write that nobody can look for: refused is only what was not tried, or what Meta refused, or
/// what is proven not to be there.
fn without_looking(part: Option<(PartState, Option<String>)>, why: &ApiError) -> Outcome {
    match part {
        Some((PartState::Sent, id)) => Outcome::Done { id },
        Some((state, _)) if state.is_open() => Outcome::Unknown,
        _ => Outcome::refused(why),
    }
}

/// What stopped a write before Meta was asked.
fn of_stop(stop: &Stop) -> ApiError {
    match stop {
        Stop::WindowClosed => ApiError::window_closed(),
        _ => ApiError::not_in_time(),
    }
}

#[cfg(test)]
mod tests {
    use store::PartState;

    use super::without_looking;
    use crate::{error::ApiError, writes::Outcome};

    #[test]
    fn what_may_be_out_is_never_told_as_refused() {
        let why = ApiError::account_away();
        let said = |state| without_looking(Some((state, None)), &why);
        for state in [PartState::Intent, PartState::Unknown] {
            assert_eq!(said(state), Outcome::Unknown);
        }
        assert_eq!(said(PartState::Sent), Outcome::Done { id: None });
        for state in [PartState::Planned, PartState::Absent, PartState::Failed] {
            assert_eq!(said(state), Outcome::refused(&why));
        }
        assert_eq!(without_looking(None, &why), Outcome::refused(&why));
    }
}
