//! `GET /{media-id}`: one post, reel, story or child of an album.
//! <https://developers.facebook.com/docs/instagram-platform/reference/instagram-media> (read 2026-09-11)

use crate::client::Credentials;
use crate::error::CallError;
use crate::id::MediaId;
use crate::insights::{Insight, Surface};
use crate::lenient;
use crate::request::{Answer, Endpoint, Request};
use crate::time::epoch_ms;
use serde::{Deserialize, Serialize};

/// What is asked for. Meta marks some of these as Facebook Login only while its own libraries have them in both.
pub(super) const FIELDS: &str = "id,caption,media_type,media_product_type,media_url,thumbnail_url,permalink,\
     shortcode,timestamp,username,like_count,comments_count,is_comment_enabled,is_shared_to_feed,alt_text";

/// What children of an album have.
pub(super) const CHILD_FIELDS: &str = "id,media_type,media_url,thumbnail_url";

/// Something that was published. Everything but the id may be missing: `media_url` where the sound is licensed,
/// `like_count` where it is hidden, and so on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// Its id.
    pub id: MediaId,
    /// What stands below it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub caption: Option<String>,
    /// `IMAGE`, `VIDEO`, `CAROUSEL_ALBUM`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub media_type: Option<String>,
    /// `FEED`, `REELS`, `STORY`, `AD`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub media_product_type: Option<String>,
    /// The file, for a while.
    #[serde(default, deserialize_with = "lenient::text")]
    pub media_url: Option<String>,
    /// A video's picture, for a while.
    #[serde(default, deserialize_with = "lenient::text")]
    pub thumbnail_url: Option<String>,
    /// Its page.
    #[serde(default, deserialize_with = "lenient::text")]
    pub permalink: Option<String>,
    /// The last part of its page's address.
    #[serde(default, deserialize_with = "lenient::text")]
    pub shortcode: Option<String>,
    /// When it was published.
    #[serde(default, deserialize_with = "lenient::text")]
    pub timestamp: Option<String>,
    /// Whose it is.
    #[serde(default, deserialize_with = "lenient::text")]
    pub username: Option<String>,
    /// Likes.
    #[serde(default, deserialize_with = "lenient::count")]
    pub like_count: Option<i64>,
    /// Comments.
    #[serde(default, deserialize_with = "lenient::count")]
    pub comments_count: Option<i64>,
    /// Comments are on.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_comment_enabled: Option<bool>,
    /// A reel that also stands among the posts.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_shared_to_feed: Option<bool>,
    /// For those who cannot see it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub alt_text: Option<String>,
    /// What an album holds.
    #[serde(default, deserialize_with = "lenient::edge")]
    pub children: Vec<Child>,
    /// Its numbers, where they were asked for with it; none where Meta left them out, which differs from empty.
    #[serde(default, deserialize_with = "expanded")]
    pub insights: Option<Vec<Insight>>,
}

/// A picture or video in an album.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Its id.
    pub id: MediaId,
    /// `IMAGE` or `VIDEO`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub media_type: Option<String>,
    /// The file, for a while.
    #[serde(default, deserialize_with = "lenient::text")]
    pub media_url: Option<String>,
    /// A video's picture, for a while.
    #[serde(default, deserialize_with = "lenient::text")]
    pub thumbnail_url: Option<String>,
}

fn expanded<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Option<Vec<Insight>>, D::Error> {
    let value = serde_json::Value::deserialize(reader)?;
    if value.is_null() {
        return Ok(None);
    }
    lenient::edge(value)
        .map(Some)
        .map_err(serde::de::Error::custom)
}

impl Media {
    /// Which numbers it has.
    pub fn surface(&self) -> Surface {
        Surface::of_media(
            self.media_product_type.as_deref(),
            self.permalink.as_deref(),
        )
    }

    /// When it was published, in epoch milliseconds.
    pub fn published_ms(&self) -> Option<i64> {
        epoch_ms(self.timestamp.as_deref()?)
    }
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetMedia {
    /// Which.
    pub media: MediaId,
    /// Numbers to ask for with it. One that is refused refuses all.
    pub insights: Vec<&'static str>,
}

/// Fields, and with them numbers.
pub(super) fn fields(of: &str, insights: &[&str]) -> String {
    if insights.is_empty() {
        return of.to_owned();
    }
    format!("{of},insights.metric({})", insights.join(","))
}

impl Endpoint for GetMedia {
    type Answer = Media;

    fn request(&self, _: &Credentials) -> Request {
        let with_children = format!("{FIELDS},children{{{CHILD_FIELDS}}}");
        Request::get("media", &[self.media.as_str()])
            .with("fields", fields(&with_children, &self.insights))
    }

    fn read(&self, answer: &Answer) -> Result<Media, CallError> {
        answer.read("media are an object with an id")
    }
}
