//! Runs jobs: claims them, keeps their leases alive, ends them, and hands them back when the
//! process stops.
//!
//! A job's handler may be cut off at any await: when its lease is lost, or when it does not finish
//! within the grace time of a stop. What it must not lose it has written through the store.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::millis;
use crate::error::StoreError;
use crate::jobs::claim::{Catch, Wish};
use crate::store::Store;
use crate::types::{Claimed, Finish};

/// Does the jobs of one queue. Every job may be run more than once: write it so.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Does the job, or the next part of it.
    async fn run(&self, job: &Claimed) -> Finish;

    /// The job died without its handler having the last word: it crashed or hung its process, or
    /// failed, `max_attempts` times. Tell the person. Called under a lease of its own, so that the
    /// outbox works; may be called again if the process dies in it.
    async fn buried(&self, job: &Claimed, reason: &str) {
        let _ = (job, reason);
    }
}

/// How a runner runs.
#[derive(Debug, Clone, Copy)]
pub struct RunnerOptions {
    /// How long a lease lasts; it is prolonged every third of it.
    pub lease: Duration,
    /// How often to look for jobs that no wake-up told of (other processes', lapsed leases).
    pub poll: Duration,
    /// How long running jobs may take to finish when the runner is asked to stop.
    pub grace: Duration,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            lease: Duration::from_mins(1),
            poll: Duration::from_secs(1),
            grace: Duration::from_secs(25),
        }
    }
}

struct Queue {
    name: &'static str,
    places: usize,
    running: usize,
    handler: Arc<dyn Handler>,
}

/// Claims jobs and gives them to their handlers.
pub struct Runner {
    store: Store,
    queues: Vec<Queue>,
    options: RunnerOptions,
    tasks: JoinSet<usize>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.queues.iter().map(|queue| queue.name).collect();
        formatter
            .debug_struct("Runner")
            .field("queues", &names)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Runner {
    /// A runner for these queues: name, how many at a time, handler.
    pub fn new(
        store: Store,
        queues: Vec<(&'static str, usize, Arc<dyn Handler>)>,
        options: RunnerOptions,
    ) -> Self {
        let queues = queues
            .into_iter()
            .map(|(name, places, handler)| Queue {
                name,
                places: places.max(1),
                running: 0,
                handler,
            })
            .collect();
        Self {
            store,
            queues,
            options,
            tasks: JoinSet::new(),
        }
    }

    /// Runs until asked to stop, then lets running jobs finish within the grace time and hands the
    /// rest back. A database that is away for a while only pauses it.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        while !stop.is_cancelled() {
            // Listening starts before the look, so that nothing is missed in between.
            let store = self.store.clone();
            let mut woken = std::pin::pin!(store.wake().notified());
            woken.as_mut().enable();
            let now_ms = store.clock().now_ms();
            let mut look_again_ms = now_ms.saturating_add(millis(self.options.poll));
            match self.fill(&stop).await {
                Ok(Some(due_ms)) => look_again_ms = look_again_ms.min(due_ms),
                Ok(None) => {}
                Err(StoreError::Config(text)) => return Err(StoreError::Config(text)),
                Err(error) => tracing::warn!(%error, "cannot claim jobs now"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = &mut woken, if self.has_places() => {}
                Some(ended) = self.tasks.join_next() => self.free_place(ended),
                () = store.clock().sleep_until(look_again_ms), if self.has_places() => {}
            }
            while let Some(ended) = self.tasks.try_join_next() {
                self.free_place(ended);
            }
        }
        self.wind_down().await;
        Ok(())
    }

    fn has_places(&self) -> bool {
        self.queues.iter().any(|queue| queue.running < queue.places)
    }

    fn free_place(&mut self, ended: Result<usize, tokio::task::JoinError>) {
        // The task itself never panics (the handler runs in a task of its own), and is not aborted.
        if let Some(queue) = ended.ok().and_then(|index| self.queues.get_mut(index)) {
            queue.running = queue.running.saturating_sub(1);
        }
    }

    /// Claims as many jobs as there are places; returns when the next scheduled one is due.
    async fn fill(&mut self, stop: &CancellationToken) -> Result<Option<i64>, StoreError> {
        let wishes: Vec<Wish> = self
            .queues
            .iter()
            .filter(|queue| queue.running < queue.places)
            .map(|queue| Wish {
                queues: vec![queue.name.to_owned()],
                limit: queue.places - queue.running,
            })
            .collect();
        if wishes.is_empty() {
            return Ok(None);
        }
        let Catch { jobs, next_due_ms } =
            self.store.claim_wishes(wishes, self.options.lease).await?;
        for mut job in jobs {
            let found = self.queues.iter_mut().enumerate();
            let Some((index, queue)) = found.into_iter().find(|(_, queue)| queue.name == job.queue)
            else {
                continue;
            };
            queue.running += 1;
            job.stop = stop.child_token();
            let task = Task {
                store: self.store.clone(),
                handler: queue.handler.clone(),
                lease: self.options.lease,
                grace: self.options.grace,
            };
            self.tasks.spawn(async move {
                task.run(job).await;
                index
            });
        }
        Ok(next_due_ms)
    }

    async fn wind_down(&mut self) {
        // Each task keeps to the grace time by itself.
        while let Some(ended) = self.tasks.join_next().await {
            self.free_place(ended);
        }
    }
}

/// One job on its way.
struct Task {
    store: Store,
    handler: Arc<dyn Handler>,
    lease: Duration,
    grace: Duration,
}

/// How the wait for a handler ended.
enum Ended {
    Finished(Finish),
    LeaseLost,
}

impl Task {
    async fn run(&self, job: Claimed) {
        match self.watch(&job).await {
            Ended::Finished(finish) => self.finish(&job, finish).await,
            Ended::LeaseLost => {
                job.stop.cancel();
                tracing::warn!(job = %job.id, queue = %job.queue, "lost the lease of a job");
            }
        }
    }

