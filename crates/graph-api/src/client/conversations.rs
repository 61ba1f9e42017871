//! `GET /{page}/conversations`, or `/me/conversations` under Instagram Login: the newest messages
//! with one person, to find out whether a send of unknown outcome arrived. Only the newest 20 have
//! details; 2 calls a second and account are allowed, so the thread comes in the same call.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/conversations-api>
//! (read 2026)

use super::call::{Body, Call};
use super::{Credentials, Graph, Login};
use crate::error::CallError;
use crate::id::{Igsid, Mid};
use crate::limits::READABLE_MESSAGES;
use reqwest::Method;
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
            Login::Facebook { page_id } => page_id,
            Login::Instagram => "me",
        };
        let query = [
            ("platform", "instagram"),
            ("user_id", with.as_str()),
            ("fields", CONVERSATION),
        ];
        let path = [node, "conversations"];
        let found = self
            .read(credentials, "conversations", &path, &query)
            .await?;
        let Some(conversation) = found.pointer("/data/0") else {
            return Ok(Vec::new());
        };
        if conversation.get("messages").is_some() {
            return Ok(messages_of(conversation));
        }
        let Some(id) = conversation.get("id").and_then(Value::as_str) else {
            return Ok(Vec::new());
        };
        let conversation = self
            .read(credentials, "conversation", &[id], &[("fields", MESSAGES)])
            .await?;
        Ok(messages_of(&conversation))
    }

    async fn read(
        &self,
        credentials: &Credentials,
        endpoint: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Value, CallError> {
        let call = Call {
            endpoint,
            method: Method::GET,
            path,
            query,
            body: Body::None,
            visible: false,
        };
        let answer = self.call(credentials, call).await?;
        let value: Value = answer.read("a conversation's answer is JSON")?;
        if value.is_object() {
            Ok(value)
        } else {
            Err(answer.malformed("no object"))
        }
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
    let from = raw.pointer("/from/id");
    Some(ThreadMessage {
        id: Mid::from(id),
        created_ms: raw.get("created_time").and_then(created_ms).unwrap_or(0),
        from_id: from.and_then(|id| match id {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        }),
        text: raw
            .get("message")
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
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

/// ISO 8601 with `+0000`, or Unix seconds: Meta's samples have both.
fn created_ms(value: &Value) -> Option<i64> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.as_i64()?.to_string(),
    };
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1000).filter(|ms| *ms > 0);
    }
    let moment = jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", &text)
        .or_else(|_| text.parse::<jiff::Timestamp>())
        .ok()?;
    Some(moment.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_come_in_three_spellings() {
        for (value, expected) in [
            (json!("2026-01-01T00:00:05+0000"), Some(1_767_225_605_000)),
            (json!("2026-01-01T02:00:05+0200"), Some(1_767_225_605_000)),
            (json!("2026-01-01T00:00:05Z"), Some(1_767_225_605_000)),
            (json!("1767225605"), Some(1_767_225_605_000)),
            (json!(1_767_225_605), Some(1_767_225_605_000)),
            (json!("soon"), None),
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
