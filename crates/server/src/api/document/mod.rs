//! The second document's endpoints, at its paths and in its shapes.

mod account_insights;
mod audience;
mod body;
mod insight;
mod login;
mod login_page;
mod media;
mod media_insights;
mod profile;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use super::Gate;

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .merge(login::routes())
        .merge(profile::routes())
        .merge(media::routes())
        .merge(media_insights::routes())
        .merge(account_insights::routes())
        .merge(audience::routes())
}
