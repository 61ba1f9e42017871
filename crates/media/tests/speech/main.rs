//! What the ear hears, what the engines say, and what summaries are worth: measured, with sound made on the spot.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]
// Recipes and hand-made files: small numbers, long tables.
#![allow(
    clippy::assigning_clones,
    clippy::cast_precision_loss,
    clippy::format_push_string,
    clippy::needless_for_each,
    clippy::semicolon_if_nothing_returned,
    clippy::similar_names,
    clippy::too_many_lines,
    clippy::verbose_bit_mask
)]

mod clips;
mod embedded;
mod engines;
mod extracts;
mod fake;
mod fetching;
mod hearing;
mod injection;
#[cfg(feature = "embedded-speech")]
mod whisper_file;
