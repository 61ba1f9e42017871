//! Answers of the Bot API, and of what may stand before it.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{CallError, MAX_ANSWER_BYTES, Refusal};

#[derive(Deserialize)]
struct Envelope<'a> {
    ok: bool,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error_code: Option<i64>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

pub(super) async fn read<T: DeserializeOwned>(
    mut response: reqwest::Response,
) -> Result<T, CallError> {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|seconds| seconds.to_str().ok()?.trim().parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| CallError::Lost)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(CallError::Malformed(status));
        }
        body.extend_from_slice(&chunk);
    }
    answer(status, &body, retry_after)
}

pub(super) fn answer<T: DeserializeOwned>(
    status: u16,
    body: &[u8],
    retry_after: Option<u64>,
) -> Result<T, CallError> {
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(body) else {
        return Err(from_status(status, retry_after));
    };
    if envelope.ok {
        let result = envelope.result.ok_or(CallError::Malformed(status))?;
        return serde_json::from_str(result.get()).map_err(|_| CallError::Malformed(status));
    }
    let parameters = envelope.parameters.as_ref();
    let seconds = parameters
        .and_then(|parameters| parameters.retry_after)
        .or(retry_after);
    Err(CallError::Refused(Box::new(Refusal {
        code: envelope.error_code.unwrap_or_else(|| i64::from(status)),
        sentence: envelope.description.unwrap_or_default().to_lowercase(),
        retry_after: seconds.map(Duration::from_secs),
        migrate_to: parameters.and_then(|parameters| parameters.migrate_to_chat_id),
    })))
}

/// What stands before the Bot API answers in its own words, without JSON; only where the status alone is clear enough.
fn from_status(status: u16, retry_after: Option<u64>) -> CallError {
    if !matches!(status, 413 | 429) {
        return CallError::Malformed(status);
    }
    CallError::Refused(Box::new(Refusal {
        code: i64::from(status),
        retry_after: retry_after.map(Duration::from_secs),
        ..Refusal::default()
    }))
}
