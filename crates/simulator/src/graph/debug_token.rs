//! `GET /debug_token`: what Facebook says about a token, asked with the app's own token or with one of the same person.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::call::Call;
use super::error::GraphError;
use super::owner::OWNER_ID;
use crate::world::account::{Login, Token, TokenKind};
use crate::world::{State, World};

pub(super) fn run(world: &World, call: &Call) -> Result<Value, GraphError> {
    let asker = call
        .token
        .as_deref()
        .ok_or_else(|| GraphError::no_token(call.host))?;
    let input = call
        .params
        .text("input_token")
        .ok_or_else(|| GraphError::argument("The parameter input_token is required"))?;
    let options = world.options();
    let state = world.lock();
    let now_ms = world.clock().now_ms();
    let app_token = format!("{}|{}", options.app_id, options.app_secret);
    let good_asker = asker == app_token
        || state.tokens.get(asker).is_some_and(|token| {
            token.login == Login::Facebook && token.state_at(now_ms).subcode().is_none()
        });
    if !good_asker {
        return Err(GraphError::no_token(call.host));
    }
    let known = state
        .tokens
        .get(&input)
        .filter(|token| token.login == Login::Facebook);
    let Some(token) = known else {
        let error = json!({"code": 190, "message": "Invalid OAuth access token."});
        return Ok(json!({"data": {"error": error, "is_valid": false, "scopes": []}}));
    };
    let page = state.accounts.get(&token.account);
    let mut data = json!({
        "app_id": options.app_id,
        "type": if token.kind == TokenKind::User { "USER" } else { "PAGE" },
        "application": "Gramophone",
        "data_access_expires_at": token.data_access_ms.unwrap_or(0) / 1_000,
        "expires_at": token.expires_ms.unwrap_or(0) / 1_000,
        "is_valid": true,
        "issued_at": token.issued_ms / 1_000,
        "scopes": token.scopes,
        "granular_scopes": granular(&state, token),
        "user_id": OWNER_ID,
    });
    if token.kind == TokenKind::Page {
        data["profile_id"] = page.map(|account| account.page_id.clone()).into();
    }
    if let Some(subcode) = token.state_at(now_ms).subcode() {
        data["is_valid"] = false.into();
        let message = "Error validating access token: the session is no longer valid.";
        data["error"] = json!({"code": 190, "message": message, "subcode": subcode});
    }
    Ok(json!({"data": data}))
}

/// Which Pages, or which Instagram accounts, each scope was granted for.
fn granular(state: &State, token: &Token) -> Vec<Value> {
    let pages: BTreeSet<&str> = if token.kind == TokenKind::User {
        token.pages.iter().map(String::as_str).collect()
    } else {
        state
            .accounts
            .get(&token.account)
            .map(|account| account.page_id.as_str())
            .into_iter()
            .collect()
    };
    let accounts: Vec<&str> = state
        .accounts
        .values()
        .filter(|account| pages.contains(account.page_id.as_str()))
        .map(|account| account.id.as_str())
        .collect();
    token
        .scopes
        .iter()
        .filter_map(|scope| {
            let targets = if scope.starts_with("pages_") {
                json!(pages)
            } else if scope.starts_with("instagram_") {
                json!(accounts)
            } else {
                return None;
            };
            Some(json!({"scope": scope, "target_ids": targets}))
        })
        .collect()
}
