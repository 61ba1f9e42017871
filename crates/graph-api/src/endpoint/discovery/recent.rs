//! `GET /{ig-id}/recently_searched_hashtags`: which of the week's thirty hashtags are used up.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/recently_searched_hashtags>
//! (read 2026-08)

use crate::client::Credentials;
use crate::endpoint::Page;
use crate::endpoint::rows::{object, text};
use crate::error::CallError;
use crate::id::HashtagId;
use crate::request::{Answer, Endpoint, Request};

/// The call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentHashtags;

impl Endpoint for RecentHashtags {
    type Answer = Page<(HashtagId, Option<String>)>;

    fn request(&self, credentials: &Credentials) -> Request {
        let path = [credentials.account.as_str(), "recently_searched_hashtags"];
        Request::get("recent_hashtags", &path)
            .with("fields", "id,name")
            .with("limit", "30")
    }

    fn read(&self, answer: &Answer) -> Result<Self::Answer, CallError> {
        Ok(Page::of(&object(answer, "hashtags are a list")?, |row| {
            Some((text(row, "id")?.into(), text(row, "name")))
        }))
    }
}
