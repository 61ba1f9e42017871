//! `POST /{comment-id}/replies`: a reply; one to a reply lands under the comment at the top. Not on hidden or live comments.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-comment/replies> (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::made;
use crate::error::CallError;
use crate::id::CommentId;
use crate::request::{Answer, Endpoint, Request};
use std::fmt;

/// The call. Not repeatable: people see each one.
#[derive(Clone, PartialEq, Eq)]
pub struct WriteReply {
    /// Under which.
    pub comment: CommentId,
    /// The words; see [`comment_problem`](crate::limits::comment_problem).
    pub text: String,
}

impl fmt::Debug for WriteReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteReply({}, {} bytes)", self.comment, self.text.len())
    }
}

impl Endpoint for WriteReply {
    type Answer = CommentId;

    fn request(&self, _: &Credentials) -> Request {
        Request::post("comment_reply", &[self.comment.as_str(), "replies"])
            .form(vec![("message", self.text.clone())])
    }

    fn read(&self, answer: &Answer) -> Result<CommentId, CallError> {
        made(answer, "a new comment has an id").map(Into::into)
    }
}
