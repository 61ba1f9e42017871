//! Runs stored deliveries again: for bodies and events that an older version did not understand, and for jobs that
//! died.
//!
//! What was answered is never answered again: a message or a reel whose job is done, refused or under way is left
//! alone.

use graph_api::webhook::{Shape, Verified, parse_stored};
use store::{DeliveryRow, EventRow, JobRow, NewJob, Store};
use uuid::Uuid;

use crate::{
    app,
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
    /// Deliveries that still cannot be read.
    pub unreadable: usize,
}

/// Deliveries read at once.
const PAGE: u32 = 200;

/// Replays, or with `dry_run` only counts.
pub async fn run(settings: &Settings, which: Which, dry_run: bool) -> anyhow::Result<Replayed> {
    let store = app::open_store(settings, false).await?;
    let replayed = match which {
        Which::Ids(ids) => by_id(&store, &ids, dry_run).await,
        Which::Between(from_ms, to_ms) => between(&store, from_ms, to_ms, dry_run).await,
    };
    store.close().await;
    replayed
}

async fn by_id(store: &Store, ids: &[Uuid], dry_run: bool) -> anyhow::Result<Replayed> {
    let mut done = Replayed::default();
    for id in ids {
        match store.delivery(*id).await? {
            Some(delivery) => one(store, &delivery, dry_run, &mut done).await?,
            None => {
                anyhow::bail!("no delivery {id} is stored; it may be past retention.vault_days")
            }
        }
    }
    Ok(done)
}

async fn between(
    store: &Store,
    from_ms: i64,
    to_ms: i64,
    dry_run: bool,
) -> anyhow::Result<Replayed> {
    let mut done = Replayed::default();
    let mut last = (from_ms, Uuid::nil());
    let mut limit = PAGE;
    loop {
        let page = store.deliveries(last.0, to_ms, limit).await?;
        // A page begins in the millisecond in which the one before it ended.
        let place = |row: &DeliveryRow| (row.received_at_ms, row.id);
        let mut fresh = page.iter().filter(|row| place(row) > last).peekable();
        let stuck = fresh.peek().is_none();
        let mut end = last;
        for delivery in fresh {
            one(store, delivery, dry_run, &mut done).await?;
            end = place(delivery);
        }
        if page.len() < limit as usize {
            return Ok(done);
        }
        // More than a page in one millisecond: only a larger page gets past it.
        limit = if stuck { limit.saturating_mul(2) } else { PAGE };
        last = end;
    }
}

async fn one(
    store: &Store,
    delivery: &DeliveryRow,
    dry_run: bool,
    done: &mut Replayed,
) -> anyhow::Result<()> {
    done.deliveries += 1;
    let events = store.events_of_delivery(delivery.id).await?;
    if events.is_empty() {
        return read_again(store, delivery, dry_run, done).await;
    }
    for event in events {
        done.events += 1;
        let before = store.jobs_of_event(event.id).await?;
        let again = jobs_again(&event, &before);
        done.answered += usize::from(again.is_empty() && !before.is_empty());
        for job in again {
            if dry_run || store.enqueue(job).await?.new {
                done.jobs += 1;
            }
        }
    }
    Ok(())
}

/// A body that was kept because nobody understood it, read as we read today.
async fn read_again(
    store: &Store,
    delivery: &DeliveryRow,
    dry_run: bool,
    done: &mut Replayed,
) -> anyhow::Result<()> {
    // It was verified before it was kept.
    let verified = Verified::trusted_from_disk(delivery.body.clone());
    let Ok(events) = events_of(&verified, delivery.received_at_ms) else {
        done.unreadable += 1;
        return Ok(());
    };
    done.events += events.len();
    let jobs = events.iter().filter(|event| event.job.is_some()).count();
    if dry_run {
        done.jobs += jobs;
    } else if !events.is_empty() {
        let delivery = new_delivery(delivery.id, delivery.received_at_ms, &verified, events);
        done.jobs += jobs.min(store.accept(delivery).await?.new);
    }
    Ok(())
}

/// What is to be done again for an event: its answer, if that died; else its reels that died.
fn jobs_again(event: &EventRow, before: &[JobRow]) -> Vec<NewJob> {
    if before
        .iter()
        .all(|job| job.state == "dead" && job.queue == bot::plan::REPLY)
    {
        return job_of(event, before.len()).into_iter().collect();
    }
    before
        .iter()
        .filter_map(|job| bot::reel_again(job, event, before))
        .collect()
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
