//! Ending jobs, and the steps they record on the way.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use uuid::Uuid;

use super::UNFINISHED;
use super::claim::check_lease;
use crate::db::{Result, Row, Tx, key_text, oldest_id, values};
use crate::erasure::graves;
use crate::error::StoreError;
use crate::feed;
use crate::machine::{self, JobStep};
use crate::store::Store;
use crate::types::{Finish, JobRow, Lease};

/// Longest note that is kept with a job.
const NOTE_CHARS: usize = 500;

pub(crate) const JOB_SELECT: &str = "SELECT id, queue, state, run_at_ms, attempts, payload, note, person, \
     created_at_ms, finished_at_ms FROM job";

impl Store {
    /// Ends a job or puts it off. A refund, where there is one, is in the same transaction, and
    /// happens once.
    pub async fn finish(&self, lease: &Lease, finish: Finish) -> Result<()> {
        self.write((*lease, finish), |tx, (lease, how)| {
            Box::pin(async move {
                let sql = format!(
                    "SELECT attempts, max_attempts, order_key FROM job \
                     WHERE id = ? AND lease_token = ? AND state = 'running'{}",
                    tx.for_update()
                );
                let row = tx.one(&sql, values![lease.job_id, lease.token]).await?;
                let row = row.ok_or(StoreError::LeaseLost)?;
                apply(tx, lease.job_id, how, &row).await
            })
        })
        .await
    }

    /// One job, for the operator.
    pub async fn job(&self, id: Uuid) -> Result<Option<JobRow>> {
        let sql = format!("{JOB_SELECT} WHERE id = ?");
        let row = self.reader().one(&sql, values![id]).await?;
        row.as_ref().map(job_row).transpose()
    }

    /// The jobs of a line in a queue that are not over, oldest first.
    pub async fn unfinished_in_line(&self, queue: &str, order_key: &str) -> Result<Vec<JobRow>> {
        let sql = format!(
            "{JOB_SELECT} WHERE order_key = ? AND state IN {UNFINISHED} AND queue = ? ORDER BY id"
        );
        let key = key_text(order_key);
        let rows = self.reader().all(&sql, values![&*key, queue]).await?;
        rows.iter().map(job_row).collect()
    }

    /// The job that was stored under this dedupe key.
    pub async fn job_once(&self, dedupe_key: &str) -> Result<Option<JobRow>> {
        let sql = format!("{JOB_SELECT} WHERE dedupe_key = ?");
        let key = key_text(dedupe_key);
        let row = self.reader().one(&sql, values![&*key]).await?;
        row.as_ref().map(job_row).transpose()
    }

    /// The newest job of a line in a queue.
    pub async fn last_job(&self, queue: &str, order_key: &str) -> Result<Option<JobRow>> {
        let sql =
            format!("{JOB_SELECT} WHERE order_key = ? AND queue = ? ORDER BY id DESC LIMIT 1");
        let key = key_text(order_key);
        let row = self.reader().one(&sql, values![&*key, queue]).await?;
        row.as_ref().map(job_row).transpose()
    }

    /// The jobs that an event caused, oldest first: those stored together with it, and those whose
    /// dedupe key begins with its id (`<event id>:…`).
    pub async fn jobs_of_event(&self, event_id: Uuid) -> Result<Vec<JobRow>> {
        // No index for this: jobs are stored right after their event, and ids sort by time.
        const SOON_MS: i64 = 60_000;
        let Some(event) = self.event(event_id).await? else {
            return Ok(Vec::new());
        };
        let made_ms = i64::try_from(event.id.as_u128() >> 80).unwrap_or(i64::MAX);
        let text = event.id.to_string();
        let sql = format!(
            "{JOB_SELECT} WHERE id > ? AND id < ? AND payload LIKE ? \
             UNION {JOB_SELECT} WHERE dedupe_key >= ? AND dedupe_key < ? ORDER BY id"
        );
        let values = values![
            event.id,
            oldest_id(made_ms.saturating_add(SOON_MS)),
            format!("%\"event_id\":\"{text}\"%"),
            format!("{text}:"),
            format!("{text};"),
        ];
        let rows = self.reader().all(&sql, values).await?;
        rows.iter().map(job_row).collect()
    }

    /// Records that a step of the job is done, and its result; a repeat replaces it.
    pub async fn step_done(&self, lease: &Lease, step: &str, data: Json) -> Result<()> {
        let call = (*lease, step.to_owned(), data);
        self.write(call, |tx, (lease, step, data)| {
            Box::pin(async move {
                check_lease(tx, lease, false).await?;
                let key = vec![
                    ("job_id", lease.job_id.into()),
                    ("name", step.as_str().into()),
                ];
                let news = vec![
                    ("data", data.to_string().into()),
                    ("done_at_ms", tx.now_ms().into()),
                ];
                tx.change_or_insert("job_step", key, news, &[]).await
            })
        })
        .await
    }

