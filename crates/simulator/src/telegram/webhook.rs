//! Updates by webhook: each posted with its secret until a 2xx comes, in order within a chat,
//! several chats at once (<https://core.telegram.org/bots/api#setwebhook>, 2026-11).

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use serde_json::{Value, json};
use url::Url;

use super::call::Call;
use super::deliver;
use super::error::BotError;
use super::poll;
use super::update::Update;
use crate::fault::{Kind, Subject};
use crate::world::{Shared, World};

const DEFAULT_CONNECTIONS: i64 = 40;
const KEPT: usize = 2_000;

/// Where updates go.
#[derive(Debug, Default)]
pub(super) struct Webhook {
    pub(super) url: Option<Url>,
    pub(super) secret: Option<String>,
    pub(super) max_connections: i64,
    /// Grows with each change, so that the worker of before stops.
    pub(super) generation: u64,
    pub(super) busy: HashSet<i64>,
    pub(super) connections: i64,
    /// When, and what the receiver did wrong.
    pub(super) last_error: Option<(i64, String)>,
    /// What was posted, newest last.
    log: VecDeque<Value>,
    /// Methods that a receiver called in its answer; recorded, not executed.
    replies: VecDeque<Value>,
    reordering: Vec<Update>,
}

impl Webhook {
    pub(super) fn is_set(&self) -> bool {
        self.url.is_some()
    }

    /// What a reset leaves.
    pub(super) fn kept(self) -> Self {
        Self {
            url: self.url,
            secret: self.secret,
            max_connections: self.max_connections,
            generation: self.generation,
            ..Self::default()
        }
    }

    pub(super) fn show(&self) -> Value {
        json!({
            "url": self.url.as_ref().map(Url::as_str),
            "has_secret": self.secret.is_some(),
            "max_connections": self.max_connections,
            "busy": self.connections,
            "deliveries": self.log,
            "replies": self.replies,
        })
    }

    /// Keeps a method that the receiver called in its answer.
    pub(super) fn keep_reply(&mut self, reply: Option<Bytes>) {
        let called = reply
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
            .filter(|value| value["method"].is_string());
        self.replies.extend(called);
        if self.replies.len() > KEPT {
            self.replies.pop_front();
        }
    }

    pub(super) fn note(&mut self, line: Value) {
        self.log.push_back(line);
        if self.log.len() > KEPT {
            self.log.pop_front();
        }
    }
}

/// `setWebhook`; an empty address takes it away.
pub(super) fn set(world: &Shared, call: &Call) -> Result<&'static str, BotError> {
    let Some(url) = call.text("url") else {
        return Ok(delete(world, call));
    };
    let url = address(&url)?;
    let secret = call.text("secret_token");
    if let Some(secret) = &secret {
        if secret.len() > 256 {
            return Err(BotError::bad("secret token is too long"));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !secret.bytes().all(plain) {
            return Err(BotError::bad("secret token contains unallowed characters"));
        }
    }
    let allowed = poll::allowed(call)?;
    let max_connections = call
        .int("max_connections")
        .unwrap_or(DEFAULT_CONNECTIONS)
        .clamp(1, 100);
    let telegram = world.telegram();
    let (generation, unchanged) = {
        let mut book = telegram.lock();
        if call.flag("drop_pending_updates") {
            book.updates.clear_pending();
        }
        allowed.apply(&mut book.updates);
        let hook = &mut book.webhook;
        let unchanged = hook.url.as_ref() == Some(&url)
            && hook.secret == secret
            && hook.max_connections == max_connections;
        if !unchanged {
            hook.url = Some(url);
            hook.secret = secret;
            hook.max_connections = max_connections;
            hook.generation += 1;
            hook.last_error = None;
            hook.busy.clear();
        }
        (hook.generation, unchanged)
    };
    if unchanged {
        return Ok("Webhook is already set");
    }
    telegram
        .polls
        .send_modify(|(newest, by_webhook)| (*newest, *by_webhook) = (*newest + 1, true));
    let woken = telegram.woken.subscribe();
    tokio::spawn(deliver::work(Arc::downgrade(world), generation, woken));
    Ok("Webhook was set")
}

