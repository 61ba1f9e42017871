//! Where a waiting job stands, and how long its kind usually takes: what a person may be told.
//!
//! Jobs are taken by priority, turn and id, but within a line (`order_key`) strictly by id. A turn counts who stood in
//! the line when the job was stored, so that a later job of a line may have the smaller turn: it still waits for the
//! earlier one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use uuid::Uuid;

use crate::db::{Result, Row, values};
use crate::store::Store;
use crate::types::Place;

/// What jobs are taken by.
type Key = (i32, i32, Uuid);

const RUNNING: &str = "SELECT COUNT(*) AS jobs FROM job WHERE state = 'running' AND queue = ?";

/// Waiting and scheduled ones, each counted in the index alone. `?` is the queue and the key.
const BEFORE: &str = "SELECT COUNT(*) AS jobs FROM job WHERE state = ? AND queue = ? AND (priority < ? \
     OR (priority = ? AND (turn < ? OR (turn = ? AND id < ?))))";

const OF_LINE: &str = "SELECT id, queue, priority, turn FROM job WHERE order_key = ? \
     AND state IN ('waiting', 'scheduled')";

const IN_ORDER: &str = "SELECT id, order_key, priority, turn FROM job \
     WHERE state = ? AND queue = ? ORDER BY priority, turn, id";

/// The next pair of priority and turn that done jobs have, in two seeks: databases differ in how well they look up a
/// comparison of pairs.
const NEXT_TURN: &str = "SELECT priority, turn FROM job WHERE state = 'done' AND queue = ? \
     AND priority = ? AND turn > ? ORDER BY turn LIMIT 1";
const NEXT_PRIORITY: &str = "SELECT priority, turn FROM job WHERE state = 'done' AND queue = ? \
     AND priority > ? ORDER BY priority, turn LIMIT 1";
const NEWEST_DONE: &str = "SELECT id, started_at_ms, finished_at_ms FROM job WHERE state = 'done' \
     AND queue = ? AND priority = ? AND turn = ? ORDER BY id DESC";

/// Up to this place a job is told exactly where it stands; beyond it nobody counts along.
const EXACT: u32 = 100;
/// Most pairs of priority and turn that are looked at: whoever was thirtieth in line is no better witness.
const PAIRS: usize = 32;

impl Store {
    /// Where a job stands; `None` unless it waits to be taken.
    pub async fn place_in_line(&self, job_id: Uuid) -> Result<Option<Place>> {
        let sql = "SELECT id, queue, priority, turn, order_key FROM job \
                   WHERE id = ? AND state = 'waiting'";
        let Some(row) = self.reader().one(sql, values![job_id]).await? else {
            return Ok(None);
        };
        let queue: String = row.get("queue")?;
        let running = self.count(RUNNING, values![queue.as_str()]).await?;
        let first = self.first_of(&queue, EXACT).await?;
        let mut before = None;
        for (at, row) in (0..).zip(&first) {
            if row.get::<Uuid>("id")? == job_id {
                before = Some(at);
            }
        }
        let before = match before {
            Some(before) => before,
            None => self.about_before(&queue, &row).await?,
        };
        Ok(Some(Place {
            ahead: running.saturating_add(before),
            running,
        }))
    }

    /// How many come before a job far back, counted in the index: exact for its own line, while somebody else's job
    /// that its line holds back still counts.
    async fn about_before(&self, queue: &str, row: &Row) -> Result<u32> {
        let own = key(row)?;
        let mut line = Vec::new();
        if let Some(order_key) = row.get::<Option<String>>("order_key")? {
            let rows = self.reader().all(OF_LINE, values![order_key]).await?;
            for row in &rows {
                if row.get::<String>("queue")? == queue {
                    line.push(key(row)?);
                }
            }
        }
        // It goes when the last of those before it in its own line has gone, and before those behind it there.
        let earlier = line.iter().copied().filter(|other| other.2 < own.2);
        let gate = earlier.max().map_or(own, |last| last.max(own));
        let behind = line
            .iter()
            .filter(|other| other.2 > own.2 && **other < gate)
            .count();
        let mut before = 0;
        for state in ["waiting", "scheduled"] {
            let (priority, turn, id) = gate;
            let values = values![state, queue, priority, priority, turn, turn, id];
            before += self.count(BEFORE, values).await?;
        }
        // The gate is not below itself, but it is before the job; the job is below its gate, but not before itself: the
        // two cancel out.
        Ok(before.saturating_sub(u32::try_from(behind).unwrap_or(u32::MAX)))
    }

    /// The first jobs of a queue, waiting or put off, in the order in which they will be taken.
    async fn first_of(&self, queue: &str, limit: u32) -> Result<Vec<Row>> {
        let sql = format!("{IN_ORDER} LIMIT {limit}");
        let mut jobs = Vec::new();
        for state in ["waiting", "scheduled"] {
            for row in self.reader().all(&sql, values![state, queue]).await? {
                let order_key = row.get("order_key")?;
                jobs.push((key(&row)?, order_key, row));
            }
        }
        let mut first = in_turn(jobs);
        // Behind the limit somebody may be missing.
        first.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(first)
    }

