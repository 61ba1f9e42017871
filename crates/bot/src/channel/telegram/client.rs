//! One attempt of one call of the Bot API: build it, send it once, read an answer of bounded size, and say exactly how
//! sure we are of what happened. Repeating a send shows it twice, so nothing below this line ever tries again: no retry
//! policy, no redirects, no long idle connection for what people see.
//!
//! The token is a part of every address (<https://core.telegram.org/bots/api#authorizing-your-bot>, 2026-11), so no
//! address is ever kept in an error or written to a log.

mod answer;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use reqwest::multipart::{Form, Part};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio_util::io::ReaderStream;
use url::Url;

/// How long a connection may take before it counts as not made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a call may take in all; afterwards its outcome is unknown.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Uploads move up to 50 MB.
pub(super) const UPLOAD_TIMEOUT: Duration = Duration::from_mins(3);
/// How long a connection for quiet calls is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a connection for sends is kept: long enough for the parts of one answer, and far shorter than servers keep
/// an idle one, since one that the other side is just closing would make the outcome of a send unknown for nothing.
const SEND_IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// Largest answer that is read: 100 updates with long texts and what they reply to.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// How much of a file is in memory at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Why there is no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// TLS has no cryptography yet.
    #[error(
        "no TLS provider is installed: call rustls::crypto::ring::default_provider()\
         .install_default() first thing in main (and in tests)"
    )]
    NoTlsProvider,
    /// What was given as a token is none.
    #[error("the Telegram token is not of the form 123456789:letters, as @BotFather gives it")]
    Token,
    /// The base address cannot be used.
    #[error("the address of the Bot API must begin with http:// or https://")]
    Address,
    /// The HTTP client would not start, most often for want of certificates.
    #[error("the HTTP client cannot start ({0}); is the package ca-certificates installed?")]
    Http(String),
}

/// A file that goes along with a call; it is streamed from disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Upload {
    pub(super) field: String,
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) mime: String,
}

/// A call before it is made.
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) params: Map<String, Value>,
    pub(super) files: Vec<Upload>,
    /// People see what it does: never on a connection that was idle for long.
    pub(super) visible: bool,
    pub(super) limit: Duration,
}

impl Call {
    /// A call that nobody sees.
    pub(super) fn quiet(method: &'static str, params: Map<String, Value>) -> Self {
        Self {
            method,
            params,
            files: Vec::new(),
            visible: false,
            limit: CALL_TIMEOUT,
        }
    }
}

/// What the Bot API says when it does not do something.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Refusal {
    pub(super) code: i64,
    /// Telegram's sentence in lower case. It may quote what was sent, so it is compared and never shown.
    pub(super) sentence: String,
    pub(super) retry_after: Option<Duration>,
    pub(super) migrate_to: Option<i64>,
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({})", self.code)
    }
}

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CallError {
    /// No connection: nothing was sent.
    Connect,
    /// It could not be put together: nothing was sent.
    Unsendable,
    /// A file could not be read to its end.
    File(std::io::ErrorKind),
    /// The connection broke or the time was up: nobody knows.
    Lost,
    /// The answer is none of the Bot API's.
    Malformed(u16),
    /// The Bot API said no.
    Refused(Box<Refusal>),
}

impl CallError {
    fn code(&self) -> String {
        match self {
            Self::Connect => "connect".into(),
            Self::Unsendable => "unsendable".into(),
            Self::File(_) => "file".into(),
            Self::Lost => "lost".into(),
            Self::Malformed(status) => format!("malformed {status}"),
            Self::Refused(refusal) => refusal.code.to_string(),
        }
    }
}

/// The Bot API of one bot.
pub(super) struct Api {
    base: Url,
    token: SecretString,
    /// For what people see: on a connection that was in use moments ago, or on a new one.
    brisk: reqwest::Client,
    /// For calls that may be repeated.
    pooled: reqwest::Client,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("host", &self.base.host_str())
            .finish_non_exhaustive()
    }
}

impl Api {
    pub(super) fn new(base: Url, token: &SecretString) -> Result<Self, BuildError> {
        let token = SecretString::from(token.expose_secret().trim());
        if account_of(token.expose_secret()).is_none() {
            return Err(BuildError::Token);
        }
        if !base.has_host() || !matches!(base.scheme(), "http" | "https") {
            return Err(BuildError::Address);
        }
        // reqwest would panic instead of saying so.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(BuildError::NoTlsProvider);
        }
        let client = |idle| {
            reqwest::Client::builder()
                .user_agent(concat!("gramophone/", env!("CARGO_PKG_VERSION")))
                .http1_only()
                .no_proxy()
                .referer(false)
                .redirect(reqwest::redirect::Policy::none())
                // The default sends again after a protocol NACK.
                .retry(reqwest::retry::never())
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_idle_timeout(idle)
                .build()
                .map_err(|error| BuildError::Http(error.without_url().to_string()))
        };
        Ok(Self {
            base,
            token,
            brisk: client(SEND_IDLE_TIMEOUT)?,
            pooled: client(IDLE_TIMEOUT)?,
        })
    }

    /// The bot's id: the digits before the colon.
    pub(super) fn account(&self) -> &str {
        account_of(self.token.expose_secret()).unwrap_or_default()
    }

    /// A few digits by which a new token is told from an old one; they do not lead back to it.
    pub(super) fn fingerprint(&self) -> String {
        hex::encode(&Sha256::digest(self.token.expose_secret().as_bytes())[..4])
    }

    /// Where the file of this path is; the address opens without a key.
    pub(super) fn file_address(&self, path: &str) -> Option<Url> {
        let plain = |segment: &&str| !segment.is_empty() && !matches!(*segment, "." | "..");
        if !path.split('/').all(|segment| plain(&segment)) {
            return None;
        }
        let bot = format!("bot{}", self.token.expose_secret());
        let segments = ["file", bot.as_str()].into_iter().chain(path.split('/'));
        self.address(segments)
    }

    fn address<'a>(&self, segments: impl Iterator<Item = &'a str>) -> Option<Url> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend(segments);
        Some(url)
    }

    /// Makes the call, once.
    pub(super) async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        let started = Instant::now();
        let method = call.method;
        let result = self.attempt(call).await;
        let code = result
            .as_ref()
            .map_or_else(CallError::code, |_| "ok".to_owned());
        tracing::debug!(
            method,
            code,
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "telegram call"
        );
        metrics::counter!("gramophone_telegram_calls_total", "method" => method, "code" => code)
            .increment(1);
        result
    }

    async fn attempt<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        let bot = format!("bot{}", self.token.expose_secret());
        let url = self
            .address([bot.as_str(), call.method].into_iter())
            .ok_or(CallError::Unsendable)?;
        let client = if call.visible {
            &self.brisk
        } else {
            &self.pooled
        };
        let request = client.post(url).timeout(call.limit);
        let file_failed = Arc::new(AtomicBool::new(false));
        let request = if call.files.is_empty() {
            request.json(&call.params)
        } else {
            request.multipart(form(call.params, &call.files, &file_failed).await?)
        };
        let response = request.send().await.map_err(|error| {
            if file_failed.load(Ordering::Acquire) {
                // The body ended early: the far side cannot have taken it for whole.
                CallError::File(std::io::ErrorKind::UnexpectedEof)
            } else if error.is_builder() {
                CallError::Unsendable
            } else if error.is_connect() {
                CallError::Connect
            } else {
                CallError::Lost
            }
        })?;
        answer::read(response).await
    }
}

