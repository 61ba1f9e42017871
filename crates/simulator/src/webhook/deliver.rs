//! How one signed body travels: first attempt in order per person, then Meta's retries.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;
use url::Url;

use super::encode::signature;
use crate::world::{Shared, World};

/// What Meta's deliveries call themselves (seen in receivers' logs).
pub(super) const USER_AGENT: &str = "facebookexternalua";
/// <https://developers.facebook.com/docs/messenger-platform/webhooks>, 2026-09.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// A developer alert after 15 minutes of failure, same page.
const ALERT_AFTER_MS: i64 = 15 * 60_000;
/// Messaging deliveries stop and the account is unsubscribed after an hour of failure, same page.
const DISABLE_AFTER_MS: i64 = 60 * 60_000;
/// Everything else is dropped after 36 hours
/// (<https://developers.facebook.com/docs/instagram-platform/webhooks>, 2026-11).
const DROP_AFTER_MS: i64 = 36 * 60 * 60_000;

/// Pauses before each retry: at once, then ever rarer; Meta gives no figures. The last one repeats.
const SLOW_MS: [i64; 8] = [
    0, 15_000, 60_000, 180_000, 600_000, 1_200_000, 1_800_000, 3_600_000,
];
/// The same for tests and the demo, where a receiver is restarted within seconds.
const QUICK_MS: [i64; 6] = [0, 100, 300, 700, 1_500, 2_000];

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    Waiting,
    Retrying,
    Delivered,
    /// Given up: webhooks disabled, or too old.
    Dropped,
    /// A fault swallowed it.
    Lost,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    at_ms: i64,
    /// HTTP status; absent: no answer in time, or no connection.
    status: Option<u16>,
    took_ms: u64,
}

/// One signed body on its way.
#[derive(Debug)]
pub(crate) struct Delivery {
    id: String,
    kinds: Vec<&'static str>,
    body: Bytes,
    signature: String,
    created_ms: i64,
    ready_at: Instant,
    era: u64,
    attempts: Mutex<Vec<Attempt>>,
    fate: watch::Sender<Fate>,
}

impl Delivery {
    pub(super) fn new(
        world: &World,
        kinds: Vec<&'static str>,
        body: Bytes,
        ready_at: Instant,
    ) -> Self {
        Self {
            id: world.webhooks().next_id(),
            kinds,
            signature: signature(&world.options().app_secret, &body),
            body,
            created_ms: world.clock().now_ms(),
            ready_at,
            era: world.webhooks().lock().era,
            attempts: Mutex::default(),
            fate: watch::Sender::new(Fate::Waiting),
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn is(&self, id: &str) -> bool {
        self.id == id
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(super) fn first_kind(&self) -> &'static str {
        self.kinds.first().copied().unwrap_or("message")
    }

    pub(super) fn lost(&self) {
        self.fate.send_replace(Fate::Lost);
    }

    /// Returns after the first attempt, however it went (or at once if there will be none).
    pub(crate) async fn first_attempt(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self
            .fate
            .subscribe()
            .wait_for(|fate| *fate != Fate::Waiting)
            .await;
    }

    pub(super) fn show(&self, with_body: bool) -> Value {
        let attempts: Vec<Value> = self
            .attempts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|attempt| json!({"at": attempt.at_ms, "status": attempt.status, "took_ms": attempt.took_ms}))
            .collect();
        let mut shown = json!({
            "id": self.id,
            "at": self.created_ms,
            "events": self.kinds,
            "bytes": self.body.len(),
            "state": *self.fate.borrow(),
            "attempts": attempts,
        });
        if with_body {
            shown["body"] = String::from_utf8_lossy(&self.body).into_owned().into();
        }
        shown
    }

    /// Comments and mentions follow the slower of Meta's two regimes.
    fn is_messaging(&self) -> bool {
        !matches!(
            self.first_kind(),
            "comments" | "live_comments" | "mentions" | "story_insights"
        )
    }
}

/// Works off one lane in order; a delivery that fails is retried beside the lane, as after a failure
/// Meta promises no order.
pub(super) async fn lane(world: Shared, name: String) {
    loop {
        let next = {
            let mut inner = world.webhooks().lock();
            let next = inner
                .lanes
                .get_mut(&name)
                .and_then(std::collections::VecDeque::pop_front);
            if next.is_none() {
                inner.lanes.remove(&name);
            }
            next
        };
        let Some(delivery) = next else { return };
        tokio::time::sleep_until(delivery.ready_at).await;
        if !attempt(&world, &delivery).await {
            tokio::spawn(retry(Arc::clone(&world), delivery));
        }
    }
}

/// Tries again until it succeeds, webhooks are disabled, or it is too old.
async fn retry(world: Shared, delivery: Arc<Delivery>) {
    let pauses: &[i64] = if world.webhooks().slow_retries {
        &SLOW_MS
    } else {
        &QUICK_MS
    };
    let mut pauses = pauses.iter().copied();
    let mut pause_ms = 0;
    loop {
        pause_ms = pauses.next().unwrap_or(pause_ms);
        world
            .clock()
            .sleep_until(world.clock().now_ms() + pause_ms)
            .await;
        let limit_ms = if delivery.is_messaging() {
            DISABLE_AFTER_MS
        } else {
            DROP_AFTER_MS
        };
        let (era, disabled) = {
            let inner = world.webhooks().lock();
            (inner.era, inner.disabled)
        };
        if era != delivery.era {
            return;
        }
        if disabled && delivery.is_messaging() {
            delivery.fate.send_replace(Fate::Dropped);
            return;
        }
        if attempt(&world, &delivery).await {
            return;
        }
        if world.clock().now_ms() - delivery.created_ms > limit_ms {
            delivery.fate.send_replace(Fate::Dropped);
            return;
        }
    }
}

/// One POST; true if the receiver answered 200.
async fn attempt(world: &Shared, delivery: &Delivery) -> bool {
    let mut verified = world.webhooks().verified.subscribe();
    let target = match verified.wait_for(Option::is_some).await {
        Ok(target) => target.clone(),
        Err(_) => None,
    };
    let Some(target) = target else { return false };
    let Ok(slot) = world.webhooks().slots.acquire().await else {
        return false;
    };
    let started = Instant::now();
    let at_ms = world.clock().now_ms();
    let status = post(
        world,
        &target,
        delivery.body.clone(),
        Some(&delivery.signature),
    )
    .await
    .map(|(status, _)| status);
    drop(slot);
    let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    delivery
        .attempts
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Attempt {
            at_ms,
            status,
            took_ms,
        });
    let delivered = status == Some(200);
    if delivered {
        world.webhooks().lock().failing_since_ms = None;
        delivery.fate.send_replace(Fate::Delivered);
    } else {
        delivery.fate.send_if_modified(|fate| {
            let first = *fate == Fate::Waiting;
            if first {
                *fate = Fate::Retrying;
            }
            first
        });
        failed(world, at_ms);
    }
    delivered
}