    /// The median time that the last `of_last` done jobs of a queue took, from their last start to their end.
    pub async fn usual_ms(&self, queue: &str, of_last: u32) -> Result<Option<i64>> {
        // The index of the claim knows done jobs by priority and turn, and among those by id: a few newest of each
        // pair are merged, so that nobody reads all that were ever done.
        let newest = format!("{NEWEST_DONE} LIMIT {of_last}");
        let mut took: Vec<(Uuid, i64)> = Vec::new();
        let (mut priority, mut turn) = (i32::MIN, i32::MAX);
        for _ in 0..PAIRS {
            let pair = values![queue, priority, turn];
            let mut next = self.reader().one(NEXT_TURN, pair).await?;
            if next.is_none() {
                let pair = values![queue, priority];
                next = self.reader().one(NEXT_PRIORITY, pair).await?;
            }
            let Some(next) = next else { break };
            priority = next.get("priority")?;
            turn = next.get("turn")?;
            let pair = values![queue, priority, turn];
            for row in self.reader().all(&newest, pair).await? {
                let started_ms: Option<i64> = row.get("started_at_ms")?;
                let finished_ms: Option<i64> = row.get("finished_at_ms")?;
                if let (Some(started_ms), Some(finished_ms)) = (started_ms, finished_ms) {
                    took.push((row.get("id")?, (finished_ms - started_ms).max(0)));
                }
            }
        }
        took.sort_unstable_by(|one, other| other.cmp(one));
        took.truncate(usize::try_from(of_last).unwrap_or(usize::MAX));
        let mut times: Vec<i64> = took.into_iter().map(|(_, ms)| ms).collect();
        times.sort_unstable();
        Ok(times.get(times.len() / 2).copied())
    }

    async fn count(&self, sql: &str, values: Vec<sea_orm::Value>) -> Result<u32> {
        let row = self.reader().one(sql, values).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.get("jobs"))?;
        Ok(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
    }
}

fn key(row: &Row) -> Result<Key> {
    Ok((row.get("priority")?, row.get("turn")?, row.get("id")?))
}

/// Sorts jobs as they will be taken: by key, but nobody before an earlier job of the same line.
fn in_turn<T>(mut jobs: Vec<(Key, Option<String>, T)>) -> Vec<T> {
    jobs.sort_by_key(|(key, _, _)| *key);
    let mut lines: BTreeMap<String, BTreeSet<Uuid>> = BTreeMap::new();
    for (key, line, _) in &jobs {
        if let Some(line) = line {
            lines.entry(line.clone()).or_default().insert(key.2);
        }
    }
    let mut order = Vec::with_capacity(jobs.len());
    let mut held: BTreeMap<String, VecDeque<(Uuid, T)>> = BTreeMap::new();
    for (key, line, job) in jobs {
        let Some(line) = line else {
            order.push(job);
            continue;
        };
        let left = lines.entry(line.clone()).or_default();
        let held = held.entry(line).or_default();
        held.push_back((key.2, job));
        // Whoever was held back has the smaller key: it goes as soon as its line lets it.
        while let Some(first) = left.first().copied() {
            let Some(at) = held.iter().position(|(id, _)| *id == first) else {
                break;
            };
            order.extend(held.remove(at).map(|(_, job)| job));
            left.remove(&first);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plan_of;

    fn job(turn: i32, id: u128, line: &str) -> (Key, Option<String>, u128) {
        let line = (!line.is_empty()).then(|| line.to_owned());
        ((0, turn, Uuid::from_u128(id)), line, id)
    }

    #[test]
    fn a_line_goes_in_its_own_order_and_hides_nobody() {
        let jobs = vec![
            job(2, 3, "ana"),
            job(1, 5, "ana"),
            job(1, 6, "bob"),
            job(0, 4, ""),
            job(2, 7, "ana"),
        ];
        assert_eq!(in_turn(jobs), [4, 6, 3, 5, 7]);
    }

    #[tokio::test]
    async fn no_look_at_the_line_reads_what_is_finished() {
        let id = Uuid::nil();
        let key = values!["waiting", "reel", 0, 0, 0, 0, id];
        for (sql, values, index) in [
            (
                RUNNING,
                values!["reel"],
                "COVERING INDEX ix_job_claim (state=? AND queue=?",
            ),
            (
                BEFORE,
                key,
                "COVERING INDEX ix_job_claim (state=? AND queue=?",
            ),
            (
                OF_LINE,
                values!["ana"],
                "ix_job_order (order_key=? AND state=?",
            ),
            (
                IN_ORDER,
                values!["waiting", "reel"],
                "ix_job_claim (state=? AND queue=?",
            ),
            (
                NEXT_TURN,
                values!["reel", 0, 0],
                "COVERING INDEX ix_job_claim (state=? AND queue=? AND priority=? AND turn>?)",
            ),
            (
                NEXT_PRIORITY,
                values!["reel", 0],
                "COVERING INDEX ix_job_claim (state=? AND queue=? AND priority>?)",
            ),
            (
                NEWEST_DONE,
                values!["reel", 0, 0],
                "ix_job_claim (state=? AND queue=? AND priority=? AND turn=?)",
            ),
        ] {
            let plan = plan_of(sql, values).await;
            assert!(plan.contains(index), "{sql}: {plan}");
            assert!(!plan.contains("SCAN"), "{sql}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        }
    }
}
