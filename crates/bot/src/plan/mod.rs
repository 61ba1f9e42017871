//! What deserves an answer, decided without a clock, a network or a database.
//!
//! Two questions: does this event cause a job at all (asked while the webhook is being accepted),
//! and what does this message ask for (asked by the job).

mod asks;
mod unsupported;

pub use asks::{Ask, AskSource, Asked, Origin, asks};
pub use unsupported::Unsupported;

use graph_api::webhook::{Event, Kind, Message, ReplyTo, Shape};
use serde_json::json;
use store::{NewEvent, NewJob};

/// The queue of messages that may need an answer.
pub const REPLY: &str = "reply";
/// The queue of reels to watch.
pub const REEL: &str = "reel";

/// Older messages are history that came back, not somebody who waits (facts: a signed body can be
/// replayed for ever, and Meta's own retries end after 36 hours).
pub(crate) const STALE_MS: i64 = 48 * 3_600_000;
/// A reply is a few calls; it may stumble over a few outages.
pub(crate) const REPLY_ATTEMPTS: i32 = 8;

/// The job an accepted event causes, if it deserves one.
pub fn plan_event(event: &Event, now_ms: i64) -> Option<NewJob> {
    if !deserves_answer(event) || now_ms.saturating_sub(event.at_ms) > STALE_MS {
        return None;
    }
    let person = event.person.as_ref()?.as_str();
    let account = event.account.as_str();
    let mut job = NewJob::new(REPLY, json!({ "channel": "instagram" }));
    job.order_key = Some(format!("{REPLY}:instagram:{account}:{person}"));
    job.person = Some(person.to_owned());
    job.max_attempts = REPLY_ATTEMPTS;
    Some(job)
}

/// An event with the job it causes, as the store takes it.
pub fn new_event(event: Event, received_at_ms: i64) -> NewEvent {
    NewEvent {
        job: plan_event(&event, received_at_ms),
        account: event.account.as_str().to_owned(),
        person: event
            .person
            .as_ref()
            .map(|person| person.as_str().to_owned()),
        kind: event.kind.name(),
        shape: event.shape.as_str(),
        mid: event.kind.mid().map(|mid| mid.as_str().to_owned()),
        at_ms: event.at_ms,
        dedupe: event.dedupe.bytes(),
        opens_window: event.kind.opens_window(),
        raw: event.raw,
    }
}

/// Whether somebody else wrote something to us that we could act on or answer.
///
/// Each test alone ends a loop with our own words: the echo kind, the flags inside a message, and
/// the sender being the account itself.
pub fn deserves_answer(event: &Event) -> bool {
    let Some(person) = &event.person else {
        return false;
    };
    if event.shape == Shape::Standby || person.as_str() == event.account.as_str() {
        return false;
    }
    match &event.kind {
        Kind::Message(message) => {
            !(message.is_echo || message.is_self || message.is_unsupported)
                && says_something(message)
        }
        Kind::Postback {
            is_self,
            title,
            payload,
            ..
        } => !is_self && (title.is_some() || payload.is_some()),
        // An edit repeats a message that was answered, or that we never saw and cannot place.
        _ => false,
    }
}

/// A lone heart, a vanished photo or a template is not a question.
fn says_something(message: &Message) -> bool {
    let has_text = message
        .text
        .as_ref()
        .is_some_and(|text| !text.trim().is_empty());
    let has_media = message
        .attachments
        .iter()
        .any(|attachment| asks::is_ours(&attachment.kind));
    let answers_story = matches!(&message.reply_to, Some(ReplyTo::Story { url: Some(_), .. }));
    has_text || has_media || answers_story || message.quick_reply.is_some()
}

/// The words of a message or of a tapped button.
pub fn words(kind: &Kind) -> &str {
    match kind {
        Kind::Message(message) => message
            .text
            .as_deref()
            .or(message.quick_reply.as_deref())
            .unwrap_or_default(),
        Kind::Postback { title, payload, .. } => {
            title.as_deref().or(payload.as_deref()).unwrap_or_default()
        }
        _ => "",
    }
}

/// What a tapped quick reply or button stands for.
pub fn tapped(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Message(message) => message.quick_reply.as_deref(),
        Kind::Postback { payload, .. } => payload.as_deref(),
        _ => None,
    }
}
