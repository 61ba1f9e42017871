//! One writer for SQLite: operations that wait share one transaction, and so one disk flush.
//!
//! Every write of this crate is a function of a transaction that may be run again. The writer
//! takes all that are waiting, runs them between one BEGIN IMMEDIATE and one COMMIT, and answers
//! after the commit. If one of them fails, the transaction is rolled back and each runs alone, so
//! that a bad one never takes its neighbours along. While a commit is being flushed the next group
//! gathers: the slower the disk, the larger the groups.
//!
//! Longer than 400 lines: queue, group, commit and taking a group apart are one mechanism, and whoever changes one
//! must see the others.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use sea_orm::{DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use sqlx::SqlitePool;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::clock::Clock;
use crate::db::{Ids, Result, Tx};
use crate::error::StoreError;
use crate::inbox;
use crate::types::{Accepted, NewDelivery, WriterStats};

/// What an operation gives back while it runs.
pub(crate) type Running<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Most operations in one transaction: bounds how long a reply waits for its neighbours.
const LARGEST_GROUP: usize = 256;
/// Turns that others get before a group is closed.
const GATHERING_TURNS: usize = 12;
/// How many operations may wait before callers are held back.
const QUEUE: usize = 4_096;

/// What everything that begins a transaction needs.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) pool: DatabaseConnection,
    /// The one connection of a SQLite file, to be renewed after a transaction that ended badly.
    pub(crate) file: Option<SqlitePool>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) wake: Arc<Notify>,
    pub(crate) counters: Arc<Counters>,
}

/// Counts for tests and metrics.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) operations: AtomicU64,
    pub(crate) split_groups: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> WriterStats {
        WriterStats {
            commits: self.commits.load(Ordering::Relaxed),
            operations: self.operations.load(Ordering::Relaxed),
            split_groups: self.split_groups.load(Ordering::Relaxed),
        }
    }
}

impl Context {
    async fn begin(&self) -> Result<Tx> {
        // A deferred transaction that reads first cannot become a writer while another one writes;
        // the mode is ignored by the servers.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let inner = self.pool.begin_with_options(options).await?;
        Ok(Tx::new(inner, self.clock.clone(), self.ids.clone()))
    }

    async fn commit(&self, tx: Tx) -> Result<()> {
        let wakes = tx.wakes();
        tx.commit().await?;
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        if wakes {
            self.wake.notify_waiters();
        }
        Ok(())
    }

    /// Gives the writer a fresh connection. When SQLite ends a transaction by itself (disk full,
    /// I/O error), the driver still counts it as open and would nest the next one into nothing.
    async fn renew(&self) {
        let Some(file) = &self.file else { return };
        let closed = match file.acquire().await {
            Ok(connection) => connection.close().await,
            Err(error) => Err(error),
        };
        if let Err(error) = closed {
            tracing::warn!(error = %StoreError::from(error), "the writer's connection did not close");
        }
    }

    /// Runs one operation in a transaction of its own, again if the database asks for it.
    pub(crate) async fn run_alone<D, T, F>(&self, data: &D, operation: &F) -> Result<T>
    where
        F: for<'a> Fn(&'a Tx, &'a D) -> Running<'a, T>,
    {
        const TRIES: usize = 5;
        let mut last = StoreError::Busy("no try was made".to_owned());
        for _ in 0..TRIES {
            let tx = self.begin().await?;
            match operation(&tx, data).await {
                Ok(value) => match self.commit(tx).await {
                    Ok(()) => return Ok(value),
                    Err(error) => last = error,
                },
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
}

/// An operation in the writer's queue.
#[async_trait]
trait Operation: Send {
    /// Runs it; may be called again after a rollback.
    async fn run(&mut self, tx: &Tx) -> Result<()>;
    /// Tells the caller, after the commit or the failure.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

struct Call<D, T, F> {
    data: D,
    operation: F,
    value: Option<T>,
    reply: oneshot::Sender<Result<T>>,
}

#[async_trait]
impl<D, T, F> Operation for Call<D, T, F>
where
    D: Send + Sync,
    T: Send,
    F: for<'a> Fn(&'a Tx, &'a D) -> Running<'a, T> + Send + Sync,
{
    async fn run(&mut self, tx: &Tx) -> Result<()> {
        self.value = None;
        self.value = Some((self.operation)(tx, &self.data).await?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let missing = || StoreError::Unavailable("the operation gave no value".to_owned());
        let Self { value, reply, .. } = *self;
        let answer = outcome.and_then(|()| value.ok_or_else(missing));
        // Nobody listens when the caller was cancelled; what is stored stays stored.
        let _ = reply.send(answer);
    }
}

struct AcceptCall {
    delivery: NewDelivery,
    reply: oneshot::Sender<Result<Accepted>>,
}

enum Message {
    Call(Box<dyn Operation>),
    Accept(AcceptCall),
    Close(oneshot::Sender<()>),
}

/// The callers' side of the writer.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
}

fn closed<E>(_: E) -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

impl Writer {
    /// Starts the writer; `held` is dropped when it has ended.
    pub(crate) fn start<H: Send + 'static>(context: Context, held: H) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            write_groups(&context, waiting).await;
            drop(context);
            drop(held);
        });
        Self { queue }
    }

    pub(crate) async fn call<D, T, F>(&self, data: D, operation: F) -> Result<T>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a Tx, &'a D) -> Running<'a, T> + Send + Sync + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let call = Call {
            data,
            operation,
            value: None,
            reply,
        };
        let message = Message::Call(Box::new(call));
        self.queue.send(message).await.map_err(closed)?;
        answer.await.map_err(closed)?
    }

