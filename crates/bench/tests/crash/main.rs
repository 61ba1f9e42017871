//! The crash trials: `kill -9` at random points, then a judge who looks at everything from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod forwarded;
mod house;
mod messages;
mod planted;
mod promises;
mod published;
mod pushed;
