//! The phone page: a chat with the account in a browser, and the samples to send in it.

mod reels;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};

use crate::world::World;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
const WORDS: &str = include_str!("words.js");

/// Everything comes from this host, and nothing is inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route(
            "/_sim",
            get(async || page("text/html; charset=utf-8", PAGE)),
        )
        .route(
            "/_sim/",
            get(async || page("text/html; charset=utf-8", PAGE)),
        )
        .route(
            "/_sim/phone/style.css",
            get(async || page("text/css; charset=utf-8", STYLE)),
        )
        .route(
            "/_sim/phone/script.js",
            get(async || page("text/javascript; charset=utf-8", SCRIPT)),
        )
        .route(
            "/_sim/phone/words.js",
            get(async || page("text/javascript; charset=utf-8", WORDS)),
        )
        .route("/_sim/reels", get(reels::list).post(reels::create))
        .route("/_sim/posters/{code}/{file}", get(reels::poster))
}

fn page(mime: &'static str, text: &'static str) -> Response {
    let mut answer = text.into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    answer
}
