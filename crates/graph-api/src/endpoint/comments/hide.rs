//! `POST /{comment-id}` with `hide`: only its writer and the account see a hidden comment. Our own always stay visible.
//! <https://developers.facebook.com/docs/instagram-platform/comment-moderation> (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::success;
use crate::error::CallError;
use crate::id::CommentId;
use crate::request::{Answer, Endpoint, Request};

/// The call. Repeating it does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HideComment {
    /// Which.
    pub comment: CommentId,
    /// Away, or back.
    pub hide: bool,
}

impl Endpoint for HideComment {
    type Answer = ();

    fn request(&self, _: &Credentials) -> Request {
        Request::post("comment_hide", &[self.comment.as_str()])
            .form(vec![("hide", self.hide.to_string())])
    }

    fn read(&self, answer: &Answer) -> Result<(), CallError> {
        success(answer)
    }
}
