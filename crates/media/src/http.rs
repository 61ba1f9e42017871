//! Plain calls to the endpoints that the operator names (speech, language, model files). They may well stand on this
//! very machine, so the guard of `net`, which is for addresses that strangers send, does not apply; everything else
//! does: no redirects, no proxy from the environment, deadlines, bounded answers, and errors without bodies or URLs.

use std::fmt;
use std::time::Duration;

use futures::StreamExt;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use url::Url;

/// Longest wait that a server may ask for between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    /// It did not understand the form of the question.
    Format(u16),
    /// Busy or broken for now.
    Later {
        why: String,
        after: Option<Duration>,
    },
    /// The same question will be refused again.
    Permanent(String),
}

impl Refusal {
    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self, Self::Later { .. })
    }

    /// Waits as long as the server asked, or a second.
    pub(crate) async fn pause(&self) {
        let asked = if let Self::Later { after, .. } = self {
            *after
        } else {
            None
        };
        tokio::time::sleep(asked.unwrap_or(Duration::from_secs(1)).min(LONGEST_PAUSE)).await;
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(status) => write!(f, "did not understand the request (HTTP {status})"),
            Self::Later { why, .. } | Self::Permanent(why) => f.write_str(why),
        }
    }
}

/// A client with a deadline for the whole call.
pub(crate) fn client(total: Duration) -> Result<Client, String> {
    builder()
        .timeout(total)
        .build()
        .map_err(|_| "cannot set up HTTPS".to_owned())
}

/// A client for long downloads: every read has a deadline, the whole has none.
pub(crate) fn patient_client() -> Result<Client, String> {
    builder()
        .read_timeout(Duration::from_mins(1))
        .build()
        .map_err(|_| "cannot set up HTTPS".to_owned())
}

fn builder() -> reqwest::ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .user_agent(concat!("gramophone/", env!("CARGO_PKG_VERSION")))
}

/// `base` with more path, whether or not it ends in a slash.
pub(crate) fn endpoint(base: &Url, more: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(more);
    }
    url
}

/// Adds the key, if there is one.
pub(crate) fn with_key(request: RequestBuilder, key: Option<&str>) -> RequestBuilder {
    match key {
        Some(key) => request.bearer_auth(key),
        None => request,
    }
}

/// Sends a request and reads a text of at most `most` bytes.
pub(crate) async fn text(request: RequestBuilder, most: usize) -> Result<String, Refusal> {
    let response = request.send().await.map_err(|error| lost(&error))?;
    check(&response)?;
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk.map_err(|error| lost(&error))?);
        if body.len() > most {
            return Err(Refusal::Permanent(format!("sent more than {most} bytes")));
        }
    }
    String::from_utf8(body)
        .map_err(|_| Refusal::Permanent("sent something that is no text".to_owned()))
}

/// What a status means for the caller.
pub(crate) fn check(response: &Response) -> Result<(), Refusal> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let code = status.as_u16();
    let after = response
        .headers()
        .get(reqwest::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    Err(match status {
        StatusCode::BAD_REQUEST
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => Refusal::Format(code),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Refusal::Later {
            why: format!("is busy (HTTP {code})"),
            after,
        },
        _ if status.is_server_error() => Refusal::Later {
            why: format!("failed (HTTP {code})"),
            after,
        },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Refusal::Permanent(format!(
            "refused the key (HTTP {code}); check it in the settings"
        )),
        StatusCode::NOT_FOUND => Refusal::Permanent(
            "does not know the path or the model (HTTP 404); check url and model in the settings"
                .to_owned(),
        ),
        _ => Refusal::Permanent(format!("answered with HTTP {code}")),
    })
}

/// A call that broke; the error's own text may hold the address, so only its kind is told.
pub(crate) fn lost(error: &reqwest::Error) -> Refusal {
    let why = if error.is_timeout() {
        "took too long"
    } else if error.is_connect() {
        "cannot be reached"
    } else if error.is_builder() {
        return Refusal::Permanent("could not be asked: the request cannot be built".to_owned());
    } else {
        "broke off the connection"
    };
    Refusal::Later {
        why: why.to_owned(),
        after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_added_once() {
        for base in ["http://h:1/v1", "http://h:1/v1/"] {
            let url = endpoint(&Url::parse(base).unwrap(), &["chat", "completions"]);
            assert_eq!(url.as_str(), "http://h:1/v1/chat/completions");
        }
    }
}