/// https on the four ports; plain http only to this machine, where tests live.
fn address(text: &str) -> Result<Url, BotError> {
    let url = Url::parse(text)
        .or_else(|_| Url::parse(&format!("https://{text}")))
        .map_err(|_| BotError::bad("invalid webhook URL specified"))?;
    let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if url.scheme() == "http" && local {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err(BotError::bad(
            "bad webhook: An HTTPS URL must be provided for webhook",
        ));
    }
    if !local && !matches!(url.port_or_known_default(), Some(443 | 80 | 88 | 8443)) {
        return Err(BotError::bad(
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ));
    }
    Ok(url)
}

/// `deleteWebhook`
pub(super) fn delete(world: &Shared, call: &Call) -> &'static str {
    let mut book = world.telegram().lock();
    if call.flag("drop_pending_updates") {
        book.updates.clear_pending();
    }
    let hook = &mut book.webhook;
    let was_set = hook.url.take().is_some();
    hook.secret = None;
    hook.last_error = None;
    hook.busy.clear();
    hook.generation += 1;
    drop(book);
    world.telegram().wake();
    if was_set {
        "Webhook was deleted"
    } else {
        "Webhook is already deleted"
    }
}

/// `getWebhookInfo`
pub(super) fn info(world: &Shared) -> Value {
    let mut book = world.telegram().lock();
    book.updates.age(world.clock().now_ms());
    let hook = &book.webhook;
    let mut info = json!({
        "url": hook.url.as_ref().map(Url::as_str).unwrap_or_default(),
        "has_custom_certificate": false,
        "pending_update_count": book.updates.pending.len() + book.updates.held.len(),
    });
    if let Some((at_ms, words)) = &hook.last_error {
        info["last_error_date"] = at_ms.div_euclid(1_000).into();
        info["last_error_message"] = words.as_str().into();
    }
    if let Some(url) = &hook.url {
        info["max_connections"] = hook.max_connections.into();
        info["ip_address"] = url.host_str().unwrap_or_default().into();
    }
    if let Some(allowed) = &book.updates.allowed {
        info["allowed_updates"] = json!(allowed);
    }
    info
}

/// Lets an update happen: numbers it, lets faults strike, and wakes whoever delivers.
pub(super) fn emit(world: &Shared, kind: &str, lane: i64, item: Value) -> Option<i64> {
    let telegram = world.telegram();
    let update = telegram
        .lock()
        .updates
        .number(kind, lane, item, world.clock().now_ms())?;
    let id = update.id;
    let struck = if world.faults().is_empty() {
        Vec::new()
    } else {
        world.faults().strike(Subject {
            method: "POST",
            path: "/api.telegram.org/webhook",
            body: update.body().to_string().as_bytes(),
            event: Some(kind),
        })
    };
    let mut copies = 1;
    for (rule, fault) in struck {
        match fault {
            Kind::Lose => return Some(id),
            Kind::Duplicate { copies: more } => copies += more,
            Kind::Reorder { window, ms } => {
                reorder(world, update, window, ms, &rule);
                return Some(id);
            }
            _ => {}
        }
    }
    let mut book = telegram.lock();
    for _ in 0..copies {
        book.updates.put(update.clone());
    }
    drop(book);
    telegram.wake();
    Some(id)
}

fn reorder(world: &Shared, update: Update, window: usize, ms: u64, rule: &str) {
    let seed = rule
        .bytes()
        .fold(0, |seed: u64, byte| seed.wrapping_mul(31) + u64::from(byte));
    let flush = move |world: &World| {
        let mut book = world.telegram().lock();
        let mut waiting = std::mem::take(&mut book.webhook.reordering);
        waiting.shuffle(&mut rand::rngs::StdRng::seed_from_u64(seed));
        for mut update in waiting {
            // One lane for all of them: the new order must be the order they leave in.
            update.lane = i64::MIN;
            book.updates.put(update);
        }
        drop(book);
        world.telegram().wake();
    };
    let waiting = {
        let mut book = world.telegram().lock();
        book.webhook.reordering.push(update);
        book.webhook.reordering.len()
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
