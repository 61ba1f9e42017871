//! One item of a list to one event. Nothing here fails: an item that cannot be read as what it
//! seems to be is `Unknown`, with its JSON kept.

use super::dedupe::{self, DedupeKey, Sides};
use super::event::{Event, Kind, Reaction, Shape, ThreadAction, ThreadControl};
use super::lenient::{flag, id, integer, moment_ms, owned_word, pick, string, text};
use super::read_change::{comment, mention, story_insights};
use super::read_message::{message_kind, read_referral};
use crate::id::{AccountId, Igsid, Mid};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Where an item stands: what its entry says for all of its items.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) account: &'a str,
    pub(super) shape: Shape,
    pub(super) entry_ms: Option<i64>,
}

/// An item of `messaging` or `standby`.
pub(super) fn messaging(place: Place<'_>, raw: &RawValue) -> Event {
    said(place, raw, raw.get()).unwrap_or_else(|| unknown(place, raw.get()))
}

/// An item of `changes`; `value` may be a comment, a mention, or what `messaging` would hold.
pub(super) fn change(place: Place<'_>, raw: &RawValue) -> Event {
    let parts = pick(raw, ["field", "value"]);
    let Ok([Some(field), Some(value)]) = parts else {
        return unknown(place, raw.get());
    };
    field_and_value(place, field, value, raw.get())
}

/// `field` and `value`, which Meta's pages also show directly in the entry.
pub(super) fn field_and_value(
    place: Place<'_>,
    field: &RawValue,
    value: &RawValue,
    whole: &str,
) -> Event {
    let field = string(field).unwrap_or_default();
    let read = match field.as_ref() {
        "comments" => comment(place, value).map(|(c, by)| (Kind::Comment(c), by)),
        "live_comments" => comment(place, value).map(|(c, by)| (Kind::LiveComment(c), by)),
        "mentions" => mention(value).map(|kind| (kind, None)),
        "story_insights" => story_insights(value).map(|kind| (kind, None)),
        _ => return said(place, value, whole).unwrap_or_else(|| unknown(place, whole)),
    };
    let Some((kind, person)) = read else {
        return unknown(place, whole);
    };
    let own_ms = pick(value, ["timestamp"])
        .ok()
        .and_then(|[at]| moment_ms(at));
    let mut event = bare(place, kind, whole);
    event.person = person;
    event.at_ms = own_ms.or(place.entry_ms).unwrap_or(0);
    event.dedupe = dedupe::key(&event, Sides { sender: "", own_ms });
    event
}

/// An event of which nothing is known but that it came.
pub(super) fn unknown(place: Place<'_>, whole: &str) -> Event {
    let mut event = bare(place, Kind::Unknown, whole);
    event.at_ms = place.entry_ms.unwrap_or(0);
    event.dedupe = dedupe::key(&event, Sides::default());
    event
}

fn bare(place: Place<'_>, kind: Kind, whole: &str) -> Event {
    Event {
        account: AccountId::from(place.account),
        person: None,
        shape: place.shape,
        kind,
        at_ms: 0,
        dedupe: DedupeKey::UNSET,
        raw: whole.into(),
    }
}

/// What was said or done in a thread: the inner object of `messaging`, `standby` and `changes`.
fn said(place: Place<'_>, raw: &RawValue, whole: &str) -> Option<Event> {
    let [
        sender,
        recipient,
        at,
        message,
        reaction,
        postback,
        read,
        edit,
        referral,
        other @ ..,
    ] = pick(raw, SAID).ok()?;
    let sender = party(sender);
    let recipient = party(recipient);
    let sender = sender.as_deref().unwrap_or("");
    let recipient = recipient.as_deref().unwrap_or("");
    let from_account = !place.account.is_empty() && sender == place.account;
    let kind = if let Some(message) = message {
        message_kind(message, from_account)
    } else if let Some(postback) = postback {
        postback_kind(postback, raw)
    } else if let Some(reaction) = reaction {
        reaction_kind(reaction)
    } else if let Some(read) = read {
        seen_kind(read)
    } else if let Some(edit) = edit {
        edit_kind(edit)
    } else if let Some(referral) = referral {
        read_referral(referral).map(Kind::Referral)
    } else {
        rare_kind(other)
    };
    let kind = kind.unwrap_or(Kind::Unknown);
    let own_ms = moment_ms(at);
    let is_echo = matches!(kind, Kind::Echo(_));
    let mut event = bare(place, kind, whole);
    if place.account.is_empty() {
        event.account = AccountId::from(if is_echo { sender } else { recipient });
    }
    let person = if is_echo || sender == event.account.as_str() {
        recipient
    } else {
        sender
    };
    event.person = (!person.is_empty()).then(|| Igsid::from(person));
    event.at_ms = own_ms.or(place.entry_ms).unwrap_or(0);
    event.dedupe = dedupe::key(&event, Sides { sender, own_ms });
    Some(event)
}

