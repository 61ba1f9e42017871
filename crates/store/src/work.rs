//! Work that several jobs need is done by one of them, and its result is kept for the others.
//!
//! The owner is a job's lease. When that job ends, or its lease lapses, the next one that joins
//! takes the work over at its last step.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use uuid::Uuid;

use crate::db::{Result, Row, Tx, key_text, values};
use crate::error::StoreError;
use crate::jobs::claim::{check_lease, is_held};
use crate::store::Store;
use crate::types::{Lease, Work, WorkState, WorkTurn};

impl Store {
    /// Joins the work called `key`: finished work is anybody's, unfinished work is this job's
    /// unless another job is at it.
    pub async fn work_join(&self, lease: &Lease, key: &str) -> Result<WorkTurn> {
        let key = key_text(key);
        // What is finished is anybody's and needs no owner.
        if let Some(work) = self.finished_work(&key).await? {
            return Ok(WorkTurn::Mine(work));
        }
        let call = (*lease, key.into_owned());
        self.write(call, |tx, (lease, key)| Box::pin(join(tx, lease, key)))
            .await
    }

    /// The steps of finished work, as long as they are kept.
    pub async fn work_kept(&self, key: &str) -> Result<Option<Work>> {
        self.finished_work(&key_text(key)).await
    }

    /// Whether anything is known of this work, finished or not.
    pub async fn work_exists(&self, key: &str) -> Result<bool> {
        let sql = "SELECT 1 AS known FROM work WHERE work_key = ?";
        let rows = self.reader().all(sql, values![&*key_text(key)]).await?;
        Ok(!rows.is_empty())
    }

    async fn finished_work(&self, key: &str) -> Result<Option<Work>> {
        let sql = "SELECT s.name, s.data FROM work w JOIN work_step s ON s.work_key = w.work_key \
                   WHERE w.work_key = ? AND w.state = 'done' AND w.keep_until_ms > ?";
        let now_ms = self.clock().now_ms();
        let rows = self.reader().all(sql, values![key, now_ms]).await?;
        // Finished work without a step does not occur; if it did, the careful way below answers.
        if rows.is_empty() {
            return Ok(None);
        }
        Ok(Some(Work {
            key: key.to_owned(),
            state: WorkState::Done,
            steps: steps(&rows)?,
        }))
    }

    /// Records a step of work that is this job's; a repeat replaces it.
    pub async fn work_step(&self, lease: &Lease, key: &str, step: &str, data: Json) -> Result<()> {
        let call = (*lease, key_text(key).into_owned(), step.to_owned(), data);
        self.write(call, |tx, (lease, key, step, data)| {
            Box::pin(async move {
                check_owner(tx, lease, key).await?;
                let at = vec![
                    ("work_key", key.as_str().into()),
                    ("name", step.as_str().into()),
                ];
                let news = vec![
                    ("data", data.to_string().into()),
                    ("done_at_ms", tx.now_ms().into()),
                ];
                tx.change_or_insert("work_step", at, news, &[]).await
            })
        })
        .await
    }

    /// The work is finished; its steps answer everybody until `keep_until_ms`.
    pub async fn work_done(&self, lease: &Lease, key: &str, keep_until_ms: i64) -> Result<()> {
        let call = (*lease, key_text(key).into_owned(), keep_until_ms);
        self.write(call, |tx, (lease, key, keep_until_ms)| {
            Box::pin(async move {
                check_owner(tx, lease, key).await?;
                let sql = "UPDATE work SET state = 'done', keep_until_ms = ?, owner_job = NULL, \
                           owner_token = NULL WHERE work_key = ?";
                tx.exec(sql, values![*keep_until_ms, key.as_str()]).await?;
                Ok(())
            })
        })
        .await
    }

