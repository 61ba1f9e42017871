//! `up`, `serve` and `work`: one process of the product, from settings to the last drained request.

use server::{App, Roles, settings::Settings};
use tokio_util::sync::CancellationToken;

use crate::{console::say, logs};

/// Runs until the process is told to stop.
pub(crate) async fn run(settings: Settings, roles: Roles) -> anyhow::Result<()> {
    let _logging = logs::start(&settings.log, Box::new(std::io::stderr()))?;
    let stop = stop_on_signal()?;
    let app = App::build(settings, roles).await?;
    match app.address() {
        Some(address) => say(format!("listening on http://{address}")),
        None => say("working"),
    }
    app.run(stop).await
}

/// A token that SIGTERM and Ctrl-C cancel. A second signal ends the process at once: whoever asks
/// twice means it, and a killed process loses nothing here.
pub(crate) fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            for asked in 0.. {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if asked > 0 {
                    std::process::exit(130);
                }
                tracing::info!("stopping: no more requests, open work ends or is handed back");
                stop.cancel();
            }
        }
    });
    Ok(stop)
}
