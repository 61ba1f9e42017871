//! Keys of our API. Only their hashes are kept: whoever reads the database cannot call us.

use uuid::Uuid;

use crate::accounts::{joined, split};
use crate::db::{Result, Row, values};
use crate::error::StoreError;
use crate::store::Store;
use crate::types::{KeyKind, KeyRow, NewKey};

const COLUMNS: &str = "id, kind, key_hash, prefix, name, scopes, accounts, created_at_ms, last_used_at_ms, \
     revoked_at_ms, expires_at_ms";

/// Use is written down once in this time, so that reading does not become writing.
const USE_NOTED_EVERY_MS: i64 = 60_000;

/// Handles of one account that are good at once: whoever logs in more often loses the oldest.
const HANDLES_KEPT: usize = 20;

impl Store {
    /// Keeps a key. An account's twenty-first handle ends its oldest.
    pub async fn add_key(&self, key: NewKey) -> Result<Uuid> {
        self.write(key, |tx, key| {
            Box::pin(async move {
                let id = tx.new_id();
                let accounts = key.accounts.as_deref().map(joined);
                let row = values![
                    id,
                    kind_word(key.kind),
                    key.hash.as_str(),
                    key.prefix.as_str(),
                    key.name.as_str(),
                    joined(&key.scopes),
                    accounts.as_deref(),
                    tx.now_ms(),
                    key.expires_at_ms
                ];
                let columns = [
                    "id",
                    "kind",
                    "key_hash",
                    "prefix",
                    "name",
                    "scopes",
                    "accounts",
                    "created_at_ms",
                    "expires_at_ms",
                ];
                tx.insert_rows("api_key", &columns, row).await?;
                if key.kind == KeyKind::Handle {
                    let sql = "SELECT id FROM api_key WHERE kind = 'handle' AND accounts = ? \
                               AND revoked_at_ms IS NULL ORDER BY id DESC";
                    let live = tx.all(sql, values![accounts.as_deref()]).await?;
                    for old in live.iter().skip(HANDLES_KEPT) {
                        let sql = "UPDATE api_key SET revoked_at_ms = ? WHERE id = ?";
                        tx.exec(sql, values![tx.now_ms(), old.get::<Uuid>("id")?])
                            .await?;
                    }
                }
                Ok(id)
            })
        })
        .await
    }

    /// The key with this hash, good or not.
    pub async fn key_by_hash(&self, hash: &str) -> Result<Option<KeyRow>> {
        let sql = format!("SELECT {COLUMNS} FROM api_key WHERE key_hash = ?");
        let row = self.reader().one(&sql, values![hash]).await?;
        row.map(|row| key_row(&row)).transpose()
    }

    /// Every key and handle, revoked ones too, the newest first.
    pub async fn keys(&self) -> Result<Vec<KeyRow>> {
        let sql = format!("SELECT {COLUMNS} FROM api_key ORDER BY id DESC");
        let rows = self.reader().all(&sql, Vec::new()).await?;
        rows.iter().map(key_row).collect()
    }

    /// Writes down that a key was used, to the minute.
    pub async fn key_used(&self, key: &KeyRow) -> Result<()> {
        let now_ms = self.clock().now_ms();
        let noted = |at_ms: i64| (now_ms - at_ms).abs() < USE_NOTED_EVERY_MS;
        if key.last_used_at_ms.is_some_and(noted) {
            return Ok(());
        }
        self.write((key.id, now_ms), |tx, (id, now_ms)| {
            Box::pin(async move {
                let sql = "UPDATE api_key SET last_used_at_ms = ? WHERE id = ?";
                tx.exec(sql, values![*now_ms, *id]).await?;
                Ok(())
            })
        })
        .await
    }

    /// From now on this key is no good. False: there is no such key, or it was revoked before.
    pub async fn revoke_key(&self, id: Uuid) -> Result<bool> {
        self.write(id, |tx, id| {
            Box::pin(async move {
                let sql =
                    "UPDATE api_key SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL";
                Ok(tx.exec(sql, values![tx.now_ms(), *id]).await? == 1)
            })
        })
        .await
    }
}

fn kind_word(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Key => "key",
        KeyKind::Handle => "handle",
    }
}

fn key_row(row: &Row) -> Result<KeyRow> {
    let kind: String = row.get("kind")?;
    let scopes: Option<String> = row.get("scopes")?;
    let accounts: Option<String> = row.get("accounts")?;
    Ok(KeyRow {
        id: row.get("id")?,
        kind: match kind.as_str() {
            "key" => KeyKind::Key,
            "handle" => KeyKind::Handle,
            _ => return Err(StoreError::corrupt("a key is of an unknown kind")),
        },
        hash: row.get("key_hash")?,
        prefix: row.get("prefix")?,
        name: row.get("name")?,
        scopes: split(&scopes.unwrap_or_default()),
        accounts: accounts.map(|accounts| split(&accounts)),
        created_at_ms: row.get("created_at_ms")?,
        last_used_at_ms: row.get("last_used_at_ms")?,
        revoked_at_ms: row.get("revoked_at_ms")?,
        expires_at_ms: row.get("expires_at_ms")?,
    })
}
