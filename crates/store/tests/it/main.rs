//! The store against a real SQLite file, seen through its public face only.

// Clippy lets tests unwrap, but not their helpers; timings are printed for whoever looks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod accounts;
mod crash;
mod erasure;
mod forward;
mod gateway;
mod inbox;
mod intake;
mod jobs;
mod library;
mod line;
mod notes;
mod outbox;
mod quota;
mod runner;
mod snapshots;
mod spool;
mod support;
mod work;
mod writes;
