//! `GET /v1/accounts/{account}/profile`: the account as Meta shows it now.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    api::{ApiError, Caller, Failures, Gate, Provenance, Scope},
    gateway::{self, Served, Wishes},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new().routes(routes!(profile))
}

/// An account's profile. What Meta leaves out is null.
#[derive(Debug, Serialize, ToSchema)]
struct AccountProfileOut {
    /// The account's id as webhooks name it.
    #[schema(example = "17841400000000001")]
    id: String,
    /// The id that this app alone knows (Instagram Login); else the same.
    #[schema(example = "23945278568488807")]
    app_scoped_id: String,
    #[schema(example = "business_account")]
    username: Option<String>,
    name: Option<String>,
    /// In upper case; never with Facebook Login.
    #[schema(example = "BUSINESS")]
    account_type: Option<String>,
    biography: Option<String>,
    website: Option<String>,
    profile_picture_url: Option<String>,
    #[schema(example = 21480)]
    followers_count: Option<i64>,
    follows_count: Option<i64>,
    media_count: Option<i64>,
    source: Provenance,
}

/// The account as Meta shows it now.
#[utoipa::path(get, path = "/v1/accounts/{account}/profile", tag = "accounts",
    params(("account" = String, Path, example = "17841400000000001")),
    responses((status = 200, body = AccountProfileOut), (status = 304, description = "As you have it."), Failures))]
async fn profile(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    wishes: Wishes,
    caller: Caller,
) -> Result<Served, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&id)).await?;
    let got = gateway::profile(wishes.ask(&gate, &account)).await?;
    let source = Provenance::of(&gate, got.fetched_at_ms);
    let answer = got.map(|profile| AccountProfileOut {
        id: profile.user_id,
        app_scoped_id: profile.id,
        username: profile.username,
        name: profile.name,
        account_type: profile.account_type.map(|kind| kind.to_ascii_uppercase()),
        biography: profile.biography,
        website: profile.website,
        profile_picture_url: profile.profile_picture_url,
        followers_count: profile.followers_count,
        follows_count: profile.follows_count,
        media_count: profile.media_count,
        source,
    });
    Ok(Served::new(answer, &wishes))
}
