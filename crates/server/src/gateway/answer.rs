//! What every answer of the reading side says about itself, and what a caller may wish for.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use graph_api::budget::Urgency;
use serde::Serialize;
use std::convert::Infallible;

use super::{
    entry::{Got, mark},
    flow::Ask,
};
use crate::api::{Account, Gate};

/// What a caller says about caches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// `Cache-Control: no-cache`
    anew: bool,
    has: Vec<String>,
    is_read: bool,
}

impl<S: Sync> FromRequestParts<S> for Wishes {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let is_read = matches!(parts.method, Method::GET | Method::HEAD);
        Ok(Self::of(&parts.headers, is_read))
    }
}

impl Wishes {
    fn of(headers: &HeaderMap, is_read: bool) -> Self {
        let words = |name| {
            headers
                .get_all(name)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .map(|word| word.trim().to_owned())
                .collect::<Vec<_>>()
        };
        let anew = words(header::CACHE_CONTROL)
            .iter()
            .any(|word| word.eq_ignore_ascii_case("no-cache"));
        Self {
            anew,
            has: words(header::IF_NONE_MATCH),
            is_read,
        }
    }

    /// What somebody who waits for the answer wants of an account.
    pub(crate) fn ask<'a>(&self, gate: &'a Gate, account: &'a Account) -> Ask<'a> {
        Ask {
            gate,
            account,
            anew: self.anew,
            urgency: Urgency::Now,
        }
    }

    fn has(&self, etag: &str) -> bool {
        let matches = |word: &String| word == "*" || word.trim_start_matches("W/") == etag;
        self.is_read && self.has.iter().any(matches)
    }
}

/// An answer with its headers; `304` where the caller has it already.
#[derive(Debug)]
pub(crate) struct Served(Response);

impl Served {
    #[allow(
        clippy::needless_pass_by_value,
        reason = "an answer is used up by being sent"
    )]
    pub(crate) fn new<T: Serialize>(got: Got<T>, wishes: &Wishes) -> Self {
        let bytes = match serde_json::to_vec(&got.body) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written");
                return Self(crate::api::ApiError::internal().into_response());
            }
        };
        let etag = format!("\"{}\"", mark(&bytes));
        let mut response = if wishes.has(&etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let json = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, json)], bytes).into_response()
        };
        let headers = response.headers_mut();
        if let Ok(etag) = HeaderValue::try_from(etag) {
            headers.insert(header::ETAG, etag);
        }
        headers.insert(header::AGE, HeaderValue::from(got.age_s()));
        // Ours to keep, nobody's in between; to ask us again costs little, since we say so where nothing changed.
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        );
        headers.insert(
            "x-gramophone-cache",
            HeaderValue::from_static(got.source.as_str()),
        );
        headers.insert("x-gramophone-calls", HeaderValue::from(got.calls));
        Self(response)
    }
}

impl IntoResponse for Served {
    fn into_response(self) -> Response {
        self.0
    }
}

impl<T: Serialize> From<T> for Served {
    fn from(body: T) -> Self {
        Self(Json(body).into_response())
    }
}
