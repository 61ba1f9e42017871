//! `GET /{conversation-id}?fields=messages{…}`: what was written; Meta gives details of the newest
//! [`READABLE_MESSAGES`](crate::limits::READABLE_MESSAGES) only.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/conversations-api>
//! (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::{object, text};
use crate::error::CallError;
use crate::id::{ConversationId, Mid};
use crate::request::{Answer, Endpoint, Request};
use serde_json::Value;
use std::fmt;

const FIELDS: &str = "messages.limit(20){id,created_time,from,to,message,attachments,shares,story,reactions,\
     is_unsupported}";

/// A message as it stands in the thread.
#[derive(Clone, PartialEq)]
pub struct Message {
    /// The message.
    pub id: Mid,
    /// When, as Meta spells it.
    pub created: Option<String>,
    /// Who wrote it: id and name.
    pub from: Option<(String, Option<String>)>,
    /// Its words.
    pub text: Option<String>,
    /// Its files as Meta describes them.
    pub attachments: Vec<Value>,
    /// Posts that were shared with it.
    pub shares: Vec<Value>,
    /// The story that it answers or names.
    pub story: Option<Value>,
    /// Who put what on it.
    pub reactions: Vec<Value>,
    /// Meta does not show it to programs.
    pub is_unsupported: bool,
}

// Messages are people's words.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

impl Message {
    fn of(row: &Value) -> Option<Self> {
        let list = |at: &str| {
            let found = row.pointer(at).and_then(Value::as_array);
            found.cloned().unwrap_or_default()
        };
        let unsupported = row.get("is_unsupported");
        Some(Self {
            id: text(row, "id")?.into(),
            created: text(row, "created_time"),
            from: row
                .get("from")
                .and_then(|from| Some((text(from, "id")?, text(from, "username")))),
            text: text(row, "message"),
            attachments: list("/attachments/data"),
            shares: list("/shares/data"),
            story: row.get("story").filter(|story| story.is_object()).cloned(),
            reactions: list("/reactions/data"),
            // A boolean in meaning, the string "true" in a public sample.
            is_unsupported: unsupported
                .is_some_and(|flag| flag == &Value::Bool(true) || flag == "true"),
        })
    }
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetThread {
    /// Meta's id of the conversation.
    pub conversation: ConversationId,
}

impl Endpoint for GetThread {
    type Answer = Vec<Message>;

    fn request(&self, _: &Credentials) -> Request {
        Request::get("conversation", &[self.conversation.as_str()]).with("fields", FIELDS)
    }

    fn read(&self, answer: &Answer) -> Result<Vec<Message>, CallError> {
        let thread = object(answer, "a conversation has messages")?;
        let messages = thread.pointer("/messages/data").and_then(Value::as_array);
        Ok(messages
            .into_iter()
            .flatten()
            .filter_map(Message::of)
            .collect())
    }
}
