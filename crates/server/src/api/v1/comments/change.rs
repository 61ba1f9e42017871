//! Hiding, deleting, and switching comments on and off. Each may be repeated without harm, so a lost answer is asked
//! for once more at once.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use graph_api::endpoint::comments::{DeleteComment, HideComment, SwitchComments};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{DoneOut, a_comment};
use crate::api::{ApiError, Caller, Failures, Gate, In, Scope, change, meta_id, remove};

const DONE: Json<DoneOut> = Json(DoneOut { success: true });

/// Away, or back.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HideIn {
    /// Whether only its writer and the account see it. The account's own comments always stay visible.
    #[garde(skip)]
    #[schema(example = true)]
    hidden: bool,
}

/// Hides a comment, or shows it again.
#[utoipa::path(
    put, path = "/v1/accounts/{account}/comments/{comment}/hidden", tag = "comments",
    params(("account" = String, Path), ("comment" = String, Path)), request_body = HideIn,
    responses((status = 200, body = DoneOut), Failures)
)]
pub(super) async fn hide(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, comment)): Path<(String, String)>,
    In(body): In<HideIn>,
) -> Result<Json<DoneOut>, ApiError> {
    caller.need(Scope::Manage)?;
    let comment = meta_id("comment", comment)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let call = HideComment {
        comment,
        hide: body.hidden,
    };
    change(&gate, &account, &call).await?;
    Ok(DONE)
}

/// Deletes a comment for good: one under the account's posts, or one that it wrote.
#[utoipa::path(
    delete, path = "/v1/accounts/{account}/comments/{comment}", tag = "comments",
    params(("account" = String, Path), ("comment" = String, Path)),
    responses((status = 200, body = DoneOut), Failures)
)]
pub(super) async fn delete(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, comment)): Path<(String, String)>,
) -> Result<Json<DoneOut>, ApiError> {
    caller.need(Scope::Manage)?;
    let comment = meta_id("comment", comment)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let call = DeleteComment {
        comment: a_comment(&gate, &account, comment).await?,
    };
    remove(&gate, &account, &call).await?;
    Ok(DONE)
}

/// On, or off.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SwitchIn {
    /// Whether people may comment.
    #[garde(skip)]
    #[schema(example = false)]
    enabled: bool,
}

/// Switches comments under a post on or off.
#[utoipa::path(
    put, path = "/v1/accounts/{account}/media/{media}/comments/enabled", tag = "comments",
    params(("account" = String, Path), ("media" = String, Path)), request_body = SwitchIn,
    responses((status = 200, body = DoneOut), Failures)
)]
pub(super) async fn switch(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, media)): Path<(String, String)>,
    In(body): In<SwitchIn>,
) -> Result<Json<DoneOut>, ApiError> {
    caller.need(Scope::Manage)?;
    let media = meta_id("media", media)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let call = SwitchComments {
        media,
        enabled: body.enabled,
    };
    change(&gate, &account, &call).await?;
    Ok(DONE)
}
