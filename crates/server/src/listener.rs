//! Accepts connections under limits that really fire, and hands each request to one function.
//!
//! Why not the framework's own loop: hyper's header timeout does nothing unless a timer is installed,
//! and a connection on which nothing is sent must end too. The slow clients in `tests/it/slow.rs`
//! prove both.

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{body::Body, extract::Request, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Largest request head: ours are short, and a proxy adds a few hundred bytes.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// Most header lines in a request.
const MAX_HEADERS: usize = 64;
/// How long open requests may take to end once we are told to stop.
const DRAIN: Duration = Duration::from_secs(30);
/// How long to wait when the system has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a client may take of us.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time for a request head, and for a connection to idle before one.
    pub header_timeout: Duration,
    /// Connections open at once.
    pub max_connections: usize,
    /// Connections open at once from one address, loopback aside.
    pub max_connections_per_ip: usize,
}

/// Answers one request from one peer; shared by all connections.
pub trait Answer: Send + Sync + 'static {
    /// The answer; never an error, since a server always has something to say.
    fn answer(
        self: &Arc<Self>,
        request: Request,
        peer: SocketAddr,
    ) -> impl Future<Output = Response> + Send;
}

/// A bound socket that is not served yet.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    limits: Limits,
}

impl Listener {
    /// Binds the address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        Ok(Self {
            socket: TcpListener::bind(address).await?,
            limits,
        })
    }

    /// The address really bound.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop`, then lets open requests end, for at most thirty seconds.
    pub async fn serve(self, answer: Arc<impl Answer>, stop: CancellationToken) {
        let seats = Seats::new(self.limits);
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let Some(seat) = seats.take(peer.ip()) else {
                        metrics::counter!("gramophone_connections_refused_total").increment(1);
                        continue;
                    };
                    let answer = Arc::clone(&answer);
                    let serving = connection(
                        stream,
                        peer,
                        answer,
                        self.limits.header_timeout,
                        stop.clone(),
                    );
                    connections.spawn(async move {
                        serving.await;
                        drop(seat);
                    });
                }
                Err(error) => pause_after(&error).await,
            }
        }
        drop(self.socket);
        connections.close();
        if tokio::time::timeout(DRAIN, connections.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                open = connections.len(),
                "requests still open after the drain time"
            );
        }
    }
}

/// A client that went away between the handshake and us is no reason to wait; a full table of file
/// descriptors is, or the loop would spin.
async fn pause_after(error: &io::Error) {
    let client_left = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !client_left {
        tracing::warn!(%error, "cannot accept a connection; trying again shortly");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    answer: Arc<impl Answer>,
    header_timeout: Duration,
    stop: CancellationToken,
) {
    // Answers are one small write; waiting to fill a packet would only add latency.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let answer = Arc::clone(&answer);
        async move { Ok::<_, Infallible>(answer.answer(request.map(Body::new), peer).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}

/// Seats taken by each address.
type PerIp = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// Counts who sits where; a seat frees itself when dropped.
struct Seats {
    all: Arc<Semaphore>,
    per_ip: PerIp,
    max_per_ip: usize,
}

struct Seat {
    _one_of_all: OwnedSemaphorePermit,
    of_ip: Option<(IpAddr, PerIp)>,
}

impl Seats {
    fn new(limits: Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.max_connections)),
            per_ip: Arc::default(),
            max_per_ip: limits.max_connections_per_ip,
        }
    }

    fn take(&self, ip: IpAddr) -> Option<Seat> {
        let one_of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        if ip.to_canonical().is_loopback() {
            return Some(Seat {
                _one_of_all: one_of_all,
                of_ip: None,
            });
        }
        let mut taken = self.per_ip.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(ip).or_default();
        if *count >= self.max_per_ip {
            return None;
        }
        *count += 1;
        Some(Seat {
            _one_of_all: one_of_all,
            of_ip: Some((ip, Arc::clone(&self.per_ip))),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((ip, taken)) = &self.of_ip else {
            return;
        };
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(ip) {
            *count -= 1;
            if *count == 0 {
                taken.remove(ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_every_seat() {
        let limits = Limits {
            header_timeout: Duration::from_secs(1),
            max_connections: 4,
            max_connections_per_ip: 2,
        };
        let seats = Seats::new(limits);
        let greedy: IpAddr = "192.0.2.1".parse().unwrap();
        let held: Vec<_> = (0..3).map(|_| seats.take(greedy)).collect();
        assert_eq!(held.iter().flatten().count(), 2);
        assert!(seats.take("192.0.2.2".parse().unwrap()).is_some());
        drop(held);
        assert!(seats.take(greedy).is_some());
        assert_eq!(
            seats.per_ip.lock().unwrap().len(),
            0,
            "a freed address is forgotten"
        );
    }

    #[test]
    fn loopback_counts_only_towards_the_whole() {
        let limits = Limits {
            header_timeout: Duration::from_secs(1),
            max_connections: 3,
            max_connections_per_ip: 1,
        };
        let seats = Seats::new(limits);
        let held: Vec<_> = (0..4)
            .map(|_| seats.take("127.0.0.1".parse().unwrap()))
            .collect();
        assert_eq!(held.iter().flatten().count(), 3);
    }
}
