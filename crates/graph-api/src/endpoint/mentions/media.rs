//! `GET /{ig-id}?fields=mentioned_media.media_id(…)`: somebody's post whose caption names the account.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/mentioned_media> (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::{count, object, text};
use crate::error::CallError;
use crate::id::MediaId;
use crate::request::{Answer, Endpoint, Request};
use serde_json::Value;

const FIELDS: &str =
    "id,caption,media_type,media_url,permalink,timestamp,username,like_count,comments_count,owner";

/// A post of somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The post.
    pub id: MediaId,
    /// Its words.
    pub caption: Option<String>,
    /// `IMAGE`, `VIDEO`, `CAROUSEL_ALBUM`.
    pub media_type: Option<String>,
    /// Where its file is, for a while.
    pub media_url: Option<String>,
    /// Its page.
    pub permalink: Option<String>,
    /// When, as Meta spells it.
    pub timestamp: Option<String>,
    /// Whose.
    pub username: Option<String>,
    /// How many like it.
    pub like_count: Option<i64>,
    /// How many comments it has.
    pub comments_count: Option<i64>,
}

impl Mention {
    pub(super) fn of(row: &Value) -> Option<Self> {
        Some(Self {
            id: text(row, "id")?.into(),
            caption: text(row, "caption"),
            media_type: text(row, "media_type"),
            media_url: text(row, "media_url"),
            permalink: text(row, "permalink"),
            timestamp: text(row, "timestamp"),
            username: text(row, "username"),
            like_count: count(row, "like_count"),
            comments_count: count(row, "comments_count"),
        })
    }
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MentionedMedia {
    /// Which: the webhook names it.
    pub media: MediaId,
}

impl Endpoint for MentionedMedia {
    type Answer = Mention;

    fn request(&self, credentials: &Credentials) -> Request {
        let fields = format!("mentioned_media.media_id({}){{{FIELDS}}}", self.media);
        Request::get("mentioned_media", &[credentials.account.as_str()]).with("fields", fields)
    }

    fn read(&self, answer: &Answer) -> Result<Mention, CallError> {
        const WHAT: &str = "a mention has the post";
        object(answer, WHAT)?
            .get("mentioned_media")
            .and_then(Mention::of)
            .ok_or_else(|| answer.malformed(WHAT))
    }
}
