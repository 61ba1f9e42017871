//! What can go wrong with the store, named after what the caller can do about it.
//!
//! Messages carry no bound values: they are logged, and rows hold people's words.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database (or the spool's disk) does not answer now; the same call may work later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database asks to try again: it is busy with somebody else's transaction.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The disk is full. Nothing was stored; free space, then the same call works.
    #[error("the disk is full, nothing was stored: {0}")]
    Full(String),
    /// The data can be read but not written: wrong owner, read-only mount or replica.
    #[error("the database is read-only: {0}")]
    ReadOnly(String),
    /// Another process has this data folder open.
    #[error("{0}")]
    InUse(String),
    /// The job belongs to somebody else now; stop working on it and write nothing more.
    #[error("the lease of this job is lost")]
    LeaseLost,
    /// The change contradicts what is stored (an illegal step, a name already taken).
    #[error("conflict: {0}")]
    Conflict(String),
    /// What is stored cannot be read as what it should be.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// The settings cannot work: a malformed URL, a folder that is not there.
    #[error("store settings: {0}")]
    Config(String),
}

impl StoreError {
    /// Whether the same call may succeed later without anybody's help.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Busy(_))
    }

    /// Whether the database cannot take writes now, so that the webhook should use the spool.
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_)
                | Self::Busy(_)
                | Self::Full(_)
                | Self::ReadOnly(_)
                | Self::Corrupt(_)
        )
    }

    pub(crate) fn conflict(what: impl Into<String>) -> Self {
        Self::Conflict(what.into())
    }

    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }

    /// A copy for another waiter of the same failed commit.
    pub(crate) fn share(&self) -> Self {
        match self {
            Self::Unavailable(text) => Self::Unavailable(text.clone()),
            Self::Busy(text) => Self::Busy(text.clone()),
            Self::Full(text) => Self::Full(text.clone()),
            Self::ReadOnly(text) => Self::ReadOnly(text.clone()),
            Self::InUse(text) => Self::InUse(text.clone()),
            Self::LeaseLost => Self::LeaseLost,
            Self::Conflict(text) => Self::Conflict(text.clone()),
            Self::Corrupt(text) => Self::Corrupt(text.clone()),
            Self::Config(text) => Self::Config(text.clone()),
        }
    }
}

/// Result codes of SQLite, the last two extended, <https://www.sqlite.org/rescode.html> (read 2026-11-22).
mod sqlite_code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READONLY: i32 = 8;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const NOTADB: i32 = 26;
    pub(super) const PRIMARY_KEY: i32 = 1555;
    pub(super) const UNIQUE: i32 = 2067;
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => {
                return Self::conflict("a row with this key exists");
            }
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
                return Self::conflict("a row that this one refers to is missing");
            }
            _ => {}
        }
        match &error {
            DbErr::Conn(RuntimeErr::SqlxError(inner))
            | DbErr::Exec(RuntimeErr::SqlxError(inner))
            | DbErr::Query(RuntimeErr::SqlxError(inner)) => from_sqlx(inner),
            DbErr::Type(text) | DbErr::Json(text) => Self::Corrupt(text.clone()),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        from_sqlx(&error)
    }
}

/// SQLSTATE classes for the servers, result codes for SQLite: never the message text.
fn from_sqlx(error: &sqlx::Error) -> StoreError {
    let Some(database) = error.as_database_error() else {
        return match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                StoreError::Corrupt("a column does not decode".to_owned())
            }
            sqlx::Error::Configuration(inner) => StoreError::Config(inner.to_string()),
            other => StoreError::Unavailable(other.to_string()),
        };
    };
    let code = database.code().unwrap_or_default().into_owned();
    if database
        .try_downcast_ref::<sqlx::sqlite::SqliteError>()
        .is_some()
    {
        return from_sqlite(code.parse().unwrap_or(0), database.message());
    }
    let text = format!("SQLSTATE {code}");
    match code.as_str() {
        "53100" | "53200" => StoreError::Full(text),
        "25006" => StoreError::ReadOnly(text),
        // Class 40: the transaction was rolled back (deadlock, serialisation).
        code if code.starts_with("40") => StoreError::Busy(text),
        _ => StoreError::Unavailable(text),
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, message) => from_sqlite(
                failure.extended_code,
                message.as_deref().unwrap_or_default(),
            ),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// By SQLite's extended result code; the message names tables and columns, never values.
fn from_sqlite(code: i32, message: &str) -> StoreError {
    let text = format!("SQLite result code {code}");
    if matches!(code, sqlite_code::UNIQUE | sqlite_code::PRIMARY_KEY) {
        return StoreError::conflict("a row with this key exists");
    }
    match code & 0xff {
        sqlite_code::BUSY | sqlite_code::LOCKED => StoreError::Busy(text),
        sqlite_code::FULL => StoreError::Full(text),
        sqlite_code::READONLY => StoreError::ReadOnly(text),
        sqlite_code::CORRUPT | sqlite_code::NOTADB => StoreError::Corrupt(text),
        _ => StoreError::Unavailable(format!("{text}: {message}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_what_the_spool_is_for() {
        assert!(StoreError::Full(String::new()).is_outage());
        assert!(StoreError::ReadOnly(String::new()).is_outage());
        assert!(StoreError::Unavailable(String::new()).is_temporary());
        assert!(!StoreError::LeaseLost.is_outage());
        assert!(!StoreError::conflict("x").is_outage());
    }
}
