//! Opening the store, and the two ways into the database: readers and the writer.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, SqlxSqliteConnector};
use sea_orm_migration::MigratorTrait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::{Ids, Result, Sql, Tx};
use crate::error::StoreError;
use crate::inbox;
use crate::schema::Migrator;
use crate::types::{Accepted, NewDelivery, WriterStats};
use crate::writer::{Context, Counters, Running, Writer};

/// How hard a commit is pressed onto the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// An acknowledged write survives a power cut.
    #[default]
    Full,
    /// An acknowledged write survives the death of the process, not always that of the machine.
    Normal,
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite://path?mode=rwc`, `sqlite::memory:`, `mysql://…` or `postgres://…`.
    pub url: String,
    /// See [`Durability`]; the servers have settings of their own for this.
    pub durability: Durability,
    /// The clock of leases, schedules and ids.
    pub clock: Arc<dyn Clock>,
    /// This process is the only one. For a SQLite file: it is locked against a second process, and
    /// the leases that a dead predecessor left are freed at once, their attempts counted.
    pub exclusive: bool,
}

/// Everything that is kept. Clone it freely: all clones are one store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    readers: DatabaseConnection,
    writes: Writes,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
    wake: Arc<Notify>,
    counters: Arc<Counters>,
}

/// SQLite has one writer at a time, so writes are gathered; a server sorts them out itself.
enum Writes {
    Gathered(Writer),
    Direct(Context),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password.
        formatter
            .debug_struct("Store")
            .field("backend", &self.inner.readers.get_database_backend())
            .finish_non_exhaustive()
    }
}

/// Readers beside the writer: enough for the pages and workers of one machine.
const READERS: u32 = 4;
/// Connections to a database server.
const SERVER_CONNECTIONS: u32 = 16;
/// How long SQLite waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

impl Store {
    /// Opens the database, brings its schema up to date and starts the writer.
    pub async fn open(options: Options) -> Result<Self> {
        if options.url.starts_with("sqlite:") {
            Self::open_sqlite(options).await
        } else {
            Self::open_server(options).await
        }
    }

    async fn open_sqlite(options: Options) -> Result<Self> {
        let file = SqliteFile::from_url(&options.url, options.durability)?;
        let lock = match &file.path {
            Some(path) if options.exclusive => Some(DataLock::take(path)?),
            _ => None,
        };
        let writer_pool = file.pool(1, "-16000").await?;
        // A database in memory would be gone with its connection.
        let renewable = file.path.is_some().then(|| writer_pool.clone());
        let writer_pool = SqlxSqliteConnector::from_sqlx_sqlite_pool(writer_pool);
        migrate(&writer_pool).await?;
        let readers = if file.path.is_none() {
            // A database in memory belongs to its one connection.
            writer_pool.clone()
        } else {
            let pool = file.read_only().pool(READERS, "-2000").await?;
            SqlxSqliteConnector::from_sqlx_sqlite_pool(pool)
        };
        let context = Context {
            file: renewable,
            ..context(writer_pool, options.clock)
        };
        let inner = Inner {
            readers,
            clock: context.clock.clone(),
            ids: context.ids.clone(),
            wake: context.wake.clone(),
            counters: context.counters.clone(),
            // The lock on the data is let go when the writer has ended, not sooner.
            writes: Writes::Gathered(Writer::start(context, lock)),
        };
        let store = Self {
            inner: Arc::new(inner),
        };
        if options.exclusive {
            let freed = store.free_all_leases().await?;
            tracing::info!(jobs = freed, "freed the leases of the process before");
        }
        Ok(store)
    }

