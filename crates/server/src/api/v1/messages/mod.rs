//! `/v1/accounts/{account}/conversations`, messages, signs, and what became of a write.

mod read;
mod send;
mod sign;

use std::sync::Arc;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::api::Gate;

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(read::conversations))
        .routes(routes!(read::thread))
        .routes(routes!(send::send))
        .routes(routes!(send::write))
        .routes(routes!(sign::react))
        .routes(routes!(sign::sign))
}
