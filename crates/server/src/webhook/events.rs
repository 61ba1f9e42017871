//! From a verified body to what the store takes: its events, and the jobs they cause.

use graph_api::webhook::{Delivery, Event, ParseError, Verified, parse};
use store::{NewDelivery, NewEvent};
use uuid::Uuid;

const CHANNEL: &str = "instagram";

/// The events of a body and the jobs they cause, as the store takes them.
pub(crate) fn events_of(
    verified: &Verified,
    received_at_ms: i64,
) -> Result<Vec<NewEvent>, ParseError> {
    let Delivery { events, .. } = parse(verified)?;
    Ok(events
        .into_iter()
        .map(|event| new_event(event, received_at_ms))
        .collect())
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

/// An event with the job it causes, as the store takes it.
fn new_event(event: Event, received_at_ms: i64) -> NewEvent {
    NewEvent {
        job: bot::plan_event(&event, received_at_ms),
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
