//! The store's face (bodies follow).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use crate::*;

type Result<T> = std::result::Result<T, StoreError>;

/// How hard a commit is pressed onto the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// An acknowledged write survives a power cut.
    #[default]
    Full,
    /// An acknowledged write survives the death of the process, not always of the machine.
    Normal,
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite://path?mode=rwc`, `sqlite::memory:`, `mysql://…` or `postgres://…`.
    pub url: String,
    /// See [`Durability`].
    pub durability: Durability,
    /// The clock of leases, schedules and windows.
    pub clock: Arc<dyn Clock>,
    /// This process is the only one (SQLite): locks the data and frees a dead process's leases.
    pub exclusive: bool,
}

/// Clone freely: all clones are one store.
#[derive(Debug, Clone)]
pub struct Store {
    clock: Arc<dyn Clock>,
}

macro_rules! face {
    ($( $(#[$meta:meta])* fn $name:ident ( $($arg:ident : $ty:ty),* ) -> $out:ty; )*) => {
        impl Store { $( $(#[$meta])* #[allow(unused_variables)] pub async fn $name(&self, $($arg: $ty),*) -> Result<$out> {
            Err(StoreError::Config(concat!("not built yet: ", stringify!($name)).to_owned()))
        } )* }
    };
}

impl Store {
    /// Opens, migrates.
    pub async fn open(options: Options) -> Result<Self> {
        Ok(Self {
            clock: options.clock,
        })
    }
    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
    /// Finishes what waits for the writer and closes the database.
    pub async fn close(&self) {}
    /// What the writer did.
    pub fn writer_stats(&self) -> WriterStats {
        WriterStats::default()
    }
    /// A new id, ordered by this store's clock.
    pub fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

face! {
    /// Fails unless the database answers.
    fn ping() -> ();
    /// Stores a delivery.
    fn accept(delivery: NewDelivery) -> Accepted;
    /// One event.
    fn event(id: Uuid) -> Option<EventRow>;
    /// When the person last wrote (kinds that open the window).
    fn last_inbound_ms(conversation: &Conversation) -> Option<i64>;
    /// Echoes of this conversation with `at_ms >= since_ms`, oldest first.
    fn echoes_since(conversation: &Conversation, since_ms: i64) -> Vec<EventRow>;
    /// Events of this conversation about a message (message, deleted, edit, ...), oldest first.
    fn events_of_mid(conversation: &Conversation, mid: &str) -> Vec<EventRow>;
    /// Enqueues.
    fn enqueue(job: NewJob) -> Enqueued;
    /// Quota and jobs in one transaction; answers in the order of `admission.jobs`.
    fn admit(admission: Admission) -> Vec<Admitted>;
    /// How many units are used up.
    fn quota_used(scope: &str, day: &str) -> u32;
    /// Claims up to `limit` jobs.
    fn claim(queues: &[&str], limit: usize, lease: Duration) -> Vec<Claimed>;
    /// Prolongs a lease.
    fn heartbeat(lease: &Lease, lasting: Duration) -> ();
    /// Ends or puts off a job.
    fn finish(lease: &Lease, finish: Finish) -> ();
    /// One job.
    fn job(id: Uuid) -> Option<JobRow>;
    /// Records a step of a job.
    fn step_done(lease: &Lease, step: &str, data: Value) -> ();
    /// The steps of a job.
    fn steps(job_id: Uuid) -> BTreeMap<String, Value>;
    /// Joins shared work.
    fn work_join(lease: &Lease, key: &str) -> WorkTurn;
    /// Records a step of shared work.
    fn work_step(lease: &Lease, key: &str, step: &str, data: Value) -> ();
    /// Finishes shared work.
    fn work_done(lease: &Lease, key: &str, keep_until_ms: i64) -> ();
    /// Leaves shared work to the next asker, its steps kept.
    fn work_release(lease: &Lease, key: &str) -> ();
    /// Forgets shared work (its files are gone).
    fn work_forget(key: &str) -> ();
    /// Plans parts; idempotent by (job, part).
    fn plan_parts(lease: &Lease, conversation: &Conversation, parts: Vec<NewPart>) -> ();
    /// The parts of a job, by `seq`.
    fn parts(job_id: Uuid) -> Vec<Part>;
    /// Write-ahead of a visible send.
    fn intent(lease: &Lease, part_id: Uuid, intent: IntentIn) -> Intent;
    /// What became of it; returns the state it is in now.
    fn settle(lease: &Lease, part_id: Uuid, settle: Settle) -> PartState;
    /// Proof from outside (an echo, a read-back) that a part was sent as `mid`; no lease needed.
    /// False when the part has no open try or another part already is that message.
    fn settle_by_mid(part_id: Uuid, mid: &str) -> bool;
    /// Parts in `intent` or `unknown` whose try began before `before_ms`, oldest first.
    fn open_parts(before_ms: i64) -> Vec<Part>;
    /// Parts of one conversation in `intent` or `unknown`.
    fn open_parts_of(conversation: &Conversation) -> Vec<Part>;
    /// The part that is this message.
    fn part_by_mid(conversation: &Conversation, mid: &str) -> Option<Part>;
    /// The messages that our parts became, tried since `since_ms`.
    fn mids_sent(conversation: &Conversation, since_ms: i64) -> Vec<String>;
    /// State of an account.
    fn account_state(channel: &str, account: &str) -> AccountState;
    /// Sets the state of an account.
    fn set_account_state(channel: &str, account: &str, state: AccountState) -> ();
    /// A remembered attachment id, unless expired.
    fn attachment(account: &str, key: &str) -> Option<String>;
    /// Remembers an attachment id.
    fn remember_attachment(account: &str, key: &str, id: &str, expires_ms: i64) -> ();
    /// Forgets one.
    fn forget_attachment(account: &str, key: &str) -> ();
    /// Note.
    fn conversation_note(conversation: &Conversation) -> Note;
    /// Note change.
    fn update_conversation(conversation: &Conversation, change: NoteChange) -> ();
    /// True for one asker per `every_ms`.
    fn tick_claim(name: &str, every_ms: i64) -> bool;
    /// Purge.
    fn purge(retention: Retention) -> Purged;
    /// Jobs by queue and state.
    fn job_counts() -> Vec<JobCount>;
    /// Parts by state.
    fn part_counts() -> Vec<PartCount>;
    /// When the longest waiting due job became due.
    fn oldest_waiting_ms() -> Option<i64>;
    /// When the longest running job was started.
    fn oldest_running_ms() -> Option<i64>;
}
