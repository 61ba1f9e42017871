//! Carries a file's bytes to Meta's host for uploads. The address that Meta answers when a container is made is not
//! followed: it is put together from the host that is set, so that the token goes nowhere else.

use super::call::{causes, unsendable};
use super::{AccessToken, Credentials, Graph, UPLOAD_TIMEOUT};
use crate::error::{CallError, GraphError, classify};
use crate::id::is_id;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::TryStreamExt as _;
use tokio::fs::File;
use tokio_util::io::ReaderStream;

/// Bytes read from disk at a time.
const CHUNK_BYTES: usize = 64 * 1024;
/// A large file takes its time on a slow line; one that carries less than this is given up.
const SLOWEST_BYTES_A_SECOND: u64 = 256 * 1024;
/// Largest answer that is read; it is one sentence.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

impl Graph {
    /// The same client with another host for uploads than Meta's.
    #[must_use]
    pub fn with_rupload(mut self, rupload: url::Url) -> Self {
        self.rupload = Some(rupload);
        self
    }

    pub(crate) async fn send_bytes(
        &self,
        credentials: &Credentials,
        container: &str,
        path: &Path,
    ) -> Result<(), CallError> {
        let unreadable = |error: std::io::Error| CallError::File(error.kind().to_string());
        let file = File::open(path).await.map_err(unreadable)?;
        let bytes = file.metadata().await.map_err(unreadable)?.len();
        let failed = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&failed);
        let stream = ReaderStream::with_capacity(file, CHUNK_BYTES)
            .inspect_err(move |_| flag.store(true, Ordering::Release));
        let request = self
            .pooled
            .post(self.upload_address(container)?)
            .header(AUTHORIZATION, oauth(&credentials.token)?)
            .header("offset", "0")
            .header("file_size", bytes)
            .header(CONTENT_LENGTH, bytes)
            .timeout(UPLOAD_TIMEOUT + Duration::from_secs(bytes / SLOWEST_BYTES_A_SECOND))
            .body(reqwest::Body::wrap_stream(stream));
        let answer = request.send().await.map_err(|error| {
            if failed.load(Ordering::Acquire) {
                return CallError::File("it could not be read to its end".to_owned());
            }
            CallError::Lost(causes(&error.without_url()))
        })?;
        read_verdict(answer).await
    }

    fn upload_address(&self, container: &str) -> Result<url::Url, CallError> {
        if !is_id(container) {
            return Err(unsendable("an id has characters that no id has"));
        }
        let meta = || url::Url::parse("https://rupload.facebook.com").ok();
        let mut url = self
            .rupload
            .clone()
            .or_else(meta)
            .ok_or_else(|| unsendable("there is no host for uploads"))?;
        url.path_segments_mut()
            .map_err(|()| unsendable("the base address has no path"))?
            .pop_if_empty()
            .extend(["ig-api-upload", &self.version.to_string(), container]);
        Ok(url)
    }
}

/// This host alone wants the token under another word than `Bearer`.
fn oauth(token: &AccessToken) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::try_from(format!("OAuth {}", token.expose()))
        .map_err(|_| unsendable("the token has characters that no token has"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// `{"success": true}`, or `{"debug_info": {"retriable", "type", "message"}}`.
async fn read_verdict(mut answer: reqwest::Response) -> Result<(), CallError> {
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    let lost = |error: reqwest::Error| CallError::Lost(causes(&error.without_url()));
    while let Some(chunk) = answer.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    if said.get("success") == Some(&Value::Bool(true)) {
        return Ok(());
    }
    let Some(info) = said.get("debug_info") else {
        let what = "an upload is answered with success";
        return Err(CallError::Malformed { status, what });
    };
    let retriable = info.get("retriable") == Some(&Value::Bool(true));
    // This host has no codes; the ones that publishing has for the same thing say what to do.
    let (code, subcode) = if retriable {
        (-1, 2_207_001)
    } else {
        (352, 2_207_026)
    };
    let message = info.get("message").and_then(Value::as_str);
    Err(CallError::Graph(Box::new(GraphError {
        code,
        subcode: Some(subcode),
        kind: classify(code, Some(subcode)),
        message: message.unwrap_or_default().to_owned(),
        is_transient: retriable,
        fbtrace_id: None,
        status,
        retry_after: None,
    })))
}
