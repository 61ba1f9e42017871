//! Connected accounts: who they are and how they are. Their tokens are read and written by [`Safe`](crate::Safe).

use sea_orm::Value;
use uuid::Uuid;

use crate::db::{Result, Row, Tx, values};
use crate::error::StoreError;
use crate::store::Store;
use crate::types::{AccountHealth, AccountRow, HealthChange};

/// Every column but the token.
pub(crate) const COLUMNS: &str = "id, account, app_scoped_id, page_id, login, username, name, account_type, origin, \
     token_print, settings_print, issued_at_ms, refreshed_at_ms, expires_at_ms, scopes, verdict, verdict_at_ms, \
     last_good_at_ms, last_error, last_error_at_ms, connected_at_ms, removed_at_ms";

impl Store {
    /// Every account that is connected, the oldest first.
    pub async fn linked_accounts(&self) -> Result<Vec<AccountRow>> {
        let sql = format!("SELECT {COLUMNS} FROM account WHERE removed_at_ms IS NULL ORDER BY id");
        let rows = self.reader().all(&sql, Vec::new()).await?;
        rows.iter().map(account_row).collect()
    }

    /// An account, connected or not any more.
    pub async fn linked_account(&self, account: &str) -> Result<Option<AccountRow>> {
        let sql = format!("SELECT {COLUMNS} FROM account WHERE account = ?");
        let row = self.reader().one(&sql, values![account]).await?;
        row.map(|row| account_row(&row)).transpose()
    }

    /// Writes down what is known anew about an account. Answers the verdict that was there before, if this one is
    /// another: over all processes, one caller alone is told of each change.
    pub async fn note_health(&self, account: &str, change: HealthChange) -> Result<Option<String>> {
        self.write((account.to_owned(), change), |tx, (account, change)| {
            Box::pin(note_health(tx, account, change))
        })
        .await
    }

    /// Disconnects an account: its token, every key that stood for it and every answer that was kept are gone. False: it
    /// was not connected.
    pub async fn remove_account(&self, account: &str) -> Result<bool> {
        self.write(account.to_owned(), |tx, account| {
            Box::pin(async move {
                let now_ms = tx.now_ms();
                let sql = "UPDATE account SET removed_at_ms = ?, changed_at_ms = ?, token = NULL, \
                           token_key = NULL, token_print = NULL \
                           WHERE account = ? AND removed_at_ms IS NULL";
                let removed = tx
                    .exec(sql, values![now_ms, now_ms, account.as_str()])
                    .await?;
                revoke_handles(tx, account).await?;
                let sql = "DELETE FROM cached WHERE account = ?";
                tx.exec(sql, values![account.as_str()]).await?;
                Ok(removed == 1)
            })
        })
        .await
    }
}

/// The keys that a login gave out for this account are no good from now on.
async fn revoke_handles(tx: &Tx, account: &str) -> Result<()> {
    let sql = "UPDATE api_key SET revoked_at_ms = ? \
               WHERE kind = 'handle' AND accounts = ? AND revoked_at_ms IS NULL";
    tx.exec(sql, values![tx.now_ms(), account]).await?;
    Ok(())
}

async fn note_health(tx: &Tx, account: &str, change: &HealthChange) -> Result<Option<String>> {
    let sql = format!(
        "SELECT verdict FROM account WHERE account = ? AND removed_at_ms IS NULL{}",
        tx.for_update()
    );
    let Some(row) = tx.one(&sql, values![account]).await? else {
        return Ok(None);
    };
    let before: String = row.get("verdict")?;
    let now_ms = tx.now_ms();
    let turned = change
        .verdict
        .as_ref()
        .is_some_and(|verdict| *verdict != before);
    let mut set = vec!["changed_at_ms = ?"];
    let mut values: Vec<Value> = values![now_ms];
    if let Some(verdict) = change.verdict.as_ref().filter(|_| turned) {
        set.push("verdict = ?, verdict_at_ms = ?");
        values.extend(values![verdict.as_str(), now_ms]);
    }
    if let Some(good_at_ms) = change.good_at_ms {
        set.push("last_good_at_ms = ?");
        values.push(good_at_ms.into());
    }
    if let Some(error) = &change.error {
        set.push("last_error = ?, last_error_at_ms = ?");
        values.extend(values![error.as_str(), now_ms]);
    }
    if let Some(scopes) = &change.scopes {
        set.push("scopes = ?");
        values.push(joined(scopes).into());
    }
    if let Some(expires_at_ms) = change.expires_at_ms {
        set.push("expires_at_ms = ?");
        values.push(expires_at_ms.into());
    }
    values.push(account.into());
    let sql = format!("UPDATE account SET {} WHERE account = ?", set.join(", "));
    tx.exec(&sql, values).await?;
    Ok(turned.then_some(before))
}

/// Words as one column holds them; none of them has a comma.
pub(crate) fn joined(words: &[String]) -> String {
    words.join(",")
}

pub(crate) fn split(words: &str) -> Vec<String> {
    words
        .split(',')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(crate) fn account_row(row: &Row) -> Result<AccountRow> {
    let id: Uuid = row.get("id")?;
    let account: String = row.get("account")?;
    if account.is_empty() {
        return Err(StoreError::corrupt("an account has no id"));
    }
    Ok(AccountRow {
        id,
        account,
        app_scoped_id: row.get("app_scoped_id")?,
        page_id: row.get("page_id")?,
        login: row.get("login")?,
        username: row.get("username")?,
        name: row.get("name")?,
        account_type: row.get("account_type")?,
        origin: row.get("origin")?,
        token_print: row.get("token_print")?,
        settings_print: row.get("settings_print")?,
        issued_at_ms: row.get("issued_at_ms")?,
        refreshed_at_ms: row.get("refreshed_at_ms")?,
        expires_at_ms: row.get("expires_at_ms")?,
        scopes: row
            .get::<Option<String>>("scopes")?
            .map(|words| split(&words)),
        health: AccountHealth {
            verdict: row.get("verdict")?,
            verdict_at_ms: row.get("verdict_at_ms")?,
            last_good_at_ms: row.get("last_good_at_ms")?,
            last_error: row.get("last_error")?,
            last_error_at_ms: row.get("last_error_at_ms")?,
        },
        connected_at_ms: row.get("connected_at_ms")?,
        removed_at_ms: row.get("removed_at_ms")?,
    })
}
