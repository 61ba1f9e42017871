//! The simulator over real HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where it fails, helpers too"
)]

mod phone_ai;
mod phone_samples;
mod phone_ytdlp;
