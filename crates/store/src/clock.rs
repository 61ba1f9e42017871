//! Time as something that can be handed over, so that tests move it by hand.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use tokio::sync::Notify;

/// Wall-clock time in epoch milliseconds, and a way to wait for it.
#[async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Milliseconds since 1970-01-01 UTC.
    fn now_ms(&self) -> i64;

    /// Returns when `now_ms()` has reached `deadline_ms`.
    async fn sleep_until(&self, deadline_ms: i64);

    /// Returns after `duration` of this clock's time.
    async fn sleep(&self, duration: Duration) {
        let deadline = self.now_ms().saturating_add(millis(duration));
        self.sleep_until(deadline).await;
    }

    /// The same, for somebody who can do nothing else until then.
    async fn wait_out(&self, duration: Duration) {
        self.sleep(duration).await;
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// A sleep is cut into pieces of this length, so that a jump of the wall clock is noticed soon.
const LONGEST_NAP: Duration = Duration::from_secs(30);

#[async_trait]
impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, millis)
    }

    async fn sleep_until(&self, deadline_ms: i64) {
        loop {
            let left = deadline_ms.saturating_sub(self.now_ms());
            let Ok(left) = u64::try_from(left) else {
                return;
            };
            if left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(left).min(LONGEST_NAP)).await;
        }
    }
}

/// A clock that stands still until somebody moves it; whoever sleeps on it is woken then.
#[derive(Debug)]
pub struct ManualClock {
    now_ms: AtomicI64,
    moved: Notify,
    waiting: AtomicUsize,
}

impl ManualClock {
    /// A clock that shows `now_ms`.
    pub fn new(now_ms: i64) -> Self {
        Self {
            now_ms: AtomicI64::new(now_ms),
            moved: Notify::new(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// How many can do nothing until the clock is moved.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Moves the clock forward and wakes every sleeper.
    pub fn advance(&self, by: Duration) {
        self.now_ms.fetch_add(millis(by), Ordering::SeqCst);
        self.moved.notify_waiters();
    }

    /// Sets the clock, backwards too, and wakes every sleeper.
    pub fn set(&self, now_ms: i64) {
        self.now_ms.store(now_ms, Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    async fn sleep_until(&self, deadline_ms: i64) {
        loop {
            // Listening starts before the look at the time, so that no move is missed.
            let mut moved = std::pin::pin!(self.moved.notified());
            moved.as_mut().enable();
            if self.now_ms() >= deadline_ms {
                return;
            }
            moved.await;
        }
    }

    async fn wait_out(&self, duration: Duration) {
        /// Also counts down when the wait is given up.
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let _waiting = Waiting(&self.waiting);
        self.sleep(duration).await;
    }
}

/// A duration in milliseconds, as all our times are.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn moving_the_clock_wakes_the_sleeper() {
        let clock = Arc::new(ManualClock::new(1_000));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep_until(5_000).await;
                clock.now_ms()
            }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.set(6_000);
        assert_eq!(sleeper.await.unwrap(), 6_000);
    }

    #[tokio::test]
    async fn a_deadline_in_the_past_returns_at_once() {
        SystemClock.sleep_until(0).await;
        ManualClock::new(10).sleep_until(10).await;
        assert!(SystemClock.now_ms() > 1_700_000_000_000);
    }
}
