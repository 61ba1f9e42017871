#![doc = include_str!("../README.md")]
//! `main`: reads the command line, starts logging, and hands over to the server or the simulator.

mod access;
mod cli;
mod commands;
mod console;
mod demo;
mod logs;
mod process;
mod simulate;

use std::process::ExitCode;

use clap::Parser as _;
use cli::{Cli, Command};

fn main() -> ExitCode {
    // The one TLS provider of the process; a second call would mean somebody else chose before us.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    if let Command::SttWorker { arguments } = cli.command {
        return server::speech_worker(arguments.into_iter());
    }
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("gramophone: {}", server::operate::told(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(commands::run(cli))?;
    // A blocking task that still reads a file must not hold the end up.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    Ok(code)
}
