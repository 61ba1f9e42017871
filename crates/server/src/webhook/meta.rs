//! Meta's webhook, top to bottom: verify, parse, accept, 200.
//!
//! Each step makes the type that the next one asks for, so none can be skipped. Nothing slow stands
//! before the 200 and nothing is lost after it: the delivery is in the database or, when that is
//! away, flushed to the spool. Meta takes an app off the account after an hour of failures
//! (<https://developers.facebook.com/docs/messenger-platform/webhooks>, read 2026-11-22), so a
//! database that is away must not look like a failure to Meta.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::{BufMut as _, Bytes, BytesMut};
use graph_api::webhook::{AppSecrets, ParseError, SignatureError, Verified, verify_challenge};
use secrecy::SecretString;
use store::{Accepted, NewDelivery, Store, StoreError, spool::Spool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    body::{self, BodyError},
    error::ApiError,
    telemetry::AckMetrics,
    webhook::events::{events_of, new_delivery},
};

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// How long the database may take before the spool is used instead. Meta waits 5 seconds
/// (<https://developers.facebook.com/docs/messenger-platform/webhooks>, read 2026-11-22).
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);
/// After a failure the spool is used at once for this long, so that a hanging database does not cost
/// every delivery its patience.
const AVOID_DATABASE_MS: i64 = 1_000;
/// How often the spool is looked at.
const DRAIN_EVERY: Duration = Duration::from_millis(500);

/// Takes deliveries in.
#[derive(Debug)]
pub(crate) struct Inbox {
    /// Keys that may sign.
    pub secrets: AppSecrets,
    /// The word of the subscription.
    pub verify_token: SecretString,
    /// Where deliveries go.
    pub store: Store,
    /// Where they go when the store is away.
    pub spool: Arc<Spool>,
    /// Longest body.
    pub max_body_bytes: usize,
    /// Longest wait for a body.
    pub body_timeout: Duration,
    /// Ack time and outcomes.
    pub metrics: AckMetrics,
    /// Until when the database is not asked.
    pub avoid_database_until_ms: AtomicI64,
}

/// How a delivery was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// In the database.
    Stored(Accepted),
    /// On the disk, to be stored when the database is back.
    Spooled,
}

/// Why a delivery was not taken in. The answers say what is wrong and never what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The body is compressed; its signature would be over other bytes than we read.
    #[error("content-encoding is not supported")]
    Encoded,
    /// No signature, a malformed one, two, or a wrong one.
    #[error("the signature is missing or wrong")]
    Unsigned,
    /// More bytes than allowed.
    #[error("the body is too large")]
    TooLarge,
    /// The body did not come in time.
    #[error("the body took too long")]
    TooSlow,
    /// The client left in the middle.
    #[error("the body ended early")]
    Broken,
    /// Nested deeper than anything Meta sends.
    #[error("the JSON is nested too deeply")]
    TooDeep,
    /// Neither database nor spool took it: Meta must try again.
    #[error("the delivery could not be stored; send it again later")]
    NotStored,
}

impl Refusal {
    /// The HTTP status.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unsigned => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken | Self::TooDeep => StatusCode::BAD_REQUEST,
            Self::NotStored => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What whoever sent it can do.
    pub(crate) fn next_step(self) -> &'static str {
        match self {
            Self::Encoded => "Send the body as it is, without compressing it.",
            Self::Unsigned => "Check that the secret it is sent with is the one that is set here.",
            Self::TooLarge => "Send less at once, or raise webhook.max_body_bytes.",
            Self::TooSlow | Self::Broken | Self::NotStored => "Send it again.",
            Self::TooDeep => "Send an envelope of Meta's.",
        }
    }

    /// The word in the error body and in metrics.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Encoded => "content_encoding",
            Self::Unsigned => "signature",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Broken => "broken",
            Self::TooDeep => "too_deep",
            Self::NotStored => "not_stored",
        }
    }
}

/// The two paths of the webhook.
pub(crate) fn routes(inbox: Arc<Inbox>) -> Router {
    let both = get(subscribe).post(receive);
    Router::new()
        .route("/webhooks/instagram", both.clone())
        .route("/instagram/webhook", both)
        .with_state(inbox)
}

