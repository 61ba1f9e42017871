//! Publications as they are told.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Publication, PublicationState};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{ApiError, Asked, Caller, Failures, Gate, Paging, Scope},
    convert::moment,
    publishing::{Progress, Spec},
};

/// What was used of the allowance, and what there is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QuotaOut {
    used: i64,
    total: Option<i64>,
}

/// A publication.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PublicationOut {
    #[schema(value_type = String, example = "019a9d2e-7c1b-7d53-9f7e-0a4f6c2b1d10")]
    id: Uuid,
    /// `scheduled`, `preparing`, `processing`, `publishing`, `published`, `failed`, `cancelled`, `unknown`.
    #[schema(example = "published")]
    state: &'static str,
    /// What it waits for: `its_time`, `processing`, `quota`, `budget`, `throttled`, `platform`, `outcome`, `account` (its
    /// owner has to connect it anew; `error` says why).
    waits_for: Option<String>,
    /// When it goes on; `Retry-After` says the same of one that is read alone.
    #[schema(example = "2026-12-24T17:50:00Z")]
    waits_until: Option<String>,
    /// Not before this time.
    #[schema(example = "2026-12-24T18:00:00Z")]
    publish_at: Option<String>,
    /// Meta's id of the post, once it is out.
    #[schema(example = "17900000000000099")]
    media_id: Option<String>,
    /// Meta's id of what is going to be published.
    container_id: Option<String>,
    /// What was asked for.
    post: Option<Spec>,
    /// The allowance, as it was last read.
    quota: Option<QuotaOut>,
    /// The write that is its first comment: `GET /v1/accounts/{account}/writes/{write}`.
    #[schema(value_type = Option<String>)]
    first_comment: Option<Uuid>,
    /// Why it failed, or why its account is waited for, as an error's body.
    error: Option<Value>,
    created_at: String,
    changed_at: String,
}

impl From<Publication> for PublicationOut {
    fn from(publication: Publication) -> Self {
        let progress = Progress::of(&publication);
        let waits = !publication.state.is_over() && progress.waits_for.is_some();
        Self {
            id: publication.id,
            state: publication.state.as_str(),
            waits_until: progress.waits_until_ms.filter(|_| waits).map(moment),
            waits_for: progress.waits_for.filter(|_| waits),
            publish_at: publication.publish_at_ms.map(moment),
            media_id: publication.media_id,
            container_id: publication.container_id,
            post: serde_json::from_value(publication.spec).ok(),
            quota: progress.quota.map(|(used, total)| QuotaOut { used, total }),
            first_comment: progress.first_comment,
            error: progress.error,
            created_at: moment(publication.created_at_ms),
            changed_at: moment(publication.changed_at_ms),
        }
    }
}

/// A page of publications.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PublicationsOut {
    data: Vec<PublicationOut>,
    paging: Paging,
}

/// Which publications.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
pub(super) struct PublicationsAsked {
    /// How many at most.
    #[garde(range(min = 1, max = 100))]
    #[serde(default = "fifty")]
    #[param(default = 50, minimum = 1, maximum = 100)]
    limit: u32,
    /// The cursor that the page before answered.
    #[garde(skip)]
    #[param(value_type = Option<String>)]
    after: Option<Uuid>,
    /// Only those in this state.
    #[garde(custom(known_state))]
    state: Option<String>,
}

fn fifty() -> u32 {
    50
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "what garde calls is called so"
)]
fn known_state(word: &Option<String>, (): &()) -> garde::Result {
    match word {
        Some(word) if PublicationState::parse(word).is_none() => {
            Err(garde::Error::new("is no state of a publication"))
        }
        _ => Ok(()),
    }
}

/// The account's publications, newest first.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/publications", tag = "publications",
    params(("account" = String, Path), PublicationsAsked),
    responses((status = 200, body = PublicationsOut), Failures)
)]
pub(super) async fn list(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
    Asked(asked): Asked<PublicationsAsked>,
) -> Result<Json<PublicationsOut>, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let state = asked.state.as_deref().and_then(PublicationState::parse);
    let found = gate
        .store
        .publications(account.id.as_str(), state, asked.after, asked.limit)
        .await?;
    let is_full = found.len() >= asked.limit as usize;
    let last = found.last().map(|publication| publication.id.to_string());
    Ok(Json(PublicationsOut {
        data: found.into_iter().map(Into::into).collect(),
        paging: Paging {
            after: last.filter(|_| is_full),
        },
    }))
}

/// When to look again at what waits.
fn come_back(publication: &Publication, now_ms: i64) -> HeaderMap {
    let progress = Progress::of(publication);
    let until_ms = progress.waits_until_ms.filter(|until_ms| {
        !publication.state.is_over() && progress.waits_for.is_some() && *until_ms > now_ms
    });
    let wait_ms = until_ms.map(|until_ms| until_ms.saturating_sub(now_ms).unsigned_abs());
    wait_ms
        .map(|wait_ms| {
            (
                header::RETRY_AFTER,
                HeaderValue::from(wait_ms.div_ceil(1000)),
            )
        })
        .into_iter()
        .collect()
}

/// One publication.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/publications/{publication}", tag = "publications",
    params(("account" = String, Path), ("publication" = String, Path)),
    responses((status = 200, body = PublicationOut), Failures)
)]
pub(super) async fn one(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, publication)): Path<(String, String)>,
) -> Result<(HeaderMap, Json<PublicationOut>), ApiError> {
    caller.need(Scope::Read)?;
    let id: Uuid = publication.parse().map_err(|_| ApiError::not_found())?;
    let account = caller.account(&gate, Some(&account)).await?;
    let found = gate.store.publication(id).await?;
    let found = found.filter(|found| found.account == account.id.as_str());
    let found = found.ok_or_else(ApiError::not_found)?;
    let headers = come_back(&found, gate.clock.now_ms());
    Ok((headers, Json(found.into())))
}
