//! Log-in: the pages where people allow the app, and what leads from there to a token.
//!
//! A browser finds a page with buttons. A plain HTTP client posts the same form, or adds `sim_decision` to the address
//! and gets the redirect at once, so that a test needs no browser.

mod facebook;
mod form;
mod instagram;
mod page;
mod short;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::world::app::Grant;
use crate::world::{World, letters};

pub(crate) fn routes() -> Router<Arc<World>> {
    let instagram = get(instagram::show).post(instagram::decide);
    let facebook = || get(facebook::show).post(facebook::decide);
    Router::new()
        .route("/www.instagram.com/oauth/authorize", instagram.clone())
        .route("/www.instagram.com/oauth/authorize/", instagram)
        .route("/www.facebook.com/dialog/oauth", facebook())
        .route("/www.facebook.com/{version}/dialog/oauth", facebook())
        .route(
            "/api.instagram.com/oauth/access_token",
            post(short::exchange),
        )
}

/// A token's text: Instagram's begin with `IGAA`, Facebook's with `EAA`.
pub(crate) fn new_token(prefix: &str) -> String {
    let noise: [u8; 48] = rand::random();
    format!("{prefix}{}", letters(&noise))
}

/// Keeps a grant under a new code and leads back with it. `tail` is what the family hangs on.
fn lead_back_with_code(world: &World, ask: &form::Ask, grant: Grant, tail: &str) -> Response {
    let noise: [u8; 60] = rand::random();
    let code = format!("AQ{}", letters(&noise));
    let mut back = ask.back();
    back.add("code", &code);
    if let Some(state) = &ask.state {
        back.add("state", state);
    }
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    if !grant.account.is_empty() {
        state.app.signed_in = Some(grant.account.clone());
    }
    state
        .app
        .keep_code(code, grant, ask.redirect_uri.clone(), now_ms);
    drop(state);
    redirect(&format!("{}{tail}", back.done()))
}

/// Leads back with a refusal.
fn lead_back_refused(ask: &form::Ask, words: &[(&str, &str)], tail: &str) -> Response {
    let mut back = ask.back();
    for (name, value) in words {
        back.add(name, value);
    }
    if let Some(state) = &ask.state {
        back.add("state", state);
    }
    redirect(&format!("{}{tail}", back.done()))
}

fn redirect(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Err(_) => page::refused("The redirect_uri holds letters that no address may hold"),
    }
}
