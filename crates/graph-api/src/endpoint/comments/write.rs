//! `POST /{media-id}/comments`: a comment of ours under a post. Not on live video.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-media/comments> (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::made;
use crate::error::CallError;
use crate::id::{CommentId, MediaId};
use crate::request::{Answer, Endpoint, Request};
use std::fmt;

/// The call. Not repeatable: people see each one.
#[derive(Clone, PartialEq, Eq)]
pub struct WriteComment {
    /// Under which.
    pub media: MediaId,
    /// The words; see [`comment_problem`](crate::limits::comment_problem).
    pub text: String,
}

impl fmt::Debug for WriteComment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteComment({}, {} bytes)", self.media, self.text.len())
    }
}

impl Endpoint for WriteComment {
    type Answer = CommentId;

    fn request(&self, _: &Credentials) -> Request {
        Request::post("comment_write", &[self.media.as_str(), "comments"])
            .form(vec![("message", self.text.clone())])
    }

    fn read(&self, answer: &Answer) -> Result<CommentId, CallError> {
        made(answer, "a new comment has an id").map(Into::into)
    }
}
