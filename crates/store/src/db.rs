//! The thin layer between our SQL text and SeaORM: placeholders, dialect differences, row reading.
//!
//! The statements of this crate are written out, in the part of SQL that SQLite, MySQL/MariaDB and
//! PostgreSQL share, with `?` for each value. What differs is in this file and nowhere else.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, QueryResult, Statement,
    TryGetable, Value,
};
use sha2::{Digest, Sha256};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::clock::Clock;
use crate::error::StoreError;

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

enum Conn<'a> {
    Pool(&'a DatabaseConnection),
    Tx(&'a DatabaseTransaction),
}

/// Where statements go: a pool of readers, or the transaction of an operation.
pub(crate) struct Sql<'a> {
    conn: Conn<'a>,
    backend: DbBackend,
}

impl<'a> Sql<'a> {
    pub(crate) fn reader(pool: &'a DatabaseConnection) -> Self {
        Self {
            backend: pool.get_database_backend(),
            conn: Conn::Pool(pool),
        }
    }

    fn statement(&self, sql: &str, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.backend, dialect(self.backend, sql), values)
    }

    pub(crate) async fn one(&self, sql: &str, values: Vec<Value>) -> Result<Option<Row>> {
        let statement = self.statement(sql, values);
        let row = match self.conn {
            Conn::Pool(pool) => pool.query_one_raw(statement).await?,
            Conn::Tx(tx) => tx.query_one_raw(statement).await?,
        };
        Ok(row.map(Row))
    }

    pub(crate) async fn all(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>> {
        let statement = self.statement(sql, values);
        let rows = match self.conn {
            Conn::Pool(pool) => pool.query_all_raw(statement).await?,
            Conn::Tx(tx) => tx.query_all_raw(statement).await?,
        };
        Ok(rows.into_iter().map(Row).collect())
    }
}

/// The transaction of one group of operations.
pub(crate) struct Tx {
    inner: DatabaseTransaction,
    backend: DbBackend,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
    changed: AtomicBool,
    wakes: AtomicBool,
}

impl Tx {
    pub(crate) fn new(inner: DatabaseTransaction, clock: Arc<dyn Clock>, ids: Arc<Ids>) -> Self {
        Self {
            backend: inner.get_database_backend(),
            inner,
            clock,
            ids,
            changed: AtomicBool::new(false),
            wakes: AtomicBool::new(false),
        }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) fn new_id(&self) -> Uuid {
        self.ids.next(self.now_ms())
    }

    pub(crate) fn sql(&self) -> Sql<'_> {
        Sql {
            conn: Conn::Tx(&self.inner),
            backend: self.backend,
        }
    }

    /// Runs a statement that changes rows; returns how many it met.
    pub(crate) async fn exec(&self, sql: &str, values: Vec<Value>) -> Result<u64> {
        let statement = self.sql().statement(sql, values);
        let rows = self.inner.execute_raw(statement).await?.rows_affected();
        if rows > 0 {
            self.changed.store(true, Ordering::Relaxed);
        }
        Ok(rows)
    }

    pub(crate) async fn one(&self, sql: &str, values: Vec<Value>) -> Result<Option<Row>> {
        self.sql().one(sql, values).await
    }

    pub(crate) async fn all(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>> {
        self.sql().all(sql, values).await
    }

    /// Inserts rows of `columns` with as few statements as the databases' limits allow.
    pub(crate) async fn insert_rows(
        &self,
        table: &str,
        columns: &[&str],
        rows: Vec<Value>,
    ) -> Result<()> {
        debug_assert_eq!(rows.len() % columns.len(), 0);
        let mut rows = rows.into_iter();
        let mut left = rows.len() / columns.len();
        while left > 0 {
            let size = insert_size(left);
            let chunk: Vec<Value> = rows.by_ref().take(size * columns.len()).collect();
            self.exec(&insert_text(table, columns, size), chunk).await?;
            left -= size;
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

    pub(crate) fn wakes(&self) -> bool {
        self.wakes.load(Ordering::Relaxed)
    }

    /// Whether rows were changed since the last call.
    pub(crate) fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }

    pub(crate) async fn commit(self) -> Result<()> {
        Ok(self.inner.commit().await?)
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        Ok(self.inner.rollback().await?)
    }
}

/// Sizes of multi-row statements: few, so that their prepared forms stay cached, and far below
/// SQLite's 32,766 and PostgreSQL's 65,535 bound values
/// (<https://www.sqlite.org/limits.html>, read 2026-11-22).
const CHUNKS: [usize; 5] = [256, 64, 16, 4, 1];

/// Up to this many rows go in one statement of exactly their number. Each trip to the database's thread costs more
/// than the rows it brings, and callers that wait together are seldom more.
const EXACT: usize = 64;

/// How many of the rows that are left the next statement takes.
fn insert_size(left: usize) -> usize {
    if left >= CHUNKS[0] {
        CHUNKS[0]
    } else {
        left.min(EXACT)
    }
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

/// A row whose columns are read by name.
pub(crate) struct Row(QueryResult);

impl Row {
    pub(crate) fn get<T: TryGetable>(&self, column: &str) -> Result<T> {
        self.0
            .try_get("", column)
            .map_err(|_| StoreError::corrupt(format!("column {column} does not decode")))
    }

    pub(crate) fn json(&self, column: &str) -> Result<serde_json::Value> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text)
            .map_err(|_| StoreError::corrupt(format!("column {column} is not JSON")))
    }
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
