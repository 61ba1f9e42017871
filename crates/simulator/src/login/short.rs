//! `POST api.instagram.com/oauth/access_token`: a code becomes a token of one hour
//! (<https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login>, 2026-02).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hyper::StatusCode;
use serde_json::{Value, json};

use super::form::Pairs;
use super::new_token;
use crate::world::account::{Login, Token};
use crate::world::app::{CodeRefused, Grant, TokenAnswer};
use crate::world::{Shared, World};

/// One hour, same page.
const SHORT_LIFE_MS: i64 = 3_600_000;

pub(super) async fn exchange(State(world): State<Shared>, body: Bytes) -> Response {
    match run(&world, &Pairs::read(None, &body)) {
        Ok(answer) => Json(answer).into_response(),
        Err(why) => {
            let answer = json!({"error_type": "OAuthException", "code": 400, "error_message": why});
            (StatusCode::BAD_REQUEST, Json(answer)).into_response()
        }
    }
}

fn run(world: &World, form: &Pairs) -> Result<Value, String> {
    for name in [
        "client_id",
        "client_secret",
        "grant_type",
        "redirect_uri",
        "code",
    ] {
        if form.one(name).is_none() {
            return Err(format!("You must provide a {name}"));
        }
    }
    let given = |name: &str| form.one(name).unwrap_or_default();
    if given("client_id") != world.options().app_id {
        return Err("Invalid platform app".into());
    }
    if given("client_secret") != world.options().app_secret {
        return Err("Error validating client secret.".into());
    }
    if given("grant_type") != "authorization_code" {
        return Err("Invalid grant_type".into());
    }
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    let grant = state
        .app
        .take_code(given("code"), Login::Instagram, given("redirect_uri"), now_ms)
        .map_err(|why| match why {
            CodeRefused::Unknown | CodeRefused::Used => "Matching code was not found or was already used",
            CodeRefused::Late => "This authorization code has expired.",
            CodeRefused::OtherRedirect => "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request",
        })?;
    let value = new_token("IGAA");
    let mut token = Token::endless(&grant.account, Login::Instagram);
    token.long = false;
    token.issued_ms = now_ms;
    token.expires_ms = Some(now_ms + SHORT_LIFE_MS);
    token.scopes.clone_from(&grant.scopes);
    let user_id = state
        .accounts
        .get(&grant.account)
        .map(|account| account.app_scoped_id.clone())
        .unwrap_or_default();
    let shape = state.app.dashboard.token_answer;
    state.tokens.insert(value.clone(), token);
    drop(state);
    Ok(shaped(shape, &value, &user_id, &grant))
}

fn shaped(shape: TokenAnswer, token: &str, user_id: &str, grant: &Grant) -> Value {
    match shape {
        TokenAnswer::Data => {
            let scopes: Vec<&str> = grant.scopes.iter().map(String::as_str).collect();
            let answer =
                json!({"access_token": token, "user_id": user_id, "permissions": scopes.join(",")});
            json!({"data": [answer]})
        }
        TokenAnswer::Flat => {
            // The SDK types it as a number although it can leave the range of exact floating numbers.
            let number = user_id
                .parse::<u64>()
                .map_or_else(|_| user_id.into(), Value::from);
            json!({"access_token": token, "user_id": number, "permissions": grant.scopes})
        }
    }
}
