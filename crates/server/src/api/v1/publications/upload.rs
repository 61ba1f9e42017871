//! `POST /v1/accounts/{account}/uploads`: hands a file in to be published. It is streamed to disk under the cap of its
//! kind, and goes when it was published or given up.

use std::{
    path::{Path as FilePath, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
};
use futures::StreamExt as _;
use graph_api::limits::{PUBLISHED_IMAGE_BYTES, REEL_BYTES};
use serde::Serialize;
use store::UploadRow;
use tokio::io::AsyncWriteExt as _;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{ApiError, Caller, Failures, Gate, Scope},
    publishing::upload_path,
};

/// What Meta publishes: type, name, largest size.
const KINDS: [(&str, &str, u64); 3] = [
    ("image/jpeg", "picture.jpg", PUBLISHED_IMAGE_BYTES),
    ("video/mp4", "video.mp4", REEL_BYTES),
    ("video/quicktime", "video.mov", REEL_BYTES),
];

/// A file that was handed in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadOut {
    /// Name it as an item's `upload`.
    #[schema(value_type = String, example = "019a9d2e-7c1b-7d53-9f7e-0a4f6c2b1d10")]
    id: Uuid,
    #[schema(example = "video/mp4")]
    mime: &'static str,
    #[schema(example = 1_048_576)]
    bytes: u64,
}

/// Hands in a file: its bytes are the body, its type the Content-Type (image/jpeg, video/mp4, video/quicktime).
#[utoipa::path(
    post, path = "/v1/accounts/{account}/uploads", tag = "publications",
    params(("account" = String, Path)),
    request_body(content = Vec<u8>, content_type = "video/mp4"),
    responses((status = 201, body = UploadOut), Failures)
)]
pub(super) async fn upload(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<UploadOut>), ApiError> {
    caller.need(Scope::Publish)?;
    let account = caller.account(&gate, Some(&account)).await?;
    let mime = headers.get(header::CONTENT_TYPE);
    let mime = mime.and_then(|mime| mime.to_str().ok()).unwrap_or_default();
    let (mime, name, most) = *KINDS
        .iter()
        .find(|(kind, _, _)| mime.eq_ignore_ascii_case(kind))
        .ok_or_else(not_published)?;
    let id = gate.store.new_id();
    let path = upload_path(&gate.settings.data_dir, id, name);
    let remains = Remains(Some(path.clone()));
    let idle = Duration::from_secs(gate.settings.webhook.body_timeout_seconds);
    let bytes = keep(&path, body, most, idle).await?;
    let row = UploadRow {
        id,
        account: account.id.to_string(),
        mime: mime.to_owned(),
        file: name.to_owned(),
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        created_at_ms: gate.clock.now_ms(),
    };
    gate.store.upload_add(row).await?;
    remains.stay();
    Ok((StatusCode::CREATED, Json(UploadOut { id, mime, bytes })))
}

/// Takes a file away that did not arrive whole, also when whoever hangs up ends the request in the middle of a line.
struct Remains(Option<PathBuf>);

impl Remains {
    fn stay(mut self) {
        self.0 = None;
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        if let Some(folder) = self.0.as_deref().and_then(FilePath::parent) {
            // What cannot be removed now is swept up with other old files.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// Writes a body to disk, as long as some of it keeps coming.
async fn keep(path: &FilePath, body: Body, most: u64, idle: Duration) -> Result<u64, ApiError> {
    let broken = |error: std::io::Error| {
        tracing::error!(%error, "an upload cannot be written");
        ApiError::internal()
    };
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(broken)?;
    }
    let mut file = tokio::fs::File::create(path).await.map_err(broken)?;
    let mut bytes = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = tokio::time::timeout(idle, chunks.next())
        .await
        .map_err(|_| stalled())?
    {
        let chunk = chunk.map_err(|_| {
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "broken_body",
                "the body ended early",
            )
            .next_step("Send the file again.")
        })?;
        bytes += chunk.len() as u64;
        if bytes > most {
            return Err(ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                format!("the file is larger than the {most} bytes that Meta publishes"),
            )
            .next_step("Send a smaller file: fewer bits a second, or shorter."));
        }
        file.write_all(&chunk).await.map_err(broken)?;
    }
    if bytes == 0 {
        return Err(ApiError::invalid_at("body", "is empty"));
    }
    file.sync_all().await.map_err(broken)?;
    Ok(bytes)
}

fn stalled() -> ApiError {
    ApiError::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_stalled",
        "no more of the file came for too long",
    )
    .next_step("Send the file again.")
}

fn not_published() -> ApiError {
    ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not_published",
        "Meta publishes JPEG pictures and MP4 or MOV videos",
    )
    .next_step("Send the file's bytes with Content-Type: image/jpeg, video/mp4 or video/quicktime.")
}
