//! An event as programs read it: `gramophone.event.v1`, the same wherever it goes out (docs/events.md).
//!
//! `data` says what we understood, one set of names for each kind; `raw` is what the channel sent, for the rest. Fields
//! may be added to a version, never taken away or given another meaning.

use graph_api::id::{Igsid, Mid};
use graph_api::webhook::{
    Attachment, Comment, Event, Kind, Message, Referral, ReplyTo, Shape, parse_stored,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::{EventRow, FeedEntry, JobRow};
use utoipa::ToSchema;

use crate::convert::moment;

/// The name and the version of the form.
const SCHEMA: &str = "gramophone.event.v1";
/// The same of a change of a job.
const JOB_SCHEMA: &str = "gramophone.job.v1";

/// An event, as it goes out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventOut {
    /// Form and version.
    #[schema(example = "gramophone.event.v1")]
    schema: &'static str,
    /// Ours; the same however often and wherever it goes out.
    #[schema(example = "0199d3c2-6c1e-7a52-b2f4-3b1f0f6f2a11")]
    pub(crate) id: String,
    /// `comment`, `message`, `mention`, `story_insights`, `alert`, …
    #[schema(example = "comment")]
    r#type: String,
    /// The professional account it happened to; none: it is of no account.
    #[schema(example = "17841400000000001")]
    account: Option<String>,
    /// When it happened, by the sender's clock where it says so.
    #[schema(example = "2026-11-22T15:00:00Z")]
    at: String,
    /// When it came.
    #[schema(example = "2026-11-22T15:00:00.5Z")]
    received_at: String,
    /// `instagram`, `telegram` or `gramophone`.
    #[schema(example = "instagram")]
    channel: String,
    /// What we understood, by kind.
    data: Value,
    /// What the channel sent.
    raw: Value,
}

/// A job that ended, as it goes out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobOut {
    #[schema(example = "gramophone.job.v1")]
    schema: &'static str,
    id: String,
    #[schema(example = "publish")]
    queue: String,
    /// `done`, `refused` or `dead`.
    #[schema(example = "done")]
    state: String,
    /// Of the queue `publish`: the publication. What became of it is the note: its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0199d3c2-6c1e-7a52-b2f4-3b1f0f6f2a11")]
    publication: Option<String>,
    account: Option<String>,
    at: String,
    /// A short word on the outcome.
    note: Option<String>,
    attempts: i32,
}

/// An event.
pub(crate) fn event(event: &EventRow) -> EventOut {
    let raw: Value =
        serde_json::from_str(&event.raw).unwrap_or_else(|_| Value::String(event.raw.clone()));
    // What says no time of its own happened when it came, as far as anybody knows.
    let at_ms = if event.at_ms > 0 {
        event.at_ms
    } else {
        event.received_at_ms
    };
    let (data, raw) = match event.channel.as_str() {
        "instagram" => (from_meta(event), raw),
        "gramophone" => (raw, Value::Null),
        _ => (
            tidy(json!({"conversation": event.person, "message_id": event.mid})),
            raw,
        ),
    };
    EventOut {
        schema: SCHEMA,
        id: event.id.to_string(),
        r#type: event.kind.clone(),
        account: account(&event.account),
        at: moment(at_ms),
        received_at: moment(event.received_at_ms),
        channel: event.channel.clone(),
        data,
        raw,
    }
}

fn account(id: &str) -> Option<String> {
    (!id.is_empty()).then(|| id.to_owned())
}

/// A job that ended. What was said about it is for the operator, never a person's words.
pub(crate) fn job(entry: &FeedEntry, state: &str, job: &JobRow) -> JobOut {
    let publication = job.payload.get("publication").and_then(Value::as_str);
    JobOut {
        schema: JOB_SCHEMA,
        id: job.id.to_string(),
        queue: job.queue.clone(),
        state: state.to_owned(),
        publication: publication.map(str::to_owned),
        account: account(&entry.account),
        at: moment(entry.at_ms),
        note: job.note.clone(),
        attempts: job.attempts,
    }
}

