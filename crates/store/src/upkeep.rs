//! Forgetting in time, and the numbers for the operator.

use uuid::Uuid;

use crate::db::{Result, Tx, in_lists, oldest_id, values};
use crate::feed;
use crate::forward;
use crate::jobs::UNFINISHED;
use crate::logins;
use crate::store::Store;
use crate::types::{JobCount, PartCount, Purged, Retention};
use crate::writes::publications;

/// Rows removed in one transaction: the writer must not be away from the webhooks for long.
const PIECE: u64 = 500;

/// `> ''` says "not null" in a way that every database looks up in the index.
const OPEN_PARTS: &str = "SELECT state, COUNT(*) AS parts FROM part WHERE lock_key > '' \
     GROUP BY state ORDER BY state";

impl Store {
    /// Removes what is older than its retention, in small pieces between the other writes.
    pub async fn purge(&self, retention: Retention) -> Result<Purged> {
        let now_ms = self.clock().now_ms();
        let deliveries = self
            .purge_pieces(move |tx| {
                let before_ms = now_ms.saturating_sub(retention.deliveries_ms);
                Box::pin(purge_by(
                    tx,
                    "delivery",
                    "id",
                    "received_at_ms < ?",
                    before_ms,
                ))
            })
            .await?;
        let events = self
            .purge_pieces(move |tx| {
                let before_ms = now_ms.saturating_sub(retention.events_ms);
                Box::pin(purge_by_id(tx, "event", before_ms))
            })
            .await?;
        let jobs = self
            .purge_pieces(move |tx| {
                let before_ms = now_ms.saturating_sub(retention.jobs_ms);
                Box::pin(purge_jobs(tx, before_ms))
            })
            .await?;
        let stale_ms = now_ms.saturating_sub(retention.jobs_ms);
        let told = self.purge_told(now_ms, retention).await?;
        let works = self
            .purge_pieces(move |tx| Box::pin(purge_works(tx, now_ms, stale_ms)))
            .await?;
        let entries = self
            .purge_pieces(move |tx| {
                let before_ms = now_ms.saturating_sub(retention.library_ms);
                Box::pin(purge_by_id(tx, "library", before_ms))
            })
            .await?;
        let published = self.purge_publications(retention.publications_ms).await?;
        let snapshots = self.purge_snapshots(retention.snapshots_ms).await?;
        let others = self
            .purge_pieces(move |tx| Box::pin(purge_others(tx, now_ms, retention)))
            .await?;
        self.finish_cleaning().await?;
        Ok(Purged {
            deliveries,
            events,
            jobs,
            works,
            entries,
            others: others + told + published + snapshots,
        })
    }

    /// What was sent out and what may be read again; what is held back waits for as long as there is something to send.
    async fn purge_told(&self, now_ms: i64, retention: Retention) -> Result<u64> {
        let settled = oldest_id(now_ms.saturating_sub(retention.jobs_ms));
        let eventless_ms = now_ms.saturating_sub(retention.events_ms);
        let sent = self
            .purge_pieces(move |tx| Box::pin(forward::purge(tx, settled, PIECE)))
            .await?;
        let held = oldest_id(eventless_ms);
        let held = self
            .purge_pieces(move |tx| Box::pin(forward::purge_held(tx, held, PIECE)))
            .await?;
        let seen = self
            .purge_pieces(move |tx| Box::pin(feed::purge(tx, eventless_ms, PIECE)))
            .await?;
        Ok(sent + held + seen)
    }

    async fn purge_publications(&self, keep_ms: i64) -> Result<u64> {
        let before_ms = self.clock().now_ms().saturating_sub(keep_ms);
        self.purge_pieces(move |tx| Box::pin(publications::purge(tx, before_ms, PIECE)))
            .await
    }

    /// The days that were read stay known: what was thrown away is not to be fetched again.
    async fn purge_snapshots(&self, keep_ms: Option<i64>) -> Result<u64> {
        let Some(keep_ms) = keep_ms else {
            return Ok(0);
        };
        let before_ms = self.clock().now_ms().saturating_sub(keep_ms);
        let mut removed = 0;
        for table in ["day_value", "media_day", "story_reading", "story"] {
            removed += self
                .purge_pieces(move |tx| Box::pin(purge_by_id(tx, table, before_ms)))
                .await?;
        }
        Ok(removed)
    }

    /// Repeats `piece` until it removes less than a piece.
    async fn purge_pieces<F>(&self, piece: F) -> Result<u64>
    where
        F: for<'a> Fn(&'a Tx) -> crate::writer::Running<'a, u64> + Copy + Send + Sync + 'static,
    {
        let mut removed = 0;
        loop {
            let now = self.write((), move |tx, ()| piece(tx)).await?;
            removed += now;
            if now < PIECE {
                return Ok(removed);
            }
        }
    }

    /// How many jobs are unfinished or dead, by queue and state. Jobs that ended well are not
    /// counted: there may be a million of them.
    pub async fn job_counts(&self) -> Result<Vec<JobCount>> {
        let sql = "SELECT queue, state, COUNT(*) AS jobs FROM job \
                   WHERE state IN ('waiting', 'scheduled', 'running', 'dead') \
                   GROUP BY state, queue ORDER BY queue, state";
        let rows = self.reader().all(sql, Vec::new()).await?;
        rows.iter()
            .map(|row| {
                Ok(JobCount {
                    queue: row.get("queue")?,
                    state: row.get("state")?,
                    count: row.get("jobs")?,
                })
            })
            .collect()
    }

    /// How many jobs are not over.
    pub async fn unfinished_jobs(&self) -> Result<i64> {
        let sql = format!("SELECT COUNT(*) AS jobs FROM job WHERE state IN {UNFINISHED}");
        let row = self.reader().one(&sql, Vec::new()).await?;
        row.map_or(Ok(0), |row| row.get("jobs"))
    }

    /// How many sends have no known outcome yet, by state.
    pub async fn part_counts(&self) -> Result<Vec<PartCount>> {
        let rows = self.reader().all(OPEN_PARTS, Vec::new()).await?;
        rows.iter()
            .map(|row| {
                Ok(PartCount {
                    state: row.get("state")?,
                    count: row.get("parts")?,
                })
            })
            .collect()
    }

    /// When the job that has been due longest became due.
    pub async fn oldest_waiting_ms(&self) -> Result<Option<i64>> {
        let sql = "SELECT MIN(run_at_ms) AS oldest FROM job WHERE state = 'waiting'";
        let row = self.reader().one(sql, Vec::new()).await?;
        row.map_or(Ok(None), |row| row.get("oldest"))
    }

    /// When the job that has been running longest was started.
    pub async fn oldest_running_ms(&self) -> Result<Option<i64>> {
        let sql = "SELECT MIN(started_at_ms) AS oldest FROM job WHERE state = 'running'";
        let row = self.reader().one(sql, Vec::new()).await?;
        row.map_or(Ok(None), |row| row.get("oldest"))
    }
}

