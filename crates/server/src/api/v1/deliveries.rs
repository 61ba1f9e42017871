//! `/v1/deliveries`: what became of each event on its way out, attempt by attempt, and the way to send it anew.

// The checks of `garde` take the context by reference, also where it is nothing.
#![allow(clippy::trivially_copy_pass_by_ref)]

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use store::{ForwardAttempt, Forwarding, ForwardingFilter};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    api::{ApiError, Asked, Caller, Failures, Gate, In, Paging, Reach, Scope, seen_accounts, sees},
    convert::moment,
};

const STATES: [&str; 4] = ["pending", "delivered", "dead", "held"];

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(resend_many))
        .routes(routes!(one))
        .routes(routes!(resend_one))
}

/// Which deliveries.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct DeliveriesAsked {
    /// Only in this state: `pending`, `delivered`, `dead` or `held`.
    #[garde(inner(custom(known_state)))]
    #[param(example = "dead")]
    state: Option<String>,
    /// Only events of this kind.
    #[garde(length(min = 1, max = 64))]
    #[param(example = "comment")]
    kind: Option<String>,
    /// Only of this account, by either of its ids.
    #[garde(length(min = 1, max = 64))]
    account: Option<String>,
    /// Only of this event.
    #[garde(inner(custom(some_id)))]
    event: Option<String>,
    /// Only from this time on, RFC 3339.
    #[garde(inner(custom(some_time)))]
    #[param(example = "2026-11-22T00:00:00Z")]
    since: Option<String>,
    /// Only before this time, RFC 3339.
    #[garde(inner(custom(some_time)))]
    until: Option<String>,
    /// Where this page begins: `paging.after` of the one before.
    #[garde(inner(custom(some_id)))]
    after: Option<String>,
    /// 1 to 500; 50 when left out.
    #[garde(range(min = 1, max = 500))]
    limit: Option<u32>,
}

/// Which deliveries to send anew; what is left out does not narrow.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResendIn {
    /// Only in these states; left out: `dead` and `held`.
    #[garde(inner(length(min = 1, max = 4), inner(custom(known_state))))]
    #[schema(example = json!(["dead", "held"]))]
    states: Option<Vec<String>>,
    /// Only events of this kind.
    #[garde(length(min = 1, max = 64))]
    kind: Option<String>,
    /// Only of this account, by either of its ids.
    #[garde(length(min = 1, max = 64))]
    account: Option<String>,
    /// Only of this event.
    #[garde(inner(custom(some_id)))]
    event: Option<String>,
    /// Only from this time on, RFC 3339.
    #[garde(inner(custom(some_time)))]
    since: Option<String>,
    /// Only before this time, RFC 3339.
    #[garde(inner(custom(some_time)))]
    until: Option<String>,
}

/// One event on its way to one subscriber.
#[derive(Debug, Serialize, ToSchema)]
struct DeliveryOut {
    #[schema(example = "0199d3c2-6c1e-7a52-b2f4-3b1f0f6f2a11")]
    id: String,
    /// The event, as its receiver knows it (`webhook-id`).
    event: String,
    subscription: String,
    #[schema(example = "comment")]
    r#type: String,
    account: Option<String>,
    #[schema(example = "instagram")]
    channel: String,
    /// `pending`, `delivered`, `dead` (given up) or `held` (the receiver wanted no more).
    #[schema(example = "delivered")]
    state: String,
    /// Attempts made.
    attempts: i32,
    created_at: String,
    /// When it is tried next.
    next_at: Option<String>,
    /// When it was delivered or given up.
    settled_at: Option<String>,
    /// What the receiver last answered.
    #[schema(example = 200)]
    last_status: Option<i64>,
    /// Why the last attempt failed.
    last_error: Option<String>,
}