fn from_meta(event: &EventRow) -> Value {
    let shape = Shape::from_word(&event.shape).unwrap_or(Shape::Change);
    let read = parse_stored(&event.account, shape, &event.raw);
    let mut data = data(&read);
    if let Value::Object(fields) = &mut data {
        let person = event.person.as_deref();
        match &read.kind {
            Kind::Comment(_) | Kind::LiveComment(_) => {}
            _ => {
                if let Some(person) = person {
                    fields.insert("conversation".to_owned(), person.into());
                }
            }
        }
        if shape == Shape::Standby {
            fields.insert("standby".to_owned(), true.into());
        }
    }
    data
}

fn data(event: &Event) -> Value {
    let fields = match &event.kind {
        Kind::Message(message) | Kind::Echo(message) => said(message),
        Kind::Comment(comment) | Kind::LiveComment(comment) => commented(event, comment),
        Kind::Deleted { mid } | Kind::Seen { mid } => json!({"message_id": mid.as_str()}),
        Kind::Reaction(reaction) => json!({
            "message_id": reaction.mid.as_str(),
            "action": reaction.action,
            "reaction": reaction.reaction,
            "emoji": reaction.emoji,
        }),
        Kind::Postback {
            mid,
            title,
            payload,
            referral,
            is_self,
        } => json!({
            "message_id": mid.as_ref().map(Mid::as_str),
            "title": title,
            "payload": payload,
            "referral": referral.as_ref().map(came_from),
            "is_own": is_self,
        }),
        Kind::Referral(referral) => json!({"referral": came_from(referral)}),
        Kind::Edit {
            mid,
            text,
            num_edit,
        } => json!({"message_id": mid.as_str(), "text": text, "number": num_edit}),
        Kind::Optin(value) => json!({"optin": value}),
        Kind::Feedback(value) => json!({"feedback": value}),
        Kind::ThreadControl(control) => json!({
            "action": control.action.as_str(),
            "previous_owner_app_id": control.previous_owner_app_id,
            "new_owner_app_id": control.new_owner_app_id,
            "requested_owner_app_id": control.requested_owner_app_id,
            "metadata": control.metadata,
        }),
        Kind::PolicyEnforcement { action, reason } => json!({"action": action, "reason": reason}),
        Kind::Mention {
            media_id,
            comment_id,
        } => json!({"media_id": media_id, "comment_id": comment_id}),
        Kind::StoryInsights(story) => json!({
            "media_id": story.media_id,
            "impressions": story.impressions,
            "reach": story.reach,
            "taps_forward": story.taps_forward,
            "taps_back": story.taps_back,
            "exits": story.exits,
            "replies": story.replies,
        }),
        Kind::Unknown => unknown(&event.raw),
    };
    tidy(fields)
}

fn said(message: &Message) -> Value {
    let attachments: Vec<Value> = message.attachments.iter().map(attached).collect();
    json!({
        "message_id": message.mid.as_ref().map(Mid::as_str),
        "text": message.text,
        "attachments": attachments,
        "reply_to": message.reply_to.as_ref().map(answered),
        "quick_reply": message.quick_reply,
        "referral": message.referral.as_ref().map(came_from),
        "is_own": message.is_echo || message.is_self,
        "is_unsupported": message.is_unsupported.then_some(true),
    })
}

fn attached(attachment: &Attachment) -> Value {
    tidy(json!({
        "type": attachment.kind,
        "url": attachment.url,
        "title": attachment.title,
        "media_id": attachment.media_id,
    }))
}

fn answered(to: &ReplyTo) -> Value {
    tidy(match to {
        ReplyTo::Message { mid, .. } => json!({"message_id": mid.as_str()}),
        ReplyTo::Story { url, id, .. } => json!({"story_id": id, "story_url": url}),
    })
}

fn came_from(referral: &Referral) -> Value {
    tidy(json!({
        "ref": referral.r#ref,
        "source": referral.source,
        "type": referral.r#type,
        "ad_id": referral.ad_id,
        "product_id": referral.product_id,
    }))
}

