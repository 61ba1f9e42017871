//! Publications: each is a row, a job that works on it, and one intention before the one call that people see.
//!
//! The row knows which job may act on it. Moving a publication gives it another job, so that an earlier one, wherever
//! it is, finds itself replaced at its next write and does nothing.

use sea_orm::Value as Bound;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::uploads::{are_there, let_go};
use crate::db::{Result, Row, Tx, key_text, oldest_id, values};
use crate::error::StoreError;
use crate::jobs::claim::check_lease;
use crate::jobs::insert::{self, Insert};
use crate::store::Store;
use crate::types::{
    Lease, NewJob, NewPublication, Publication, PublicationChange, PublicationState, Wished,
};

/// The queue of publications.
const QUEUE: &str = "publish";
/// Starts of a job that may be lost to crashes; what fails for a reason is decided by the worker long before.
const ATTEMPTS: i32 = 50;

const SELECT: &str = "SELECT id, account, state, job_id, publish_at_ms, intent_at_ms, attempt, \
     container_id, media_id, created_at_ms, changed_at_ms, spec, progress FROM publication";

const COLUMNS: [&str; 11] = [
    "id",
    "account",
    "state",
    "job_id",
    "once_key",
    "publish_at_ms",
    "attempt",
    "created_at_ms",
    "changed_at_ms",
    "spec",
    "progress",
];

impl Store {
    /// Stores a publication and the job that works on it, in one transaction; the earlier one when its word is known.
    /// `None` when a file it is to be made of is gone.
    pub async fn publication_add(&self, new: NewPublication) -> Result<Option<Publication>> {
        self.write(new, |tx, new| Box::pin(add(tx, new))).await
    }

    /// One publication.
    pub async fn publication(&self, id: Uuid) -> Result<Option<Publication>> {
        let sql = format!("{SELECT} WHERE id = ?");
        let row = self.reader().one(&sql, values![id]).await?;
        row.as_ref().map(publication).transpose()
    }

    /// The publication that was stored under this word.
    pub async fn publication_once(&self, once: &str) -> Result<Option<Publication>> {
        let sql = format!("{SELECT} WHERE once_key = ?");
        let row = self.reader().one(&sql, values![&*key_text(once)]).await?;
        row.as_ref().map(publication).transpose()
    }

