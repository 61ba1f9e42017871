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
    endpoint::publish::{DeleteMedia, PublishingLimit},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{ApiError, Caller, Failures, Gate, Scope, ask, remove};

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

/// Takes a post away for good. Accounts of Facebook Login only.
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
        media: media.into(),
    };
    remove(&gate, &account, &call).await?;
    Ok(Json(GoneOut { success: true }))
}
