#![doc = include_str!("../README.md")]

pub mod crash;
pub mod delivery;
pub mod demo;
pub mod filled;
pub mod gateway;
pub mod jobs;
pub mod load;
pub mod material;
pub mod probe;
pub mod pushed;
pub mod report;
pub mod server;
pub mod stub;
pub mod webhooks;
