//! How a write ended, as it is kept with its job and told to whoever asked for it.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{api::Undone, error::ApiError};

/// The step under which the outcome stands with its job.
pub(super) const STEP: &str = "outcome";

/// How far a write is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It is there.
    Done {
        /// Meta's id of it, where Meta told.
        id: Option<String>,
    },
    /// It is not there, and will not be.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error's body.
        error: Value,
    },
    /// Nobody can tell whether it is there; it is not tried again.
    Unknown,
    /// It is on its way.
    Waiting {
        /// What for.
        why: String,
        /// When it goes on (epoch milliseconds).
        until_ms: Option<i64>,
    },
}

impl Outcome {
    /// What a refusal is told as.
    pub(super) fn refused(error: &ApiError) -> Self {
        Self::Refused {
            status: error.status().as_u16(),
            error: error.body(),
        }
    }
}

/// A write as it is told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WriteOut {
    /// Ours; ask for it again with `GET /v1/accounts/{account}/writes/{write}`.
    #[schema(value_type = String, example = "019a9d2e-7c1b-7d53-9f7e-0a4f6c2b1d10")]
    write: Uuid,
    /// `done`, `waiting` or `unknown`.
    #[schema(example = "done")]
    state: &'static str,
    /// Meta's id of what was written.
    #[schema(example = "17900000000000077")]
    id: Option<String>,
    /// What it waits for: `outcome`, `budget`, `throttled`, `conversation`, `platform`, `queue`.
    waits_for: Option<String>,
    /// What to do about it.
    next_step: Option<&'static str>,
}

/// An outcome on its way to a client.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) write: Uuid,
    pub(crate) outcome: Outcome,
    pub(crate) now_ms: i64,
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        let out = |state, id, waits_for, next_step| WriteOut {
            write: self.write,
            state,
            id,
            waits_for,
            next_step,
        };
        match self.outcome {
            Outcome::Done { id } => {
                (StatusCode::CREATED, Json(out("done", id, None, None))).into_response()
            }
            Outcome::Refused { status, error } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                let wait = error.pointer("/error/retry_after").and_then(Value::as_u64);
                let mut response = (status, Json(error)).into_response();
                response.extensions_mut().insert(Undone);
                if let Some(seconds) = wait {
                    let value = HeaderValue::from(seconds);
                    response.headers_mut().insert(header::RETRY_AFTER, value);
                }
                response
            }
            Outcome::Unknown => {
                let step = "Look whether it is there before you send it again: Meta's answer was lost, and neither an \
                            echo nor a reading showed it.";
                let body = out("unknown", None, None, Some(step));
                (StatusCode::ACCEPTED, Json(body)).into_response()
            }
            Outcome::Waiting { why, until_ms } => {
                let step =
                    "It goes on by itself. Ask for this write again; do not send it a second time.";
                let body = out("waiting", None, Some(why), Some(step));
                let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
                let wait_ms = until_ms.map_or(0, |until_ms| until_ms.saturating_sub(self.now_ms));
                let seconds = u64::try_from(wait_ms).unwrap_or(0).div_ceil(1000).max(1);
                let value = HeaderValue::from(seconds);
                response.headers_mut().insert(header::RETRY_AFTER, value);
                response
            }
        }
    }
}
