//! Runs jobs (bodies follow).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::{Claimed, Finish, Store, StoreError};

/// Does the jobs of one queue. Every job may be run more than once: write it so.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Does the job, or a part of it.
    async fn run(&self, job: &Claimed) -> Finish;

    /// The job died without its handler having the last word (it crashed the process or failed
    /// `max_attempts` times): tell the person. Called under a lease of its own, so that the outbox
    /// works.
    async fn buried(&self, job: &Claimed, reason: &str) {
        let _ = (job, reason);
    }
}

/// How a runner runs.
#[derive(Debug, Clone, Copy)]
pub struct RunnerOptions {
    /// How long a lease lasts; it is prolonged every third of it.
    pub lease: Duration,
    /// How often to look for jobs that no wake-up told of.
    pub poll: Duration,
    /// How long running jobs may take to finish when the runner is asked to stop.
    pub grace: Duration,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            poll: Duration::from_secs(1),
            grace: Duration::from_secs(25),
        }
    }
}

/// Claims jobs and gives them to their handlers.
#[allow(missing_debug_implementations)]
pub struct Runner {
    _store: Store,
}

impl Runner {
    /// A runner for these queues: name, how many at a time, handler.
    pub fn new(
        store: Store,
        _queues: Vec<(&'static str, usize, Arc<dyn Handler>)>,
        _options: RunnerOptions,
    ) -> Self {
        Self { _store: store }
    }

    /// Runs until asked to stop, then finishes or hands back what it has.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        stop.cancelled().await;
        Ok(())
    }
}
