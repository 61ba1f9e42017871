//! Meta's calls, one file each: how the request looks, how the answer is read, and where Meta documents it.

pub mod account;
pub mod comments;
pub mod discovery;
pub mod media;
pub mod mentions;
pub mod messages;
pub mod publish;
pub(crate) mod rows;

pub use rows::Page;
