//! graph.facebook.com and graph.instagram.com: one dispatcher, as Meta's hosts share most calls.

mod auth;
mod batch;
mod call;
pub(crate) mod comments;
mod compose;
mod conversations;
mod debug_token;
mod discovery;
mod error;
mod fields;
mod hashtags;
mod insights;
mod likes;
mod media;
mod mentions;
mod node;
mod owner;
mod page;
mod profile;
mod publish;
mod send;
mod sender_action;
mod subscribe;
mod template;
mod tokens;
mod upload;
pub(crate) mod usage;
mod version;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use http_body_util::BodyExt as _;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::Value;

use crate::calls::{Blocked, CallNote, Unmodelled};
use crate::world::{Shared, World};
use auth::Caller;
use call::Call;
use error::GraphError;

/// Which of the two hosts; it decides which tokens work and how some errors are worded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Facebook,
    Instagram,
}

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/graph.facebook.com/", any(facebook_root))
        .route("/graph.facebook.com/{*path}", any(facebook))
        .route("/graph.instagram.com/", any(instagram_root))
        .route("/graph.instagram.com/{*path}", any(instagram))
        .merge(publish::resumable::routes())
        // Uploads are larger than axum's default and are counted while they go to disk.
        .layer(axum::extract::DefaultBodyLimit::disable())
}

async fn facebook(
    State(world): State<Shared>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    serve(world, Host::Facebook, &path, request).await
}

async fn facebook_root(State(world): State<Shared>, request: Request) -> Response {
    serve(world, Host::Facebook, "", request).await
}

async fn instagram(
    State(world): State<Shared>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    serve(world, Host::Instagram, &path, request).await
}

async fn instagram_root(State(world): State<Shared>, request: Request) -> Response {
    serve(world, Host::Instagram, "", request).await
}

/// A call to a host that nobody simulates.
pub(crate) async fn unknown_host() -> Response {
    let mut response = StatusCode::NOT_FOUND.into_response();
    response.extensions_mut().insert(Unmodelled);
    response
}

/// `fbtrace_id` of an error: opaque.
pub(crate) fn trace_id() -> String {
    let noise: [u8; 11] = rand::random();
    format!("A{}", crate::world::letters(&noise))
}

/// What a handler answers, and what it tells the log.
struct Answer {
    value: Value,
    note: Option<CallNote>,
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        Self { value, note: None }
    }
}

async fn serve(world: Shared, host: Host, path: &str, request: Request) -> Response {
    let mut call = Call::new(host, request.method().clone(), path);
    call.hints = request.extensions().get().cloned().unwrap_or_default();
    let mut caller = None;
    let (outcome, note) = match read_and_run(&world, &mut call, request, &mut caller).await {
        Ok(answer) => (Ok(answer.value), answer.note),
        Err((error, note)) => (Err(error), note),
    };
    let mut response = match outcome {
        Ok(value) => {
            let mut response = Response::new(Body::from(value.to_string()));
            let json = HeaderValue::from_static("application/json; charset=UTF-8");
            response.headers_mut().insert(CONTENT_TYPE, json);
            response
        }
        Err(error) => error.into_response(),
    };
    if let Some(note) = note {
        response.extensions_mut().insert(note);
    }
    let version = call
        .version
        .as_deref()
        .unwrap_or(&world.options().graph_version);
    if let Ok(version) = HeaderValue::from_str(version) {
        response
            .headers_mut()
            .insert("facebook-api-version", version);
    }
    if let Ok(trace) = HeaderValue::from_str(&trace_id()) {
        response.headers_mut().insert("x-fb-trace-id", trace);
    }
    if let Some(caller) = caller {
        usage::report(&world, &call, &caller, response.headers_mut());
    }
    if call.blocked {
        response.extensions_mut().insert(Blocked);
    }
    response
}

type Refusal = (GraphError, Option<CallNote>);

async fn read_and_run(
    world: &Shared,
    call: &mut Call,
    request: Request,
    known: &mut Option<Caller>,
) -> Result<Answer, Refusal> {
    let plain = |error| (error, None);
    let multipart = request
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
    let (headers, query) = (
        request.headers().clone(),
        request.uri().query().map(str::to_owned),
    );
    let upload = if multipart {
        call.fill(&headers, query.as_deref(), &Bytes::new())
            .map_err(plain)?;
        Some(upload::receive(world, call, request).await.map_err(plain)?)
    } else {
        // The call log has read a body like this into memory already.
        let body = match request.into_body().collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(_) => return Err(plain(GraphError::argument("The body cannot be read"))),
        };
        call.fill(&headers, query.as_deref(), &body)
            .map_err(plain)?;
        None
    };
    let note = upload.as_ref().map(|upload| CallNote(upload.note.clone()));
    let outcome = if batch::is_several(call) {
        batch::run(world, call).await
    } else {
        one(world, call, upload, known).await
    };
    match outcome {
        Ok(value) => Ok(Answer { value, note }),
        Err(error) => Err((error, note)),
    }
}

/// One call from its token to its answer; `known` is who called, also if the call is refused later.
async fn one(
    world: &Shared,
    call: &mut Call,
    upload: Option<upload::Received>,
    known: &mut Option<Caller>,
) -> Result<Value, GraphError> {
    version::settle(world, call)?;
    if let Some(answer) = tokens::run(world, call) {
        return answer;
    }
    let caller = auth::authorise(world, call)?;
    *known = Some(caller.clone());
    usage::spend(world, call, &caller)?;
    if let Some(answer) = owner::run(world, call, &caller) {
        return answer;
    }
    if let Some(answer) = auth::permit(call, &caller)? {
        return Ok(answer);
    }
    dispatch(world, call, &caller, upload).await
}

async fn dispatch(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    upload: Option<upload::Received>,
) -> Result<Value, GraphError> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let unknown = || {
        Err(GraphError::no_path(
            call.host,
            &format!("/{}", call.segments.join("/")),
        ))
    };
    let own = |id: &str| {
        let state = world.lock();
        match state.accounts.get(&caller.account) {
            Some(account) if auth::is_own(account, id) => Ok(()),
            _ => Err(GraphError::no_object(id)),
        }
    };
    if let Some(answer) = write::dispatch(world, call, caller).await {
        return answer;
    }
    if let Some(answer) = media::dispatch(world, call, caller) {
        return answer;
    }
    match (&call.method, segments.as_slice()) {
        (&Method::POST, [id, "messages"]) => {
            own(id)?;
            send::run(world, call, caller).await
        }
        (&Method::POST, [id, "message_attachments"]) => {
            own(id)?;
            upload::run(world, call, caller, upload).await
        }
        (_, [id, "subscribed_apps"]) => {
            own(id)?;
            subscribe::run(world, call, caller)
        }
        (_, [id, "messenger_profile"]) => {
            own(id)?;
            profile::run(world, call, caller)
        }
        (&Method::GET, [id, "conversations"]) => {
            own(id)?;
            conversations::list(world, call, caller)
        }
        (&Method::GET, [id, "messages"]) => conversations::messages_of(world, call, caller, id),
        (&Method::GET, [id]) => match write::beyond(world, call, caller, id) {
            Some(answer) => answer,
            None => node::read(world, call, caller, id),
        },
        _ => unknown(),
    }
}
