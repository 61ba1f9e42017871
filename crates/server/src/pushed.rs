//! Jobs that other programs push into Redis: into the database first, and only then out of Redis.

use std::{sync::Arc, time::Duration};

use bot::{OurSides, pushed_event};
use store::{
    NewDelivery, Store, StoreError,
    intake::{self, Entry, Intake},
};
use tokio_util::sync::CancellationToken;

use crate::health::Health;

/// After the database or Redis did not do its part.
const AGAIN: Duration = Duration::from_secs(1);

/// Takes pushed jobs in.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub intake: Intake,
    pub store: Store,
    pub ours: OurSides,
    pub health: Arc<Health>,
}

impl Pushed {
    /// Takes jobs in until told to stop.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let (mut redis, health) = (self.intake.health(), Arc::clone(&self.health));
        let tell = async move {
            loop {
                match &*redis.borrow_and_update() {
                    intake::Health::Unknown | intake::Health::Up => health.outsider("redis", None),
                    intake::Health::Away(_) => {
                        health.outsider("redis", Some("is away; pushed jobs wait there"));
                    }
                    intake::Health::WrongType(what) => health.outsider("redis", Some(what)),
                }
                if redis.changed().await.is_err() {
                    return;
                }
            }
        };
        let work = async {
            loop {
                if let Err(error) = self.take_one().await {
                    tracing::warn!(
                        error,
                        "a pushed job could not be taken in now; it stays where it is"
                    );
                    tokio::time::sleep(AGAIN).await;
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
            () = tell => {}
        }
    }

    async fn take_one(&mut self) -> Result<(), String> {
        let entry = self
            .intake
            .next()
            .await
            .map_err(|error| error.to_string())?;
        let now_ms = self.store.clock().now_ms();
        match pushed_event(&entry.id, &entry.body, &self.ours, now_ms) {
            Ok((channel, event)) => {
                let delivery = NewDelivery {
                    id: self.store.new_id(),
                    channel,
                    received_at_ms: now_ms,
                    body: entry.body.clone(),
                    events: vec![event],
                };
                self.stored(delivery).await;
                metrics::counter!("gramophone_pushed_jobs_total", "outcome" => "taken")
                    .increment(1);
                self.intake
                    .ack(&entry)
                    .await
                    .map_err(|error| error.to_string())
            }
            Err(why) => {
                metrics::counter!("gramophone_pushed_jobs_total", "outcome" => "refused")
                    .increment(1);
                tracing::warn!(entry = entry.id, %why, "a pushed entry is no job; it was put aside");
                self.bury(&entry, &why.to_string()).await
            }
        }
    }

    /// Until it is a row: what was taken is not given back, and its entry stays until then.
    async fn stored(&self, delivery: NewDelivery) {
        loop {
            match self.store.accept(delivery.clone()).await {
                // Under this id it was stored before: the commit happened although it looked failed.
                Ok(_) | Err(StoreError::Conflict(_)) => return,
                Err(error) => {
                    tracing::warn!(%error, "a pushed job waits for the database");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    async fn bury(&mut self, entry: &Entry, why: &str) -> Result<(), String> {
        self.intake
            .bury(entry, why)
            .await
            .map_err(|error| error.to_string())
    }
}
