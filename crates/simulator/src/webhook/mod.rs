//! Webhooks out: which events leave, in which bodies, held back or shuffled when a test asks so.
//! How one body travels, and how often it is tried, is told in `deliver`.

mod deliver;
pub(crate) mod encode;
mod envelope;
pub(crate) mod event;
mod handshake;
mod held;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use url::Url;

use crate::fault::{Kind, Subject};
use crate::world::{Shared, World};
pub(crate) use deliver::{Delivery, Sign, attempt_raw};
use encode::Spelling;
use event::{Event, List};
pub use handshake::HandshakeError;
pub(crate) use handshake::{open, set_target, target_in_background};
pub(crate) use held::{Order, arrange, release};

/// Deliveries under way at once; Meta's number is unknown, a receiver must take many.
const AT_ONCE: usize = 64;
/// Deliveries whose bytes are kept for the list and for redelivery.
const KEPT: usize = 20_000;
/// Updates in one body at most (<https://developers.facebook.com/docs/instagram-platform/webhooks>, 2026-11).
pub(crate) const BATCH_LIMIT: usize = 1_000;

#[derive(Debug)]
pub(crate) struct Webhooks {
    inner: Mutex<Inner>,
    /// The target once its handshake succeeded; deliveries wait for it.
    verified: watch::Sender<Option<Url>>,
    slots: Semaphore,
    slow_retries: bool,
}

#[derive(Debug, Default)]
struct Inner {
    target: Option<Url>,
    holding: bool,
    held: Vec<Event>,
    batch: Option<BatchPlan>,
    gathering: Vec<Event>,
    reordering: Vec<Arc<Delivery>>,
    lanes: HashMap<String, VecDeque<Arc<Delivery>>>,
    kept: VecDeque<Arc<Delivery>>,
    /// Grows with each reset, so that retries of before stop.
    era: u64,
    failing_since_ms: Option<i64>,
    /// An hour of failure is over: messaging deliveries are given up until somebody subscribes again.
    disabled: bool,
    alerts: Vec<Value>,
    dropped: BTreeMap<&'static str, u64>,
    next: u64,
}

/// How events are gathered into one body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchPlan {
    pub(crate) size: usize,
    pub(crate) ms: u64,
}

/// When a delivery may leave, and what for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timing {
    pub(crate) after_ms: u64,
    pub(crate) copies: u32,
}

impl Webhooks {
    pub(crate) fn new(slow_retries: bool) -> Self {
        Self {
            inner: Mutex::default(),
            verified: watch::Sender::new(None),
            slots: Semaphore::new(AT_ONCE),
            slow_retries,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        let (target, era) = (inner.target.take(), inner.era + 1);
        *inner = Inner {
            target,
            era,
            next: inner.next,
            ..Inner::default()
        };
    }

    /// Somebody subscribed: deliveries start anew.
    pub(crate) fn enable(&self) {
        let mut inner = self.lock();
        inner.disabled = false;
        inner.failing_since_ms = None;
    }

    pub(crate) fn hold(&self) {
        self.lock().holding = true;
    }

    pub(crate) fn batch(&self, plan: Option<BatchPlan>) {
        self.lock().batch = plan;
    }

    pub(crate) fn held(&self) -> usize {
        self.lock().held.len()
    }

    /// The deliveries kept, newest last, and the state around them.
    pub(crate) fn show(&self, bodies: bool) -> Value {
        let inner = self.lock();
        let deliveries: Vec<Value> = inner
            .kept
            .iter()
            .map(|delivery| delivery.show(bodies))
            .collect();
        let held: Vec<Value> = inner
            .held
            .iter()
            .map(|event| json!({"kind": event.kind, "person": event.person, "account": event.account}))
            .collect();
        json!({
            "target": inner.target.as_ref().map(Url::as_str),
            "verified": self.verified.borrow().is_some(),
            "failing_since": inner.failing_since_ms,
            "disabled": inner.disabled,
            "alerts": inner.alerts,
            "holding": inner.holding,
            "held": held,
            "dropped": inner.dropped,
            "waiting": inner.lanes.values().map(VecDeque::len).sum::<usize>(),
            "deliveries": deliveries,
        })
    }

    pub(crate) fn find(&self, id: Option<&str>) -> Option<Arc<Delivery>> {
        let inner = self.lock();
        match id {
            Some(id) => inner.kept.iter().find(|delivery| delivery.is(id)).cloned(),
            None => inner.kept.back().cloned(),
        }
    }
}

/// Sends an event the way Meta would, or keeps it if a test holds events back. Returns the
/// deliveries it became (none if held, gathered, unsubscribed or without a target).
pub(crate) fn emit(world: &Shared, event: Event, timing: Timing) -> Vec<Arc<Delivery>> {
    let Some(event) = subscribed(world, event) else {
        return Vec::new();
    };
    let mut inner = world.webhooks().lock();
    if inner.holding {
        inner.held.push(event);
        return Vec::new();
    }
    if let Some(plan) = inner.batch {
        inner.gathering.push(event);
        let full = inner.gathering.len() >= plan.size.clamp(1, BATCH_LIMIT);
        let events = if full {
            std::mem::take(&mut inner.gathering)
        } else {
            Vec::new()
        };
        let first = inner.gathering.len() == 1;
        drop(inner);
        if first {
            let world = Arc::clone(world);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(plan.ms)).await;
                let events = std::mem::take(&mut world.webhooks().lock().gathering);
                send(&world, events, Timing::default());
            });
        }
        return send(world, events, timing);
    }
    drop(inner);
    send(world, vec![event], timing)
}