/// The keys of an item; the ones after `referral` are rare and go to [`rare_kind`] in this order.
const SAID: [&str; 18] = [
    "sender",
    "recipient",
    "timestamp",
    "message",
    "reaction",
    "postback",
    "read",
    "message_edit",
    "referral",
    "optin",
    "pass_thread_control",
    "take_thread_control",
    "request_thread_control",
    "app_roles",
    "policy_enforcement",
    // With a hyphen in a public capture, with an underscore on Meta's page.
    "policy-enforcement",
    "response_feedback",
    "message_feedback",
];

fn rare_kind(rest: [Option<&RawValue>; 9]) -> Option<Kind> {
    let [
        optin,
        pass,
        take,
        request,
        roles,
        policy,
        hyphened,
        feedback,
        message_feedback,
    ] = rest;
    if let Some(optin) = optin {
        return Some(Kind::Optin(tree(optin)));
    }
    if let Some(feedback) = feedback.or(message_feedback) {
        return Some(Kind::Feedback(tree(feedback)));
    }
    if let Some(policy) = policy.or(hyphened) {
        let [action, reason] = pick(policy, ["action", "reason"]).ok()?;
        return Some(Kind::PolicyEnforcement {
            action: text(action)?,
            reason: text(reason),
        });
    }
    let (action, control) = [
        (ThreadAction::Pass, pass),
        (ThreadAction::Take, take),
        (ThreadAction::Request, request),
        (ThreadAction::Roles, roles),
    ]
    .into_iter()
    .find_map(|(action, control)| Some((action, control?)))?;
    thread_control(action, control)
}

fn thread_control(action: ThreadAction, raw: &RawValue) -> Option<Kind> {
    let [previous, new, requested, metadata] = pick(
        raw,
        [
            "previous_owner_app_id",
            "new_owner_app_id",
            "requested_owner_app_id",
            "metadata",
        ],
    )
    .ok()?;
    Some(Kind::ThreadControl(ThreadControl {
        action,
        previous_owner_app_id: owned_word(previous),
        new_owner_app_id: owned_word(new),
        requested_owner_app_id: owned_word(requested),
        metadata: text(metadata),
    }))
}

/// For the two kinds whose shape nobody documents: whatever there is, `null` if it cannot be held.
fn tree(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or(Value::Null)
}

/// `{"id": …}`, or the id alone.
fn party(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let raw = raw?;
    match pick(raw, ["id"]) {
        Ok([inner]) => id(inner),
        Err(_) => id(Some(raw)),
    }
}

pub(super) fn mid(raw: Option<&RawValue>) -> Option<Mid> {
    owned_word(raw).map(Mid::from)
}

fn postback_kind(raw: &RawValue, around: &RawValue) -> Option<Kind> {
    let [id, title, payload, referral, own] =
        pick(raw, ["mid", "title", "payload", "referral", "is_self"]).ok()?;
    let beside = pick(around, ["is_self"]).ok().and_then(|[own]| own);
    Some(Kind::Postback {
        mid: mid(id),
        title: text(title),
        payload: text(payload),
        referral: referral.and_then(read_referral),
        is_self: flag(own) || flag(beside),
    })
}

fn reaction_kind(raw: &RawValue) -> Option<Kind> {
    let [id, action, reaction, emoji] = pick(raw, ["mid", "action", "reaction", "emoji"]).ok()?;
    Some(Kind::Reaction(Reaction {
        mid: mid(id)?,
        action: text(action)?,
        reaction: text(reaction),
        emoji: text(emoji),
    }))
}

fn seen_kind(raw: &RawValue) -> Option<Kind> {
    let [id] = pick(raw, ["mid"]).ok()?;
    Some(Kind::Seen { mid: mid(id)? })
}

fn edit_kind(raw: &RawValue) -> Option<Kind> {
    let [id, body, num_edit] = pick(raw, ["mid", "text", "num_edit"]).ok()?;
    // A number in meaning, a string in Meta's sample.
    Some(Kind::Edit {
        mid: mid(id)?,
        text: text(body),
        num_edit: integer(num_edit).unwrap_or(0),
    })
}
