//! Who is at work, and who was answered.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use store::{Claimed, Finish, Handler};
use uuid::Uuid;

/// Notes which jobs were run.
pub(super) struct Logged {
    pub(super) inner: Arc<dyn Handler>,
    pub(super) log: Arc<Mutex<BTreeSet<Uuid>>>,
    pub(super) answered: Arc<Mutex<Vec<String>>>,
    pub(super) hands: Arc<AtomicUsize>,
}

/// One handler at work.
struct Hand(Arc<AtomicUsize>);

impl Hand {
    fn of(hands: &Arc<AtomicUsize>) -> Self {
        hands.fetch_add(1, Ordering::SeqCst);
        Self(hands.clone())
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Handler for Logged {
    async fn run(&self, job: &Claimed) -> Finish {
        let _hand = Hand::of(&self.hands);
        self.log.lock().expect("no panic").insert(job.id);
        let finish = self.inner.run(job).await;
        if let (Finish::Done { .. }, "reel", Some(person)) = (&finish, &*job.queue, &job.person) {
            self.answered.lock().expect("no panic").push(person.clone());
        }
        finish
    }

    async fn buried(&self, job: &Claimed, reason: &str) {
        self.inner.buried(job, reason).await;
    }
}
