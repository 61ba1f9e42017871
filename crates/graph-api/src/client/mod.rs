//! A thin client: one function an endpoint, one attempt a call, no opinion about when to call.
//! Retrying a send repeats it in somebody's chat, so nothing below this line ever tries again:
//! no retry policy, no redirects, no HTTP/2 resets, no long idle connection for what people see.

mod app;
mod attachments;
mod call;
mod conversations;
mod messages;
mod messenger_profile;
mod observe;
mod profile;
mod rupload;
mod version;

pub(crate) use app::{AppCall, AppHost};
pub use attachments::{MediaKind, Upload};
pub use call::Answer;
pub(crate) use call::USUAL_ANSWER_BYTES;
pub(crate) use call::unsendable;
pub use conversations::ThreadMessage;
pub use messages::{Action, Outgoing, Sent};
pub use messenger_profile::{Entry, Offer};
pub use observe::{CallCode, CallRecord, Observer, Unobserved};
pub use profile::{GetMe, GetPerson, Me, Profile};
pub use version::Version;

use crate::budget::Payer;
use crate::id::{AccountId, PageId};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long a connection may take before it counts as not made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a call may take in all; afterwards its outcome is unknown.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Uploads move 25 MB and may be repeated, so they get longer.
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(3);
/// How long a connection for reads and uploads is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a connection for sends is kept: long enough for the parts of one answer, and far shorter than servers keep
/// an idle one (a minute and more), since one that the other side is just closing would make the outcome of a send
/// unknown for nothing. If it happens all the same, the outcome is looked up like that of any broken send.
const SEND_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Where Meta is. The simulator stands at other addresses, with a path in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// For Facebook Login.
    pub graph_facebook: Url,
    /// For Instagram Login.
    pub graph_instagram: Url,
    /// Where people allow us, Instagram Login: `www.instagram.com`.
    pub instagram_login: Url,
    /// Where a code becomes a token, Instagram Login: `api.instagram.com`.
    pub instagram_api: Url,
    /// Where people allow us, Facebook Login: `www.facebook.com`.
    pub facebook_dialog: Url,
}

impl Hosts {
    /// Two base addresses as text; people log in at Meta's own.
    pub fn new(graph_facebook: &str, graph_instagram: &str) -> Result<Self, BuildError> {
        Ok(Self {
            graph_facebook: base(graph_facebook)?,
            graph_instagram: base(graph_instagram)?,
            instagram_login: base("https://www.instagram.com")?,
            instagram_api: base("https://api.instagram.com")?,
            facebook_dialog: base("https://www.facebook.com")?,
        })
    }

    /// All of them at one address, each host as the first part of the path: how something that stands in for Meta, a
    /// recording proxy or a simulator, serves them.
    ///
    /// ```
    /// use graph_api::client::Hosts;
    ///
    /// let hosts = Hosts::behind("http://127.0.0.1:8090")?;
    /// assert_eq!(hosts.graph_instagram.as_str(), "http://127.0.0.1:8090/graph.instagram.com");
    /// # Ok::<(), graph_api::client::BuildError>(())
    /// ```
    pub fn behind(address: &str) -> Result<Self, BuildError> {
        let address = address.trim_end_matches('/');
        let host = |name: &str| base(&format!("{address}/{name}"));
        Ok(Self {
            graph_facebook: host("graph.facebook.com")?,
            graph_instagram: host("graph.instagram.com")?,
            instagram_login: host("www.instagram.com")?,
            instagram_api: host("api.instagram.com")?,
            facebook_dialog: host("www.facebook.com")?,
        })
    }

    /// Meta's own hosts.
    pub fn meta() -> Result<Self, BuildError> {
        Self::new("https://graph.facebook.com", "https://graph.instagram.com")
    }
}

fn base(text: &str) -> Result<Url, BuildError> {
    match Url::parse(text) {
        Ok(url) if url.has_host() && matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err(BuildError::Host(text.to_owned())),
    }
}

/// Which of Meta's two logins an account came through; decides host, paths and permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// Through a Facebook Page, with a Page access token.
    Facebook {
        /// The Page that the account is linked to.
        page_id: PageId,
    },
    /// Through Instagram itself, with an Instagram user token.
    Instagram,
}

/// A token of Meta's. Never printed.
#[derive(Clone)]
pub struct AccessToken {
    secret: SecretString,
    is_guests: bool,
}

impl AccessToken {
    /// Takes a token; white space around it is a copying mistake.
    pub fn new(token: &str) -> Self {
        Self {
            secret: SecretString::from(token.trim()),
            is_guests: false,
        }
    }

    /// The same token, known to be one that a caller brought for this call: it pays for itself.
    #[must_use]
    pub fn of_guest(self) -> Self {
        Self {
            is_guests: true,
            ..self
        }
    }

