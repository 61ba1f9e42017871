//! Media of an account: lists, one of them, its children and its numbers.

mod list;
mod numbers;
mod one;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::api::Gate;

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .merge(list::routes())
        .merge(one::routes())
}
