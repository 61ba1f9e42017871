//! The app's dashboard: where log-ins may lead back to, in which mode the app is, which shapes Meta answers in.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::{Answer, Refused};
use crate::world::Shared;

pub(super) async fn read(State(world): State<Shared>) -> Json<Value> {
    Json(json!(world.lock().app.dashboard))
}

/// Changes what is named and leaves the rest.
pub(super) async fn change(State(world): State<Shared>, Json(input): Json<Value>) -> Answer {
    let Value::Object(input) = input else {
        return Err(Refused::bad("the body is an object of switches"));
    };
    let mut state = world.lock();
    let mut dashboard = json!(state.app.dashboard);
    if let Some(dashboard) = dashboard.as_object_mut() {
        dashboard.extend(input);
    }
    state.app.dashboard = serde_json::from_value(dashboard.clone())
        .map_err(|error| Refused::bad(error.to_string()))?;
    Ok(Json(dashboard))
}
