//! `GET /v1/accounts/{account}/media`, `/stories` and `/tags`: pages of media, with numbers in the same call to Meta.

use std::sync::Arc;

use axum::extract::{Path, State};
use garde::Validate;
use graph_api::endpoint::{
    Page,
    media::{Child, Edge, Media},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::numbers::NumbersOut;
use crate::{
    api::{ApiError, Asked, Caller, Failures, Gate, Paging, Provenance, Scope, cursor, moment},
    gateway::{self, Ask, Got, Listing, Served, Wishes},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(media))
        .routes(routes!(stories))
        .routes(routes!(tags))
}

/// Which page.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
struct PageIn {
    /// How many.
    #[serde(default = "default_limit")]
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 25)]
    limit: u32,
    /// The page behind this cursor, from `paging.after`.
    #[garde(custom(a_cursor))]
    after: Option<String>,
    /// With their numbers: fifty posts with numbers cost one call to Meta.
    #[serde(default)]
    #[param(default = false)]
    insights: bool,
    /// Published at this moment or later: a day (UTC) or a time (RFC 3339).
    #[garde(custom(a_moment))]
    #[param(example = "2026-01-01")]
    since: Option<String>,
    /// Published at this moment or earlier.
    #[garde(custom(a_moment))]
    #[param(example = "2026-01-31T12:00:00Z")]
    until: Option<String>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::ref_option,
    reason = "garde hands its validators references, whatever they check"
)]
fn a_cursor(text: &Option<String>, (): &()) -> garde::Result {
    let text = text.as_deref().filter(|text| !text.is_empty());
    told(text.map(cursor::unwrap).transpose())
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::ref_option,
    reason = "garde hands its validators references, whatever they check"
)]
fn a_moment(text: &Option<String>, (): &()) -> garde::Result {
    told(moment("", text.as_deref()))
}

/// The same reading as later, so that everything that is wrong is told at once.
fn told<T>(read: Result<T, ApiError>) -> garde::Result {
    match read {
        Ok(_) => Ok(()),
        Err(error) => Err(garde::Error::new(error.problem())),
    }
}

fn default_limit() -> u32 {
    25
}

/// A page.
#[derive(Debug, Serialize, ToSchema)]
struct MediaPage {
    data: Vec<MediaOut>,
    paging: Paging,
    source: Provenance,
}

/// A post, reel or story. What Meta leaves out is null.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MediaOut {
    #[schema(example = "17895695668004550")]
    id: String,
    caption: Option<String>,
    /// `IMAGE`, `VIDEO` or `CAROUSEL_ALBUM`.
    media_type: Option<String>,
    /// `FEED`, `REELS`, `STORY` or `AD`.
    media_product_type: Option<String>,
    media_url: Option<String>,
    thumbnail_url: Option<String>,
    permalink: Option<String>,
    shortcode: Option<String>,
    timestamp: Option<String>,
    username: Option<String>,
    /// None where likes are hidden.
    like_count: Option<i64>,
    comments_count: Option<i64>,
    is_comment_enabled: Option<bool>,
    is_shared_to_feed: Option<bool>,
    alt_text: Option<String>,
    children: Vec<ChildOut>,
    /// Only where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    insights: Option<NumbersOut>,
}

/// A picture or video in an album.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChildOut {
    #[schema(example = "17895695668004551")]
    id: String,
    media_type: Option<String>,
    media_url: Option<String>,
    thumbnail_url: Option<String>,
}

impl From<Child> for ChildOut {
    fn from(child: Child) -> Self {
        Self {
            id: child.id.into_string(),
            media_type: child.media_type,
            media_url: child.media_url,
            thumbnail_url: child.thumbnail_url,
        }
    }
}

