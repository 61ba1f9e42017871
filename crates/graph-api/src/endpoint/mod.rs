//! Meta's calls, one file each: how the request looks, how the answer is read, and where Meta documents it.

pub mod account;
pub mod media;