    /// Leaves unfinished work to whoever joins next; its steps stay. Nothing happens to work that
    /// is not this job's.
    pub async fn work_release(&self, lease: &Lease, key: &str) -> Result<()> {
        let call = (*lease, key_text(key).into_owned());
        self.write(call, |tx, (lease, key)| {
            Box::pin(async move {
                let sql = "UPDATE work SET owner_job = NULL, owner_token = NULL \
                           WHERE work_key = ? AND owner_job = ? AND owner_token = ?";
                let values = values![key.as_str(), lease.job_id, lease.token];
                tx.exec(sql, values).await?;
                Ok(())
            })
        })
        .await
    }

    /// Forgets work and its steps, for instance when its files are gone. Somebody who is at it
    /// loses it.
    pub async fn work_forget(&self, key: &str) -> Result<()> {
        self.write(key_text(key).into_owned(), |tx, key| {
            Box::pin(async move {
                forget_steps(tx, key).await?;
                let sql = "DELETE FROM work WHERE work_key = ?";
                tx.exec(sql, values![key.as_str()]).await?;
                Ok(())
            })
        })
        .await
    }
}

async fn join(tx: &Tx, lease: &Lease, key: &str) -> Result<WorkTurn> {
    check_lease(tx, lease, false).await?;
    let now_ms = tx.now_ms();
    let sql = format!(
        "SELECT state, owner_job, owner_token, keep_until_ms FROM work WHERE work_key = ?{}",
        tx.for_update()
    );
    let Some(row) = tx.one(&sql, values![key]).await? else {
        let columns = [
            "work_key",
            "state",
            "owner_job",
            "owner_token",
            "created_at_ms",
        ];
        let row = values![key, "open", lease.job_id, lease.token, now_ms];
        tx.insert_rows("work", &columns, row).await?;
        return mine(tx, key, WorkState::Open).await;
    };
    let state: String = row.get("state")?;
    let keep_until_ms: Option<i64> = row.get("keep_until_ms")?;
    if state == "done" {
        if keep_until_ms.is_some_and(|until| until > now_ms) {
            return mine(tx, key, WorkState::Done).await;
        }
        forget_steps(tx, key).await?;
    } else {
        let owner: Option<Uuid> = row.get("owner_job")?;
        let token: Option<Uuid> = row.get("owner_token")?;
        let is_me = owner == Some(lease.job_id) && token == Some(lease.token);
        if let Some(owner) = owner
            && !is_me
            && is_held(tx, owner, token, now_ms).await?
        {
            return Ok(WorkTurn::Busy);
        }
    }
    let sql = "UPDATE work SET state = 'open', owner_job = ?, owner_token = ?, \
               keep_until_ms = NULL WHERE work_key = ?";
    tx.exec(sql, values![lease.job_id, lease.token, key])
        .await?;
    mine(tx, key, WorkState::Open).await
}

async fn mine(tx: &Tx, key: &str, state: WorkState) -> Result<WorkTurn> {
    let sql = "SELECT name, data FROM work_step WHERE work_key = ?";
    let rows = tx.all(sql, values![key]).await?;
    Ok(WorkTurn::Mine(Work {
        key: key.to_owned(),
        state,
        steps: steps(&rows)?,
    }))
}

fn steps(rows: &[Row]) -> Result<BTreeMap<String, Json>> {
    rows.iter()
        .map(|row| Ok((row.get("name")?, row.json("data")?)))
        .collect()
}

async fn check_owner(tx: &Tx, lease: &Lease, key: &str) -> Result<()> {
    check_lease(tx, lease, false).await?;
    let sql = format!(
        "SELECT work_key FROM work WHERE work_key = ? AND owner_job = ? AND owner_token = ? \
         AND state = 'open'{}",
        tx.for_update()
    );
    let values = values![key, lease.job_id, lease.token];
    match tx.one(&sql, values).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::LeaseLost),
    }
}

async fn forget_steps(tx: &Tx, key: &str) -> Result<()> {
    let sql = "DELETE FROM work_step WHERE work_key = ?";
    tx.exec(sql, values![key]).await?;
    Ok(())
}
