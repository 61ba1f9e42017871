//! The sample posts over HTTP: the list, a new one, and their pictures.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    cdn,
    pages::permalink,
    samples::{MadeItem, MakeError, NewSample, Sample, media_id},
    world::World,
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ListIn {
    /// Make this sample's files before answering, so that their sizes are known: a code, or a `what` word.
    make: Option<String>,
}

/// `GET /_sim/reels`. Sizes are null until a sample's file was made: listing alone makes nothing.
pub(super) async fn list(State(world): State<Arc<World>>, Query(asked): Query<ListIn>) -> Response {
    let mut rows = Vec::new();
    for sample in world.samples().list() {
        if asked
            .make
            .as_ref()
            .is_some_and(|make| *make == sample.code || *make == sample.what)
            && let Err(error) = world.samples().made(&sample.code).await
        {
            return refusal(&error);
        }
        rows.push(show(
            &world,
            &sample,
            world.samples().made_already(&sample).as_ref(),
        ));
    }
    Json(rows).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateIn {
    text: String,
    caption: Option<String>,
    kind: Option<String>,
}

/// `POST /_sim/reels`: a sample that says what the caller wrote; its file exists when this answers.
pub(super) async fn create(State(world): State<Arc<World>>, Json(new): Json<CreateIn>) -> Response {
    let new = NewSample {
        text: new.text,
        caption: new.caption,
        what: new.kind,
    };
    let sample = match world.samples().add(new) {
        Ok(sample) => sample,
        Err(error) => return refusal(&error),
    };
    match world.samples().made_item(&sample.code, 0).await {
        Ok(made) => (
            StatusCode::CREATED,
            Json(show(&world, &sample, Some(&made))),
        )
            .into_response(),
        Err(error) => refusal(&error),
    }
}

/// `GET /_sim/posters/CODE/0.jpg`.
pub(super) async fn poster(
    State(world): State<Arc<World>>,
    Path((code, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(index) = file
        .strip_suffix(".jpg")
        .and_then(|number| number.parse::<usize>().ok())
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match world.samples().poster(&code, index).await {
        Ok(made) => cdn::file(&made.path, made.mime, &headers).await,
        Err(error) => refusal(&error),
    }
}

fn show(world: &World, sample: &Sample, made: Option<&MadeItem>) -> Value {
    let (_, mime) = sample.file_name(0);
    let asset = world.sample_asset(&sample.code, None, mime);
    json!({
        "code": sample.code,
        "media_id": media_id(&sample.code).map(|id| id.to_string()),
        "kind": sample.kind.as_str(),
        "what": sample.what,
        "title": sample.title,
        "caption": sample.caption,
        "author": sample.author,
        "author_name": sample.author_name,
        "speech": sample.speech,
        "items": sample.items(),
        // What people paste; `page_url` is where the simulated page stands.
        "url": permalink("https:/", sample),
        "share_url": format!("https://www.instagram.com/share/reel/{}/", sample.share_token),
        "page_url": permalink(world.base_url(), sample),
        "cdn_url": world.cdn_url(&asset.id),
        "poster": format!("/_sim/posters/{}/0.jpg", sample.code),
        "bytes": made.map(|made| made.bytes),
        "duration_ms": made.and_then(|made| made.duration_ms),
        "width": made.and_then(|made| made.width),
        "height": made.and_then(|made| made.height),
        "video_codec": made.and_then(|made| made.video_codec.clone()),
        "audio_codec": made.and_then(|made| made.audio_codec.clone()),
    })
}

fn refusal(error: &MakeError) -> Response {
    let status = match error {
        MakeError::Unknown => StatusCode::NOT_FOUND,
        MakeError::Refused(_) => StatusCode::BAD_REQUEST,
        MakeError::Tool(_) => StatusCode::BAD_GATEWAY,
    };
    (status, Json(json!({"error": error.to_string()}))).into_response()
}
