//! Typing, seen and reactions of the business.

use serde_json::{Value, json};

use super::auth::Caller;
use super::call::{Call, id_of};
use super::error::GraphError;
use super::send::{WINDOW_MS, reachable};
use crate::world::Shared;
use crate::world::account::Login;

/// How long the typing mark is shown (third-party report, 2026).
const TYPING_MS: i64 = 20_000;

pub(super) fn run(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    person: &str,
    action: &str,
) -> Result<Value, GraphError> {
    let now_ms = world.clock().now_ms();
    let payload = call.params.object("payload")?.unwrap_or_default();
    let mut state = world.lock();
    reachable(&state, caller, person)?;
    let key = (caller.account.clone(), person.to_owned());
    let thread = state
        .threads
        .get_mut(&key)
        .ok_or_else(GraphError::outside_window)?;
    if thread
        .opened_ms
        .is_none_or(|opened_ms| now_ms - opened_ms > WINDOW_MS)
    {
        return Err(GraphError::outside_window());
    }
    let what = match action {
        "typing_on" => {
            thread.typing_until_ms = now_ms + TYPING_MS;
            "typing"
        }
        "typing_off" => {
            thread.typing_until_ms = 0;
            "typing"
        }
        "mark_seen" => {
            thread.seen_ms = Some(now_ms);
            "seen"
        }
        "react" | "unreact" => {
            let mid = id_of(payload.get("message_id"))
                .ok_or_else(|| GraphError::argument("param payload needs a message_id"))?;
            let reaction = payload.get("reaction").and_then(Value::as_str);
            let message = thread
                .find(&mid)
                .ok_or_else(|| GraphError::bad_message("There is no such message"))?;
            message.reaction_of_business = match (action, reaction) {
                ("unreact", _) => None,
                // Facebook Login knows only the heart, Instagram Login any emoji.
                (_, Some("love")) => Some("love".into()),
                (_, Some(emoji)) if caller.login == Login::Instagram => Some(emoji.to_owned()),
                _ => return Err(GraphError::bad_message("The reaction is not supported")),
            };
            "reaction"
        }
        _ => return Err(GraphError::argument("The sender_action is unknown")),
    };
    drop(state);
    world.changed(&caller.account, person, what);
    Ok(json!({"recipient_id": person}))
}
