//! The gateway's HTTP: the second document's endpoints at their own paths, ours under `/v1`, and the contract of all of
//! them as OpenAPI, written from the handlers themselves.

mod budget;
mod caller;
pub(crate) mod cursor;
mod docs;
mod document;
mod gate;
mod home;
mod input;
mod limit;
mod once;
mod paging;
mod provenance;
mod seen;
mod shape;
mod v1;

use std::sync::Arc;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use crate::error::{ApiError, ErrorAnswer};
pub(crate) use budget::{ask, ask_with, change, learn, permit, remove};
pub(crate) use caller::{Account, Caller, Reach, Scope};
pub(crate) use docs::Failures;
pub(crate) use gate::Gate;
pub(crate) use input::{Asked, DocumentCall, In};
pub(crate) use limit::Allowances;
pub(crate) use once::{Once, ShownOnce, Undone};
pub(crate) use paging::Paging;
pub(crate) use provenance::{Provenance, rfc3339};
pub(crate) use seen::{seen_accounts, sees};
pub(crate) use shape::{InOrder, NoteOut, meta_id, meta_time, moment, window};

/// Every area of the API, once.
fn areas() -> OpenApiRouter<Arc<Gate>> {
    docs::described()
        .merge(document::routes())
        .merge(v1::routes())
}

/// The API with its contract and the page to try it.
pub(crate) fn routes(gate: Arc<Gate>) -> Router {
    let (routes, mut contract) = areas().split_for_parts();
    docs::named(&mut contract);
    let bound = axum::middleware::from_fn_with_state(Arc::clone(&gate), limit::bound);
    let once = axum::middleware::from_fn_with_state(Arc::clone(&gate), once::once);
    routes
        .layer(once)
        .layer(bound)
        .with_state(gate)
        .merge(docs::pages(contract))
}
