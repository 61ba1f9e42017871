//! The control API under `/_sim`: how a test, a load generator or the phone page moves the world.

mod account_events;
mod accounts;
mod app;
mod events;
mod people;
mod posts;
mod seed;
mod share;
mod stream;
mod taps;
mod thread_view;
mod webhooks;
mod world_calls;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::world::World;
pub(crate) use webhooks::order;

/// What one person does in a thread.
fn people_routes() -> Router<Arc<World>> {
    Router::new()
        .route("/_sim/people", get(people::list))
        .route(
            "/_sim/people/{igsid}",
            get(people::read).post(people::change),
        )
        .route(
            "/_sim/people/{igsid}/messages",
            get(thread_view::read).post(people::write),
        )
        .route("/_sim/people/{igsid}/taps", post(taps::tap))
        .route("/_sim/people/{igsid}/menu", post(taps::menu))
        .route("/_sim/people/{igsid}/seen", post(events::seen))
}

/// What stands under posts, what is published, and who else is on Instagram.
fn posts_routes() -> Router<Arc<World>> {
    Router::new()
        .route("/_sim/comments", post(posts::comment))
        .route(
            "/_sim/comments/{id}",
            post(posts::change).delete(posts::remove),
        )
        .route("/_sim/mentions", get(posts::mentions).post(posts::mention))
        .route("/_sim/media", get(posts::media))
        .route(
            "/_sim/publishing",
            get(posts::publishing).post(posts::rules),
        )
        .route("/_sim/profiles", get(posts::profiles).post(posts::profile))
        .route("/_sim/hashtags", post(posts::hashtags))
}

/// Media and insights.
fn seed_routes() -> Router<Arc<World>> {
    Router::new()
        .route("/_sim/seed", get(seed::seed))
        .route("/_sim/media/{id}", post(seed::media))
        .route(
            "/_sim/insights",
            get(seed::insight_rules).post(seed::set_insight_rules),
        )
}

pub(crate) fn routes() -> Router<Arc<World>> {
    people_routes()
        .merge(posts_routes())
        .merge(seed_routes())
        .route("/_sim/stream", get(stream::stream))
        .route("/_sim/reactions", post(events::reaction))
        .route("/_sim/unsend", post(events::unsend))
        .route("/_sim/edits", post(events::edit))
        .route("/_sim/stories", post(events::story))
        .route("/_sim/postbacks", post(events::postback))
        .route("/_sim/referrals", post(events::referral))
        .route("/_sim/self", post(account_events::self_message))
        .route("/_sim/echoes", post(account_events::echo_by_hand))
        .route("/_sim/threads/owner", post(account_events::owner))
        .route("/_sim/events", post(account_events::any))
        .route(
            "/_sim/webhooks",
            get(webhooks::list)
                .post(webhooks::target)
                .delete(webhooks::close),
        )
        .route("/_sim/webhooks/raw", post(webhooks::raw))
        .route("/_sim/webhooks/hold", post(webhooks::hold))
        .route("/_sim/webhooks/release", post(webhooks::release))
        .route("/_sim/webhooks/redeliver", post(webhooks::redeliver))
        .route("/_sim/webhooks/batch", post(webhooks::batch))
        .route(
            "/_sim/faults",
            get(world_calls::faults)
                .post(world_calls::add_fault)
                .delete(world_calls::clear_faults),
        )
        .route("/_sim/faults/{id}", delete(world_calls::remove_fault))
        .route(
            "/_sim/clock",
            get(world_calls::clock).post(world_calls::move_clock),
        )
        .route(
            "/_sim/calls",
            get(world_calls::calls).delete(world_calls::forget_calls),
        )
        .route(
            "/_sim/limits",
            get(world_calls::limits).post(world_calls::set_limits),
        )
        .route("/_sim/limits/close", post(world_calls::close_budget))
        .route("/_sim/limits/level", post(world_calls::level_budget))
        .route("/_sim/usage", get(world_calls::usage))
        .route("/_sim/reset", post(world_calls::reset))
        .route("/_sim/accounts", get(accounts::list).post(accounts::change))
        .route("/_sim/app", get(app::read).post(app::change))
        .route("/_sim/tokens", post(accounts::token))
}

/// A control call that cannot be done, with a sentence that says what to do.
#[derive(Debug)]
pub(crate) struct Refused(StatusCode, String);

impl Refused {
    pub(crate) fn bad(why: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, why.into())
    }

    pub(crate) fn missing(why: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, why.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

pub(crate) type Answer = Result<Json<Value>, Refused>;
