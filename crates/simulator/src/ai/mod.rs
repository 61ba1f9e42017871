//! An OpenAI-compatible endpoint for speech and chat under `/ai/v1`, for tests only: it knows what the samples say,
//! and says or does something else when a test asks for it through `POST /_sim/ai`.

mod chat;
mod listen;
mod speech;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Extension, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::world::World;

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/ai/v1/audio/transcriptions", post(speech::transcribe))
        .route("/ai/v1/chat/completions", post(chat::complete))
        .route("/ai/v1/models", get(models))
        .route("/_sim/ai", get(show).post(set).delete(clear))
        // Uploads are read by hand, up to a limit of our own.
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(Extension(Arc::new(Ai::default())))
}

/// What a test asked for, and what was asked of us.
#[derive(Debug, Default)]
pub(crate) struct Ai {
    script: Mutex<Script>,
    asked: Mutex<Asked>,
    ears: listen::Ears,
}

/// Body of `POST /_sim/ai`; each call replaces what was asked for before.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Script {
    /// A bearer key to insist on.
    key: Option<String>,
    speech: SpeechScript,
    chat: ChatScript,
}

/// How speech is answered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SpeechScript {
    /// Said to be heard, whatever was sent; absent: what the recognised sample says.
    text: Option<String>,
    /// Language name in the answer; absent `english`.
    language: Option<String>,
    no_speech_prob: Option<f64>,
    avg_logprob: Option<f64>,
    status: Option<u16>,
    delay_ms: u64,
    /// Answer with something that is not what was asked for.
    malformed: bool,
}

/// How chat is answered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ChatScript {
    mode: ChatMode,
    /// The answer's text, for mode `text`.
    text: Option<String>,
    status: Option<u16>,
    delay_ms: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ChatMode {
    /// A JSON summary made from the data.
    #[default]
    Summary,
    /// The same inside a code fence, with chatter around it.
    Fenced,
    /// Does what the data orders.
    Obey,
    /// A well-formed summary of something else.
    Foreign,
    /// JSON that breaks off.
    Malformed,
    /// Exactly the given text.
    Text,
}

/// What came in, for tests; nothing of it leaves this process but through `GET /_sim/ai`.
#[derive(Debug, Default, Serialize)]
struct Asked {
    transcriptions: Vec<Value>,
    chats: Vec<Value>,
}

impl Ai {
    fn script(&self) -> Script {
        self.script
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn show(Extension(ai): Extension<Arc<Ai>>) -> Response {
    let script = ai.script();
    let asked = serde_json::to_value(&*ai.asked()).unwrap_or_default();
    Json(json!({"script": script, "asked": asked})).into_response()
}

async fn set(Extension(ai): Extension<Arc<Ai>>, Json(script): Json<Script>) -> StatusCode {
    *ai.script.lock().unwrap_or_else(PoisonError::into_inner) = script;
    StatusCode::NO_CONTENT
}

async fn clear(Extension(ai): Extension<Arc<Ai>>) -> StatusCode {
    *ai.script.lock().unwrap_or_else(PoisonError::into_inner) = Script::default();
    *ai.asked() = Asked::default();
    StatusCode::NO_CONTENT
}

async fn models() -> Json<Value> {
    Json(json!({"object": "list", "data": [
        {"id": "sim-whisper", "object": "model", "owned_by": "simulator"},
        {"id": "sim-chat", "object": "model", "owned_by": "simulator"},
    ]}))
}

/// 404 when the simulator was started without this endpoint, 401 when a key is asked for and missing.
fn admit(
    world: &State<Arc<World>>,
    headers: &HeaderMap,
    script: &Script,
) -> Result<(), Box<Response>> {
    if !world.options().ai {
        return Err(Box::new(StatusCode::NOT_FOUND.into_response()));
    }
    let Some(key) = &script.key else {
        return Ok(());
    };
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if given.strip_prefix("Bearer ") == Some(key.as_str()) {
        return Ok(());
    }
    Err(Box::new(error(401, "Incorrect API key provided.")))
}

fn error(status: u16, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if status.is_client_error() {
        "invalid_request_error"
    } else {
        "server_error"
    };
    (
        status,
        Json(json!({"error": {"message": message, "type": kind, "param": null, "code": null}})),
    )
        .into_response()
}

async fn pause(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}
