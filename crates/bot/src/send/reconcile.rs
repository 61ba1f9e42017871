//! Finding out what became of a try whose outcome is open: by its echo, by reading the thread back,
//! and, when neither can tell, by leaving it alone.

use serde_json::Value;
use store::{Part, PartState, Settle, StoreError};
use tracing::{info, warn};

use super::recognise::{CLOCKS_APART_MS, Next, Readings, Try, find, looks_like, reaches_back};
use super::{Look, NEVER_ACCEPTED, OUTCOME_UNKNOWN, PARKED_MS, Route, Sender, content_of, millis};
use crate::channel::{ChannelError, Content, Lying, Outcome, Probe, Reaction};

/// Parts proven absent are tried again this many times.
const RESENDS: u32 = 2;
/// How far back messages of ours are looked up, to tell them from an open try.
const TAKEN_MS: i64 = 48 * 3_600_000;

/// What a reading of the thread says about a try.
enum Found {
    Sent(String),
    Absent,
    NothingProven,
}

impl Sender {
    /// Settles the open tries of a job that is being buried: looked for once, then left alone, so
    /// that they do not hold the conversation for ever.
    pub async fn bury(&self, route: &Route) -> Result<(), StoreError> {
        for part in self.store.parts(route.lease.job_id).await? {
            if !part.state.is_open() {
                continue;
            }
            let Some(content) = content_of(&part.body) else {
                continue;
            };
            let found = match self.by_echo(route, &part, &content).await? {
                Some(mid) => Some(mid),
                None => match self.ask(route, &part, &content).await? {
                    Ok(Found::Sent(mid)) => Some(mid),
                    Ok(Found::Absent | Found::NothingProven) | Err(_) => None,
                },
            };
            if found.is_none() && part.state == PartState::Intent {
                self.store
                    .settle(&route.lease, part.id, Settle::Unknown)
                    .await?;
            }
            let settle = match found {
                Some(mid) => Settle::Sent { mid: Some(mid) },
                None => Settle::Failed {
                    reason: OUTCOME_UNKNOWN.into(),
                },
            };
            self.settle(route, &part, settle).await?;
        }
        Ok(())
    }

    pub(super) async fn reconcile(&self, route: &Route, part: &Part) -> Result<Look, StoreError> {
        let Some(content) = content_of(&part.body) else {
            return self.fail(route, part, OUTCOME_UNKNOWN.into()).await;
        };
        if part.state == PartState::Intent {
            self.store
                .settle(&route.lease, part.id, Settle::Unknown)
                .await?;
        }
        if content.is_repeatable() {
            // What it changes is the same afterwards, however often it is done.
            self.settle(route, part, Settle::Absent).await?;
            return Ok(Look::Again);
        }
        if let Some(mid) = self.by_echo(route, part, &content).await? {
            self.settle(route, part, Settle::Sent { mid: Some(mid) })
                .await?;
            return Ok(Look::Again);
        }
        let intent_at_ms = part.intent_at_ms.unwrap_or_else(|| self.clock.now_ms());
        let step = format!("reads:{}:{}", part.part, part.attempt);
        let mut readings = self.readings(route, &step).await?;
        let now_ms = self.clock.now_ms();
        match readings.next(intent_at_ms, now_ms, self.times(route)) {
            Next::WaitUntil(at) => return Ok(Look::Pause(at, "outcome")),
            Next::Absent => return self.absent(route, part).await,
            Next::GiveUp => {
                warn!(job = %route.lease.job_id, part = part.part, "the outcome of a send stays unknown");
                return self.fail(route, part, OUTCOME_UNKNOWN.into()).await;
            }
            Next::Read => {}
        }
        let found = match self.ask(route, part, &content).await? {
            // That was no reading: it is made when the allowance is open again.
            Err(ChannelError {
                reaction: Reaction::Throttled(after),
                ..
            }) => {
                let wait_ms = after.map_or(PARKED_MS, millis).max(1);
                return Ok(Look::Pause(now_ms.saturating_add(wait_ms), "throttled"));
            }
            Err(error) => {
                info!(job = %route.lease.job_id, code = error.code, "the thread could not be read");
                Found::NothingProven
            }
            Ok(found) => found,
        };
        match found {
            Found::Sent(mid) => {
                self.settle(route, part, Settle::Sent { mid: Some(mid) })
                    .await?;
                return Ok(Look::Again);
            }
            Found::Absent => readings.absent_at(intent_at_ms, now_ms, self.times(route)),
            Found::NothingProven => readings.failed(),
        }
        let data = serde_json::to_value(readings).unwrap_or(Value::Null);
        self.store.step_done(&route.lease, &step, data).await?;
        Ok(Look::Again)
    }

