//! What is around messages: answers to taps, the command list, what a chat is.

use serde_json::{Value, json};

use super::call::Call;
use super::error::BotError;
use super::{changed, show};
use crate::world::Shared;

/// How long a tap waits for its answer; Telegram says "too old" and no figure.
pub(super) const TAP_MS: i64 = 60_000;
/// <https://core.telegram.org/bots/api#answercallbackquery>, 2026-11.
const TOAST_CHARS: usize = 200;
/// <https://core.telegram.org/bots/api#setmycommands>, 2026-11.
const COMMANDS: usize = 100;
/// <https://core.telegram.org/bots/api#botcommand>, 2026-11.
const COMMAND_CHARS: usize = 32;
const DESCRIPTION_CHARS: usize = 256;
/// Toasts kept in a chat.
const TOASTS: usize = 20;

/// `answerCallbackQuery`
pub(super) fn answer_callback(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let old =
        || BotError::bad("query is too old and response timeout expired or query ID is invalid");
    let now_ms = world.clock().now_ms();
    let id = call.text("callback_query_id").ok_or_else(old)?;
    let text = call.text("text").unwrap_or_default();
    if text.chars().count() > TOAST_CHARS {
        return Err(BotError::bad("MESSAGE_TOO_LONG"));
    }
    let chat_id = {
        let mut book = world.telegram().lock();
        let callback = book.callbacks.remove(&id).ok_or_else(old)?;
        if now_ms - callback.at_ms > TAP_MS {
            return Err(old());
        }
        let toasts = &mut book.chat(callback.chat).toasts;
        toasts.push_back(json!({
            "id": id, "at": now_ms, "text": text, "alert": call.flag("show_alert"),
            "url": call.text("url"),
        }));
        if toasts.len() > TOASTS {
            toasts.pop_front();
        }
        callback.chat
    };
    changed(world, chat_id, "toast");
    Ok(json!(true))
}

/// `getChat`
pub(super) fn get_chat(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let book = world.telegram().lock();
    // Who has blocked the bot can still be looked at.
    let id = book.named(call.text("chat_id"))?;
    let chat = book
        .chats
        .get(&id)
        .ok_or_else(|| BotError::bad("chat not found"))?;
    let mut shown = show::chat(&book, chat);
    shown["accent_color_id"] = 0.into();
    shown["max_reaction_count"] = 11.into();
    Ok(shown)
}

/// (scope, language): where a command list stands.
fn place(call: &Call) -> Result<(String, String), BotError> {
    let language = call.text("language_code").unwrap_or_default();
    let two_letters = language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase());
    if !language.is_empty() && !two_letters {
        return Err(BotError::bad("invalid language code specified"));
    }
    let scope = match call.json("scope", "BotCommandScope")? {
        None => "default".to_owned(),
        Some(scope) => {
            let broken = |why: &str| BotError::bad(format!("can't parse BotCommandScope: {why}"));
            let word = scope["type"]
                .as_str()
                .ok_or_else(|| broken("Can't find field \"type\""))?;
            match word {
                "default" | "all_private_chats" | "all_group_chats" | "all_chat_administrators" => {
                    word.to_owned()
                }
                "chat" | "chat_administrators" | "chat_member" => match &scope["chat_id"] {
                    Value::Null => return Err(broken("Empty chat_id specified")),
                    chat => format!("{word}:{chat}:{}", scope["user_id"]),
                },
                _ => return Err(broken("Unsupported type specified")),
            }
        }
    };
    Ok((scope, language))
}

/// `setMyCommands`
pub(super) fn set(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let place = place(call)?;
    let list = call
        .json("commands", "commands")?
        .unwrap_or_else(|| json!([]));
    let Value::Array(list) = list else {
        return Err(BotError::bad("expected an Array of BotCommand"));
    };
    if list.len() > COMMANDS {
        return Err(BotError::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    let mut kept = Vec::new();
    for item in &list {
        let text = |name: &str| {
            item[name].as_str().ok_or_else(|| {
                BotError::bad(format!(
                    "can't parse BotCommand: Can't find field \"{name}\""
                ))
            })
        };
        let (command, description) = (text("command")?, text("description")?);
        let command = command.strip_prefix('/').unwrap_or(command);
        let letters = command
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if command.is_empty() || command.len() > COMMAND_CHARS || !letters {
            return Err(BotError::bad("BOT_COMMAND_INVALID"));
        }
        if description.is_empty() || description.chars().count() > DESCRIPTION_CHARS {
            return Err(BotError::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
        kept.push(json!({"command": command, "description": description}));
    }
    let mut book = world.telegram().lock();
    if kept.is_empty() {
        book.commands.remove(&place);
    } else {
        book.commands.insert(place, kept.into());
    }
    Ok(json!(true))
}

/// `getMyCommands`
pub(super) fn get(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let place = place(call)?;
    let book = world.telegram().lock();
    Ok(book
        .commands
        .get(&place)
        .cloned()
        .unwrap_or_else(|| json!([])))
}

/// `deleteMyCommands`
pub(super) fn delete(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let place = place(call)?;
    world.telegram().lock().commands.remove(&place);
    Ok(json!(true))
}
