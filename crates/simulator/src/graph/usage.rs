//! The usage headers that tell a client how much of its allowance is spent.

use hyper::header::{HeaderMap, HeaderValue};
use serde_json::json;

use super::auth::Caller;
use super::call::Call;
use super::error::GraphError;
use crate::fault::Usage;
use crate::world::account::{Login, TokenKind};
use crate::world::budget::{Allowance, Budget, hourly};
use crate::world::{State, World};

/// Messaging has a use case of its own where a Page does it.
const OF_MESSENGER: [&str; 4] = [
    "conversations",
    "message_attachments",
    "messages",
    "messenger_profile",
];

/// Counts a call in every budget it uses, and refuses it where one is full. A call that came although the client had
/// been told to wait is marked as blocked.
pub(crate) fn spend(world: &World, call: &mut Call, caller: &Caller) -> Result<(), GraphError> {
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    let State {
        limits,
        platform,
        accounts,
        ..
    } = &mut *state;
    let mut blocked = false;
    let mut count = |budget: &mut Budget, allowance: Allowance, code: i64, message: &str| {
        // 1996 is how Meta names odd traffic among the reasons of a 613.
        let subcode = (code == 613).then_some(1996);
        budget.take(now_ms, allowance, limits).map_err(|full| {
            blocked |= full.was_closed;
            GraphError::new(code, subcode, format!("(#{code}) {message}"))
        })
    };
    let app = hourly(limits.app_calls_per_hour);
    let odd = hourly(limits.custom_calls_per_hour);
    let user = hourly(limits.user_calls_per_hour);
    let page = hourly(limits.page_calls_per_hour);
    let messenger = hourly(limits.messenger_calls_per_hour);
    let outcome = count(&mut platform.app, app, 4, "Application request limit reached")
        .and_then(|()| {
            count(&mut platform.custom, odd, 613, "Calls to this api have exceeded the rate limit.")
        })
        .and_then(|()| match caller.kind {
            TokenKind::User => count(&mut platform.user, user, 17, "User request limit reached"),
            _ => Ok(()),
        })
        .and_then(|()| match accounts.get_mut(&caller.account) {
            // Discovery is counted by Meta's platform limits only.
            Some(account) if !is_discovery(call) => {
                let own = limits.of_account(account);
                if caller.kind == TokenKind::Page {
                    count(&mut account.spent.page_calls, page, 32, "Page request limit reached")?;
                }
                // Messaging is bounded for itself, not by the account's formula.
                if is_messaging(call) {
                    return count(&mut account.spent.messenger_calls, messenger, 80_006, "There have been too many calls from this Page account. Wait a bit and try again.");
                }
                count(&mut account.spent.calls, own, 80_002, "There have been too many calls to this Instagram account. Wait a bit and try again.")
            }
            _ => Ok(()),
        });
    call.blocked |= blocked;
    outcome
}

fn is_discovery(call: &Call) -> bool {
    let asks = |name: &str, part: &str| {
        call.params
            .text(name)
            .is_some_and(|text| text.contains(part))
    };
    call.segments.iter().any(|segment| {
        matches!(
            segment.as_str(),
            "ig_hashtag_search" | "recent_media" | "top_media"
        )
    }) || asks("fields", "business_discovery")
}

/// Tells how much is spent: of the app's hour, and of the account's 24 hours.
pub(crate) fn report(world: &World, call: &Call, caller: &Caller, headers: &mut HeaderMap) {
    let now_ms = world.clock().now_ms();
    let state = world.lock();
    let figures = |budget: &Budget, allowance: Allowance| {
        let percent = budget.percent(now_ms, allowance);
        Usage {
            call_count: percent,
            // Invented shares: Meta's figures for time have no public formula.
            total_time: percent / 2,
            total_cputime: percent / 3,
            estimated_time_to_regain_access: budget.minutes_closed(now_ms),
        }
    };
    let (platform, limits) = (&state.platform, &state.limits);
    let app = if caller.kind == TokenKind::User {
        figures(&platform.user, hourly(limits.user_calls_per_hour))
    } else {
        figures(&platform.app, hourly(limits.app_calls_per_hour))
    };
    write_app(headers, app);
    let Some(account) = state.accounts.get(&caller.account) else {
        return;
    };
    let messenger = caller.login == Login::Facebook && is_messaging(call);
    let (kind, usage) = if messenger {
        let own = hourly(limits.messenger_calls_per_hour);
        ("messenger", figures(&account.spent.messenger_calls, own))
    } else {
        let own = limits.of_account(account);
        ("instagram", figures(&account.spent.calls, own))
    };
    write_business(headers, &account.id, kind, usage);
}

fn is_messaging(call: &Call) -> bool {
    let mut segments = call.segments.iter();
    segments.any(|segment| OF_MESSENGER.contains(&segment.as_str()))
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
fn write(headers: &mut HeaderMap, account: &str, kind: &str, usage: Usage) {
    write_app(headers, usage);
    write_business(headers, account, kind, usage);
}

fn write_app(headers: &mut HeaderMap, usage: Usage) {
    let value = json!({
        "call_count": usage.call_count,
        "total_time": usage.total_time,
        "total_cputime": usage.total_cputime,
    });
    put(headers, "x-app-usage", &value);
}

fn write_business(headers: &mut HeaderMap, account: &str, kind: &str, usage: Usage) {
    let value = json!({account: [{
        "type": kind,
        "call_count": usage.call_count,
        "total_cputime": usage.total_cputime,
        "total_time": usage.total_time,
        "estimated_time_to_regain_access": usage.estimated_time_to_regain_access,
    }]});
    put(headers, "x-business-use-case-usage", &value);
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &serde_json::Value) {
    if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
        headers.insert(name, value);
    }
}