/// Meta asks whether we know the word it was given.
async fn subscribe(
    State(inbox): State<Arc<Inbox>>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    match verify_challenge(pairs, &inbox.verify_token) {
        Ok(challenge) => {
            tracing::info!("Meta verified the webhook");
            (
                [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
                challenge,
            )
                .into_response()
        }
        Err(error) if error.is_forbidden() => {
            tracing::warn!(%error, "webhook verification refused; compare instagram.verify_token with Meta's form");
            ApiError::new(
                StatusCode::FORBIDDEN,
                "verify_token",
                "the verify token does not match",
            )
            .next_step("Write the instagram.verify_token of the settings into Meta's form.")
            .into_response()
        }
        Err(error) => ApiError::new(StatusCode::BAD_REQUEST, "challenge", error.to_string())
            .next_step("Nothing: Meta asks this by itself when the webhook is set up.")
            .into_response(),
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, request: Request) -> Response {
    let started = Instant::now();
    match inbox.take_in(request, started).await {
        Ok(_) => StatusCode::OK.into_response(),
        Err(refusal) => {
            inbox.metrics.refused(refusal.word());
            tracing::debug!(reason = refusal.word(), "delivery refused");
            let mut answer = ApiError::new(refusal.status(), refusal.word(), refusal.to_string())
                .next_step(refusal.next_step())
                .into_response();
            // The rest of the body, if any, will not be read.
            answer.headers_mut().insert(
                header::CONNECTION,
                header::HeaderValue::from_static("close"),
            );
            answer
        }
    }
}

impl Inbox {
    /// The whole flow.
    async fn take_in(&self, request: Request, started: Instant) -> Result<Taken, Refusal> {
        let (head, body) = request.into_parts();
        refuse_encoded(&head.headers)?;
        let signature = only_signature(&head.headers)?;
        let body = body::read(body, self.max_body_bytes, self.body_timeout).await?;
        let verified = self.secrets.verify(Some(signature), body)?;
        let delivery =
            self.delivery(&verified, self.store.new_id(), self.store.clock().now_ms())?;
        let (id, events, bytes) = (delivery.id, delivery.events.len(), verified.bytes().len());
        let taken = self.accept(delivery).await?;
        self.metrics.taken(taken, started.elapsed());
        tracing::debug!(delivery = %id, events, bytes, ?taken, "delivery taken in");
        Ok(taken)
    }

    /// What is stored of a verified body: the bytes, its events, and the jobs they cause.
    ///
    /// Whatever Meta signed is kept. A body that is no JSON or no envelope has no events, and waits
    /// in the vault for somebody to look at it.
    fn delivery(
        &self,
        verified: &Verified,
        id: Uuid,
        received_at_ms: i64,
    ) -> Result<NewDelivery, Refusal> {
        let events = match events_of(verified, received_at_ms) {
            Ok(events) => events,
            Err(ParseError::TooDeep) => return Err(Refusal::TooDeep),
            Err(error) => {
                tracing::warn!(delivery = %id, %error, "a signed body that cannot be read was kept");
                self.metrics.unreadable();
                Vec::new()
            }
        };
        Ok(new_delivery(id, received_at_ms, verified, events))
    }

    /// Durable before it returns: in the database, or on the disk.
    async fn accept(&self, delivery: NewDelivery) -> Result<Taken, Refusal> {
        let record = Record {
            id: delivery.id,
            received_at_ms: delivery.received_at_ms,
            body: delivery.body.clone(),
        };
        match self.store_in_time(delivery).await {
            Ok(accepted) => Ok(Taken::Stored(accepted)),
            Err(error) => {
                tracing::warn!(delivery = %record.id, %error, "the database did not take a delivery; spooling it");
                match self.spool.append(&record.to_bytes()).await {
                    Ok(()) => Ok(Taken::Spooled),
                    Err(error) => {
                        tracing::error!(delivery = %record.id, %error, "neither database nor spool took a delivery; free disk space or repair the data folder");
                        Err(Refusal::NotStored)
                    }
                }
            }
        }
    }

    /// Asks the database, unless it failed a moment ago. A commit whose end we do not wait for may
    /// still happen: the spooled copy carries the same delivery id and its events the same keys.
    async fn store_in_time(&self, delivery: NewDelivery) -> Result<Accepted, StoreError> {
        let now_ms = self.store.clock().now_ms();
        if now_ms < self.avoid_database_until_ms.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("it failed a moment ago".to_owned()));
        }
        let stored = tokio::time::timeout(DATABASE_PATIENCE, self.store.accept(delivery))
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("it takes too long".to_owned())));
        if stored.as_ref().is_err_and(StoreError::is_outage) {
            self.avoid_database_until_ms
                .store(now_ms + AVOID_DATABASE_MS, Ordering::Relaxed);
        }
        stored
    }

    /// Moves spooled deliveries into the database for as long as the server runs.
    pub(crate) async fn drain_spool(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if self.spool.depth() > 0 {
                match self.spool.drain(|record| self.store_record(record)).await {
                    Ok(0) => {}
                    Ok(count) => {
                        tracing::info!(count, "spooled deliveries moved into the database");
                    }
                    Err(error) => {
                        tracing::warn!(%error, waiting = self.spool.depth(), "the spool waits for the database");
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(DRAIN_EVERY) => {}
            }
        }
    }

    async fn store_record(&self, record: Bytes) -> Result<(), StoreError> {
        let Some(record) = Record::from_bytes(&record) else {
            tracing::error!("a spool record is shorter than its own head; dropped");
            return Ok(());
        };
        // Its signature was checked before it was spooled.
        let verified = Verified::trusted_from_disk(record.body);
        match self.delivery(&verified, record.id, record.received_at_ms) {
            Ok(delivery) => match self.store.accept(delivery).await {
                // The commit whose end nobody waited for did happen.
                Ok(_) | Err(StoreError::Conflict(_)) => Ok(()),
                Err(error) => Err(error),
            },
            Err(refusal) => {
                tracing::error!(delivery = %record.id, %refusal, "a spooled delivery is refused now; dropped");
                Ok(())
            }
        }
    }
}

