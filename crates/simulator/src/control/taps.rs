//! What a person taps on Instagram: a quick reply, a button of a template, an ice breaker, a menu item.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::events::{open, send};
use super::people::{self, fresh, say};
use super::{Answer, Refused};
use crate::webhook::event::{Event, inbound};
use crate::world::Shared;
use crate::world::thread::{From, Message};

/// A title is shown cut at this length
/// (<https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/quick-replies>, 2026-11).
const TITLE_CHARS: usize = 20;

/// Quick replies as the app shows them.
pub(super) fn chips(message: &Message) -> Option<Vec<Value>> {
    let replies = message.quick_replies.as_ref()?.as_array()?;
    let shown = replies.iter().map(|reply| {
        let title: String = reply["title"]
            .as_str()
            .unwrap_or_default()
            .chars()
            .take(TITLE_CHARS)
            .collect();
        json!({"title": title, "payload": reply["payload"]})
    });
    Some(shown.collect())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TapIn {
    /// The message that holds what is tapped.
    mid: String,
    payload: String,
}

enum Tapped {
    Reply(String),
    Button(String),
}

/// `POST /_sim/people/{igsid}/taps`
pub(super) async fn tap(
    State(world): State<Shared>,
    Path(igsid): Path<String>,
    Json(input): Json<TapIn>,
) -> Answer {
    let (account, tapped) = {
        let mut state = world.lock();
        let thread = state
            .thread_of_mid(&input.mid)
            .filter(|thread| thread.person == igsid)
            .ok_or_else(|| Refused::missing("there is no such message in this thread"))?;
        let account = thread.account.clone();
        let message = thread.find(&input.mid);
        let tapped = message
            .filter(|message| message.from == From::Business)
            .and_then(|message| find(message, &input.payload))
            .ok_or_else(|| Refused::bad("the message has nothing to tap with this payload"))?;
        (account, tapped)
    };
    match tapped {
        Tapped::Reply(title) => {
            let mut message = fresh(&world);
            message.text = Some(title);
            message.quick_replies = Some(json!({"payload": input.payload}));
            let mid = message.mid.clone();
            let deliveries = say(&world, &account, &igsid, message, None, false);
            Ok(Json(
                json!({"mid": mid, "deliveries": people::ids(&deliveries)}),
            ))
        }
        Tapped::Button(title) => Ok(postback(&world, &account, &igsid, &title, &input.payload)),
    }
}

fn find(message: &Message, payload: &str) -> Option<Tapped> {
    let chip = chips(message)
        .into_iter()
        .flatten()
        .find(|chip| chip["payload"] == payload);
    if let Some(chip) = chip {
        return chip["title"]
            .as_str()
            .map(|title| Tapped::Reply(title.to_owned()));
    }
    let of_template = |part: &Value| {
        let whole = std::iter::once(part.clone());
        let elements = part["elements"].as_array().cloned().unwrap_or_default();
        whole
            .chain(elements)
            .flat_map(|holder| holder["buttons"].as_array().cloned().unwrap_or_default())
            .find(|button| button["payload"] == payload)
            .and_then(|button| button["title"].as_str().map(str::to_owned))
    };
    message
        .parts
        .iter()
        .filter_map(|part| part.payload.as_ref())
        .find_map(of_template)
        .map(Tapped::Button)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MenuIn {
    to: Option<String>,
    payload: String,
}

/// `POST /_sim/people/{igsid}/menu`: an ice breaker or a menu item that is set.
pub(super) async fn menu(
    State(world): State<Shared>,
    Path(igsid): Path<String>,
    Json(input): Json<MenuIn>,
) -> Answer {
    let account = people::account(&world, input.to.as_deref())?;
    let title = {
        let state = world.lock();
        let lists = state
            .accounts
            .get(&account)
            .into_iter()
            .flat_map(|account| account.profile.values())
            .flat_map(|lists| lists.as_array().into_iter().flatten());
        let item = lists
            .flat_map(|list| list["call_to_actions"].as_array().into_iter().flatten())
            .find(|item| item["payload"] == input.payload.as_str())
            .ok_or_else(|| Refused::missing("no ice breaker or menu item has this payload"))?;
        let title = item["question"].as_str().or(item["title"].as_str());
        title.unwrap_or_default().to_owned()
    };
    Ok(postback(&world, &account, &igsid, &title, &input.payload))
}

/// The tap shows as a message of the person, and arrives as a postback with the same id.
fn postback(world: &Shared, account: &str, igsid: &str, title: &str, payload: &str) -> Json<Value> {
    let now_ms = world.clock().now_ms();
    open(world, account, igsid, now_ms);
    let mut message = fresh(world);
    message.text = Some(title.to_owned());
    let what = json!({"mid": message.mid, "title": title, "payload": payload});
    world.lock().add(account, igsid, message);
    world.changed(account, igsid, "message");
    let item = inbound(account, igsid, now_ms, "postback", what);
    send(world, Event::messaging(account, igsid, "postback", item))
}
