//! One attempt of one call: build it, send it once, read an answer of bounded size, and say
//! exactly how sure we are of what happened. Longer than 400 lines, since a call is one story from address to answer.

use super::observe::{CallCode, CallRecord};
use super::{AccessToken, Credentials, Graph, Login};
use crate::budget::{Payer, Usage};
use crate::error::{CallError, GraphError, NotSent, TOO_LONG, classify};
use crate::id::{AccountId, is_id};
use crate::request::{Payload, Request};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use url::Url;

/// Largest answer that is read of a call that names no other; 20 long messages with all their addresses are under
/// 200 KB.
pub(crate) const USUAL_ANSWER_BYTES: usize = 1024 * 1024;

/// A file on its way, which is no data: the form that streams it, its time limit, and the flag that is set if it could
/// not be read.
pub(super) struct Streamed {
    pub(super) form: Box<reqwest::multipart::Form>,
    pub(super) limit: Duration,
    pub(super) file_failed: Arc<AtomicBool>,
}

/// A good answer, as bytes that were not looked into yet.
pub struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Its bytes are people's words, or a token.
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// The answer as a type; what does not fit is no answer that we understand.
    pub fn read<T: DeserializeOwned>(&self, what: &'static str) -> Result<T, CallError> {
        serde_json::from_slice(&self.body).map_err(|_| self.malformed(what))
    }

    /// The error for an answer that cannot be understood.
    pub fn malformed(&self, what: &'static str) -> CallError {
        CallError::Malformed {
            status: self.status,
            what,
        }
    }
}

/// What the headers and the body of any answer may tell the observer.
#[derive(Default)]
pub(super) struct Told {
    pub(super) usage: Option<Usage>,
    pub(super) fbtrace_id: Option<String>,
    pub(super) status: u16,
}

/// Which call it was.
pub(super) struct Called {
    pub(super) endpoint: &'static str,
    pub(super) method: &'static str,
    pub(super) account: AccountId,
    pub(super) payer: Payer,
    pub(super) started: Instant,
}

impl Graph {
    /// Sends a request, once, and tells the observer. So much of the answer is read.
    pub(crate) async fn carry(
        &self,
        credentials: &Credentials,
        request: Request,
        most_bytes: usize,
    ) -> Result<Answer, CallError> {
        self.call(credentials, request, None, most_bytes).await
    }

    /// The same with a file in place of the request's body.
    pub(super) async fn call(
        &self,
        credentials: &Credentials,
        request: Request,
        file: Option<Streamed>,
        most_bytes: usize,
    ) -> Result<Answer, CallError> {
        let called = Called {
            endpoint: request.endpoint,
            method: method_name(&request.method),
            account: credentials.account.clone(),
            payer: credentials.payer(),
            started: Instant::now(),
        };
        let mut told = Told::default();
        let sent = (request, file);
        let result = self.attempt(credentials, sent, most_bytes, &mut told).await;
        self.tell(called, &result, told);
        result
    }

    /// What the log and the observer hear of a call.
    pub(super) fn tell(&self, called: Called, result: &Result<Answer, CallError>, told: Told) {
        let Called {
            endpoint,
            method,
            account,
            payer,
            started,
        } = called;
        let code = match result {
            Ok(answer) => CallCode::Http(answer.status),
            Err(CallError::Graph(error)) => CallCode::Graph {
                code: error.code,
                subcode: error.subcode,
            },
            Err(CallError::Malformed { .. }) => CallCode::Http(told.status),
            Err(CallError::NotSent(NotSent::Connect(_))) => CallCode::Transport("connect"),
            Err(CallError::NotSent(NotSent::Unsendable(_))) => CallCode::Transport("unsendable"),
            Err(CallError::File(_)) => CallCode::Transport("file"),
            Err(CallError::Lost(_)) => CallCode::Transport("lost"),
        };
        let record = CallRecord {
            endpoint,
            method,
            account,
            payer,
            code,
            duration: started.elapsed(),
            fbtrace_id: told.fbtrace_id,
            usage: told.usage,
        };
        tracing::debug!(
            endpoint,
            account = %record.account,
            code = %record.code,
            duration_ms = u64::try_from(record.duration.as_millis()).unwrap_or(u64::MAX),
            fbtrace_id = record.fbtrace_id.as_deref(),
            "graph call"
        );
        self.observer.called(&record);
    }

