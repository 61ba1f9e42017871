//! `/v1/accounts/{account}/discovery` and `/hashtags`: accounts and posts of others, as Meta shows them to programs.

mod business;
mod hashtags;

use std::sync::Arc;

use axum::http::StatusCode;
use graph_api::{client::Login, endpoint::discovery::Seen};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::api::{Account, ApiError, Gate};

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(business::business))
        .routes(routes!(hashtags::search))
        .routes(routes!(hashtags::used))
        .routes(routes!(hashtags::recent))
        .routes(routes!(hashtags::top))
}

/// graph.instagram.com has none of it.
fn facebook_login(account: &Account) -> Result<(), ApiError> {
    if account.credentials.login != Login::Instagram {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::CONFLICT,
        "facebook_login_only",
        "Meta shows other accounts and hashtags only to accounts that are connected by Facebook Login",
    )
    .next_step("Connect the account by Facebook Login.")
    .about("account"))
}

/// A post of somebody else's.
#[derive(Debug, Serialize, ToSchema)]
struct SeenOut {
    #[schema(example = "17900000000000111")]
    id: String,
    caption: Option<String>,
    /// `IMAGE`, `VIDEO`, `CAROUSEL_ALBUM`.
    media_type: Option<String>,
    media_product_type: Option<String>,
    permalink: Option<String>,
    /// Where its file is, for a while.
    media_url: Option<String>,
    timestamp: Option<String>,
    like_count: Option<i64>,
    comments_count: Option<i64>,
    view_count: Option<i64>,
}

impl From<Seen> for SeenOut {
    fn from(post: Seen) -> Self {
        Self {
            id: post.id.into_string(),
            caption: post.caption,
            media_type: post.media_type,
            media_product_type: post.media_product_type,
            permalink: post.permalink,
            media_url: post.media_url,
            timestamp: post.timestamp,
            like_count: post.like_count,
            comments_count: post.comments_count,
            view_count: post.view_count,
        }
    }
}
