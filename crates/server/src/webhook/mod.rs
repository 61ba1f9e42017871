//! What the world tells us: one file per channel.

pub(crate) mod events;
pub(crate) mod meta;
pub(crate) mod telegram;
