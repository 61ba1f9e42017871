//! A small forward proxy on loopback for the programs we start. They do their own DNS, so the only
//! way to hold the network guard over them is to be their only way out.
//!
//! Each proxy lives as long as one job, knows one random credential, and counts the bytes that come
//! through it, so that a server that never says how long its file is cannot fill the disk either.

mod base64;
mod counted;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use url::Url;

use base64::base64;
use counted::Counted;

use super::guard::Guard;
use super::hosts::Reach;

/// Connections at the same time; a downloader needs a handful.
const MAX_CONNECTIONS: usize = 32;

/// How long a tunnel may be silent in both directions.
pub const IDLE: Duration = Duration::from_secs(30);

/// How long one connect may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Headers that concern one hop only (RFC 9110, section 7.6.1) and are not passed on.
const HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::PROXY_AUTHORIZATION,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

type Body = BoxBody<Bytes, hyper::Error>;

/// A running proxy. Dropping it closes everything that goes through it.
pub struct Proxy {
    url: Url,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("port", &self.url.port())
            .finish_non_exhaustive()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct Shared {
    guard: Guard,
    reach: Reach,
    credential: String,
    received: AtomicU64,
    max_bytes: u64,
    idle: Duration,
    refused: AtomicU64,
}

/// Starts a proxy that lets through what `guard` allows within `reach`, `max_bytes` altogether, and
/// closes tunnels that are silent for `idle`.
pub async fn start(
    guard: Guard,
    reach: Reach,
    max_bytes: u64,
    idle: Duration,
) -> io::Result<Proxy> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    let secret = hex::encode(rand::random::<[u8; 16]>());
    let url =
        Url::parse(&format!("http://job:{secret}@127.0.0.1:{port}")).map_err(io::Error::other)?;
    let shared = Arc::new(Shared {
        guard,
        reach,
        credential: format!("Basic {}", base64(format!("job:{secret}").as_bytes())),
        received: AtomicU64::new(0),
        max_bytes,
        idle,
        refused: AtomicU64::new(0),
    });
    let accepting = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
    Ok(Proxy {
        url,
        shared,
        accepting,
    })
}

impl Proxy {
    /// Its address with the credential. A secret of the job: for the child's command line only.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether more came through than allowed.
    pub fn overflowed(&self) -> bool {
        self.shared.received.load(Ordering::Relaxed) > self.shared.max_bytes
    }

    /// How many destinations were refused.
    pub fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::Relaxed)
    }
}

/// The connections are tasks of this one's set, so aborting it closes them all.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            serve(stream, shared).await;
            drop(slot);
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // A tunnel outlives the HTTP connection that asked for it; it is carried out here, in the task
    // that the proxy can abort.
    let (tunnel, mut tunnels) = tokio::sync::mpsc::channel(1);
    let service = hyper::service::service_fn(move |request| {
        let shared = Arc::clone(&shared);
        let tunnel = tunnel.clone();
        async move { Ok::<_, Infallible>(answer(request, shared, tunnel).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(CONNECT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let _ = connection.await;
    if let Some(Tunnel {
        upgrade,
        remote,
        shared,
    }) = tunnels.recv().await
        && let Ok(upgraded) = upgrade.await
    {
        shovel(TokioIo::new(upgraded), remote, &shared).await;
    }
}

struct Tunnel {
    upgrade: hyper::upgrade::OnUpgrade,
    remote: TcpStream,
    shared: Arc<Shared>,
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    tunnel: tokio::sync::mpsc::Sender<Tunnel>,
) -> Response<Body> {
    let credential = request.headers().get(header::PROXY_AUTHORIZATION);
    if !credential.is_some_and(|given| same(given.as_bytes(), shared.credential.as_bytes())) {
        let mut response = plain(StatusCode::PROXY_AUTHENTICATION_REQUIRED, "");
        response.headers_mut().insert(
            header::PROXY_AUTHENTICATE,
            http::HeaderValue::from_static("Basic"),
        );
        return response;
    }
    let connect = request.method() == Method::CONNECT;
    let Some((host, port)) = destination(request.uri(), connect, &shared) else {
        shared.refused.fetch_add(1, Ordering::Relaxed);
        return plain(StatusCode::FORBIDDEN, "destination not allowed");
    };
    let remote = match dial(&shared.guard, &host, port).await {
        Ok(remote) => remote,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            shared.refused.fetch_add(1, Ordering::Relaxed);
            return plain(StatusCode::FORBIDDEN, "destination not allowed");
        }
        Err(_) => return plain(StatusCode::BAD_GATEWAY, "cannot connect"),
    };
    if connect {
        let upgrade = hyper::upgrade::on(request);
        let _ = tunnel.try_send(Tunnel {
            upgrade,
            remote,
            shared,
        });
        return plain(StatusCode::OK, "");
    }
    forward(request, remote, shared)
        .await
        .unwrap_or_else(|_| plain(StatusCode::BAD_GATEWAY, "broke off"))
}

/// Where a request wants to go, if it may. A tunnel is taken to carry HTTPS, except to a test host.
fn destination(uri: &Uri, connect: bool, shared: &Shared) -> Option<(String, u16)> {
    let authority = uri.authority()?;
    if authority.as_str().contains('@') {
        return None;
    }
    let hosts = shared.guard.hosts();
    let scheme = match (connect, uri.scheme_str()) {
        (true, _) => match authority.port_u16() {
            Some(port) if hosts.is_test_pair(authority.host(), port) => "http",
            _ => "https",
        },
        (false, Some("http")) => "http",
        (false, _) => return None,
    };
    // Through the same parser as every other URL: odd spellings of addresses become addresses.
    let url = Url::parse(&format!("{scheme}://{authority}/")).ok()?;
    shared.guard.check(&url, shared.reach).ok()?;
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}

async fn dial(guard: &Guard, host: &str, port: u16) -> io::Result<TcpStream> {
    let connect = async {
        let addresses: Vec<SocketAddr> = guard.dial_list(host, port).await?;
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    };
    tokio::time::timeout(CONNECT, connect)
        .await
        .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)))
}

