//! Taking jobs: due ones become claimable, lapsed leases are taken back, and one statement gives
//! each job to at most one claimer.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::UNFINISHED;
use super::finish::bury;
use crate::clock::millis;
use crate::db::{Result, Row, Tx, values};
use crate::error::StoreError;
use crate::store::Store;
use crate::types::{Claimed, Lease};

/// After this many starts beyond its attempts a job that is being given up is given up for good:
/// telling the person crashes as well.
const BURIALS: i32 = 3;

/// What one look at the queues brought.
#[derive(Debug)]
pub(crate) struct Catch {
    pub(crate) jobs: Vec<Claimed>,
    /// When the next scheduled job becomes due.
    pub(crate) next_due_ms: Option<i64>,
}

/// What a claimer wants.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) queues: Vec<String>,
    pub(crate) limit: usize,
}

impl Store {
    /// Takes up to `limit` jobs of these queues, the most urgent first, for `lease`. Counts an
    /// attempt for each before anything is done with it.
    pub async fn claim(
        &self,
        queues: &[&str],
        limit: usize,
        lease: Duration,
    ) -> Result<Vec<Claimed>> {
        let queues = queues.iter().map(|queue| (*queue).to_owned()).collect();
        let wish = Wish { queues, limit };
        Ok(self.claim_wishes(vec![wish], lease).await?.jobs)
    }

    /// Fulfils several wishes in one transaction.
    pub(crate) async fn claim_wishes(&self, wishes: Vec<Wish>, lease: Duration) -> Result<Catch> {
        self.write((wishes, lease), |tx, (wishes, lease)| {
            Box::pin(async move {
                promote_due(tx).await?;
                take_back_lapsed(tx, false).await?;
                let mut jobs = Vec::new();
                for wish in wishes {
                    jobs.extend(take(tx, wish, *lease).await?);
                }
                let sql = "SELECT MIN(run_at_ms) AS due FROM job WHERE state = 'scheduled'";
                let row = tx.one(sql, Vec::new()).await?;
                let next_due_ms = row.map_or(Ok(None), |row| row.get("due"))?;
                Ok(Catch { jobs, next_due_ms })
            })
        })
        .await
    }

    /// Prolongs a lease to `lasting` from now.
    pub async fn heartbeat(&self, lease: &Lease, lasting: Duration) -> Result<()> {
        self.write((*lease, lasting), |tx, (lease, lasting)| {
            Box::pin(async move {
                let until_ms = tx.now_ms().saturating_add(millis(*lasting));
                let sql = "UPDATE job SET lease_until_ms = ? \
                           WHERE id = ? AND lease_token = ? AND state = 'running'";
                let values = values![until_ms, lease.job_id, lease.token];
                match tx.exec(sql, values).await? {
                    0 => Err(StoreError::LeaseLost),
                    _ => Ok(()),
                }
            })
        })
        .await
    }

    /// Frees every lease: for a process that knows itself to be the only one and has just started.
    pub(crate) async fn free_all_leases(&self) -> Result<usize> {
        self.write((), |tx, ()| Box::pin(take_back_lapsed(tx, true)))
            .await
    }
}

async fn promote_due(tx: &Tx) -> Result<()> {
    let sql = "UPDATE job SET state = 'waiting' WHERE state = 'scheduled' AND run_at_ms <= ?";
    tx.exec(sql, values![tx.now_ms()]).await?;
    Ok(())
}

/// Puts jobs whose holder has gone silent back where they were. Their attempt was counted when
/// they were claimed, so a job that kills its worker runs out of attempts.
async fn take_back_lapsed(tx: &Tx, all: bool) -> Result<usize> {
    let now_ms = tx.now_ms();
    let sql = format!(
        "SELECT id, attempts, max_attempts, doom FROM job \
         WHERE state = 'running' AND lease_until_ms <= ?{}",
        tx.skip_locked()
    );
    let limit_ms = if all { i64::MAX } else { now_ms };
    let lapsed = tx.all(&sql, values![limit_ms]).await?;
    for row in &lapsed {
        let id: Uuid = row.get("id")?;
        let attempts: i32 = row.get("attempts")?;
        let max_attempts: i32 = row.get("max_attempts")?;
        let doom: Option<String> = row.get("doom")?;
        let spent = attempts >= max_attempts;
        match doom {
            Some(reason) if attempts >= max_attempts.saturating_add(BURIALS) => {
                bury(tx, id, &reason).await?;
            }
            doom => {
                let doom = doom
                    .or_else(|| spent.then(|| format!("its worker died or hung {attempts} times")));
                let sql = "UPDATE job SET state = 'waiting', run_at_ms = ?, lease_token = NULL, \
                           lease_until_ms = NULL, doom = ? WHERE id = ?";
                tx.exec(sql, values![now_ms, doom, id]).await?;
            }
        }
    }
    if !lapsed.is_empty() {
        tracing::warn!(jobs = lapsed.len(), "took back jobs whose lease had lapsed");
        tx.wake_runners();
    }
    Ok(lapsed.len())
}

