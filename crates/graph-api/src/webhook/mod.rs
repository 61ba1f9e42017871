//! Webhooks: bytes in, typed events out. `verify` makes [`Verified`], only [`Verified`] can be
//! parsed, so that no byte is read as JSON before its signature was checked.

mod challenge;
mod dedupe;
mod event;
mod item;
mod lenient;
mod parse;
mod signature;

pub use challenge::{ChallengeError, verify_challenge};
pub use dedupe::DedupeKey;
pub use event::{
    Attachment, Comment, Delivery, Event, Kind, Message, Reaction, Referral, ReplyTo, Shape,
    StoryInsights, ThreadAction, ThreadControl,
};
pub use parse::{MAX_DEPTH, ParseError, parse, parse_stored};
pub use signature::{AppSecrets, NoSecret, SignatureError, Verified};