/// One attempt.
#[derive(Debug, Serialize, ToSchema)]
struct AttemptOut {
    #[schema(example = 1)]
    number: i32,
    at: String,
    duration_ms: i64,
    #[schema(example = 503)]
    status: Option<i64>,
    #[schema(example = "answered 503")]
    error: Option<String>,
    /// `delivered`, `again` or `dead`.
    outcome: Option<String>,
}

/// A delivery with its log.
#[derive(Debug, Serialize, ToSchema)]
struct LoggedOut {
    #[serde(flatten)]
    delivery: DeliveryOut,
    log: Vec<AttemptOut>,
}

/// Deliveries, the newest first.
#[derive(Debug, Serialize, ToSchema)]
struct DeliveriesOut {
    data: Vec<DeliveryOut>,
    paging: Paging,
}

/// How many are on their way again.
#[derive(Debug, Serialize, ToSchema)]
struct ResentOut {
    #[schema(example = 12)]
    resent: u64,
    /// How many were left alone because their receiver is switched off, which only a key for all accounts switches on.
    #[serde(skip_serializing_if = "is_zero")]
    left: u64,
}

// `serde` hands the number over by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A receiver that wanted no more is switched on again for everybody, so by a key for all accounts alone.
fn may_switch_on(caller: &Caller) -> bool {
    *caller.reach() == Reach::All
}

fn receiver_off() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "receiver_off",
        "the receiver wanted no more and is switched off for all accounts; this key may use some of them only",
    )
    .next_step("Ask whoever has a key for all accounts to send one delivery anew: that switches it on.")
}

fn known_state(word: &str, (): &()) -> garde::Result {
    if STATES.contains(&word) {
        Ok(())
    } else {
        Err(garde::Error::new(
            "is none of: pending, delivered, dead, held",
        ))
    }
}

fn some_id(text: &str, (): &()) -> garde::Result {
    match text.parse::<Uuid>() {
        Ok(_) => Ok(()),
        Err(_) => Err(garde::Error::new("is no id of ours")),
    }
}

fn some_time(text: &str, (): &()) -> garde::Result {
    match text.parse::<jiff::Timestamp>() {
        Ok(_) => Ok(()),
        Err(_) => Err(garde::Error::new("is no time such as 2026-11-22T15:00:00Z")),
    }
}

/// Both were checked on their way in.
fn id(text: Option<&String>) -> Option<Uuid> {
    text?.parse().ok()
}

fn ms(text: Option<&String>) -> Option<i64> {
    let at: jiff::Timestamp = text?.parse().ok()?;
    Some(at.as_millisecond())
}

/// Deliveries, the newest first.
#[utoipa::path(
    get, path = "/v1/deliveries", tag = "deliveries", params(DeliveriesAsked),
    responses((status = 200, body = DeliveriesOut), Failures)
)]
async fn list(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Asked(asked): Asked<DeliveriesAsked>,
) -> Result<Json<DeliveriesOut>, ApiError> {
    caller.need(Scope::Read)?;
    let limit = asked.limit.unwrap_or(50);
    let filter = ForwardingFilter {
        accounts: seen_accounts(&caller, &gate, asked.account.as_deref()).await?,
        states: asked.state.into_iter().collect(),
        kind: asked.kind,
        event_id: id(asked.event.as_ref()),
        subscription_id: None,
        from_ms: ms(asked.since.as_ref()),
        to_ms: ms(asked.until.as_ref()),
        before: id(asked.after.as_ref()),
        limit,
    };
    let found = gate.store.forwardings(&filter).await?;
    let is_full = found.len() == limit as usize;
    let after = found.last().filter(|_| is_full);
    Ok(Json(DeliveriesOut {
        paging: Paging {
            after: after.map(|last| last.id.to_string()),
        },
        data: found.into_iter().map(out).collect(),
    }))
}

