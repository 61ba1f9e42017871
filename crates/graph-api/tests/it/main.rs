//! Everything this crate promises, from the outside: one binary, so that it links once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod client;
mod deliveries;
mod examples;
mod fixtures;
mod fixtures_all;
mod fixtures_reads;
mod flows;
mod oauth;
mod responder;
mod signatures;
mod sources;
mod texts;
mod writes;
