//! `GET /{hashtag-id}/recent_media` and `/top_media`: posts under a hashtag, without their writers.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-hashtag/recent-media>
//! (read 2026-08)

use super::Seen;
use crate::client::Credentials;
use crate::endpoint::Page;
use crate::endpoint::rows::object;
use crate::error::CallError;
use crate::id::HashtagId;
use crate::request::{Answer, Endpoint, Request};

const FIELDS: &str =
    "id,caption,media_type,media_url,permalink,timestamp,like_count,comments_count";

/// Which posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashtagEdge {
    /// Of the last 24 hours.
    Recent,
    /// The most popular.
    Top,
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashtagMedia {
    /// Under which.
    pub hashtag: HashtagId,
    /// Which posts.
    pub edge: HashtagEdge,
    /// How many at most; Meta gives up to [`HASHTAG_PAGE`](crate::limits::HASHTAG_PAGE).
    pub limit: u32,
    /// After this cursor of Meta's.
    pub after: Option<String>,
}

impl Endpoint for HashtagMedia {
    type Answer = Page<Seen>;

    fn request(&self, credentials: &Credentials) -> Request {
        let (name, edge) = match self.edge {
            HashtagEdge::Recent => ("hashtag_recent", "recent_media"),
            HashtagEdge::Top => ("hashtag_top", "top_media"),
        };
        Request::get(name, &[self.hashtag.as_str(), edge])
            .with("user_id", credentials.account.as_str())
            .with("fields", FIELDS)
            .with("limit", self.limit.to_string())
            .with_some("after", self.after.clone())
    }

    fn read(&self, answer: &Answer) -> Result<Self::Answer, CallError> {
        Ok(Page::of(&object(answer, "posts are a list")?, Seen::of))
    }
}
