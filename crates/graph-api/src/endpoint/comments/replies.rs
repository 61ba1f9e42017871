//! `GET /{comment-id}/replies`: what stands under a comment.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-comment/replies> (read 2026)

use super::node::{Comment, FIELDS};
use crate::client::Credentials;
use crate::endpoint::Page;
use crate::endpoint::rows::object;
use crate::error::CallError;
use crate::id::CommentId;
use crate::request::{Answer, Endpoint, Request};

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListReplies {
    /// Under which.
    pub comment: CommentId,
    /// How many at most; Meta gives up to [`COMMENTS_PER_PAGE`](crate::limits::COMMENTS_PER_PAGE).
    pub limit: u32,
    /// After this cursor of Meta's.
    pub after: Option<String>,
}

impl Endpoint for ListReplies {
    type Answer = Page<Comment>;

    fn request(&self, _: &Credentials) -> Request {
        Request::get("comment_replies", &[self.comment.as_str(), "replies"])
            .with("fields", FIELDS)
            .with("limit", self.limit.to_string())
            .with_some("after", self.after.clone())
    }

    fn read(&self, answer: &Answer) -> Result<Self::Answer, CallError> {
        Ok(Page::of(
            &object(answer, "comments are a list")?,
            Comment::of,
        ))
    }
}
