//! A whole server process in a runtime of its own, so that it can be killed: no task of it ends well. And a clock for it
//! that runs and can be moved.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use server::{App, Roles};
use store::{Clock, Store, SystemClock};
use tokio::{runtime::Runtime, sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{api::Api, house::settings};

/// Runs with real time and can be moved forward by hand, as the simulated Meta's does.
#[derive(Debug, Default)]
pub(crate) struct MovedClock {
    ahead_ms: AtomicI64,
    moved: Notify,
}

impl MovedClock {
    pub(crate) fn advance(&self, by_ms: i64) {
        self.ahead_ms.fetch_add(by_ms, Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

#[async_trait::async_trait]
impl Clock for MovedClock {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() + self.ahead_ms.load(Ordering::SeqCst)
    }

    async fn sleep_until(&self, deadline_ms: i64) {
        loop {
            // Listening starts before the look at the time, so that no move is missed.
            let mut moved = std::pin::pin!(self.moved.notified());
            moved.as_mut().enable();
            let left = deadline_ms.saturating_sub(self.now_ms());
            if left <= 0 {
                return;
            }
            let nap = Duration::from_millis(left.unsigned_abs());
            // Either way it is looked at again.
            let _ = tokio::time::timeout(nap, moved).await;
        }
    }
}

/// The process.
pub(crate) struct Process {
    runtime: Runtime,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
    pub(crate) api: Api,
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
}

impl Process {
    pub(crate) async fn start(
        folder: &Path,
        clock: Arc<dyn Clock>,
        changes: &[(String, String)],
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let borrowed: Vec<(&str, &str)> = changes
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let settings = settings(folder, &borrowed);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let (address, store, running) = runtime
            .spawn(async move {
                let app = App::build_by(settings, Roles::BOTH, clock).await.unwrap();
                let (address, store) = (app.address().unwrap(), app.store().clone());
                (address, store, tokio::spawn(app.run(stopped)))
            })
            .await
            .unwrap();
        Self {
            runtime,
            stop,
            running,
            api: Api::at(address),
            address,
            store,
        }
    }

    /// Ends it where it stands.
    pub(crate) async fn kill(self) {
        let Self { runtime, store, .. } = self;
        // Whoever holds it keeps the next process out.
        drop(store);
        shut(runtime).await;
    }

    /// Ends it as it should, and insists that it ends well.
    pub(crate) async fn close(self) {
        drop(self.store);
        self.stop.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(40), self.running).await;
        ended
            .expect("the server ends in time")
            .expect("no panic")
            .expect("a good end");
        shut(self.runtime).await;
    }
}

async fn shut(runtime: Runtime) {
    tokio::task::spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(20)))
        .await
        .unwrap();
}