/// Keeps count of how long nothing gets through; alerts and disables as Meta does.
fn failed(world: &Shared, at_ms: i64) {
    let mut inner = world.webhooks().lock();
    let since_ms = *inner.failing_since_ms.get_or_insert(at_ms);
    let failing_ms = at_ms - since_ms;
    let told = |inner: &super::Inner, alert: &str| {
        inner
            .alerts
            .iter()
            .any(|old| old["alert"] == alert && old["since"] == since_ms)
    };
    if failing_ms >= ALERT_AFTER_MS && !told(&inner, "failing") {
        inner
            .alerts
            .push(json!({"alert": "failing", "since": since_ms, "at": at_ms}));
    }
    if failing_ms >= DISABLE_AFTER_MS && !told(&inner, "disabled") {
        inner
            .alerts
            .push(json!({"alert": "disabled", "since": since_ms, "at": at_ms}));
        inner.disabled = true;
        drop(inner);
        for account in world.lock().accounts.values_mut() {
            account.fields.clear();
        }
    }
}

/// Posts bytes as they are; the status and the start of the answer, if one came in time.
async fn post(
    world: &World,
    target: &Url,
    body: Bytes,
    signature: Option<&str>,
) -> Option<(u16, Bytes)> {
    let mut request = world
        .http()
        .post(target.clone())
        .timeout(ANSWER_TIME)
        .header("User-Agent", USER_AGENT)
        .header("Accept", "*/*")
        .header("Content-Type", "application/json");
    if let Some(signature) = signature {
        request = request.header("X-Hub-Signature-256", signature);
    }
    let answer = request.body(body).send().await.ok()?;
    let status = answer.status().as_u16();
    // Read to the end, so that the connection can be used again.
    let body = answer.bytes().await.unwrap_or_default();
    Some((status, body))
}

/// How a raw body is signed.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sign {
    #[default]
    Good,
    Bad,
    None,
}

/// One attempt with a body that a test wrote; what the receiver answered.
pub(crate) async fn attempt_raw(
    world: &Shared,
    body: Bytes,
    sign: Sign,
) -> Result<(u16, Bytes), &'static str> {
    let target = world
        .webhooks()
        .lock()
        .target
        .clone()
        .ok_or("no webhook target is set")?;
    let header = match sign {
        Sign::Good => Some(signature(&world.options().app_secret, &body)),
        Sign::Bad => Some(signature("not the app secret", &body)),
        Sign::None => None,
    };
    post(world, &target, body, header.as_deref())
        .await
        .ok_or("the receiver did not answer within 5 s")
}
