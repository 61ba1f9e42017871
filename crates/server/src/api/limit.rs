//! How often one caller may ask, and how long one call may take.
//!
//! Who asks is known by the key that is presented, in a header or as the handle in a body, once it has proved good, else
//! by the address: made-up keys share the allowance of whoever makes them up. Guessing is slowed down by a second,
//! narrower allowance of each address that only refused keys cost; when it is used up, nobody at that address but holders
//! of good keys gets as far as a lookup. A token of Meta's that is no good is no guess: it comes with a good key.
//! Addresses behind a proxy count only where the settings name that proxy.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{
        Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts,
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use governor::{
    Quota, RateLimiter, clock::Clock as GovernorClock, middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use store::Clock;

use super::{ApiError, Gate, caller};
use crate::{accounts::secret, body, http::Peer};

/// Refused keys from one address in a minute; a person who mistypes needs few, a machine that guesses many.
const REFUSALS_PER_MINUTE: NonZeroU32 = match NonZeroU32::new(30) {
    Some(number) => number,
    None => NonZeroU32::MIN,
};
/// How long a file may take to be handed in: Meta's largest reel over a line of one megabit a second. Each piece of it
/// has a limit of its own.
const UPLOAD: Duration = Duration::from_mins(45);
/// Longest body in which a handle is looked for before it is known who asks: the document's calls carry a token and an
/// id, and whoever sends more is counted by their address.
const HANDLE_BODY_BYTES: u64 = 16 * 1024;
/// After so many calls, callers who have not been seen for long are forgotten.
const FORGET_EVERY: u32 = 1_024;
/// A key that was not used for so long proves itself again.
const GOOD_FOR_MS: i64 = 3_600_000;
/// <https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/> (the form that clients read, 2026)
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The house's clock, as the limiter wants one.
#[derive(Clone)]
struct HouseClock(Arc<dyn Clock>);

impl GovernorClock for HouseClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.now_ms().unsigned_abs())
    }
}

type Keyed = RateLimiter<String, HashMapStateStore<String>, HouseClock, StateInformationMiddleware>;

/// The allowances of all callers.
pub(crate) struct Allowances {
    calls: Keyed,
    refusals: Keyed,
    /// Addresses that have used up their refusals, and until when.
    shut: Mutex<HashMap<String, i64>>,
    /// Hashes of keys that have proved good, and when they last did.
    good: Mutex<HashMap<String, i64>>,
    clock: Arc<dyn Clock>,
    per_minute: u32,
    trusted: Vec<IpAddr>,
    seen: AtomicU32,
}

impl std::fmt::Debug for Allowances {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Allowances")
    }
}

/// What is left of an allowance.
#[derive(Debug, Clone, Copy)]
struct Left {
    limit: u32,
    remaining: u32,
    reset_seconds: u64,
}