fn refuse_encoded(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(Refusal::Encoded),
        _ => Ok(()),
    }
}

/// The one signature header; two of them are an attempt to be read in two ways.
fn only_signature(headers: &HeaderMap) -> Result<&[u8], Refusal> {
    let mut given = headers.get_all(SIGNATURE).iter();
    match (given.next(), given.next()) {
        (Some(signature), None) => Ok(signature.as_bytes()),
        _ => Err(Refusal::Unsigned),
    }
}

impl From<SignatureError> for Refusal {
    fn from(_: SignatureError) -> Self {
        Self::Unsigned
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::TooSlow => Self::TooSlow,
            BodyError::Broken => Self::Broken,
        }
    }
}

/// A delivery on the disk: 16 bytes of id, 8 bytes of time, the body.
struct Record {
    id: Uuid,
    received_at_ms: i64,
    body: Bytes,
}

impl Record {
    const HEAD_BYTES: usize = 24;

    fn to_bytes(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(Self::HEAD_BYTES + self.body.len());
        bytes.put_slice(self.id.as_bytes());
        bytes.put_i64(self.received_at_ms);
        bytes.put_slice(&self.body);
        bytes.freeze()
    }

    fn from_bytes(bytes: &Bytes) -> Option<Self> {
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (time, _) = rest.split_first_chunk::<8>()?;
        Some(Self {
            id: Uuid::from_bytes(*id),
            received_at_ms: i64::from_be_bytes(*time),
            body: bytes.slice(Self::HEAD_BYTES..),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_the_disk() {
        let record = Record {
            id: Uuid::now_v7(),
            received_at_ms: 1_700_000_000_123,
            body: Bytes::from_static(b"{}"),
        };
        let read = Record::from_bytes(&record.to_bytes()).unwrap();
        assert_eq!(
            (read.id, read.received_at_ms, read.body),
            (record.id, record.received_at_ms, record.body)
        );
        assert!(Record::from_bytes(&Bytes::from_static(b"short")).is_none());
    }

    #[test]
    fn two_signatures_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(only_signature(&headers), Err(Refusal::Unsigned));
        headers.append(SIGNATURE, "sha256=aa".parse().unwrap());
        assert_eq!(only_signature(&headers), Ok(&b"sha256=aa"[..]));
        headers.append(SIGNATURE, "sha256=aa".parse().unwrap());
        assert_eq!(only_signature(&headers), Err(Refusal::Unsigned));
    }

    #[test]
    fn only_plain_bodies_are_read() {
        let mut headers = HeaderMap::new();
        assert_eq!(refuse_encoded(&headers), Ok(()));
        headers.insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
        assert_eq!(refuse_encoded(&headers), Err(Refusal::Encoded));
    }
}
