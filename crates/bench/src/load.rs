//! The load generator: prepared requests over kept-alive sockets, with as little work of its own as
//! possible, since it shares the processors with the server that it measures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::delivery::Delivery;

/// What one run saw.
#[derive(Debug, Clone)]
pub struct Run {
    /// From the first byte sent to the last answer.
    pub wall: Duration,
    /// One entry an answer, sorted.
    pub latencies: Vec<Duration>,
}

impl Run {
    /// The latency below which `share` (0 to 1) of the answers came.
    pub fn percentile(&self, share: f64) -> Duration {
        if self.latencies.is_empty() {
            return Duration::ZERO;
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index into a short list"
        )]
        let index = ((self.latencies.len() as f64) * share) as usize;
        self.latencies[index.min(self.latencies.len() - 1)]
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let count = self.latencies.len() as f64;
        count / self.wall.as_secs_f64()
    }
}

/// Sends every delivery as fast as `connections` sockets take them.
pub async fn closed_loop(
    address: SocketAddr,
    deliveries: Arc<Vec<Delivery>>,
    connections: usize,
) -> Result<Run> {
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut workers = Vec::new();
    for _ in 0..connections {
        let (deliveries, next) = (Arc::clone(&deliveries), Arc::clone(&next));
        workers.push(tokio::spawn(async move {
            let mut socket = Socket::open(address).await?;
            let mut latencies = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(delivery) = deliveries.get(index) else {
                    return anyhow::Ok(latencies);
                };
                let at = Instant::now();
                socket.exchange(&delivery.request).await?;
                latencies.push(at.elapsed());
            }
        }));
    }
    gather(workers, started).await
}

/// Sends the deliveries at a fixed rate, whatever the answers take, so that a slow server cannot slow
/// down the clock that judges it.
pub async fn open_loop(
    address: SocketAddr,
    deliveries: Arc<Vec<Delivery>>,
    per_second: u32,
    connections: usize,
) -> Result<Run> {
    let gap = Duration::from_secs(1) / per_second;
    let started = Instant::now() + Duration::from_millis(50);
    let mut workers = Vec::new();
    for lane in 0..connections {
        let deliveries = Arc::clone(&deliveries);
        workers.push(tokio::spawn(async move {
            let mut socket = Socket::open(address).await?;
            let mut latencies = Vec::new();
            let mut index = lane;
            while let Some(delivery) = deliveries.get(index) {
                let due = started + gap * u32::try_from(index).unwrap_or(u32::MAX);
                tokio::time::sleep_until(due.into()).await;
                // From when it was due, not from when it could be sent: waiting counts.
                // The timer wheel rounds up to a millisecond; that millisecond is not the server's.
                let at = Instant::now().max(due);
                socket.exchange(&delivery.request).await?;
                latencies.push(at.elapsed());
                index += connections;
            }
            anyhow::Ok(latencies)
        }));
    }
    gather(workers, started).await
}

async fn gather(
    workers: Vec<tokio::task::JoinHandle<Result<Vec<Duration>>>>,
    started: Instant,
) -> Result<Run> {
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.extend(worker.await??);
    }
    let wall = started.elapsed();
    latencies.sort_unstable();
    Ok(Run { wall, latencies })
}

/// A kept-alive HTTP/1.1 connection that knows just enough to read one answer.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Socket {
    /// Connects without Nagle's delay.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("nobody answers at {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 16 * 1024],
        })
    }

    /// Writes one request and reads its answer; anything but a 200 is an error.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let free = self.buffer.get_mut(filled..).unwrap_or_default();
            if free.is_empty() {
                bail!("the answer is longer than {} bytes", self.buffer.len());
            }
            let read = self.stream.read(free).await?;
            if read == 0 {
                bail!("the server closed the connection before it answered");
            }
            filled += read;
            let answer = self.buffer.get(..filled).unwrap_or_default();
            if let Some(total) = answer_length(answer)?
                && filled >= total
            {
                return Ok(());
            }
        }
    }
}

/// The whole length of the answer once its head has arrived.
fn answer_length(answer: &[u8]) -> Result<Option<usize>> {
    let Some(head_end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(answer.get(..head_end).unwrap_or_default()).to_lowercase();
    if !head.starts_with("http/1.1 200") {
        bail!("not a 200: {}", head.lines().next().unwrap_or_default());
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|value| value.trim().parse::<usize>().ok())
        .context("the answer has no Content-Length")?;
    Ok(Some(head_end + 4 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_only_with_its_body() {
        assert_eq!(
            answer_length(b"HTTP/1.1 200 OK\r\nContent-Le").unwrap(),
            None
        );
        assert_eq!(
            answer_length(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n").unwrap(),
            Some(40)
        );
        assert!(answer_length(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").is_err());
    }

    #[test]
    fn percentiles_come_from_the_sorted_list() {
        let run = Run {
            wall: Duration::from_secs(1),
            latencies: (1..=100).map(Duration::from_millis).collect(),
        };
        assert_eq!(run.percentile(0.5), Duration::from_millis(51));
        assert_eq!(run.percentile(0.99), Duration::from_millis(100));
        assert!((run.rate() - 100.0).abs() < f64::EPSILON);
    }
}
