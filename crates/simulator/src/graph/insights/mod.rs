//! Insights of media and of accounts, and Meta's ways to refuse them. Every number comes from the seed.

mod account;
mod asked;
mod media;
mod metric;
mod people;
mod window;

use serde_json::{Value, json};

use super::auth::{self, Caller};
use super::call::Call;
use super::error::GraphError;
use super::media as posts;
use crate::world::{Shared, State};
use account::{View, of_account};
pub(super) use asked::Asked;
pub(super) use media::{check, of_media};

/// `GET /{account}/insights`, `GET /{media}/insights`
pub(super) fn run(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    let asked = Asked::call(call)?;
    let state = world.lock();
    let is_account = state
        .accounts
        .get(&caller.account)
        .is_some_and(|account| auth::is_own(account, id));
    if is_account {
        posts::own(&state, call, caller, (id, "insights"))?;
        need(caller)?;
        return account(world, call, (&state, caller), &asked);
    }
    let media = posts::find(world, &state, caller, id)?;
    need(caller)?;
    of_media(&state, caller, media, &asked)
}

fn account(
    world: &Shared,
    call: &Call,
    (state, caller): (&State, &Caller),
    asked: &Asked,
) -> Result<Value, GraphError> {
    let now_ms = world.clock().now_ms();
    let account = state
        .shown_account(&caller.account, now_ms)
        .ok_or_else(|| GraphError::no_object("me"))?;
    let view = View {
        state,
        account: &account,
        asked,
        now_ms,
    };
    let (items, window) = of_account(&view)?;
    let mut answer = json!({"data": items});
    if let Some(window) = window {
        let span_ms = window.until_ms - window.since_ms;
        let (since, until) = (window.since_ms, window.until_ms);
        answer["paging"] = json!({
            "previous": address(world, call, (since - span_ms, since)),
            "next": address(world, call, (until, until + span_ms)),
        });
    }
    Ok(answer)
}

/// The same call for another window, with the token, as Meta spells it.
fn address(world: &Shared, call: &Call, (since_ms, until_ms): (i64, i64)) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(token) = &call.token {
        query.append_pair("access_token", token);
    }
    for name in ["metric", "period", "metric_type", "breakdown"] {
        if let Some(value) = call.params.text(name) {
            query.append_pair(name, &value);
        }
    }
    query.append_pair("since", &(since_ms / 1_000).to_string());
    query.append_pair("until", &(until_ms / 1_000).to_string());
    call.address(world, &query.finish())
}

/// <https://developers.facebook.com/docs/instagram-platform/insights>, 2026-11
pub(super) fn need(caller: &Caller) -> Result<(), GraphError> {
    caller.need("instagram_basic", "instagram_business_basic")?;
    caller.need(
        "instagram_manage_insights",
        "instagram_business_manage_insights",
    )
}

/// One metric's item, to which its numbers are added.
fn item(metric: &str, period: &str, node: &str) -> Value {
    let (title, description) = metric::words(metric);
    json!({
        "name": metric,
        "period": period,
        "title": title,
        "description": description,
        "id": format!("{node}/insights/{metric}/{period}"),
    })
}

/// The rows of one breakdown.
fn results<'a>(keys: &[&str], rows: impl Iterator<Item = (Vec<&'a str>, u64)>) -> Value {
    let rows: Vec<Value> = rows
        .map(|(values, value)| json!({"dimension_values": values, "value": value}))
        .collect();
    json!([{"dimension_keys": keys, "results": rows}])
}
