//! The thin layer between our SQL text and the databases: placeholders, dialect differences, row reading.
//!
//! The statements of this crate are written out, in the part of SQL that SQLite, MySQL/MariaDB and
//! PostgreSQL share, with `?` for each value. What differs is in this file and nowhere else.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Statement, Value,
};
use sha2::{Digest, Sha256};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::clock::Clock;
use crate::error::StoreError;
pub(crate) use crate::row::Row;
use crate::sqlite::{Lite, Readers};

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// The values of a statement, each turned into what SeaORM binds.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$(sea_orm::Value::from($value)),*] };
}
pub(crate) use values;

/// Longest key that every database can index (191 characters of utf8mb4 in 767 bytes, InnoDB's
/// limit for the older row formats, <https://dev.mysql.com/doc/refman/8.0/en/innodb-limits.html>,
/// read 2026-11-22).
pub(crate) const KEY_LEN: usize = 191;

/// A key that fits its column: a longer one is cut and its hash stands for the rest.
pub(crate) fn key_text(key: &str) -> Cow<'_, str> {
    if key.len() <= KEY_LEN {
        return Cow::Borrowed(key);
    }
    let mut end = KEY_LEN - 65;
    while !key.is_char_boundary(end) {
        end -= 1;
    }
    let digest = hex::encode(Sha256::digest(key.as_bytes()));
    Cow::Owned(format!("{}#{digest}", &key[..end]))
}

/// Makes ids that sort by the store's clock and, within a process, by the order of making.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    context: Mutex<ContextV7>,
}

impl Ids {
    pub(crate) fn next(&self, now_ms: i64) -> Uuid {
        let now_ms = u64::try_from(now_ms).unwrap_or(0);
        let nanos = u32::try_from(now_ms % 1_000 * 1_000_000).unwrap_or(0);
        Uuid::new_v7(Timestamp::from_unix(&self.context, now_ms / 1_000, nanos))
    }
}

/// The smallest id of this moment: ids below it are older.
pub(crate) fn oldest_id(at_ms: i64) -> Uuid {
    Uuid::from_u128(u128::try_from(at_ms.max(0)).unwrap_or(0) << 80)
}

/// Where reads outside of a transaction go.
pub(crate) enum Reads {
    File(Box<Readers>),
    Server(DatabaseConnection),
}

impl Reads {
    pub(crate) async fn one(&self, sql: &str, values: Vec<Value>) -> Result<Option<Row>> {
        match self {
            Self::File(readers) => Ok(readers.query(sql, &values)?.into_iter().next()),
            Self::Server(pool) => one(pool, sql, values).await,
        }
    }

