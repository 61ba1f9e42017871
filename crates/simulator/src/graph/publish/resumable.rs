//! `rupload.facebook.com`: a video sent in one piece or several, or named by address in a header
//! (<https://developers.facebook.com/docs/instagram-platform/content-publishing/resumable-uploads>, 2026-09).
//! What arrived stays when the connection breaks: `video_status` of the container says how much.

use std::path::PathBuf;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router, routing::post};
use futures::StreamExt as _;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::fetch;
use crate::calls::CallNote;
use crate::graph::Host;
use crate::graph::auth::{self, Caller};
use crate::graph::call::Call;
use crate::world::container::{Container, Content, Stage};
use crate::world::{Shared, World};

pub(crate) fn routes() -> Router<std::sync::Arc<World>> {
    Router::new()
        .route(
            "/rupload.facebook.com/ig-api-upload/{version}/{container}",
            post(receive),
        )
        .layer(axum::extract::DefaultBodyLimit::disable())
}

/// Why an upload failed, and whether the same may be tried again.
struct Failure {
    retriable: bool,
    kind: &'static str,
    message: String,
}

impl Failure {
    fn new(retriable: bool, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            retriable,
            kind,
            message: message.into(),
        }
    }
}

async fn receive(
    State(world): State<Shared>,
    Path((_, id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    // A task of its own: a client that goes away must not stop what has arrived from being counted.
    let running = tokio::spawn({
        let headers = headers.clone();
        async move { run(&world, &id, &headers, request.into_body()).await }
    });
    let mut response = match running.await.unwrap_or_else(|_| Err(gone())) {
        Ok(()) => Json(json!({"success": true, "message": "Upload successful."})).into_response(),
        Err(failure) => {
            let body = json!({"debug_info": {
                "retriable": failure.retriable,
                "type": failure.kind,
                "message": failure.message,
            }});
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    };
    let shown = |name: &str| text(&headers, name);
    let note = json!({"offset": shown("offset"), "file_size": shown("file_size"), "file_url": shown("file_url")});
    response.extensions_mut().insert(CallNote(note));
    response
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name).and_then(|text| text.parse().ok())
}

async fn run(world: &Shared, id: &str, headers: &HeaderMap, body: Body) -> Result<(), Failure> {
    let caller = who(world, headers)?;
    let container = open(world, &caller, id)?;
    if let Some(url) = text(headers, "file_url") {
        super::fetch_later(
            world,
            id,
            container.kind,
            url.to_owned(),
            container.thumb_offset_ms,
        );
        return Ok(());
    }
    let (path, received) = claim(world, &container, headers)?;
    let outcome = append(world, id, &path, body).await;
    let total = {
        let mut state = world.lock();
        let upload = state
            .publishing
            .containers
            .get_mut(id)
            .and_then(|container| container.upload.as_mut())
            .ok_or_else(gone)?;
        upload.busy = false;
        upload.size.unwrap_or(0)
    };
    let now = received + outcome?;
    if now < total {
        return Err(Failure::new(
            true,
            "PartialRequestError",
            format!("{now} of {total} bytes arrived; go on at this offset"),
        ));
    }
    let judged = fetch::judge(
        world,
        container.kind,
        path,
        total,
        container.thumb_offset_ms,
    )
    .await;
    let now_ms = world.clock().now_ms();
    let outcome = judged.map(|asset| asset.id.clone());
    world.lock().publishing.settle(id, outcome, now_ms);
    Ok(())
}

/// Tokens of both log-ins upload here.
fn who(world: &World, headers: &HeaderMap) -> Result<Caller, Failure> {
    let mut last = None;
    for host in [Host::Facebook, Host::Instagram] {
        let mut call = Call::new(host, hyper::Method::POST, "");
        let filled = call.fill(headers, None, &axum::body::Bytes::new());
        match filled.and_then(|()| auth::authorise(world, &call)) {
            Ok(caller) => return Ok(caller),
            Err(error) => last = Some(error),
        }
    }
    let why = last.map_or_else(String::new, |error| {
        error.body()["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    });
    Err(Failure::new(false, "NotAuthorizedError", why))
}

fn gone() -> Failure {
    Failure::new(
        false,
        "ProcessingFailedError",
        "There is no such container that waits for an upload",
    )
}

fn open(world: &World, caller: &Caller, id: &str) -> Result<Container, Failure> {
    let now_ms = world.clock().now_ms();
    let state = world.lock();
    let container = state.publishing.containers.get(id).filter(|container| {
        container.account == caller.account
            && container.upload.is_some()
            && matches!(container.content, Content::Awaited)
            && container.stage(now_ms) == Stage::InProgress
    });
    container.cloned().ok_or_else(gone)
}

/// Checks offset and size and keeps a second writer away.
fn claim(
    world: &World,
    container: &Container,
    headers: &HeaderMap,
) -> Result<(PathBuf, u64), Failure> {
    let size = number(headers, "file_size").filter(|size| *size > 0);
    let wrong = |why: String| Failure::new(false, "ProcessingFailedError", why);
    let size = size.ok_or_else(|| wrong("The header file_size is missing".into()))?;
    let offset =
        number(headers, "offset").ok_or_else(|| wrong("The header offset is missing".into()))?;
    if size > fetch::limit(container.kind) {
        return Err(wrong(format!(
            "{size} bytes are more than a video may have"
        )));
    }
    let mut state = world.lock();
    let upload = state
        .publishing
        .containers
        .get_mut(&container.id)
        .and_then(|container| container.upload.as_mut())
        .ok_or_else(gone)?;
    if upload.busy {
        return Err(Failure::new(
            true,
            "PartialRequestError",
            "Another upload is running",
        ));
    }
    if upload.size.is_some_and(|known| known != size) {
        return Err(wrong("The header file_size has changed".into()));
    }
    if offset != upload.received {
        let have = upload.received;
        return Err(Failure::new(
            true,
            "OffsetInvalidError",
            format!("{have} bytes are here, the offset says {offset}"),
        ));
    }
    upload.busy = true;
    upload.size = Some(size);
    Ok((upload.path.clone(), upload.received))
}

/// Writes what arrives; how many bytes came.
async fn append(
    world: &World,
    id: &str,
    path: &std::path::Path,
    body: Body,
) -> Result<u64, Failure> {
    let disk = |_| {
        Failure::new(
            true,
            "ProcessingFailedError",
            "The upload cannot be written",
        )
    };
    let mut options = tokio::fs::OpenOptions::new();
    let mut file = options
        .append(true)
        .create(true)
        .open(path)
        .await
        .map_err(disk)?;
    let mut came = 0;
    let mut pieces = body.into_data_stream();
    // A broken connection ends the stream: what came until then counts.
    while let Some(Ok(piece)) = pieces.next().await {
        {
            let mut state = world.lock();
            let upload = state
                .publishing
                .containers
                .get_mut(id)
                .and_then(|container| container.upload.as_mut())
                .ok_or_else(gone)?;
            let received = upload.received + piece.len() as u64;
            if upload.size.is_some_and(|size| received > size) {
                return Err(Failure::new(
                    false,
                    "ProcessingFailedError",
                    "More bytes came than file_size says",
                ));
            }
            upload.received = received;
        }
        file.write_all(&piece).await.map_err(disk)?;
        came += piece.len() as u64;
    }
    file.flush().await.map_err(disk)?;
    Ok(came)
}
