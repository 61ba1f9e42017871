//! Files that were handed in to be published: whose they are, until they are published or forgotten.

use uuid::Uuid;

use crate::db::{Result, Row, key_text, values};
use crate::store::Store;
use crate::types::UploadRow;

const SELECT: &str = "SELECT id, account, mime, file, bytes, created_at_ms FROM upload";
/// Files named in one look.
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

    /// Files that came before this time and that no unfinished publication names, some of them.
    pub async fn idle_uploads(&self, before_ms: i64) -> Result<Vec<UploadRow>> {
        let sql = format!("{SELECT} WHERE created_at_ms < ? ORDER BY created_at_ms LIMIT {PIECE}");
        let rows = self.reader().all(&sql, values![before_ms]).await?;
        let mut idle = Vec::new();
        for row in &rows {
            let upload = upload(row)?;
            let sql = "SELECT id FROM publication WHERE account = ? AND spec LIKE ? AND state IN \
                       ('scheduled', 'preparing', 'processing', 'publishing')";
            let named = format!("%{}%", upload.id);
            let values = values![upload.account.as_str(), named];
            if self.reader().one(sql, values).await?.is_none() {
                idle.push(upload);
            }
        }
        Ok(idle)
    }

    /// Forgets a file that is gone.
    pub async fn upload_forget(&self, id: Uuid) -> Result<()> {
        self.write(id, |tx, id| {
            Box::pin(async move {
                tx.exec("DELETE FROM upload WHERE id = ?", values![*id])
                    .await?;
                Ok(())
            })
        })
        .await
    }
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