/// One delivery with its log.
#[utoipa::path(
    get, path = "/v1/deliveries/{delivery}", tag = "deliveries",
    params(("delivery" = String, Path, description = "The delivery's id")),
    responses((status = 200, body = LoggedOut), Failures)
)]
async fn one(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(delivery): Path<String>,
) -> Result<Json<LoggedOut>, ApiError> {
    caller.need(Scope::Read)?;
    let found = find(&gate, &caller, &delivery).await?;
    logged(&gate, found).await
}

/// Sends one delivery anew, at once and with new days of trying, whatever became of it before.
#[utoipa::path(
    post, path = "/v1/deliveries/{delivery}/resend", tag = "deliveries",
    params(
        ("delivery" = String, Path, description = "The delivery's id"),
        ("Idempotency-Key" = Option<String>, Header)
    ),
    responses((status = 200, body = LoggedOut), Failures)
)]
async fn resend_one(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(delivery): Path<String>,
) -> Result<Json<LoggedOut>, ApiError> {
    caller.need(Scope::Manage)?;
    let found = find(&gate, &caller, &delivery).await?;
    let resent = gate
        .store
        .resend_one(found.id, may_switch_on(&caller))
        .await?;
    if resent.left > 0 {
        return Err(receiver_off());
    }
    let found = find(&gate, &caller, &delivery).await?;
    logged(&gate, found).await
}

/// Sends many anew, in the order of their events. Without anything that narrows: all that are dead or held.
#[utoipa::path(
    post, path = "/v1/deliveries/resend", tag = "deliveries", request_body = ResendIn,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ResentOut), Failures)
)]
async fn resend_many(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    In(asked): In<ResendIn>,
) -> Result<Json<ResentOut>, ApiError> {
    caller.need(Scope::Manage)?;
    let lost = || vec!["dead".to_owned(), "held".to_owned()];
    let filter = ForwardingFilter {
        accounts: seen_accounts(&caller, &gate, asked.account.as_deref()).await?,
        states: asked.states.unwrap_or_else(lost),
        kind: asked.kind,
        event_id: id(asked.event.as_ref()),
        subscription_id: None,
        from_ms: ms(asked.since.as_ref()),
        to_ms: ms(asked.until.as_ref()),
        before: None,
        limit: 0,
    };
    let resent = gate.store.resend(filter, may_switch_on(&caller)).await?;
    if resent.sent == 0 && resent.left > 0 {
        return Err(receiver_off());
    }
    Ok(Json(ResentOut {
        resent: resent.sent,
        left: resent.left,
    }))
}

async fn find(gate: &Gate, caller: &Caller, delivery: &str) -> Result<Forwarding, ApiError> {
    let id: Uuid = delivery.parse().map_err(|_| ApiError::not_found())?;
    let found = gate.store.forwarding(id).await?;
    let found = found.filter(|found| sees(caller, &found.account));
    found.ok_or_else(ApiError::not_found)
}

async fn logged(gate: &Gate, delivery: Forwarding) -> Result<Json<LoggedOut>, ApiError> {
    let log = gate.store.forward_attempts(delivery.id).await?;
    Ok(Json(LoggedOut {
        delivery: out(delivery),
        log: log.into_iter().map(attempt).collect(),
    }))
}

fn attempt(line: ForwardAttempt) -> AttemptOut {
    AttemptOut {
        number: line.number,
        at: moment(line.at_ms),
        duration_ms: line.duration_ms,
        status: line.status,
        error: line.error,
        outcome: line.outcome,
    }
}

fn out(row: Forwarding) -> DeliveryOut {
    DeliveryOut {
        id: row.id.to_string(),
        event: row.event_id.to_string(),
        subscription: row.subscription_id.to_string(),
        r#type: row.kind,
        account: Some(row.account).filter(|account| !account.is_empty()),
        channel: row.channel,
        state: row.state,
        attempts: row.attempts,
        created_at: moment(row.created_at_ms),
        next_at: row.next_at_ms.map(moment),
        settled_at: row.settled_at_ms.map(moment),
        last_status: row.last_status,
        last_error: row.last_error,
    }
}