    async fn attempt(
        &self,
        credentials: &Credentials,
        (request, file): (Request, Option<Streamed>),
        most_bytes: usize,
        told: &mut Told,
    ) -> Result<Answer, CallError> {
        let mut url = self.address_of(credentials, &request)?;
        if let Some(secret) = &credentials.app_secret {
            let proof = proof(secret, &credentials.token)?;
            url.query_pairs_mut().append_pair("appsecret_proof", &proof);
        }
        let client = if request.visible {
            &self.brisk
        } else {
            &self.pooled
        };
        let sent = client
            .request(request.method, url)
            .header(AUTHORIZATION, bearer(&credentials.token)?)
            .timeout(self.call_timeout);
        let (sent, file_failed) = match (file, request.body) {
            (Some(file), _) => (
                sent.multipart(*file.form).timeout(file.limit),
                Some(file.file_failed),
            ),
            (None, Payload::None) => (sent, None),
            (None, Payload::Json(body)) => (sent.json(&body), None),
            (None, Payload::Form(pairs)) => (sent.form(&pairs), None),
        };
        let response = sent.send().await.map_err(|error| {
            if file_failed.is_some_and(|failed| failed.load(Ordering::Acquire)) {
                return CallError::File("it could not be read to its end".to_owned());
            }
            not_answered(error)
        })?;
        told.status = response.status().as_u16();
        told.usage = usage(response.headers());
        told.fbtrace_id = header(response.headers(), "x-fb-trace-id").map(str::to_owned);
        read_answer(response, most_bytes, told).await
    }

    /// Where a request would go: host by login family, version, path and query. What is made from the token
    /// (`appsecret_proof`) is not in it, so it may be shown and logged.
    pub fn address_of(
        &self,
        credentials: &Credentials,
        request: &Request,
    ) -> Result<Url, CallError> {
        let mut url = match credentials.login {
            Login::Facebook { .. } => self.hosts.graph_facebook.clone(),
            Login::Instagram => self.hosts.graph_instagram.clone(),
        };
        if !request.path.iter().all(|segment| is_id(segment)) {
            return Err(unsendable("an id has characters that no id has"));
        }
        url.path_segments_mut()
            .map_err(|()| unsendable("the base address has no path"))?
            .pop_if_empty()
            .push(&self.version.to_string())
            .extend(&request.path);
        url.set_query(None);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        Ok(url)
    }
}

pub(super) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::DELETE => "DELETE",
        _ => "POST",
    }
}

pub(crate) fn unsendable(why: &'static str) -> CallError {
    CallError::NotSent(NotSent::Unsendable(why))
}

/// In the header and not in the address: addresses are logged by everyone on the way.
fn bearer(token: &AccessToken) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| unsendable("the token has characters that no token has"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn proof(secret: &SecretString, token: &AccessToken) -> Result<String, CallError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| unsendable("the app secret cannot sign"))?;
    mac.update(token.expose().as_bytes());
    Ok(hex::encode(mac.finalize().into_bytes()))
}

/// Was it sent? Everything inside the connector (name, TCP, TLS) fails before a byte of the
/// request is written; afterwards nothing is certain.
pub(super) fn not_answered(error: reqwest::Error) -> CallError {
    let error = error.without_url();
    if error.is_builder() {
        return unsendable("the request could not be built");
    }
    if error.is_connect() {
        return CallError::NotSent(NotSent::Connect(causes(&error)));
    }
    CallError::Lost(causes(&error))
}

