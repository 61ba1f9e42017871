//! Calls about what the account has published, and about what it is tagged in.

mod children;
mod insights;
mod list;
mod node;

pub use children::GetChildren;
pub use insights::MediaInsights;
pub use list::{Edge, ListMedia};
pub use node::{Child, GetMedia, Media};
