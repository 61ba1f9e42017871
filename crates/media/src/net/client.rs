//! A GET that cannot be led astray and cannot be drowned: guarded at every hop, redirects followed
//! by hand, sizes and times limited while bytes stream.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use tokio::io::AsyncWriteExt;
use url::Url;

use super::guard::{Guard, GuardedDns, LoopbackDns, Refused};
use super::hosts::Reach;

/// More hops than this are nobody's honest redirect.
const MAX_REDIRECTS: usize = 3;

/// What one request may cost.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Bytes of the body.
    pub max_bytes: u64,
    /// Silence between two pieces.
    pub idle: Duration,
    /// Everything together.
    pub total: Duration,
}

/// Why a request brought nothing. Never holds a URL: signed links are secrets.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NetError {
    /// The guard refused the address or a redirect.
    #[error("refused: {0}")]
    Refused(#[from] Refused),
    /// More redirects than anybody needs, or one that leads nowhere.
    #[error("too many or broken redirects")]
    Redirects,
    /// The far side answered with an error.
    #[error("status {status}")]
    Status {
        /// HTTP status.
        status: u16,
        /// What `Retry-After` asked for.
        retry_after: Option<Duration>,
    },
    /// The body is larger than allowed.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// Nothing came for too long.
    #[error("timed out")]
    Timeout,
    /// The connection failed or broke.
    #[error("connection failed: {0}")]
    Transport(String),
    /// Our own disk failed.
    #[error("cannot write: {0}")]
    Disk(String),
}

/// What is posted.
#[derive(Clone)]
pub struct Letter {
    /// Every header but those that the client knows best.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter")
    }
}

/// What the far side said of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// HTTP status; redirects come as they are.
    pub status: u16,
    /// `Retry-After` as it stood there: seconds or a date.
    pub retry_after: Option<String>,
}

/// An answer whose body has not been read.
pub struct Answer {
    response: reqwest::Response,
    budget: Budget,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Where a redirect points, made absolute.
    pub fn location(&self) -> Option<Url> {
        let location = self
            .response
            .headers()
            .get(header::LOCATION)?
            .to_str()
            .ok()?;
        self.response.url().join(location).ok()
    }

    fn failed(&self) -> Option<NetError> {
        let status = self.response.status();
        (!status.is_success()).then(|| NetError::Status {
            status: status.as_u16(),
            retry_after: retry_after(self.response.headers()),
        })
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        self.response
            .chunk()
            .await
            .map_err(|error| transport(&error))
    }
}

/// `Retry-After` in seconds; dates are rare there and not worth trusting.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds.min(3600)))
}

fn transport(error: &reqwest::Error) -> NetError {
    if error.is_timeout() {
        return NetError::Timeout;
    }
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<Refused>() {
            return NetError::Refused(*refused);
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>()
            && let Some(inner) = io.get_ref()
            && let Some(refused) = inner.downcast_ref::<Refused>()
        {
            return NetError::Refused(*refused);
        }
        source = cause.source();
    }
    let what = if error.is_connect() {
        "cannot connect"
    } else {
        "broke off"
    };
    NetError::Transport(what.to_owned())
}

/// A client that goes only where its guard lets it.
#[derive(Clone, Debug)]
pub struct GuardedClient {
    guard: Guard,
    public: reqwest::Client,
    test: reqwest::Client,
}

/// Builds a guarded client. Needs a process-wide rustls provider.
pub fn client(guard: &Guard) -> Result<GuardedClient, NetError> {
    let builder = || {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(Duration::from_secs(5))
            .user_agent(concat!("Gramophone/", env!("CARGO_PKG_VERSION")))
    };
    let broken = |_| NetError::Transport("cannot set up TLS".to_owned());
    Ok(GuardedClient {
        guard: guard.clone(),
        public: builder()
            .https_only(true)
            .dns_resolver(Arc::new(GuardedDns(guard.clone())))
            .build()
            .map_err(broken)?,
        test: builder()
            .dns_resolver(Arc::new(LoopbackDns(guard.clone())))
            .build()
            .map_err(broken)?,
    })
}

