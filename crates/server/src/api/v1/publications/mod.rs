//! `/v1/accounts/{account}/publications`, uploads, and what may still be published.

mod limit;
mod order;
mod show;
mod upload;

use std::sync::Arc;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::api::Gate;

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(order::publish, show::list))
        .routes(routes!(show::one, order::shift, order::cancel))
        .routes(routes!(limit::limit))
        .routes(routes!(limit::delete))
        .routes(routes!(upload::upload))
}
