//! SQLite itself: the file, its one writing connection, and its readers.
//!
//! sqlx gives every SQLite connection a thread and crosses over to it for each statement. A write of ours is several
//! small statements, so the crossings cost ten times what the statements do (docs/decisions/0007). Here statements
//! run where they are called: the writer has a thread for whole groups of writes, and a read stays with its caller.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, Value as Cell, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags, ToSql};
use sea_orm::{DatabaseConnection, SqlxSqliteConnector, Value};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::db::{Result, Row};
use crate::error::StoreError;
use crate::store::Durability;

/// How long SQLite waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the writer waits for readers that are in the way of emptying the log.
const SHORT_TIMEOUT: Duration = Duration::from_millis(50);
/// Prepared statements kept by a connection: all of ours, in every size of list.
const STATEMENTS: usize = 384;
/// Readers that are kept open beside the writer.
const READERS: usize = 4;
/// Page cache of the writer and of a reader, in KiB, spelt as SQLite wants it.
const WRITER_CACHE: &str = "-16000";
const READER_CACHE: &str = "-2000";

/// Where the database is and how it is opened.
pub(crate) struct SqliteFile {
    options: SqliteConnectOptions,
    path: PathBuf,
    durability: Durability,
}

impl SqliteFile {
    pub(crate) fn from_url(url: &str, durability: Durability) -> Result<Self> {
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(StoreError::Config(
                "database.url: a database in memory forgets what was acknowledged; name a file"
                    .to_owned(),
            ));
        }
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|error| StoreError::Config(format!("database.url: {error}")))?;
        let path = options.get_filename().to_path_buf();
        if let Some(folder) = path.parent()
            && !folder.as_os_str().is_empty()
            && !folder.is_dir()
        {
            return Err(StoreError::Config(format!(
                "database.url: the folder {} is not there",
                folder.display()
            )));
        }
        Ok(Self {
            options,
            path,
            durability,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The way in for the migrations, which only SeaORM runs.
    pub(crate) async fn migrations(&self) -> Result<DatabaseConnection> {
        use sqlx::ConnectOptions as _;
        let options = self
            .options
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
    }

    pub(crate) fn writer(&self) -> Result<Lite> {
        let lite = self.connect()?;
        lite.pragma("cache_size", WRITER_CACHE)?;
        lite.pragma(
            "synchronous",
            match self.durability {
                Durability::Full => "full",
                Durability::Normal => "normal",
            },
        )?;
        // Fewer, larger checkpoints: with random keys each touches many pages of the database.
        lite.pragma("wal_autocheckpoint", "4000")?;
        lite.pragma("journal_size_limit", "67108864")?;
        // What is deleted is overwritten: a person's words do not stay in free pages.
        lite.pragma("secure_delete", "on")?;
        Ok(lite)
    }

    fn reader(&self) -> Result<Lite> {
        let lite = self.connect()?;
        lite.pragma("cache_size", READER_CACHE)?;
        lite.pragma("query_only", "on")?;
        Ok(lite)
    }

    fn connect(&self) -> Result<Lite> {
        // One thread uses a connection at a time, which the types see to.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        let lite = Lite(Mutex::new(connection));
        lite.pragma("temp_store", "memory")?;
        Ok(lite)
    }
}

/// One connection. Its statements run at once, on the thread that asks.
pub(crate) struct Lite(Mutex<Connection>);

impl Lite {
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pragma(&self, name: &str, value: &str) -> Result<()> {
        Ok(self
            .lock()
            .execute_batch(&format!("PRAGMA {name} = {value}"))?)
    }

    pub(crate) fn begin(&self) -> Result<()> {
        // One that could not be taken back (out of memory) must not be in the way for ever.
        self.rollback();
        // A deferred transaction that reads first cannot become a writer while another one writes.
        self.exec("BEGIN IMMEDIATE", &[]).map(|_| ())
    }

    pub(crate) fn commit(&self) -> Result<()> {
        let committed = self.exec("COMMIT", &[]);
        if committed.is_err() {
            self.rollback();
        }
        committed.map(|_| ())
    }

    /// Ends the transaction, if SQLite has not ended it itself, as it does when the disk is full or fails.
    pub(crate) fn rollback(&self) {
        let connection = self.lock();
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(error = %StoreError::from(error), "a transaction could not be rolled back");
        }
    }

    /// Moves everything from the log into the file and leaves the log empty; false when a reader is in the way. Waits
    /// a moment only, since the writer does nothing else meanwhile.
    pub(crate) fn empty_log(&self) -> Result<bool> {
        let connection = self.lock();
        connection.busy_timeout(SHORT_TIMEOUT)?;
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let busy: i64 = busy?;
        Ok(busy == 0)
    }

    /// Writes the whole database anew, through a file beside it.
    pub(crate) fn vacuum(&self) -> Result<()> {
        let connection = self.lock();
        connection.execute_batch("PRAGMA temp_store = file")?;
        let written = connection.execute_batch("VACUUM");
        connection.execute_batch("PRAGMA temp_store = memory")?;
        Ok(written?)
    }

    /// Gives the pages that are held in memory back.
    pub(crate) fn drop_pages(&self) -> Result<()> {
        Ok(self.lock().execute_batch("PRAGMA shrink_memory")?)
    }

    /// Runs a statement that changes rows; returns how many it met.
    pub(crate) fn exec(&self, sql: &str, values: &[Value]) -> Result<u64> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        let rows = statement.raw_execute()?;
        Ok(u64::try_from(rows).unwrap_or(u64::MAX))
    }

    pub(crate) fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        let mut found = statement.raw_query();
        let mut rows = Vec::new();
        // Many looks find nothing: the names are not worth their making before there is a row.
        let mut names: Option<Arc<[String]>> = None;
        while let Some(row) = found.next()? {
            let names = names.get_or_insert_with(|| {
                let columns = row.as_ref().column_names();
                columns.into_iter().map(str::to_owned).collect()
            });
            let cells: std::result::Result<Vec<Cell>, _> =
                (0..names.len()).map(|index| row.get(index)).collect();
            rows.push(Row::from_file(names.clone(), cells?));
        }
        Ok(rows)
    }
}

