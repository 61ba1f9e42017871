//! `/v1/accounts/{account}/conversations`, messages, signs, and what became of a write.

mod read;
mod send;
mod sign;

use std::sync::Arc;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::api::{ApiError, Gate};

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(read::conversations))
        .routes(routes!(read::thread))
        .routes(routes!(send::send))
        .routes(routes!(send::write))
        .routes(routes!(sign::react))
        .routes(routes!(sign::sign))
}

/// Ids go into addresses of Meta's; those of conversations and messages are long.
fn id(at: &str, id: &str) -> Result<(), ApiError> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'=' | b':');
    if !id.is_empty() && id.len() <= 512 && id.bytes().all(plain) {
        Ok(())
    } else {
        Err(ApiError::invalid_at(at, "is no id"))
    }
}
