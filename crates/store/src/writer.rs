//! One writer for SQLite: operations that wait share one transaction, and so one disk flush.
//!
//! Every write of this crate is a function of a transaction that may be run again. The writer, a thread of its own,
//! takes all that are waiting, runs them between one BEGIN IMMEDIATE and one COMMIT, and answers after the commit. If
//! one of them fails, the transaction is rolled back and each runs alone, so that a bad one never takes its neighbours
//! along. While a commit is being flushed the next group gathers: the slower the disk, the larger the groups.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::thread::JoinHandle;

use async_trait::async_trait;
use futures::FutureExt as _;
use tokio::sync::{mpsc, oneshot};

use crate::db::{Result, Tx};
use crate::error::StoreError;
use crate::inbox;
use crate::scrub::{Scrubbed, Scrubber};
use crate::sqlite::Lite;
use crate::store::Shared;
use crate::types::{Accepted, NewDelivery};

/// What an operation gives back while it runs.
pub(crate) type Running<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Most operations in one transaction: bounds how long a reply waits for its neighbours.
const LARGEST_GROUP: usize = 256;
/// Turns that others get before a group is closed.
const GATHERING_TURNS: usize = 4;
/// How many operations may wait before callers are held back.
const QUEUE: usize = 4_096;

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
    Scrub(u32, oneshot::Sender<Result<Scrubbed>>),
    Close(oneshot::Sender<()>),
}

/// The callers' side of the writer.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Message>>,
    thread: Option<JoinHandle<()>>,
}

fn fault(what: &str) -> StoreError {
    tracing::error!(what, "a write failed by a fault of ours");
    StoreError::Unavailable(what.to_owned())
}

fn closed<E>(_: E) -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

impl Writer {
    /// Starts the writer; `held` is dropped when it has ended.
    pub(crate) fn start<H: Send + 'static>(
        lite: Lite,
        scrubber: Scrubber,
        shared: Shared,
        held: H,
    ) -> Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let desk = Desk {
            lite: Arc::new(lite),
            scrubber,
            shared,
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                let closing = desk.write_groups(waiting);
                drop(desk);
                drop(held);
                // Whoever waits for the end is told after it.
                drop(closing);
            })
            .map_err(|error| StoreError::Unavailable(format!("no thread to write on: {error}")))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
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
        self.send(Message::Call(Box::new(call))).await?;
        answer.await.map_err(closed)?
    }

    pub(crate) async fn accept(&self, delivery: NewDelivery) -> Result<Accepted> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Accept(AcceptCall { delivery, reply }))
            .await?;
        answer.await.map_err(closed)?
    }

    /// Clears the unused bytes of some pages from page `from` on, between two groups.
    pub(crate) async fn scrub(&self, from: u32) -> Result<Scrubbed> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Scrub(from, reply)).await?;
        answer.await.map_err(closed)?
    }

    async fn send(&self, message: Message) -> Result<()> {
        let queue = self.queue.as_ref().ok_or_else(|| closed(()))?;
        queue.send(message).await.map_err(closed)
    }

    /// Returns when everything that was waiting is done and the writer has ended.
    pub(crate) async fn close(&self) {
        let (done, ended) = oneshot::channel();
        if self.send(Message::Close(done)).await.is_ok() {
            // The sender is dropped when the writer ends: either answer means it is over.
            let _ = ended.await;
        }
    }
}

impl Drop for Writer {
    /// With its last store the writer ends, and the data's lock is free again when this returns.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the writer ended in a panic");
        }
    }
}

/// Operations that share a transaction.
#[derive(Default)]
struct Group {
    accepts: Vec<AcceptCall>,
    calls: Vec<Box<dyn Operation>>,
    /// To be done after the commit.
    scrubs: Vec<(u32, oneshot::Sender<Result<Scrubbed>>)>,
}

impl Group {
    fn len(&self) -> usize {
        self.accepts.len() + self.calls.len()
    }

    fn push(&mut self, message: Message) -> Option<oneshot::Sender<()>> {
        match message {
            Message::Call(call) => self.calls.push(call),
            Message::Accept(accept) => self.accepts.push(accept),
            Message::Scrub(from, reply) => self.scrubs.push((from, reply)),
            Message::Close(done) => return Some(done),
        }
        None
    }

