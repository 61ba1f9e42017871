//! Calls about accounts and hashtags of others. Facebook Login only: graph.instagram.com has neither.

mod business;
mod hashtag_media;
mod hashtag_search;
mod recent;

pub use business::{BusinessDiscovery, Discovered, Username};
pub use hashtag_media::{HashtagEdge, HashtagMedia};
pub use hashtag_search::{HashtagName, HashtagSearch};
pub use recent::RecentHashtags;

use crate::endpoint::rows::{count, text};
use crate::id::MediaId;
use serde_json::Value;

/// A post of somebody else's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The post; it cannot be read by this id.
    pub id: MediaId,
    /// Its words.
    pub caption: Option<String>,
    /// `IMAGE`, `VIDEO`, `CAROUSEL_ALBUM`.
    pub media_type: Option<String>,
    /// `FEED`, `REELS`.
    pub media_product_type: Option<String>,
    /// Its page.
    pub permalink: Option<String>,
    /// Where its file is, for a while.
    pub media_url: Option<String>,
    /// When, as Meta spells it.
    pub timestamp: Option<String>,
    /// How many like it, unless its writer hides that.
    pub like_count: Option<i64>,
    /// How many comments it has.
    pub comments_count: Option<i64>,
    /// How often it was seen (since 2025-06-16).
    pub view_count: Option<i64>,
}

impl Seen {
    fn of(row: &Value) -> Option<Self> {
        Some(Self {
            id: text(row, "id")?.into(),
            caption: text(row, "caption"),
            media_type: text(row, "media_type"),
            media_product_type: text(row, "media_product_type"),
            permalink: text(row, "permalink"),
            media_url: text(row, "media_url"),
            timestamp: text(row, "timestamp"),
            like_count: count(row, "like_count"),
            comments_count: count(row, "comments_count"),
            view_count: count(row, "view_count"),
        })
    }
}
