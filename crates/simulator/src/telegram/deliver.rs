//! How updates travel to a webhook: the oldest of each chat, several chats at once, again until a 2xx.

use std::collections::HashSet;
use std::sync::Weak;
use std::time::Duration;

use axum::body::Bytes;
use serde_json::json;
use tokio::sync::watch;
use url::Url;

use super::update::Update;
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

enum Next {
    Send(Box<Update>, Url, Option<String>),
    /// Nothing to do until woken, or (true) until a retry's time comes.
    Wait(bool),
    Stop,
}

/// Works off the updates of one webhook until it is changed. It holds the world only while it
/// works, so that a simulator that is dropped is gone.
pub(super) async fn work(world: Weak<World>, generation: u64, mut woken: watch::Receiver<u64>) {
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
        return Next::Send(Box::new(update.clone()), url, hook.secret.clone());
    }
    Next::Wait(retrying)
}

/// How one delivery went.
struct Outcome {
    status: Option<u16>,
    /// What the receiver answered, where it took the update.
    reply: Option<Bytes>,
    /// What the receiver did wrong.
    error: Option<String>,
}

async fn attempt(world: Shared, update: Box<Update>, url: Url, secret: Option<String>) {
    let outcome = post(&world, &update, url, secret).await;
    settle(&world, &update, outcome);
    world.telegram().wake();
}

async fn post(world: &World, update: &Update, url: Url, secret: Option<String>) -> Outcome {
    let mut request = world
        .http()
        .post(url)
        .timeout(ANSWER_TIME)
        .header("Content-Type", "application/json");
    if let Some(secret) = secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    let failed = |error: &str| Outcome {
        status: None,
        reply: None,
        error: Some(error.to_owned()),
    };
    let answer = match request.body(update.body().to_string()).send().await {
        Ok(answer) => answer,
        Err(error) if error.is_timeout() => return failed("Read timeout expired"),
        Err(error) if error.is_connect() => return failed("Connection refused"),
        Err(_) => return failed("Webhook connection closed"),
    };
    let status = answer.status();
    let good = status.is_success();
    Outcome {
        status: Some(status.as_u16()),
        // Read to the end, so that the connection can be used again.
        reply: answer.bytes().await.ok().filter(|_| good),
        error: (!good).then(|| format!("Wrong response from the webhook: {status}")),
    }
}

/// Takes a delivered update out of the queue, or says when it is tried again.
fn settle(world: &World, update: &Update, outcome: Outcome) {
    let now_ms = world.clock().now_ms();
    let mut book = world.telegram().lock();
    let book = &mut *book;
    let hook = &mut book.webhook;
    hook.busy.remove(&update.lane);
    hook.connections = (hook.connections - 1).max(0);
    hook.note(json!({
        "update_id": update.id, "at": now_ms, "status": outcome.status, "attempt": update.failures + 1,
    }));
    hook.keep_reply(outcome.reply);
    let pending = &mut book.updates.pending;
    let place = pending.iter().position(|other| other.id == update.id);
    let Some(words) = outcome.error else {
        if let Some(update) = place.and_then(|place| pending.remove(place)) {
            book.updates.keep(update);
        }
        return;
    };
    hook.last_error = Some((now_ms, words));
    let pauses: &[i64] = if world.options().slow_retries {
        &SLOW_MS
    } else {
        &QUICK_MS
    };
    if let Some(update) = place.and_then(|place| pending.get_mut(place)) {
        let at = usize::try_from(update.failures).unwrap_or(0);
        let pause_ms = pauses.get(at).or(pauses.last()).copied().unwrap_or(0);
        update.failures += 1;
        update.ready_ms = now_ms + pause_ms;
    }
}