    async fn watch(&self, job: &Claimed) -> Ended {
        let mut work = self.start(job.clone());
        let clock = self.store.clock().clone();
        let beat = self.lease / 3;
        let mut lost = std::pin::pin!(async {
            loop {
                clock.sleep(beat).await;
                match self.store.heartbeat(&job.lease, self.lease).await {
                    Err(StoreError::LeaseLost) => return,
                    Err(error) => tracing::warn!(%error, job = %job.id, "cannot prolong a lease"),
                    Ok(()) => {}
                }
            }
        });
        // Real time on purpose: a stop is about this process, not about the jobs' calendar.
        let mut overtime = std::pin::pin!(async {
            job.stop.cancelled().await;
            tokio::time::sleep(self.grace).await;
        });
        tokio::select! {
            biased;
            ended = work.join_next() => match ended {
                Some(Ok(finish)) => Ended::Finished(finish),
                // A panic in a handler is a failure of this job, not of the process.
                Some(Err(_)) | None => Ended::Finished(Finish::Retry {
                    after_ms: None,
                    error: "the handler panicked".to_owned(),
                }),
            },
            () = &mut lost => Ended::LeaseLost,
            () = &mut overtime => {
                work.shutdown().await;
                Ended::Finished(Finish::HandBack)
            }
        }
    }

    /// Starts the handler in a task of its own, which is aborted when the set is dropped.
    fn start(&self, job: Claimed) -> JoinSet<Finish> {
        let handler = self.handler.clone();
        let mut work = JoinSet::new();
        work.spawn(async move {
            match job.doom.clone() {
                None => handler.run(&job).await,
                Some(reason) => {
                    handler.buried(&job, &reason).await;
                    Finish::Dead { reason }
                }
            }
        });
        work
    }

    /// Ends the job; while the database is away this waits for it as long as the lease may live.
    async fn finish(&self, job: &Claimed, finish: Finish) {
        let clock = self.store.clock();
        let give_up_ms = clock.now_ms().saturating_add(millis(self.lease));
        loop {
            match self.store.finish(&job.lease, finish.clone()).await {
                Ok(()) => return,
                Err(StoreError::LeaseLost) => {
                    // A job that erased itself with its person is over as it should be.
                    if !matches!(self.store.job(job.id).await, Ok(None)) {
                        tracing::warn!(job = %job.id, queue = %job.queue, "finished a job that was taken away");
                    }
                    return;
                }
                Err(error) if clock.now_ms() < give_up_ms && !job.stop.is_cancelled() => {
                    tracing::warn!(%error, job = %job.id, "cannot end a job yet");
                    clock.sleep(Duration::from_millis(500)).await;
                }
                Err(error) => {
                    // The lease lapses and the job is run again: every job is written for that.
                    tracing::error!(%error, job = %job.id, "cannot end a job");
                    return;
                }
            }
        }
    }
}
