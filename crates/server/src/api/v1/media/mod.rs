//! Media of an account: lists, one of them, its children and its numbers.

mod list;
mod numbers;
mod one;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::{
    api::{Account, ApiError, Caller, Gate, Scope},
    gateway::{Ask, Wishes},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .merge(list::routes())
        .merge(one::routes())
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
