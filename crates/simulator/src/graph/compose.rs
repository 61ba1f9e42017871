//! From a `message` argument to what would be sent; nothing here looks at state.

use serde_json::{Map, Value};

use super::call::id_of;
use super::error::GraphError;
use super::template::{check_quick_replies, check_template};

/// Bytes of UTF-8 in a text
/// (<https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message>, 2026-09).
const TEXT_BYTES: usize = 1_000;
/// Images in one message (Instagram platform changelog, 2026-05-06).
const IMAGES: usize = 10;

/// A message that is well formed.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) text: Option<String>,
    pub(super) parts: Vec<DraftPart>,
    pub(super) quick_replies: Option<Value>,
}

#[derive(Debug, Clone)]
pub(super) struct DraftPart {
    pub(super) kind: String,
    pub(super) from: PartFrom,
}

#[derive(Debug, Clone)]
pub(super) enum PartFrom {
    AttachmentId(String),
    Url(String),
    /// A template or another payload that is kept as it is.
    Payload(Value),
    Nothing,
}

impl Draft {
    /// Audio and video have a rate limit of their own.
    pub(super) fn is_media(&self) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part.kind.as_str(), "audio" | "video"))
    }
}

pub(super) fn draft(message: &Map<String, Value>) -> Result<Draft, GraphError> {
    only_keys(
        message,
        "message",
        &[
            "text",
            "attachment",
            "attachments",
            "quick_replies",
            "metadata",
        ],
    )?;
    let text = text(message.get("text"))?;
    let parts = parts(message)?;
    match (text.is_some(), parts.is_empty()) {
        (false, true) => return Err(GraphError::bad_message("The message is empty")),
        (true, false) => {
            return Err(GraphError::bad_message(
                "A message has either a text or an attachment",
            ));
        }
        _ => {}
    }
    let quick_replies = message
        .get("quick_replies")
        .filter(|value| !value.is_null())
        .cloned();
    if let Some(replies) = &quick_replies {
        check_quick_replies(replies)?;
        if text.is_none() {
            return Err(GraphError::bad_message(
                "Quick replies stand under a text only",
            ));
        }
    }
    Ok(Draft {
        text,
        parts,
        quick_replies,
    })
}

fn text(value: Option<&Value>) -> Result<Option<String>, GraphError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Err(GraphError::bad_message(
            "param message[text] must be a non-empty string",
        )),
        Some(Value::String(text)) if text.len() > TEXT_BYTES => Err(GraphError::bad_message(
            format!("Length of param message[text] must be less than or equal to {TEXT_BYTES}"),
        )),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(GraphError::argument("param message[text] must be a string")),
    }
}

fn parts(message: &Map<String, Value>) -> Result<Vec<DraftPart>, GraphError> {
    // The Instagram Login page shows one image under `attachments` as an object; both are taken.
    let given = match (message.get("attachment"), message.get("attachments")) {
        (Some(_), Some(_)) => {
            return Err(GraphError::argument(
                "attachment and attachments cannot stand together",
            ));
        }
        (Some(Value::Object(one)), None) | (None, Some(Value::Object(one))) => vec![one.clone()],
        (None, Some(Value::Array(several))) => several
            .iter()
            .map(|one| one.as_object().cloned())
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| GraphError::argument("param message[attachments] must hold objects"))?,
        (None | Some(Value::Null), None | Some(Value::Null)) => Vec::new(),
        _ => {
            return Err(GraphError::argument(
                "param message[attachment] must be an object",
            ));
        }
    };
    let list = given.len() > 1;
    if given.len() > IMAGES {
        return Err(GraphError::bad_message(format!(
            "A message has at most {IMAGES} images"
        )));
    }
    let parts = given.iter().map(part).collect::<Result<Vec<_>, _>>()?;
    if list && parts.iter().any(|part| part.kind != "image") {
        return Err(GraphError::bad_message(
            "Several attachments are possible for images only",
        ));
    }
    Ok(parts)
}

fn part(attachment: &Map<String, Value>) -> Result<DraftPart, GraphError> {
    only_keys(attachment, "message[attachment]", &["type", "payload"])?;
    let kind = attachment
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let empty = Map::new();
    let payload = attachment
        .get("payload")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let from = match kind.as_str() {
        "image" | "video" | "audio" | "file" => {
            only_keys(
                payload,
                "message[attachment][payload]",
                &["url", "attachment_id", "is_reusable"],
            )?;
            match (
                id_of(payload.get("attachment_id")),
                payload.get("url").and_then(Value::as_str),
            ) {
                (Some(id), None) => PartFrom::AttachmentId(id),
                (None, Some(url)) => PartFrom::Url(url.to_owned()),
                _ => {
                    return Err(GraphError::bad_message(
                        "The payload needs a url or an attachment_id",
                    ));
                }
            }
        }
        "template" => {
            check_template(payload)?;
            PartFrom::Payload(Value::Object(payload.clone()))
        }
        "MEDIA_SHARE" => {
            if id_of(payload.get("id")).is_none() {
                return Err(GraphError::bad_message(
                    "MEDIA_SHARE needs the id of an own post",
                ));
            }
            PartFrom::Payload(Value::Object(payload.clone()))
        }
        "like_heart" => PartFrom::Nothing,
        _ => {
            return Err(GraphError::bad_message(
                "The attachment type is not supported on Instagram",
            ));
        }
    };
    Ok(DraftPart { kind, from })
}

/// Meta names keys it does not know inside a known argument; unknown arguments it ignores.
pub(super) fn only_keys(
    object: &Map<String, Value>,
    place: &str,
    known: &[&str],
) -> Result<(), GraphError> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(GraphError::argument(format!(
            "Invalid keys \"{key}\" were found in param \"{place}\"."
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(value: &Value) -> Result<Draft, i64> {
        draft(value.as_object().unwrap())
            .map_err(|error| error.body()["error"]["error_subcode"].as_i64().unwrap_or(0))
    }

    #[test]
    fn text_is_counted_in_bytes() {
        assert!(check(&json!({"text": "a".repeat(1_000)})).is_ok());
        assert!(check(&json!({"text": "é".repeat(500)})).is_ok());
        assert_eq!(
            check(&json!({"text": "é".repeat(501)})).unwrap_err(),
            2_534_015
        );
        assert_eq!(check(&json!({"text": ""})).unwrap_err(), 2_534_015);
        assert_eq!(check(&json!({})).unwrap_err(), 2_534_015);
        assert_eq!(check(&json!({"txet": "a"})).unwrap_err(), 0);
    }

    #[test]
    fn several_attachments_are_images() {
        let image = json!({"type": "image", "payload": {"attachment_id": "1"}});
        let video = json!({"type": "video", "payload": {"url": "https://example.org/v.mp4"}});
        assert_eq!(
            check(&json!({"attachments": [image, image]}))
                .unwrap()
                .parts
                .len(),
            2
        );
        assert!(check(&json!({"attachments": [image, video]})).is_err());
        assert!(check(&json!({"attachments": vec![image.clone(); 11]})).is_err());
        assert!(check(&json!({"attachment": video})).unwrap().is_media());
        assert!(
            check(&json!({"attachments": image})).is_ok(),
            "one image as an object"
        );
        assert!(check(&json!({"attachment": {"type": "video", "payload": {}}})).is_err());
        assert!(check(&json!({"text": "a", "attachment": image})).is_err());
    }
}
