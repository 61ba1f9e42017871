//! graph.facebook.com and graph.instagram.com.

pub(crate) mod usage;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use hyper::StatusCode;

use crate::calls::Unmodelled;
use crate::world::World;

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
}

/// A call to a host that nobody simulates.
pub(crate) async fn unknown_host() -> Response {
    let mut response = StatusCode::NOT_FOUND.into_response();
    response.extensions_mut().insert(Unmodelled);
    response
}

/// `fbtrace_id` of an error: opaque.
pub(crate) fn trace_id() -> String {
    let noise: [u8; 11] = rand::random();
    format!("A{}", crate::world::letters(&noise))
}
