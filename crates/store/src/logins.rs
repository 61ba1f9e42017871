//! Logins on their way: begun by us, finished once, by whoever began them. What is kept with one is sealed by
//! [`Safe`](crate::Safe), which also takes it out again.

use crate::db::{Result, Tx, values};
use crate::store::Store;
use crate::types::NewLogin;

/// How long a spent code is remembered: longer than Meta takes it.
const CODES_KEPT_MS: i64 = 24 * 3_600_000;

impl Store {
    /// Remembers that a login was begun. The one that was begun with the same state before is begun anew: callers who
    /// choose their states choose the same one again, as after a login that nobody finished.
    pub async fn begin_login(&self, login: NewLogin) -> Result<()> {
        self.write(login, |tx, login| {
            Box::pin(async move {
                let sql = "DELETE FROM login_state WHERE state_hash = ?";
                tx.exec(sql, values![login.hash.as_str()]).await?;
                let row = values![
                    tx.new_id(),
                    login.hash.as_str(),
                    login.login.as_str(),
                    login.bound_to.as_str(),
                    login.expires_at_ms
                ];
                let columns = ["id", "state_hash", "login", "bound_to", "expires_at_ms"];
                tx.insert_rows("login_state", &columns, row).await
            })
        })
        .await
    }

    /// A login that came to nothing, through nobody's fault, may be finished after all.
    pub async fn give_back_login(&self, hash: &str) -> Result<()> {
        self.write(hash.to_owned(), |tx, hash| {
            Box::pin(async move {
                let sql = "UPDATE login_state SET used_at_ms = NULL WHERE state_hash = ?";
                tx.exec(sql, values![hash.as_str()]).await?;
                Ok(())
            })
        })
        .await
    }

    /// A code that was not shown to Meta may be brought again.
    pub async fn give_back_code(&self, hash: &str) -> Result<()> {
        self.write(hash.to_owned(), |tx, hash| {
            Box::pin(async move {
                let sql = "DELETE FROM login_code WHERE code_hash = ?";
                tx.exec(sql, values![hash.as_str()]).await?;
                Ok(())
            })
        })
        .await
    }

    /// True for one caller: the code with this hash is theirs to exchange.
    pub async fn spend_code(&self, hash: &str) -> Result<bool> {
        self.write(hash.to_owned(), |tx, hash| {
            Box::pin(async move {
                let sql = "SELECT at_ms FROM login_code WHERE code_hash = ?";
                if tx.one(sql, values![hash.as_str()]).await?.is_some() {
                    return Ok(false);
                }
                let row = values![hash.as_str(), tx.now_ms()];
                tx.insert_rows("login_code", &["code_hash", "at_ms"], row)
                    .await?;
                Ok(true)
            })
        })
        .await
    }
}

/// Removes what nobody can use any more.
pub(crate) async fn purge(tx: &Tx, now_ms: i64) -> Result<u64> {
    let before_ms = now_ms.saturating_sub(CODES_KEPT_MS);
    let sql = "DELETE FROM login_state WHERE expires_at_ms < ?";
    let states = tx.exec(sql, values![before_ms]).await?;
    let sql = "DELETE FROM login_code WHERE at_ms < ?";
    Ok(states + tx.exec(sql, values![before_ms]).await?)
}