    /// The steps of a job that are done, with their results.
    pub async fn steps(&self, job_id: Uuid) -> Result<BTreeMap<String, Json>> {
        let sql = "SELECT name, data FROM job_step WHERE job_id = ?";
        let rows = self.reader().all(sql, values![job_id]).await?;
        rows.iter()
            .map(|row| Ok((row.get("name")?, row.json("data")?)))
            .collect()
    }
}

pub(crate) fn job_row(row: &Row) -> Result<JobRow> {
    Ok(JobRow {
        id: row.get("id")?,
        queue: row.get("queue")?,
        state: row.get("state")?,
        run_at_ms: row.get("run_at_ms")?,
        attempts: row.get("attempts")?,
        payload: row.json("payload")?,
        note: row.get("note")?,
        person: row.get("person")?,
        created_at_ms: row.get("created_at_ms")?,
        finished_at_ms: row.get("finished_at_ms")?,
    })
}

async fn apply(tx: &Tx, id: Uuid, how: &Finish, row: &Row) -> Result<()> {
    let attempts: i32 = row.get("attempts")?;
    let max_attempts: i32 = row.get("max_attempts")?;
    let order_key: Option<String> = row.get("order_key")?;
    let now_ms = tx.now_ms();
    match machine::finish(how, attempts, max_attempts, now_ms, rand::random()) {
        JobStep::End { state, refund } => {
            end(tx, id, state, note(how)).await?;
            if refund {
                give_back(tx, id).await?;
            }
            // Whoever stands behind it in line may go now.
            if order_key.is_some() {
                tx.wake_runners();
            }
        }
        JobStep::Again {
            run_at_ms,
            attempts,
        } => {
            let state = if run_at_ms > now_ms {
                "scheduled"
            } else {
                "waiting"
            };
            let sql = "UPDATE job SET state = ?, run_at_ms = ?, attempts = ?, note = ?, \
                       lease_token = NULL, lease_until_ms = NULL WHERE id = ?";
            let values = values![state, run_at_ms, attempts, note(how), id];
            tx.exec(sql, values).await?;
            tx.wake_runners();
        }
        JobStep::Doom => {
            let reason = format!("failed {attempts} times, last: {}", note(how));
            let sql = "UPDATE job SET state = 'waiting', run_at_ms = ?, note = ?, doom = ?, \
                       lease_token = NULL, lease_until_ms = NULL WHERE id = ?";
            let values = values![now_ms, note(how), reason, id];
            tx.exec(sql, values).await?;
            tx.wake_runners();
        }
    }
    Ok(())
}

/// Ends a job that nobody can end: its last words crash too.
pub(crate) async fn bury(tx: &Tx, id: Uuid, reason: &str) -> Result<()> {
    end(tx, id, "dead", reason.to_owned()).await?;
    give_back(tx, id).await
}

async fn end(tx: &Tx, id: Uuid, state: &str, note: String) -> Result<()> {
    let sql = "UPDATE job SET state = ?, note = ?, finished_at_ms = ?, lease_token = NULL, \
               lease_until_ms = NULL WHERE id = ?";
    tx.exec(sql, values![state, note, tx.now_ms(), id]).await?;
    // Only this job would ever have looked at its open tries again: an ended one must not hold its conversation for
    // ever. A proof that comes later still counts.
    let sql = "UPDATE part SET state = 'failed', reason = 'outcome_unknown', lock_key = NULL, \
               settled_at_ms = ? WHERE job_id = ? AND lock_key IS NOT NULL";
    tx.exec(sql, values![tx.now_ms(), id]).await?;
    feed::note_end(tx, id, state).await
}

/// Gives the allowance back, once: the mark of the charge goes in the same transaction.
async fn give_back(tx: &Tx, id: Uuid) -> Result<()> {
    let sql = "SELECT quota_scope, quota_day FROM job WHERE id = ? AND charged = ?";
    let Some(row) = tx.one(sql, values![id, true]).await? else {
        return Ok(());
    };
    let scope: Option<String> = row.get("quota_scope")?;
    let day: Option<String> = row.get("quota_day")?;
    let sql = "UPDATE job SET charged = ? WHERE id = ?";
    tx.exec(sql, values![false, id]).await?;
    let sql = "UPDATE quota SET used = used - 1, changed_at_ms = ? \
               WHERE scope = ? AND on_day = ? AND used > 0";
    let values = values![tx.now_ms(), scope.as_deref(), day.as_deref()];
    if tx.exec(sql, values).await? == 0
        && let (Some(scope), Some(day)) = (scope, day)
    {
        // Who pays was erased meanwhile; the job is of another conversation that they pay for.
        let values = graves::used_values(&scope, &day);
        tx.exec(graves::GIVE_BACK, values).await?;
    }
    Ok(())
}

fn note(how: &Finish) -> String {
    let text = match how {
        Finish::Done { note } => note,
        Finish::Refused { reason, .. } | Finish::Dead { reason } => reason,
        Finish::Retry { error, .. } => error,
        Finish::Wait { why, .. } => why,
        Finish::HandBack => "handed back while the process was stopping",
    };
    text.chars().take(NOTE_CHARS).collect()
}
