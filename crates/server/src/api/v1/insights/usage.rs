//! `GET /v1/accounts/{account}/usage`: calls to Meta made and saved, and whether Meta's door is open.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use graph_api::budget::{Bucket, Urgency};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::api::{ApiError, Caller, Failures, Gate, Scope, rfc3339};

/// Days shown.
const DAYS: u32 = 30;

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new().routes(routes!(usage))
}

/// What the account's reads cost and saved.
#[derive(Debug, Serialize, ToSchema)]
struct UsageOut {
    /// Newest first.
    days: Vec<UsageDay>,
    /// For calls that somebody waits for.
    interactive: DoorOut,
    /// For calls that can wait: they stay away earlier.
    background: DoorOut,
}

/// A day (UTC).
#[derive(Debug, Serialize, ToSchema)]
struct UsageDay {
    #[schema(example = "2026-11-22")]
    day: String,
    /// Reads that Meta was asked for.
    #[schema(example = 12)]
    calls_made: i64,
    /// Reads that were answered from what was kept.
    #[schema(example = 340)]
    calls_saved: i64,
}

/// Whether calls may be made now.
#[derive(Debug, Serialize, ToSchema)]
struct DoorOut {
    open: bool,
    /// When it opens again.
    #[schema(example = "2026-11-22T16:00:00Z")]
    opens_at: Option<String>,
}

/// Calls to Meta made and saved, by the day.
#[utoipa::path(get, path = "/v1/accounts/{account}/usage", tag = "accounts",
    params(("account" = String, Path, example = "17841400000000001")),
    responses((status = 200, body = UsageOut), Failures))]
async fn usage(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<UsageOut>, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&id)).await?;
    let now_ms = gate.clock.now_ms();
    gate.gateway.tally.write(&gate.store, now_ms, true).await;
    let counts = gate.store.call_counts(account.id.as_str(), DAYS).await?;
    let door = |urgency| {
        let opens_ms = gate.budget.opens_ms(&account.id, Bucket::Other, urgency);
        let closed = opens_ms > now_ms;
        DoorOut {
            open: !closed,
            opens_at: closed.then(|| rfc3339(opens_ms)),
        }
    };
    Ok(Json(UsageOut {
        days: counts
            .into_iter()
            .map(|count| UsageDay {
                day: count.day,
                calls_made: count.made,
                calls_saved: count.saved,
            })
            .collect(),
        interactive: door(Urgency::Now),
        background: door(Urgency::CanWait),
    }))
}
