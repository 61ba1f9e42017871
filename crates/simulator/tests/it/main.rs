//! The simulator over real HTTP: every handler, every fault, and the shapes that `fixtures/meta` pins.

// clippy.toml allows these inside test functions; helpers shared by tests are tests too, and a
// table of cases is long.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::too_many_lines
)]

mod batch;
mod comments;
mod control;
mod conversations;
mod discovery;
mod faults;
mod files;
mod fixtures;
mod fixtures_all;
mod fixtures_errors;
mod fixtures_reads;
mod fixtures_writes;
mod insights;
mod leaks;
mod limits;
mod login_facebook;
mod login_fixtures;
mod login_instagram;
mod media;
mod permissions;
mod phone_ai;
mod phone_samples;
mod phone_ytdlp;
mod pinned;
mod profile;
mod publishing;
mod send;
mod support;
mod telegram;
mod telegram_fixtures;
mod telegram_rules;
mod telegram_support;
mod telegram_updates;
mod tokens;
mod upload;
mod webhooks;