    /// Each member as a group of its own.
    fn apart(self) -> impl Iterator<Item = Self> {
        let accepts = self.accepts.into_iter().map(|accept| Self {
            accepts: vec![accept],
            ..Self::default()
        });
        let calls = self.calls.into_iter().map(|call| Self {
            calls: vec![call],
            ..Self::default()
        });
        accepts.chain(calls)
    }

    fn answer(self, attempt: Attempt) {
        match attempt {
            Attempt::Done(accepts, calls) => {
                for (accept, accepted) in self.accepts.into_iter().zip(accepts) {
                    let _ = accept.reply.send(Ok(accepted));
                }
                for (call, outcome) in self.calls.into_iter().zip(calls) {
                    call.answer(outcome);
                }
            }
            Attempt::Member(error) | Attempt::Whole(error) => {
                for accept in self.accepts {
                    let _ = accept.reply.send(Err(error.share()));
                }
                for call in self.calls {
                    call.answer(Err(error.share()));
                }
            }
        }
    }
}

/// What one attempt gave: the answers of the members in their order, or why the group failed.
enum Attempt {
    Done(Vec<Accepted>, Vec<Result<()>>),
    /// One of the members failed; the others may succeed without it.
    Member(StoreError),
    /// There was no transaction to be had.
    Whole(StoreError),
}

/// The writer's own side.
struct Desk {
    /// The connection goes before the scrubber: see there.
    lite: Arc<Lite>,
    scrubber: Scrubber,
    shared: Shared,
}

impl Desk {
    /// Returns whom to tell of the end, if it was asked for.
    fn write_groups(&self, mut waiting: mpsc::Receiver<Message>) -> Option<oneshot::Sender<()>> {
        let mut closing = None;
        while closing.is_none() {
            let Some(first) = waiting.blocking_recv() else {
                break;
            };
            let mut group = Group::default();
            closing = group.push(first);
            gather(&mut waiting, &mut group, &mut closing);
            let scrubs = std::mem::take(&mut group.scrubs);
            self.run_group(group);
            for (from, reply) in scrubs {
                let _ = reply.send(self.scrubber.scrub(&self.lite, from));
            }
        }
        closing
    }

    fn run_group(&self, mut group: Group) {
        let members = group.len();
        if members == 0 {
            return;
        }
        self.shared.counters.count_operations(members);
        match self.attempt(&mut group) {
            Attempt::Member(error) if members > 1 => {
                tracing::debug!(%error, members, "a group of writes is taken apart");
                self.shared.counters.count_split();
                for alone in group.apart() {
                    self.run_alone(alone);
                }
            }
            other => group.answer(other),
        }
    }

    fn run_alone(&self, mut group: Group) {
        let attempt = self.attempt(&mut group);
        group.answer(attempt);
    }

    fn attempt(&self, group: &mut Group) -> Attempt {
        if let Err(error) = self.lite.begin() {
            return Attempt::Whole(error);
        }
        let tx = Tx::on_file(
            self.lite.clone(),
            self.shared.clock.clone(),
            self.shared.ids.clone(),
        );
        // Nothing is shared with a member that panicked but the transaction, and that is taken back.
        let members = AssertUnwindSafe(run_members(&tx, group)).catch_unwind();
        let members = match members.now_or_never() {
            Some(Ok(members)) => members,
            Some(Err(_)) => Err(fault("an operation panicked")),
            None => Err(fault(
                "an operation waited for something else than the database",
            )),
        };
        match members {
            Ok((accepts, calls)) => match self.lite.commit() {
                Ok(()) => {
                    self.shared.committed(tx.news());
                    Attempt::Done(accepts, calls)
                }
                Err(error) => Attempt::Whole(error),
            },
            Err(error) => {
                self.lite.rollback();
                Attempt::Member(error)
            }
        }
    }
}

/// Takes what waits, and gives callers who were just answered a few turns to come again: right after a commit the
/// first of many arrives alone, and a group of one costs a flush as a group of fifty does. A lonely caller waits for
/// microseconds, since nobody else takes a turn.
fn gather(
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
        std::thread::yield_now();
    }
}

async fn run_members(tx: &Tx, group: &mut Group) -> Result<(Vec<Accepted>, Vec<Result<()>>)> {
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
    Ok((accepts, calls))
}

#[cfg(test)]
mod tests;