    pub(crate) async fn accept(&self, delivery: NewDelivery) -> Result<Accepted> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Accept(AcceptCall { delivery, reply });
        self.queue.send(message).await.map_err(closed)?;
        answer.await.map_err(closed)?
    }

    /// Returns when everything that was waiting is done and the writer has ended.
    pub(crate) async fn close(&self) {
        let (done, ended) = oneshot::channel();
        if self.queue.send(Message::Close(done)).await.is_ok() {
            // The sender is dropped when the writer ends: either answer means it is over.
            let _ = ended.await;
        }
    }
}

/// Operations that share a transaction.
#[derive(Default)]
struct Group {
    accepts: Vec<AcceptCall>,
    calls: Vec<Box<dyn Operation>>,
}

impl Group {
    fn len(&self) -> usize {
        self.accepts.len() + self.calls.len()
    }

    fn push(&mut self, message: Message) -> Option<oneshot::Sender<()>> {
        match message {
            Message::Call(call) => self.calls.push(call),
            Message::Accept(accept) => self.accepts.push(accept),
            Message::Close(done) => return Some(done),
        }
        None
    }

    fn answer_all(self, error: &StoreError) {
        for accept in self.accepts {
            let _ = accept.reply.send(Err(error.share()));
        }
        for call in self.calls {
            call.answer(Err(error.share()));
        }
    }
}

async fn write_groups(context: &Context, mut waiting: mpsc::Receiver<Message>) {
    let mut closing = None;
    while closing.is_none() {
        let Some(first) = waiting.recv().await else {
            break;
        };
        let mut group = Group::default();
        closing = group.push(first);
        gather(&mut waiting, &mut group, &mut closing).await;
        run_group(context, group).await;
    }
    waiting.close();
    if let Err(error) = context.pool.close_by_ref().await {
        tracing::warn!(%error, "the database did not close cleanly");
    }
    drop(closing);
}

