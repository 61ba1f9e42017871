//! What the gateway keeps between calls. Nothing here is the only copy of anything: it can all be asked for again.

use crate::db::{Result, Row, in_lists, key_text, values};
use crate::store::Store;
use crate::types::{CacheRow, CallCount, RefusalRow};

const COLUMNS: &str =
    "cache_key, account, kind, body, etag, fetched_at_ms, fresh_until_ms, stale_until_ms, calls";

impl Store {
    /// The kept answers among these keys that are better than nothing, in no order.
    pub async fn cached(&self, keys: &[String]) -> Result<Vec<CacheRow>> {
        let now_ms = self.clock().now_ms();
        let keys: Vec<sea_orm::Value> = keys
            .iter()
            .map(|key| key_text(key).into_owned().into())
            .collect();
        let mut found = Vec::new();
        for (list, mut keys) in in_lists(&keys) {
            let sql = format!(
                "SELECT {COLUMNS} FROM cached WHERE cache_key {list} AND stale_until_ms > ?"
            );
            keys.push(now_ms.into());
            for row in self.reader().all(&sql, keys).await? {
                found.push(cache_row(&row)?);
            }
        }
        Ok(found)
    }

    /// Keeps answers in place of older ones. Their keys should be short; a long one comes back cut.
    pub async fn keep_cached(&self, rows: Vec<CacheRow>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write(rows, |tx, rows| {
            Box::pin(async move {
                for row in rows {
                    let key = vec![("cache_key", key_text(&row.key).into_owned().into())];
                    let news = vec![
                        ("account", row.account.as_str().into()),
                        ("kind", row.kind.as_str().into()),
                        ("body", row.body.as_str().into()),
                        ("etag", row.etag.as_str().into()),
                        ("fetched_at_ms", row.fetched_at_ms.into()),
                        ("fresh_until_ms", row.fresh_until_ms.into()),
                        ("stale_until_ms", row.stale_until_ms.into()),
                        ("calls", row.calls.into()),
                    ];
                    tx.change_or_insert("cached", key, news, &[]).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Forgets every answer that is kept about an account.
    pub async fn forget_cached(&self, account: &str) -> Result<u64> {
        self.write(account.to_owned(), |tx, account| {
            Box::pin(async move {
                let sql = "DELETE FROM cached WHERE account = ?";
                tx.exec(sql, values![account.as_str()]).await
            })
        })
        .await
    }

    /// The refusals that are still believed.
    pub async fn refusals(&self) -> Result<Vec<RefusalRow>> {
        let sql = "SELECT family, surface, metric, until_ms FROM refusal WHERE until_ms > ?";
        let rows = self
            .reader()
            .all(sql, values![self.clock().now_ms()])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(RefusalRow {
                    family: row.get("family")?,
                    surface: row.get("surface")?,
                    metric: row.get("metric")?,
                    until_ms: row.get("until_ms")?,
                })
            })
            .collect()
    }

    /// Remembers a refusal.
    pub async fn keep_refusal(&self, refusal: RefusalRow) -> Result<()> {
        self.write(refusal, |tx, refusal| {
            Box::pin(async move {
                let key = vec![
                    ("family", refusal.family.as_str().into()),
                    ("surface", refusal.surface.as_str().into()),
                    ("metric", refusal.metric.as_str().into()),
                ];
                let news = vec![("until_ms", refusal.until_ms.into())];
                tx.change_or_insert("refusal", key, news, &[]).await
            })
        })
        .await
    }

    /// Adds to an account's counts of a day.
    pub async fn count_calls(&self, account: &str, count: CallCount) -> Result<()> {
        self.write((account.to_owned(), count), |tx, (account, count)| {
            Box::pin(async move {
                let sql = "UPDATE graph_count SET made = made + ?, saved = saved + ? \
                           WHERE account = ? AND on_day = ?";
                let values = values![
                    count.made,
                    count.saved,
                    account.as_str(),
                    count.day.as_str()
                ];
                if tx.exec(sql, values.clone()).await? == 0 {
                    let columns = ["made", "saved", "account", "on_day"];
                    tx.insert_rows("graph_count", &columns, values).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// An account's newest counts, newest day first.
    pub async fn call_counts(&self, account: &str, days: u32) -> Result<Vec<CallCount>> {
        let sql = "SELECT on_day, made, saved FROM graph_count WHERE account = ? \
                   ORDER BY on_day DESC LIMIT ?";
        let rows = self
            .reader()
            .all(sql, values![account, i64::from(days)])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(CallCount {
                    day: row.get("on_day")?,
                    made: row.get("made")?,
                    saved: row.get("saved")?,
                })
            })
            .collect()
    }
}

fn cache_row(row: &Row) -> Result<CacheRow> {
    Ok(CacheRow {
        key: row.get("cache_key")?,
        account: row.get("account")?,
        kind: row.get("kind")?,
        body: row.get("body")?,
        etag: row.get("etag")?,
        fetched_at_ms: row.get("fetched_at_ms")?,
        fresh_until_ms: row.get("fresh_until_ms")?,
        stale_until_ms: row.get("stale_until_ms")?,
        calls: row.get("calls")?,
    })
}
