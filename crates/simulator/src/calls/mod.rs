//! The log of every call the simulator got, on any host. Bytes are kept as they came and turned
//! into masked JSON only when somebody reads the log, so that writing it costs a load test little.

mod mask;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::Body as _;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, USER_AGENT};
use serde_json::{Value, json};

use crate::serve::Hangup;
use crate::world::Shared;
use mask::{mask_pairs, mask_path, masked};

/// Calls kept; older ones are counted and forgotten.
const KEPT_CALLS: usize = 20_000;
/// Bytes of bodies kept, so that large answers cannot fill memory.
const KEPT_BYTES: usize = 48 * 1_024 * 1_024;
/// A JSON or form body larger than this is refused, as no call of ours needs one.
const BODY_LIMIT: usize = 4 * 1_024 * 1_024;
/// Answers larger than this are logged by size.
const ANSWER_LIMIT: u64 = 64 * 1_024;

/// What a handler tells the log about a body that it streamed itself.
#[derive(Debug, Clone)]
pub(crate) struct CallNote(pub(crate) Value);

/// Marks an answer to a call that the simulator does not model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unmodelled;

/// Marks a call that came although its budget was closed and the client had been told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blocked;

/// Marks an answer that a fault changed, with the fault's id.
#[derive(Debug, Clone)]
pub(crate) struct Faulted(pub(crate) String);

#[derive(Debug, Clone)]
enum Logged {
    Nothing,
    Bytes { content_type: String, bytes: Bytes },
    Note(Value),
}

#[derive(Debug, Clone)]
struct Call {
    seq: u64,
    at_ms: i64,
    host: String,
    method: String,
    path: String,
    query: Option<String>,
    user_agent: Option<String>,
    token: &'static str,
    range: Option<String>,
    body: Logged,
    status: u16,
    answer: Logged,
    took_us: u64,
    modelled: bool,
    fault: Option<String>,
    answered: bool,
    blocked: bool,
    /// Fingerprint of the token in the header; the others are read off when somebody asks.
    header_token: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct CallLog {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    calls: VecDeque<Call>,
    bytes: usize,
    seq: u64,
    forgotten: u64,
    unmodelled: VecDeque<Value>,
}

/// What `GET /_sim/calls` may ask for.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct CallFilter {
    pub(crate) after: u64,
    pub(crate) host: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) limit: Option<usize>,
    /// Calls that carried this secret, by the first letters of its SHA-256.
    pub(crate) fingerprint: Option<String>,
    /// Only calls that came in a closed time, or only others.
    pub(crate) blocked: Option<bool>,
}

impl CallLog {
    pub(crate) fn clear(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Kept {
            seq: kept.seq,
            ..Kept::default()
        };
    }

    fn push(&self, mut call: Call) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.seq += 1;
        call.seq = kept.seq;
        if !call.modelled {
            let line = json!({"at": call.at_ms, "host": call.host, "method": call.method, "path": call.path});
            kept.unmodelled.push_back(line);
            if kept.unmodelled.len() > 1_000 {
                kept.unmodelled.pop_front();
            }
        }
        kept.bytes += call.weight();
        kept.calls.push_back(call);
        while kept.calls.len() > KEPT_CALLS || kept.bytes > KEPT_BYTES {
            let Some(oldest) = kept.calls.pop_front() else {
                break;
            };
            kept.bytes -= oldest.weight();
            kept.forgotten += 1;
        }
    }

    /// The log as JSON, oldest first, secrets masked.
    pub(crate) fn read(&self, filter: &CallFilter) -> Value {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = |call: &&Call| {
            let has = |part: &Option<String>, whole: &str| {
                part.as_deref().is_none_or(|part| whole.contains(part))
            };
            call.seq > filter.after
                && has(&filter.host, &call.host)
                && has(&filter.path, &call.path)
                && filter
                    .method
                    .as_deref()
                    .is_none_or(|method| method.eq_ignore_ascii_case(&call.method))
                && filter.blocked.is_none_or(|blocked| blocked == call.blocked)
                && filter
                    .fingerprint
                    .as_deref()
                    .is_none_or(|asked| call.seen().iter().any(|seen| seen == asked))
        };
        let chosen: Vec<Call> = kept.calls.iter().filter(wanted).cloned().collect();
        let (forgotten, seq) = (kept.forgotten, kept.seq);
        let unmodelled: Vec<Value> = kept.unmodelled.iter().cloned().collect();
        drop(kept);
        let first = chosen
            .len()
            .saturating_sub(filter.limit.unwrap_or(usize::MAX));
        let calls: Vec<Value> = chosen[first..].iter().map(Call::show).collect();
        json!({"calls": calls, "unmodelled": unmodelled, "last": seq, "forgotten": forgotten})
    }
}

