//! Another professional account.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use graph_api::{
    budget::Bucket,
    endpoint::discovery::{BusinessDiscovery, Username},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{SeenOut, facebook_login};
use crate::api::{ApiError, Asked, Caller, Failures, Gate, Paging, Scope, ask};

/// Posts of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PostsOut {
    data: Vec<SeenOut>,
    paging: Paging,
}

/// Another account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DiscoveredOut {
    id: String,
    #[schema(example = "somebody")]
    username: String,
    name: Option<String>,
    biography: Option<String>,
    website: Option<String>,
    profile_picture_url: Option<String>,
    followers_count: Option<i64>,
    follows_count: Option<i64>,
    media_count: Option<i64>,
    media: PostsOut,
}

/// How many of its posts.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
pub(super) struct DiscoveryAsked {
    /// How many posts at most.
    #[garde(range(min = 1, max = 50))]
    #[serde(default = "twelve")]
    #[param(default = 12, minimum = 1, maximum = 50)]
    limit: u32,
    /// The cursor that the page before answered.
    #[garde(length(max = 512))]
    after: Option<String>,
}

fn twelve() -> u32 {
    12
}

/// Another professional account and its newest posts.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/discovery/{username}", tag = "discovery",
    params(("account" = String, Path), ("username" = String, Path), DiscoveryAsked),
    responses((status = 200, body = DiscoveredOut), Failures)
)]
pub(super) async fn business(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, username)): Path<(String, String)>,
    Asked(asked): Asked<DiscoveryAsked>,
) -> Result<Json<DiscoveredOut>, ApiError> {
    caller.need(Scope::Read)?;
    let username = Username::new(&username)
        .ok_or_else(|| ApiError::invalid_at("username", "is no name that Instagram gives"))?;
    let account = caller.account(&gate, Some(&account)).await?;
    facebook_login(&account)?;
    let call = BusinessDiscovery {
        username,
        limit: asked.limit,
        after: asked.after,
    };
    let found = ask(&gate, &account, Bucket::Other, &call).await?;
    Ok(Json(DiscoveredOut {
        id: found.id,
        username: found.username,
        name: found.name,
        biography: found.biography,
        website: found.website,
        profile_picture_url: found.profile_picture_url,
        followers_count: found.followers_count,
        follows_count: found.follows_count,
        media_count: found.media_count,
        media: PostsOut {
            data: found.media.data.into_iter().map(Into::into).collect(),
            paging: Paging {
                after: found.media.after,
            },
        },
    }))
}
