//! Meta's clock: it runs with real time and can be moved forward by hand, waking whoever waits.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    start_ms: i64,
    moved_ms: watch::Sender<i64>,
}

impl Clock {
    pub(crate) fn new(start_ms: Option<i64>) -> Self {
        let start_ms = start_ms.unwrap_or_else(system_now_ms);
        Self {
            started: Instant::now(),
            start_ms,
            moved_ms: watch::Sender::new(0),
        }
    }

    /// Epoch milliseconds as the simulated Meta sees them.
    pub(crate) fn now_ms(&self) -> i64 {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.start_ms
            .saturating_add(elapsed)
            .saturating_add(*self.moved_ms.borrow())
    }

    pub(crate) fn advance(&self, by_ms: i64) {
        self.moved_ms
            .send_modify(|moved| *moved = moved.saturating_add(by_ms.max(0)));
    }

    /// Moves to `to_ms`; refuses to go back, as expiry dates already given out would lie.
    pub(crate) fn set(&self, to_ms: i64) -> bool {
        let by_ms = to_ms - self.now_ms();
        self.advance(by_ms);
        by_ms >= 0
    }

    /// Puts the clock back to where real time is, for a reset.
    pub(crate) fn unmove(&self) {
        self.moved_ms.send_modify(|moved| *moved = 0);
    }

    /// Returns when this clock reaches `at_ms`, by waiting or by being moved.
    pub(crate) async fn sleep_until(&self, at_ms: i64) {
        let mut moved = self.moved_ms.subscribe();
        loop {
            let left_ms = at_ms - self.now_ms();
            let Ok(left_ms) = u64::try_from(left_ms) else {
                return;
            };
            if left_ms == 0 {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left_ms)) => {}
                _ = moved.changed() => {}
            }
        }
    }
}

pub(crate) fn system_now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// ISO 8601 with `+0000`, the spelling that conversations answer in `created_time`.
pub(crate) fn iso(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms)
        .map(|at| at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn moving_the_clock_wakes_who_sleeps() {
        let clock = std::sync::Arc::new(Clock::new(Some(1_000)));
        let at_ms = clock.now_ms() + 3_600_000;
        let sleeper = tokio::spawn({
            let clock = std::sync::Arc::clone(&clock);
            async move { clock.sleep_until(at_ms).await }
        });
        clock.advance(3_600_000);
        sleeper.await.unwrap();
        assert!(clock.now_ms() >= at_ms);
        assert!(!clock.set(5), "the clock must not go back");
    }

    #[test]
    fn created_time_is_spelled_with_an_offset() {
        assert_eq!(iso(1_763_784_256_000), "2025-11-22T04:04:16+0000");
    }
}
