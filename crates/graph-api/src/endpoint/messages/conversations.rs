//! `GET /{page}/conversations`, or `/me/conversations` under Instagram Login: who writes with the account. Requests that
//! were idle for thirty days are missing.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/conversations-api>
//! (read 2026)

use crate::client::{Credentials, Login};
use crate::endpoint::Page;
use crate::endpoint::rows::{object, text};
use crate::error::CallError;
use crate::id::{ConversationId, Igsid};
use crate::request::{Answer, Endpoint, Request};
use serde_json::Value;

/// A conversation of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Meta's id of it.
    pub id: ConversationId,
    /// When somebody last wrote, as Meta spells it.
    pub updated: Option<String>,
    /// Who takes part, the account included: id and name.
    pub participants: Vec<(String, Option<String>)>,
}

impl Conversation {
    fn of(row: &Value) -> Option<Self> {
        let people = row.pointer("/participants/data").and_then(Value::as_array);
        Some(Self {
            id: text(row, "id")?.into(),
            updated: text(row, "updated_time"),
            participants: people
                .into_iter()
                .flatten()
                .filter_map(|one| Some((text(one, "id")?, text(one, "username"))))
                .collect(),
        })
    }
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListConversations {
    /// Only the one with this person.
    pub person: Option<Igsid>,
    /// How many at most.
    pub limit: u32,
    /// After this cursor of Meta's.
    pub after: Option<String>,
}

impl Endpoint for ListConversations {
    type Answer = Page<Conversation>;

    fn request(&self, credentials: &Credentials) -> Request {
        let node = match &credentials.login {
            Login::Facebook { page_id } => page_id.as_str(),
            Login::Instagram => "me",
        };
        Request::get("conversations", &[node, "conversations"])
            .with("platform", "instagram")
            .with("fields", "id,updated_time,participants")
            .with("limit", self.limit.to_string())
            .with_some("user_id", self.person.as_ref().map(Igsid::as_str))
            .with_some("after", self.after.clone())
    }

    fn read(&self, answer: &Answer) -> Result<Self::Answer, CallError> {
        Ok(Page::of(
            &object(answer, "conversations are a list")?,
            Conversation::of,
        ))
    }
}
