//! The binary as a person or a supervisor meets it: its words, its exit codes, its signals, its log.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

mod command_line;
mod program;
mod running;
