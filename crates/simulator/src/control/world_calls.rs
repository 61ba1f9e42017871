//! Faults, clock, call log, limits, reset.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refused};
use crate::calls::CallFilter;
use crate::fault::RuleIn;
use crate::world::Shared;
use crate::world::budget::Which;

pub(super) async fn faults(State(world): State<Shared>) -> Json<Value> {
    Json(json!({"faults": world.faults().list()}))
}

pub(super) async fn add_fault(
    State(world): State<Shared>,
    Json(rule): Json<RuleIn>,
) -> Json<Value> {
    Json(json!({"id": world.faults().add(rule)}))
}

pub(super) async fn clear_faults(State(world): State<Shared>) -> Json<Value> {
    world.faults().clear();
    Json(json!({"faults": []}))
}

pub(super) async fn remove_fault(State(world): State<Shared>, Path(id): Path<String>) -> Answer {
    if world.faults().remove(&id) {
        Ok(Json(json!({"removed": id})))
    } else {
        Err(Refused::missing(format!(
            "there is no fault {id}; GET /_sim/faults lists them"
        )))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockIn {
    advance_ms: Option<i64>,
    to: Option<i64>,
}

pub(super) async fn clock(State(world): State<Shared>) -> Json<Value> {
    Json(json!({"now_ms": world.clock().now_ms()}))
}

pub(super) async fn move_clock(State(world): State<Shared>, Json(input): Json<ClockIn>) -> Answer {
    match (input.advance_ms, input.to) {
        (Some(by_ms), None) if by_ms >= 0 => world.clock().advance(by_ms),
        (None, Some(to_ms)) => {
            if !world.clock().set(to_ms) {
                return Err(Refused::bad(
                    "the clock does not go back; POST /_sim/reset starts anew",
                ));
            }
        }
        _ => {
            return Err(Refused::bad(
                "give advance_ms (0 or more) or to (epoch milliseconds)",
            ));
        }
    }
    Ok(clock(State(world)).await)
}

pub(super) async fn calls(
    State(world): State<Shared>,
    Query(filter): Query<CallFilter>,
) -> Json<Value> {
    Json(world.calls().read(&filter))
}

pub(super) async fn forget_calls(State(world): State<Shared>) -> Json<Value> {
    world.calls().clear();
    Json(json!({"calls": []}))
}

pub(super) async fn limits(State(world): State<Shared>) -> Json<Value> {
    Json(json!(world.lock().limits))
}

/// Changes the limits that are named and leaves the others.
pub(super) async fn set_limits(State(world): State<Shared>, Json(input): Json<Value>) -> Answer {
    let mut state = world.lock();
    let mut limits = json!(state.limits);
    if let (Some(limits), Value::Object(input)) = (limits.as_object_mut(), input) {
        limits.extend(input);
    }
    state.limits =
        serde_json::from_value(limits.clone()).map_err(|error| Refused::bad(error.to_string()))?;
    Ok(Json(limits))
}

/// How full every budget is, until when it is closed, how many calls it refused.
pub(super) async fn usage(State(world): State<Shared>) -> Json<Value> {
    Json(world.budgets())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseIn {
    budget: Which,
    minutes: i64,
    /// Of `account`, `page` and `messenger`; absent: the first account.
    account: Option<String>,
}

/// Closes a budget as if it were used up.
pub(super) async fn close_budget(
    State(world): State<Shared>,
    Json(input): Json<CloseIn>,
) -> Answer {
    let until_ms = world.clock().now_ms() + input.minutes.max(0) * 60_000;
    let account = input
        .account
        .unwrap_or_else(|| world.options().account_id.clone());
    let found = world.lock().close_budget(input.budget, &account, until_ms);
    if !found {
        return Err(Refused::missing(format!("there is no account {account}")));
    }
    Ok(usage(State(world)).await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelIn {
    budget: Which,
    /// 0: what was really counted.
    percent: u32,
    /// Of `account`, `page` and `messenger`; absent: the first account.
    account: Option<String>,
}

/// Lets the usage headers say that a budget is so full, until told otherwise. Nothing is refused for it.
pub(super) async fn level_budget(
    State(world): State<Shared>,
    Json(input): Json<LevelIn>,
) -> Answer {
    let account = input
        .account
        .unwrap_or_else(|| world.options().account_id.clone());
    let found = world
        .lock()
        .level_budget(input.budget, &account, input.percent);
    if !found {
        return Err(Refused::missing(format!("there is no account {account}")));
    }
    Ok(usage(State(world)).await)
}

pub(super) async fn reset(State(world): State<Shared>) -> Json<Value> {
    world.reset().await;
    Json(json!({"reset": true}))
}
