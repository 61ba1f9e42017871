//! Files that were handed in to be published: whose they are, until they are published or forgotten.

use uuid::Uuid;

use crate::db::{Result, Row, Tx, key_text, values};
use crate::store::Store;
use crate::types::UploadRow;

const SELECT: &str = "SELECT id, account, mime, file, bytes, created_at_ms FROM upload";
/// Files looked at in one transaction.
const PIECE: u32 = 200;

impl Store {
    /// Remembers a file that lies in the folder already.
    pub async fn upload_add(&self, upload: UploadRow) -> Result<()> {
        self.write(upload, |tx, upload| {
            Box::pin(async move {
                let columns = ["id", "account", "mime", "file", "bytes", "created_at_ms"];
                let row = values![
                    upload.id,
                    &*key_text(&upload.account),
                    upload.mime.as_str(),
                    upload.file.as_str(),
                    upload.bytes,
                    tx.now_ms(),
                ];
                tx.insert_rows("upload", &columns, row).await
            })
        })
        .await
    }

    /// A file of this account.
    pub async fn upload(&self, account: &str, id: Uuid) -> Result<Option<UploadRow>> {
        let sql = format!("{SELECT} WHERE id = ? AND account = ?");
        let values = values![id, &*key_text(account)];
        let row = self.reader().one(&sql, values).await?;
        row.as_ref().map(upload).transpose()
    }

    /// Whether any account has this file.
    pub async fn has_upload(&self, id: Uuid) -> Result<bool> {
        let sql = format!("{SELECT} WHERE id = ?");
        Ok(self.reader().one(&sql, values![id]).await?.is_some())
    }

    /// Lets files go that came before this time and that no unfinished publication names: the ids of those that went.
    pub async fn idle_uploads(&self, before_ms: i64) -> Result<Vec<Uuid>> {
        let sql = format!("{SELECT} WHERE created_at_ms < ? AND id > ? ORDER BY id LIMIT {PIECE}");
        let mut gone = Vec::new();
        let mut last = Uuid::nil();
        loop {
            let rows = self.reader().all(&sql, values![before_ms, last]).await?;
            let old = rows.iter().map(upload).collect::<Result<Vec<_>>>()?;
            let Some(end) = old.last() else {
                return Ok(gone);
            };
            last = end.id;
            let went = self.write(old, |tx, old| Box::pin(all_let_go(tx, old)));
            gone.extend(went.await?);
        }
    }
}

async fn all_let_go(tx: &Tx, uploads: &[UploadRow]) -> Result<Vec<Uuid>> {
    let mut gone = Vec::new();
    for upload in uploads {
        if let_go(tx, &upload.account, upload.id).await? {
            gone.push(upload.id);
        }
    }
    Ok(gone)
}

/// Whether these files are all there and the account's. They stay until the transaction ends.
pub(super) async fn are_there(tx: &Tx, account: &str, ids: &[Uuid]) -> Result<bool> {
    let sql = format!("{SELECT} WHERE id = ? AND account = ?{}", tx.for_update());
    for id in ids {
        let values = values![*id, &*key_text(account)];
        if tx.one(&sql, values).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Forgets a file, unless an unfinished publication names it: whether it went.
pub(super) async fn let_go(tx: &Tx, account: &str, id: Uuid) -> Result<bool> {
    // Whoever orders a publication with it waits for this, and this for them.
    let there = are_there(tx, account, &[id]).await?;
    let named = "SELECT id FROM publication WHERE account = ? AND spec LIKE ? AND state IN \
                 ('scheduled', 'preparing', 'processing', 'publishing')";
    let values = values![&*key_text(account), format!("%{id}%")];
    if !there || tx.one(named, values).await?.is_some() {
        return Ok(false);
    }
    tx.exec("DELETE FROM upload WHERE id = ?", values![id])
        .await?;
    Ok(true)
}

fn upload(row: &Row) -> Result<UploadRow> {
    Ok(UploadRow {
        id: row.get("id")?,
        account: row.get("account")?,
        mime: row.get("mime")?,
        file: row.get("file")?,
        bytes: row.get("bytes")?,
        created_at_ms: row.get("created_at_ms")?,
    })
}
