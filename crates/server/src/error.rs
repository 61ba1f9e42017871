//! The one shape of an error answer: `{"detail": …, "error": …}`.
//!
//! `detail` is a sentence for people, `error` a word for programs. An inner failure says nothing
//! here; the log says it, once.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// An error on its way to a client.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    status: StatusCode,
    error: &'static str,
    detail: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, error: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            error,
            detail: detail.into(),
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong on our side",
        )
    }
}

#[derive(Serialize)]
struct Shape<'a> {
    detail: &'a str,
    error: &'a str,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (
            self.status,
            Json(Shape {
                detail: &self.detail,
                error: self.error,
            }),
        )
            .into_response()
    }
}
