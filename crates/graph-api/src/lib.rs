//! Meta's Graph API and webhooks as types, limits as data, a budget and a thin client.
#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

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
pub mod time;
pub mod webhook;

// What stands in this crate's own signatures, so that nobody has to find the versions that fit.
pub use reqwest::Method;
pub use secrecy::SecretString;
pub use url::Url;
