//! Turns the faults that strike a call into what its client sees.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt as _;
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, TRANSFER_ENCODING,
};

use super::rule::{Answer, Usage, When};
use super::{EchoPlan, Hints, Kind, Subject, error_body, telegram_body};
use crate::calls::{Faulted, is_stream};
use crate::serve::Hangup;
use crate::world::Shared;

/// Enough for the largest upload that Meta or Telegram takes; a late upload is kept in memory until it happens.
const LATE_BODY_LIMIT: usize = 52 * 1_024 * 1_024;

/// Middleware inside the call log: lets faults strike, then lets the call happen, or not.
pub(crate) async fn apply(State(world): State<Shared>, request: Request, next: Next) -> Response {
    if world.faults().is_empty() || request.uri().path().starts_with("/_sim") {
        return next.run(request).await;
    }
    let (request, body) = match peek(request).await {
        Ok(peeked) => peeked,
        Err(response) => return response,
    };
    let struck = world.faults().strike(Subject {
        method: request.method().as_str(),
        path: request.uri().path(),
        body: &body,
        event: None,
    });
    let Some((id, _)) = struck.first() else {
        return next.run(request).await;
    };
    let id = id.clone();
    let mut response = Call {
        world,
        request,
        next,
    }
    .through(struck)
    .await;
    response.extensions_mut().insert(Faulted(id));
    response
}

/// A JSON body is whole in memory already (the call log read it); anything else stays a stream.
async fn peek(request: Request) -> Result<(Request, Bytes), Response> {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if is_stream(kind, request.uri().path()) {
        return Ok((request, Bytes::new()));
    }
    let (parts, body) = request.into_parts();
    match body.collect().await {
        Ok(collected) => {
            let bytes = collected.to_bytes();
            Ok((Request::from_parts(parts, Body::from(bytes.clone())), bytes))
        }
        Err(_) => Err(plain(StatusCode::BAD_REQUEST)),
    }
}

/// Reads a body to its end. An answer before that, and the closing after it, may reach the client as a lost connection
/// instead of as the answer that was asked for.
async fn swallow(body: Body) {
    let mut pieces = body.into_data_stream();
    while let Some(Ok(_)) = pieces.next().await {}
}

struct Call {
    world: Shared,
    request: Request,
    next: Next,
}

impl Call {
    async fn through(mut self, struck: Vec<(String, Kind)>) -> Response {
        let mut hints = Hints::default();
        let shape = Shape::of(self.request.uri().path());
        let mut after: Vec<Kind> = Vec::new();
        for (_, kind) in struck {
            match kind {
                Kind::Status(answer) => {
                    swallow(self.request.into_body()).await;
                    return answered(&answer, shape);
                }
                Kind::DropThenClose { ms } => {
                    pause(ms).await;
                    return hangup();
                }
                Kind::LateApply { ms } => return self.later(ms).await,
                Kind::BreakOff { bytes } => {
                    self.request = broken_off(self.request, bytes);
                    after.push(Kind::ApplyThenDrop { ms: 0 });
                }
                Kind::Delay {
                    ms,
                    when: When::Before,
                } => pause(ms).await,
                Kind::Lag { ms } => hints.lag_ms = ms,
                Kind::LoseEcho => hints.lose_echo = true,
                Kind::Echo {
                    delay_ms,
                    before_answer,
                    copies,
                } => {
                    hints.echo = Some(EchoPlan {
                        delay_ms,
                        before_answer,
                        copies,
                    });
                }
                other => after.push(other),
            }
        }
        self.request.extensions_mut().insert(hints);
        // In a task of its own, so that a client that goes away meanwhile does not undo the call.
        let call = tokio::spawn(self.next.run(self.request));
        let Ok(mut response) = call.await else {
            return plain(StatusCode::INTERNAL_SERVER_ERROR);
        };
        for kind in after {
            response = changed(response, kind, shape).await;
        }
        response
    }

    async fn later(self, ms: i64) -> Response {
        let (parts, body) = self.request.into_parts();
        let Ok(bytes) = axum::body::to_bytes(body, LATE_BODY_LIMIT).await else {
            return hangup();
        };
        let request = Request::from_parts(parts, Body::from(bytes));
        let (world, next) = (Arc::clone(&self.world), self.next);
        let at_ms = world.clock().now_ms() + ms;
        tokio::spawn(async move {
            world.clock().sleep_until(at_ms).await;
            next.run(request).await;
        });
        hangup()
    }
}

