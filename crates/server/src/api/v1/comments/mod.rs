//! `/v1/accounts/{account}/…/comments`, replies, private replies and mentions.

mod change;
mod read;
mod write;

use std::sync::Arc;

use graph_api::{
    endpoint::{self, comments::Comment},
    id::{CommentId, MediaId},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::api::{ApiError, Gate, Paging};

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(read::of_post, write::comment))
        .routes(routes!(read::one, change::delete))
        .routes(routes!(read::replies, write::reply))
        .routes(routes!(change::hide))
        .routes(routes!(change::switch))
        .routes(routes!(write::private_reply))
        .routes(routes!(read::mention_in_comment))
        .routes(routes!(read::mention_in_caption))
        .routes(routes!(write::answer_mention))
}

/// A comment or a reply.
#[derive(Debug, Serialize, ToSchema)]
struct CommentOut {
    #[schema(example = "17900000000000077")]
    id: String,
    #[schema(example = "Obrigada!")]
    text: String,
    /// Who wrote it.
    username: Option<String>,
    /// Who wrote it, as this account sees them.
    from_id: Option<String>,
    /// When, as Meta spells it.
    #[schema(example = "2026-01-01T12:00:00+0000")]
    timestamp: Option<String>,
    like_count: Option<i64>,
    /// Only its writer and the account see it.
    hidden: Option<bool>,
    /// The comment that a reply stands under.
    parent_id: Option<String>,
    /// The post it stands under.
    media_id: Option<String>,
    /// Its first replies.
    #[schema(no_recursion)]
    replies: Vec<CommentOut>,
}

impl From<Comment> for CommentOut {
    fn from(comment: Comment) -> Self {
        Self {
            id: comment.id.into_string(),
            text: comment.text,
            username: comment.username,
            from_id: comment.from_id,
            timestamp: comment.timestamp,
            like_count: comment.like_count,
            hidden: comment.hidden,
            parent_id: comment.parent.map(CommentId::into_string),
            media_id: comment.media.map(MediaId::into_string),
            replies: comment.replies.into_iter().map(Into::into).collect(),
        }
    }
}

/// A page of comments.
#[derive(Debug, Serialize, ToSchema)]
struct CommentsOut {
    data: Vec<CommentOut>,
    paging: Paging,
}

impl From<endpoint::Page<Comment>> for CommentsOut {
    fn from(found: endpoint::Page<Comment>) -> Self {
        Self {
            data: found.data.into_iter().map(Into::into).collect(),
            paging: Paging { after: found.after },
        }
    }
}

/// What can be done and undone: it is as asked.
#[derive(Debug, Serialize, ToSchema)]
struct DoneOut {
    #[schema(example = true)]
    success: bool,
}

/// Which part of a list.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
struct Page {
    /// How many at most.
    #[garde(range(min = 1, max = 50))]
    #[serde(default = "fifty")]
    #[param(default = 50, minimum = 1, maximum = 50)]
    limit: u32,
    /// The cursor that the page before answered.
    #[garde(length(max = 512))]
    after: Option<String>,
}

fn fifty() -> u32 {
    50
}

/// The comment with this id, of which Meta was asked: the same call on a post's id would delete the post.
async fn a_comment(
    gate: &crate::api::Gate,
    account: &crate::api::Account,
    comment: CommentId,
) -> Result<CommentId, ApiError> {
    let call = graph_api::endpoint::comments::GetComment { comment };
    let bucket = graph_api::budget::Bucket::Other;
    let found = crate::api::ask(gate, account, bucket, &call).await?;
    // Only a comment stands under a post or under another comment.
    if found.media.is_none() && found.parent.is_none() {
        return Err(ApiError::invalid_at("comment", "is no comment's id"));
    }
    Ok(found.id)
}
