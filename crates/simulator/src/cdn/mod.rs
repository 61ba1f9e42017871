//! The media host: signed addresses that expire on Meta's clock, byte ranges, everything streamed from disk.
//! Who may open which address is decided in `world::asset`; here it becomes HTTP.

mod range;

use std::{io::SeekFrom, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use crate::{
    samples::Access,
    world::{
        World,
        asset::{Asset, Closed, Source},
    },
};
use range::Part;

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new().route("/cdn/{*path}", get(media))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Signed {
    asset_id: String,
    signature: String,
    /// A test may ask for an answer that does not say how long it is.
    no_length: Option<String>,
}

async fn media(
    State(world): State<Arc<World>>,
    Query(signed): Query<Signed>,
    headers: HeaderMap,
) -> Response {
    let asset = match world.open_cdn(&signed.asset_id, &signed.signature) {
        Ok(asset) => asset,
        Err(Closed::Gone) => return refuse(StatusCode::NOT_FOUND, "URL not found"),
        Err(Closed::BadSignature) => return refuse(StatusCode::FORBIDDEN, "Bad URL hash"),
        Err(Closed::Expired) => return refuse(StatusCode::FORBIDDEN, "URL signature expired"),
    };
    if is_removed(&world, &asset) {
        return refuse(StatusCode::NOT_FOUND, "URL not found");
    }
    let mime = asset_mime(&world, &asset).await;
    match world.asset_path(&asset).await {
        Some(path) => {
            let mut answer = file(&path, &mime, &headers).await;
            if signed.no_length.is_some() {
                answer.headers_mut().remove(header::CONTENT_LENGTH);
            }
            answer
        }
        None => refuse(
            StatusCode::BAD_GATEWAY,
            "The sample could not be made; the simulator's log says why",
        ),
    }
}

/// A link to deleted content stops working (Instagram Platform overview, read 2026-11-22).
fn is_removed(world: &World, asset: &Asset) -> bool {
    let Source::Sample { code, .. } = &asset.source else {
        return false;
    };
    world
        .samples()
        .get(code)
        .is_some_and(|sample| sample.access == Access::Removed)
}

/// A sample knows its own type better than whoever shared it.
async fn asset_mime(world: &World, asset: &Asset) -> String {
    if let Source::Sample { code, item } = &asset.source
        && let Ok(made) = world.samples().made_item(code, item.unwrap_or(0)).await
    {
        return made.mime.to_owned();
    }
    asset.mime.clone()
}

fn refuse(status: StatusCode, why: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain")], why).into_response()
}

/// Streams a file, whole or in part.
pub(crate) async fn file(path: &std::path::Path, mime: &str, headers: &HeaderMap) -> Response {
    match open(path, mime, headers).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(%error, "a media file cannot be read");
            refuse(StatusCode::NOT_FOUND, "URL not found")
        }
    }
}

async fn open(
    path: &std::path::Path,
    mime: &str,
    headers: &HeaderMap,
) -> std::io::Result<Response> {
    let mut file = tokio::fs::File::open(path).await?;
    let size = file.metadata().await?.len();
    let asked = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let part = range::choose(asked, size);
    let (status, from, length) = match part {
        Part::Whole => (StatusCode::OK, 0, size),
        Part::Some { from, length } => (StatusCode::PARTIAL_CONTENT, from, length),
        Part::Outside => {
            let answer = (
                StatusCode::RANGE_NOT_SATISFIABLE,
                [(header::CONTENT_RANGE, format!("bytes */{size}"))],
            );
            return Ok(answer.into_response());
        }
    };
    if from > 0 {
        file.seek(SeekFrom::Start(from)).await?;
    }
    let mut answer = Response::new(Body::from_stream(ReaderStream::with_capacity(
        file.take(length),
        64 * 1_024,
    )));
    *answer.status_mut() = status;
    let answer_headers = answer.headers_mut();
    let mime =
        HeaderValue::from_str(mime).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    answer_headers.insert(header::CONTENT_TYPE, mime);
    answer_headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    answer_headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer_headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=86400"),
    );
    answer_headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {from}-{}/{size}", from + length - 1);
        if let Ok(range) = HeaderValue::from_str(&range) {
            answer_headers.insert(header::CONTENT_RANGE, range);
        }
    }
    Ok(answer)
}
