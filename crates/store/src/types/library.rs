//! What a person can find again.

use serde_json::Value;
use uuid::Uuid;

use super::Conversation;

/// Something that a person has asked for and got.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEntry {
    /// Whose it is.
    pub conversation: Conversation,
    /// The shared work that it came from.
    pub work_key: String,
    /// When the person got it.
    pub at_ms: i64,
    /// Who made it.
    pub author: Option<String>,
    /// Where it stands.
    pub permalink: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// What its author wrote under it.
    pub caption: Option<String>,
    /// The language that is spoken.
    pub language: Option<String>,
    /// What was said, with its times: kept as it is.
    pub words: Value,
    /// What was said, as plain text: this is what is searched.
    pub spoken: String,
}

/// An entry of a person's library.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Ours.
    pub id: Uuid,
    /// The job that brought it.
    pub job_id: Uuid,
    /// Whose it is.
    pub conversation: Conversation,
    /// The shared work that it came from.
    pub work_key: String,
    /// When the person got it.
    pub at_ms: i64,
    /// Who made it.
    pub author: Option<String>,
    /// Where it stands.
    pub permalink: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// What its author wrote under it.
    pub caption: Option<String>,
    /// The language that is spoken.
    pub language: Option<String>,
    /// What was said, as it was given.
    pub words: Value,
    /// How well it fits what was looked for; 0 where nothing was.
    pub score: f64,
    /// The words of the entry that fit best, as [`fold`](crate::fold::fold) writes them: what to look for in `words`.
    pub hits: Vec<String>,
}
