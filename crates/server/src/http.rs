//! The router and what every answer carries: no panic gets out, no browser guesses a type.

use std::{any::Any, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{error::ApiError, listener::Answer};

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The router behind everything that holds for all answers.
#[derive(Debug)]
pub(crate) struct Front {
    router: Router,
}

impl Front {
    /// Puts the common layers around the routes.
    pub(crate) fn new(pages: Router) -> Self {
        let router = pages
            .fallback(|| async { ApiError::not_found() })
            .method_not_allowed_fallback(|| async {
                ApiError::new(
                    axum::http::StatusCode::METHOD_NOT_ALLOWED,
                    "method_not_allowed",
                    "this path does not take this method",
                )
                .next_step("Look up the path's methods at /docs, or in /openapi.json.")
            })
            .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| {
                after_panic(&panic)
            }));
        Self { router }
    }
}

impl Answer for Front {
    async fn answer(self: &Arc<Self>, mut request: Request, peer: SocketAddr) -> Response {
        request.extensions_mut().insert(Peer(peer));
        let mut response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        harden(response.headers_mut());
        response
    }
}

/// The panic itself is logged by the hook with its place; here only the client is answered.
fn after_panic(_: &Box<dyn Any + Send>) -> Response {
    metrics::counter!("gramophone_panics_total").increment(1);
    ApiError::internal().into_response()
}

const HARDENING: [(HeaderName, HeaderValue); 4] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];

/// Headers that a page may tighten further but never miss.
fn harden(headers: &mut HeaderMap) {
    for (name, value) in HARDENING {
        headers.entry(name).or_insert(value);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::StatusCode, routing::get};
    use http_body_util::BodyExt as _;

    use super::*;

    async fn ask(path: &str) -> (StatusCode, HeaderMap, String) {
        let routes = Router::new()
            .route("/fine", get(|| async { "fine" }))
            .route("/panic", get(|| async { panic!("on purpose") as String }));
        let front = Arc::new(Front::new(routes));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = front.answer(request, "127.0.0.1:1".parse().unwrap()).await;
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (
            head.status,
            head.headers,
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    #[tokio::test]
    async fn every_answer_is_hardened() {
        for path in ["/fine", "/panic", "/nowhere"] {
            let (_, headers, _) = ask(path).await;
            for (name, value) in HARDENING {
                assert_eq!(headers.get(&name), Some(&value), "{path} {name}");
            }
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_without_its_cause() {
        let (status, _, body) = ask("/panic").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            body,
            r#"{"detail":"something went wrong on our side","error":{"code":"internal","kind":"server","retry_after":null,"next_step":"Send it again; if it stays so, the server's log says what went wrong.","meta":null}}"#
        );
    }

    #[tokio::test]
    async fn nothing_here_is_json() {
        let (status, headers, body) = ask("/nowhere").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(
            body,
            r#"{"detail":"there is nothing here","error":{"code":"not_found","kind":"request","retry_after":null,"next_step":"Look up the path at /docs, or in /openapi.json.","meta":null}}"#
        );
    }
}
