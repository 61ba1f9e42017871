//! Basic shape of templates and quick replies: what Meta refuses before it looks further.

use serde_json::{Map, Value};

use super::error::GraphError;
use super::profile::PAYLOAD_CHARS;

/// <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/quick-replies>, 2026-11.
const QUICK_REPLIES: usize = 13;
/// Template limits: <https://developers.facebook.com/docs/messenger-platform/instagram/features/generic-template>, 2026-11.
const ELEMENTS: usize = 10;
const BUTTONS: usize = 3;
const ELEMENT_TITLE: usize = 80;
const BUTTON_TEMPLATE_TEXT: usize = 640;

pub(super) fn check_quick_replies(value: &Value) -> Result<(), GraphError> {
    let Value::Array(replies) = value else {
        return Err(GraphError::argument(
            "param message[quick_replies] must be an array",
        ));
    };
    if replies.is_empty() || replies.len() > QUICK_REPLIES {
        return Err(GraphError::bad_message(format!(
            "param message[quick_replies] must have between 1 and {QUICK_REPLIES} entries"
        )));
    }
    for reply in replies {
        match reply["content_type"].as_str() {
            Some("text") => {
                need(reply, "title")?;
                need(reply, "payload")?;
                let long = reply["payload"]
                    .as_str()
                    .is_some_and(|payload| payload.chars().count() > PAYLOAD_CHARS);
                if long {
                    return Err(GraphError::bad_message(format!(
                        "The payload of a quick reply has at most {PAYLOAD_CHARS} characters"
                    )));
                }
            }
            Some("user_phone_number" | "user_email") => {}
            _ => {
                return Err(GraphError::bad_message(
                    "A quick reply has an unknown content_type",
                ));
            }
        }
    }
    Ok(())
}

pub(super) fn check_template(payload: &Map<String, Value>) -> Result<(), GraphError> {
    match payload.get("template_type").and_then(Value::as_str) {
        Some("generic") => check_generic(payload),
        Some("button") => {
            let text = payload
                .get("text")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if text.is_empty() || text.chars().count() > BUTTON_TEMPLATE_TEXT {
                return Err(GraphError::bad_message(format!(
                    "A button template needs a text of at most {BUTTON_TEMPLATE_TEXT} characters"
                )));
            }
            check_buttons(payload.get("buttons"), true)
        }
        _ => Err(GraphError::bad_message(
            "The template_type is not supported on Instagram",
        )),
    }
}

fn check_generic(payload: &Map<String, Value>) -> Result<(), GraphError> {
    let elements = payload
        .get("elements")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if elements.is_empty() || elements.len() > ELEMENTS {
        return Err(GraphError::bad_message(format!(
            "A generic template has 1 to {ELEMENTS} elements"
        )));
    }
    for element in elements {
        need(element, "title")?;
        for name in ["title", "subtitle"] {
            let long = element[name]
                .as_str()
                .is_some_and(|text| text.chars().count() > ELEMENT_TITLE);
            if long {
                return Err(GraphError::bad_message(format!(
                    "The {name} of an element has at most {ELEMENT_TITLE} characters"
                )));
            }
        }
        check_buttons(element.get("buttons"), false)?;
    }
    Ok(())
}

fn check_buttons(buttons: Option<&Value>, needed: bool) -> Result<(), GraphError> {
    let buttons = buttons
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if buttons.len() > BUTTONS || (needed && buttons.is_empty()) {
        return Err(GraphError::bad_message(format!(
            "There are at most {BUTTONS} buttons"
        )));
    }
    for button in buttons {
        need(button, "title")?;
        match button["type"].as_str() {
            Some("web_url") => need(button, "url")?,
            Some("postback") => need(button, "payload")?,
            _ => {
                return Err(GraphError::bad_message(
                    "A button is of type web_url or postback",
                ));
            }
        }
    }
    Ok(())
}

fn need(value: &Value, name: &str) -> Result<(), GraphError> {
    let there = value[name].as_str().is_some_and(|text| !text.is_empty());
    if there {
        Ok(())
    } else {
        Err(GraphError::bad_message(format!("{name} is missing")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quick_replies_have_a_limit() {
        let reply = json!({"content_type": "text", "title": "PT", "payload": "LANGUAGE_PT"});
        assert!(check_quick_replies(&json!(vec![reply.clone(); 13])).is_ok());
        assert!(check_quick_replies(&json!(vec![reply; 14])).is_err());
        assert!(check_quick_replies(&json!([{"content_type": "text", "title": "PT"}])).is_err());
    }

    #[test]
    fn templates_need_their_parts() {
        let check = |value: Value| check_template(value.as_object().unwrap());
        let button = json!({"type": "postback", "title": "Again", "payload": "AGAIN"});
        assert!(
            check(json!({"template_type": "button", "text": "?", "buttons": [button]})).is_ok()
        );
        assert!(check(json!({"template_type": "button", "text": "?", "buttons": []})).is_err());
        assert!(check(json!({"template_type": "generic", "elements": [{"title": "A"}]})).is_ok());
        assert!(
            check(json!({"template_type": "generic", "elements": [{"title": "A".repeat(81)}]}))
                .is_err()
        );
        assert!(check(json!({"template_type": "receipt"})).is_err());
    }
}
