//! Our own API, under `/v1`: each area lists its routes here, once.

mod accounts;
mod comments;
mod deliveries;
mod discovery;
mod events;
mod insights;
mod key;
mod keys;
mod media;
mod messages;
mod publications;
mod snapshots;
mod stream;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use super::Gate;

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .merge(accounts::routes())
        .merge(key::routes())
        .merge(media::routes())
        .merge(insights::routes())
        .merge(keys::routes())
        .merge(comments::routes())
        .merge(messages::routes())
        .merge(publications::routes())
        .merge(discovery::routes())
        .merge(events::routes())
        .merge(deliveries::routes())
        .merge(stream::routes())
        .merge(snapshots::routes())
}
