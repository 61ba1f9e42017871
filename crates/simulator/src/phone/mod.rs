//! Placeholder; its owner replaces it.

use std::sync::Arc;

use axum::Router;

use crate::world::World;

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
}
