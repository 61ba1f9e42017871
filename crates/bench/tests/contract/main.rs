//! The API as its clients meet it: the second document's own flows in Python against the demo, every number judged by a
//! script that knows only the simulator's seed; the contract fuzzed; its types compiled.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod clients;
mod flows;
mod fuzz;
mod leaks;
mod receiver;
