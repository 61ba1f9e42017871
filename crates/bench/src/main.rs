//! The bench's command line. Started under the name of a tool, it plays that tool instead (see `stub`).

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand};

use bench::{filled, gateway, jobs, report, stub, webhooks};

#[derive(Debug, Parser)]
#[command(
    name = "gramophone-bench",
    about = "Measures the shipped binary and checks what it stored"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Every benchmark, as Markdown tables
    All(Common),
    /// Webhooks on a database that holds a million events
    Filled(Common),
    /// The gateway: what it adds, how much it answers, what fifty posts cost
    Gateway(Common),
    /// Whole answers a second, and the memory of large uploads
    Jobs(Common),
    /// Webhooks: rate, latency, processor time, batches, memory, start
    Webhooks(Common),
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The server binary to judge
    #[arg(long, default_value = "target/release/gramophone")]
    server: PathBuf,
    /// Runs of each benchmark; the table shows the median and the spread
    #[arg(long, default_value_t = 5)]
    runs: usize,
}

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    if let Some(code) = stub::play(&args) {
        return code;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(Cli::parse())) {
        Ok(text) => {
            use std::io::Write as _;
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<String> {
    match cli.command {
        Command::Webhooks(common) => webhook_table(&common).await,
        Command::Filled(common) => filled_table(&common).await,
        Command::Gateway(common) => gateway_table(&common).await,
        Command::Jobs(common) => job_table(&common).await,
        Command::All(common) => {
            let webhooks = webhook_table(&common).await?;
            let filled = filled_table(&common).await?;
            let jobs = job_table(&common).await?;
            let gateway = gateway_table(&common).await?;
            Ok(format!("{webhooks}\n{filled}\n{jobs}\n{gateway}"))
        }
    }
}

async fn webhook_table(common: &Common) -> Result<String> {
    let server = binary(common)?;
    let mut figures = webhooks::figures();
    for run in 1..=common.runs {
        eprintln!("webhooks: run {run} of {}", common.runs);
        let folder = tempfile::tempdir()?;
        webhooks::run(
            &server,
            folder.path(),
            &webhooks::Size::default(),
            &mut figures,
        )
        .await?;
    }
    Ok(report::table(&figures))
}

async fn filled_table(common: &Common) -> Result<String> {
    let server = binary(common)?;
    let mut figures = filled::figures();
    let folder = tempfile::tempdir()?;
    eprintln!(
        "webhooks with a million events: filling, then {} runs",
        common.runs
    );
    filled::run(&server, folder.path(), common.runs, &mut figures).await?;
    Ok(report::table(&figures))
}

async fn gateway_table(common: &Common) -> Result<String> {
    let server = binary(common)?;
    let mut figures = gateway::figures();
    for run in 1..=common.runs {
        eprintln!("gateway: run {run} of {}", common.runs);
        gateway::run(&server, &mut figures).await?;
    }
    Ok(report::table(&figures))
}

async fn job_table(common: &Common) -> Result<String> {
    let server = binary(common)?;
    let bench = std::env::current_exe()?;
    let mut figures = jobs::figures();
    for run in 1..=common.runs {
        eprintln!("jobs: run {run} of {}", common.runs);
        let folder = tempfile::tempdir()?;
        jobs::run(&server, &bench, folder.path(), &mut figures).await?;
    }
    Ok(report::table(&figures))
}

fn binary(common: &Common) -> Result<PathBuf> {
    ensure!(
        common.server.exists(),
        "there is no {}: run `make bench`",
        common.server.display()
    );
    Ok(common.server.canonicalize()?)
}
