//! A whole server in a folder of its own, started and stopped as the binary does it.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use server::{
    App, Roles,
    settings::{Settings, Sources},
};
use store::{Clock, Store, SystemClock};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::client::{ACCOUNT, SECRET, VERIFY_TOKEN};

/// A running server; [`House::close`] stops it and insists that it ends well.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

/// Settings of a test server, with some changed.
pub(crate) fn settings(folder: &Path, changes: &[(&str, &str)]) -> Settings {
    let mut sources = Sources::default();
    sources
        .flag("data_dir", folder.display().to_string())
        .flag("listen.port", "0")
        .flag("instagram.app_secrets", SECRET)
        .flag("instagram.verify_token", VERIFY_TOKEN)
        .flag("instagram.account_id", ACCOUNT);
    for (key, value) in changes {
        sources.flag(key, *value);
    }
    Settings::load(&sources).expect("good settings")
}

impl House {
    /// The server alone, with these settings changed.
    pub(crate) async fn serving(changes: &[(&str, &str)]) -> Self {
        Self::with(Roles::SERVE, changes).await
    }

    /// The same with settings that were put together.
    pub(crate) async fn with_settings(roles: Roles, changes: &[(String, String)]) -> Self {
        let borrowed: Vec<(&str, &str)> = changes
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        Self::with(roles, &borrowed).await
    }

    pub(crate) async fn with(roles: Roles, changes: &[(&str, &str)]) -> Self {
        Self::by_clock(roles, changes, Arc::new(SystemClock)).await
    }

    /// The same by a clock that the test moves.
    pub(crate) async fn by_clock(
        roles: Roles,
        changes: &[(&str, &str)],
        clock: Arc<dyn Clock>,
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let app = App::build_by(settings(folder.path(), changes), roles, clock)
            .await
            .expect("a server");
        let (address, store) = (app.address().expect("an address"), app.store().clone());
        let stop = CancellationToken::new();
        let running = tokio::spawn(app.run(stop.clone()));
        Self {
            address,
            store,
            folder,
            stop,
            running,
        }
    }

    /// How many operations the database was asked for: the same before and after means that nothing
    /// at all was stored.
    pub(crate) fn operations(&self) -> u64 {
        self.store.writer_stats().operations
    }

    /// Jobs caused and not done: the server alone does none. The regular ones, which look after tokens and read the
    /// day's numbers, are caused by nobody and never end for good.
    pub(crate) async fn jobs(&self) -> i64 {
        let counts = self.store.job_counts().await.unwrap();
        let is_open = |count: &&store::JobCount| {
            count.state != "dead" && !["tokens", "snapshots"].contains(&count.queue.as_str())
        };
        counts.iter().filter(is_open).map(|count| count.count).sum()
    }

    /// Stops the server; whatever went wrong inside comes out here.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(40), self.running).await;
        ended
            .expect("the server ends in time")
            .expect("no panic")
            .expect("a good end");
    }
}

/// Asks until it holds; the patience is for a loaded machine, not for luck.
pub(crate) async fn eventually<F, Fut>(what: &str, patience: Duration, mut holds: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let end = tokio::time::Instant::now() + patience;
    while !holds().await {
        assert!(
            tokio::time::Instant::now() < end,
            "not within {patience:?}: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
