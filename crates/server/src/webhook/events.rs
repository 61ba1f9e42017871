//! From a verified body to what the store takes: its events, and the jobs they cause.

use graph_api::webhook::{Delivery, ParseError, Verified, parse};
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
        .map(|event| bot::new_event(event, received_at_ms))
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
