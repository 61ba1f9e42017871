//! Meta's Graph API and webhooks as types, limits as data, a budget and a thin client.
#![doc = include_str!("../README.md")]

pub mod budget;
pub mod client;
pub mod endpoint;
pub mod error;
pub mod id;
pub mod insights;
mod lenient;
pub mod limits;
pub mod oauth;
pub mod request;
pub mod webhook;
