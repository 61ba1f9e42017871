//! Rotation of the keys that seal: online, in small pieces, each of which leaves every row readable.

use std::sync::Arc;

use uuid::Uuid;

use super::{Ring, SEALED, Safe, Sealed, add_key, ring_in};
use crate::db::{Result, Tx, values};
use crate::seal::OuterKey;
use crate::types::Rotated;

impl Safe {
    /// Seals everything with a new key and throws the older ones away. One that was cut short is finished first.
    pub async fn rotate(&self) -> Result<Rotated> {
        let mut done = Rotated {
            key: self.begin_rotation().await?,
            ..Rotated::default()
        };
        while self.rotate_piece(&mut done, 100).await? {}
        done.keys_dropped = self.end_rotation(done.key).await?;
        Ok(done)
    }

    /// Makes the new key, unless a rotation under the same master key is unfinished; answers the key to seal with.
    pub async fn begin_rotation(&self) -> Result<i64> {
        self.store
            .write(Arc::clone(&self.outer), |tx, outer| {
                Box::pin(async move {
                    let ring = ring_in(tx, outer).await?;
                    // A key that the former master key wrapped would leave everything hanging on that master key.
                    let is_ours = is_wrapped_by(tx, ring.newest, outer.first()).await?;
                    if is_ours && waits_for(tx, &ring).await? {
                        return Ok(ring.newest);
                    }
                    add_key(tx, outer, ring.newest + 1).await
                })
            })
            .await
    }

    /// Seals up to `rows` rows of each table anew. False: none is left.
    pub async fn rotate_piece(&self, done: &mut Rotated, rows: u32) -> Result<bool> {
        let call = (Arc::clone(&self.outer), done.key, rows);
        let (resealed, unreadable) = self
            .store
            .write(call, |tx, (outer, key, rows)| {
                Box::pin(reseal(tx, outer, *key, *rows))
            })
            .await?;
        done.resealed += resealed;
        // The unreadable ones are met again by each piece.
        done.unreadable = unreadable;
        Ok(resealed > 0)
    }

    /// Throws away the keys below `newest` that seal no row.
    pub async fn end_rotation(&self, newest: i64) -> Result<u64> {
        self.store
            .write(newest, |tx, newest| {
                Box::pin(async move {
                    let sql = format!("SELECT id FROM seal_key WHERE id < ?{}", tx.for_update());
                    let mut dropped = 0;
                    for row in tx.all(&sql, values![*newest]).await? {
                        let id: i64 = row.get("id")?;
                        if !is_used(tx, id).await? {
                            let sql = "DELETE FROM seal_key WHERE id = ?";
                            dropped += tx.exec(sql, values![id]).await?;
                        }
                    }
                    Ok(dropped)
                })
            })
            .await
    }
}

async fn is_wrapped_by(tx: &Tx, key: i64, outer: Option<&OuterKey>) -> Result<bool> {
    let sql = "SELECT outer_key FROM seal_key WHERE id = ?";
    let Some(row) = tx.one(sql, values![key]).await? else {
        return Ok(false);
    };
    let name: String = row.get("outer_key")?;
    Ok(outer.is_some_and(|outer| outer.name == name))
}

/// Whether a row that can be read is still sealed with an older key.
async fn waits_for(tx: &Tx, ring: &Ring) -> Result<bool> {
    for sealed in SEALED {
        let Sealed {
            table, key_column, ..
        } = sealed;
        let sql = format!(
            "SELECT DISTINCT {key_column} AS id FROM {table} WHERE {key_column} IS NOT NULL \
             AND {key_column} <> ?"
        );
        for row in tx.all(&sql, values![ring.newest]).await? {
            if ring.keys.contains_key(&row.get::<i64>("id")?) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

async fn is_used(tx: &Tx, key: i64) -> Result<bool> {
    for sealed in SEALED {
        let sql = format!(
            "SELECT id FROM {} WHERE {} = ? LIMIT 1",
            sealed.table, sealed.key_column
        );
        if tx.one(&sql, values![key]).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn reseal(tx: &Tx, outer: &[OuterKey], key: i64, rows: u32) -> Result<(u64, u64)> {
    let ring = ring_in(tx, outer).await?;
    let (mut resealed, mut unreadable) = (0, 0);
    for sealed in SEALED {
        let Sealed {
            table,
            column,
            key_column,
        } = sealed;
        let sql = format!(
            "SELECT id, {column} AS secret FROM {table} WHERE {key_column} IS NOT NULL \
             AND {key_column} <> ? ORDER BY id{}",
            tx.for_update()
        );
        let mut left = rows;
        for row in tx.all(&sql, values![key]).await? {
            if left == 0 {
                break;
            }
            let id: Uuid = row.get("id")?;
            let place = sealed.place(id);
            let Ok(secret) = ring.open(&place, &row.get::<Vec<u8>>("secret")?) else {
                unreadable += 1;
                continue;
            };
            let anew = ring.seal(&place, &secret)?;
            let sql = format!("UPDATE {table} SET {column} = ?, {key_column} = ? WHERE id = ?");
            resealed += tx.exec(&sql, values![anew, ring.newest, id]).await?;
            left -= 1;
        }
    }
    Ok((resealed, unreadable))
}