/// The one statement that gives jobs away. The inner derived table is for MySQL, which may not read
/// the table it updates. A job whose predecessor is unfinished stays where it is, and hides nobody
/// else.
fn claim_text(queues: usize, limit: usize, skip_locked: &str) -> String {
    let queues = match queues {
        1 => "= ?".to_owned(),
        many => format!("IN ({})", vec!["?"; many].join(",")),
    };
    format!(
        "UPDATE job SET state = 'running', attempts = attempts + 1, epoch = epoch + 1, \
         lease_token = ?, lease_until_ms = ?, started_at_ms = ? \
         WHERE id IN (SELECT id FROM (SELECT j.id FROM job j \
           WHERE j.state = 'waiting' AND j.queue {queues} AND NOT EXISTS (\
             SELECT 1 FROM job e WHERE e.order_key = j.order_key \
             AND e.state IN {UNFINISHED} AND e.id < j.id) \
           ORDER BY j.priority, j.turn, j.id LIMIT {limit}{skip_locked}) t)"
    )
}

async fn take(tx: &Tx, wish: &Wish, lease: Duration) -> Result<Vec<Claimed>> {
    if wish.limit == 0 || wish.queues.is_empty() {
        return Ok(Vec::new());
    }
    let token = Uuid::new_v4();
    let now_ms = tx.now_ms();
    let until_ms = now_ms.saturating_add(millis(lease));
    let sql = claim_text(wish.queues.len(), wish.limit, tx.skip_locked());
    let mut values = values![token, until_ms, now_ms];
    values.extend(wish.queues.iter().map(|queue| queue.as_str().into()));
    if tx.exec(&sql, values).await? == 0 {
        return Ok(Vec::new());
    }
    let sql = "SELECT id, queue, payload, attempts, max_attempts, epoch, order_key, person, \
               created_at_ms, doom FROM job WHERE state = 'running' AND lease_token = ? \
               ORDER BY priority, turn, id";
    let rows = tx.all(sql, values![token]).await?;
    rows.iter().map(|row| claimed(row, token)).collect()
}

fn claimed(row: &Row, token: Uuid) -> Result<Claimed> {
    let id = row.get("id")?;
    Ok(Claimed {
        id,
        queue: row.get("queue")?,
        // A payload that cannot be read must not stop the queue: its handler gets null and says so.
        payload: row.json("payload").unwrap_or_default(),
        attempts: row.get("attempts")?,
        max_attempts: row.get("max_attempts")?,
        lease: Lease {
            job_id: id,
            token,
            epoch: row.get("epoch")?,
        },
        order_key: row.get("order_key")?,
        person: row.get("person")?,
        created_at_ms: row.get("created_at_ms")?,
        doom: row.get("doom")?,
        stop: CancellationToken::new(),
    })
}

/// Fails unless this lease still holds its job. `strict` also refuses a lease that has lapsed but
/// that nobody has taken yet: before something visible happens, only a live one will do.
pub(crate) async fn check_lease(tx: &Tx, lease: &Lease, strict: bool) -> Result<()> {
    let sql = format!(
        "SELECT lease_until_ms FROM job WHERE id = ? AND lease_token = ? AND state = 'running'{}",
        tx.for_update()
    );
    let row = tx.one(&sql, values![lease.job_id, lease.token]).await?;
    let until_ms: i64 = row.ok_or(StoreError::LeaseLost)?.get("lease_until_ms")?;
    if strict && until_ms <= tx.now_ms() {
        return Err(StoreError::LeaseLost);
    }
    Ok(())
}

/// Whether somebody is at this job now under this token.
pub(crate) async fn is_held(
    tx: &Tx,
    job_id: Uuid,
    token: Option<Uuid>,
    now_ms: i64,
) -> Result<bool> {
    let text = "SELECT lease_token FROM job WHERE id = ? AND state = 'running' \
                AND lease_until_ms > ?";
    let row = tx.one(text, values![job_id, now_ms]).await?;
    let holder: Option<Uuid> = row.map_or(Ok(None), |row| row.get("lease_token"))?;
    Ok(holder.is_some() && (token.is_none() || holder == token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plan_of;

    #[tokio::test]
    async fn a_claim_touches_neither_finished_jobs_nor_a_temporary_table() {
        let values = values![Uuid::nil(), 0_i64, 0_i64, "reel"];
        let plan = plan_of(&claim_text(1, 8, ""), values).await;
        assert!(
            plan.contains("ix_job_claim (state=? AND queue=?)"),
            "{plan}"
        );
        assert!(
            plan.contains("ix_job_order (order_key=? AND state=? AND id<?)"),
            "{plan}"
        );
        assert!(
            !plan.contains("SCAN job") && !plan.contains("SCAN j\n"),
            "{plan}"
        );
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }

    #[test]
    fn servers_skip_rows_that_are_locked() {
        let text = claim_text(2, 3, " FOR UPDATE SKIP LOCKED");
        assert!(text.contains("IN (?,?)"));
        assert!(text.contains("LIMIT 3 FOR UPDATE SKIP LOCKED) t)"));
    }
}
