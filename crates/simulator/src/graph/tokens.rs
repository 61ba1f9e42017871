//! Calls that are about tokens and therefore need none in the usual place: exchange and refresh
//! (<https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login>, 2026-02;
//! <https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived>, 2026-09).

use hyper::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::error::GraphError;
use super::{Host, debug_token};
use crate::login::new_token;
use crate::world::account::{Login, Token, TokenKind, TokenState};
use crate::world::app::{CodeRefused, Grant};
use crate::world::{State, World};

/// What Meta's samples show for "about 60 days".
const LONG_LIFE_S: i64 = 5_183_944;
/// A short token of a web log-in lives "one to two hours"; one is the strict side.
const SHORT_LIFE_S: i64 = 3_600;
const REFRESHABLE_AFTER_MS: i64 = 24 * 3_600_000;
/// Data is given out for 90 days after a log-in.
const DATA_ACCESS_MS: i64 = 90 * 24 * 3_600_000;

/// The answer, if this is such a call.
pub(super) fn run(world: &World, call: &Call) -> Option<Result<Value, GraphError>> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let asks = call.method == Method::GET;
    Some(match (call.host, segments.as_slice()) {
        (Host::Instagram, ["access_token"]) if asks => instagram_long(world, call),
        (Host::Instagram, ["refresh_access_token"]) if asks => instagram_refresh(world, call),
        (Host::Facebook, ["oauth", "access_token"]) if asks || call.method == Method::POST => {
            facebook(world, call)
        }
        (Host::Facebook, ["debug_token"]) if asks => debug_token::run(world, call),
        _ => return None,
    })
}

/// A Graph error that a log-in call gives: always 400, never worth a second try.
fn refused(code: i64, subcode: Option<i64>, message: &str) -> GraphError {
    GraphError::new(code, subcode, message).final_400()
}

fn instagram_long(world: &World, call: &Call) -> Result<Value, GraphError> {
    grant_type(call, "ig_exchange_token")?;
    secret(world, call)?;
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    let token = living(&state, call, TokenKind::Instagram, now_ms)?;
    if token.long {
        return Err(refused(
            100,
            None,
            "The access token is not a short-lived one",
        ));
    }
    Ok(renew(&mut state, token, now_ms, false))
}

fn instagram_refresh(world: &World, call: &Call) -> Result<Value, GraphError> {
    grant_type(call, "ig_refresh_token")?;
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    let token = living(&state, call, TokenKind::Instagram, now_ms)?;
    if !token.long {
        return Err(refused(
            100,
            None,
            "The access token is not a long-lived one",
        ));
    }
    if now_ms < token.issued_ms + REFRESHABLE_AFTER_MS {
        return Err(refused(
            100,
            None,
            "The access token must be at least 24 hours old to be refreshed",
        ));
    }
    if !token.scopes.contains("instagram_business_basic") {
        return Err(GraphError::permission("instagram_business_basic"));
    }
    Ok(renew(&mut state, token, now_ms, true))
}

/// A new string of 60 days; the old one goes on until its own end.
fn renew(state: &mut State, mut token: Token, now_ms: i64, names_scopes: bool) -> Value {
    token.long = true;
    token.issued_ms = now_ms;
    token.expires_ms = Some(now_ms + LONG_LIFE_S * 1_000);
    let value = new_token(match token.login {
        Login::Instagram => "IGAA",
        Login::Facebook => "EAA",
    });
    let mut answer =
        json!({"access_token": value, "token_type": "bearer", "expires_in": LONG_LIFE_S});
    if names_scopes {
        let scopes: Vec<&str> = token.scopes.iter().map(String::as_str).collect();
        answer["permissions"] = scopes.join(",").into();
    }
    state.tokens.insert(value, token);
    answer
}

