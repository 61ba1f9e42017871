//! `simulate`: the simulated Instagram and Telegram alone, for our server or anybody's client.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use server::settings::Settings;
use simulator::{Options, Simulator};

use crate::{console::say, process};

/// Runs the simulator until told to stop.
pub(crate) async fn run(
    settings: &Settings,
    webhook: Option<&str>,
    seed_file: Option<PathBuf>,
) -> anyhow::Result<()> {
    let stop = process::stop_on_signal()?;
    let webhook = webhook
        .map(str::parse)
        .transpose()
        .context("--webhook must be an address like http://127.0.0.1:8080/webhooks/instagram")?;
    let waits_for = webhook.is_some();
    let options = Options {
        webhook,
        seed_file,
        ..options(settings, &settings.data_dir.join("simulator"))
    };
    let simulator = Simulator::start(options).await?;
    let base = simulator.base_url();
    say(format!("simulated Instagram and Telegram: {base}/_sim"));
    if !waits_for {
        say("no webhook yet; give one with --webhook URL to get events delivered");
    }
    say("\n# environment for a client:");
    say(simulator.client_environment().trim_end());
    stop.cancelled().await;
    simulator.stop().await;
    Ok(())
}

/// Port, folder and ffmpeg as the settings say, all else as every test knows it.
pub(crate) fn options(settings: &Settings, data_dir: &Path) -> Options {
    Options {
        port: settings.simulator.port,
        data_dir: data_dir.to_owned(),
        ffmpeg: settings.tools.ffmpeg.clone(),
        ..Options::default()
    }
}
