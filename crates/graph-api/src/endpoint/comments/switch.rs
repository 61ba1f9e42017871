//! `POST /{media-id}` with `comment_enabled`: whether people may comment. Not on live video.
//! <https://developers.facebook.com/docs/instagram-platform/reference/instagram-media> (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::success;
use crate::error::CallError;
use crate::id::MediaId;
use crate::request::{Answer, Endpoint, Request};

/// The call. Repeating it does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchComments {
    /// Which.
    pub media: MediaId,
    /// On, or off.
    pub enabled: bool,
}

impl Endpoint for SwitchComments {
    type Answer = ();

    fn request(&self, _: &Credentials) -> Request {
        Request::post("comments_switch", &[self.media.as_str()])
            .form(vec![("comment_enabled", self.enabled.to_string())])
    }

    fn read(&self, answer: &Answer) -> Result<(), CallError> {
        success(answer)
    }
}