/// Plain HTTP, one request: only test hosts are reached like this.
async fn forward(
    mut request: Request<Incoming>,
    remote: TcpStream,
    shared: Arc<Shared>,
) -> Result<Response<Body>, hyper::Error> {
    let authority = request
        .uri()
        .authority()
        .map(ToString::to_string)
        .unwrap_or_default();
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
    for name in HOP {
        request.headers_mut().remove(name);
    }
    request.headers_mut().remove("proxy-connection");
    if let Ok(host) = authority.parse() {
        request.headers_mut().insert(header::HOST, host);
    }
    let counted = Counted {
        stream: remote,
        shared,
    };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake::<_, Incoming>(TokioIo::new(counted)).await?;
    tokio::spawn(async move {
        let _ = connection.await;
    });
    let mut response = sender.send_request(request).await?;
    for name in HOP {
        response.headers_mut().remove(name);
    }
    Ok(response.map(BodyExt::boxed))
}

/// Carries bytes both ways until both sides end or are silent together, or the budget is spent.
async fn shovel(
    client: impl AsyncRead + AsyncWrite + Unpin,
    remote: TcpStream,
    shared: &Arc<Shared>,
) {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let counted = Counted {
        stream: remote,
        shared: Arc::clone(shared),
    };
    let (mut from_remote, mut to_remote) = tokio::io::split(counted);
    // One stamp for both: whoever waits for a long body says nothing meanwhile.
    let active = watch::Sender::new(Instant::now());
    let up = pump(&mut from_client, &mut to_remote, &active);
    let down = pump(&mut from_remote, &mut to_client, &active);
    tokio::select! {
        _ = async { tokio::join!(up, down) } => {}
        () = silence(&active, shared.idle) => {}
    }
}

/// Ends once nothing has happened for `idle`.
async fn silence(active: &watch::Sender<Instant>, idle: Duration) {
    loop {
        let end = *active.borrow() + idle;
        if end <= Instant::now() {
            return;
        }
        tokio::time::sleep_until(end).await;
    }
}

async fn pump(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    active: &watch::Sender<Instant>,
) -> io::Result<()> {
    let mut buffer = vec![0; 32 << 10];
    let result = loop {
        match from.read(&mut buffer).await {
            Ok(0) => break Ok(()),
            Ok(length) => {
                active.send_replace(Instant::now());
                to.write_all(&buffer[..length]).await?;
                active.send_replace(Instant::now());
            }
            Err(error) => break Err(error),
        }
    };
    let _ = to.shutdown().await;
    result
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let body = if text.is_empty() {
        Empty::new().map_err(|never| match never {}).boxed()
    } else {
        Full::new(Bytes::from_static(text.as_bytes()))
            .map_err(|never| match never {})
            .boxed()
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// Compares without telling by time where the difference is.
fn same(given: &[u8], expected: &[u8]) -> bool {
    given.len() == expected.len()
        && given
            .iter()
            .zip(expected)
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}
