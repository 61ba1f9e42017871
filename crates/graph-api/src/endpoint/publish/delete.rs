//! `DELETE /{media-id}`: takes a post away. Facebook Login with `instagram_manage_contents` only (since 2025-12-03).
//! <https://developers.facebook.com/docs/instagram-platform/reference/instagram-media> (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::success;
use crate::error::CallError;
use crate::id::MediaId;
use crate::request::{Answer, Endpoint, Request};

/// The call. Repeating it does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteMedia {
    /// Which.
    pub media: MediaId,
}

impl Endpoint for DeleteMedia {
    type Answer = ();

    fn request(&self, _: &Credentials) -> Request {
        Request::delete("media_delete", &[self.media.as_str()])
    }

    fn read(&self, answer: &Answer) -> Result<(), CallError> {
        success(answer)
    }
}
