//! What may still be published, and taking a post away.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use graph_api::{
    budget::Bucket,
    client::Login,
    endpoint::{
        media::GetMedia,
        publish::{DeleteMedia, PublishingLimit},
    },
    id::MediaId,
    oauth::OwnAccount,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{Account, ApiError, Caller, Failures, Gate, Scope, ask, meta_id, remove};

/// What may still be published.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LimitOut {
    /// Published within the period.
    #[schema(example = 3)]
    used: i64,
    /// What may be published within it, where Meta says so.
    #[schema(example = 100)]
    total: Option<i64>,
    /// The period, in seconds.
    #[schema(example = 86400)]
    period_seconds: Option<i64>,
}

/// What may still be published.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/publishing-limit", tag = "publications",
    params(("account" = String, Path)),
    responses((status = 200, body = LimitOut), Failures)
)]
pub(super) async fn limit(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
) -> Result<Json<LimitOut>, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let found = ask(&gate, &account, Bucket::Other, &PublishingLimit).await?;
    Ok(Json(LimitOut {
        used: found.used,
        total: found.total,
        period_seconds: found.period_s,
    }))
}

/// It is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GoneOut {
    #[schema(example = true)]
    success: bool,
}

/// Takes a post of the account away for good. Accounts of Facebook Login only.
#[utoipa::path(
    delete, path = "/v1/accounts/{account}/media/{media}", tag = "publications",
    params(
        ("account" = String, Path), ("media" = String, Path),
        ("Idempotency-Key" = Option<String>, Header)
    ),
    responses((status = 200, body = GoneOut), Failures)
)]
pub(super) async fn delete(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, media)): Path<(String, String)>,
) -> Result<Json<GoneOut>, ApiError> {
    caller.need(Scope::Publish)?;
    let account = caller.account(&gate, Some(&account)).await?;
    if account.credentials.login == Login::Instagram {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "facebook_login_only",
            "Meta lets programs delete posts of accounts that are connected by Facebook Login only",
        )
        .next_step("Delete it in the Instagram app, or connect the account by Facebook Login.")
        .about("account"));
    }
    let call = DeleteMedia {
        media: a_post(&gate, &account, meta_id("media", media)?).await?,
    };
    remove(&gate, &account, &call).await?;
    Ok(Json(GoneOut { success: true }))
}

/// The post with this id, of which Meta was asked: the same call on another id would delete a comment, or whatever else
/// the token may delete.
async fn a_post(gate: &Gate, account: &Account, media: MediaId) -> Result<MediaId, ApiError> {
    let call = GetMedia {
        media,
        insights: Vec::new(),
    };
    let post = ask(gate, account, Bucket::Other, &call).await?;
    let known = gate.accounts.find(account.id.as_str());
    let known = known.and_then(|known| known.row.username);
    let is_media = post.media_type.is_some();
    if is_media && post.username.is_some() && post.username == known {
        return Ok(post.id);
    }
    // The account may have another name by now.
    let name = ask(gate, account, Bucket::Other, &OwnAccount)
        .await?
        .username;
    if is_media && post.username.is_some() && post.username == name {
        return Ok(post.id);
    }
    Err(ApiError::invalid_at(
        "media",
        "is no post, reel or story of this account",
    ))
}
