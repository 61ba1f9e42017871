//! The server from outside: real sockets, a temporary store, the simulator as Meta.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

mod api;
mod audit;
mod client;
mod flow;
mod house;
mod keys;
mod login;
mod meta;
mod outage;
mod pages;
mod replay;
mod settings;
mod slow;
mod speech;
mod telegram;
mod tidy;
mod tokens;
mod webhook;
