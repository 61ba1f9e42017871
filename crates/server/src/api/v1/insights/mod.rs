//! Numbers of an account: series, audience, its profile, and what all that cost.

mod audience;
mod profile;
mod series;
mod usage;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::{
    api::{Account, ApiError, Caller, Gate, Scope},
    gateway::{Ask, Wishes},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .merge(profile::routes())
        .merge(series::routes())
        .merge(audience::routes())
        .merge(usage::routes())
}

async fn account(gate: &Gate, caller: &Caller, id: &str) -> Result<Account, ApiError> {
    caller.need(Scope::Read)?;
    caller.account(gate, Some(id)).await
}

fn ask<'a>(gate: &'a Gate, account: &'a Account, wishes: &Wishes) -> Ask<'a> {
    Ask {
        gate,
        account,
        anew: wishes.anew,
        urgency: graph_api::budget::Urgency::Now,
    }
}
