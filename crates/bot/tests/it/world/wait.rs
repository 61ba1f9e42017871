//! Waiting: always for something that is seen, never for luck.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::Value;
use store::JobRow;

use super::{PATIENCE, World};

impl World {
    async fn is_busy(&self) -> (bool, bool) {
        let counts = self.store.job_counts().await.expect("counts");
        let any = |states: &[&str]| {
            counts
                .iter()
                .any(|count| count.count > 0 && states.contains(&count.state.as_str()))
        };
        (any(&["running"]), any(&["waiting", "scheduled"]))
    }

    /// Moves time on, whenever nobody is at work or whoever is can only wait for it, until no job is left to do.
    pub(crate) async fn until_idle(&self) {
        let started = Instant::now();
        let mut quiet = 0;
        loop {
            let (at_work, waiting) = self.is_busy().await;
            match (at_work || self.hands.load(Ordering::SeqCst) > 0, waiting) {
                // Nobody else moves the time that a send waits for.
                (true, _) if self.clock.waiting() > 0 => self.advance(1_000).await,
                (true, _) => quiet = 0,
                (false, true) => {
                    quiet = 0;
                    self.advance(1_000).await;
                }
                (false, false) => quiet += 1,
            }
            if quiet > 2 {
                return;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "jobs do not end: {:?}",
                self.store.job_counts().await
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a job of this queue has been put off into the future for this reason.
    pub(crate) async fn until_put_off(&self, queue: &str, why: &str) {
        let started = Instant::now();
        loop {
            let jobs = self.jobs(queue).await;
            let is_put_off = |job: &JobRow| {
                job.state == "scheduled"
                    && job.run_at_ms > self.now_ms()
                    && job.note.as_deref() == Some(why)
            };
            if jobs.iter().any(is_put_off) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "not put off: {jobs:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a send is under way or of unknown outcome.
    pub(crate) async fn until_open_part(&self) {
        let started = Instant::now();
        while self.store.part_counts().await.expect("counts").is_empty() {
            assert!(started.elapsed() < PATIENCE, "no send began");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the person sees this many messages of ours.
    pub(crate) async fn until_seen(&self, person: &str, count: usize) -> Vec<String> {
        let started = Instant::now();
        loop {
            let seen = self.seen_by(person).await;
            if seen.len() >= count {
                return seen;
            }
            assert!(started.elapsed() < PATIENCE, "still {seen:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until the store knows that a message was taken back.
    pub(crate) async fn until_deleted(&self, person: &str, mid: &str) {
        let started = Instant::now();
        loop {
            let events = self
                .store
                .events_of_mid(&Self::conversation(person), mid)
                .await;
            if events
                .expect("events")
                .iter()
                .any(|event| event.kind == "deleted")
            {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "the unsend never came");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the recogniser is at work.
    pub(crate) async fn until_heard(&self, times: usize) {
        let started = Instant::now();
        while self.times_heard() < times {
            assert!(
                started.elapsed() < PATIENCE,
                "nobody listens: {:?}",
                self.store.job_counts().await
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Messages of people that were stored so far.
    pub(crate) fn stored(&self) -> usize {
        self.receiver.count()
    }

    /// Waits until so many are.
    pub(crate) async fn until_stored(&self, count: usize) {
        self.receiver.wait_for(count).await;
    }

    /// Waits until Meta has delivered all that there is to tell, echoes too.
    pub(crate) async fn until_delivered(&self) {
        let started = Instant::now();
        let mut before = Value::Null;
        loop {
            let webhooks = self.look("webhooks").await;
            if webhooks == before {
                return;
            }
            before = webhooks;
            assert!(started.elapsed() < PATIENCE, "still delivering");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until a call to one of these hosts was answered or is under way long enough to be in the log.
    pub(crate) async fn until_called(&self, host: &str, or: &str) {
        let started = Instant::now();
        loop {
            let calls = self.look("calls").await;
            let calls = calls["calls"].as_array().cloned().unwrap_or_default();
            if calls
                .iter()
                .any(|call| call["host"] == host || call["host"] == or)
            {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "nothing was fetched");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