impl Call {
    fn weight(&self) -> usize {
        let of = |logged: &Logged| match logged {
            Logged::Bytes { bytes, .. } => bytes.len(),
            Logged::Nothing | Logged::Note(_) => 0,
        };
        512 + of(&self.body) + of(&self.answer)
    }

    fn show(&self) -> Value {
        json!({
            "seq": self.seq,
            "at": self.at_ms,
            "host": self.host,
            "method": self.method,
            "path": self.path,
            "query": self.query.as_deref().map(mask_pairs),
            "user_agent": self.user_agent,
            "token": self.token,
            "range": self.range,
            "body": self.body.show(),
            "status": self.status,
            "answer": self.answer.show(),
            "took_us": self.took_us,
            "modelled": self.modelled,
            "fault": self.fault,
            "answered": self.answered,
            "blocked": self.blocked,
            "seen": self.seen(),
        })
    }

    /// Fingerprints of every secret this call carried, so that a hunt for leaks can prove that a token came through
    /// although the log does not hold it.
    fn seen(&self) -> Vec<String> {
        let mut seen: Vec<String> = self.header_token.iter().cloned().collect();
        seen.extend(mask::secrets_of_pairs(
            self.query.as_deref().unwrap_or_default(),
        ));
        if let Logged::Bytes {
            content_type,
            bytes,
        } = &self.body
        {
            if content_type.contains("x-www-form-urlencoded") {
                seen.extend(mask::secrets_of_pairs(&String::from_utf8_lossy(bytes)));
            } else if let Ok(value) = serde_json::from_slice(bytes) {
                seen.extend(mask::secrets_of(&value));
            }
        }
        seen.dedup();
        seen
    }
}

impl Logged {
    fn show(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Note(note) => note.clone(),
            Self::Bytes {
                content_type,
                bytes,
            } if content_type.contains("x-www-form-urlencoded") => {
                mask_pairs(&String::from_utf8_lossy(bytes))
            }
            Self::Bytes { bytes, .. } => serde_json::from_slice(bytes).map_or_else(
                |_| Value::String(String::from_utf8_lossy(bytes).into_owned()),
                masked,
            ),
        }
    }
}

/// Middleware around every host: reads small bodies ahead, lets the call happen, writes it down.
/// Calls to the simulator's own control API are not written down.
pub(crate) async fn record(State(world): State<Shared>, request: Request, next: Next) -> Response {
    if request.uri().path() == "/_sim" || request.uri().path().starts_with("/_sim/") {
        return next.run(request).await;
    }
    let started = Instant::now();
    let (host, path) = host_and_path(request.uri().path());
    let headers = request.headers();
    let mut call = Call {
        seq: 0,
        at_ms: world.clock().now_ms(),
        host,
        method: request.method().to_string(),
        path,
        query: request.uri().query().map(str::to_owned),
        user_agent: header(headers, USER_AGENT.as_str()),
        token: token_place(headers, request.uri().query()),
        range: header(headers, "range"),
        body: Logged::Nothing,
        status: 0,
        answer: Logged::Nothing,
        took_us: 0,
        modelled: true,
        fault: None,
        answered: true,
        blocked: false,
        header_token: mask::header_token(headers),
    };
    let response = match read_ahead(request).await {
        Ok((request, body)) => {
            call.body = body;
            next.run(request).await
        }
        Err(response) => response,
    };
    let response = keep_answer(response, &mut call).await;
    call.took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    world.calls().push(call);
    response
}