impl Allowances {
    /// So many calls a minute for each caller; `trusted` are the proxies whose word on addresses counts.
    pub(crate) fn new(clock: &Arc<dyn Clock>, per_minute: u32, trusted: Vec<IpAddr>) -> Self {
        let keyed = |permits: NonZeroU32| -> Keyed {
            RateLimiter::hashmap_with_clock(
                Quota::per_minute(permits),
                HouseClock(Arc::clone(clock)),
            )
            .with_middleware()
        };
        Self {
            calls: keyed(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN)),
            refusals: keyed(REFUSALS_PER_MINUTE),
            shut: Mutex::default(),
            good: Mutex::default(),
            clock: Arc::clone(clock),
            per_minute,
            trusted,
            seen: AtomicU32::new(0),
        }
    }

    fn spend(&self, who: &String) -> Result<Left, (Left, Duration)> {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        if seen.is_multiple_of(FORGET_EVERY) {
            self.calls.retain_recent();
            self.refusals.retain_recent();
            let now_ms = self.clock.now_ms();
            held(&self.shut).retain(|_, until_ms| *until_ms > now_ms);
            held(&self.good).retain(|_, at_ms| now_ms - *at_ms < GOOD_FOR_MS);
        }
        let reset = |used: u32| u64::from(used) * 60 / u64::from(self.per_minute.max(1));
        match self.calls.check_key(who) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Ok(Left {
                    limit: self.per_minute,
                    remaining,
                    reset_seconds: reset(self.per_minute.saturating_sub(remaining)),
                })
            }
            Err(refused) => {
                let wait = refused.wait_time_from(self.calls.clock().now());
                let left = Left {
                    limit: self.per_minute,
                    remaining: 0,
                    reset_seconds: reset(self.per_minute),
                };
                Err((left, wait))
            }
        }
    }

    /// A key has proved good.
    pub(super) fn note_good(&self, hash: &str) {
        held(&self.good).insert(hash.to_owned(), self.clock.now_ms());
    }

    /// The presented key's hash, if that key has proved good.
    fn proved(&self, key: &str) -> Option<String> {
        let hash = secret::hash(key);
        held(&self.good).contains_key(&hash).then_some(hash)
    }

    /// Counts a refused key against whoever presented it.
    pub(super) fn refused(&self, parts: &Parts, hash: &str) {
        // It may have been good until now: revoked, or at its end.
        held(&self.good).remove(hash);
        self.count_refusal(&self.address_of(&parts.extensions, &parts.headers));
    }

    fn count_refusal(&self, address: &String) {
        if let Err(refused) = self.refusals.check_key(address) {
            let wait = refused.wait_time_from(self.refusals.clock().now());
            let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            let until_ms = self.clock.now_ms().saturating_add(wait_ms.max(1));
            held(&self.shut).insert(address.clone(), until_ms);
        }
    }

    /// How long nobody at this address may try a key.
    fn shut_for(&self, address: &str) -> Option<Duration> {
        let until_ms = *held(&self.shut).get(address)?;
        let left_ms = until_ms - self.clock.now_ms();
        (left_ms > 0).then(|| Duration::from_millis(left_ms.unsigned_abs()))
    }

    /// The address that a request is counted by.
    fn address_of(&self, extensions: &Extensions, headers: &HeaderMap) -> String {
        let peer = extensions.get::<Peer>();
        let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |Peer(address)| address.ip());
        self.address(peer, headers).to_string()
    }

    /// The address that counts: the peer's, or the one that a trusted proxy vouches for.
    fn address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusted.contains(&peer) {
            return peer;
        }
        // Each proxy adds the address it saw at the end, so the last one that is no proxy of ours is the caller.
        let told = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|address| address.trim().parse::<IpAddr>().ok())
            .collect::<Vec<_>>();
        told.into_iter()
            .rev()
            .find(|address| !self.trusted.contains(address))
            .unwrap_or(peer)
    }
}

/// Bounds how often and how long: the outermost layer of the API.
pub(super) async fn bound(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let limits = &gate.limits;
    let address = limits.address_of(request.extensions(), request.headers());
    let (request, handle) = match handle_in(&gate, request).await {
        Ok(found) => found,
        Err(error) => return error.into_response(),
    };
    let proved = match caller::key_in(request.headers()) {
        Ok(Some(key)) => limits.proved(key),
        Ok(None) => handle.and_then(|handle| limits.proved(handle.expose_secret())),
        Err(_) => None,
    };
    let left = match limits.spend(proved.as_ref().unwrap_or(&address)) {
        Ok(left) => left,
        Err((left, wait)) => return with_headers(too_many(wait).into_response(), left),
    };
    // Before anything is looked up: whoever guesses learns nothing more until then, not even by a right guess.
    if let (None, Some(wait)) = (&proved, limits.shut_for(&address)) {
        return with_headers(too_many(wait).into_response(), left);
    }
    let patience = if request.uri().path().ends_with("/uploads") {
        UPLOAD
    } else {
        Duration::from_secs(u64::from(gate.settings.api.call_timeout_seconds))
    };
    let answer = tokio::time::timeout(patience, next.run(request)).await;
    let response = answer.unwrap_or_else(|_| too_slow().into_response());
    with_headers(response, left)
}

/// The handle in a body of the document's, where no key is in the headers; and the request with its body, to be read
/// again.
async fn handle_in(
    gate: &Gate,
    request: Request,
) -> Result<(Request, Option<SecretString>), ApiError> {
    let may_have_one = request.method() == Method::POST
        && request.uri().path().starts_with("/instagram/")
        && matches!(caller::key_in(request.headers()), Ok(None))
        && (1..=HANDLE_BODY_BYTES).contains(&length(request.headers()));
    if !may_have_one {
        return Ok((request, None));
    }
    let (parts, body) = request.into_parts();
    let cap = gate.settings.api.max_body_bytes;
    let deadline = Duration::from_secs(gate.settings.webhook.body_timeout_seconds);
    let bytes = body::read(body, cap, deadline)
        .await
        .map_err(|error| super::input::broken_body(error, cap))?;
    let handle = serde_json::from_slice::<TokenAlone>(&bytes).ok();
    let handle = handle.and_then(|body| body.access_token);
    Ok((Request::from_parts(parts, Body::from(bytes)), handle))
}

