//! Calls about comments under the account's own posts.

mod delete;
mod hide;
mod list;
mod node;
mod replies;
mod reply;
mod switch;
mod write;

pub use delete::DeleteComment;
pub use hide::HideComment;
pub use list::ListComments;
pub use node::{Comment, GetComment};
pub use replies::ListReplies;
pub use reply::WriteReply;
pub use switch::SwitchComments;
pub use write::WriteComment;