/// Drops what the account is not subscribed to, and moves to `standby` what another app owns.
fn subscribed(world: &World, mut event: Event) -> Option<Event> {
    let state = world.lock();
    let account = state.accounts.get(&event.account)?;
    let wanted = account.fields.contains(event.field);
    let owner = state
        .threads
        .get(&(event.account.clone(), event.person.clone()))
        .map(|thread| thread.owner)
        .unwrap_or_default();
    drop(state);
    let mut inner = world.webhooks().lock();
    let reason = match (wanted, &inner.target) {
        (false, _) => "not subscribed",
        (true, None) => "no target",
        (true, Some(_)) => {
            if owner == crate::world::thread::Owner::Other && event.list == List::Messaging {
                event.list = List::Standby;
            }
            return Some(event);
        }
    };
    *inner.dropped.entry(reason).or_default() += 1;
    None
}

fn send(world: &Shared, events: Vec<Event>, timing: Timing) -> Vec<Arc<Delivery>> {
    send_in_lane(world, events, timing, None)
}

/// Puts events into bodies (messaging and comments never share one) and queues them.
fn send_in_lane(
    world: &Shared,
    events: Vec<Event>,
    timing: Timing,
    lane: Option<&str>,
) -> Vec<Arc<Delivery>> {
    let (changes, messaging): (Vec<Event>, Vec<Event>) = events
        .into_iter()
        .partition(|event| event.list == List::Changes);
    let mut deliveries = Vec::new();
    for (events, spelling) in [(messaging, Spelling::Compact), (changes, Spelling::Spaced)] {
        let Some(first) = events.first() else {
            continue;
        };
        let lane = lane.map_or_else(
            || format!("{}:{}", first.account, first.person),
            str::to_owned,
        );
        let kinds: Vec<&'static str> = events.iter().map(|event| event.kind).collect();
        let body = encode::encode(&envelope::envelope(world, &events), spelling);
        let delivery = Arc::new(Delivery::new(
            world,
            kinds,
            Bytes::from(body),
            Instant::now() + Duration::from_millis(timing.after_ms),
        ));
        for _ in 0..timing.copies {
            queue(world, &lane, Arc::clone(&delivery));
        }
        strike(world, &lane, &delivery);
        deliveries.push(delivery);
    }
    deliveries
}

/// Lets webhook faults change what happens to a delivery, then queues it.
fn strike(world: &Shared, lane: &str, delivery: &Arc<Delivery>) {
    let webhooks = world.webhooks();
    webhooks.keep(delivery);
    let struck = if world.faults().is_empty() {
        Vec::new()
    } else {
        let target = webhooks.lock().target.clone();
        world.faults().strike(Subject {
            method: "POST",
            path: target.as_ref().map_or("/", Url::path),
            body: delivery.body(),
            event: Some(delivery.first_kind()),
        })
    };
    for (id, kind) in struck {
        match kind {
            Kind::Lose => return delivery.lost(),
            Kind::Duplicate { copies } => {
                for _ in 0..copies {
                    queue(world, lane, Arc::clone(delivery));
                }
            }
            Kind::Reorder { window, ms } => return reorder(world, delivery, window, ms, &id),
            _ => {}
        }
    }
    queue(world, lane, Arc::clone(delivery));
}

fn reorder(world: &Shared, delivery: &Arc<Delivery>, window: usize, ms: u64, rule: &str) {
    let seed = rule
        .bytes()
        .fold(0, |seed: u64, byte| seed.wrapping_mul(31) + u64::from(byte));
    let flush = move |world: &Shared| {
        let mut waiting = std::mem::take(&mut world.webhooks().lock().reordering);
        waiting.shuffle(&mut rand::rngs::StdRng::seed_from_u64(seed));
        for delivery in waiting {
            queue(world, "reordered", delivery);
        }
    };
    let waiting = {
        let mut inner = world.webhooks().lock();
        inner.reordering.push(Arc::clone(delivery));
        inner.reordering.len()
    };
    if waiting >= window {
        flush(world);
    } else if waiting == 1 {
        let world = Arc::clone(world);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            flush(&world);
        });
    }
}

/// Appends to a lane and starts its task if it has none.
pub(crate) fn queue(world: &Shared, lane: &str, delivery: Arc<Delivery>) {
    let mut inner = world.webhooks().lock();
    if let Some(waiting) = inner.lanes.get_mut(lane) {
        waiting.push_back(delivery);
        return;
    }
    inner
        .lanes
        .insert(lane.to_owned(), VecDeque::from([delivery]));
    drop(inner);
    tokio::spawn(deliver::lane(Arc::clone(world), lane.to_owned()));
}

impl Webhooks {
    fn keep(&self, delivery: &Arc<Delivery>) {
        let mut inner = self.lock();
        inner.kept.push_back(Arc::clone(delivery));
        if inner.kept.len() > KEPT {
            inner.kept.pop_front();
        }
    }

    fn next_id(&self) -> String {
        let mut inner = self.lock();
        inner.next += 1;
        format!("delivery-{}", inner.next)
    }
}
