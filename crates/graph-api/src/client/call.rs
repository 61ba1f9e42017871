//! One attempt of one call: build it, send it once, read an answer of bounded size, and say
//! exactly how sure we are of what happened. Longer than 400 lines, since a call is one story from address to answer.

use super::observe::{CallCode, CallRecord};
use super::{AccessToken, Credentials, Graph, Login};
use crate::budget::{Payer, Usage};
use crate::error::{CallError, GraphError, NotSent, TOO_LONG, classify};
use crate::id::AccountId;
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

/// A call before it is made.
pub(super) struct Call<'a> {
    pub(super) endpoint: &'static str,
    pub(super) method: Method,
    /// What follows the version in the path.
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Body,
    /// People see what it does: never on a connection that was idle for long.
    pub(super) visible: bool,
}

/// What a call carries.
pub(super) enum Body {
    None,
    Json(Value),
    /// A form, its time limit, and the flag that is set if the file could not be read.
    Form(Box<reqwest::multipart::Form>, Duration, Arc<AtomicBool>),
    /// Names and values.
    Pairs(Vec<(&'static str, String)>),
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
    /// Sends a request that was built as data.
    pub(crate) async fn carry(
        &self,
        credentials: &Credentials,
        request: Request,
        most_bytes: usize,
    ) -> Result<Answer, CallError> {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        let query: Vec<(&str, &str)> = request
            .query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let call = Call {
            endpoint: request.endpoint,
            method: request.method,
            path: &path,
            query: &query,
            body: match request.body {
                Payload::None => Body::None,
                Payload::Json(value) => Body::Json(value),
                Payload::Form(pairs) => Body::Pairs(pairs),
            },
            visible: request.visible,
        };
        self.call_for(credentials, call, most_bytes).await
    }

    /// Makes the call, once, and tells the observer.
    pub(super) async fn call(
        &self,
        credentials: &Credentials,
        call: Call<'_>,
    ) -> Result<Answer, CallError> {
        self.call_for(credentials, call, USUAL_ANSWER_BYTES).await
    }

    /// The same with an answer of up to so many bytes.
    async fn call_for(
        &self,
        credentials: &Credentials,
        call: Call<'_>,
        most_bytes: usize,
    ) -> Result<Answer, CallError> {
        let started = Instant::now();
        let (endpoint, method) = (call.endpoint, method_name(&call.method));
        let mut told = Told::default();
        let result = self.attempt(credentials, call, most_bytes, &mut told).await;
        let called = Called {
            endpoint,
            method,
            account: credentials.account.clone(),
            payer: credentials.payer(),
            started,
        };
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
        call: Call<'_>,
        most_bytes: usize,
        told: &mut Told,
    ) -> Result<Answer, CallError> {
        let url = self.address(credentials, call.path, call.query)?;
        let client = if call.visible {
            &self.brisk
        } else {
            &self.pooled
        };
        let request = client
            .request(call.method, url)
            .header(AUTHORIZATION, bearer(&credentials.token)?);
        let (request, file_failed) = match call.body {
            Body::None => (request.timeout(self.call_timeout), None),
            Body::Json(body) => (request.timeout(self.call_timeout).json(&body), None),
            Body::Pairs(pairs) => (request.timeout(self.call_timeout).form(&pairs), None),
            Body::Form(form, limit, file_failed) => {
                (request.multipart(*form).timeout(limit), Some(file_failed))
            }
        };
        let response = request.send().await.map_err(|error| {
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

    fn address(
        &self,
        credentials: &Credentials,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Url, CallError> {
        let mut url = match credentials.login {
            Login::Facebook { .. } => self.hosts.graph_facebook.clone(),
            Login::Instagram => self.hosts.graph_instagram.clone(),
        };
        if !path.iter().all(|segment| is_segment(segment)) {
            return Err(unsendable("an id has characters that no id has"));
        }
        url.path_segments_mut()
            .map_err(|()| unsendable("the base address has no path"))?
            .pop_if_empty()
            .push(&self.version)
            .extend(path);
        let mut pairs = url.query_pairs_mut();
        pairs.clear().extend_pairs(query);
        if let Some(secret) = &credentials.app_secret {
            pairs.append_pair("appsecret_proof", &proof(secret, &credentials.token)?);
        }
        drop(pairs);
        if url.query() == Some("") {
            url.set_query(None);
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

/// Ids go into paths, so only characters that cannot lead anywhere else.
pub(super) fn is_segment(segment: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'=' | b':');
    !segment.is_empty() && segment.len() <= 512 && segment.bytes().all(plain)
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
    fn only_ids_get_into_paths() {
        for good in [
            "me",
            "17841400000000001",
            "aWdfZAG06MQZDZD",
            "t_12:34",
            "abc=",
            "m_-x",
        ] {
            assert!(is_segment(good), "{good}");
        }
        for bad in [
            "",
            "..",
            "123/../me",
            "me?fields=access_token",
            "a b",
            "é",
            "%2e%2e",
            ".",
        ] {
            assert!(!is_segment(bad), "{bad}");
        }
    }

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
