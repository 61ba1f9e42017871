//! `GET /v1/me`: what the caller's own key may do.

use std::sync::Arc;

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::api::{Caller, Failures, Gate, Reach, Scope};

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new().routes(routes!(me))
}

/// What a key may do.
#[derive(Debug, Serialize, ToSchema)]
struct MeOut {
    /// The key's visible name.
    #[schema(example = "dashboard")]
    name: String,
    /// `read`, `send`, `manage`, `publish`, `admin`.
    #[schema(example = json!(["read"]))]
    scopes: Vec<&'static str>,
    /// The accounts it may use; none: all of them.
    #[schema(example = json!(["17841400000000001"]))]
    accounts: Option<Vec<String>>,
}

/// What this key may do.
#[utoipa::path(get, path = "/v1/me", tag = "keys", responses((status = 200, body = MeOut), Failures))]
async fn me(caller: Caller) -> Json<MeOut> {
    let accounts = match caller.reach() {
        Reach::All => None,
        Reach::Only(ids) => Some(ids.iter().cloned().collect()),
    };
    Json(MeOut {
        name: caller.name.clone(),
        scopes: caller.scopes().map(Scope::as_str).collect(),
        accounts,
    })
}