fn facebook(world: &World, call: &Call) -> Result<Value, GraphError> {
    if call.params.text("client_id").as_deref() != Some(world.options().app_id.as_str()) {
        return Err(refused(
            101,
            None,
            "Error validating application. Cannot get application info due to a system error.",
        ));
    }
    secret(world, call)?;
    match call.params.text("grant_type").as_deref() {
        None | Some("authorization_code") => facebook_code(world, call),
        Some("fb_exchange_token") => {
            let now_ms = world.clock().now_ms();
            let mut state = world.lock();
            let value = call
                .params
                .text("fb_exchange_token")
                .ok_or_else(|| refused(100, None, "fb_exchange_token parameter not specified"))?;
            let token = alive(&state, &value, Host::Facebook, TokenKind::User, now_ms)?;
            Ok(renew(&mut state, token, now_ms, false))
        }
        Some("client_credentials") => {
            let app = world.options();
            let value = format!("{}|{}", app.app_id, app.app_secret);
            Ok(json!({"access_token": value, "token_type": "bearer"}))
        }
        Some(_) => Err(refused(100, None, "Invalid grant_type")),
    }
}

fn facebook_code(world: &World, call: &Call) -> Result<Value, GraphError> {
    let text = |name: &str| {
        call.params
            .text(name)
            .ok_or_else(|| refused(100, None, &format!("Missing {name} parameter.")))
    };
    let (code, redirect_uri) = (text("code")?, text("redirect_uri")?);
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    let grant = state
        .app
        .take_code(&code, Login::Facebook, &redirect_uri, now_ms)
        .map_err(|why| match why {
            CodeRefused::Unknown => refused(100, None, "Invalid verification code format."),
            CodeRefused::Used => refused(100, Some(36_009), "This authorization code has been used."),
            CodeRefused::Late => refused(100, Some(36_007), "This authorization code has expired."),
            CodeRefused::OtherRedirect => refused(100, Some(36_008), "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request"),
        })?;
    let value = new_token("EAA");
    state
        .tokens
        .insert(value.clone(), person_token(grant, now_ms));
    Ok(json!({"access_token": value, "token_type": "bearer", "expires_in": SHORT_LIFE_S}))
}

fn person_token(grant: Grant, now_ms: i64) -> Token {
    let mut token = Token::endless("", Login::Facebook);
    token.kind = TokenKind::User;
    token.long = false;
    token.issued_ms = now_ms;
    token.expires_ms = Some(now_ms + SHORT_LIFE_S * 1_000);
    token.data_access_ms = Some(now_ms + DATA_ACCESS_MS);
    token.scopes = grant.scopes;
    token.pages = grant.pages;
    token
}

fn grant_type(call: &Call, wanted: &str) -> Result<(), GraphError> {
    if call.params.text("grant_type").as_deref() == Some(wanted) {
        Ok(())
    } else {
        Err(refused(
            100,
            None,
            &format!("param grant_type must be {wanted}"),
        ))
    }
}

fn secret(world: &World, call: &Call) -> Result<(), GraphError> {
    if call.params.text("client_secret").as_deref() == Some(world.options().app_secret.as_str()) {
        Ok(())
    } else {
        Err(refused(1, None, "Error validating client secret."))
    }
}

fn living(state: &State, call: &Call, kind: TokenKind, now_ms: i64) -> Result<Token, GraphError> {
    let value = call
        .token
        .as_deref()
        .ok_or_else(|| GraphError::no_token(call.host))?;
    alive(state, value, call.host, kind, now_ms)
}

fn alive(
    state: &State,
    value: &str,
    host: Host,
    kind: TokenKind,
    now_ms: i64,
) -> Result<Token, GraphError> {
    let token = state
        .tokens
        .get(value)
        .filter(|token| token.kind == kind)
        .ok_or_else(|| GraphError::no_token(host))?;
    match token.state_at(now_ms) {
        TokenState::Active => Ok(token.clone()),
        dead => Err(GraphError::dead_token(dead.subcode().unwrap_or(467))),
    }
}
