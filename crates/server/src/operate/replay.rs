//! Runs stored deliveries again: for bodies and events that an older version did not understand, and for jobs that
//! died.
//!
//! What was answered is never answered again: a message or a reel whose job is done, refused or under way is left
//! alone, and so is one of which the person may have heard anything. Deliveries whose events or jobs are past their
//! retention are left alone too: nobody could tell any more what became of them.

use bot::{plan::REPLY, send::may_have_been_heard};
use graph_api::webhook::{Shape, Verified, parse_stored};
use store::{DeliveryRow, EventRow, JobRow, NewJob, Store};
use uuid::Uuid;

use crate::{
    app,
    convert::retention,
    settings::{MediaRetention, Settings},
    webhook::events::{events_of, new_delivery},
};

/// Which deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// These.
    Ids(Vec<Uuid>),
    /// Those received in this span of epoch milliseconds.
    Between(i64, i64),
}

/// What a replay did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Deliveries looked at.
    pub deliveries: usize,
    /// Events in them.
    pub events: usize,
    /// Jobs enqueued, or that would be.
    pub jobs: usize,
    /// Events left alone because their jobs are done or under way.
    pub answered: usize,
    /// Deliveries older than what is remembered of their events and jobs.
    pub forgotten: usize,
    /// Deliveries that still cannot be read.
    pub unreadable: usize,
}

/// Deliveries read at once.
const PAGE: u32 = 200;

/// Replays, or with `dry_run` only counts.
pub async fn run(settings: &Settings, which: Which, dry_run: bool) -> anyhow::Result<Replayed> {
    let store = app::open_store(settings, false).await?;
    let kept = retention(settings);
    let remembered_ms = kept.events_ms.min(kept.jobs_ms);
    let mut replay = Replay {
        remembered_since_ms: store.clock().now_ms().saturating_sub(remembered_ms),
        store,
        dry_run,
        done: Replayed::default(),
    };
    let ended = match which {
        Which::Ids(ids) => replay.by_id(&ids).await,
        Which::Between(from_ms, to_ms) => replay.between(from_ms, to_ms).await,
    };
    replay.store.close().await;
    ended.map(|()| replay.done)
}

/// A replay under way.
struct Replay {
    store: Store,
    dry_run: bool,
    /// From when on it is known what became of each event.
    remembered_since_ms: i64,
    done: Replayed,
}

impl Replay {
    async fn by_id(&mut self, ids: &[Uuid]) -> anyhow::Result<()> {
        for id in ids {
            match self.store.delivery(*id).await? {
                Some(delivery) => self.one(&delivery).await?,
                None => {
                    anyhow::bail!("no delivery {id} is stored; it may be past retention.vault_days")
                }
            }
        }
        Ok(())
    }

    async fn between(&mut self, from_ms: i64, to_ms: i64) -> anyhow::Result<()> {
        let mut last = (from_ms, Uuid::nil());
        let mut limit = PAGE;
        loop {
            let page = self.store.deliveries(last.0, to_ms, limit).await?;
            // A page begins in the millisecond in which the one before it ended.
            let place = |row: &DeliveryRow| (row.received_at_ms, row.id);
            let mut fresh = page.iter().filter(|row| place(row) > last).peekable();
            let stuck = fresh.peek().is_none();
            let mut end = last;
            for delivery in fresh {
                self.one(delivery).await?;
                end = place(delivery);
            }
            if page.len() < limit as usize {
                return Ok(());
            }
            // More than a page in one millisecond: only a larger page gets past it.
            limit = if stuck { limit.saturating_mul(2) } else { PAGE };
            last = end;
        }
    }

    async fn one(&mut self, delivery: &DeliveryRow) -> anyhow::Result<()> {
        self.done.deliveries += 1;
        if delivery.received_at_ms < self.remembered_since_ms {
            self.done.forgotten += 1;
            return Ok(());
        }
        let events = self.store.events_of_delivery(delivery.id).await?;
        if events.is_empty() {
            return self.read_again(delivery).await;
        }
        for event in events {
            self.done.events += 1;
            let mut tries = Vec::new();
            for job in self.store.jobs_of_event(event.id).await? {
                let heard = may_have_been_heard(&self.store.parts(job.id).await?);
                tries.push((job, heard));
            }
            let again = jobs_again(&event, &tries);
            self.done.answered += usize::from(again.is_empty() && !tries.is_empty());
            for job in again {
                if self.dry_run || self.store.enqueue(job).await?.new {
                    self.done.jobs += 1;
                }
            }
        }
        Ok(())
    }

