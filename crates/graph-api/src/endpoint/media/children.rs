//! `GET /{media-id}/children`: what an album holds. Children have no numbers and no pages of their own.
//! <https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/children> (read 2026-09-11)

use super::node::{CHILD_FIELDS, Child};
use crate::client::Credentials;
use crate::error::CallError;
use crate::id::MediaId;
use crate::lenient;
use crate::request::{Answer, Endpoint, Request};
use serde::Deserialize;

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetChildren {
    /// The album.
    pub media: MediaId,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default, deserialize_with = "lenient::list")]
    data: Vec<Child>,
}

impl Endpoint for GetChildren {
    type Answer = Vec<Child>;

    fn request(&self, _: &Credentials) -> Request {
        Request::get("media_children", &[self.media.as_str(), "children"])
            .with("fields", CHILD_FIELDS)
    }

    fn read(&self, answer: &Answer) -> Result<Vec<Child>, CallError> {
        let raw: Raw = answer.read("children are a list")?;
        Ok(raw.data)
    }
}
