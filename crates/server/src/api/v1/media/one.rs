//! `GET /v1/accounts/{account}/media/{id}`, its `/children` and its `/insights`.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    list::{ChildOut, MediaOut},
    numbers::NumbersOut,
};
use crate::{
    api::{ApiError, Caller, Failures, Gate, Provenance, Scope, meta_id},
    gateway::{self, Served, Wishes},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(one))
        .routes(routes!(children))
        .routes(routes!(insights))
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
struct OneMedia {
    media: MediaOut,
    source: Provenance,
}

/// What an album holds.
#[derive(Debug, Serialize, ToSchema)]
struct Children {
    data: Vec<ChildOut>,
    source: Provenance,
}

/// One post, reel, story, or picture of an album.
#[utoipa::path(get, path = "/v1/accounts/{account}/media/{media}", tag = "media",
    params(("account" = String, Path, example = "17841400000000001"),
        ("media" = String, Path, example = "17895695668004550")),
    responses((status = 200, body = OneMedia), (status = 304, description = "As you have it."), Failures))]
async fn one(
    State(gate): State<Arc<Gate>>,
    Path((id, media)): Path<(String, String)>,
    wishes: Wishes,
    caller: Caller,
) -> Result<Served, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&id)).await?;
    let got = gateway::node(wishes.ask(&gate, &account), &meta_id("media", media)?).await?;
    let source = Provenance::of(&gate, got.fetched_at_ms);
    let answer = got.map(|media| OneMedia {
        media: MediaOut::new(media, None),
        source,
    });
    Ok(Served::new(answer, &wishes))
}

/// What an album holds. Children have no numbers of their own.
#[utoipa::path(get, path = "/v1/accounts/{account}/media/{media}/children", tag = "media",
    params(("account" = String, Path, example = "17841400000000001"),
        ("media" = String, Path, example = "17895695668004550")),
    responses((status = 200, body = Children), (status = 304, description = "As you have it."), Failures))]
async fn children(
    State(gate): State<Arc<Gate>>,
    Path((id, media)): Path<(String, String)>,
    wishes: Wishes,
    caller: Caller,
) -> Result<Served, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&id)).await?;
    let got = gateway::children(wishes.ask(&gate, &account), &meta_id("media", media)?).await?;
    let source = Provenance::of(&gate, got.fetched_at_ms);
    let answer = got.map(|children| Children {
        data: children.into_iter().map(ChildOut::from).collect(),
        source,
    });
    Ok(Served::new(answer, &wishes))
}

/// Its numbers. What Meta does not give is null, with the reason.
#[utoipa::path(get, path = "/v1/accounts/{account}/media/{media}/insights", tag = "insights",
    params(("account" = String, Path, example = "17841400000000001"),
        ("media" = String, Path, example = "17895695668004550")),
    responses((status = 200, body = NumbersOut), (status = 304, description = "As you have it."), Failures))]
async fn insights(
    State(gate): State<Arc<Gate>>,
    Path((id, media)): Path<(String, String)>,
    wishes: Wishes,
    caller: Caller,
) -> Result<Served, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&id)).await?;
    let got = Box::pin(gateway::numbers(
        wishes.ask(&gate, &account),
        &meta_id("media", media)?,
    ))
    .await?;
    let fetched_at_ms = got.fetched_at_ms;
    let answer = got.map(|numbers| NumbersOut::of(&gate, &numbers, fetched_at_ms));
    Ok(Served::new(answer, &wishes))
}
