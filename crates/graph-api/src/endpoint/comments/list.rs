//! `GET /{media-id}/comments`: the comments at the top, newest first; under Instagram Login without the permission the
//! list is empty instead of refused.
//! <https://developers.facebook.com/docs/instagram-platform/comment-moderation> (read 2026)

use super::node::{Comment, LIST_FIELDS};
use crate::client::Credentials;
use crate::endpoint::Page;
use crate::endpoint::rows::object;
use crate::error::CallError;
use crate::id::MediaId;
use crate::request::{Answer, Endpoint, Request};

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListComments {
    /// Under which.
    pub media: MediaId,
    /// How many at most; Meta gives up to [`COMMENTS_PER_PAGE`](crate::limits::COMMENTS_PER_PAGE).
    pub limit: u32,
    /// After this cursor of Meta's.
    pub after: Option<String>,
}

impl Endpoint for ListComments {
    type Answer = Page<Comment>;

    fn request(&self, _: &Credentials) -> Request {
        Request::get("comments", &[self.media.as_str(), "comments"])
            .with("fields", LIST_FIELDS)
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
