#![doc = include_str!("../README.md")]

mod accounts;
mod alert;
mod clock;
mod db;
mod erasure;
mod error;
mod feed;
pub mod fold;
mod forward;
mod gateway;
mod inbox;
pub mod intake;
mod jobs;
mod keys;
mod library;
mod lock;
mod logins;
pub mod machine;
mod notes;
mod outbox;
mod row;
mod runner;
mod safe;
mod schema;
mod scrub;
mod seal;
mod snapshots;
pub mod spool;
mod sqlite;
mod store;
#[cfg(test)]
mod testing;
mod types;
mod upkeep;
mod work;
mod writer;
mod writes;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::StoreError;
pub use forward::QUEUE as FORWARD_QUEUE;
pub use machine::PartState;
pub use runner::{Handler, Runner, RunnerOptions};
pub use safe::Safe;
pub use store::{Durability, Options, Store};
pub use types::*;
