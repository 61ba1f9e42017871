//! Forgetting a person.

use bytes::Bytes;
use uuid::Uuid;

use super::Conversation;

/// Whom to forget, and what becomes of the webhook bodies in which they stand.
#[derive(Debug, Clone)]
pub struct Erase {
    /// Whom.
    pub conversation: Conversation,
    /// For each delivery of [`Store::deliveries_of`](crate::Store::deliveries_of): its body without this person, or
    /// `None` to remove it. A delivery that brought something of theirs and is not named goes as a whole.
    pub bodies: Vec<(Uuid, Option<Bytes>)>,
    /// The job that is erasing: its own rows stay for [`Store::erase_rest`](crate::Store::erase_rest).
    pub keep_job: Option<Uuid>,
}

/// What an erasure removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// Shared work that only this person's jobs referred to: its rows are gone, its folders are the caller's to remove.
    pub works: Vec<String>,
    /// Webhook bodies, removed or written anew.
    pub deliveries: u64,
    /// Events.
    pub events: u64,
    /// Jobs, finished or not.
    pub jobs: u64,
    /// Entries of their library.
    pub entries: u64,
}
