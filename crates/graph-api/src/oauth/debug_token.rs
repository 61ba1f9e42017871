//! `GET graph.facebook.com/{version}/debug_token`: what a token is good for, asked in the app's name.
//! <https://developers.facebook.com/docs/graph-api/reference/debug_token> (read 2026-11-22)

use super::App;
use crate::client::{AppCall, AppHost, Graph};
use crate::endpoint::rows::word;
use crate::error::CallError;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// What Meta says of a token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenFacts {
    /// It still works.
    pub is_valid: bool,
    /// `USER`, `PAGE`, …
    pub kind: Option<String>,
    /// When it ends, in seconds since 1970; none: never.
    pub expires_at: Option<i64>,
    /// When data stop, in seconds since 1970, about 90 days after the login, even while the token lives.
    pub data_access_expires_at: Option<i64>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Pages and accounts that the person chose, over all scopes: `/me/accounts` can be empty although they did.
    pub targets: Vec<String>,
    /// Why it does not work: code and subcode.
    pub error: Option<(i64, Option<i64>)>,
}

impl Graph {
    /// What a token is good for.
    pub async fn debug_token(
        &self,
        app: &App,
        token: &SecretString,
    ) -> Result<TokenFacts, CallError> {
        let own = format!("{}|{}", app.id, app.secret.expose_secret());
        let call = AppCall {
            endpoint: "debug_token",
            host: AppHost::GraphFacebook,
            path: &["debug_token"],
            pairs: vec![("input_token", token.clone()), ("access_token", own.into())],
        };
        let answer = self.ask_app(call).await?;
        let value: Value = answer.read("debug_token answers with an object")?;
        read(&value).ok_or_else(|| answer.malformed("debug_token without data"))
    }
}

fn read(value: &Value) -> Option<TokenFacts> {
    let data = value.get("data")?.as_object()?;
    let time = |name: &str| {
        data.get(name)
            .and_then(Value::as_i64)
            .filter(|seconds| *seconds > 0)
    };
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let scopes = list(data.get("scopes"));
    let granular = list(data.get("granular_scopes"));
    let mut targets: Vec<String> = granular
        .iter()
        .flat_map(|scope| list(scope.get("target_ids")))
        .filter_map(|id| word(&id))
        .collect();
    targets.sort();
    targets.dedup();
    let error = data.get("error").and_then(|error| {
        let code = error.get("code")?.as_i64()?;
        Some((code, error.get("subcode").and_then(Value::as_i64)))
    });
    Some(TokenFacts {
        is_valid: data.get("is_valid").and_then(Value::as_bool)?,
        kind: data.get("type").and_then(Value::as_str).map(str::to_owned),
        expires_at: time("expires_at"),
        data_access_expires_at: time("data_access_expires_at"),
        scopes: scopes
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        targets,
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn never_is_no_time_and_targets_are_told_once() {
        let facts = read(&json!({"data": {
            "is_valid": true, "type": "PAGE", "expires_at": 0, "data_access_expires_at": 1_800_000_000,
            "scopes": ["instagram_basic"],
            "granular_scopes": [
                {"scope": "pages_show_list", "target_ids": ["2", "1"]},
                {"scope": "instagram_basic", "target_ids": ["1"]},
                {"scope": "email"}
            ]
        }}))
        .unwrap();
        assert_eq!(facts.expires_at, None);
        assert_eq!(facts.data_access_expires_at, Some(1_800_000_000));
        assert_eq!(facts.targets, ["1", "2"]);
        let dead = json!({"data": {"is_valid": false, "error": {"code": 190, "subcode": 463}}});
        assert_eq!(read(&dead).unwrap().error, Some((190, Some(463))));
        assert!(read(&json!({})).is_none());
    }
}
