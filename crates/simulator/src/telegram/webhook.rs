//! Updates by webhook: each posted with its secret until a 2xx comes, in order within a chat,
//! several chats at once (<https://core.telegram.org/bots/api#setwebhook>, 2026-11).

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use serde_json::{Value, json};
use tokio::sync::watch;
use url::Url;

use super::call::Call;
use super::error::BotError;
use super::poll;
use super::update::Update;
use crate::fault::{Kind, Subject};
use crate::world::{Shared, World};

/// How long the server waits for an answer; Telegram names no figure.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// Pauses before each retry; the last one repeats. Telegram names none, its public source doubles
/// from one second to one minute.
const SLOW_MS: [i64; 7] = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000];
/// The same for tests and the demo, where a receiver is restarted within seconds.
const QUICK_MS: [i64; 6] = [50, 100, 300, 700, 1_500, 2_000];
/// How often a waiting retry looks at the clock, which may be moved meanwhile.
const LOOK: Duration = Duration::from_millis(100);
const DEFAULT_CONNECTIONS: i64 = 40;
const KEPT: usize = 2_000;

/// Where updates go.
#[derive(Debug, Default)]
pub(super) struct Webhook {
    url: Option<Url>,
    secret: Option<String>,
    max_connections: i64,
    /// Grows with each change, so that the worker of before stops.
    generation: u64,
    busy: HashSet<i64>,
    connections: i64,
    /// When, and what the receiver did wrong.
    last_error: Option<(i64, String)>,
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

    fn note(&mut self, line: Value) {
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
        if let Some(allowed) = allowed {
            book.updates.allowed = allowed;
        }
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
    tokio::spawn(work(Arc::downgrade(world), generation, woken));
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

enum Next {
    Send(Update, Url, Option<String>),
    /// Nothing to do until woken, or (true) until a retry's time comes.
    Wait(bool),
    Stop,
}

/// Works off the updates of one webhook until it is changed. It holds the world only while it
/// works, so that a simulator that is dropped is gone.
async fn work(world: Weak<World>, generation: u64, mut woken: watch::Receiver<u64>) {
    loop {
        woken.borrow_and_update();
        let Some(held) = world.upgrade() else { return };
        let next = next(&held, generation);
        match next {
            Next::Stop => return,
            Next::Send(update, url, secret) => {
                tokio::spawn(attempt(held, update, url, secret));
            }
            Next::Wait(retrying) => {
                drop(held);
                let changed = tokio::select! {
                    changed = woken.changed() => changed,
                    () = tokio::time::sleep(LOOK), if retrying => Ok(()),
                };
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

fn next(world: &World, generation: u64) -> Next {
    let now_ms = world.clock().now_ms();
    let mut book = world.telegram().lock();
    let book = &mut *book;
    let hook = &mut book.webhook;
    let (true, Some(url)) = (hook.generation == generation, hook.url.clone()) else {
        return Next::Stop;
    };
    book.updates.age(now_ms);
    if hook.connections >= hook.max_connections {
        return Next::Wait(false);
    }
    let mut passed = HashSet::new();
    let mut retrying = false;
    for update in &book.updates.pending {
        // Only the oldest of a chat may leave.
        if hook.busy.contains(&update.lane) || !passed.insert(update.lane) {
            continue;
        }
        if update.ready_ms > now_ms {
            retrying = true;
            continue;
        }
        hook.busy.insert(update.lane);
        hook.connections += 1;
        return Next::Send(update.clone(), url, hook.secret.clone());
    }
    Next::Wait(retrying)
}

async fn attempt(world: Shared, update: Update, url: Url, secret: Option<String>) {
    let mut request = world
        .http()
        .post(url)
        .timeout(ANSWER_TIME)
        .header("Content-Type", "application/json");
    if let Some(secret) = secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    let (status, reply, error) = match request.body(update.body().to_string()).send().await {
        Ok(answer) if answer.status().is_success() => {
            let status = answer.status().as_u16();
            (Some(status), answer.bytes().await.ok(), None)
        }
        Ok(answer) => (
            Some(answer.status().as_u16()),
            None,
            Some(format!(
                "Wrong response from the webhook: {}",
                answer.status()
            )),
        ),
        Err(error) if error.is_timeout() => (None, None, Some("Read timeout expired".to_owned())),
        Err(error) if error.is_connect() => (None, None, Some("Connection refused".to_owned())),
        Err(_) => (None, None, Some("Webhook connection closed".to_owned())),
    };
    let now_ms = world.clock().now_ms();
    let mut book = world.telegram().lock();
    let book = &mut *book;
    let hook = &mut book.webhook;
    hook.busy.remove(&update.lane);
    hook.connections = (hook.connections - 1).max(0);
    hook.note(json!({"update_id": update.id, "at": now_ms, "status": status, "attempt": update.failures + 1}));
    if let Some(method) = reply
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
        .filter(|value| value["method"].is_string())
    {
        hook.replies.push_back(method);
        if hook.replies.len() > KEPT {
            hook.replies.pop_front();
        }
    }
    let place = book
        .updates
        .pending
        .iter()
        .position(|pending| pending.id == update.id);
    match (error, place) {
        (None, Some(place)) => {
            if let Some(update) = book.updates.pending.remove(place) {
                book.updates.keep(update);
            }
        }
        (Some(words), place) => {
            hook.last_error = Some((now_ms, words));
            let pauses: &[i64] = if world.options().slow_retries {
                &SLOW_MS
            } else {
                &QUICK_MS
            };
            if let Some(update) = place.and_then(|place| book.updates.pending.get_mut(place)) {
                let at = usize::try_from(update.failures).unwrap_or(0);
                let pause_ms = pauses.get(at).or(pauses.last()).copied().unwrap_or(0);
                update.failures += 1;
                update.ready_ms = now_ms + pause_ms;
            }
        }
        (None, None) => {}
    }
    world.telegram().wake();
}
