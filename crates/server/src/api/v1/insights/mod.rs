//! Numbers of an account: series, audience, its profile, and what all that cost.

mod audience;
mod profile;
mod series;
mod usage;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::api::Gate;

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .merge(profile::routes())
        .merge(series::routes())
        .merge(audience::routes())
        .merge(usage::routes())
}