fn commented(event: &Event, comment: &Comment) -> Value {
    json!({
        "comment_id": comment.id,
        "text": comment.text,
        "parent_id": comment.parent_id,
        "media_id": comment.media_id,
        "media_product_type": comment.media_product_type,
        "from": tidy(json!({
            "id": event.person.as_ref().map(Igsid::as_str),
            "username": comment.username,
        })),
        "is_own": comment.is_own,
    })
}

/// A change of a field that we know nothing of is still a change of a field.
fn unknown(raw: &str) -> Value {
    let mut raw: Map<String, Value> = serde_json::from_str(raw).unwrap_or_default();
    match (raw.remove("field"), raw.remove("value")) {
        (Some(field), value) => json!({"field": field, "value": value}),
        _ => json!({}),
    }
}

/// The object without what is not known.
fn tidy(mut value: Value) -> Value {
    if let Value::Object(fields) = &mut value {
        fields.retain(|_, value| !value.is_null());
    }
    value
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn shown(row: &EventRow) -> Value {
        serde_json::to_value(event(row)).unwrap()
    }

    fn stored(kind: &str, shape: &str, person: Option<&str>, raw: &Value) -> EventRow {
        EventRow {
            id: Uuid::from_u128(7),
            delivery_id: Uuid::nil(),
            channel: "instagram".to_owned(),
            account: "178".to_owned(),
            person: person.map(str::to_owned),
            kind: kind.to_owned(),
            shape: shape.to_owned(),
            mid: None,
            at_ms: 1_790_000_000_000,
            received_at_ms: 1_790_000_000_500,
            opens_window: false,
            raw: raw.to_string(),
        }
    }

    #[test]
    fn a_comment_says_who_wrote_what_under_which_post() {
        let raw = json!({"field": "comments", "value": {
            "from": {"id": "55", "username": "ana"}, "id": "c1", "parent_id": "c0",
            "media": {"id": "m1", "media_product_type": "FEED"}, "text": "nice"}});
        let shown = shown(&stored("comment", "change", Some("55"), &raw));
        assert_eq!(
            shown,
            json!({
                "schema": "gramophone.event.v1",
                "id": "00000000-0000-0000-0000-000000000007",
                "type": "comment",
                "account": "178",
                "at": "2026-09-21T14:13:20Z",
                "received_at": "2026-09-21T14:13:20.5Z",
                "channel": "instagram",
                "data": {
                    "comment_id": "c1", "text": "nice", "parent_id": "c0", "media_id": "m1",
                    "media_product_type": "FEED", "from": {"id": "55", "username": "ana"}, "is_own": false},
                "raw": raw,
            })
        );
    }

    #[test]
    fn a_message_says_in_which_conversation() {
        let raw = json!({"sender": {"id": "55"}, "recipient": {"id": "178"}, "timestamp": 1_790_000_000_000_i64,
            "message": {"mid": "mid-1", "text": "hello", "reply_to": {"mid": "mid-0"}}});
        let shown = shown(&stored("message", "messaging", Some("55"), &raw));
        assert_eq!(
            shown["data"],
            json!({"conversation": "55", "message_id": "mid-1", "text": "hello", "attachments": [],
                "reply_to": {"message_id": "mid-0"}, "is_own": false})
        );
    }

    #[test]
    fn a_field_that_we_do_not_know_is_told_as_it_is() {
        let raw = json!({"field": "media", "value": {"id": "m1", "verb": "update"}});
        let shown = shown(&stored("unknown", "change", None, &raw));
        assert_eq!(shown["type"], "unknown");
        assert_eq!(shown["data"], raw);
    }

    #[test]
    fn an_alert_is_its_own_data() {
        let mut row = stored("alert", "alert", None, &json!({"code": "token_expiring"}));
        row.channel = "gramophone".to_owned();
        row.account = String::new();
        let shown = shown(&row);
        assert_eq!(shown["data"]["code"], "token_expiring");
        assert_eq!(
            (&shown["raw"], &shown["account"]),
            (&Value::Null, &Value::Null)
        );
    }
}
