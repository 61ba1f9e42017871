//! A message of either direction, and what hangs on it: what the bot reads most, in one place.
//! <https://developers.facebook.com/docs/messenger-platform/instagram/features/webhook> (read 2026)

use crate::id::Mid;
use std::fmt;

/// A message of either direction.
#[derive(Clone, PartialEq, Default)]
pub struct Message {
    /// Absent only in malformed samples.
    pub mid: Option<Mid>,
    /// What was typed; a lone surrogate in it reads as U+FFFD.
    pub text: Option<String>,
    /// Media, shares, stories.
    pub attachments: Vec<Attachment>,
    /// What it answers.
    pub reply_to: Option<ReplyTo>,
    /// The payload of a tapped quick reply.
    pub quick_reply: Option<String>,
    /// The advertisement, shop or link that the person came from.
    pub referral: Option<Referral>,
    /// The account wrote it.
    pub is_echo: bool,
    /// The account wrote it to itself, to try things; comes together with `is_echo`.
    pub is_self: bool,
    /// Meta cannot show it to us.
    pub is_unsupported: bool,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<&str> = self.attachments.iter().map(|a| a.kind.as_str()).collect();
        f.debug_struct("Message")
            .field("mid", &self.mid)
            .field("has_text", &self.text.is_some())
            .field("attachments", &kinds)
            .field("is_echo", &self.is_echo)
            .field("is_self", &self.is_self)
            .finish_non_exhaustive()
    }
}

/// Something attached to a message. `kind` is an open word: `image`, `video`, `audio`, `file`,
/// `share`, `ig_post`, `ig_reel`, `reel`, `story_mention`, `ephemeral`, `like_heart`, …
#[derive(Clone, PartialEq, Default)]
pub struct Attachment {
    /// Meta's `type`.
    pub kind: String,
    /// A CDN address, a permalink, or a relative path: judge by its host.
    pub url: Option<String>,
    /// The caption of what was shared.
    pub title: Option<String>,
    /// `ig_post_media_id`, `reel_video_id` or `story_media_id`: the same thing shared twice in one
    /// message (`share` beside `ig_post`) has one id.
    pub media_id: Option<String>,
}

// CDN addresses open without a key, so they count as secrets.
impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment")
            .field("kind", &self.kind)
            .field("has_url", &self.url.is_some())
            .field("media_id", &self.media_id)
            .finish_non_exhaustive()
    }
}

/// What a message answers.
#[derive(Clone, PartialEq)]
pub enum ReplyTo {
    /// Another message.
    Message {
        /// The message answered.
        mid: Mid,
        /// The person answers their own message.
        is_self_reply: bool,
    },
    /// A story of the account.
    Story {
        /// The story's media, while it lasts.
        url: Option<String>,
        /// The story.
        id: Option<String>,
        /// The link sticker's address (since 2025-12-12).
        link_sticker_url: Option<String>,
    },
}

impl fmt::Debug for ReplyTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message { .. } => "ReplyTo::Message",
            Self::Story { .. } => "ReplyTo::Story",
        })
    }
}

/// Where a person came from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Referral {
    /// The `ref` of an ig.me link or an advertisement.
    pub r#ref: Option<String>,
    /// `ADS`, or the kind of link.
    pub source: Option<String>,
    /// `OPEN_THREAD`.
    pub r#type: Option<String>,
    /// The advertisement.
    pub ad_id: Option<String>,
    /// The product of a shop.
    pub product_id: Option<String>,
}