fn bind(statement: &mut CachedStatement<'_>, values: &[Value]) -> Result<()> {
    for (index, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, Bound(value))?;
    }
    Ok(())
}

/// A value as SQLite stores it: ids as their 16 bytes, flags as numbers.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let number = |number: Option<i64>| number.map_or(ValueRef::Null, ValueRef::Integer);
        let value = match self.0 {
            Value::Bool(value) => number(value.map(i64::from)),
            Value::Int(value) => number(value.map(i64::from)),
            Value::BigInt(value) => number(*value),
            Value::String(value) => value
                .as_ref()
                .map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())),
            Value::Bytes(value) => value
                .as_ref()
                .map_or(ValueRef::Null, |bytes| ValueRef::Blob(bytes)),
            Value::Uuid(value) => value
                .as_ref()
                .map_or(ValueRef::Null, |id| ValueRef::Blob(id.as_bytes())),
            _ => {
                let text = "a value of a kind that no column has";
                return Err(rusqlite::Error::ToSqlConversionFailure(text.into()));
            }
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

/// Connections that only read, each lent to one read at a time. Our reads are small and by index: microseconds, less
/// than it takes to hand them to another thread, so they run where they are asked for.
pub(crate) struct Readers {
    file: SqliteFile,
    /// `None` after closing.
    idle: Mutex<Option<Vec<Lite>>>,
}

impl Readers {
    pub(crate) fn open(file: SqliteFile) -> Result<Self> {
        let first = file.reader()?;
        Ok(Self {
            file,
            idle: Mutex::new(Some(vec![first])),
        })
    }

    pub(crate) fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let reader = match self.idle().as_mut().ok_or_else(closed)?.pop() {
            Some(reader) => reader,
            None => self.file.reader()?,
        };
        let rows = reader.query(sql, values);
        if let Some(idle) = self.idle().as_mut()
            && idle.len() < READERS
        {
            idle.push(reader);
        }
        rows
    }

    pub(crate) fn close(&self) {
        *self.idle() = None;
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Lite>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}