    /// A body that was kept because nobody understood it, read as we read today.
    async fn read_again(&mut self, delivery: &DeliveryRow) -> anyhow::Result<()> {
        // It was verified before it was kept.
        let verified = Verified::trusted_from_disk(delivery.body.clone());
        let Ok(events) = events_of(&verified, delivery.received_at_ms) else {
            self.done.unreadable += 1;
            return Ok(());
        };
        self.done.events += events.len();
        let jobs = events.iter().filter(|event| event.job.is_some()).count();
        if self.dry_run {
            self.done.jobs += jobs;
        } else if !events.is_empty() {
            let delivery = new_delivery(delivery.id, delivery.received_at_ms, &verified, events);
            self.done.jobs += jobs.min(self.store.accept(delivery).await?.new);
        }
        Ok(())
    }
}

/// What is to be done again for an event: its answer and its reels, as far as they died unheard.
fn jobs_again(event: &EventRow, tries: &[(JobRow, bool)]) -> Vec<NewJob> {
    let replies: Vec<_> = tries.iter().filter(|(job, _)| job.queue == REPLY).collect();
    let is_unanswered = replies
        .iter()
        .all(|(job, heard)| job.state == "dead" && !heard);
    let reply = is_unanswered
        .then(|| job_of(event, replies.len()))
        .flatten();
    let reels = tries
        .iter()
        .filter_map(|(job, _)| bot::reel_again(job, event, tries));
    reply.into_iter().chain(reels).collect()
}

/// The job that an event causes as we understand it now.
fn job_of(event: &EventRow, earlier: usize) -> Option<NewJob> {
    let shape = Shape::from_word(&event.shape)?;
    let mut read = parse_stored(&event.account, shape, &event.raw);
    // Items without a time of their own were given the delivery's.
    read.at_ms = event.at_ms;
    let mut job = bot::plan_event(&read, event.received_at_ms)?;
    // `accept` puts this in for events that it stores itself.
    if let Some(payload) = job.payload.as_object_mut() {
        payload.insert("event_id".to_owned(), event.id.to_string().into());
    }
    // Two replays at once are one job; a replay after a dead one is a new job.
    job.dedupe_key = Some(format!("{}:replay-{earlier}", event.id));
    Some(job)
}

/// A time given by hand: an age like `90m`, `24h` or `7d`, or a time like `2026-11-22T06:00:00Z`.
pub fn moment_ms(text: &str) -> anyhow::Result<i64> {
    let now = jiff::Timestamp::now();
    if let Some(MediaRetention::Keep(age)) = MediaRetention::parse(text) {
        return Ok((now - age).as_millisecond());
    }
    text.parse::<jiff::Timestamp>()
        .map(jiff::Timestamp::as_millisecond)
        .map_err(|_| {
            anyhow::anyhow!(
                "{text} is no time; give an age like 24h, or a time like 2026-11-22T06:00:00Z"
            )
        })
}

/// Delivery ids as the log names them.
pub fn ids(texts: &[String]) -> anyhow::Result<Vec<Uuid>> {
    texts
        .iter()
        .map(|text| {
            text.parse().map_err(|_| {
                anyhow::anyhow!("{text} is no delivery id; the log names them as delivery=…")
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_ages_or_times() {
        assert_eq!(moment_ms("1970-01-01T00:00:01Z").unwrap(), 1_000);
        let hour_ago = jiff::Timestamp::now().as_millisecond() - 3_600_000;
        assert!((moment_ms("1h").unwrap() - hour_ago).abs() < 5_000);
        assert!(
            moment_ms("yesterday")
                .unwrap_err()
                .to_string()
                .contains("24h")
        );
    }
}
