//! The phone page: chats on Instagram and Telegram in a browser, and the samples to send in them.

mod reels;

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};

use crate::world::World;

const PAGE: &str = include_str!("page.html");

/// The page's parts: name, media type, text.
const PARTS: [(&str, &str, &str); 15] = [
    ("style.css", CSS, include_str!("style.css")),
    ("script.js", JS, include_str!("script.js")),
    ("words.js", JS, include_str!("words.js")),
    ("dom.js", JS, include_str!("dom.js")),
    ("instagram.js", JS, include_str!("instagram.js")),
    ("people.js", JS, include_str!("people.js")),
    ("pieces.js", JS, include_str!("pieces.js")),
    ("samples.js", JS, include_str!("samples.js")),
    ("shell.js", JS, include_str!("shell.js")),
    ("telegram.js", JS, include_str!("telegram.js")),
    ("telegram.css", CSS, include_str!("telegram.css")),
    ("thread.js", JS, include_str!("thread.js")),
    ("tray.js", JS, include_str!("tray.js")),
    ("inside.js", JS, include_str!("inside.js")),
    ("sign.svg", "image/svg+xml", include_str!("sign.svg")),
];
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

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
        .route("/_sim/phone/{part}", get(part))
        .route("/_sim/reels", get(reels::list).post(reels::create))
        .route("/_sim/posters/{code}/{file}", get(reels::poster))
}

async fn part(Path(name): Path<String>) -> Response {
    match PARTS.iter().find(|(known, _, _)| *known == name) {
        Some((_, mime, text)) => page(mime, text),
        None => StatusCode::NOT_FOUND.into_response(),
    }
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
