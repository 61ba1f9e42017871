//! Ordering a publication, giving it another time, calling it off.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use graph_api::limits::STORY_VIDEO_BYTES;
use serde::Deserialize;
use store::{NewPublication, Wished};
use utoipa::ToSchema;
use uuid::Uuid;

use super::show::PublicationOut;
use crate::{
    api::{Account, ApiError, Caller, Failures, Gate, In, Once, Scope},
    error::InputProblem,
    publishing::{LEAD_MS, PostKind, Spec, word_of},
};

/// So far ahead a post may be scheduled.
const HORIZON_MS: i64 = 366 * 24 * 3_600_000;

const GONE: &str = "names an upload that is gone: hand it in again";

/// A post, and when.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
pub(super) struct PublicationIn {
    #[garde(skip)]
    #[serde(flatten)]
    post: Spec,
    /// Not before this time (RFC 3339); none: as soon as Meta is done with the files.
    #[garde(skip)]
    #[schema(example = "2026-12-24T18:00:00Z")]
    publish_at: Option<String>,
    /// Whatever else came: a misspelt `publish_at` must not publish at once.
    #[garde(skip)]
    #[schema(ignore)]
    #[serde(flatten)]
    unknown: BTreeMap<String, serde_json::Value>,
}

/// Publishes a picture, a reel, a carousel or a story: now, or at a time. Follow it with
/// `GET /v1/accounts/{account}/publications/{publication}`.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/publications", tag = "publications",
    params(("account" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PublicationIn,
    responses((status = 201, body = PublicationOut), Failures)
)]
pub(super) async fn publish(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
    Once(once): Once,
    In(body): In<PublicationIn>,
) -> Result<(StatusCode, Json<PublicationOut>), ApiError> {
    caller.need(Scope::Publish)?;
    let account = caller.account(&gate, Some(&account)).await?;
    // Asked before anything is looked at that may have changed since: its files go when it is out, its time passes.
    if let Some(once) = once
        && let Some(earlier) = gate.store.publication_once(&word_of(once)).await?
        && earlier.account == account.id.as_str()
    {
        return Ok((StatusCode::CREATED, Json(earlier.into())));
    }
    let publish_at_ms = check(&gate, &account, &body).await?;
    let new = NewPublication {
        account: account.id.to_string(),
        spec: serde_json::to_value(&body.post).unwrap_or_default(),
        publish_at_ms,
        begin_at_ms: publish_at_ms.map(|at_ms| at_ms.saturating_sub(LEAD_MS)),
        once: once.map(word_of),
        uploads: body.post.uploads().collect(),
    };
    let stored = gate.store.publication_add(new).await?;
    // They were there when the order was checked: a post that was made of them got out meanwhile.
    let stored = stored.ok_or_else(|| ApiError::invalid_at("items", GONE))?;
    Ok((StatusCode::CREATED, Json(stored.into())))
}

/// Everything that is wrong, at once; else the time.
async fn check(
    gate: &Gate,
    account: &Account,
    body: &PublicationIn,
) -> Result<Option<i64>, ApiError> {
    let mut problems = Vec::new();
    let mut say = |at: String, says: String| problems.push(InputProblem { at, says });
    for name in body.unknown.keys() {
        say(name.clone(), "is no field of a publication".to_owned());
    }
    let mut videos = HashMap::new();
    for (at, item) in body.post.items.iter().enumerate() {
        let Some(id) = item.upload else { continue };
        match gate.store.upload(account.id.as_str(), id).await? {
            Some(upload) => {
                let is_video = upload.mime.starts_with("video/");
                videos.insert(id, is_video);
                if let Some(says) = too_large(body.post.kind, is_video, upload.bytes) {
                    say(format!("items[{at}].upload"), says);
                }
                if !is_video && gate.settings.public_url.is_none() {
                    let says = "Meta takes pictures by their address only, and this server has no public_url: set it, \
                                or give image_url";
                    say(format!("items[{at}].upload"), says.to_owned());
                }
            }
            None => say(
                format!("items[{at}].upload"),
                "is no upload of this account".to_owned(),
            ),
        }
    }
    for (at, says) in body
        .post
        .problems(|id| videos.get(&id).copied().unwrap_or_default())
    {
        say(at, says);
    }
    let publish_at_ms = match body.publish_at.as_deref().map(|text| time(gate, text)) {
        None => None,
        Some(Ok(at_ms)) => Some(at_ms),
        Some(Err(says)) => {
            say("publish_at".to_owned(), says.to_owned());
            None
        }
    };
    if problems.is_empty() {
        Ok(publish_at_ms)
    } else {
        Err(ApiError::invalid(problems))
    }
}

