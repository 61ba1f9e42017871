//! What happens around the account: the owner's own hand, other apps, and events that have no call of
//! their own.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::events::send;
use super::{Answer, Refused, people};
use crate::webhook::event::{Event, List, echo, inbound};
use crate::world::Shared;
use crate::world::thread::{From, Message, Owner};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextIn {
    to: Option<String>,
    /// The person, for a message that the account's owner types by hand.
    person: Option<String>,
    text: String,
}

/// The owner writes to their own account: an echo that is not one (`is_self`).
pub(super) async fn self_message(State(world): State<Shared>, Json(input): Json<TextIn>) -> Answer {
    let account = people::account(&world, input.to.as_deref())?;
    let what =
        json!({"mid": world.new_mid(), "text": input.text, "is_echo": true, "is_self": true});
    let item = inbound(&account, &account, world.clock().now_ms(), "message", what);
    Ok(send(
        &world,
        Event::messaging(&account, &account, "self", item),
    ))
}

/// The owner answers a person in the app: an echo with a `mid` that no send of ours returned.
pub(super) async fn echo_by_hand(State(world): State<Shared>, Json(input): Json<TextIn>) -> Answer {
    let account = people::account(&world, input.to.as_deref())?;
    let person = input
        .person
        .ok_or_else(|| Refused::bad("give the person written to"))?;
    let mut message = Message::new(world.new_mid(), world.clock().now_ms(), From::Business);
    message.text = Some(input.text);
    let event = echo(&world, &account, &person, &message);
    let mid = message.mid.clone();
    {
        let mut state = world.lock();
        state.person(&person);
        state.add(&account, &person, message);
    }
    world.changed(&account, &person, "message");
    let Json(mut answer) = send(&world, event);
    answer["mid"] = mid.into();
    Ok(Json(answer))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnerIn {
    person: String,
    to: Option<String>,
    /// `ours` or `other`.
    owner: String,
}

/// Another app takes or passes the thread; its events come as `standby` meanwhile.
pub(super) async fn owner(State(world): State<Shared>, Json(input): Json<OwnerIn>) -> Answer {
    let account = people::account(&world, input.to.as_deref())?;
    let ours = world.options().app_id.clone();
    let other = "200000000000002".to_owned();
    let (owner, key, before, after) = match input.owner.as_str() {
        "other" => (Owner::Other, "take_thread_control", ours, other),
        "ours" => (Owner::Ours, "pass_thread_control", other, ours),
        _ => return Err(Refused::bad("owner is ours or other")),
    };
    // The handover itself is told to us directly, not as standby.
    world.lock().thread(&account, &input.person).owner = Owner::Ours;
    let what = json!({"previous_owner_app_id": before, "new_owner_app_id": after, "metadata": ""});
    let item = inbound(&account, &input.person, world.clock().now_ms(), key, what);
    let answer = send(
        &world,
        Event::messaging(&account, &input.person, "handover", item),
    );
    world.lock().thread(&account, &input.person).owner = owner;
    Ok(answer)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnyIn {
    /// `messaging`, `standby` or `changes`.
    list: String,
    to: Option<String>,
    #[serde(default)]
    person: String,
    /// Our word for it in the delivery list.
    kind: Option<String>,
    item: Value,
}

/// An event that has no call of its own, in a real envelope: what Meta adds next.
pub(super) async fn any(State(world): State<Shared>, Json(input): Json<AnyIn>) -> Answer {
    let account = people::account(&world, input.to.as_deref())?;
    let list = match input.list.as_str() {
        "messaging" => List::Messaging,
        "standby" => List::Standby,
        "changes" => List::Changes,
        _ => return Err(Refused::bad("list is messaging, standby or changes")),
    };
    let kind = match input.kind.as_deref() {
        Some("policy") => "policy",
        Some("optin") => "optin",
        Some("story_insights") => "story_insights",
        _ => "other",
    };
    let mut event = Event::messaging(&account, &input.person, kind, input.item);
    event.list = list;
    if list == List::Changes {
        event.field = "comments";
    }
    Ok(send(&world, event))
}
