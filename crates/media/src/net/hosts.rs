//! Which hosts we talk to at all. User links and attachments only ever lead to Meta's hosts; where
//! the simulator stands in, its exact `host:port` is named in the settings.

use std::collections::BTreeSet;
use std::net::IpAddr;

use url::{Host, Url};

/// Hosts that serve media (Meta, "Webhooks", sharing; seen in payloads of 2024 to 2026).
const MEDIA: [&str; 3] = ["fbsbx.com", "fbcdn.net", "cdninstagram.com"];

/// Hosts that serve pages and the requests behind them.
const PAGES: [&str; 1] = ["instagram.com"];

/// The hosts of this installation. Cloning is cheap enough for a setting.
#[derive(Clone, Debug)]
pub struct Hosts {
    pages: Url,
    test: BTreeSet<String>,
}

/// How far a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Media hosts.
    Media,
    /// Pages, and the media that they lead to.
    PagesAndMedia,
    /// Any public address. For places that the operator names, never for what a stranger sends.
    Public,
}

impl Hosts {
    /// `pages` is the base of post pages; `test` holds `host:port` pairs that may be plain HTTP on
    /// loopback.
    pub fn new(pages: &Url, test: &[String]) -> Self {
        let test = test
            .iter()
            .map(|host| host.trim().to_ascii_lowercase())
            .collect();
        Self {
            pages: pages.clone(),
            test,
        }
    }

    /// The base of post pages.
    pub fn pages(&self) -> &Url {
        &self.pages
    }

    /// Whether post pages come from a test host, that is, not from Instagram.
    pub fn pages_are_test(&self) -> bool {
        self.is_test(&self.pages)
    }

    /// Whether this exact host and port is named as a test host. An address counts only if it is
    /// loopback; a name is judged by its addresses when it is dialled.
    pub fn is_test(&self, url: &Url) -> bool {
        matches!(url.scheme(), "http" | "https")
            && match (url.host_str(), url.port_or_known_default()) {
                (Some(host), Some(port)) => self.is_test_pair(host, port),
                _ => false,
            }
    }

    pub(crate) fn is_test_pair(&self, host: &str, port: u16) -> bool {
        let literal = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>();
        literal.map_or(true, is_loopback)
            && self
                .test
                .contains(&format!("{}:{port}", host.to_ascii_lowercase()))
    }

    /// Whether `url` is a media file that we would fetch: HTTPS at one of Meta's media hosts on the
    /// usual port, or a test host.
    pub fn is_media(&self, url: &Url) -> bool {
        let plain = url.username().is_empty() && url.password().is_none();
        plain && (self.is_test(url) || (is_usual_https(url) && reaches(url.host(), Reach::Media)))
    }

    /// The path and query of `url` below the base of pages.
    pub(crate) fn below_pages(&self, url: &Url) -> Option<String> {
        if url.origin() != self.pages.origin() {
            return None;
        }
        let path = url
            .path()
            .strip_prefix(self.pages.path().trim_end_matches('/'))?;
        let query = url
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        path.starts_with('/').then(|| format!("{path}{query}"))
    }
}

/// Whether an address is this machine's own, also when it is written as IPv6.
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// HTTPS on its own port.
pub(crate) fn is_usual_https(url: &Url) -> bool {
    url.scheme() == "https" && url.port_or_known_default() == Some(443)
}

/// Whether a host lies within reach. Addresses are only within [`Reach::Public`].
pub(crate) fn reaches(host: Option<Host<&str>>, reach: Reach) -> bool {
    let Some(host) = host else { return false };
    let below = |domains: &[&str], name: &str| {
        domains.iter().any(|domain| {
            name.strip_suffix(domain)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    };
    match (reach, host) {
        (Reach::Public, _) => true,
        (Reach::Media, Host::Domain(name)) => below(&MEDIA, name),
        (Reach::PagesAndMedia, Host::Domain(name)) => below(&MEDIA, name) || below(&PAGES, name),
        (Reach::Media | Reach::PagesAndMedia, _) => false,
    }
}