    /// A few digits by which a new token is told from an old one; they do not lead back to it.
    pub fn fingerprint(&self) -> String {
        hex::encode(&Sha256::digest(self.expose().as_bytes())[..4])
    }

    pub(crate) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

impl From<SecretString> for AccessToken {
    fn from(token: SecretString) -> Self {
        Self::new(token.expose_secret())
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(redacted)")
    }
}

/// In whose name a call is made.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The professional account.
    pub account: AccountId,
    /// How it came to us.
    pub login: Login,
    /// Its token.
    pub token: AccessToken,
    /// With it every call carries `appsecret_proof`, which makes a stolen token useless elsewhere.
    /// <https://developers.facebook.com/docs/graph-api/guides/secure-requests> (read 2026)
    pub app_secret: Option<SecretString>,
}

impl Credentials {
    /// Whose allowance the calls are made from.
    pub fn payer(&self) -> Payer {
        if self.token.is_guests {
            let hash = Sha256::digest(self.token.expose().as_bytes());
            return Payer::Guest(hex::encode(&hash[..16]));
        }
        Payer::from(&self.account)
    }

    /// What stands in paths for the account: the Page, or the account itself.
    pub fn node(&self) -> &str {
        match &self.login {
            Login::Facebook { page_id } => page_id.as_str(),
            Login::Instagram => self.account.as_str(),
        }
    }
}

/// Why there is no client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// TLS has no cryptography yet.
    #[error(
        "no TLS provider is installed: call rustls::crypto::ring::default_provider()\
         .install_default() first thing in main (and in tests)"
    )]
    NoTlsProvider,
    /// The version is not like `v26.0`.
    #[error("{0:?} is no Graph API version: write it as v26.0")]
    Version(String),
    /// A base address cannot be used.
    #[error("{0:?} is no http(s) address")]
    Host(String),
    /// The HTTP client would not start, most often for want of certificates.
    #[error("the HTTP client cannot start ({0}); is the package ca-certificates installed?")]
    Http(String),
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Graph {
    hosts: Hosts,
    version: Version,
    observer: Arc<dyn Observer>,
    /// For what people see: on a connection that was in use moments ago, or on a new one.
    brisk: reqwest::Client,
    /// Keeps connections, for calls that may be repeated.
    pooled: reqwest::Client,
    call_timeout: Duration,
    /// Where videos are uploaded to; none: Meta's own host.
    rupload: Option<Url>,
}

impl Graph {
    /// A client for one version of the Graph API, in most programs [`Version::NEWEST`] or a setting of theirs. A TLS
    /// provider must be installed before.
    pub fn new(
        hosts: Hosts,
        version: Version,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, BuildError> {
        // reqwest would panic instead of saying so.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(BuildError::NoTlsProvider);
        }
        let build = |builder: reqwest::ClientBuilder| {
            builder
                .build()
                .map_err(|e| BuildError::Http(call::causes(&e.without_url())))
        };
        Ok(Self {
            hosts,
            version,
            observer,
            brisk: build(plain_client().pool_idle_timeout(SEND_IDLE_TIMEOUT))?,
            pooled: build(plain_client().pool_idle_timeout(IDLE_TIMEOUT))?,
            call_timeout: CALL_TIMEOUT,
            rupload: None,
        })
    }

    /// Where Meta is, and in which version.
    pub(crate) fn place(&self) -> (&Hosts, Version) {
        (&self.hosts, self.version)
    }

    /// The same client with another patience than 30 s for calls that are no uploads.
    pub fn with_call_timeout(mut self, call_timeout: Duration) -> Self {
        self.call_timeout = call_timeout;
        self
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("hosts", &self.hosts)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// What both clients share: nothing that could send a request twice or elsewhere. A request of which no byte was
/// written may move to another connection: that repeats nothing.
fn plain_client() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("gramophone/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .no_proxy()
        .referer(false)
        .redirect(reqwest::redirect::Policy::none())
        // The default sends again after a protocol NACK.
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_http() {
        assert!(Hosts::meta().is_ok());
        assert!(Hosts::new("http://127.0.0.1:8090/graph.facebook.com", "https://b").is_ok());
        for bad in ["", "graph.facebook.com", "file:///x", "ftp://x", "data:x"] {
            assert!(Hosts::new(bad, "https://b").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_is_never_printed() {
        let credentials = Credentials {
            account: AccountId::from("178"),
            login: Login::Instagram,
            token: AccessToken::new("canary-token\n"),
            app_secret: Some(SecretString::from("canary-secret")),
        };
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("canary"), "{shown}");
        assert_eq!(credentials.token.expose(), "canary-token");
    }
}
