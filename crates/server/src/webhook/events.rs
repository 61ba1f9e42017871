//! From a verified body to what the store takes: its events, and the jobs they cause.

use graph_api::webhook::{Delivery, Event, Kind, ParseError, Verified, parse};
use store::{NewDelivery, NewEvent, NewJob};
use uuid::Uuid;

use crate::snapshots;

const CHANNEL: &str = "instagram";

/// The events of a body and the jobs they cause, as the store takes them.
pub(crate) fn events_of(
    verified: &Verified,
    received_at_ms: i64,
) -> Result<Vec<NewEvent>, ParseError> {
    let Delivery { events, .. } = parse(verified)?;
    Ok(events
        .into_iter()
        .map(|event| {
            let numbers = numbers_of_a_story(&event, received_at_ms);
            let event = bot::new_event(event, received_at_ms);
            NewEvent {
                job: event.job.or(numbers),
                ..event
            }
        })
        .collect())
}

/// Meta's last word on a story: nobody can ask for it again.
fn numbers_of_a_story(event: &Event, received_at_ms: i64) -> Option<NewJob> {
    let Kind::StoryInsights(told) = &event.kind else {
        return None;
    };
    Some(snapshots::story_end(
        event.account.as_str(),
        told,
        received_at_ms,
    ))
}

/// A body with what was read in it.
pub(crate) fn new_delivery(
    id: Uuid,
    received_at_ms: i64,
    verified: &Verified,
    events: Vec<NewEvent>,
) -> NewDelivery {
    NewDelivery {
        id,
        channel: CHANNEL,
        received_at_ms,
        body: verified.bytes().clone(),
        events,
    }
}
