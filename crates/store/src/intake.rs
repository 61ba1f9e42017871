//! Jobs that other programs push into Redis, taken in one by one: none lost, and none that cannot be told to have come
//! twice.
//!
//! The key holds a list or a stream; which one is seen at run time, and it may change. An entry is taken (a list's into
//! the hash `<key>:taken`, a stream's as pending in the group `gramophone`), the caller makes a row of it under a dedupe
//! key of the entry's id, and only then acknowledges it. Whoever dies in between leaves it taken: at every start, and
//! for long-taken ones every minute, what is taken comes again, under the same id. So an entry may come twice, and its
//! id says so.
//!
//! Redis 6.2 or newer, one server or a replicated one (no cluster: the keys beside the list would be elsewhere).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use metrics::gauge;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::watch;
use uuid::Uuid;

use crate::db::Result;
use crate::error::StoreError;
use wire::{Fault, Keys, Kind, Taken, Wire};

mod wire;

/// The first wait for a Redis that is away, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How often to look at a key whose type is of no use.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// An entry that was taken in, to be acknowledged or buried.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The same however often it comes.
    pub id: String,
    /// As it was pushed.
    pub body: Bytes,
    from: Kind,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is in it is somebody's.
        formatter
            .debug_struct("Entry")
            .field("id", &self.id)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// How the intake is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Not asked yet.
    Unknown,
    /// Redis answers.
    Up,
    /// Redis does not answer, or refuses us; it is asked again and again.
    Away(String),
    /// The key holds something that is neither a list nor a stream.
    WrongType(String),
}

/// Takes in what other programs push into a Redis key.
pub struct Intake {
    wire: Wire,
    /// Taken by somebody before, and not acknowledged.
    again: VecDeque<Entry>,
    /// The id under which the next entry of a list is taken: kept until it is known to have been used.
    next_id: Uuid,
    look_back: LookBack,
    /// Whether the settings of Redis were looked at.
    advised: bool,
    wait: Duration,
    health: watch::Sender<Health>,
}

/// When to look for entries that were taken and not acknowledged.
#[derive(Debug, Clone, Copy)]
enum LookBack {
    /// Whoever took them before this start, or before Redis was away, is as good as dead; if not, the id tells.
    AtOnce,
    At(Instant),
}

/// How long an entry may be in somebody's hands, and how often to look for such.
const PATIENCE: Duration = Duration::from_mins(1);

impl std::fmt::Debug for Intake {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password.
        formatter
            .debug_struct("Intake")
            .field("health", &*self.health.borrow())
            .finish_non_exhaustive()
    }
}

impl Intake {
    /// An intake for a key. Redis is not asked yet: it may be away.
    pub fn open(url: &SecretString, key: &str) -> Result<Self> {
        let client = redis::Client::open(url.expose_secret()).map_err(|_| {
            // What it says may repeat the URL, which may hold a password.
            StoreError::Config("the URL of Redis cannot be read".to_owned())
        })?;
        if key.is_empty() {
            return Err(StoreError::Config("the key of Redis is empty".to_owned()));
        }
        Ok(Self {
            wire: Wire::new(client, Keys::new(key)),
            again: VecDeque::new(),
            next_id: Uuid::new_v4(),
            look_back: LookBack::AtOnce,
            advised: false,
            wait: FIRST_WAIT,
            health: watch::Sender::new(Health::Unknown),
        })
    }

    /// How it is doing, now and from now on.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// How many entries wait, for an operator who looks: asks once and fails when Redis does not answer.
    pub async fn waiting(&mut self) -> Result<u64> {
        let ask = async {
            self.wire.connect().await?;
            self.wire.length().await
        };
        ask.await.map_err(Fault::into_error)
    }

    /// Waits for the next entry, however long Redis is away. Safe to drop while it waits: what was taken comes again.
    /// Fails only when waiting does not help.
    pub async fn next(&mut self) -> Result<Entry> {
        loop {
            match self.look().await {
                Ok(Some(entry)) => return Ok(entry),
                Ok(None) => {}
                Err(Fault::TooOld) => {
                    return Err(StoreError::Config(
                        "the intake needs Redis 6.2 or newer".to_owned(),
                    ));
                }
                Err(Fault::Away(text)) => self.away(text).await,
            }
        }
    }

    /// Removes an entry, after its row is committed. If this fails the entry comes again, under the same id.
    pub async fn ack(&mut self, entry: &Entry) -> Result<()> {
        let mut acked = self.wire.ack(entry.from, &entry.id).await;
        if acked.is_err() {
            // The connection may have been dead for long without anybody's noticing.
            acked = self.wire.ack(entry.from, &entry.id).await;
        }
        acked.map_err(Fault::into_error)
    }

    /// Moves an entry that nothing can be made of to the list `<key>:dead`, with the reason. If this fails the entry
    /// stays taken and comes again, under the same id.
    pub async fn bury(&mut self, entry: &Entry, reason: &str) -> Result<()> {
        let epitaph = epitaph(&entry.body, reason);
        let mut buried = self.wire.bury(entry.from, &entry.id, &epitaph).await;
        if buried.is_err() {
            buried = self.wire.bury(entry.from, &entry.id, &epitaph).await;
        }
        buried.map_err(Fault::into_error)
    }

