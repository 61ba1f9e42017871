//! Accounts and their tokens: several of each, and everything that can go wrong with them.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refused};
use crate::world::Shared;
use crate::world::account::{Account, Login, Token, TokenState};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountIn {
    id: String,
    page_id: Option<String>,
    username: Option<String>,
    name: Option<String>,
    /// The owner's switch "allow access to messages".
    message_access: Option<bool>,
    human_agent: Option<bool>,
    image_lists: Option<bool>,
    wrapped_me: Option<bool>,
    restricted: Option<bool>,
    professional: Option<bool>,
    /// A role on the app.
    role: Option<bool>,
    /// Of the last 24 hours: 4800 calls for each.
    impressions: Option<u32>,
    /// Webhook fields; an empty list unsubscribes.
    fields: Option<BTreeSet<String>>,
}

/// Makes an account or changes what is named of it.
pub(super) async fn change(
    State(world): State<Shared>,
    Json(input): Json<AccountIn>,
) -> Json<Value> {
    let mut state = world.lock();
    let account = state.accounts.entry(input.id.clone()).or_insert_with(|| {
        let page = input
            .page_id
            .clone()
            .unwrap_or_else(|| format!("1{}", &input.id));
        Account::new(
            &input.id,
            &page,
            input.username.as_deref().unwrap_or("second_account"),
        )
    });
    for (value, field) in [
        (input.page_id, &mut account.page_id),
        (input.username, &mut account.username),
        (input.name, &mut account.name),
    ] {
        if let Some(value) = value {
            *field = value;
        }
    }
    for (value, field) in [
        (input.message_access, &mut account.message_access),
        (input.human_agent, &mut account.human_agent),
        (input.image_lists, &mut account.image_lists),
        (input.wrapped_me, &mut account.wrapped_me),
        (input.restricted, &mut account.restricted),
        (input.professional, &mut account.professional),
        (input.role, &mut account.role),
    ] {
        if let Some(value) = value {
            *field = value;
        }
    }
    account.impressions = input.impressions.or(account.impressions);
    if let Some(fields) = input.fields {
        account.fields = fields;
    }
    Json(show(account))
}

pub(super) async fn list(State(world): State<Shared>) -> Json<Value> {
    let state = world.lock();
    let accounts: Vec<Value> = state.accounts.values().map(show).collect();
    let tokens: Vec<Value> = state.tokens.values().map(show_token).collect();
    Json(json!({"accounts": accounts, "tokens": tokens}))
}

fn show(account: &Account) -> Value {
    json!({
        "id": account.id,
        "app_scoped_id": account.app_scoped_id,
        "page_id": account.page_id,
        "username": account.username,
        "name": account.name,
        "fields": account.fields,
        "message_access": account.message_access,
        "human_agent": account.human_agent,
        "image_lists": account.image_lists,
        "wrapped_me": account.wrapped_me,
        "restricted": account.restricted,
        "professional": account.professional,
        "role": account.role,
        "impressions": account.impressions,
        "messenger_profile": account.profile,
    })
}

/// A token without its value: that is a secret even here, and whoever made it knows it.
fn show_token(token: &Token) -> Value {
    json!({
        "account": token.account,
        "login": token.login,
        "kind": token.kind,
        "long": token.long,
        "state": token.state,
        "issued_ms": token.issued_ms,
        "expires_ms": token.expires_ms,
        "data_access_ms": token.data_access_ms,
        "scopes": token.scopes,
        "pages": token.pages,
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenIn {
    /// Absent: the first Page token.
    token: Option<String>,
    /// Changes every token of `account` in `login` (absent: both), also those that log-ins made.
    #[serde(default)]
    all: bool,
    account: Option<String>,
    login: Option<Login>,
    state: Option<TokenState>,
    issued_ms: Option<i64>,
    expires_ms: Option<i64>,
    data_access_ms: Option<i64>,
    /// Exactly these permissions.
    scopes: Option<BTreeSet<String>>,
}

impl TokenIn {
    fn change(&self, token: &mut Token) {
        token.state = self.state.unwrap_or(token.state);
        if let Some(scopes) = &self.scopes {
            token.scopes.clone_from(scopes);
        }
        token.issued_ms = self.issued_ms.unwrap_or(token.issued_ms);
        token.expires_ms = self.expires_ms.or(token.expires_ms);
        token.data_access_ms = self.data_access_ms.or(token.data_access_ms);
    }
}

/// Makes a token or changes what is named of it.
pub(super) async fn token(State(world): State<Shared>, Json(input): Json<TokenIn>) -> Answer {
    let mut state = world.lock();
    if let Some(account) = &input.account
        && !state.accounts.contains_key(account)
    {
        return Err(Refused::missing(format!(
            "there is no account {account}; POST /_sim/accounts makes one"
        )));
    }
    let first = world.options().account_id.clone();
    if input.all {
        let account = input.account.as_ref().unwrap_or(&first);
        let mut changed = Vec::new();
        for token in state.tokens.values_mut() {
            if &token.account == account && input.login.is_none_or(|login| login == token.login) {
                input.change(token);
                changed.push(show_token(token));
            }
        }
        return Ok(Json(json!({"tokens": changed})));
    }
    let value = input
        .token
        .clone()
        .unwrap_or_else(|| world.options().page_token.clone());
    let login = input.login.unwrap_or(Login::Facebook);
    let token = state
        .tokens
        .entry(value)
        .or_insert_with(|| Token::endless(&first, login));
    if let Some(account) = &input.account {
        token.account.clone_from(account);
    }
    if let Some(login) = input.login {
        token.login = login;
        token.kind = Token::endless("", login).kind;
    }
    input.change(token);
    Ok(Json(show_token(token)))
}
