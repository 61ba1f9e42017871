//! One integration binary: real programs, real files, a fixture server on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    clippy::format_collect,
    clippy::too_many_lines,
    reason = "tests and their tables; clippy's own exception covers only the test functions, not their helpers"
)]

mod check;
mod download;
mod fit;
mod fixture;
mod hostile;
mod net;
mod proxy;
mod tool;
