//! Our own API, under `/v1`: each area lists its routes here, once.

mod accounts;
mod comments;
mod discovery;
mod key;
mod keys;
mod messages;
mod publications;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use super::Gate;

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .merge(accounts::routes())
        .merge(key::routes())
        .merge(keys::routes())
        .merge(comments::routes())
        .merge(messages::routes())
        .merge(publications::routes())
        .merge(discovery::routes())
}
