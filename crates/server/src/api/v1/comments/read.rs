//! Reading comments, replies and mentions.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use graph_api::{
    budget::Bucket,
    endpoint::{
        comments::{GetComment, ListComments, ListReplies},
        mentions::{MentionedComment, MentionedMedia},
    },
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{CommentOut, CommentsOut, Page};
use crate::api::{ApiError, Asked, Caller, Failures, Gate, Scope, ask, meta_id};

/// The comments under a post, newest first, each with its first replies.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/media/{media}/comments", tag = "comments",
    params(("account" = String, Path), ("media" = String, Path), Page),
    responses((status = 200, body = CommentsOut), Failures)
)]
pub(super) async fn of_post(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, media)): Path<(String, String)>,
    Asked(page): Asked<Page>,
) -> Result<Json<CommentsOut>, ApiError> {
    caller.need(Scope::Read)?;
    let media = meta_id("media", media)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let call = ListComments {
        media,
        limit: page.limit,
        after: page.after,
    };
    Ok(Json(
        ask(&gate, &account, Bucket::Other, &call).await?.into(),
    ))
}

/// One comment.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/comments/{comment}", tag = "comments",
    params(("account" = String, Path), ("comment" = String, Path)),
    responses((status = 200, body = CommentOut), Failures)
)]
pub(super) async fn one(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, comment)): Path<(String, String)>,
) -> Result<Json<CommentOut>, ApiError> {
    caller.need(Scope::Read)?;
    let comment = meta_id("comment", comment)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let call = GetComment { comment };
    Ok(Json(
        ask(&gate, &account, Bucket::Other, &call).await?.into(),
    ))
}

/// What stands under a comment.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/comments/{comment}/replies", tag = "comments",
    params(("account" = String, Path), ("comment" = String, Path), Page),
    responses((status = 200, body = CommentsOut), Failures)
)]
pub(super) async fn replies(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, comment)): Path<(String, String)>,
    Asked(page): Asked<Page>,
) -> Result<Json<CommentsOut>, ApiError> {
    caller.need(Scope::Read)?;
    let comment = meta_id("comment", comment)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let call = ListReplies {
        comment,
        limit: page.limit,
        after: page.after,
    };
    Ok(Json(
        ask(&gate, &account, Bucket::Other, &call).await?.into(),
    ))
}

/// A comment of somebody's that names the account, wherever it stands.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/mentions/comments/{comment}", tag = "comments",
    params(("account" = String, Path), ("comment" = String, Path)),
    responses((status = 200, body = CommentOut), Failures)
)]
pub(super) async fn mention_in_comment(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, comment)): Path<(String, String)>,
) -> Result<Json<CommentOut>, ApiError> {
    caller.need(Scope::Read)?;
    let comment = meta_id("comment", comment)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let call = MentionedComment { comment };
    Ok(Json(
        ask(&gate, &account, Bucket::Other, &call).await?.into(),
    ))
}

/// A post of somebody's whose caption names the account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MentionOut {
    #[schema(example = "17900000000000088")]
    id: String,
    caption: Option<String>,
    /// `IMAGE`, `VIDEO`, `CAROUSEL_ALBUM`.
    media_type: Option<String>,
    /// Where its file is, for a while.
    media_url: Option<String>,
    permalink: Option<String>,
    timestamp: Option<String>,
    username: Option<String>,
    like_count: Option<i64>,
    comments_count: Option<i64>,
}

/// A post of somebody's whose caption names the account.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/mentions/media/{media}", tag = "comments",
    params(("account" = String, Path), ("media" = String, Path)),
    responses((status = 200, body = MentionOut), Failures)
)]
pub(super) async fn mention_in_caption(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, media)): Path<(String, String)>,
) -> Result<Json<MentionOut>, ApiError> {
    caller.need(Scope::Read)?;
    let media = meta_id("media", media)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let call = MentionedMedia { media };
    let post = ask(&gate, &account, Bucket::Other, &call).await?;
    Ok(Json(MentionOut {
        id: post.id.into_string(),
        caption: post.caption,
        media_type: post.media_type,
        media_url: post.media_url,
        permalink: post.permalink,
        timestamp: post.timestamp,
        username: post.username,
        like_count: post.like_count,
        comments_count: post.comments_count,
    }))
}