impl GuardedClient {
    /// The guard.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// One GET, one hop: redirects come back as they are.
    pub async fn get_once(
        &self,
        url: &Url,
        reach: Reach,
        budget: Budget,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<Answer, NetError> {
        self.guard.check(url, reach)?;
        let client = if self.guard.hosts().is_test(url) {
            &self.test
        } else {
            &self.public
        };
        let headers: HeaderMap = headers.iter().cloned().collect();
        let request = client.get(url.clone()).headers(headers);
        let response = tokio::time::timeout(budget.idle, request.send())
            .await
            .map_err(|_| NetError::Timeout)?
            .map_err(|error| transport(&error))?;
        Ok(Answer { response, budget })
    }

    /// One POST, one hop, within the budget's total; of the answer only the head is told. The body is read as far as the
    /// budget allows, so that the connection can be used again, and dropped.
    pub async fn post_once(
        &self,
        url: &Url,
        reach: Reach,
        budget: Budget,
        letter: Letter,
    ) -> Result<Receipt, NetError> {
        self.guard.check(url, reach)?;
        let client = if self.guard.hosts().is_test(url) {
            &self.test
        } else {
            &self.public
        };
        let request = client
            .post(url.clone())
            .headers(letter.headers)
            .body(letter.body);
        let whole = async {
            let mut response = request.send().await.map_err(|error| transport(&error))?;
            let receipt = Receipt {
                status: response.status().as_u16(),
                retry_after: response
                    .headers()
                    .get(header::RETRY_AFTER)
                    .and_then(|value| Some(value.to_str().ok()?.trim().to_owned())),
            };
            let mut left = budget.max_bytes;
            while let Ok(Some(chunk)) = response.chunk().await {
                left = left.saturating_sub(chunk.len() as u64);
                if left == 0 {
                    break;
                }
            }
            Ok(receipt)
        };
        tokio::time::timeout(budget.total, whole)
            .await
            .map_err(|_| NetError::Timeout)?
    }

    /// A GET that follows at most three redirects, each judged like the first URL, none from HTTPS
    /// down to HTTP.
    pub async fn get(&self, url: &Url, reach: Reach, budget: Budget) -> Result<Answer, NetError> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.get_once(&url, reach, budget, &[]).await?;
            if !matches!(answer.status(), 301 | 302 | 303 | 307 | 308) {
                return answer.failed().map_or(Ok(answer), Err);
            }
            let next = answer.location().ok_or(NetError::Redirects)?;
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(Refused::Scheme.into());
            }
            url = next;
        }
        Err(NetError::Redirects)
    }

    /// Streams a body into a new file and reports `(bytes so far, bytes announced)`. The file is
    /// left as it is on failure; its folder is the job's and dies with it.
    pub async fn download(
        &self,
        url: &Url,
        reach: Reach,
        budget: Budget,
        to: &Path,
        mut progress: impl FnMut(u64, Option<u64>) + Send,
    ) -> Result<u64, NetError> {
        let disk = |error: std::io::Error| NetError::Disk(error.kind().to_string());
        let whole = async {
            let mut answer = self.get(url, reach, budget).await?;
            let announced = answer.response.content_length();
            if announced.is_some_and(|length| length > budget.max_bytes) {
                return Err(NetError::TooLarge(budget.max_bytes));
            }
            let mut file = tokio::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(to)
                .await
                .map_err(disk)?;
            let mut bytes = 0_u64;
            while let Some(chunk) = tokio::time::timeout(answer.budget.idle, answer.chunk())
                .await
                .map_err(|_| NetError::Timeout)??
            {
                bytes += chunk.len() as u64;
                if bytes > budget.max_bytes {
                    return Err(NetError::TooLarge(budget.max_bytes));
                }
                file.write_all(&chunk).await.map_err(disk)?;
                progress(bytes, announced);
            }
            file.flush().await.map_err(disk)?;
            Ok(bytes)
        };
        tokio::time::timeout(budget.total, whole)
            .await
            .map_err(|_| NetError::Timeout)?
    }
}
