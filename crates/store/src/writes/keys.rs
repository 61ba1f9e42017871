//! `Idempotency-Key`: the same request twice has one effect and one answer.
//!
//! A row is written before anything is done, and everything that is done under it carries its id. A process that dies
//! leaves the row held; when the hold has lapsed, a repeat of the request takes it over under the same id, finds what
//! was done under it, and goes on from there. Nothing is ever begun anew because an answer is missing.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::db::{Result, Row, Tx, values};
use crate::error::StoreError;
use crate::store::Store;
use crate::types::{Begun, KeyEnd, KeyHold, KeyUse};

/// How long a key is remembered. A day is what callers are promised; twice that forgives their clocks.
const KEPT_MS: i64 = 48 * 3_600_000;
/// Rows removed in one transaction.
const PIECE: u32 = 500;

const COLUMNS: [&str; 7] = [
    "use_key",
    "id",
    "request",
    "holder",
    "held_until_ms",
    "answer",
    "created_at_ms",
];

/// A request that its holder still has in hand.
const MINE: &str = "WHERE id = ? AND holder = ? AND status IS NULL";

impl Store {
    /// Begins a request that carries a key.
    pub async fn key_begin(&self, used: KeyUse) -> Result<Begun> {
        self.write(used, |tx, used| Box::pin(begin(tx, used))).await
    }

    /// Says how a request with a key ended. False when somebody else has taken it over meanwhile.
    pub async fn key_end(&self, hold: &KeyHold, end: KeyEnd) -> Result<bool> {
        self.write((*hold, end), |tx, (hold, end)| {
            Box::pin(async move {
                let of = values![hold.id, hold.holder];
                let changed = match end {
                    KeyEnd::Answer { status, answer } => {
                        let sql = format!(
                            "UPDATE key_use SET status = ?, answer = ?, holder = NULL {MINE}"
                        );
                        let mut values = values![i64::from(*status), answer.to_string()];
                        values.extend(of);
                        tx.exec(&sql, values).await?
                    }
                    KeyEnd::Open => {
                        let sql =
                            format!("UPDATE key_use SET holder = NULL, held_until_ms = 0 {MINE}");
                        tx.exec(&sql, of).await?
                    }
                    KeyEnd::Forget => tx.exec(&format!("DELETE FROM key_use {MINE}"), of).await?,
                };
                Ok(changed == 1)
            })
        })
        .await
    }

    /// Lets every request go that somebody had in hand: for a process that knows itself to be the only one and has just
    /// started. Else whoever repeats what a crash cut off is told for minutes that it is still being worked on.
    pub(crate) async fn free_all_holds(&self) -> Result<u64> {
        self.write((), |tx, ()| {
            Box::pin(async move {
                let sql = "UPDATE key_use SET holder = NULL, held_until_ms = 0 \
                           WHERE status IS NULL AND holder IS NOT NULL";
                tx.exec(sql, Vec::new()).await
            })
        })
        .await
    }

    /// Forgets keys that are past their time. Returns how many.
    pub async fn purge_keys(&self) -> Result<u64> {
        let before_ms = self.clock().now_ms().saturating_sub(KEPT_MS);
        let mut removed = 0;
        loop {
            let now = self
                .write(before_ms, |tx, before_ms| {
                    Box::pin(remove_old(tx, *before_ms))
                })
                .await?;
            removed += now;
            if now < u64::from(PIECE) {
                return Ok(removed);
            }
        }
    }
}

async fn begin(tx: &Tx, used: &KeyUse) -> Result<Begun> {
    let use_key = hash(&[used.caller.as_bytes(), used.key.as_bytes()]);
    let request = hash(&[&used.request]);
    let now_ms = tx.now_ms();
    let sql = format!(
        "SELECT id, request, holder, held_until_ms, status, answer, created_at_ms \
         FROM key_use WHERE use_key = ?{}",
        tx.for_update()
    );
    let holder = Uuid::new_v4();
    let until_ms = now_ms.saturating_add(used.hold_ms);
    if let Some(row) = tx.one(&sql, values![use_key.as_str()]).await? {
        let created_at_ms: i64 = row.get("created_at_ms")?;
        if created_at_ms.saturating_add(KEPT_MS) > now_ms {
            return again(tx, &row, &request, (holder, now_ms, until_ms)).await;
        }
        let sql = "DELETE FROM key_use WHERE use_key = ?";
        tx.exec(sql, values![use_key.as_str()]).await?;
    }
    let id = tx.new_id();
    let row = values![use_key, id, request, holder, until_ms, "null", now_ms];
    tx.insert_rows("key_use", &COLUMNS, row).await?;
    Ok(Begun::Mine(KeyHold { id, holder }))
}

/// A key that is known.
async fn again(
    tx: &Tx,
    row: &Row,
    request: &str,
    (holder, now_ms, until_ms): (Uuid, i64, i64),
) -> Result<Begun> {
    if row.get::<String>("request")? != request {
        return Ok(Begun::OtherRequest);
    }
    if let Some(status) = row.get::<Option<i64>>("status")? {
        let status = u16::try_from(status)
            .map_err(|_| StoreError::corrupt("an answer has an impossible status"))?;
        let answer = row.json("answer")?;
        return Ok(Begun::Answered { status, answer });
    }
    let held_until_ms: i64 = row.get("held_until_ms")?;
    if row.get::<Option<Uuid>>("holder")?.is_some() && held_until_ms > now_ms {
        return Ok(Begun::Busy {
            until_ms: held_until_ms,
        });
    }
    let id: Uuid = row.get("id")?;
    let sql = "UPDATE key_use SET holder = ?, held_until_ms = ? WHERE id = ?";
    tx.exec(sql, values![holder, until_ms, id]).await?;
    Ok(Begun::Mine(KeyHold { id, holder }))
}

async fn remove_old(tx: &Tx, before_ms: i64) -> Result<u64> {
    let sql = format!("SELECT use_key FROM key_use WHERE created_at_ms < ? LIMIT {PIECE}");
    let rows = tx.all(&sql, values![before_ms]).await?;
    let mut removed = 0;
    for row in &rows {
        let use_key: String = row.get("use_key")?;
        let sql = "DELETE FROM key_use WHERE use_key = ?";
        removed += tx.exec(sql, values![use_key]).await?;
    }
    Ok(removed)
}

/// Answers that name a person go with them; what was done under the key is in the person's other rows.
pub(crate) async fn forget_person(tx: &Tx, person: &str) -> Result<u64> {
    let sql = "SELECT id, answer FROM key_use WHERE status IS NOT NULL";
    let mut removed = 0;
    for row in tx.all(sql, Vec::new()).await? {
        let answer: String = row.get("answer")?;
        if answer.contains(person) {
            let id: Uuid = row.get("id")?;
            let sql = "DELETE FROM key_use WHERE id = ?";
            removed += tx.exec(sql, values![id]).await?;
        }
    }
    Ok(removed)
}

/// SHA-256 in hex; lengths go in, so that no two lists of pieces read alike.
fn hash(pieces: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for piece in pieces {
        digest.update(piece.len().to_be_bytes());
        digest.update(piece);
    }
    hex::encode(digest.finalize())
}