    /// What was read so far about a try.
    async fn readings(&self, route: &Route, step: &str) -> Result<Readings, StoreError> {
        let mut steps = self.store.steps(route.lease.job_id).await?;
        let noted = steps.remove(step);
        Ok(noted
            .and_then(|noted| serde_json::from_value(noted).ok())
            .unwrap_or_default())
    }

    /// Asks the platform what became of a try.
    async fn ask(
        &self,
        route: &Route,
        part: &Part,
        content: &Content,
    ) -> Result<Result<Found, ChannelError>, StoreError> {
        let talk = &route.conversation;
        match route.channel.limits().outcome {
            Outcome::Thread => match route.channel.newest(talk).await {
                Ok(thread) => self.by_thread(route, part, content, &thread).await.map(Ok),
                Err(error) => Ok(Err(error)),
            },
            Outcome::Probe => {
                let known = self.taken(route).await?;
                let probe = Probe {
                    content,
                    after: part.cursor_mid.as_deref(),
                    known: &known,
                };
                let found = route.channel.probe(talk, probe).await;
                Ok(found.map(|found| found.map_or(Found::Absent, Found::Sent)))
            }
        }
    }

    async fn absent(&self, route: &Route, part: &Part) -> Result<Look, StoreError> {
        let step = format!("absent:{}", part.part);
        let steps = self.store.steps(route.lease.job_id).await?;
        let before = steps.get(&step).and_then(Value::as_u64).unwrap_or(0);
        self.settle(route, part, Settle::Absent).await?;
        self.store
            .step_done(&route.lease, &step, Value::from(before + 1))
            .await?;
        if before >= u64::from(RESENDS) {
            return self.fail(route, part, NEVER_ACCEPTED.into()).await;
        }
        Ok(Look::Again)
    }

    async fn by_echo(
        &self,
        route: &Route,
        part: &Part,
        content: &Content,
    ) -> Result<Option<String>, StoreError> {
        let Some(intent_at_ms) = part.intent_at_ms else {
            return Ok(None);
        };
        let since_ms = intent_at_ms - CLOCKS_APART_MS;
        let echoes = self
            .store
            .echoes_since(&route.conversation, since_ms)
            .await?;
        if echoes.is_empty() {
            return Ok(None);
        }
        let taken = self.taken(route).await?;
        Ok(echoes
            .iter()
            .filter_map(|event| route.channel.echo(event))
            .filter(|lying| !taken.contains(&lying.mid))
            .find(|lying| looks_like(lying, content))
            .map(|lying| lying.mid))
    }

    async fn by_thread(
        &self,
        route: &Route,
        part: &Part,
        content: &Content,
        thread: &[Lying],
    ) -> Result<Found, StoreError> {
        let taken = self.taken(route).await?;
        let tried = Try {
            content,
            intent_at_ms: part.intent_at_ms.unwrap_or(0),
            cursor: part.cursor_mid.as_deref(),
            taken: &taken,
        };
        Ok(match find(thread, &tried) {
            Some(lying) => Found::Sent(lying.mid.clone()),
            None if reaches_back(thread, &tried) => Found::Absent,
            None => Found::NothingProven,
        })
    }

    async fn taken(&self, route: &Route) -> Result<Vec<String>, StoreError> {
        let since_ms = self.clock.now_ms() - TAKEN_MS;
        self.store.mids_sent(&route.conversation, since_ms).await
    }
}
