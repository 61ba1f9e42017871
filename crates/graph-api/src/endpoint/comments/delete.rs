//! `DELETE /{comment-id}`: for good. The account may delete what stands under its posts, and what it wrote.
//! <https://developers.facebook.com/docs/instagram-platform/comment-moderation> (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::success;
use crate::error::CallError;
use crate::id::CommentId;
use crate::request::{Answer, Endpoint, Request};

/// The call. Repeating it does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteComment {
    /// Which.
    pub comment: CommentId,
}

impl Endpoint for DeleteComment {
    type Answer = ();

    fn request(&self, _: &Credentials) -> Request {
        Request::delete("comment_delete", &[self.comment.as_str()])
    }

    fn read(&self, answer: &Answer) -> Result<(), CallError> {
        success(answer)
    }
}
