//! What the ear hears, what the engines say, and what summaries are worth: measured, with sound made on the spot.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
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
