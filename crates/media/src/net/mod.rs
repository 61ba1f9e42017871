//! The network guard and everything that goes through it: our own requests, and, by way of a small
//! proxy, those of the programs we start.

mod address;
mod client;
mod guard;
mod hosts;
pub mod proxy;

pub use address::is_public;
pub use client::{Answer, Budget, GuardedClient, Letter, NetError, Receipt, client};
pub use guard::{Guard, Lookup, Refused, SystemLookup};
pub use hosts::{Hosts, Reach};
