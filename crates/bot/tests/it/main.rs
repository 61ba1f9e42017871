//! The bot's tests: tables for what is pure, and everything else against the simulator.

// A test that cannot go on should stop where it is.
#![allow(clippy::expect_used, clippy::panic)]

mod command;
mod conversation;
mod final_text;
mod forgetting;
mod language;
mod line;
mod pipeline;
mod plan;
mod pushed;
mod safety;
mod send;
mod talking;
mod taps;
mod telegram;
mod telegram_answers;
mod telegram_fixtures;
mod telegram_probe;
mod telegram_support;
mod texts;
mod two_channels;
mod world;
