//! Throws away what is past its time: rows by the settings' days, files left by work that ended.
//!
//! Rows are purged by one machine per tick, however many run; files are each machine's own.

use std::time::Duration;

use bot::Bot;
use store::{Purged, Retention, Store};
use tokio_util::sync::CancellationToken;

use crate::publishing::Shelf;

/// How often rows and files are looked through.
const PURGE_EVERY_MS: i64 = 3_600_000;
/// How often the janitor asks for its turn.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// Turns between two looks at the files: about ten minutes.
const TURNS_PER_SWEEP: u32 = 10;

/// What to throw away and when.
#[allow(missing_debug_implementations, reason = "a bot has nothing to show")]
pub(crate) struct Janitor {
    /// Where rows are.
    pub store: Store,
    /// How long rows stay.
    pub retention: Retention,
    /// Knows its files and how long they stay.
    pub bot: Bot,
    /// Files that were handed in to be published.
    pub shelf: Shelf,
}

impl Janitor {
    /// Works until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        for turn in (0_u32..).cycle() {
            if stop.is_cancelled() {
                return;
            }
            if turn % TURNS_PER_SWEEP == 0 {
                self.bot.sweep().await;
                if let Err(error) = self.shelf.sweep(&self.store).await {
                    tracing::warn!(%error, "uploads past their time could not be removed");
                }
            }
            match self.store.tick_claim("purge", PURGE_EVERY_MS).await {
                Ok(true) => self.purge_rows().await,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the janitor cannot ask for its turn"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn purge_rows(&self) {
        match self.store.purge(self.retention).await {
            Ok(Purged {
                deliveries,
                events,
                jobs,
                works,
                entries,
                others,
            }) => {
                tracing::info!(
                    deliveries,
                    events,
                    jobs,
                    works,
                    entries,
                    others,
                    "purged rows past their time"
                );
            }
            Err(error) => tracing::warn!(%error, "rows past their time could not be purged"),
        }
        if let Err(error) = self.store.purge_keys().await {
            tracing::warn!(%error, "keys past their time could not be purged");
        }
    }
}
