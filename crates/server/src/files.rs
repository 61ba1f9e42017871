//! `GET /files/{work}/{file}`: a file behind a signed link that ends, for a video that did not fit.
//!
//! Everybody who may read it holds the link; everybody else learns nothing, not even whether a file
//! exists. It is offered as a download and can never run as a page of ours.

use std::{io, path::PathBuf, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bot::files::{LinkRefused, Presented, open};
use secrecy::SecretString;
use serde::Deserialize;
use store::Clock;
use tokio_util::io::ReaderStream;

use crate::error::ApiError;

/// What is needed to check and serve a link.
#[derive(Debug)]
pub(crate) struct Files {
    /// Where files are.
    pub data_dir: PathBuf,
    /// The key links are signed with.
    pub key: SecretString,
    /// Whether a link has ended.
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, Deserialize)]
struct Signed {
    until: i64,
    sign: String,
}

/// The one route.
pub(crate) fn routes(files: Arc<Files>) -> Router {
    Router::new()
        .route("/files/{work}/{file}", get(send))
        .with_state(files)
}

async fn send(
    State(files): State<Arc<Files>>,
    Path((work, file)): Path<(String, String)>,
    signed: Result<Query<Signed>, QueryRejection>,
) -> Response {
    let Ok(Query(Signed { until, sign })) = signed else {
        return ApiError::not_found().into_response();
    };
    let presented = Presented {
        work: &work,
        file: &file,
        until,
        sign: &sign,
    };
    match open(
        &files.data_dir,
        &files.key,
        &presented,
        files.clock.now_ms(),
    ) {
        Ok(path) => download(path, &file).await,
        Err(LinkRefused::Forged) => ApiError::not_found().into_response(),
        Err(LinkRefused::Ended) => ended(),
    }
}

fn ended() -> Response {
    ApiError::new(StatusCode::GONE, "link_ended", "this link has ended")
        .next_step("Send the reel again for a new link.")
        .into_response()
}

/// Streams the file: however large, it is never in memory as a whole.
async fn download(path: PathBuf, name: &str) -> Response {
    let opened = async {
        let file = tokio::fs::File::open(&path).await?;
        let bytes = file.metadata().await?.len();
        Ok::<_, io::Error>((file, bytes))
    };
    match opened.await {
        Ok((file, bytes)) => {
            let headers = [
                (
                    header::CONTENT_TYPE,
                    HeaderValue::from_static(media_type(name)),
                ),
                (header::CONTENT_LENGTH, HeaderValue::from(bytes)),
                (header::CONTENT_DISPOSITION, disposition(name)),
                (
                    header::CACHE_CONTROL,
                    HeaderValue::from_static("private, no-store"),
                ),
            ];
            (headers, Body::from_stream(ReaderStream::new(file))).into_response()
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => ended(),
        Err(error) => {
            tracing::error!(%error, "a linked file cannot be read");
            ApiError::internal().into_response()
        }
    }
}

/// Names were checked to be plain before they were signed.
fn disposition(name: &str) -> HeaderValue {
    HeaderValue::try_from(format!("attachment; filename=\"{name}\""))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("mp4") => "video/mp4",
        Some("gif") => "image/gif",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
