//! Numbers that outlive Meta's memory: each account's once a day, each story's until it ends.
//!
//! All of it is durable jobs of one queue. A job gives way to whoever waits for an answer: where the allowance is low it
//! is put off, and goes on at its last step. One account's trouble is nobody else's.

mod ask;
mod day;
mod days;
mod plan;
mod posts;
mod reels;
mod story;
mod tick;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bot::{Accounts as _, channel::instagram::SharedBudget};
use graph_api::{
    client::Graph,
    insights::{Day, Support},
    webhook::StoryInsights,
};
use serde::{Deserialize, Serialize};
use store::{Claimed, Clock, Finish, Handler, NewJob, Store};

use crate::{accounts::Registry, settings::Settings};
use ask::{Halt, Run};
pub(crate) use tick::Ticker;

/// The queue of all of this.
pub(crate) const QUEUE: &str = "snapshots";
/// Jobs at a time: each of them waits for Meta most of its time, and accounts must not wait for each other.
pub(crate) const PLACES: usize = 4;
/// Tries of one job; what it did not get, the next day's job does.
const TRIES: i32 = 12;

/// What a job is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Task {
    /// Reads an account's numbers as of the end of this day, and what earlier days still miss.
    Day { account: String, day: String },
    /// Looks which stories there are.
    Stories { account: String },
    /// Follows one story to its end.
    Story {
        account: String,
        media: String,
        published_at_ms: i64,
    },
    /// Keeps what Meta says of a story that ended.
    StoryEnd {
        account: String,
        media: String,
        at_ms: i64,
        numbers: store::Numbers,
        notes: store::NumberNotes,
    },
}

impl Task {
    fn account(&self) -> &str {
        match self {
            Self::Day { account, .. }
            | Self::Stories { account }
            | Self::Story { account, .. }
            | Self::StoryEnd { account, .. } => account,
        }
    }

    /// A job for it. What has the same key is the same job.
    fn job(&self, dedupe_key: String, line: Option<String>, run_at_ms: i64) -> NewJob {
        NewJob {
            dedupe_key: Some(dedupe_key),
            order_key: line,
            run_at_ms: Some(run_at_ms),
            max_attempts: TRIES,
            // Whatever else waits goes first.
            priority: 10,
            ..NewJob::new(QUEUE, serde_json::to_value(self).unwrap_or_default())
        }
    }
}

/// A job that takes a snapshot of an account now, as of this day; `once` tells it from others.
pub(crate) fn snapshot_now(account: &str, day: Day, once: &str, now_ms: i64) -> NewJob {
    let task = Task::Day {
        account: account.to_owned(),
        day: day.to_string(),
    };
    let key = format!("snapshot-now:{account}:{once}");
    task.job(key, Some(day_line(account)), now_ms)
}

/// One account's days are read one after the other.
fn day_line(account: &str) -> String {
    format!("snapshots:{account}")
}

/// The job that keeps Meta's last word on a story.
pub(crate) fn story_end(account: &str, told: &StoryInsights, at_ms: i64) -> NewJob {
    story::end_job(account, told, at_ms)
}

/// Does the jobs.
#[derive(Clone)]
pub(crate) struct Snapshots {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) graph: Arc<Graph>,
    pub(crate) budget: SharedBudget,
    pub(crate) accounts: Arc<Registry>,
    pub(crate) settings: Arc<Settings>,
    /// What Meta refused lately. Lost with the process, which costs a few calls.
    pub(crate) support: Arc<Mutex<Support>>,
}

impl std::fmt::Debug for Snapshots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Snapshots")
    }
}

impl Snapshots {
    async fn do_task(&self, job: &Claimed) -> Result<Finish, Halt> {
        let Ok(task) = serde_json::from_value::<Task>(job.payload.clone()) else {
            return Err(Halt::refused("the job cannot be read"));
        };
        if let Task::StoryEnd { .. } = &task {
            return story::keep_end(self, task).await;
        }
        let Some(credentials) = self.accounts.credentials(task.account()) else {
            return Err(Halt::refused("the account is not connected"));
        };
        let run = Run {
            parts: self,
            job,
            credentials,
        };
        match task {
            Task::Day { day, .. } => day::read(&run, &day).await,
            Task::Stories { .. } => story::find(&run).await,
            Task::Story {
                media,
                published_at_ms,
                ..
            } => story::follow(&run, &media, published_at_ms).await,
            Task::StoryEnd { .. } => Err(Halt::refused("handled above")),
        }
    }
}

#[async_trait]
impl Handler for Snapshots {
    async fn run(&self, job: &Claimed) -> Finish {
        if let Some(reason) = &job.doom {
            return Finish::Dead {
                reason: reason.clone(),
            };
        }
        match self.do_task(job).await {
            Ok(finish) => finish,
            Err(halt) => halt.finish(),
        }
    }
}
