#![doc = include_str!("../README.md")]

mod clock;
mod error;
pub mod machine;
mod runner;
pub mod spool;
mod store;
mod types;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::StoreError;
pub use machine::PartState;
pub use runner::{Handler, Runner, RunnerOptions};
pub use store::{Durability, Options, Store};
pub use types::*;
