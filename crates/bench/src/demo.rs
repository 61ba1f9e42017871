//! `gramophone demo` as a user starts it: server, simulator and worker in one process, on free ports, in a folder of its
//! own. Tests that look at the whole product from outside begin here.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

/// How long a demo may take until both sides answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// How much of its log a failure shows.
const LOG_LINES: usize = 40;

/// A running demo; everything it made goes when it is dropped.
#[derive(Debug)]
pub struct Demo {
    child: Child,
    /// Base address of the server.
    pub server: String,
    /// Base address of the simulator.
    pub simulator: String,
    /// For calls to both.
    pub http: reqwest::Client,
    folder: tempfile::TempDir,
}

impl Demo {
    /// Starts the program with settings of its own and waits until it answers.
    pub async fn start(program: &Path, environment: &[(&str, &str)]) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir()?;
        let (port, simulator_port) = (crate::server::free_port()?, crate::server::free_port()?);
        let log = std::fs::File::create(folder.path().join("demo.log"))?;
        let child = Command::new(program)
            .arg("demo")
            .args(["--port", &port.to_string()])
            .args(["--simulator-port", &simulator_port.to_string()])
            .arg("--data")
            .arg(folder.path().join("demo"))
            .current_dir(workspace())
            // Calls are counted here: none may come from what the server reads by itself.
            .env("GRAMOPHONE_SNAPSHOTS__ENABLED", "false")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let mut demo = Self {
            child,
            server: format!("http://127.0.0.1:{port}"),
            simulator: format!("http://127.0.0.1:{simulator_port}"),
            http: reqwest::Client::builder().no_proxy().build()?,
            folder,
        };
        demo.wait_until_up().await?;
        Ok(demo)
    }

    async fn wait_until_up(&mut self) -> Result<()> {
        let doors = [
            format!("{}/healthz", self.server),
            format!("{}/_sim", self.simulator),
        ];
        let until = Instant::now() + PATIENCE;
        for door in doors {
            while !self.answers_at(&door).await {
                if self.child.try_wait()?.is_some() || Instant::now() > until {
                    bail!("the demo did not come up:\n{}", self.log());
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    async fn answers_at(&self, url: &str) -> bool {
        let answer = self.http.get(url).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// The end of what it printed, for a failure's message.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("demo.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }

    /// The folder that it keeps everything in.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("demo")
    }
}

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The `gramophone` binary beside a running test's own.
pub fn program() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let program = here
        .parent()
        .and_then(Path::parent)
        .context("a test lives in a folder")?
        .join("gramophone");
    if !program.exists() {
        bail!("{} is missing: `make test` builds it", program.display());
    }
    Ok(program)
}