/// An error with what caused it: the outermost sentence alone says "error sending request".
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

pub(super) fn usage(headers: &HeaderMap) -> Option<Usage> {
    let app = header(headers, "x-app-usage").or_else(|| header(headers, "x-page-usage"));
    Usage::from_headers(app, header(headers, "x-business-use-case-usage"))
}

pub(super) async fn read_answer(
    mut response: Response,
    most_bytes: usize,
    told: &mut Told,
) -> Result<Answer, CallError> {
    let retry_after = header(response.headers(), RETRY_AFTER.as_str())
        .and_then(|seconds| seconds.trim().parse().ok())
        .map(Duration::from_secs);
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| {
        CallError::Lost(format!(
            "the answer broke off: {}",
            causes(&error.without_url())
        ))
    })? {
        if body.len() + chunk.len() > most_bytes {
            return Err(CallError::Malformed {
                status: told.status,
                what: TOO_LONG,
            });
        }
        body.extend_from_slice(&chunk);
    }
    if let Some(mut error) = graph_error(&body, told.status) {
        error.retry_after = retry_after
            .max(told.usage.as_ref().and_then(Usage::regain))
            .or(retry_after);
        error.fbtrace_id = error.fbtrace_id.or_else(|| told.fbtrace_id.clone());
        told.fbtrace_id.clone_from(&error.fbtrace_id);
        return Err(CallError::Graph(Box::new(error)));
    }
    if !status.is_success() {
        return Err(CallError::Malformed {
            status: told.status,
            what: "no error object",
        });
    }
    Ok(Answer {
        status: told.status,
        body,
    })
}

#[derive(Deserialize)]
struct Probe<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    error_message: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
}

/// The `error` object of a body, under any status: Meta has sent errors with 200.
fn graph_error(body: &[u8], status: u16) -> Option<GraphError> {
    let probe: Probe<'_> = serde_json::from_slice(body).ok()?;
    let error: Value = match (probe.error, probe.error_message) {
        (Some(error), _) => serde_json::from_str(error.get()).ok()?,
        // api.instagram.com, where codes become tokens, has a shape of its own
        // (https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login,
        // read 2026-02-06).
        (None, Some(message)) => {
            let read = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).ok();
            json!({"code": read(probe.code?)?, "message": read(message)?})
        }
        (None, None) => return None,
    };
    let number = |key: &str| {
        let value = error.get(key)?;
        value
            .as_i64()
            .or_else(|| value.as_str()?.trim().parse().ok())
    };
    let text = |key: &str| error.get(key).and_then(Value::as_str).map(str::to_owned);
    let code = number("code")?;
    let subcode = number("error_subcode");
    Some(GraphError {
        code,
        subcode,
        kind: classify(code, subcode),
        message: text("message").unwrap_or_default(),
        is_transient: error
            .get("is_transient")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        fbtrace_id: text("fbtrace_id"),
        status,
        retry_after: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_the_token_signed_with_the_app_secret() {
        // RFC 4231, test case 2.
        let token = AccessToken::new("what do ya want for nothing?");
        let proof = proof(&SecretString::from("Jefe"), &token).unwrap();
        assert_eq!(
            proof,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_token_with_line_breaks_is_not_sent() {
        assert!(bearer(&AccessToken::new("a\r\nX-Evil: 1")).is_err());
        let value = bearer(&AccessToken::new("abc")).unwrap();
        assert!(value.is_sensitive());
    }

    #[test]
    fn errors_are_read_whatever_their_spelling() {
        let error = graph_error(br#"{"error":{"code":"190","error_subcode":463}}"#, 400).unwrap();
        assert_eq!((error.code, error.subcode), (190, Some(463)));
        for none in [
            r#"{"error":null}"#,
            r#"{"error":"x"}"#,
            r#"{"error":{}}"#,
            "[]",
            "{}",
            "<",
        ] {
            assert!(graph_error(none.as_bytes(), 400).is_none(), "{none}");
        }
    }
}
