//! `POST /instagram/user/profile`: the document's profile, with both of Meta's ids.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::body::{TokenIn, account};
use crate::{
    api::{ApiError, DocumentCall, Failures, Gate, Provenance},
    gateway::{self, Served, Wishes},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new().routes(routes!(profile))
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
struct ProfileAnswer {
    profile: ProfileOut,
    #[schema(example = "Profile retrieved successfully")]
    message: &'static str,
    source: Provenance,
}

/// An account's profile.
#[derive(Debug, Serialize, ToSchema)]
struct ProfileOut {
    /// Meta's `id`: with Instagram Login the one that this app alone knows.
    #[schema(example = "23945278568488807")]
    id: String,
    /// The account's id as webhooks name it.
    #[schema(example = "17841400000000001")]
    user_id: String,
    #[schema(example = "business_account")]
    username: String,
    /// In upper case. Facebook Login does not tell it: there it is BUSINESS.
    #[schema(example = "BUSINESS")]
    account_type: String,
    #[schema(example = 156)]
    media_count: i64,
    name: Option<String>,
    biography: Option<String>,
    website: Option<String>,
    profile_picture_url: Option<String>,
    followers_count: Option<i64>,
    follows_count: Option<i64>,
}

/// The account's profile.
///
/// `user_id` picks one of the caller's accounts, by either of its ids.
#[utoipa::path(post, path = "/instagram/user/profile", tag = "document", request_body = TokenIn,
    responses((status = 200, body = ProfileAnswer), Failures))]
async fn profile(
    State(gate): State<Arc<Gate>>,
    wishes: Wishes,
    call: DocumentCall<TokenIn>,
) -> Result<Served, ApiError> {
    let account = account(&gate, &call).await?;
    let got = gateway::profile(wishes.ask(&gate, &account)).await?;
    let source = Provenance::of(&gate, got.fetched_at_ms);
    let answer = got.map(|profile| ProfileAnswer {
        profile: ProfileOut {
            id: profile.id,
            user_id: profile.user_id,
            username: profile.username.unwrap_or_default(),
            account_type: profile
                .account_type
                .map_or_else(|| "BUSINESS".to_owned(), |kind| kind.to_ascii_uppercase()),
            media_count: profile.media_count.unwrap_or_default(),
            name: profile.name,
            biography: profile.biography,
            website: profile.website,
            profile_picture_url: profile.profile_picture_url,
            followers_count: profile.followers_count,
            follows_count: profile.follows_count,
        },
        message: "Profile retrieved successfully",
        source,
    });
    Ok(Served::new(answer, &wishes))
}