    pub(crate) async fn all(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>> {
        match self {
            Self::File(readers) => readers.query(sql, &values),
            Self::Server(pool) => all(pool, sql, values).await,
        }
    }
}

async fn one(conn: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<Option<Row>> {
    let row = conn.query_one_raw(statement(conn, sql, values)).await?;
    Ok(row.map(Row::from_server))
}

async fn all(conn: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<Vec<Row>> {
    let rows = conn.query_all_raw(statement(conn, sql, values)).await?;
    Ok(rows.into_iter().map(Row::from_server).collect())
}

fn statement(conn: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Statement {
    let backend = conn.get_database_backend();
    Statement::from_sql_and_values(backend, dialect(backend, sql), values)
}

/// What a commit is news of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct News {
    pub(crate) jobs: bool,
    pub(crate) feed: bool,
}

/// What a transaction is made on.
enum Inner {
    /// Begun and ended by the writer; its statements are done when they return.
    File(Arc<Lite>),
    Server(DatabaseTransaction),
}

/// The transaction of one group of operations.
pub(crate) struct Tx {
    inner: Inner,
    backend: DbBackend,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
    changed: AtomicBool,
    wakes: AtomicBool,
    feeds: AtomicBool,
}

impl Tx {
    /// What runs on `lite` from now on, until the writer commits it or takes it back.
    pub(crate) fn on_file(lite: Arc<Lite>, clock: Arc<dyn Clock>, ids: Arc<Ids>) -> Self {
        Self::new(Inner::File(lite), DbBackend::Sqlite, clock, ids)
    }

    pub(crate) fn on_server(
        inner: DatabaseTransaction,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
    ) -> Self {
        let backend = inner.get_database_backend();
        Self::new(Inner::Server(inner), backend, clock, ids)
    }

    fn new(inner: Inner, backend: DbBackend, clock: Arc<dyn Clock>, ids: Arc<Ids>) -> Self {
        Self {
            inner,
            backend,
            clock,
            ids,
            changed: AtomicBool::new(false),
            wakes: AtomicBool::new(false),
            feeds: AtomicBool::new(false),
        }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) fn new_id(&self) -> Uuid {
        self.ids.next(self.now_ms())
    }

    /// Runs a statement that changes rows; returns how many it met.
    pub(crate) async fn exec(&self, sql: &str, values: Vec<Value>) -> Result<u64> {
        let rows = match &self.inner {
            Inner::File(lite) => lite.exec(sql, &values)?,
            Inner::Server(tx) => tx
                .execute_raw(statement(tx, sql, values))
                .await?
                .rows_affected(),
        };
        if rows > 0 {
            self.changed.store(true, Ordering::Relaxed);
        }
        Ok(rows)
    }

    pub(crate) async fn one(&self, sql: &str, values: Vec<Value>) -> Result<Option<Row>> {
        match &self.inner {
            Inner::File(lite) => Ok(lite.query(sql, &values)?.into_iter().next()),
            Inner::Server(tx) => one(tx, sql, values).await,
        }
    }

    pub(crate) async fn all(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>> {
        match &self.inner {
            Inner::File(lite) => lite.query(sql, &values),
            Inner::Server(tx) => all(tx, sql, values).await,
        }
    }

    /// Inserts rows of `columns` with as few statements as the databases' limits allow.
    pub(crate) async fn insert_rows(
        &self,
        table: &str,
        columns: &[&str],
        rows: Vec<Value>,
    ) -> Result<()> {
        debug_assert_eq!(rows.len() % columns.len(), 0);
        let mut left = rows.len() / columns.len();
        if left == 0 {
            return Ok(());
        }
        if let Inner::File(lite) = &self.inner {
            // Nothing is crossed here, so one statement for one row is the cheapest: it is always prepared already.
            // A later row may be refused when the first ones are in: whatever follows, this is no longer untouched.
            self.changed.store(true, Ordering::Relaxed);
            let text = insert_text(table, columns, 1);
            for row in rows.chunks(columns.len()) {
                lite.exec(&text, row)?;
            }
            return Ok(());
        }
        let mut rows = rows.into_iter();
        while left > 0 {
            let size = chunk_size(left);
            let chunk: Vec<Value> = rows.by_ref().take(size * columns.len()).collect();
            self.exec(&insert_text(table, columns, size), chunk).await?;
            left -= size;
        }
        Ok(())
    }

    /// Changes the row with this key, or inserts it where there is none; `keep` names columns of `news` whose `NULL`
    /// leaves what is stored. Two statements, since the databases spell one differently each.
    pub(crate) async fn change_or_insert(
        &self,
        table: &str,
        key: Vec<(&str, Value)>,
        news: Vec<(&str, Value)>,
        keep: &[&str],
    ) -> Result<()> {
        let set: Vec<String> = news
            .iter()
            .map(|(column, _)| {
                if keep.contains(column) {
                    format!("{column} = COALESCE(?, {column})")
                } else {
                    format!("{column} = ?")
                }
            })
            .collect();
        let found: Vec<String> = key
            .iter()
            .map(|(column, _)| format!("{column} = ?"))
            .collect();
        let sql = format!(
            "UPDATE {table} SET {} WHERE {}",
            set.join(", "),
            found.join(" AND ")
        );
        let (columns, row): (Vec<&str>, Vec<Value>) = news.into_iter().chain(key).unzip();
        if self.exec(&sql, row.clone()).await? == 0 {
            self.insert_rows(table, &columns, row).await?;
        }
        Ok(())
    }

    /// The text that locks the rows of a `SELECT` until commit, where the database has row locks.
    pub(crate) fn for_update(&self) -> &'static str {
        for_update(self.backend)
    }

    /// As [`Tx::for_update`], but leaving out rows that somebody else has locked.
    pub(crate) fn skip_locked(&self) -> &'static str {
        skip_locked(self.backend)
    }

    /// After the commit, wake whoever waits for jobs.
    pub(crate) fn wake_runners(&self) {
        self.wakes.store(true, Ordering::Relaxed);
    }

    /// After the commit, wake whoever reads the feed.
    pub(crate) fn wake_feed(&self) {
        self.feeds.store(true, Ordering::Relaxed);
    }

    /// Who is to be woken after the commit.
    pub(crate) fn news(&self) -> News {
        News {
            jobs: self.wakes.load(Ordering::Relaxed),
            feed: self.feeds.load(Ordering::Relaxed),
        }
    }

    /// Whether rows were changed since the last call.
    pub(crate) fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }

    /// Commits on a server; a file's transaction is its writer's to end.
    pub(crate) async fn commit(self) -> Result<()> {
        match self.inner {
            Inner::File(_) => Err(not_ours_to_end()),
            Inner::Server(tx) => Ok(tx.commit().await?),
        }
    }

    /// Takes everything back on a server.
    pub(crate) async fn rollback(self) -> Result<()> {
        match self.inner {
            Inner::File(_) => Err(not_ours_to_end()),
            Inner::Server(tx) => Ok(tx.rollback().await?),
        }
    }
}

fn not_ours_to_end() -> StoreError {
    StoreError::conflict("the writer ends the transactions of a file")
}

/// Sizes of multi-row statements: few, so that their prepared forms stay cached, and far below
/// SQLite's 32,766 and PostgreSQL's 65,535 bound values
/// (<https://www.sqlite.org/limits.html>, read 2026-11-22).
const CHUNKS: [usize; 5] = [256, 64, 16, 4, 1];

/// How many of the rows that are left the next statement takes.
fn chunk_size(left: usize) -> usize {
    CHUNKS.into_iter().find(|size| *size <= left).unwrap_or(1)
}

fn insert_text(table: &str, columns: &[&str], rows: usize) -> String {
    let names = columns.join(", ");
    let row = format!("({})", vec!["?"; columns.len()].join(","));
    let mut text = String::with_capacity(40 + names.len() + rows * (row.len() + 1));
    text.push_str("INSERT INTO ");
    text.push_str(table);
    text.push_str(" (");
    text.push_str(&names);
    text.push_str(") VALUES ");
    for index in 0..rows {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&row);
    }
    text
}

