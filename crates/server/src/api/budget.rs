//! One call to Meta on behalf of somebody who waits: a permit for it, waited for within a bound; the call; and what a
//! refusal says about the next ones. Every route that asks Meta itself goes through here, so that none of them knocks at
//! a closed door, and each tells the others which doors are closed.

use std::time::Duration;

use graph_api::{
    budget::{Bucket, Payer, Permit, Urgency},
    client::Credentials,
    error::{CallError, ErrorKind, Outcome},
    request::Endpoint,
};

use super::{Account, ApiError, Gate};
use crate::{error::throttled, gateway::Trouble};

/// Asks Meta once.
pub(crate) async fn ask<E: Endpoint>(
    gate: &Gate,
    account: &Account,
    bucket: Bucket,
    call: &E,
) -> Result<E::Answer, ApiError> {
    try_once(gate, account, bucket, call).await.map_err(told)
}

/// Asks for a change that may be repeated without harm, so that a lost answer is asked for once more at once.
pub(crate) async fn change<E: Endpoint>(
    gate: &Gate,
    account: &Account,
    call: &E,
) -> Result<E::Answer, ApiError> {
    let outcome = match try_once(gate, account, Bucket::Other, call).await {
        Err(Trouble::Call(error)) if error.outcome() == Outcome::Unknown => {
            try_once(gate, account, Bucket::Other, call).await
        }
        outcome => outcome,
    };
    outcome.map_err(told)
}

/// As [`change`], for what is gone afterwards: not to be found the second time means that the first call did it.
pub(crate) async fn remove<E: Endpoint<Answer = ()>>(
    gate: &Gate,
    account: &Account,
    call: &E,
) -> Result<(), ApiError> {
    let outcome = match try_once(gate, account, Bucket::Other, call).await {
        Err(Trouble::Call(error)) if error.outcome() == Outcome::Unknown => {
            match try_once(gate, account, Bucket::Other, call).await {
                Err(trouble) if trouble.kind() == Some(ErrorKind::NotFound) => Ok(()),
                second => second,
            }
        }
        outcome => outcome,
    };
    outcome.map_err(told)
}

/// What a call that was made once is answered with: unlike the gateway's reads, it may have had an effect.
fn told(trouble: Trouble) -> ApiError {
    match trouble {
        Trouble::Api(error) => error,
        Trouble::Call(error) => error.into(),
    }
}

async fn try_once<E: Endpoint>(
    gate: &Gate,
    account: &Account,
    bucket: Bucket,
    call: &E,
) -> Result<E::Answer, Trouble> {
    let credentials = &account.credentials;
    paid(gate, credentials, bucket, gate.graph.ask(credentials, call)).await
}

/// As [`ask`], for a call that is no endpoint of its own.
pub(crate) async fn ask_with<T>(
    gate: &Gate,
    credentials: &Credentials,
    bucket: Bucket,
    call: impl Future<Output = Result<T, CallError>> + Send,
) -> Result<T, ApiError> {
    paid(gate, credentials, bucket, call).await.map_err(told)
}

/// A call with its permit; nothing is sent without one.
async fn paid<T>(
    gate: &Gate,
    credentials: &Credentials,
    bucket: Bucket,
    call: impl Future<Output = Result<T, CallError>> + Send,
) -> Result<T, Trouble> {
    let payer = credentials.payer();
    permit(gate, &payer, bucket, Urgency::Now)
        .await
        .map_err(Trouble::Api)?;
    call.await
        .map_err(|error| match learn(gate, &payer, bucket, &error) {
            Some(wait) => Trouble::Api(throttled(wait).caused_by(&error)),
            None => Trouble::Call(error),
        })
}

/// What a refusal says about the calls that follow: how long they stay away, if it was for asking too much.
pub(crate) fn learn(
    gate: &Gate,
    payer: &Payer,
    bucket: Bucket,
    error: &CallError,
) -> Option<Duration> {
    let now_ms = gate.clock.now_ms();
    gate.budget
        .learn_error(payer, bucket, error.graph()?, now_ms)
}

/// Waits for a permit as long as `api.wait_seconds` allows; else says when to come back.
pub(crate) async fn permit(
    gate: &Gate,
    payer: &Payer,
    bucket: Bucket,
    urgency: Urgency,
) -> Result<(), ApiError> {
    let patience_ms = i64::from(gate.settings.api.wait_seconds) * 1000;
    let give_up_ms = gate.clock.now_ms().saturating_add(patience_ms);
    loop {
        let now_ms = gate.clock.now_ms();
        match gate.budget.take(payer, bucket, urgency, now_ms) {
            Permit::Go => return Ok(()),
            Permit::Wait { until_ms } if until_ms <= give_up_ms => {
                gate.clock.sleep_until(until_ms).await;
            }
            Permit::Wait { until_ms } => {
                let wait_ms = until_ms.saturating_sub(now_ms).unsigned_abs();
                return Err(throttled(Duration::from_millis(wait_ms)));
            }
        }
    }
}