/// Takes what waits, and gives callers who were just answered a few turns to come again: right after a commit the
/// first of many arrives alone, and a group of one costs as many round trips and flushes as a group of fifty. A
/// lonely caller waits for microseconds, since nobody else takes a turn.
async fn gather(
    waiting: &mut mpsc::Receiver<Message>,
    group: &mut Group,
    closing: &mut Option<oneshot::Sender<()>>,
) {
    for _ in 0..GATHERING_TURNS {
        while closing.is_none() && group.len() < LARGEST_GROUP {
            let Ok(next) = waiting.try_recv() else { break };
            *closing = group.push(next);
        }
        if closing.is_some() || group.len() >= LARGEST_GROUP {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Where a group failed: in one of its members, or as a whole.
enum GroupError {
    Member(StoreError),
    Whole(StoreError),
}

async fn run_group(context: &Context, mut group: Group) {
    let members = group.len();
    if members == 0 {
        return;
    }
    let count = u64::try_from(members).unwrap_or(u64::MAX);
    context
        .counters
        .operations
        .fetch_add(count, Ordering::Relaxed);
    match attempt(context, &mut group).await {
        Ok(outcomes) => answer(group, outcomes),
        Err(GroupError::Member(error)) if members > 1 => {
            tracing::debug!(%error, members, "a group of writes is taken apart");
            context
                .counters
                .split_groups
                .fetch_add(1, Ordering::Relaxed);
            for accept in group.accepts {
                let alone = Group {
                    accepts: vec![accept],
                    calls: Vec::new(),
                };
                run_single(context, alone).await;
            }
            for call in group.calls {
                let alone = Group {
                    accepts: Vec::new(),
                    calls: vec![call],
                };
                run_single(context, alone).await;
            }
        }
        Err(GroupError::Member(error) | GroupError::Whole(error)) => group.answer_all(&error),
    }
}

async fn run_single(context: &Context, mut group: Group) {
    match attempt(context, &mut group).await {
        Ok(outcomes) => answer(group, outcomes),
        Err(GroupError::Member(error) | GroupError::Whole(error)) => group.answer_all(&error),
    }
}

/// What each member of a group that was committed is told.
struct Outcomes {
    accepts: Vec<Accepted>,
    calls: Vec<Result<()>>,
}

async fn attempt(
    context: &Context,
    group: &mut Group,
) -> std::result::Result<Outcomes, GroupError> {
    let tx = context.begin().await.map_err(GroupError::Whole)?;
    match run_members(&tx, group).await {
        Ok(outcomes) => {
            if let Err(error) = context.commit(tx).await {
                context.renew().await;
                return Err(GroupError::Whole(error));
            }
            Ok(outcomes)
        }
        Err(error) => {
            if tx.rollback().await.is_ok() {
                return Err(GroupError::Member(error));
            }
            // SQLite itself has rolled back, as it does when the disk is full or fails.
            context.renew().await;
            Err(GroupError::Whole(error))
        }
    }
}

async fn run_members(tx: &Tx, group: &mut Group) -> Result<Outcomes> {
    let mut accepts = Vec::new();
    if !group.accepts.is_empty() {
        let deliveries: Vec<&NewDelivery> = group
            .accepts
            .iter()
            .map(|accept| &accept.delivery)
            .collect();
        accepts = inbox::store_deliveries(tx, &deliveries).await?;
    }
    let mut calls = Vec::with_capacity(group.calls.len());
    for call in &mut group.calls {
        tx.take_changed();
        match call.run(tx).await {
            Ok(()) => calls.push(Ok(())),
            // A refusal that touched nothing is an answer, not a reason to roll back the others.
            Err(error @ (StoreError::LeaseLost | StoreError::Conflict(_)))
                if !tx.take_changed() =>
            {
                calls.push(Err(error));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Outcomes { accepts, calls })
}

fn answer(group: Group, outcomes: Outcomes) {
    for (accept, accepted) in group.accepts.into_iter().zip(outcomes.accepts) {
        let _ = accept.reply.send(Ok(accepted));
    }
    for (call, outcome) in group.calls.into_iter().zip(outcomes.calls) {
        call.answer(outcome);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::clock::SystemClock;
    use crate::db::values;
    use crate::store::{Durability, Options, Store};

    fn big_delivery() -> NewDelivery {
        NewDelivery {
            id: Uuid::now_v7(),
            channel: "instagram",
            received_at_ms: 0,
            body: vec![b'x'; 100_000].into(),
            events: Vec::new(),
        }
    }

    async fn allow_pages(store: &Store, pages: u32) {
        store
            .write(pages, |tx, pages| {
                Box::pin(async move {
                    let sql = format!("PRAGMA max_page_count = {pages}");
                    tx.one(&sql, values![]).await?;
                    Ok(())
                })
            })
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_forgotten_when_there_is_room_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Options {
            url: format!("sqlite://{}?mode=rwc", folder.path().join("s.db").display()),
            durability: Durability::Full,
            clock: Arc::new(SystemClock),
            exclusive: true,
        })
        .await
        .unwrap();
        // SQLite's own limit on the file's size answers as a full disk does.
        allow_pages(&store, 150).await;
        let mut stored = Vec::new();
        let error = loop {
            let delivery = big_delivery();
            let id = delivery.id;
            match store.accept(delivery).await {
                Ok(_) => stored.push(id),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, StoreError::Full(_)), "{error:?}");
        assert!(error.is_outage());
        allow_pages(&store, 1_000_000).await;
        store.accept(big_delivery()).await.unwrap();
        for id in stored {
            assert!(store.delivery(id).await.unwrap().is_some());
        }
    }
}
