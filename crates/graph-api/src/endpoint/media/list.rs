//! `GET /{ig-id}/media`, `/stories` and `/tags`: lists of media, with their numbers by field expansion, so that a page
//! of fifty posts with numbers is one call.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media> (read 2026-09-11)

use super::node::{CHILD_FIELDS, FIELDS, Media, fields};
use crate::client::Credentials;
use crate::error::CallError;
use crate::lenient;
use crate::request::{Answer, Endpoint, Request};
use serde::{Deserialize, Serialize};

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

/// A page of a list. Meta's own links to its neighbours carry the token and are not kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// Meta's cursor of the first.
    pub before: Option<String>,
    /// Meta's cursor of the last; none where nothing follows.
    pub after: Option<String>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default, deserialize_with = "lenient::list")]
    data: Vec<Media>,
    #[serde(default, deserialize_with = "lenient::maybe")]
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    #[serde(default, deserialize_with = "lenient::maybe")]
    cursors: Option<Cursors>,
    #[serde(default, deserialize_with = "lenient::text")]
    next: Option<String>,
}

#[derive(Default, Deserialize)]
struct Cursors {
    #[serde(default, deserialize_with = "lenient::text")]
    before: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    after: Option<String>,
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
        let raw: Raw = answer.read("a list of media has data")?;
        let next = raw
            .paging
            .as_ref()
            .is_some_and(|paging| paging.next.is_some());
        let cursors = raw
            .paging
            .and_then(|paging| paging.cursors)
            .unwrap_or_default();
        Ok(Page {
            data: raw.data,
            before: cursors.before,
            // A cursor stands below the last page too; only the link says whether more follows.
            after: cursors.after.filter(|_| next),
        })
    }
}
