//! A Redis of the trial's own, on a port of its own and with its data in a folder of its own, and a plain client of it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use redis::aio::MultiplexedConnection;
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::server::free_port;

/// The key's name is the product's default.
const KEY: &str = "gramophone:jobs";
const TAKEN: &str = "gramophone:jobs:taken";
const DEAD: &str = "gramophone:jobs:dead";
/// The group in which the process reads a stream.
const GROUP: &str = "gramophone";

/// What the key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Pushed at the right, taken from the left.
    List,
    /// With one field, `job`.
    Stream,
}

/// A running Redis; ends with this value.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    line: MultiplexedConnection,
    _child: Child,
}

impl Redis {
    /// Starts one that keeps its data in `folder`, on every write.
    pub async fn start(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        loop {
            // Free now; should somebody else take it before the server does, the server ends and another is tried.
            let port = free_port()?;
            let mut child = Command::new("redis-server")
                .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
                .args(["--save", "", "--appendonly", "yes"])
                .args(["--appendfsync", "always", "--dir"])
                .arg(folder)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .context("redis-server is needed; scripts/setup.sh test installs it")?;
            let client = redis::Client::open(format!("redis://127.0.0.1:{port}/"))?;
            while child.try_wait()?.is_none() {
                if let Ok(line) = client.get_multiplexed_async_connection().await {
                    return Ok(Self {
                        port,
                        line,
                        _child: child,
                    });
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Pushes entries, as any program would.
    pub async fn push(&self, shape: Shape, bodies: &[String]) -> Result<()> {
        let mut pipe = redis::pipe();
        for body in bodies {
            match shape {
                Shape::List => pipe.cmd("RPUSH").arg(KEY).arg(body),
                Shape::Stream => pipe.cmd("XADD").arg(KEY).arg("*").arg("job").arg(body),
            };
        }
        let mut line = self.line.clone();
        pipe.query_async::<redis::Value>(&mut line).await?;
        Ok(())
    }

    /// How many entries are in the key.
    pub async fn waiting(&self, shape: Shape) -> Result<usize> {
        let count = match shape {
            Shape::List => "LLEN",
            Shape::Stream => "XLEN",
        };
        let mut line = self.line.clone();
        Ok(redis::cmd(count).arg(KEY).query_async(&mut line).await?)
    }

    /// The entries that somebody took and did not acknowledge.
    pub async fn taken(&self, shape: Shape) -> Result<Vec<String>> {
        let mut line = self.line.clone();
        if shape == Shape::List {
            let kept: Vec<String> = redis::cmd("HVALS")
                .arg(TAKEN)
                .query_async(&mut line)
                .await?;
            // Behind the time at which it was taken.
            let body = |kept: String| kept.split_once(' ').map(|(_, body)| body.to_owned());
            return Ok(kept.into_iter().filter_map(body).collect());
        }
        let pending: redis::RedisResult<Vec<(String, String, i64, i64)>> = redis::cmd("XPENDING")
            .arg(KEY)
            .arg(GROUP)
            .arg(("-", "+", 10_000))
            .query_async(&mut line)
            .await;
        // Before the first reading there is no group.
        let Ok(pending) = pending else {
            return Ok(Vec::new());
        };
        let mut bodies = Vec::new();
        for (id, ..) in pending {
            let found: Vec<(String, Vec<String>)> = redis::cmd("XRANGE")
                .arg(KEY)
                .arg((&id, &id))
                .query_async(&mut line)
                .await?;
            let fields = found.into_iter().next().map(|(_, fields)| fields);
            bodies.extend(fields.into_iter().flatten().nth(1));
        }
        Ok(bodies)
    }

    /// What was put aside: the entry and the reason.
    pub async fn dead(&self) -> Result<Vec<(String, String)>> {
        let mut line = self.line.clone();
        let dead: Vec<String> = redis::cmd("LRANGE")
            .arg(DEAD)
            .arg((0, -1))
            .query_async(&mut line)
            .await?;
        let mut all = Vec::new();
        for epitaph in dead {
            let epitaph: Value = serde_json::from_str(&epitaph)?;
            let text = |name: &str| epitaph[name].as_str().unwrap_or_default().to_owned();
            all.push((text("entry"), text("reason")));
        }
        Ok(all)
    }
}
