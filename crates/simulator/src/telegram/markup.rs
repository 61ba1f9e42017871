//! `reply_markup`: inline keyboards and their rules
//! (<https://core.telegram.org/bots/api#inlinekeyboardbutton>, 2026-11).

use serde_json::{Value, json};
use url::Url;

use super::call::Call;
use super::error::BotError;

/// 1 to 64 bytes.
const DATA_BYTES: usize = 64;
/// More buttons than this are refused; Telegram names no figure, 100 is what its clients show.
const BUTTONS: usize = 100;

/// The inline keyboard of a call; other keyboards are taken and leave nothing to show.
pub(super) fn read(call: &Call) -> Result<Option<Value>, BotError> {
    let Some(markup) = call.json("reply_markup", "reply keyboard markup")? else {
        return Ok(None);
    };
    let Value::Object(markup) = markup else {
        return Err(BotError::bad("object expected as reply markup"));
    };
    let Some(rows) = markup.get("inline_keyboard") else {
        return Ok(None);
    };
    let rows = rows.as_array().ok_or_else(|| {
        BotError::bad(
            "field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays",
        )
    })?;
    let mut shown = Vec::new();
    let mut count = 0;
    for row in rows {
        let row = row.as_array().ok_or_else(|| {
            BotError::bad(
                "field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays",
            )
        })?;
        let buttons = row.iter().map(button).collect::<Result<Vec<_>, _>>()?;
        count += buttons.len();
        if !buttons.is_empty() {
            shown.push(Value::from(buttons));
        }
    }
    if count > BUTTONS {
        return Err(BotError::bad("reply markup is too long"));
    }
    Ok((!shown.is_empty()).then(|| json!({"inline_keyboard": shown})))
}

fn button(button: &Value) -> Result<Value, BotError> {
    let broken = |why: &str| BotError::bad(format!("can't parse inline keyboard button: {why}"));
    let Value::Object(object) = button else {
        return Err(broken("InlineKeyboardButton must be an Object"));
    };
    let text = object
        .get("text")
        .and_then(Value::as_str)
        .ok_or_else(|| broken("Can't find field \"text\""))?;
    if text.trim().is_empty() {
        return Err(BotError::bad("BUTTON_TEXT_INVALID"));
    }
    let field = |name: &str| {
        object
            .get(name)
            .and_then(Value::as_str)
            .filter(|value| !value.is_empty())
    };
    if let Some(url) = field("url") {
        let good = Url::parse(url)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "tg") && url.has_host());
        if !good {
            return Err(BotError::bad(format!(
                "inline keyboard button URL '{url}' is invalid: Wrong HTTP URL"
            )));
        }
        return Ok(json!({"text": text, "url": url}));
    }
    if let Some(data) = field("callback_data") {
        if data.len() > DATA_BYTES {
            return Err(BotError::bad("BUTTON_DATA_INVALID"));
        }
        return Ok(json!({"text": text, "callback_data": data}));
    }
    if let Some(copy) = object.get("copy_text") {
        return Ok(json!({"text": text, "copy_text": copy}));
    }
    for name in ["switch_inline_query", "switch_inline_query_current_chat"] {
        if let Some(query) = object.get(name).and_then(Value::as_str) {
            return Ok(json!({"text": text, name: query}));
        }
    }
    Err(broken("Text buttons are unallowed in the inline keyboard"))
}
