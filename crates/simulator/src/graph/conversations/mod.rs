//! Reading conversations back. Every message is listed, details are given for the 20 newest only
//! (<https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/conversations-api>, 2026-11).

mod view;

use serde_json::{Value, json};

use super::Host;
use super::auth::Caller;
use super::call::Call;
use super::error::GraphError;
use super::fields::{self, Field};
use super::send::too_fast;
use crate::world::thread::Thread;
use crate::world::{Shared, State};
use view::View;
pub(super) use view::no_field;

/// Messages whose details can be read, from the conversations page.
const DETAILED: usize = 20;
/// Threads idle for so long in Requests are not returned (same page).
const REQUEST_IDLE_MS: i64 = 30 * 24 * 3_600_000;
const PAGE: usize = 25;
const PAGE_LIMIT: usize = 100;

/// `GET /{account}/conversations`
pub(super) fn list(world: &Shared, call: &Call, caller: &Caller) -> Result<Value, GraphError> {
    admit(world, caller)?;
    // Without the platform a Page's conversations are Messenger's, of which there are none.
    if call.host == Host::Facebook && call.params.text("platform").as_deref() != Some("instagram") {
        return Ok(json!({"data": []}));
    }
    let fields = fields::parse(
        &call
            .params
            .text("fields")
            .unwrap_or_else(|| "id,updated_time".into()),
    )?;
    let wanted = call.params.text("user_id");
    let now_ms = world.clock().now_ms();
    let state = world.lock();
    let all: Box<dyn Iterator<Item = &Thread>> = match wanted {
        Some(person) => Box::new(
            state
                .threads
                .get(&(caller.account.clone(), person))
                .into_iter(),
        ),
        None => Box::new(state.threads.values()),
    };
    let mut threads: Vec<&Thread> = all
        .filter(|thread| thread.account == caller.account && !thread.messages.is_empty())
        .filter(|thread| thread.general || now_ms - thread.updated_ms <= REQUEST_IDLE_MS)
        .collect();
    threads.sort_by_key(|thread| std::cmp::Reverse(thread.updated_ms));
    let limit = limit_of(call, PAGE);
    let after = call
        .params
        .text("after")
        .and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(0);
    let more = threads.len() > after + limit;
    let view = View {
        world,
        state: &state,
        call,
    };
    let data = threads
        .into_iter()
        .skip(after)
        .take(limit)
        .map(|thread| view.thread(thread, &fields))
        .collect::<Result<Vec<_>, _>>()?;
    let mut answer = json!({"data": data});
    if more {
        answer["paging"] =
            json!({"cursors": {"before": after.to_string(), "after": (after + limit).to_string()}});
    }
    Ok(answer)
}

/// `GET /{conversation}/messages`
pub(super) fn messages_of(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    admit(world, caller)?;
    let state = world.lock();
    let thread = find_thread(&state, caller, id).ok_or_else(|| GraphError::no_object(id))?;
    let fields = fields::parse(
        &call
            .params
            .text("fields")
            .unwrap_or_else(|| "id,created_time".into()),
    )?;
    let asked = Field {
        name: "messages".into(),
        limit: Some(limit_of(call, PAGE)),
        after: call.params.text("after"),
        fields,
        ..Field::default()
    };
    View {
        world,
        state: &state,
        call,
    }
    .messages(thread, &asked)
}

/// A conversation or a message by its id; `None` if `id` is neither.
pub(super) fn node(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Option<Result<Value, GraphError>> {
    let state = world.lock();
    let thread_id = find_thread(&state, caller, id).map(|thread| thread.id.clone());
    let of_mid = state
        .threads_by_mid
        .get(id)
        .filter(|(account, _)| *account == caller.account)
        .cloned();
    drop(state);
    match (thread_id, of_mid) {
        (Some(_), _) => Some(conversation(world, call, caller, id)),
        (None, Some(key)) => Some(message(world, call, caller, &key, id)),
        (None, None) => None,
    }
}

fn conversation(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    admit(world, caller)?;
    let fields = fields::parse(
        &call
            .params
            .text("fields")
            .unwrap_or_else(|| "id,updated_time".into()),
    )?;
    let state = world.lock();
    let thread = find_thread(&state, caller, id).ok_or_else(|| GraphError::no_object(id))?;
    View {
        world,
        state: &state,
        call,
    }
    .thread(thread, &fields)
}

fn message(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    key: &(String, String),
    mid: &str,
) -> Result<Value, GraphError> {
    admit(world, caller)?;
    let fields = fields::parse(
        &call
            .params
            .text("fields")
            .unwrap_or_else(|| "id,created_time".into()),
    )?;
    let state = world.lock();
    let view = View {
        world,
        state: &state,
        call,
    };
    let thread = state
        .threads
        .get(key)
        .ok_or_else(|| GraphError::no_object(mid))?;
    match view.visible(thread).position(|message| message.mid == mid) {
        Some(place) if place < DETAILED => {
            let message = view
                .visible(thread)
                .nth(place)
                .ok_or_else(GraphError::message_gone)?;
            view.message(thread, message, &fields)
        }
        _ => Err(GraphError::message_gone()),
    }
}

/// Permission, and 2 calls a second
/// (<https://developers.facebook.com/docs/graph-api/overview/rate-limiting>, 2026-11).
fn admit(world: &Shared, caller: &Caller) -> Result<(), GraphError> {
    caller.need_messages()?;
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    let limit = state.limits.conversations_per_second;
    let Some(account) = state.accounts.get_mut(&caller.account) else {
        return Ok(());
    };
    if !account.message_access {
        return Err(GraphError::new(
            200,
            Some(2_534_041),
            "(#200) The account owner has disabled access to Instagram direct messages",
        ));
    }
    if account.spent.conversations.take(now_ms, 1_000, limit) {
        Ok(())
    } else {
        Err(too_fast())
    }
}

fn find_thread<'a>(state: &'a State, caller: &Caller, id: &str) -> Option<&'a Thread> {
    // Thread ids all begin alike; anything else needs no search.
    id.starts_with("aWdfZAG06").then(|| {
        state
            .threads
            .values()
            .find(|thread| thread.id == id && thread.account == caller.account)
    })?
}

fn limit_of(call: &Call, default: usize) -> usize {
    let asked = call
        .params
        .text("limit")
        .and_then(|limit| limit.parse().ok());
    asked.unwrap_or(default).clamp(1, PAGE_LIMIT)
}
