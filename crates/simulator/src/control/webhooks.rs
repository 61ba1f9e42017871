//! Where webhooks go, and in which order, how often and how they are signed.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Answer, Refused};
use crate::webhook::encode::{Spelling, encode};
use crate::webhook::{self, BatchPlan, Order, Sign};
use crate::world::Shared;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListIn {
    bodies: bool,
}

pub(super) async fn list(State(world): State<Shared>, Query(input): Query<ListIn>) -> Json<Value> {
    Json(world.webhooks().show(input.bodies))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetIn {
    url: String,
    /// `false` takes the address without the handshake.
    #[serde(default = "yes")]
    verify: bool,
}

fn yes() -> bool {
    true
}

pub(super) async fn target(State(world): State<Shared>, Json(input): Json<TargetIn>) -> Answer {
    let url = Url::parse(&input.url).map_err(|error| Refused::bad(format!("url: {error}")))?;
    if input.verify {
        webhook::set_target(&world, url)
            .await
            .map_err(|error| Refused::bad(error.to_string()))?;
    } else {
        webhook::open(&world, url);
    }
    Ok(Json(json!({"target": input.url, "verified": true})))
}

pub(super) async fn close(State(world): State<Shared>) -> Json<Value> {
    world.webhooks().close();
    Json(json!({"target": null}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIn {
    /// Text is sent as it is; anything else is spelled as Meta would.
    body: Value,
    #[serde(default)]
    sign: Sign,
    /// With spaces, as comment events are spelled.
    #[serde(default)]
    spaced: bool,
}

pub(super) async fn raw(State(world): State<Shared>, Json(input): Json<RawIn>) -> Answer {
    let body = match input.body {
        Value::String(text) => text,
        value => encode(
            &value,
            if input.spaced {
                Spelling::Spaced
            } else {
                Spelling::Compact
            },
        ),
    };
    let (status, answer) = webhook::attempt_raw(&world, Bytes::from(body), input.sign)
        .await
        .map_err(Refused::bad)?;
    Ok(Json(
        json!({"status": status, "answer": String::from_utf8_lossy(&answer)}),
    ))
}

pub(super) async fn hold(State(world): State<Shared>) -> Json<Value> {
    world.webhooks().hold();
    Json(json!({"holding": true, "held": world.webhooks().held()}))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ReleaseIn {
    /// `as_is`, `reverse`, `shuffle`, or positions in the held list.
    order: Value,
    seed: u64,
    /// Events in one body.
    batch: Option<usize>,
}

pub(super) async fn release(State(world): State<Shared>, input: Option<Json<ReleaseIn>>) -> Answer {
    let Json(input) = input.unwrap_or_default();
    let order = order(&input.order, input.seed)?;
    let deliveries = webhook::release(&world, &order, input.batch.unwrap_or(1));
    let ids: Vec<&str> = deliveries.iter().map(|delivery| delivery.id()).collect();
    Ok(Json(json!({"deliveries": ids})))
}

/// The order that a test names.
pub(crate) fn order(named: &Value, seed: u64) -> Result<Order, Refused> {
    let wrong = || Refused::bad("order is as_is, reverse, shuffle or a list of positions");
    match named {
        Value::Null => Ok(Order::AsIs),
        Value::String(word) => match word.as_str() {
            "as_is" => Ok(Order::AsIs),
            "reverse" => Ok(Order::Reverse),
            "shuffle" => Ok(Order::Shuffle(seed)),
            _ => Err(wrong()),
        },
        positions => serde_json::from_value(positions.clone())
            .map(Order::Given)
            .map_err(|_| wrong()),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RedeliverIn {
    /// Absent: the newest.
    id: Option<String>,
    times: Option<u32>,
}

/// The same bytes and the same signature again.
pub(super) async fn redeliver(
    State(world): State<Shared>,
    input: Option<Json<RedeliverIn>>,
) -> Answer {
    let Json(input) = input.unwrap_or_default();
    let delivery = world.webhooks().find(input.id.as_deref()).ok_or_else(|| {
        Refused::missing("there is no such delivery; GET /_sim/webhooks lists them")
    })?;
    let times = input.times.unwrap_or(1);
    for _ in 0..times {
        webhook::queue(&world, "redelivered", std::sync::Arc::clone(&delivery));
    }
    Ok(Json(json!({"id": delivery.id(), "times": times})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct BatchIn {
    /// Events in one body; 0 or 1 sends each alone.
    size: usize,
    /// How long an incomplete batch waits.
    ms: Option<u64>,
}

pub(super) async fn batch(State(world): State<Shared>, Json(input): Json<BatchIn>) -> Json<Value> {
    let plan = BatchPlan {
        size: input.size,
        ms: input.ms.unwrap_or(100),
    };
    world.webhooks().batch((input.size > 1).then_some(plan));
    Json(json!({"size": input.size, "ms": plan.ms}))
}
