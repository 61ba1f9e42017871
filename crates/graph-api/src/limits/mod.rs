//! Meta's limits as data, each with the page and the day it was read; they move without notice.

mod publish;
mod split;

pub use publish::*;
pub use split::split_text;

use std::time::Duration;

/// Longest text of one message, in UTF-8 bytes. Another line of the same page says characters; the
/// smaller reading is right under both.
/// <https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message> (2026-09-11)
pub const TEXT_BYTES: usize = 1000;

/// Largest video, and the formats it may have.
/// <https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/attachment-upload> (2026)
pub const VIDEO_BYTES: u64 = 25_000_000;

/// Largest image. Same page as [`VIDEO_BYTES`].
pub const IMAGE_BYTES: u64 = 8_000_000;

/// Largest sound. Same page as [`VIDEO_BYTES`].
pub const AUDIO_BYTES: u64 = 25_000_000;

/// Largest PDF (since 2025-12-19). Same page as [`VIDEO_BYTES`].
pub const FILE_BYTES: u64 = 25_000_000;

/// Formats by kind, as file extensions. Same page as [`VIDEO_BYTES`]; gif is there under image
/// while the page on sending omits it.
pub const VIDEO_FORMATS: &[&str] = &["mp4", "ogg", "avi", "mov", "webm"];
/// Of images. Same page as [`VIDEO_BYTES`].
pub const IMAGE_FORMATS: &[&str] = &["png", "jpeg", "jpg", "gif"];
/// Of sounds: no mp3, no opus. Same page as [`VIDEO_BYTES`].
pub const AUDIO_FORMATS: &[&str] = &["aac", "m4a", "wav", "mp4"];
/// Of files. Same page as [`VIDEO_BYTES`].
pub const FILE_FORMATS: &[&str] = &["pdf"];

/// Most images in one message (for everyone since 2026-05-06).
/// <https://developers.facebook.com/docs/instagram-platform/changelog> (2026-09-11)
pub const IMAGES_PER_MESSAGE: usize = 10;

/// Quick replies below one message.
/// <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/quick-replies>
/// (2026)
pub const QUICK_REPLIES: usize = 13;
/// Characters of a quick reply's title; the rest is cut. Same page as [`QUICK_REPLIES`].
pub const QUICK_REPLY_TITLE: usize = 20;
/// Bytes of what a quick reply stands for. Same page as [`QUICK_REPLIES`].
pub const QUICK_REPLY_PAYLOAD: usize = 1000;

/// Questions that a chat can begin with.
/// <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/ice-breakers>
/// (2026)
pub const ICE_BREAKERS: usize = 4;
/// Characters of such a question. Same page as [`ICE_BREAKERS`].
pub const ICE_BREAKER_QUESTION: usize = 80;

/// How long after a person's last message we may write.
/// <https://developers.facebook.com/docs/instagram-platform/overview> (2026)
pub const WINDOW_MS: i64 = 24 * 60 * 60 * 1000;

/// How long a human may (tag `HUMAN_AGENT`, with the feature). Same page as [`WINDOW_MS`].
pub const HUMAN_AGENT_WINDOW_MS: i64 = 7 * WINDOW_MS;

/// How long after a comment a private reply may be sent.
/// <https://developers.facebook.com/docs/instagram-platform/private-replies> (2026)
pub const PRIVATE_REPLY_WINDOW_MS: i64 = 7 * WINDOW_MS;

/// How many of the newest messages of a conversation can be read.
/// <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/conversations-api> (2026)
pub const READABLE_MESSAGES: usize = 20;

/// Most updates in one webhook delivery.
/// <https://developers.facebook.com/docs/instagram-platform/webhooks> (2026-09-11)
pub const WEBHOOK_UPDATES: usize = 1000;

/// A webhook must be answered within this.
/// <https://developers.facebook.com/docs/messenger-platform/webhooks> (2026-09-11)
pub const WEBHOOK_ANSWER: Duration = Duration::from_secs(5);

/// Sends per second and account. Facebook Login was raised to 300, Instagram Login stands at 100:
/// the smaller holds for both.
/// <https://developers.facebook.com/docs/graph-api/overview/rate-limiting> (2026)
pub const TEXTS_PER_SECOND: u32 = 100;

/// Sounds and videos per second and account. Same page as [`TEXTS_PER_SECOND`].
pub const MEDIA_PER_SECOND: u32 = 10;

/// Conversation reads per second and account. Same page as [`TEXTS_PER_SECOND`].
pub const CONVERSATIONS_PER_SECOND: u32 = 2;

/// Private replies per hour and account. Same page as [`TEXTS_PER_SECOND`].
pub const PRIVATE_REPLIES_PER_HOUR: u32 = 750;