fn length(headers: &HeaderMap) -> u64 {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or_default()
}

/// What is looked for in a body before it is known who asks.
#[derive(Deserialize)]
struct TokenAlone {
    access_token: Option<SecretString>,
}

fn held<T>(map: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

fn too_many(wait: Duration) -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_calls",
        "too many calls with this key or from this address",
    )
    .next_step("Wait as long as Retry-After says; RateLimit-Remaining tells how much is left.")
    .retry_after(wait)
}

fn too_slow() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "call_took_too_long",
        "this call took too long and was ended",
    )
    .next_step("Ask for less at once, or send it again later; a write may have gone on, so send its Idempotency-Key again.")
    .retry_after(Duration::from_secs(5))
}

fn with_headers(mut response: Response, left: Left) -> Response {
    let headers = response.headers_mut();
    headers.insert(LIMIT, HeaderValue::from(left.limit));
    headers.insert(REMAINING, HeaderValue::from(left.remaining));
    headers.insert(RESET, HeaderValue::from(left.reset_seconds));
    response
}

#[cfg(test)]
mod tests {
    use store::ManualClock;

    use super::*;

    fn limits(clock: &Arc<ManualClock>, trusted: &[&str]) -> Allowances {
        let trusted = trusted.iter().map(|ip| ip.parse().unwrap()).collect();
        let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
        Allowances::new(&clock, 3, trusted)
    }

    #[test]
    fn an_allowance_comes_back_with_time() {
        let clock = Arc::new(ManualClock::new(1_700_000_000_000));
        let limits = limits(&clock, &[]);
        let who = "a".to_owned();
        for left in [2, 1, 0] {
            assert_eq!(limits.spend(&who).unwrap().remaining, left);
        }
        let (_, wait) = limits.spend(&who).unwrap_err();
        assert_eq!(wait, Duration::from_secs(20));
        assert!(
            limits.spend(&"b".to_owned()).is_ok(),
            "another caller has an allowance of their own"
        );
        clock.advance(Duration::from_secs(20));
        assert!(limits.spend(&who).is_ok());
    }

    #[test]
    fn whoever_guesses_is_shut_out_and_good_keys_are_not() {
        let clock = Arc::new(ManualClock::new(1_700_000_000_000));
        let limits = limits(&clock, &[]);
        let address = "203.0.113.9".to_owned();
        let mut headers = HeaderMap::new();
        headers.insert(
            "authorization",
            HeaderValue::from_static("bEaReR gmk_made_up"),
        );
        let key = caller::key_in(&headers).unwrap().unwrap();
        assert_eq!(limits.proved(key), None, "no allowance of its own");
        for _ in 0..30 {
            limits.count_refusal(&address);
        }
        assert_eq!(limits.shut_for(&address), None);
        limits.count_refusal(&address);
        assert_eq!(limits.shut_for(&address), Some(Duration::from_secs(2)));
        let hash = secret::hash("gmk_made_up");
        limits.note_good(&hash);
        assert_eq!(limits.proved(key), Some(hash.clone()));
        let (parts, ()) = axum::http::Request::new(()).into_parts();
        limits.refused(&parts, &hash);
        assert_eq!(limits.proved(key), None, "a revoked key proves nothing");
        clock.advance(Duration::from_secs(2));
        assert_eq!(limits.shut_for(&address), None);
    }

    #[test]
    fn only_a_proxy_of_ours_is_believed() {
        let clock = Arc::new(ManualClock::new(0));
        let limits = limits(&clock, &["127.0.0.1", "10.0.0.2"]);
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-forwarded-for",
            HeaderValue::from_static("6.6.6.6, 203.0.113.9, 10.0.0.2"),
        );
        let ours: IpAddr = "127.0.0.1".parse().unwrap();
        let theirs: IpAddr = "198.51.100.7".parse().unwrap();
        assert_eq!(limits.address(ours, &headers).to_string(), "203.0.113.9");
        assert_eq!(limits.address(theirs, &headers), theirs);
    }
}
