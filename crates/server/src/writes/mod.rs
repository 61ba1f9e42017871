//! What callers of the API write to people: each is a durable job whose one visible call goes by the bot's send
//! protocol.
//!
//! The intention is on disk before the call, the call is made once, and an answer that was lost is looked for where the
//! words would lie. The caller waits a while for the outcome; what takes longer goes on without them and is told by
//! `GET /v1/accounts/{account}/writes/{write}`.

mod carrier;
mod deed;
mod order;
mod outcome;
mod under;
mod worker;

pub(crate) use carrier::MARGIN_MS;

pub(crate) use deed::{Deed, FileWord, Message, MessageFile};
pub(crate) use order::{Waited, earlier, is_ordered, look, order, place};
use outcome::Outcome;
pub(crate) use outcome::{Told, WriteOut};
pub(crate) use worker::Writer;

/// The queue of these jobs.
pub(crate) const QUEUE: &str = "writes";
