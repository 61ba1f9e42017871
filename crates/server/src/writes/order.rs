//! The caller's side: stores the job, waits a while for its outcome, and looks at it later.

use std::time::Duration;

use serde_json::{Value, json};
use store::{NewJob, Store};
use tokio::time::Instant;
use uuid::Uuid;

use super::{Deed, Outcome, QUEUE, Told, outcome::STEP};
use crate::{
    api::{Account, Gate},
    error::ApiError,
};

/// Starts that may be lost to crashes before a write is given up.
const ATTEMPTS: i32 = 20;
/// First and longest pause between two looks at the job.
const LOOKS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(200));

/// Stores a write and waits for its outcome as long as the settings allow. `once`: the same word again is the same
/// write.
pub(crate) async fn order(
    gate: &Gate,
    account: &Account,
    deed: &Deed,
    once: Option<Uuid>,
) -> Result<Told, ApiError> {
    let once = once.map(word_of);
    let write = place(&gate.store, account.id.as_str(), deed, once, Waited::For).await?;
    metrics::counter!("gramophone_gateway_writes_total", "kind" => deed.word()).increment(1);
    follow(gate, write).await
}

/// What an earlier try of the same request ordered: asked before anything is looked at that may have changed since, so
/// that a write that is out is not told as refused.
pub(crate) async fn earlier(
    gate: &Gate,
    account: &Account,
    once: Option<Uuid>,
) -> Result<Option<Told>, ApiError> {
    let Some(once) = once else { return Ok(None) };
    let Some(job) = gate.store.job_once(&word_of(once)).await? else {
        return Ok(None);
    };
    let whose = job.payload.get("account").and_then(Value::as_str);
    if whose != Some(account.id.as_str()) {
        return Ok(None);
    }
    follow(gate, job.id).await.map(Some)
}

/// Whether something was ordered under the id of a request.
pub(crate) async fn is_ordered(store: &Store, once: Uuid) -> Result<bool, store::StoreError> {
    Ok(store.job_once(&word_of(once)).await?.is_some())
}

/// Under which word the write of a request is stored.
fn word_of(once: Uuid) -> String {
    format!("write:{once}")
}

/// Waits for the outcome as long as the settings allow.
async fn follow(gate: &Gate, write: Uuid) -> Result<Told, ApiError> {
    let patience = Duration::from_secs(u64::from(gate.settings.api.wait_seconds));
    // Real time on purpose: it is the caller who waits.
    let give_up = Instant::now() + patience;
    let mut pause = LOOKS.0;
    loop {
        let outcome = outcome_of(&gate.store, write).await?;
        let over = !matches!(outcome, Outcome::Waiting { .. });
        if over || Instant::now() >= give_up {
            return Ok(Told {
                write,
                outcome,
                now_ms: gate.clock.now_ms(),
            });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LOOKS.1);
    }
}

/// Whether somebody waits for a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    /// Who is told, before long, that it did not go out.
    For,
    /// Nobody: it goes out as soon as Meta lets it, and that may be the next day.
    ByNobody,
}

/// Stores a write; the worker does the rest.
pub(crate) async fn place(
    store: &Store,
    account: &str,
    deed: &Deed,
    once: Option<String>,
    waited: Waited,
) -> Result<Uuid, store::StoreError> {
    let unhurried = waited == Waited::ByNobody;
    let job = NewJob {
        dedupe_key: once,
        order_key: Some(format!("{QUEUE}:{}", deed.place(account).key())),
        person: deed.person().map(str::to_owned),
        max_attempts: ATTEMPTS,
        ..NewJob::new(
            QUEUE,
            json!({ "account": account, "deed": deed, "unhurried": unhurried }),
        )
    };
    Ok(store.enqueue(job).await?.id)
}

/// A write of this account, later.
pub(crate) async fn look(gate: &Gate, account: &Account, write: Uuid) -> Result<Told, ApiError> {
    let job = gate.store.job(write).await?;
    let is_theirs = job.is_some_and(|job| {
        let whose = job.payload.get("account").and_then(Value::as_str);
        job.queue == QUEUE && whose == Some(account.id.as_str())
    });
    if !is_theirs {
        return Err(ApiError::not_found());
    }
    Ok(Told {
        write,
        outcome: outcome_of(&gate.store, write).await?,
        now_ms: gate.clock.now_ms(),
    })
}

/// How far a write is, as its job says.
pub(crate) async fn outcome_of(store: &Store, write: Uuid) -> Result<Outcome, store::StoreError> {
    let mut steps = store.steps(write).await?;
    let told = steps
        .remove(STEP)
        .and_then(|step| serde_json::from_value(step).ok());
    Ok(told.unwrap_or(Outcome::Waiting {
        why: "queue".to_owned(),
        until_ms: None,
    }))
}
