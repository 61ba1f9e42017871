//! `GET /{page}/conversations`, or `/me/conversations` under Instagram Login: the newest messages
//! with one person, to find out whether a send of unknown outcome arrived. Only the newest 20 have
//! details; 2 calls a second and account are allowed, so the thread comes in the same call.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/conversations-api>
//! (read 2026)

use super::{Credentials, Graph, Login, USUAL_ANSWER_BYTES};
use crate::endpoint::rows::{object, text};
use crate::error::CallError;
use crate::id::{Igsid, Mid};
use crate::limits::READABLE_MESSAGES;
use crate::request::Request;
use crate::time::epoch_ms;
use serde_json::Value;
use std::fmt;

const MESSAGES: &str =
    "messages.limit(20){id,created_time,from,to,message,attachments,shares,is_unsupported}";
const CONVERSATION: &str = concat!(
    "id,updated_time,",
    "messages.limit(20){id,created_time,from,to,message,attachments,shares,is_unsupported}"
);

/// A message as it stands in the thread.
#[derive(Clone, PartialEq, Eq)]
pub struct ThreadMessage {
    /// The message.
    pub id: Mid,
    /// When, in epoch milliseconds; Meta tells whole seconds here. 0 when it does not tell.
    pub created_ms: i64,
    /// Who wrote it: the account's id or the person's.
    pub from_id: Option<String>,
    /// What was typed.
    pub text: Option<String>,
    /// `image`, `video`, `file`, `share`, `unsupported`, `unknown`.
    pub attachment_kinds: Vec<String>,
}

impl fmt::Debug for ThreadMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadMessage")
            .field("id", &self.id)
            .field("created_ms", &self.created_ms)
            .field("from_id", &self.from_id)
            .field("attachment_kinds", &self.attachment_kinds)
            .finish_non_exhaustive()
    }
}

impl Graph {
    /// The newest messages with a person, newest first, at most 20. None where there is no thread.
    pub async fn recent_messages(
        &self,
        credentials: &Credentials,
        with: &Igsid,
    ) -> Result<Vec<ThreadMessage>, CallError> {
        let node = match &credentials.login {
            Login::Facebook { page_id } => page_id.as_str(),
            Login::Instagram => "me",
        };
        let request = Request::get("conversations", &[node, "conversations"])
            .with("platform", "instagram")
            .with("user_id", with.as_str())
            .with("fields", CONVERSATION);
        let found = self.read(credentials, request).await?;
        let Some(conversation) = found.pointer("/data/0") else {
            return Ok(Vec::new());
        };
        if conversation.get("messages").is_some() {
            return Ok(messages_of(conversation));
        }
        let Some(id) = conversation.get("id").and_then(Value::as_str) else {
            return Ok(Vec::new());
        };
        let request = Request::get("conversation", &[id]).with("fields", MESSAGES);
        Ok(messages_of(&self.read(credentials, request).await?))
    }

    async fn read(&self, credentials: &Credentials, request: Request) -> Result<Value, CallError> {
        let answer = self.carry(credentials, request, USUAL_ANSWER_BYTES).await?;
        object(&answer, "a conversation's answer is an object")
    }
}

fn messages_of(conversation: &Value) -> Vec<ThreadMessage> {
    let list = conversation
        .pointer("/messages/data")
        .and_then(Value::as_array);
    let mut messages: Vec<ThreadMessage> = list
        .into_iter()
        .flatten()
        .filter_map(message)
        .take(READABLE_MESSAGES)
        .collect();
    // Meta lists newest first; the sort is stable, so within one second its order stays.
    messages.sort_by_key(|message| std::cmp::Reverse(message.created_ms));
    messages
}

fn message(raw: &Value) -> Option<ThreadMessage> {
    let id = raw.get("id")?.as_str()?;
    Some(ThreadMessage {
        id: Mid::from(id),
        created_ms: raw.get("created_time").and_then(created_ms).unwrap_or(0),
        from_id: raw.get("from").and_then(|from| text(from, "id")),
        text: text(raw, "message"),
        attachment_kinds: attachment_kinds(raw),
    })
}

fn attachment_kinds(raw: &Value) -> Vec<String> {
    let list = |at: &str| {
        raw.pointer(at)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let mut kinds: Vec<String> = list("/attachments/data")
        .iter()
        .map(|attachment| {
            let has = |key: &str| attachment.get(key).is_some_and(|value| !value.is_null());
            let kind = match () {
                () if has("video_data") => "video",
                () if has("image_data") => "image",
                () if has("file_url") => "file",
                () => "unknown",
            };
            kind.to_owned()
        })
        .collect();
    kinds.extend(list("/shares/data").iter().map(|_| "share".to_owned()));
    // A boolean in meaning, the string "true" in a public sample.
    let unsupported = raw.get("is_unsupported");
    if unsupported.is_some_and(|flag| flag == &Value::Bool(true) || flag == "true") {
        kinds.push("unsupported".to_owned());
    }
    kinds
}

/// A text, or a number of seconds: Meta's samples have both. Nothing was written in 1970.
fn created_ms(value: &Value) -> Option<i64> {
    let at_ms = match value {
        Value::String(text) => epoch_ms(text),
        other => epoch_ms(&other.as_i64()?.to_string()),
    };
    at_ms.filter(|at_ms| *at_ms > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_texts_and_numbers() {
        for (value, expected) in [
            (json!("2026-01-01T00:00:05+0000"), Some(1_767_225_605_000)),
            (json!(1_767_225_605), Some(1_767_225_605_000)),
            (json!("soon"), None),
            (json!(0), None),
            (json!(null), None),
        ] {
            assert_eq!(created_ms(&value), expected, "{value}");
        }
    }

    #[test]
    fn odd_messages_cost_no_neighbour() {
        let conversation = json!({"messages": {"data": [
            {"id": "a", "created_time": "1"}, {"no": "id"}, 7, {"id": "b", "created_time": "3"},
            {"id": "c", "created_time": "3", "message": "", "from": {"id": 5}},
        ]}});
        let found = messages_of(&conversation);
        let ids: Vec<&str> = found.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids, ["b", "c", "a"]);
        assert_eq!(found[1].from_id.as_deref(), Some("5"));
        assert_eq!(found[1].text, None);
        assert!(messages_of(&json!({})).is_empty());
    }
}
