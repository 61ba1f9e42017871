//! The main job, as a new user meets it: the real binary in demo mode, the real ffmpeg, yt-dlp and recogniser,
//! and a person on the phone page's own API. One binary, so that the demo is started few times.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod answers;
mod harness;
mod limits;
