//! `demo`: a simulated Instagram and Telegram, the server and the worker in one process, with real tools.
//!
//! Nothing here is faked for the demo: the bot gets other base addresses and goes its normal way.

use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use server::{
    App, Roles,
    settings::{Settings, Sources},
};
use simulator::{Options, Simulator};

use crate::{console::say, logs, process, simulate};

const DEFAULT_DATA: &str = "data/demo";

/// Runs the demo until told to stop.
pub(crate) async fn run(mut sources: Sources, seed: Option<PathBuf>) -> anyhow::Result<()> {
    if !sources.sets("data_dir") {
        sources.flag("data_dir", DEFAULT_DATA);
    }
    for (key, path) in find_tools(&sources)? {
        sources.flag(key, path.display().to_string());
    }
    let before = Settings::load(&sources)?;
    let data = absolute(&before.data_dir)?;
    std::fs::create_dir_all(&data).with_context(|| {
        format!(
            "{} cannot be made; name another folder with --data",
            data.display()
        )
    })?;
    let log_file = data.join("gramophone.log");
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&log_file)?;
    let _logging = logs::start(&before.log, Box::new(log))?;
    let stop = process::stop_on_signal()?;

    let options = Options {
        seed_file: seed,
        ..simulate::options(&before, &data.join("simulator"))
    };
    let simulator = Simulator::start(options).await?;
    point_at_simulator(&mut sources, &simulator);
    sources.flag("data_dir", data.display().to_string());
    sources.flag("api.open_on_loopback", "true");
    let app = App::build(Settings::load(&sources)?, Roles::BOTH).await?;
    let address = app.address().context("the server does not listen")?;
    simulator.set_webhook_when_ready(format!("http://{address}/webhooks/instagram").parse()?);

    say(
        "Gramophone demo: a simulated Instagram and Telegram, and the real bot, on this machine only.",
    );
    say(format!("  chat with it   {}/_sim", simulator.base_url()));
    say(format!("  try the API    http://{address}/docs"));
    say(format!("  data and log   {}", data.display()));
    say("Send a sample reel from the chat page and watch the answer arrive. Ctrl-C ends it.");
    let ran = app.run(stop).await;
    simulator.stop().await;
    ran
}

/// The simulator's names and addresses, as any client of it would set them.
fn point_at_simulator(sources: &mut Sources, simulator: &Simulator) {
    for line in simulator.client_environment().lines() {
        if let Some((name, value)) = line.split_once('=') {
            sources.env.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// Where each tool is: what the settings name, else what is here, else the next step.
fn find_tools(sources: &Sources) -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
    let here = std::env::current_dir()?;
    let mut found = Vec::new();
    for (key, program, private) in [
        ("tools.ffmpeg", "ffmpeg", None),
        ("tools.ffprobe", "ffprobe", None),
        ("tools.yt_dlp", "yt-dlp", Some(".tools/yt-dlp/bin/yt-dlp")),
    ] {
        if sources.sets(key) {
            continue;
        }
        let private = private
            .map(|path| here.join(path))
            .filter(|path| path.is_file());
        let path = private.or_else(|| on_path(program)).with_context(|| {
            format!("{program} is not here. `make demo` installs everything the demo needs")
        })?;
        found.push((key, path));
    }
    Ok(found)
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Tools run in folders of their own, so no path may depend on ours.
fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    Ok(std::path::absolute(path)?)
}