/// Deletes one piece of a table. The derived table is for MySQL, which may not read the table it
/// deletes from.
async fn purge_by(tx: &Tx, table: &str, id: &str, rule: &str, before_ms: i64) -> Result<u64> {
    let sql = format!(
        "DELETE FROM {table} WHERE {id} IN (SELECT {id} FROM (\
         SELECT {id} FROM {table} WHERE {rule} LIMIT {PIECE}) t)"
    );
    tx.exec(&sql, values![before_ms]).await
}

/// Ids sort by time: no index on the time of arrival is needed.
async fn purge_by_id(tx: &Tx, table: &str, before_ms: i64) -> Result<u64> {
    let sql = format!(
        "DELETE FROM {table} WHERE id IN (SELECT id FROM (\
         SELECT id FROM {table} WHERE id < ? ORDER BY id LIMIT {PIECE}) t)"
    );
    tx.exec(&sql, values![oldest_id(before_ms)]).await
}

async fn purge_jobs(tx: &Tx, before_ms: i64) -> Result<u64> {
    let sql = format!(
        "SELECT id FROM job WHERE id < ? AND state NOT IN {UNFINISHED} AND finished_at_ms < ? \
         ORDER BY id LIMIT {PIECE}"
    );
    let values = values![oldest_id(before_ms), before_ms];
    let rows = tx.all(&sql, values).await?;
    let ids: Vec<sea_orm::Value> = rows
        .iter()
        .map(|row| row.get::<Uuid>("id").map(Into::into))
        .collect::<Result<_>>()?;
    for (list, ids) in in_lists(&ids) {
        for (table, column) in [("job_step", "job_id"), ("part", "job_id"), ("job", "id")] {
            let sql = format!("DELETE FROM {table} WHERE {column} {list}");
            tx.exec(&sql, ids.clone()).await?;
        }
    }
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

/// What is small and little.
async fn purge_others(tx: &Tx, now_ms: i64, retention: Retention) -> Result<u64> {
    let before_ms = now_ms.saturating_sub(retention.quotas_ms);
    let sql = "DELETE FROM quota WHERE changed_at_ms < ?";
    let quotas = tx.exec(sql, values![before_ms]).await?;
    let sql = "DELETE FROM attachment WHERE expires_ms < ?";
    let attachments = tx.exec(sql, values![now_ms]).await?;
    let sql = "DELETE FROM cached WHERE stale_until_ms < ?";
    let cached = tx.exec(sql, values![now_ms]).await?;
    let sql = "DELETE FROM refusal WHERE until_ms < ?";
    let refusals = tx.exec(sql, values![now_ms]).await?;
    // As long as what an erased person had sent could have been known.
    let before_ms = now_ms.saturating_sub(retention.events_ms);
    let sql = "DELETE FROM erased_event WHERE erased_key IN \
               (SELECT erased_key FROM erased WHERE erased_at_ms < ?)";
    tx.exec(sql, values![before_ms]).await?;
    let sql = "DELETE FROM erased WHERE erased_at_ms < ?";
    let graves = tx.exec(sql, values![before_ms]).await?;
    Ok(quotas + attachments + cached + refusals + graves + logins::purge(tx, now_ms).await?)
}

/// Finished work goes in its time. Work that nobody finished (the window closed, the person could not be reached)
/// holds what was heard as well: it goes with the jobs that left it.
async fn purge_works(tx: &Tx, now_ms: i64, stale_ms: i64) -> Result<u64> {
    let sql = format!(
        "SELECT work_key FROM work WHERE keep_until_ms < ? \
         OR (keep_until_ms IS NULL AND created_at_ms < ?) LIMIT {PIECE}"
    );
    let rows = tx.all(&sql, values![now_ms, stale_ms]).await?;
    let keys: Vec<sea_orm::Value> = rows
        .iter()
        .map(|row| row.get::<String>("work_key").map(Into::into))
        .collect::<Result<_>>()?;
    for (list, keys) in in_lists(&keys) {
        for table in ["work_step", "work"] {
            let sql = format!("DELETE FROM {table} WHERE work_key {list}");
            tx.exec(&sql, keys.clone()).await?;
        }
    }
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plan_of;

    #[tokio::test]
    async fn open_parts_are_counted_without_reading_the_others() {
        let plan = plan_of(OPEN_PARTS, values![]).await;
        assert!(
            plan.starts_with("SEARCH part USING INDEX ix_part_lock"),
            "{plan}"
        );
    }
}