    async fn open_server(options: Options) -> Result<Self> {
        let mut connect = ConnectOptions::new(options.url);
        connect
            .max_connections(SERVER_CONNECTIONS)
            .sqlx_logging(false);
        let pool = Database::connect(connect).await?;
        migrate(&pool).await?;
        let context = context(pool.clone(), options.clock);
        let inner = Inner {
            readers: pool,
            clock: context.clock.clone(),
            ids: context.ids.clone(),
            wake: context.wake.clone(),
            counters: context.counters.clone(),
            writes: Writes::Direct(context),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The clock this store was opened with.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// A new id; ids sort by this store's clock.
    pub fn new_id(&self) -> Uuid {
        self.inner.ids.next(self.inner.clock.now_ms())
    }

    /// What the writer has done since the store was opened.
    pub fn writer_stats(&self) -> WriterStats {
        self.inner.counters.read()
    }

    /// Fails unless the database answers a reader and the writer.
    pub async fn ping(&self) -> Result<()> {
        self.reader().one("SELECT 1 AS one", Vec::new()).await?;
        self.write((), |tx, ()| {
            Box::pin(async move {
                tx.one("SELECT 1 AS one", Vec::new()).await?;
                Ok(())
            })
        })
        .await
    }

    /// Finishes the writes that wait, closes the database and lets its lock go. Calls after this
    /// fail with [`StoreError::Unavailable`].
    pub async fn close(&self) {
        if let Writes::Gathered(writer) = &self.inner.writes {
            writer.close().await;
        }
        if let Err(error) = self.inner.readers.close_by_ref().await {
            tracing::warn!(%error, "the database did not close cleanly");
        }
    }

    pub(crate) fn reader(&self) -> Sql<'_> {
        Sql::reader(&self.inner.readers)
    }

    pub(crate) fn wake(&self) -> &Notify {
        &self.inner.wake
    }

    /// Runs `operation` in a write transaction; it may be run more than once, so everything it
    /// needs stands in `data` and it changes nothing outside.
    pub(crate) async fn write<D, T, F>(&self, data: D, operation: F) -> Result<T>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a Tx, &'a D) -> Running<'a, T> + Send + Sync + 'static,
    {
        match &self.inner.writes {
            Writes::Gathered(writer) => writer.call(data, operation).await,
            Writes::Direct(context) => context.run_alone(&data, &operation).await,
        }
    }

    pub(crate) async fn accept_through_writer(&self, delivery: NewDelivery) -> Result<Accepted> {
        match &self.inner.writes {
            Writes::Gathered(writer) => writer.accept(delivery).await,
            Writes::Direct(_) => {
                self.write(delivery, |tx, delivery| {
                    Box::pin(async move {
                        let accepted = inbox::store_deliveries(tx, &[delivery]).await?;
                        Ok(accepted.into_iter().next().unwrap_or_default())
                    })
                })
                .await
            }
        }
    }
}

fn context(pool: DatabaseConnection, clock: Arc<dyn Clock>) -> Context {
    Context {
        pool,
        file: None,
        clock,
        ids: Arc::default(),
        wake: Arc::default(),
        counters: Arc::<Counters>::default(),
    }
}

async fn migrate(pool: &DatabaseConnection) -> Result<()> {
    Migrator::up(pool, None).await.map_err(|error| {
        tracing::error!(backend = ?pool.get_database_backend(), "the schema could not be brought up to date");
        StoreError::from(error)
    })
}

/// A SQLite database as it is opened here.
struct SqliteFile {
    options: SqliteConnectOptions,
    path: Option<PathBuf>,
}

impl SqliteFile {
    fn from_url(url: &str, durability: Durability) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|error| StoreError::Config(format!("database.url: {error}")))?;
        let in_memory = url.contains(":memory:") || url.contains("mode=memory");
        let path = (!in_memory).then(|| options.get_filename().to_path_buf());
        if let Some(folder) = path.as_deref().and_then(Path::parent)
            && !folder.as_os_str().is_empty()
            && !folder.is_dir()
        {
            return Err(StoreError::Config(format!(
                "database.url: the folder {} is not there",
                folder.display()
            )));
        }
        let synchronous = match durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Normal => SqliteSynchronous::Normal,
        };
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(384)
            .pragma("temp_store", "memory")
            // Fewer, larger checkpoints: with random keys each touches many pages of the database.
            .pragma("wal_autocheckpoint", "4000")
            .pragma("journal_size_limit", "67108864");
        Ok(Self { options, path })
    }

    fn read_only(mut self) -> Self {
        self.options = self.options.pragma("query_only", "on");
        self
    }

    /// A pool with a page cache of so many KiB per connection, spelt as SQLite wants it.
    async fn pool(&self, connections: u32, cache: &'static str) -> Result<SqlitePool> {
        use sqlx::ConnectOptions as _;
        let options = self
            .options
            .clone()
            .pragma("cache_size", cache)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(connections)
            .max_lifetime(None)
            .idle_timeout(None)
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        Ok(pool)
    }
}

/// The mark beside the database that one process holds while it has the data open.
struct DataLock {
    _file: std::fs::File,
}

impl DataLock {
    fn take(database: &Path) -> Result<Self> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| {
                StoreError::Config(format!("cannot open {}: {error}", path.display()))
            })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse(format!(
                "another process has {} open; stop it, or choose another data folder",
                database.display()
            ))),
            Err(std::fs::TryLockError::Error(error)) => Err(StoreError::Config(format!(
                "cannot lock {}: {error}",
                path.display()
            ))),
        }
    }
}
