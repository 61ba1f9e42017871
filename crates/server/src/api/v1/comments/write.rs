//! Writing where people see it: comments, replies, private replies, answers to mentions. Each is a durable write.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use graph_api::{
    budget::Bucket,
    endpoint::comments::GetComment,
    limits::{PRIVATE_REPLY_WINDOW_MS, TEXT_BYTES, comment_problem},
    time::epoch_ms,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{ApiError, Caller, Failures, Gate, In, Once, Scope, ask, meta_id},
    writes::{Deed, Told, WriteOut, earlier, order},
};

/// Words that people will see.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommentIn {
    /// At most 300 characters, four hashtags and one address.
    #[garde(custom(words))]
    #[schema(example = "Obrigada!")]
    text: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "what garde calls is called so"
)]
fn words(text: &str, (): &()) -> garde::Result {
    match comment_problem(text) {
        Some(problem) => Err(garde::Error::new(problem)),
        None => Ok(()),
    }
}

/// Comments under a post of the account's.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/media/{media}/comments", tag = "comments",
    params(("account" = String, Path), ("media" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = CommentIn,
    responses((status = 201, body = WriteOut), (status = 202, body = WriteOut), Failures)
)]
pub(super) async fn comment(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, media)): Path<(String, String)>,
    Once(once): Once,
    In(body): In<CommentIn>,
) -> Result<Told, ApiError> {
    caller.need(Scope::Manage)?;
    let media = meta_id("media", media)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let deed = Deed::Comment {
        media,
        text: body.text,
    };
    order(&gate, &account, &deed, once).await
}

/// Replies to a comment. A reply to a reply lands under the comment at the top.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/comments/{comment}/replies", tag = "comments",
    params(("account" = String, Path), ("comment" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = CommentIn,
    responses((status = 201, body = WriteOut), (status = 202, body = WriteOut), Failures)
)]
pub(super) async fn reply(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, comment)): Path<(String, String)>,
    Once(once): Once,
    In(body): In<CommentIn>,
) -> Result<Told, ApiError> {
    caller.need(Scope::Manage)?;
    let comment = meta_id("comment", comment)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let deed = Deed::Reply {
        comment,
        text: body.text,
    };
    order(&gate, &account, &deed, once).await
}

/// The words of a direct message.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PrivateReplyIn {
    /// At most 1000 bytes.
    #[garde(length(bytes, min = 1, max = TEXT_BYTES))]
    #[schema(example = "Here is the recipe you asked for.")]
    text: String,
}

/// Writes directly to whoever wrote a comment: once for each comment, within seven days.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/comments/{comment}/private-reply", tag = "comments",
    params(("account" = String, Path), ("comment" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PrivateReplyIn,
    responses((status = 201, body = WriteOut), (status = 202, body = WriteOut), Failures)
)]
pub(super) async fn private_reply(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, comment)): Path<(String, String)>,
    Once(once): Once,
    In(body): In<PrivateReplyIn>,
) -> Result<Told, ApiError> {
    caller.need(Scope::Send)?;
    let comment: String = meta_id("comment", comment)?;
    let account = caller.account(&gate, Some(&account)).await?;
    if let Some(told) = earlier(&gate, &account, once).await? {
        return Ok(told);
    }
    let call = GetComment {
        comment: comment.as_str().into(),
    };
    let found = ask(&gate, &account, Bucket::Other, &call).await?;
    let at_ms = found.timestamp.as_deref().and_then(epoch_ms);
    let is_late = |at_ms: i64| gate.clock.now_ms() > at_ms.saturating_add(PRIVATE_REPLY_WINDOW_MS);
    if at_ms.is_some_and(is_late) {
        return Err(too_late());
    }
    let deed = Deed::PrivateReply {
        comment,
        person: found.from_id,
        text: body.text,
    };
    order(&gate, &account, &deed, once).await
}

fn too_late() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "window_closed",
        "the comment is older than seven days, and Meta allows no private reply to it any more",
    )
    .next_step("Reply under the comment instead.")
    .about("account")
}

/// Where somebody named the account, and our words there.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MentionIn {
    /// The post, as the event names it.
    #[garde(length(min = 1, max = 128), ascii)]
    #[schema(example = "17900000000000088")]
    media_id: String,
    /// The comment that names the account; none: the caption does.
    #[garde(length(min = 1, max = 128), ascii)]
    comment_id: Option<String>,
    /// As in a comment.
    #[garde(custom(words))]
    text: String,
}

/// Answers where somebody named the account.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/mentions", tag = "comments",
    params(("account" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = MentionIn,
    responses((status = 201, body = WriteOut), (status = 202, body = WriteOut), Failures)
)]
pub(super) async fn answer_mention(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
    Once(once): Once,
    In(body): In<MentionIn>,
) -> Result<Told, ApiError> {
    caller.need(Scope::Manage)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let deed = Deed::Mention {
        media: body.media_id,
        comment: body.comment_id,
        text: body.text,
    };
    order(&gate, &account, &deed, once).await
}
