#![doc = include_str!("../README.md")]
//! The rim: webhooks, health, metrics, settings, and the workers' wiring.

mod accounts;
mod api;
mod app;
mod body;
mod convert;
mod error;
mod files;
mod forward;
mod gateway;
mod health;
mod http;
mod janitor;
pub mod listener;
mod master_key;
pub mod operate;
mod page;
mod publishing;
mod pushed;
pub mod settings;
mod snapshots;
mod telemetry;
mod webhook;
mod writes;

use std::process::ExitCode;

pub use app::{App, Roles, open_store};

/// Entry of the child process in which the embedded speech engine runs.
pub fn speech_worker(arguments: impl Iterator<Item = std::ffi::OsString>) -> ExitCode {
    media::speech_worker(arguments)
}
