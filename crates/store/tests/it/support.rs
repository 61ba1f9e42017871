//! A store in a folder of its own, with a clock that is moved by hand.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use store::{
    Claimed, Conversation, Durability, ManualClock, NewDelivery, NewEvent, NewJob, Options, Store,
    StoreError,
};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const START_MS: i64 = 1_790_000_000_000;
pub(crate) const LEASE: Duration = Duration::from_secs(30);

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) folder: TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(START_MS));
        let store = open(&folder, &clock).await.unwrap();
        Self {
            store,
            clock,
            folder,
        }
    }

    pub(crate) async fn claim_one(&self, queue: &str) -> Claimed {
        let mut jobs = self.store.claim(&[queue], 1, LEASE).await.unwrap();
        assert_eq!(jobs.len(), 1, "one job of {queue} should be claimable");
        jobs.remove(0)
    }

    pub(crate) async fn nothing_to_claim(&self, queue: &str) {
        let jobs = self.store.claim(&[queue], 9, LEASE).await.unwrap();
        assert!(jobs.is_empty(), "no job of {queue} should be claimable");
    }

    pub(crate) fn clock_ms(&self) -> i64 {
        self.store.clock().now_ms()
    }

    pub(crate) async fn state_of(&self, job: Uuid) -> String {
        self.store.job(job).await.unwrap().unwrap().state
    }
}

pub(crate) fn options(folder: &TempDir, clock: &Arc<ManualClock>) -> Options {
    Options {
        url: format!(
            "sqlite://{}?mode=rwc",
            folder.path().join("store.db").display()
        ),
        durability: Durability::Full,
        clock: clock.clone(),
        exclusive: true,
    }
}

pub(crate) async fn open(folder: &TempDir, clock: &Arc<ManualClock>) -> Result<Store, StoreError> {
    Store::open(options(folder, clock)).await
}

pub(crate) fn talk(person: &str) -> Conversation {
    Conversation::new("instagram", "acc", person)
}

pub(crate) fn key(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

pub(crate) fn message(number: u64, person: &str) -> NewEvent {
    NewEvent {
        account: "acc".to_owned(),
        person: Some(person.to_owned()),
        kind: "message",
        shape: "messaging",
        mid: Some(format!("mid-{number}")),
        at_ms: START_MS + i64::try_from(number).unwrap(),
        dedupe: key(number),
        opens_window: true,
        raw: json!({ "message": { "mid": format!("mid-{number}"), "text": "hello" } })
            .to_string()
            .into(),
        job: Some(NewJob {
            person: Some(person.to_owned()),
            order_key: Some(format!("reply:instagram:acc:{person}")),
            ..NewJob::new("reply", json!({ "from": "test" }))
        }),
    }
}

pub(crate) fn delivery(events: Vec<NewEvent>) -> NewDelivery {
    NewDelivery {
        id: Uuid::now_v7(),
        channel: "instagram",
        received_at_ms: START_MS,
        body: Bytes::from_static(b"{\"object\":\"instagram\"}"),
        events,
    }
}
