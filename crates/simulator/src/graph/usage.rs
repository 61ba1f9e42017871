//! The usage headers that tell a client how much of its allowance is spent.

use hyper::header::{HeaderMap, HeaderValue};
use serde_json::json;

use crate::fault::Usage;

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
