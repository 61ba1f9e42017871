//! Calls about posts and comments of others that name the account.

mod answer;
mod comment;
mod media;

pub use answer::AnswerMention;
pub use comment::MentionedComment;
pub use media::{Mention, MentionedMedia};
