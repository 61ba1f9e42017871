//! `/v1/events`: what was accepted, to read again: after an outage of one's own, or by who would rather ask than be
//! told.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use store::{FeedItem, FeedQuery};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    api::{ApiError, Asked, Caller, Failures, Gate, Paging, Scope, seen_accounts, sees},
    forward::shape::{self, EventOut},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
}

/// Which events.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct EventsAsked {
    /// After this cursor; left out: from the oldest that is kept.
    #[garde(range(min = 0))]
    #[param(example = 42)]
    after: Option<i64>,
    /// 1 to 500; 100 when left out.
    #[garde(range(min = 1, max = 500))]
    #[param(example = 100)]
    limit: Option<u32>,
    /// Only these kinds, with commas between them.
    #[garde(length(min = 1, max = 500))]
    #[param(example = "comment,message")]
    kind: Option<String>,
    /// Only of this account, by either of its ids.
    #[garde(length(min = 1, max = 64))]
    #[param(example = "17841400000000001")]
    account: Option<String>,
}

/// An event in a list.
#[derive(Debug, Serialize, ToSchema)]
struct ListedOut {
    /// Where to go on after this one; also the stream's `id`.
    #[schema(example = "43")]
    cursor: String,
    #[serde(flatten)]
    event: EventOut,
}

/// Events, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct EventsOut {
    data: Vec<ListedOut>,
    paging: Paging,
}

/// Events in the order in which they were stored. Whoever goes on after the last cursor misses none and sees none
/// twice. A cursor ahead of everything there is belongs to a database that was put back from a backup since: 409.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", params(EventsAsked),
    responses((status = 200, body = EventsOut), Failures)
)]
async fn list(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Asked(asked): Asked<EventsAsked>,
) -> Result<Json<EventsOut>, ApiError> {
    caller.need(Scope::Read)?;
    let accounts = seen_accounts(&caller, &gate, asked.account.as_deref()).await?;
    let after = asked.after.unwrap_or(0);
    let page = gate
        .store
        .feed(&FeedQuery {
            after,
            accounts,
            kinds: asked.kind.as_deref().map(words),
            only_events: true,
            limit: asked.limit.unwrap_or(100),
        })
        .await?;
    if after > page.head {
        return Err(ahead(page.head));
    }
    let data = page
        .entries
        .iter()
        .filter_map(|entry| match &entry.item {
            FeedItem::Event(event) => Some(ListedOut {
                cursor: entry.seq.to_string(),
                event: shape::event(event),
            }),
            FeedItem::Job { .. } => None,
        })
        .collect();
    Ok(Json(EventsOut {
        data,
        paging: Paging {
            after: page.more.then(|| page.next.to_string()),
        },
    }))
}

fn ahead(head: i64) -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "cursor_ahead",
        format!("the newest that was stored has the cursor {head}: this one is of before the database was put back"),
    )
    .next_step("Begin with after=0, or with a cursor of before the backup, and leave out the ids that you know.")
}

/// One event.
#[utoipa::path(
    get, path = "/v1/events/{event}", tag = "events",
    params(("event" = String, Path, description = "The event's id")),
    responses((status = 200, body = EventOut), Failures)
)]
async fn one(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(event): Path<String>,
) -> Result<Json<EventOut>, ApiError> {
    caller.need(Scope::Read)?;
    let id: Uuid = event.parse().map_err(|_| ApiError::not_found())?;
    let event = gate.store.event(id).await?;
    let event = event.filter(|event| sees(&caller, &event.account));
    let event = event.ok_or_else(ApiError::not_found)?;
    Ok(Json(shape::event(&event)))
}

fn words(list: &str) -> Vec<String> {
    list.split(',')
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}