/// Splits a list for `IN (…)`: each piece with its text, padded by repeating its last value so
/// that few different statements exist.
pub(crate) fn in_lists(values: &[Value]) -> Vec<(String, Vec<Value>)> {
    let largest = CHUNKS[0];
    values
        .chunks(largest)
        .map(|piece| {
            let size = CHUNKS
                .iter()
                .rev()
                .copied()
                .find(|size| *size >= piece.len())
                .unwrap_or(largest);
            let mut padded = piece.to_vec();
            if let Some(last) = piece.last() {
                padded.resize(size, last.clone());
            }
            (format!("IN ({})", vec!["?"; size].join(",")), padded)
        })
        .collect()
}

fn for_update(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Sqlite => "",
        _ => " FOR UPDATE",
    }
}

fn skip_locked(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Sqlite => "",
        _ => " FOR UPDATE SKIP LOCKED",
    }
}

/// PostgreSQL numbers its placeholders. None of our statements has a `?` inside a literal.
fn dialect(backend: DbBackend, sql: &str) -> String {
    if backend != DbBackend::Postgres {
        return sql.to_owned();
    }
    let mut text = String::with_capacity(sql.len() + 32);
    let mut number = 0;
    for piece in sql.split_inclusive('?') {
        match piece.strip_suffix('?') {
            Some(before) => {
                number += 1;
                text.push_str(before);
                text.push('$');
                text.push_str(&number.to_string());
            }
            None => text.push_str(piece),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_gets_its_own_placeholders_and_locks() {
        let sql = "SELECT a FROM t WHERE b = ? AND c IN (?,?)";
        assert_eq!(dialect(DbBackend::Sqlite, sql), sql);
        assert_eq!(dialect(DbBackend::MySql, sql), sql);
        assert_eq!(
            dialect(DbBackend::Postgres, sql),
            "SELECT a FROM t WHERE b = $1 AND c IN ($2,$3)"
        );
        assert_eq!(skip_locked(DbBackend::Sqlite), "");
        assert_eq!(skip_locked(DbBackend::MySql), " FOR UPDATE SKIP LOCKED");
        assert_eq!(for_update(DbBackend::Postgres), " FOR UPDATE");
    }

    #[test]
    fn lists_are_cut_and_padded() {
        let values: Vec<Value> = (0..300_i64).map(Value::from).collect();
        let lists = in_lists(&values);
        assert_eq!(lists.len(), 2);
        assert_eq!(lists[0].1.len(), 256);
        assert_eq!(lists[1].1.len(), 64);
        assert_eq!(lists[1].1[63], Value::from(299_i64));
        assert!(in_lists(&[]).is_empty());
    }

    #[test]
    fn a_long_key_stays_unique_and_fits() {
        let one = "é".repeat(200);
        let other = format!("{one}x");
        assert!(key_text(&one).chars().count() <= KEY_LEN);
        assert_ne!(key_text(&one), key_text(&other));
        assert_eq!(key_text("short"), "short");
    }

    #[test]
    fn ids_sort_by_clock_and_order() {
        let ids = Ids::default();
        let mut last = ids.next(1_000);
        for _ in 0..1_000 {
            let next = ids.next(1_000);
            assert!(next > last);
            last = next;
        }
        assert!(oldest_id(1_001) > last);
        assert!(ids.next(1_001) >= oldest_id(1_001));
        // A clock that goes back does not disturb the order.
        assert!(ids.next(500) > last);
    }
}
