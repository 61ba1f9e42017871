//! `GET /{ig-id}/media`, `/stories` and `/tags`: lists of media, with their numbers by field expansion, so that a page
//! of fifty posts with numbers is one call.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media> (read 2026-09-11)

use super::node::{CHILD_FIELDS, FIELDS, Media, fields};
use crate::client::Credentials;
use crate::endpoint::Page;
use crate::endpoint::rows::object;
use crate::error::CallError;
use crate::request::{Answer, Endpoint, Request};
use serde::Deserialize;

/// What others published and tagged us in shows less of itself.
const TAGGED: &str =
    "id,caption,media_type,media_url,permalink,timestamp,username,like_count,comments_count";

/// A hundred albums of ten pictures, with signed addresses and numbers, are about two megabytes.
const LARGEST: usize = 8 * 1024 * 1024;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    /// Posts and reels, newest first; at most the newest 10,000.
    Media,
    /// Stories of the last 24 hours.
    Stories,
    /// Media of others in which the account is tagged.
    Tags,
}

impl Edge {
    /// The word in the path.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Media => "media",
            Self::Stories => "stories",
            Self::Tags => "tags",
        }
    }
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListMedia {
    /// Which list.
    pub edge: Edge,
    /// How many at most; Meta takes up to 100.
    pub limit: u32,
    /// After this cursor of Meta's.
    pub after: Option<String>,
    /// Not before this moment (epoch seconds).
    pub since_s: Option<i64>,
    /// Not after this moment.
    pub until_s: Option<i64>,
    /// With what albums hold. A hundred albums of ten pictures are most of what a page weighs.
    pub children: bool,
    /// Numbers to ask for with each. One that is refused refuses all.
    pub insights: Vec<&'static str>,
}

impl Endpoint for ListMedia {
    type Answer = Page<Media>;
    const MAX_ANSWER_BYTES: usize = LARGEST;

    fn request(&self, credentials: &Credentials) -> Request {
        let of = match self.edge {
            Edge::Tags => TAGGED.to_owned(),
            Edge::Media | Edge::Stories if self.children => {
                format!("{FIELDS},children{{{CHILD_FIELDS}}}")
            }
            Edge::Media | Edge::Stories => FIELDS.to_owned(),
        };
        let path = [credentials.account.as_str(), self.edge.as_str()];
        Request::get("media_list", &path)
            .with("fields", fields(&of, &self.insights))
            .with("limit", self.limit.to_string())
            .with_some("after", self.after.clone())
            .with_some("since", self.since_s.map(|at| at.to_string()))
            .with_some("until", self.until_s.map(|at| at.to_string()))
    }

    fn read(&self, answer: &Answer) -> Result<Page<Media>, CallError> {
        let list = object(answer, "a list of media has data")?;
        Ok(Page::linked(&list, |row| Media::deserialize(row).ok()))
    }
}