/// Uploads are taken up to the largest reel; a video of a story is smaller.
fn too_large(kind: PostKind, is_video: bool, bytes: i64) -> Option<String> {
    let is_over = u64::try_from(bytes).is_ok_and(|bytes| bytes > STORY_VIDEO_BYTES);
    (kind == PostKind::Story && is_video && is_over).then(|| {
        format!("is larger than the {STORY_VIDEO_BYTES} bytes that a story's video may have")
    })
}

fn time(gate: &Gate, text: &str) -> Result<i64, &'static str> {
    let at: jiff::Timestamp = text
        .parse()
        .map_err(|_| "is no time like 2026-12-24T18:00:00Z")?;
    let at_ms = at.as_millisecond();
    let now_ms = gate.clock.now_ms();
    if at_ms <= now_ms {
        Err("is in the past")
    } else if at_ms > now_ms.saturating_add(HORIZON_MS) {
        Err("is more than a year ahead")
    } else {
        Ok(at_ms)
    }
}

/// Another time.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveIn {
    /// The new time (RFC 3339).
    #[garde(length(max = 64))]
    #[schema(example = "2026-12-25T18:00:00Z")]
    publish_at: String,
}

/// Gives a scheduled publication another time.
#[utoipa::path(
    patch, path = "/v1/accounts/{account}/publications/{publication}", tag = "publications",
    params(
        ("account" = String, Path), ("publication" = String, Path),
        ("Idempotency-Key" = Option<String>, Header)
    ),
    request_body = MoveIn,
    responses((status = 200, body = PublicationOut), Failures)
)]
pub(super) async fn shift(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, publication)): Path<(String, String)>,
    In(body): In<MoveIn>,
) -> Result<Json<PublicationOut>, ApiError> {
    caller.need(Scope::Publish)?;
    let id: Uuid = publication.parse().map_err(|_| ApiError::not_found())?;
    let account = caller.account(&gate, Some(&account)).await?;
    let at_ms =
        time(&gate, &body.publish_at).map_err(|says| ApiError::invalid_at("publish_at", says))?;
    let begin_ms = at_ms.saturating_sub(LEAD_MS);
    let wished = gate
        .store
        .publication_move(account.id.as_str(), id, at_ms, begin_ms)
        .await?;
    told(wished)
}

/// Calls a publication off, as long as nobody can have seen it.
#[utoipa::path(
    delete, path = "/v1/accounts/{account}/publications/{publication}", tag = "publications",
    params(
        ("account" = String, Path), ("publication" = String, Path),
        ("Idempotency-Key" = Option<String>, Header)
    ),
    responses((status = 200, body = PublicationOut), Failures)
)]
pub(super) async fn cancel(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path((account, publication)): Path<(String, String)>,
) -> Result<Json<PublicationOut>, ApiError> {
    caller.need(Scope::Publish)?;
    let id: Uuid = publication.parse().map_err(|_| ApiError::not_found())?;
    let account = caller.account(&gate, Some(&account)).await?;
    told(
        gate.store
            .publication_cancel(account.id.as_str(), id)
            .await?,
    )
}

fn told(wished: Wished) -> Result<Json<PublicationOut>, ApiError> {
    match wished {
        Wished::Done(publication) => Ok(Json(publication.into())),
        Wished::Missing => Err(ApiError::not_found()),
        Wished::TooLate(publication) => Err(ApiError::new(
            StatusCode::CONFLICT,
            "too_late",
            format!("the publication is {} already", publication.state.as_str()),
        )
        .next_step("Read it again for how far it is.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storys_video_is_smaller_than_a_reel() {
        let large = 100_000_001;
        assert!(too_large(PostKind::Story, true, large).is_some());
        assert_eq!(too_large(PostKind::Story, true, large - 1), None);
        assert_eq!(too_large(PostKind::Reel, true, large), None);
    }
}
