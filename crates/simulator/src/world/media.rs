//! Posts, reels and stories of an account: what the Graph shows of them and what insights count.
//! The same type is read from a seed file and shown by `GET /_sim/seed`, so that there is one truth.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Number;
use sha2::{Digest as _, Sha256};

use super::State;

/// A story is shown for a day
/// (<https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/stories>, 2026-11).
pub(crate) const STORY_LIFE_MS: i64 = 24 * 3_600_000;

/// `media_type`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum MediaType {
    #[default]
    Image,
    Video,
    CarouselAlbum,
}

/// `media_product_type`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Product {
    #[default]
    Feed,
    Reels,
    Story,
    Ad,
}

/// One post, reel, story, or file of a carousel.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    reason = "the names are Meta's"
)]
pub(crate) struct Media {
    pub(crate) id: String,
    /// The account it belongs to; a seed file leaves it out.
    #[serde(skip)]
    pub(crate) account: String,
    pub(crate) media_type: MediaType,
    pub(crate) media_product_type: Product,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caption: Option<String>,
    #[serde(rename = "timestamp", with = "iso")]
    pub(crate) timestamp_ms: i64,
    pub(crate) permalink: String,
    pub(crate) shortcode: String,
    pub(crate) like_count: u64,
    /// The owner hides it, so the Graph leaves `like_count` out.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) like_count_hidden: bool,
    pub(crate) comments_count: u64,
    #[serde(rename = "is_comment_enabled", default = "yes")]
    pub(crate) comment_enabled: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) is_shared_to_feed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alt_text: Option<String>,
    /// Music that somebody else owns: the Graph gives no `media_url`.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) licensed_audio: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) is_ai_generated: bool,
    /// Shown on Facebook too, so `crossposted_views` and `facebook_views` exist.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) crossposted: bool,
    /// Ids of the files of a carousel, which are media too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) children: Vec<String>,
    /// The carousel that this file is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<String>,
    /// Somebody else's post that tags the account: listed under `/tags` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tagged_by: Option<String>,
    /// False for what was made but not posted, or was taken away.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub(crate) published: bool,
    /// Which of the samples is played when somebody opens `media_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sample: Option<String>,
    /// A file on the media host, of what a client published.
    #[serde(skip)]
    pub(crate) asset: Option<String>,
    /// What insights answer, by Meta's metric name; what is not here has no data yet.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metrics: BTreeMap<String, Number>,
    /// The parts of `profile_activity` and `navigation`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) breakdowns: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Media {
    /// A published media without numbers; the rest is filled in by whoever posts it.
    pub(crate) fn new(id: &str, account: &str, timestamp_ms: i64) -> Self {
        let shortcode = short_code(id);
        Self {
            id: id.to_owned(),
            account: account.to_owned(),
            timestamp_ms,
            permalink: format!("https://www.instagram.com/p/{shortcode}/"),
            shortcode,
            comment_enabled: true,
            published: true,
            ..Self::default()
        }
    }

    /// Makes it a reel or a story, whose links look different.
    pub(crate) fn posted_as(mut self, kind: MediaType, product: Product, username: &str) -> Self {
        self.media_type = kind;
        self.media_product_type = product;
        self.permalink = match product {
            Product::Reels => format!("https://www.instagram.com/reel/{}/", self.shortcode),
            Product::Story => format!("https://www.instagram.com/stories/{username}/{}", self.id),
            Product::Feed | Product::Ad => self.permalink,
        };
        self
    }

    pub(crate) fn is_story(&self) -> bool {
        self.media_product_type == Product::Story
    }

    /// Whether it can be seen at `now_ms`: posted, and for a story not older than a day.
    pub(crate) fn is_live(&self, now_ms: i64) -> bool {
        self.published
            && self.timestamp_ms <= now_ms
            && !(self.is_story() && now_ms - self.timestamp_ms >= STORY_LIFE_MS)
    }

    /// Whether `/media` lists it: posts and reels of the account, no stories, no files of carousels.
    pub(crate) fn is_listed(&self, account: &str, now_ms: i64) -> bool {
        self.account == account
            && self.is_live(now_ms)
            && !self.is_story()
            && self.parent.is_none()
            && self.tagged_by.is_none()
    }
}

impl State {
    /// A media of this account by its id, if it can be seen now.
    pub(crate) fn media_of(&self, account: &str, id: &str, now_ms: i64) -> Option<&Media> {
        self.media
            .get(id)
            .filter(|media| media.account == account && media.is_live(now_ms))
    }
}

/// Eleven letters, the same for the same id.
pub(crate) fn short_code(id: &str) -> String {
    let mixed = Sha256::digest(id.as_bytes());
    format!("D{}", super::letters(&mixed[..5]))
}

fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands references over"
)]
fn is_yes(value: &bool) -> bool {
    *value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Times in a seed file are spelled as the Graph spells them.
pub(crate) mod iso {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands references over"
    )]
    pub(crate) fn serialize<S: Serializer>(at_ms: &i64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&crate::world::clock::iso(*at_ms))
    }

    pub(crate) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<i64, D::Error> {
        let text = String::deserialize(from)?;
        parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "{text} is not a time like 2026-01-31T12:00:00+0000"
            ))
        })
    }

    /// `2026-01-31T12:00:00+0000`, or any other ISO 8601 time with an offset.
    pub(crate) fn parse(text: &str) -> Option<i64> {
        jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text)
            .ok()
            .or_else(|| text.parse().ok())
            .map(jiff::Timestamp::as_millisecond)
    }
}
