//! `/v1/stream`: events and ends of jobs as they are stored, as server-sent events.
//!
//! What is sent is read from the feed by its number, never from memory: a slow client waits for itself alone, a client
//! that comes back with `Last-Event-ID` goes on where it was, and nothing is lost or doubled in between. A commit rings
//! a bell in this process; other processes' commits are found by looking.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::stream;
use garde::Validate;
use serde::Deserialize;
use store::{FeedEntry, FeedItem, FeedQuery};
use tokio::sync::watch;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    api::{ApiError, Asked, Caller, Failures, Gate, Scope, seen_accounts},
    forward::shape,
};

const LAST_SEEN: HeaderName = HeaderName::from_static("last-event-id");
/// Tells nginx not to gather what is to be sent at once
/// (<https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering>, read 2026-11-22).
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");
/// Entries read at once: what a slow client holds in memory.
const PIECE: u32 = 50;
/// How often other processes' entries are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Shorter than the minute after which proxies close what is silent.
const SILENCE: Duration = Duration::from_secs(15);
/// Then the client comes back with its key, which may have been revoked meanwhile.
const LONGEST: Duration = Duration::from_hours(1);

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new().routes(routes!(follow))
}

/// What to follow.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct StreamAsked {
    /// From here on instead of from now; the header `Last-Event-ID` goes before.
    #[garde(range(min = 0))]
    #[param(example = 42)]
    after: Option<i64>,
    /// Only of this account, by either of its ids.
    #[garde(length(min = 1, max = 64))]
    account: Option<String>,
    /// Only events of these kinds, with commas between them, and no jobs.
    #[garde(length(min = 1, max = 500))]
    #[param(example = "comment,message")]
    kind: Option<String>,
}

/// Events (`event: event`, `gramophone.event.v1`) and jobs that end (`event: job`, `gramophone.job.v1`) as they are
/// stored. The first message is `ready`, with where the stream stands. Whoever comes back with the last `id` as
/// `Last-Event-ID` misses nothing. Where that place is ahead of everything there is (the database was put back from a
/// backup), the first message is `reset` and the stream goes on from now: read `/v1/events` for what came in between.
#[utoipa::path(
    get, path = "/v1/stream", tag = "events", params(StreamAsked,
        ("Last-Event-ID" = Option<String>, Header, description = "The last id that was seen")),
    responses((status = 200, description = "A stream of server-sent events.", content_type = "text/event-stream", body = String), Failures)
)]
async fn follow(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    headers: HeaderMap,
    Asked(asked): Asked<StreamAsked>,
) -> Result<Response, ApiError> {
    caller.need(Scope::Read)?;
    let accounts = seen_accounts(&caller, &gate, asked.account.as_deref()).await?;
    let head = gate.store.feed_head().await?;
    let wanted = last_seen(&headers)?.or(asked.after).unwrap_or(head);
    // A place of another life of this database: everything up to that number would be missed, and nobody told.
    let (name, after) = if wanted > head {
        ("reset", head)
    } else {
        ("ready", wanted)
    };
    let kinds = asked.kind.as_deref().map(|list| {
        list.split(',')
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect()
    });
    let first = Event::default()
        .event(name)
        .id(after.to_string())
        .data("{}");
    let reader = Reader {
        bell: gate.store.feed_changes(),
        query: FeedQuery {
            after,
            accounts,
            kinds,
            only_events: false,
            limit: PIECE,
        },
        waiting: VecDeque::from([first]),
        began: Instant::now(),
        gate,
    };
    let events = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let alive = KeepAlive::new().interval(SILENCE);
    let mut response = Sse::new(events).keep_alive(alive).into_response();
    response
        .headers_mut()
        .insert(UNBUFFERED, HeaderValue::from_static("no"));
    Ok(response)
}

fn last_seen(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(text) = headers.get(LAST_SEEN) else {
        return Ok(None);
    };
    let seen = text.to_str().ok().and_then(|text| text.trim().parse().ok());
    match seen {
        Some(seen) if seen >= 0 => Ok(Some(seen)),
        _ => Err(ApiError::invalid_at(
            "Last-Event-ID",
            "is no id of this stream",
        )),
    }
}

/// One client's place in the feed.
struct Reader {
    gate: Arc<Gate>,
    bell: watch::Receiver<u64>,
    query: FeedQuery,
    /// Read and not yet sent.
    waiting: VecDeque<Event>,
    began: Instant,
}

impl Reader {
    /// The next message; none when the server stops, when it is time to come back, or when the database is away: the
    /// client then comes back by itself.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.gate.stop.is_cancelled() || self.began.elapsed() > LONGEST {
                return None;
            }
            // Marked before the look, so that nothing is missed in between.
            self.bell.mark_unchanged();
            let page = match self.gate.store.feed(&self.query).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(%error, "a stream ended, since the feed could not be read");
                    return None;
                }
            };
            self.query.after = page.next;
            self.waiting.extend(page.entries.iter().map(message));
            if page.more || !self.waiting.is_empty() {
                continue;
            }
            tokio::select! {
                () = self.gate.stop.cancelled() => return None,
                _ = self.bell.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}

fn message(entry: &FeedEntry) -> Event {
    let (name, data) = match &entry.item {
        FeedItem::Event(event) => ("event", serde_json::to_string(&shape::event(event))),
        FeedItem::Job { state, job } => {
            ("job", serde_json::to_string(&shape::job(entry, state, job)))
        }
    };
    Event::default()
        .event(name)
        .id(entry.seq.to_string())
        // JSON on one line: no text of anybody can begin another field.
        .data(data.unwrap_or_default())
}