    /// One look, which may wait for about a second.
    async fn look(&mut self) -> std::result::Result<Option<Entry>, Fault> {
        if self.wire.connect().await? {
            if !self.advised {
                self.advised = true;
                self.wire.advise().await;
            }
            // An answer may have been lost with the connection before.
            self.look_back = LookBack::AtOnce;
        }
        self.look_back().await?;
        if let Some(entry) = self.again.pop_front() {
            self.up();
            return Ok(Some(entry));
        }
        let kind = self.wire.kind().await?;
        let taken = match kind {
            Some(Kind::Stream) => self.wire.read_stream().await?,
            Some(Kind::List) => {
                let body = self.wire.take(self.next_id).await?;
                body.map(|body| Taken::list(self.next_id, body))
            }
            None => {
                let found = self.wire.type_name().await?;
                if found != "none" {
                    self.wrong_type(&found).await;
                    return Ok(None);
                }
                None
            }
        };
        self.up();
        let Some(taken) = taken else {
            if kind != Some(Kind::Stream) {
                // A stream was waited for already.
                self.wire.wait_for_list().await?;
            }
            return Ok(None);
        };
        if taken.from == Kind::List {
            self.next_id = Uuid::new_v4();
        }
        self.entry(taken).await
    }

    /// What was taken, as an entry; a stream's entry without a payload that we know is buried at once. If that fails
    /// it comes again, and those behind it do not wait for it.
    async fn entry(&mut self, taken: Taken) -> std::result::Result<Option<Entry>, Fault> {
        let Taken { id, from, body } = taken;
        match body {
            Ok(body) => Ok(Some(Entry { id, body, from })),
            Err(fields) => {
                let reason = "no field is called job, data or payload";
                let epitaph = epitaph(&fields, reason);
                if let Err(fault) = self.wire.bury(from, &id, &epitaph).await {
                    let error = fault.into_error();
                    tracing::warn!(entry = id, %error, "an entry without a job could not be put aside; it comes again");
                }
                Ok(None)
            }
        }
    }

    /// Takes what somebody has taken and not acknowledged.
    async fn look_back(&mut self) -> std::result::Result<(), Fault> {
        let idle = match self.look_back {
            LookBack::AtOnce => Duration::ZERO,
            LookBack::At(due) if due <= Instant::now() => PATIENCE,
            LookBack::At(_) => return Ok(()),
        };
        let mut taken = self.wire.taken_from_list(idle).await?;
        if self.wire.kind().await? == Some(Kind::Stream) {
            taken.extend(self.wire.taken_from_stream(idle).await?);
        }
        if !taken.is_empty() {
            tracing::info!(entries = taken.len(), "took over entries of Redis");
        }
        for taken in taken {
            if let Some(entry) = self.entry(taken).await?
                && !self.again.contains(&entry)
            {
                self.again.push_back(entry);
            }
        }
        self.look_back = LookBack::At(Instant::now() + PATIENCE);
        Ok(())
    }

    fn up(&mut self) {
        self.wait = FIRST_WAIT;
        if self.turn(Health::Up) {
            tracing::info!("the intake from Redis works");
        }
        gauge!("gramophone_intake_up").set(1.0);
    }

    async fn away(&mut self, text: String) {
        if !matches!(&*self.health.borrow(), Health::Away(_)) {
            tracing::warn!(error = %text, "Redis is away; asking again until it is back");
        }
        self.turn(Health::Away(text));
        gauge!("gramophone_intake_up").set(0.0);
        self.wire.disconnect();
        // Real time on purpose: this is about another program, not about the jobs' calendar.
        tokio::time::sleep(self.wait).await;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
    }

    async fn wrong_type(&mut self, found: &str) {
        let health = Health::WrongType(found.to_owned());
        if self.turn(health) {
            tracing::warn!(
                found,
                "the key of the intake holds neither a list nor a stream; waiting until it does"
            );
        }
        gauge!("gramophone_intake_up").set(0.0);
        tokio::time::sleep(LOOK_AGAIN).await;
    }

    /// True when this is news.
    fn turn(&self, health: Health) -> bool {
        self.health.send_if_modified(|known| {
            let is_news = *known != health;
            *known = health;
            is_news
        })
    }
}

/// What stands in the list of the dead.
fn epitaph(body: &[u8], reason: &str) -> String {
    let entry = String::from_utf8_lossy(body);
    let at = jiff::Timestamp::now().to_string();
    let mut epitaph = serde_json::json!({ "entry": entry, "reason": reason, "at": at });
    if std::str::from_utf8(body).is_err() {
        epitaph["hex"] = hex::encode(body).into();
    }
    epitaph.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_never_repeated() {
        let url = SecretString::from("redis://:hunter2@/::not a url");
        let error = Intake::open(&url, "k").unwrap_err();
        assert!(matches!(error, StoreError::Config(_)));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        let url = SecretString::from("redis://:hunter2@127.0.0.1:1/");
        let intake = Intake::open(&url, "k").unwrap();
        assert!(!format!("{intake:?}").contains("hunter2"));
        assert!(Intake::open(&url, "").is_err());
    }

    #[test]
    fn an_epitaph_holds_what_was_pushed() {
        let epitaph: serde_json::Value =
            serde_json::from_str(&super::epitaph(b"{\"a\":1}", "bad")).unwrap();
        assert_eq!(epitaph["entry"], "{\"a\":1}");
        assert_eq!(epitaph["reason"], "bad");
        assert!(epitaph.get("hex").is_none());
        assert!(epitaph["at"].as_str().unwrap().ends_with('Z'));
        let epitaph: serde_json::Value =
            serde_json::from_str(&super::epitaph(&[0xff, b'a'], "bad")).unwrap();
        assert_eq!(epitaph["hex"], "ff61");
    }
}
