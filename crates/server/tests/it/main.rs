//! The server from outside: real sockets, a temporary store, the simulator as Meta.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

mod allowance;
mod api;
mod audit;
mod away;
mod cache;
mod client;
mod comments;
mod contract;
mod crash;
mod deliveries;
mod disconnecting;
mod discovery;
mod document;
mod doors;
mod flow;
mod followers;
mod forward;
mod gallery;
mod house;
mod insights;
mod keys;
mod login;
mod login_ends;
mod messages;
mod meta;
mod office;
mod once;
mod outage;
mod pages;
mod process;
mod publications;
mod reading;
mod receiver;
mod refusals;
mod renewing;
mod repeats;
mod replay;
mod replies;
mod setbacks;
mod settings;
mod settling;
mod slow;
mod snapshots;
mod speech;
mod storm;
mod stream;
mod telegram;
mod tidy;
mod tokens;
mod uploads;
mod webhook;
mod windows;
