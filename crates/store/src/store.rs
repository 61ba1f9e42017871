//! Opening the store, and the two ways into the database: readers and the writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{ConnectOptions, Database, DatabaseConnection, TransactionTrait as _};
use sea_orm_migration::MigratorTrait;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::{Ids, News, Reads, Result, Tx};
use crate::error::StoreError;
use crate::inbox;
use crate::lock::DataLock;
use crate::schema::Migrator;
use crate::scrub::{Scrubbed, Scrubber};
use crate::sqlite::{Readers, SqliteFile};
use crate::types::{Accepted, NewDelivery, WriterStats};
use crate::writer::{Running, Writer};

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
    /// `sqlite://path?mode=rwc`, `mysql://…` or `postgres://…`.
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
    reads: Reads,
    writes: Writes,
    shared: Shared,
}

/// SQLite has one writer at a time, so writes are gathered; a server sorts them out itself.
enum Writes {
    Gathered(Writer),
    Direct(DatabaseConnection),
}

/// What every transaction needs, and what it leaves behind.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) counters: Arc<Counters>,
    wake: Arc<Notify>,
    feed: watch::Sender<u64>,
}

impl Shared {
    fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            ids: Arc::default(),
            counters: Arc::default(),
            wake: Arc::default(),
            feed: watch::Sender::new(0),
        }
    }

    /// To be called after each commit.
    pub(crate) fn committed(&self, news: News) {
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        if news.jobs {
            self.wake.notify_waiters();
        }
        if news.feed {
            self.feed
                .send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}

/// Counts for tests and metrics.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    operations: AtomicU64,
    split_groups: AtomicU64,
}

impl Counters {
    pub(crate) fn count_operations(&self, members: usize) {
        let members = u64::try_from(members).unwrap_or(u64::MAX);
        self.operations.fetch_add(members, Ordering::Relaxed);
    }

    pub(crate) fn count_split(&self) {
        self.split_groups.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> WriterStats {
        WriterStats {
            commits: self.commits.load(Ordering::Relaxed),
            operations: self.operations.load(Ordering::Relaxed),
            split_groups: self.split_groups.load(Ordering::Relaxed),
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password.
        formatter
            .debug_struct("Store")
            .field("writes", &self.inner.shared.counters.read())
            .finish_non_exhaustive()
    }
}

/// Connections to a database server.
const SERVER_CONNECTIONS: u32 = 16;

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
        let lock = if options.exclusive {
            Some(DataLock::take(file.path()).await?)
        } else {
            None
        };
        let migrations = file.migrations().await?;
        migrate(&migrations).await?;
        let scrubber = Scrubber::open(file.path(), options.exclusive)?;
        let lite = file.writer()?;
        let reads = Reads::File(Box::new(Readers::open(file)?));
        migrations.close().await?;
        let shared = Shared::new(options.clock);
        // The lock on the data is let go when the writer has ended, not sooner.
        let writes = Writes::Gathered(Writer::start(lite, scrubber, shared.clone(), lock)?);
        let store = Self::new(reads, writes, shared);
        if let Err(error) = store.finish_cleaning().await {
            tracing::warn!(%error, "the file of the database could not be cleared of erased rows yet");
        }
        if options.exclusive {
            let freed = store.free_all_leases().await?;
            let keys = store.free_all_holds().await?;
            tracing::info!(jobs = freed, keys, "freed the leases of the process before");
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
        let shared = Shared::new(options.clock);
        Ok(Self::new(
            Reads::Server(pool.clone()),
            Writes::Direct(pool),
            shared,
        ))
    }

    fn new(reads: Reads, writes: Writes, shared: Shared) -> Self {
        Self {
            inner: Arc::new(Inner {
                reads,
                writes,
                shared,
            }),
        }
    }

    /// The clock this store was opened with.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.shared.clock
    }

    /// A new id; ids sort by this store's clock.
    pub fn new_id(&self) -> Uuid {
        self.inner.shared.ids.next(self.inner.shared.clock.now_ms())
    }

    /// What the writer has done since the store was opened.
    pub fn writer_stats(&self) -> WriterStats {
        self.inner.shared.counters.read()
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
        if let Reads::File(readers) = &self.inner.reads {
            readers.close();
        }
        match &self.inner.writes {
            Writes::Gathered(writer) => writer.close().await,
            Writes::Direct(pool) => {
                if let Err(error) = pool.close_by_ref().await {
                    tracing::warn!(%error, "the database did not close cleanly");
                }
            }
        }
    }

    pub(crate) fn reader(&self) -> &Reads {
        &self.inner.reads
    }

    /// Reads much: on a thread that may block, not on those that answer webhooks.
    pub(crate) async fn aside<T, F, R>(&self, read: R) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>>,
        R: FnOnce(Self) -> F + Send + 'static,
    {
        let here = tokio::runtime::Handle::current();
        let store = self.clone();
        match tokio::task::spawn_blocking(move || here.block_on(read(store))).await {
            Ok(value) => value,
            Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
            Err(_) => Err(StoreError::Unavailable(
                "the process is stopping".to_owned(),
            )),
        }
    }

    pub(crate) fn wake(&self) -> &Notify {
        &self.inner.shared.wake
    }

    pub(crate) fn feed_bell(&self) -> watch::Receiver<u64> {
        self.inner.shared.feed.subscribe()
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
            Writes::Direct(pool) => self.run_alone(pool, &data, &operation).await,
        }
    }

    /// Runs one operation in a transaction of its own, again if the server asks for it.
    async fn run_alone<D, T, F>(
        &self,
        pool: &DatabaseConnection,
        data: &D,
        operation: &F,
    ) -> Result<T>
    where
        F: for<'a> Fn(&'a Tx, &'a D) -> Running<'a, T>,
    {
        const TRIES: usize = 5;
        let Shared { clock, ids, .. } = &self.inner.shared;
        let mut last = StoreError::Busy("no try was made".to_owned());
        for _ in 0..TRIES {
            let tx = Tx::on_server(pool.begin().await?, clock.clone(), ids.clone());
            match operation(&tx, data).await {
                Ok(value) => {
                    let news = tx.news();
                    match tx.commit().await {
                        Ok(()) => {
                            self.inner.shared.committed(news);
                            return Ok(value);
                        }
                        Err(error) => last = error,
                    }
                }
                Err(error) => {
                    // A failed rollback changes nothing: the connection is dropped with it.
                    let _ = tx.rollback().await;
                    last = error;
                }
            }
            // A deadlock, or a row that somebody inserted between our look and our insert.
            if !matches!(last, StoreError::Busy(_) | StoreError::Conflict(_)) {
                break;
            }
        }
        Err(last)
    }

    /// Clears unused bytes of pages from page `from` on. A server's pages are its own affair.
    pub(crate) async fn scrub(&self, from: u32) -> Result<Scrubbed> {
        match &self.inner.writes {
            Writes::Gathered(writer) => writer.scrub(from).await,
            Writes::Direct(_) => Ok(Scrubbed::All),
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

async fn migrate(pool: &DatabaseConnection) -> Result<()> {
    Migrator::up(pool, None).await.map_err(|error| {
        tracing::error!(backend = ?pool.get_database_backend(), "the schema could not be brought up to date");
        StoreError::from(error)
    })
}