/// The digits before the colon, if this looks like a token at all.
fn account_of(token: &str) -> Option<&str> {
    let (account, key) = token.split_once(':')?;
    let digits =
        !account.is_empty() && account.len() <= 20 && account.bytes().all(|b| b.is_ascii_digit());
    let letters = !key.is_empty()
        && key.len() <= 100
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    (digits && letters).then_some(account)
}

async fn form(
    params: Map<String, Value>,
    files: &[Upload],
    failed: &Arc<AtomicBool>,
) -> Result<Form, CallError> {
    // Names go out as they are: Telegram shows people the spelling it gets.
    let mut form = Form::new().percent_encode_noop();
    for (name, value) in params {
        // The file itself stands under this name.
        if files.iter().any(|file| file.field == name) {
            continue;
        }
        form = match value {
            Value::String(text) => form.text(name, text),
            other => form.text(name, other.to_string()),
        };
    }
    for file in files {
        form = form.part(file.field.clone(), part(file, Arc::clone(failed)).await?);
    }
    Ok(form)
}

async fn part(upload: &Upload, failed: Arc<AtomicBool>) -> Result<Part, CallError> {
    let unreadable = |error: std::io::Error| CallError::File(error.kind());
    let file = File::open(&upload.path).await.map_err(unreadable)?;
    let metadata = file.metadata().await.map_err(unreadable)?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Err(CallError::File(std::io::ErrorKind::NotFound));
    }
    let stream = ReaderStream::with_capacity(file, CHUNK_BYTES)
        .inspect_err(move |_| failed.store(true, Ordering::Release));
    Part::stream_with_length(reqwest::Body::wrap_stream(stream), metadata.len())
        .file_name(upload.name.clone())
        .mime_str(&upload.mime)
        .map_err(|_| CallError::Unsendable)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "123456:canary-Token_1";

    fn api(base: &str) -> Result<Api, BuildError> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Api::new(Url::parse(base).unwrap(), &SecretString::from(TOKEN))
    }

    #[test]
    fn tokens_are_told_from_other_words() {
        assert_eq!(account_of(TOKEN), Some("123456"));
        for bad in [
            "",
            "123456",
            ":abc",
            "abc:def",
            "123:",
            "123:a/../b",
            "123:a?b",
            "123:a b",
        ] {
            assert_eq!(account_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_token_is_never_printed() {
        let api = api("http://127.0.0.1:1/api.telegram.org").unwrap();
        assert!(!format!("{api:?}").contains("canary"));
        assert_eq!(api.account(), "123456");
        assert_eq!(api.fingerprint().len(), 8);
    }

    #[test]
    fn a_base_address_may_have_a_path() {
        let api = api("http://127.0.0.1:1/api.telegram.org/").unwrap();
        let url = api.file_address("videos/file 1.mp4").unwrap();
        assert_eq!(
            url.path(),
            "/api.telegram.org/file/bot123456:canary-Token_1/videos/file%201.mp4"
        );
        for bad in ["", "/etc/passwd", "a/../b", "a//b", "."] {
            assert!(api.file_address(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn answers_are_read_whatever_stands_before_the_api() {
        let read = |status, body: &str| answer::answer::<Value>(status, body.as_bytes(), None);
        assert_eq!(
            read(200, r#"{"ok":true,"result":{"a":1}}"#).unwrap()["a"],
            1
        );
        let flood = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}"#;
        let Err(CallError::Refused(refusal)) = read(429, flood) else {
            panic!("a refusal");
        };
        assert_eq!(
            (refusal.code, refusal.retry_after),
            (429, Some(Duration::from_secs(7)))
        );
        for (status, body) in [
            (502, "<html>"),
            (200, ""),
            (200, r#"{"ok":true}"#),
            (404, "nginx"),
        ] {
            assert_eq!(
                read(status, body).unwrap_err(),
                CallError::Malformed(status),
                "{body}"
            );
        }
        assert!(
            matches!(read(413, "<html>"), Err(CallError::Refused(refusal)) if refusal.code == 413)
        );
    }
}
