//! The second document's endpoints, at its paths and in its shapes.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use super::Gate;

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
}
