//! Server-sent events for the phone page: which thread changed, so that it reads that thread again.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use serde::Deserialize;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::BroadcastStream;

use crate::world::Shared;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StreamIn {
    /// Only this person's threads.
    person: Option<String>,
}

pub(super) async fn stream(
    State(world): State<Shared>,
    Query(input): Query<StreamIn>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = BroadcastStream::new(world.watch()).filter_map(move |change| match change {
        Ok(change)
            if input
                .person
                .as_deref()
                .is_none_or(|person| person == change.person) =>
        {
            Some(Ok(Event::default()
                .event("change")
                .json_data(change)
                .unwrap_or_default()))
        }
        Ok(_) => None,
        // Too slow to follow: the page reads everything again.
        Err(_) => Some(Ok(Event::default().event("missed").data("{}"))),
    });
    Sse::new(changes).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