    /// An account's publications, newest first, older than `before` where that is told.
    pub async fn publications(
        &self,
        account: &str,
        state: Option<PublicationState>,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Publication>> {
        let mut sql = format!("{SELECT} WHERE account = ?");
        let mut values: Vec<Bound> = values![&*key_text(account)];
        if let Some(state) = state {
            sql.push_str(" AND state = ?");
            values.push(state.as_str().into());
        }
        if let Some(before) = before {
            sql.push_str(" AND id < ?");
            values.push(before.into());
        }
        let sql = format!("{sql} ORDER BY id DESC LIMIT {limit}");
        let rows = self.reader().all(&sql, values).await?;
        rows.iter().map(publication).collect()
    }

    /// Gives a publication that waits for its time another time.
    pub async fn publication_move(
        &self,
        account: &str,
        id: Uuid,
        publish_at_ms: i64,
        begin_at_ms: i64,
    ) -> Result<Wished> {
        let call = (account.to_owned(), id, publish_at_ms, begin_at_ms);
        self.write(call, |tx, (account, id, at_ms, begin_at_ms)| {
            Box::pin(async move {
                let Some(found) = of_account(tx, account, *id).await? else {
                    return Ok(Wished::Missing);
                };
                if found.state != PublicationState::Scheduled {
                    return Ok(Wished::TooLate(found));
                }
                let job = job_for(tx, *id, account, Some(*begin_at_ms)).await?;
                let sql = "UPDATE publication SET publish_at_ms = ?, job_id = ?, \
                           changed_at_ms = ? WHERE id = ?";
                tx.exec(sql, values![*at_ms, job, tx.now_ms(), *id]).await?;
                load(tx, *id).await.map(Wished::Done)
            })
        })
        .await
    }

    /// Calls a publication off, as long as nobody can have seen it.
    pub async fn publication_cancel(&self, account: &str, id: Uuid) -> Result<Wished> {
        self.write((account.to_owned(), id), |tx, (account, id)| {
            Box::pin(async move {
                let Some(found) = of_account(tx, account, *id).await? else {
                    return Ok(Wished::Missing);
                };
                if found.state == PublicationState::Cancelled {
                    return Ok(Wished::Done(found));
                }
                if !found.state.may_cancel() {
                    return Ok(Wished::TooLate(found));
                }
                let sql = "UPDATE publication SET state = ?, changed_at_ms = ? WHERE id = ?";
                let word = PublicationState::Cancelled.as_str();
                tx.exec(sql, values![word, tx.now_ms(), *id]).await?;
                load(tx, *id).await.map(Wished::Done)
            })
        })
        .await
    }

    /// Writes down how far a publication is. `None` when it is no longer this job's to work on.
    pub async fn publication_change(
        &self,
        lease: &Lease,
        id: Uuid,
        change: PublicationChange,
    ) -> Result<Option<Publication>> {
        self.write((*lease, id, change), |tx, (lease, id, change)| {
            Box::pin(async move {
                check_lease(tx, lease, false).await?;
                let Some(found) = mine(tx, lease, *id).await? else {
                    return Ok(None);
                };
                store(tx, &found, change).await?;
                for upload in &change.let_go {
                    let_go(tx, &found.account, *upload).await?;
                }
                load(tx, *id).await.map(Some)
            })
        })
        .await
    }

    /// Writes down, durably, that it is published now. `None` when it must not be: called off, over, or another job's.
    pub async fn publication_intent(
        &self,
        lease: &Lease,
        id: Uuid,
        progress: Json,
    ) -> Result<Option<Publication>> {
        self.write((*lease, id, progress), |tx, (lease, id, progress)| {
            Box::pin(async move {
                check_lease(tx, lease, true).await?;
                if mine(tx, lease, *id).await?.is_none() {
                    return Ok(None);
                }
                let now_ms = tx.now_ms();
                let sql = "UPDATE publication SET state = ?, attempt = attempt + 1, \
                           intent_at_ms = ?, changed_at_ms = ?, progress = ? WHERE id = ?";
                let word = PublicationState::Publishing.as_str();
                let values = values![word, now_ms, now_ms, progress.to_string(), *id];
                tx.exec(sql, values).await?;
                load(tx, *id).await.map(Some)
            })
        })
        .await
    }
}

/// Deletes one piece of those that were over before this time.
pub(crate) async fn purge(tx: &Tx, before_ms: i64, piece: u64) -> Result<u64> {
    // Ids sort by time: no index on the time of the end is needed. The derived table is for MySQL, which may not read
    // the table it deletes from.
    let sql = format!(
        "DELETE FROM publication WHERE id IN (SELECT id FROM (\
         SELECT id FROM publication WHERE id < ? AND state IN (?, ?, ?, ?) AND changed_at_ms < ? \
         ORDER BY id LIMIT {piece}) t)"
    );
    let over = PublicationState::ALL
        .into_iter()
        .filter(|state| state.is_over());
    let mut values = values![oldest_id(before_ms)];
    values.extend(over.map(|state| Bound::from(state.as_str())));
    values.push(before_ms.into());
    tx.exec(&sql, values).await
}

async fn add(tx: &Tx, new: &NewPublication) -> Result<Option<Publication>> {
    let once = new.once.as_deref().map(key_text);
    if let Some(once) = &once {
        let sql = format!("{SELECT} WHERE once_key = ?");
        if let Some(row) = tx.one(&sql, values![&**once]).await? {
            return publication(&row).map(Some);
        }
    }
    if !are_there(tx, &new.account, &new.uploads).await? {
        return Ok(None);
    }
    let id = tx.new_id();
    let job = job_for(tx, id, &new.account, new.begin_at_ms).await?;
    let now_ms = tx.now_ms();
    let row = values![
        id,
        &*key_text(&new.account),
        PublicationState::Scheduled.as_str(),
        job,
        once.as_deref(),
        new.publish_at_ms,
        0_i32,
        now_ms,
        now_ms,
        new.spec.to_string(),
        "{}",
    ];
    tx.insert_rows("publication", &COLUMNS, row).await?;
    load(tx, id).await.map(Some)
}

async fn job_for(tx: &Tx, id: Uuid, account: &str, run_at_ms: Option<i64>) -> Result<Uuid> {
    // The feed tells by the account whose the job is.
    let payload = json!({ "publication": id, "channel": "instagram", "account": account });
    let job = NewJob {
        run_at_ms,
        max_attempts: ATTEMPTS,
        ..NewJob::new(QUEUE, payload)
    };
    let only = Insert {
        job: &job,
        event_id: None,
        charge: None,
    };
    let stored = insert::jobs(tx, &[only]).await?;
    let (job, _) = stored
        .into_iter()
        .next()
        .ok_or_else(|| StoreError::corrupt("a job was not stored"))?;
    Ok(job)
}

async fn load(tx: &Tx, id: Uuid) -> Result<Publication> {
    let sql = format!("{SELECT} WHERE id = ?{}", tx.for_update());
    let row = tx.one(&sql, values![id]).await?;
    let row = row.ok_or_else(|| StoreError::conflict("there is no such publication"))?;
    publication(&row)
}

async fn of_account(tx: &Tx, account: &str, id: Uuid) -> Result<Option<Publication>> {
    let sql = format!("{SELECT} WHERE id = ? AND account = ?{}", tx.for_update());
    let row = tx.one(&sql, values![id, &*key_text(account)]).await?;
    row.as_ref().map(publication).transpose()
}

/// The publication, unless it is over or another job's.
async fn mine(tx: &Tx, lease: &Lease, id: Uuid) -> Result<Option<Publication>> {
    let found = load(tx, id).await?;
    Ok((found.job_id == lease.job_id && !found.state.is_over()).then_some(found))
}

async fn store(tx: &Tx, found: &Publication, change: &PublicationChange) -> Result<()> {
    let state = change.state.unwrap_or(found.state);
    let container = match &change.container_id {
        Some(container) => container.as_deref(),
        None => found.container_id.as_deref(),
    };
    let media = change.media_id.as_deref().or(found.media_id.as_deref());
    let progress = change.progress.as_ref().unwrap_or(&found.progress);
    let sql = "UPDATE publication SET state = ?, container_id = ?, media_id = ?, progress = ?, \
               changed_at_ms = ? WHERE id = ?";
    let values = values![
        state.as_str(),
        container,
        media,
        progress.to_string(),
        tx.now_ms(),
        found.id,
    ];
    tx.exec(sql, values).await?;
    Ok(())
}

fn publication(row: &Row) -> Result<Publication> {
    let state: String = row.get("state")?;
    Ok(Publication {
        id: row.get("id")?,
        account: row.get("account")?,
        state: PublicationState::parse(&state)
            .ok_or_else(|| StoreError::corrupt("a publication has an unknown state"))?,
        job_id: row.get("job_id")?,
        spec: row.json("spec")?,
        progress: row.json("progress")?,
        publish_at_ms: row.get("publish_at_ms")?,
        intent_at_ms: row.get("intent_at_ms")?,
        attempt: row.get("attempt")?,
        container_id: row.get("container_id")?,
        media_id: row.get("media_id")?,
        created_at_ms: row.get("created_at_ms")?,
        changed_at_ms: row.get("changed_at_ms")?,
    })
}
