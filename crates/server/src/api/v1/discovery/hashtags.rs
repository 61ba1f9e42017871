//! Hashtags: looked up (thirty different ones in seven days), and the posts under them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use graph_api::{
    budget::Bucket,
    endpoint::discovery::{HashtagEdge, HashtagMedia, HashtagName, HashtagSearch, RecentHashtags},
    limits::HASHTAGS_PER_WEEK,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{SeenOut, facebook_login};
use crate::api::{Account, ApiError, Asked, Caller, Failures, Gate, Paging, Scope, ask};

async fn account_of(gate: &Gate, caller: &Caller, account: &str) -> Result<Account, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(gate, Some(account)).await?;
    facebook_login(&account)?;
    Ok(account)
}

/// Which hashtag.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
pub(super) struct SearchAsked {
    /// The hashtag, with or without its #.
    #[garde(length(min = 1, max = 400))]
    #[param(example = "coffee")]
    q: String,
}

/// A hashtag.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HashtagOut {
    #[schema(example = "17841593698074073")]
    id: String,
    #[schema(example = "coffee")]
    name: Option<String>,
}

/// A hashtag's id. Each account has thirty different ones in seven days; the same one again is free.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/hashtags/search", tag = "discovery",
    params(("account" = String, Path), SearchAsked),
    responses((status = 200, body = HashtagOut), Failures)
)]
pub(super) async fn search(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
    Asked(asked): Asked<SearchAsked>,
) -> Result<Json<HashtagOut>, ApiError> {
    let name = HashtagName::new(&asked.q)
        .ok_or_else(|| ApiError::invalid_at("q", "must be one hashtag of letters and digits"))?;
    let account = account_of(&gate, &caller, &account).await?;
    let word = name.as_str().to_owned();
    let found = ask(&gate, &account, Bucket::Other, &HashtagSearch { name }).await?;
    Ok(Json(HashtagOut {
        id: found.into_string(),
        name: Some(word),
    }))
}

/// The hashtags of the last seven days.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UsedOut {
    data: Vec<HashtagOut>,
    /// How many more different ones may be looked up.
    #[schema(example = 27)]
    left: usize,
}

/// The hashtags that were looked up in the last seven days.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/hashtags", tag = "discovery",
    params(("account" = String, Path)),
    responses((status = 200, body = UsedOut), Failures)
)]
pub(super) async fn used(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
) -> Result<Json<UsedOut>, ApiError> {
    let account = account_of(&gate, &caller, &account).await?;
    let found = ask(&gate, &account, Bucket::Other, &RecentHashtags).await?;
    let data: Vec<HashtagOut> = found
        .data
        .into_iter()
        .map(|(id, name)| HashtagOut {
            id: id.into_string(),
            name,
        })
        .collect();
    Ok(Json(UsedOut {
        left: HASHTAGS_PER_WEEK.saturating_sub(data.len()),
        data,
    }))
}

/// Which part of a list.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
pub(super) struct HashtagPage {
    /// How many at most.
    #[garde(range(min = 1, max = 50))]
    #[serde(default = "twenty_five")]
    #[param(default = 25, minimum = 1, maximum = 50)]
    limit: u32,
    /// The cursor that the page before answered.
    #[garde(length(max = 512))]
    after: Option<String>,
}

fn twenty_five() -> u32 {
    25
}

/// Posts under a hashtag.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HashtagPostsOut {
    data: Vec<SeenOut>,
    paging: Paging,
}

async fn posts(
    gate: &Gate,
    account: &Account,
    call: HashtagMedia,
) -> Result<Json<HashtagPostsOut>, ApiError> {
    let is_id = call.hashtag.as_str().bytes().all(|c| c.is_ascii_digit());
    if !is_id {
        return Err(ApiError::invalid_at(
            "hashtag",
            "is no id; look it up first",
        ));
    }
    let found = ask(gate, account, Bucket::Other, &call).await?;
    Ok(Json(HashtagPostsOut {
        data: found.data.into_iter().map(Into::into).collect(),
        paging: Paging { after: found.after },
    }))
}

/// Posts of the last 24 hours under a hashtag, without their writers.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/hashtags/{hashtag}/recent", tag = "discovery",
    params(("account" = String, Path), ("hashtag" = String, Path), HashtagPage),
    responses((status = 200, body = HashtagPostsOut), Failures)
)]
pub(super) async fn recent(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, hashtag)): Path<(String, String)>,
    Asked(page): Asked<HashtagPage>,
) -> Result<Json<HashtagPostsOut>, ApiError> {
    let account = account_of(&gate, &caller, &account).await?;
    let call = HashtagMedia {
        hashtag: hashtag.into(),
        edge: HashtagEdge::Recent,
        limit: page.limit,
        after: page.after,
    };
    posts(&gate, &account, call).await
}

/// The most popular posts under a hashtag, without their writers.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/hashtags/{hashtag}/top", tag = "discovery",
    params(("account" = String, Path), ("hashtag" = String, Path), HashtagPage),
    responses((status = 200, body = HashtagPostsOut), Failures)
)]
pub(super) async fn top(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, hashtag)): Path<(String, String)>,
    Asked(page): Asked<HashtagPage>,
) -> Result<Json<HashtagPostsOut>, ApiError> {
    let account = account_of(&gate, &caller, &account).await?;
    let call = HashtagMedia {
        hashtag: hashtag.into(),
        edge: HashtagEdge::Top,
        limit: page.limit,
        after: page.after,
    };
    posts(&gate, &account, call).await
}
