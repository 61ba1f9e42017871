//! `Idempotency-Key`: the same write sent twice has one effect and one answer.
//!
//! A layer around every write. What changed something is remembered for a day and more and answered again, word for
//! word. What is still under way is gone on with under the same id, which handlers take with [`Once`] and put on what
//! they store, so that nothing is begun a second time. What was refused changed nothing and may be sent again.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use store::{Begun, KeyEnd, KeyHold, KeyUse};
use uuid::Uuid;

use super::{ApiError, Caller, Gate};
use crate::{body, publishing, writes};

/// <https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/> (read 2026-11-22)
const KEY: &str = "idempotency-key";
/// Tells that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key.
const KEY_BYTES: usize = 255;
/// Longest answer that is remembered; ours are a few hundred bytes.
const ANSWER_BYTES: usize = 64 * 1024;
/// How long a request may take before a repeat of it goes on in its place: longer than any call may take.
const HOLD_MS: i64 = 120_000;
/// Pause between two looks at a request that somebody else is at.
const LOOK: Duration = Duration::from_millis(50);

/// The id of a request that came with a key, the same for all its repeats.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Once(pub(crate) Option<Uuid>);

/// Goes with an answer that says that nothing was done: a repeat begins anew, whatever the status is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Undone;

/// Goes with an answer that shows a secret once: what is remembered of it is that it was given, and nothing of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShownOnce;

impl FromRequestParts<Arc<Gate>> for Once {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Gate>) -> Result<Self, Infallible> {
        Ok(parts
            .extensions
            .get::<Self>()
            .copied()
            .unwrap_or(Self(None)))
    }
}

/// The layer.
pub(super) async fn once(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let is_read = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let path = request.uri().path();
    // A file that is handed in twice harms nobody, and is no body to keep in memory. The document's calls read, though
    // they are POSTs, and who asks may stand in their bodies; only the end of a login changes something.
    let is_file = path.ends_with("/uploads");
    let is_question = path.starts_with("/instagram/") && path != "/instagram/auth/callback";
    if is_read || is_file || is_question || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    match with_key(&gate, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn with_key(gate: &Arc<Gate>, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::of(gate, &parts, None).await?;
    let cap = gate.settings.api.max_body_bytes;
    let deadline = Duration::from_secs(gate.settings.webhook.body_timeout_seconds);
    let bytes = body::read(body, cap, deadline)
        .await
        .map_err(|error| super::input::broken_body(error, cap))?;
    let used = KeyUse {
        // The id and not the name: two keys may be called the same.
        caller: caller.id,
        key: key(&parts.headers)?,
        request: fingerprint(&parts, &bytes),
        hold_ms: HOLD_MS,
    };
    let hold = match begin(gate, used).await? {
        Turn::Mine(hold) => hold,
        Turn::Answered(answer) => return Ok(answer),
    };
    parts.extensions.insert(Once(Some(hold.id)));
    let request = Request::from_parts(parts, Body::from(bytes));
    // A caller who goes away does not undo what is under way, so it is not given up with them.
    let gate = Arc::clone(gate);
    let carried = tokio::spawn(async move {
        let response = next.run(request).await;
        finish(&gate, &hold, response).await
    });
    carried.await.map_err(|_| ApiError::internal())?
}

/// Whose turn a request is.
enum Turn {
    Mine(KeyHold),
    Answered(Response),
}

async fn begin(gate: &Gate, used: KeyUse) -> Result<Turn, ApiError> {
    let patience_ms = i64::from(gate.settings.api.wait_seconds) * 1000;
    let looks = patience_ms / i64::try_from(LOOK.as_millis()).unwrap_or(1);
    for _ in 0..=looks {
        match gate.store.key_begin(used.clone()).await? {
            Begun::Mine(hold) => return Ok(Turn::Mine(hold)),
            Begun::Answered { status, answer } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
                let mut response = match answer {
                    serde_json::Value::Null => status.into_response(),
                    answer => (status, Json(answer)).into_response(),
                };
                let yes = HeaderValue::from_static("true");
                response.headers_mut().insert(REPLAYED, yes);
                return Ok(Turn::Answered(response));
            }
            Begun::OtherRequest => return Err(other_request()),
            // Real time on purpose: this is about the other request, which is being answered now.
            Begun::Busy { .. } => tokio::time::sleep(LOOK).await,
        }
    }
    Err(ApiError::new(
        StatusCode::CONFLICT,
        "still_running",
        "a request with this Idempotency-Key is still being worked on",
    )
    .next_step("Send the same request again later: it is not done twice.")
    .retry_after(Duration::from_secs(5)))
}

async fn finish(gate: &Gate, hold: &KeyHold, response: Response) -> Result<Response, ApiError> {
    let status = response.status();
    let (parts, body) = response.into_parts();
    let bytes = body::read(body, ANSWER_BYTES, Duration::from_secs(10))
        .await
        .map_err(|_| ApiError::internal())?;
    let end = match status {
        _ if parts.extensions.get::<Undone>().is_some() => KeyEnd::Forget,
        status if status.is_success() && parts.extensions.get::<ShownOnce>().is_some() => {
            let shown = shown_before();
            KeyEnd::Answer {
                status: shown.status().as_u16(),
                answer: shown.body(),
            }
        }
        StatusCode::ACCEPTED => KeyEnd::Open,
        status if status.is_success() => KeyEnd::Answer {
            status: status.as_u16(),
            answer: serde_json::from_slice(&bytes).unwrap_or_default(),
        },
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            KeyEnd::Open
        }
        // What was stored before a refusal (of a repeat that came after a crash, say) must not be stored again.
        _ if is_stored(gate, hold.id).await? => KeyEnd::Open,
        _ => KeyEnd::Forget,
    };
    gate.store.key_end(hold, end).await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// Whether something was stored under the id of a request.
async fn is_stored(gate: &Gate, once: Uuid) -> Result<bool, ApiError> {
    let word = publishing::word_of(once);
    Ok(gate.store.publication_once(&word).await?.is_some()
        || writes::is_ordered(&gate.store, once).await?)
}

fn key(headers: &HeaderMap) -> Result<String, ApiError> {
    let mut all = headers.get_all(KEY).iter();
    let only = all.next().filter(|_| all.next().is_none());
    let fits = |key: &&str| {
        !key.is_empty() && key.len() <= KEY_BYTES && key.bytes().all(|c| c.is_ascii_graphic())
    };
    let key = only.and_then(|key| key.to_str().ok()).filter(fits);
    key.map(str::to_owned).ok_or_else(|| {
        ApiError::invalid_at(
            "Idempotency-Key",
            format!("must be one value of 1 to {KEY_BYTES} visible ASCII characters"),
        )
    })
}

/// What the request is: method, address, type and body.
fn fingerprint(parts: &Parts, body: &[u8]) -> Vec<u8> {
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let kind = kind.map_or(&b""[..], |kind| kind.as_bytes());
    let uri = parts.uri.to_string();
    [parts.method.as_str().as_bytes(), uri.as_bytes(), kind, body].join(&b'\n')
}

fn shown_before() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "shown_before",
        "this request was answered before with a secret, which is shown once and not kept",
    )
    .next_step("If that answer was lost, send the request again with a new Idempotency-Key, and revoke the key of the lost answer.")
}

fn other_request() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "key_used_otherwise",
        "this Idempotency-Key was used for another request",
    )
    .next_step("Use a new key for each write, and the same key only to repeat the very same one.")
}