async fn keep_answer(mut response: Response, call: &mut Call) -> Response {
    call.status = response.status().as_u16();
    call.modelled = response.extensions().get::<Unmodelled>().is_none();
    call.blocked = response.extensions().get::<Blocked>().is_some();
    call.answered = response.extensions().get::<Hangup>().is_none();
    call.fault = response
        .extensions()
        .get::<Faulted>()
        .map(|fault| fault.0.clone());
    if let Some(note) = response.extensions_mut().remove::<CallNote>() {
        call.body = Logged::Note(note.0);
    }
    let content_type = header(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
    let size = response.body().size_hint().exact();
    if !content_type.contains("json") || size.is_none_or(|size| size > ANSWER_LIMIT) {
        if size != Some(0) {
            call.answer = Logged::Note(json!({"type": content_type, "bytes": size}));
        }
        return response;
    }
    let (parts, body) = response.into_parts();
    match body.collect().await {
        Ok(collected) => {
            let bytes = collected.to_bytes();
            call.answer = Logged::Bytes {
                content_type,
                bytes: bytes.clone(),
            };
            Response::from_parts(parts, Body::from(bytes))
        }
        Err(_) => Response::from_parts(parts, Body::empty()),
    }
}

/// Whether a body is a file that its handler takes piece by piece.
pub(crate) fn is_stream(content_type: &str, path: &str) -> bool {
    content_type.starts_with("multipart/") || path.starts_with("/rupload.facebook.com/")
}

/// Takes the body of a small call into memory for the log; multipart stays a stream for its handler.
async fn read_ahead(request: Request) -> Result<(Request, Logged), Response> {
    let content_type = header(request.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
    if is_stream(&content_type, request.uri().path())
        || request.body().size_hint().exact() == Some(0)
    {
        return Ok((request, Logged::Nothing));
    }
    let (parts, body) = request.into_parts();
    let bytes = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(StatusCode::PAYLOAD_TOO_LARGE.into_response());
        }
        Err(_) => return Err(StatusCode::BAD_REQUEST.into_response()),
    };
    let logged = Logged::Bytes {
        content_type,
        bytes: bytes.clone(),
    };
    Ok((Request::from_parts(parts, Body::from(bytes)), logged))
}

/// `/graph.facebook.com/v26.0/me` -> host and the path there; the media host stands under `/cdn`.
pub(crate) fn host_and_path(path: &str) -> (String, String) {
    let rest = path
        .strip_prefix("/cdn/")
        .unwrap_or_else(|| path.trim_start_matches('/'));
    match rest.split_once('/') {
        Some((host, path)) => (host.to_owned(), mask_path(host, path)),
        None => (rest.to_owned(), "/".to_owned()),
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

fn token_place(headers: &HeaderMap, query: Option<&str>) -> &'static str {
    if headers.contains_key(AUTHORIZATION) {
        "header"
    } else if query.is_some_and(|query| query.contains("access_token=")) {
        "query"
    } else {
        "none"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_from_the_path() {
        assert_eq!(
            host_and_path("/graph.facebook.com/v26.0/me"),
            ("graph.facebook.com".into(), "/v26.0/me".into())
        );
        assert_eq!(
            host_and_path("/cdn/scontent.cdninstagram.com/a/b"),
            ("scontent.cdninstagram.com".into(), "/a/b".into())
        );
        assert_eq!(host_and_path("/ai"), ("ai".into(), "/".into()));
    }
}
