//! Webhooks: bytes in, typed events out. `verify` makes [`Verified`], only [`Verified`] can be
//! parsed, so that no byte is read as JSON before its signature was checked.

mod challenge;
mod dedupe;
mod event;
mod item;
mod lenient;
mod message;
mod parse;
mod read_change;
mod read_message;
mod redact;
mod signature;

pub use challenge::{ChallengeError, verify_challenge};
pub use dedupe::DedupeKey;
pub use event::{
    Comment, Delivery, Event, Kind, Reaction, Shape, StoryInsights, ThreadAction, ThreadControl,
};
pub use message::{Attachment, Message, Referral, ReplyTo};
pub use parse::{MAX_DEPTH, ParseError, parse, parse_stored};
pub use redact::without_person;
pub use signature::{AppSecrets, NoSecret, SignatureError, Verified};
