//! Reads what a caller sends and checks it before a handler sees it, telling every problem at once.

use std::sync::Arc;

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, header, request::Parts},
};
use garde::Validate;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ApiError, Caller, Gate};
use crate::{
    body::{self, BodyError},
    error::InputProblem,
};

/// A JSON body of ours, checked.
#[derive(Debug)]
pub(crate) struct In<T>(pub(crate) T);

/// A query, checked.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

/// A call of the second document: its body may carry `access_token`, which then says who asks.
#[derive(Debug)]
pub(crate) struct DocumentCall<T> {
    pub(crate) caller: Caller,
    pub(crate) body: T,
}

impl<T> FromRequest<Arc<Gate>> for In<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, gate: &Arc<Gate>) -> Result<Self, ApiError> {
        let value = json(request, gate).await?;
        Ok(Self(checked(value)?))
    }
}

impl<T> FromRequestParts<Arc<Gate>> for Asked<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Gate>) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_html_form(query);
        let value: T =
            serde_path_to_error::deserialize(reader).map_err(|error| unreadable(&error))?;
        value.validate().map_err(|report| problems(&report))?;
        Ok(Self(value))
    }
}

impl<T> FromRequest<Arc<Gate>> for DocumentCall<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, gate: &Arc<Gate>) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let mut value = json(Request::from_parts(parts.clone(), body), gate).await?;
        let token = match value
            .as_object_mut()
            .and_then(|body| body.remove("access_token"))
        {
            None | Some(Value::Null) => None,
            Some(Value::String(token)) if token.trim().is_empty() => None,
            Some(Value::String(token)) => Some(SecretString::from(token)),
            Some(_) => return Err(ApiError::invalid_at("access_token", "is no text")),
        };
        let caller = Caller::of(gate, &parts, token).await?;
        Ok(Self {
            caller,
            body: checked(value)?,
        })
    }
}

/// The pairs of a query as serde reads them.
fn serde_html_form(query: &str) -> serde_urlencoded::Deserializer<'_> {
    serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()))
}

async fn json(request: Request, gate: &Gate) -> Result<Value, ApiError> {
    let (parts, body) = request.into_parts();
    let limits = &gate.settings.api;
    let deadline = std::time::Duration::from_secs(gate.settings.webhook.body_timeout_seconds);
    let bytes = body::read(body, limits.max_body_bytes, deadline)
        .await
        .map_err(|error| broken_body(error, limits.max_body_bytes))?;
    // No body is an empty object: the document's clients leave it out when they have a key.
    if bytes.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    let is_json = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(says_json);
    if !is_json {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            "the body must be JSON, with Content-Type: application/json",
        )
        .next_step("Send JSON, and say so: Content-Type: application/json."));
    }
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "broken_json",
            format!(
                "the body is no JSON: line {}, column {}",
                error.line(),
                error.column()
            ),
        )
        .next_step("Correct the JSON at that place and send the call again.")
    })?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(ApiError::invalid_at("body", "must be a JSON object"))
    }
}

/// Whether a content type is JSON's own. Exactly: `text/plain; charset=json` is what any web page may send anywhere.
fn says_json(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

pub(super) fn broken_body(error: BodyError, cap: usize) -> ApiError {
    match error {
        BodyError::TooLarge => ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("the body is larger than {cap} bytes"),
        )
        .next_step("Send less, or raise api.max_body_bytes; files go to …/uploads."),
        BodyError::TooSlow => ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            "the body took too long to arrive",
        )
        .next_step("Send it again over a faster line."),
        BodyError::Broken => ApiError::new(
            StatusCode::BAD_REQUEST,
            "broken_body",
            "the body ended early",
        )
        .next_step("Send the call again, with its whole body."),
    }
}

fn checked<T>(value: Value) -> Result<T, ApiError>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    let read: T = serde_path_to_error::deserialize(value).map_err(|error| unreadable(&error))?;
    read.validate().map_err(|report| problems(&report))?;
    Ok(read)
}

fn unreadable<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> ApiError {
    let at = error.path().to_string();
    let at = if at == "." { "body" } else { &at };
    ApiError::invalid_at(at, error.inner().to_string())
}

fn problems(report: &garde::Report) -> ApiError {
    let problems = report
        .iter()
        .map(|(path, problem)| InputProblem {
            at: path.to_string(),
            says: problem.message().to_owned(),
        })
        .collect();
    ApiError::invalid(problems)
}

#[cfg(test)]
mod tests {
    use super::says_json;

    #[test]
    fn only_jsons_own_type_is_json() {
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/vnd.api+json",
        ] {
            assert!(says_json(good), "{good}");
        }
        for bad in [
            "text/plain; charset=json",
            "text/plain;application/json",
            "application/x-www-form-urlencoded; json",
            "application/jsonp",
            "text/x+json",
            "",
        ] {
            assert!(!says_json(bad), "{bad}");
        }
    }
}