/// The same request, of whose body no more than so much arrives.
fn broken_off(request: Request, bytes: u64) -> Request {
    let (parts, body) = request.into_parts();
    let mut left = usize::try_from(bytes).unwrap_or(usize::MAX);
    let pieces = body.into_data_stream().map(move |piece| {
        let piece = piece?;
        if left == 0 {
            return Err(axum::Error::new("broken off on purpose"));
        }
        let kept = piece.slice(..left.min(piece.len()));
        left -= kept.len();
        Ok(kept)
    });
    // However the body is cut into pieces, what comes after it is an error.
    let end = futures::stream::iter([Err(axum::Error::new("broken off on purpose"))]);
    Request::from_parts(parts, Body::from_stream(pieces.chain(end)))
}

/// What a fault does to an answer after the call was done.
async fn changed(response: Response, kind: Kind, shape: Shape) -> Response {
    match kind {
        Kind::ApplyThenError(answer) => answered(&answer, shape),
        Kind::ApplyThenDrop { ms } => {
            pause(ms).await;
            hangup()
        }
        Kind::Delay { ms, .. } => {
            pause(ms).await;
            response
        }
        Kind::Usage(usage) => with_usage(response, usage),
        Kind::Cut { bytes } => cut(response, bytes).await,
        Kind::Slow { bytes_per_second } => slow(response, bytes_per_second),
        _ => response,
    }
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

fn hangup() -> Response {
    let mut response = plain(StatusCode::OK);
    response.extensions_mut().insert(Hangup);
    response
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Whose errors a path answers.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Meta,
    Telegram,
}

impl Shape {
    fn of(path: &str) -> Self {
        if path.starts_with("/api.telegram.org/") {
            Self::Telegram
        } else {
            Self::Meta
        }
    }
}

fn answered(answer: &Answer, shape: Shape) -> Response {
    let status = answer
        .status
        .and_then(|status| StatusCode::from_u16(status).ok());
    let (kind, body) = match &answer.body {
        Some(body) => ("text/html; charset=utf-8", body.clone()),
        None => (
            "application/json; charset=UTF-8",
            match shape {
                Shape::Meta => error_body(answer).to_string(),
                Shape::Telegram => telegram_body(answer).to_string(),
            },
        ),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(seconds) = answer.retry_after {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn with_usage(mut response: Response, usage: Usage) -> Response {
    crate::graph::usage::overwrite(response.headers_mut(), usage);
    response
}

/// Promises the whole length, then breaks off.
async fn cut(response: Response, bytes: Option<u64>) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(whole) = axum::body::to_bytes(body, LATE_BODY_LIMIT * 4).await else {
        return hangup();
    };
    let kept = bytes.map_or(whole.len() / 2, |bytes| {
        usize::try_from(bytes).unwrap_or(usize::MAX)
    });
    let kept = kept.min(whole.len().saturating_sub(1));
    parts.headers.remove(TRANSFER_ENCODING);
    parts
        .headers
        .insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let pieces = [
        Ok(whole.slice(..kept)),
        Err(std::io::Error::other("cut on purpose")),
    ];
    // The pause lets the kept bytes reach the client before the connection breaks.
    let stream = futures::stream::iter(pieces).then(|piece| async move {
        if piece.is_err() {
            pause(30).await;
        }
        piece
    });
    Response::from_parts(parts, Body::from_stream(stream))
}

fn slow(response: Response, bytes_per_second: u64) -> Response {
    let (parts, body) = response.into_parts();
    let step = usize::try_from((bytes_per_second / 10).max(1)).unwrap_or(1);
    let stream = body.into_data_stream().flat_map(move |piece| {
        let pieces: Vec<Result<Bytes, axum::Error>> = match piece {
            Ok(bytes) => (0..bytes.len())
                .step_by(step)
                .map(|at| Ok(bytes.slice(at..bytes.len().min(at + step))))
                .collect(),
            Err(error) => vec![Err(error)],
        };
        futures::stream::iter(pieces)
    });
    let dripping = stream.then(|piece| async move {
        pause(100).await;
        piece
    });
    Response::from_parts(parts, Body::from_stream(dripping))
}
