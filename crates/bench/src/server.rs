//! The judged process: the shipped binary, started as an operator would start it, killed as a power cut would.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

use crate::load::Socket;

/// The secret with which deliveries to the judged server are signed.
pub const APP_SECRET: &str = "bench-app-secret";
/// The account the judged server is set up for.
pub const ACCOUNT: &str = "17841400000000001";

/// How to start a server.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The `gramophone` binary.
    pub program: PathBuf,
    /// `serve`, `work` or `up`.
    pub command: &'static str,
    /// Where it keeps everything.
    pub data: PathBuf,
    /// Its port on loopback.
    pub port: u16,
    /// Settings as environment variables, beside the ones every launch has.
    pub environment: Vec<(String, String)>,
}

impl Launch {
    /// A launch with default settings apart from the secrets, which have no default.
    pub fn new(program: &Path, command: &'static str, data: &Path) -> Result<Self> {
        Ok(Self {
            program: program.to_owned(),
            command,
            data: data.to_owned(),
            port: free_port()?,
            environment: Vec::new(),
        })
    }

    /// The address it will answer at.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Starts it and waits until `/healthz` answers.
    pub async fn start(&self) -> Result<Server> {
        std::fs::create_dir_all(&self.data)?;
        let log_path = self.data.join("server.log");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log_path)?;
        let started = Instant::now();
        let child = Command::new(&self.program)
            .arg(self.command)
            .arg("--port")
            .arg(self.port.to_string())
            .arg("--data")
            .arg(&self.data)
            .current_dir(&self.data)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.data)
            .env("INSTAGRAM_APP_SECRET", APP_SECRET)
            .env("INSTAGRAM_VERIFY_TOKEN", "bench-verify-token")
            .env("INSTAGRAM_PAGE_ID", "100000000000001")
            .env("INSTAGRAM_PAGE_ACCESS_TOKEN", "SIM-PAGE-TOKEN")
            .env("GRAMOPHONE_INSTAGRAM__ACCOUNT_ID", ACCOUNT)
            .env("GRAMOPHONE_SNAPSHOTS__ENABLED", "false")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started", self.program.display()))?;
        let mut server = Server {
            child,
            ready_after: Duration::ZERO,
        };
        let request = format!(
            "GET /healthz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
            self.address()
        );
        loop {
            if let Ok(mut socket) = Socket::open(self.address()).await
                && socket.exchange(request.as_bytes()).await.is_ok()
            {
                server.ready_after = started.elapsed();
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                let log = std::fs::read_to_string(&log_path).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(12).collect();
                bail!(
                    "the server ended at start ({status}):\n{}",
                    tail.into_iter().rev().collect::<Vec<_>>().join("\n")
                );
            }
            if started.elapsed() > Duration::from_secs(30) {
                bail!("the server did not answer /healthz within 30 s");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// From start to the first answered request.
    pub ready_after: Duration,
}

impl Server {
    /// Its process id.
    pub fn pid(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// `kill -9`, and nothing of it is left when this returns.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }

    /// Whether it still runs.
    pub fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

/// A port that nobody listens on now, and that nobody is given until it is used: below the ports that systems hand out
/// by themselves (32768 and up on Linux), another one at each call, beginning elsewhere in each process.
pub fn free_port() -> Result<u16> {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..COUNT {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        let place = std::process::id().wrapping_mul(97).wrapping_add(turn) % COUNT;
        let port = u16::try_from(FIRST + place)?;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port between 20000 and 31999 is free")
}
