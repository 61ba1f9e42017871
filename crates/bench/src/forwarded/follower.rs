//! Somebody who follows `/v1/stream` for the whole trial: thrown out at every death, they come back with the last id
//! that they saw.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use reqwest::{Client, Response};
use serde_json::Value;
use tokio::task::JoinHandle;

/// Between two knocks at a dead process.
const KNOCK: Duration = Duration::from_millis(20);

/// What was seen: the number in the feed, and the event.
type Seen = Arc<Mutex<Vec<(i64, Value)>>>;

/// Follows until dropped.
#[derive(Debug)]
pub(super) struct Follower {
    seen: Seen,
    following: JoinHandle<()>,
}

impl Follower {
    /// Follows from the first event on.
    pub(super) fn start(address: SocketAddr) -> Result<Self> {
        let http = Client::builder().no_proxy().build()?;
        let seen = Seen::default();
        let noted = Arc::clone(&seen);
        let following = tokio::spawn(async move {
            let mut last = 0;
            loop {
                // Whoever is thrown out comes back.
                let _ = follow(&http, address, &mut last, &noted).await;
                tokio::time::sleep(KNOCK).await;
            }
        });
        Ok(Self { seen, following })
    }

    /// Events of Instagram, in the order in which they came.
    pub(super) fn seen(&self) -> Vec<(i64, Value)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.following.abort();
    }
}

async fn follow(http: &Client, address: SocketAddr, last: &mut i64, noted: &Seen) -> Result<()> {
    let request = http.get(format!("http://{address}/v1/stream"));
    let request = request.header("last-event-id", last.to_string());
    let mut stream: Response = request.send().await?;
    ensure!(stream.status().is_success(), "no stream");
    let mut bytes = Vec::new();
    while let Some(piece) = stream.chunk().await? {
        bytes.extend_from_slice(&piece);
        while let Some(end) = bytes.windows(2).position(|two| two == b"\n\n") {
            let rest = bytes.split_off(end + 2);
            let message = String::from_utf8(std::mem::replace(&mut bytes, rest))?;
            note(&message, last, noted)?;
        }
    }
    Ok(())
}

/// A whole message; what keeps the connection alive has no id.
fn note(message: &str, last: &mut i64, noted: &Seen) -> Result<()> {
    let field = |name: &str| {
        let mut lines = message.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let Some(id) = field("id") else {
        return Ok(());
    };
    let id = id.parse()?;
    if field("event") == Some("event") {
        let event: Value = serde_json::from_str(field("data").unwrap_or_default())?;
        let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.push((id, event));
    }
    *last = id;
    Ok(())
}
