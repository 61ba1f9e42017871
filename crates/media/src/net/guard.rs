//! The network guard: every address is judged at the moment it is dialled, so that neither a clever
//! spelling, nor a DNS answer that changes, nor a redirect leads inside.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use url::{Host, Url};

use super::address::is_public;
use super::hosts::{Hosts, Reach, is_loopback, is_usual_https, reaches};

/// Asks DNS. A trait so that tests can answer like an attacker's name server.
pub trait Lookup: Send + Sync {
    /// All addresses of a name.
    fn lookup<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>> {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((host, 0))
                .await?
                .map(|address| address.ip())
                .collect())
        })
    }
}

/// Why a destination is refused. Holds no part of the URL: those are secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a URL, or with a user name in it.
    #[error("not a plain URL")]
    Malformed,
    /// Not HTTPS on its usual port.
    #[error("not https on its usual port")]
    Scheme,
    /// Not one of the hosts that this request may reach.
    #[error("not one of the allowed hosts")]
    Host,
    /// An address that is not on the open Internet.
    #[error("an address inside")]
    Address,
}

/// Decides where our requests, and those of our children, may go.
#[derive(Clone)]
pub struct Guard {
    hosts: Arc<Hosts>,
    lookup: Arc<dyn Lookup>,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

impl Guard {
    /// A guard that asks the system's resolver.
    pub fn new(hosts: Hosts) -> Self {
        Self::with_lookup(hosts, Arc::new(SystemLookup))
    }

    /// A guard that asks another resolver.
    pub fn with_lookup(hosts: Hosts, lookup: Arc<dyn Lookup>) -> Self {
        Self {
            hosts: Arc::new(hosts),
            lookup,
        }
    }

    /// The hosts it knows.
    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Judges a URL before anything is dialled: scheme, port, host, and addresses written out.
    pub fn check(&self, url: &Url, reach: Reach) -> Result<(), Refused> {
        if !url.username().is_empty() || url.password().is_some() || url.host().is_none() {
            return Err(Refused::Malformed);
        }
        if self.hosts.is_test(url) {
            return Ok(());
        }
        if !is_usual_https(url) {
            return Err(Refused::Scheme);
        }
        match url.host() {
            Some(Host::Ipv4(address)) if !is_public(address.into()) => Err(Refused::Address),
            Some(Host::Ipv6(address)) if !is_public(address.into()) => Err(Refused::Address),
            _ if reaches(url.host(), reach) => Ok(()),
            _ => Err(Refused::Host),
        }
    }

    /// The addresses of a name that may be dialled. These, and no second lookup, are what is
    /// dialled.
    pub(crate) async fn public_addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.addresses(host, is_public).await
    }

    /// The same for the name of a test host, which must stand on this machine.
    async fn loopback_addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.addresses(host, is_loopback).await
    }

    async fn addresses(&self, host: &str, allowed: fn(IpAddr) -> bool) -> io::Result<Vec<IpAddr>> {
        let mut addresses = self.lookup.lookup(host).await?;
        let asked = addresses.len();
        addresses.retain(|address| allowed(*address));
        if addresses.is_empty() && asked > 0 {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                Refused::Address,
            ));
        }
        Ok(addresses)
    }

    /// Addresses for a `host:port` that [`Guard::check`] let pass.
    pub(crate) async fn dial_list(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let test = self.hosts.is_test_pair(host, port);
        let literal = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>();
        let addresses = match literal {
            Ok(address) if test || is_public(address) => vec![address],
            Ok(_) => {
                return Err(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    Refused::Address,
                ));
            }
            Err(_) if test => self.loopback_addresses(host).await?,
            Err(_) => self.public_addresses(host).await?,
        };
        Ok(addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, port))
            .collect())
    }
}

/// The guard as reqwest's resolver, for names that are not test hosts.
pub(crate) struct GuardedDns(pub(crate) Guard);

impl reqwest::dns::Resolve for GuardedDns {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let addresses = guard.public_addresses(name.as_str()).await?;
            let list: reqwest::dns::Addrs = Box::new(
                addresses
                    .into_iter()
                    .map(|address| SocketAddr::new(address, 0)),
            );
            Ok(list)
        })
    }
}

/// The resolver for test hosts: asks the same source, lets only loopback pass.
pub(crate) struct LoopbackDns(pub(crate) Guard);

impl reqwest::dns::Resolve for LoopbackDns {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let addresses = guard.loopback_addresses(name.as_str()).await?;
            let list: reqwest::dns::Addrs = Box::new(
                addresses
                    .into_iter()
                    .map(|address| SocketAddr::new(address, 0)),
            );
            Ok(list)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A name server that gives an open address first and one inside from then on.
    struct Rebinding(AtomicUsize);

    impl Lookup for Rebinding {
        fn lookup<'a>(
            &'a self,
            host: &'a str,
        ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>> {
            let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
            let texts: &[&str] = match host {
                "mixed.fbcdn.net" => &[
                    "10.0.0.7",
                    "157.240.0.1",
                    "::1",
                    "2a03:2880::1",
                    "::ffff:127.0.0.1",
                ],
                _ if first => &["157.240.0.1"],
                _ => &["127.0.0.1", "::1"],
            };
            let addresses = texts.iter().map(|text| text.parse().unwrap()).collect();
            Box::pin(async move { Ok(addresses) })
        }
    }

    fn guard() -> Guard {
        let pages = Url::parse("https://www.instagram.com").unwrap();
        let lookup = Arc::new(Rebinding(AtomicUsize::new(0)));
        Guard::with_lookup(Hosts::new(&pages, &[]), lookup)
    }

    #[tokio::test]
    async fn of_a_mixed_answer_only_the_open_addresses_are_dialled() {
        let list = guard().dial_list("mixed.fbcdn.net", 443).await.unwrap();
        let dialled: Vec<String> = list.iter().map(ToString::to_string).collect();
        assert_eq!(dialled, ["157.240.0.1:443", "[2a03:2880::1]:443"]);
    }

    /// What is dialled is what was judged: a later answer is judged anew, never taken on trust.
    #[tokio::test]
    async fn a_name_that_was_good_once_is_judged_again() {
        let guard = guard();
        let first = guard.dial_list("turns.fbcdn.net", 443).await.unwrap();
        assert_eq!(first, ["157.240.0.1:443".parse().unwrap()]);
        for _ in 0..100 {
            let error = guard.dial_list("turns.fbcdn.net", 443).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        }
    }
}
