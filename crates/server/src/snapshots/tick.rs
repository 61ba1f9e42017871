//! Starts the regular work: each account's day soon after it ended, and a look for stories every hour. Jobs carry keys,
//! so it does no harm to start one twice, or in two processes.

use graph_api::insights::Day;
use store::StoreError;
use tokio_util::sync::CancellationToken;

use super::{Snapshots, Task, day_line, plan};

/// How often it looks what is to be started.
const LOOK_EVERY_MS: i64 = 60_000;
/// The account's word in account states.
const CHANNEL: &str = "instagram";

/// Starts the regular work.
#[derive(Debug)]
pub(crate) struct Ticker(pub(crate) Snapshots);

impl Ticker {
    /// Works until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let clock = self.0.clock.clone();
        if !self.0.settings.snapshots.enabled {
            return;
        }
        loop {
            if let Err(error) = self.start_what_is_due().await {
                tracing::warn!(%error, "snapshots cannot be started now");
            }
            let next_ms = clock.now_ms().saturating_add(LOOK_EVERY_MS);
            tokio::select! {
                () = stop.cancelled() => return,
                () = clock.sleep_until(next_ms) => {}
            }
        }
    }

    async fn start_what_is_due(&self) -> Result<(), StoreError> {
        let connected = self.0.accounts.all();
        for known in connected.into_iter().filter(|known| known.token.is_some()) {
            let account = known.row.account;
            let state = self.0.store.account_state(CHANNEL, &account).await?;
            if state != store::AccountState::Active {
                continue;
            }
            self.start_day(&account).await?;
            if self.0.settings.snapshots.stories {
                self.start_stories(&account).await?;
            }
        }
        Ok(())
    }

    async fn start_day(&self, account: &str) -> Result<(), StoreError> {
        let day = Day::of(self.0.clock.now_ms()).plus(-1);
        let key = format!("snapshot:{account}:{day}");
        let task = Task::Day {
            account: account.to_owned(),
            day: day.to_string(),
        };
        let run_at_ms = plan::reads_day_at(account, day);
        let job = task.job(key, Some(day_line(account)), run_at_ms);
        self.0.store.enqueue(job).await.map(drop)
    }

    async fn start_stories(&self, account: &str) -> Result<(), StoreError> {
        let (hour, run_at_ms) = plan::looks_for_stories_at(account, self.0.clock.now_ms());
        let key = format!("stories:{account}:{hour}");
        let task = Task::Stories {
            account: account.to_owned(),
        };
        let job = task.job(key, None, run_at_ms);
        self.0.store.enqueue(job).await.map(drop)
    }
}
