//! The usage headers that tell a client how much of its allowance is spent.

use hyper::header::{HeaderMap, HeaderValue};
use serde_json::json;

use super::auth::Caller;
use super::error::GraphError;
use crate::fault::Usage;
use crate::world::World;
use crate::world::account::Login;

/// Counts a call, and refuses it where limits are enforced and used up.
pub(crate) fn spend(world: &World, caller: &Caller) -> Result<(), GraphError> {
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    let (limit, enforce) = (state.limits.calls_per_hour, state.limits.enforce_calls);
    let Some(account) = state.accounts.get_mut(&caller.account) else {
        return Ok(());
    };
    let count = account.spent.calls.count(now_ms);
    if enforce && limit > 0 && count > limit {
        return Err(GraphError::new(
            80_002,
            None,
            "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.",
        ));
    }
    Ok(())
}

/// Tells how much is spent: calls of the last hour against the hourly allowance.
pub(crate) fn report(world: &World, caller: &Caller, headers: &mut HeaderMap) {
    let now_ms = world.clock().now_ms();
    let state = world.lock();
    let Some(account) = state.accounts.get(&caller.account) else {
        return;
    };
    let count = account.spent.calls.total(now_ms);
    let limit = state.limits.calls_per_hour.max(1);
    let percent = count.saturating_mul(100).div_ceil(limit);
    let full = state.limits.enforce_calls && count >= limit;
    let usage = Usage {
        call_count: percent,
        // Invented shares: Meta's figures for time have no public formula.
        total_time: percent / 2,
        total_cputime: percent / 3,
        estimated_time_to_regain_access: if full {
            account.spent.calls.minutes_to_regain(now_ms)
        } else {
            0
        },
    };
    let kind = match caller.login {
        Login::Facebook => "messenger",
        Login::Instagram => "instagram",
    };
    let id = account.id.clone();
    drop(state);
    write(headers, &id, kind, usage);
}

/// Puts a fault's figures over the real ones, for every account that the answer names.
pub(crate) fn overwrite(headers: &mut HeaderMap, usage: Usage) {
    let account = headers
        .get("x-business-use-case-usage")
        .and_then(|value| serde_json::from_slice::<serde_json::Value>(value.as_bytes()).ok())
        .and_then(|value| {
            value
                .as_object()
                .and_then(|object| object.keys().next().cloned())
        })
        .unwrap_or_else(|| "0".into());
    write(headers, &account, "instagram", usage);
}

/// Writes both headers.
pub(crate) fn write(headers: &mut HeaderMap, account: &str, kind: &str, usage: Usage) {
    let app = json!({
        "call_count": usage.call_count,
        "total_time": usage.total_time,
        "total_cputime": usage.total_cputime,
    });
    let business = json!({account: [{
        "type": kind,
        "call_count": usage.call_count,
        "total_cputime": usage.total_cputime,
        "total_time": usage.total_time,
        "estimated_time_to_regain_access": usage.estimated_time_to_regain_access,
    }]});
    for (name, value) in [
        ("x-app-usage", app),
        ("x-business-use-case-usage", business),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            headers.insert(name, value);
        }
    }
}
