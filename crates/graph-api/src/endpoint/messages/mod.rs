//! Calls about direct messages, for programs that write in the account's name.

mod conversations;
mod react;
mod send;
mod sign;
mod thread;

pub use conversations::{Conversation, ListConversations};
pub use react::React;
pub use send::{Attachment, SendMessage, SentMessage, To, What};
pub use sign::ShowSign;
pub use thread::{GetThread, Message};