impl MediaOut {
    pub(super) fn new(media: Media, insights: Option<NumbersOut>) -> Self {
        Self {
            id: media.id.into_string(),
            caption: media.caption,
            media_type: media.media_type,
            media_product_type: media.media_product_type,
            media_url: media.media_url,
            thumbnail_url: media.thumbnail_url,
            permalink: media.permalink,
            shortcode: media.shortcode,
            timestamp: media.timestamp,
            username: media.username,
            like_count: media.like_count,
            comments_count: media.comments_count,
            is_comment_enabled: media.is_comment_enabled,
            is_shared_to_feed: media.is_shared_to_feed,
            alt_text: media.alt_text,
            children: media.children.into_iter().map(ChildOut::from).collect(),
            insights,
        }
    }
}

/// Posts and reels, newest first.
#[utoipa::path(get, path = "/v1/accounts/{account}/media", tag = "media",
    params(("account" = String, Path, example = "17841400000000001"), PageIn),
    responses((status = 200, body = MediaPage), (status = 304, description = "As you have it."), Failures))]
async fn media(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    Asked(page): Asked<PageIn>,
    wishes: Wishes,
    caller: Caller,
) -> Result<Served, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&id)).await?;
    let ask = wishes.ask(&gate, &account);
    answer(ask, Edge::Media, &page, &wishes).await
}

/// Stories of the last 24 hours.
#[utoipa::path(get, path = "/v1/accounts/{account}/stories", tag = "media",
    params(("account" = String, Path, example = "17841400000000001"), PageIn),
    responses((status = 200, body = MediaPage), (status = 304, description = "As you have it."), Failures))]
async fn stories(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    Asked(page): Asked<PageIn>,
    wishes: Wishes,
    caller: Caller,
) -> Result<Served, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&id)).await?;
    let ask = wishes.ask(&gate, &account);
    answer(ask, Edge::Stories, &page, &wishes).await
}

/// Media of others in which the account is tagged. They have no numbers.
#[utoipa::path(get, path = "/v1/accounts/{account}/tags", tag = "media",
    params(("account" = String, Path, example = "17841400000000001"), PageIn),
    responses((status = 200, body = MediaPage), (status = 304, description = "As you have it."), Failures))]
async fn tags(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    Asked(page): Asked<PageIn>,
    wishes: Wishes,
    caller: Caller,
) -> Result<Served, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&id)).await?;
    let ask = wishes.ask(&gate, &account);
    answer(ask, Edge::Tags, &page, &wishes).await
}

async fn answer(
    ask: Ask<'_>,
    edge: Edge,
    page: &PageIn,
    wishes: &Wishes,
) -> Result<Served, ApiError> {
    let after = page.after.as_deref().filter(|after| !after.is_empty());
    let listing = Listing {
        edge,
        limit: page.limit,
        after: after.map(cursor::unwrap).transpose()?,
        since_s: moment("since", page.since.as_deref())?,
        until_s: moment("until", page.until.as_deref())?,
        children: true,
    };
    let mut got = gateway::list(ask, &listing).await?;
    let mut numbers = Vec::new();
    if page.insights && edge != Edge::Tags {
        for found in gateway::many(ask, &got.body.data).await {
            got.calls += found.calls;
            got.source = got.source.and(found.source);
            numbers.push(found);
        }
    }
    let source = Provenance::of(ask.gate, got.fetched_at_ms);
    let shaped = got.map(|found| shape(ask.gate, found, &numbers, source));
    Ok(Served::new(shaped, wishes))
}

fn shape(
    gate: &Gate,
    found: Page<Media>,
    numbers: &[Got<gateway::Numbers>],
    source: Provenance,
) -> MediaPage {
    let mut numbers = numbers.iter();
    let data = found
        .data
        .into_iter()
        .map(|media| {
            let own = numbers.next();
            let own = own.map(|got| NumbersOut::of(gate, &got.body, got.fetched_at_ms));
            MediaOut::new(media, own)
        })
        .collect();
    MediaPage {
        data,
        paging: Paging {
            after: found.after.as_deref().map(cursor::wrap),
        },
        source,
    }
}
