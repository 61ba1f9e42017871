//! The job of a publication: looks at how far it is, does the next step, writes that down, and goes on or waits.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bot::{Accounts as _, channel::instagram::SharedBudget};
use graph_api::{
    budget::{Bucket, Permit, Urgency},
    client::{Credentials, Graph},
    error::CallError,
    request::Endpoint,
};
use serde_json::Value;
use store::{
    Claimed, Clock, Finish, Handler, Lease, Publication, PublicationChange,
    PublicationState as State, Store, StoreError,
};

use super::{
    Progress, Shelf, Spec,
    trouble::{AWAY_PATIENCE_MS, waits},
};
use crate::{accounts::Registry, error::ApiError};

/// So long before its time a post is made ready: Meta may take minutes for a video.
pub(crate) const LEAD_MS: i64 = 10 * 60_000;
/// How often to look whether the account opens again: the master key is set again, somebody connects it anew.
const AWAY_LOOK_MS: i64 = 60_000;

/// Does the jobs of the queue.
pub(crate) struct Publisher {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) graph: Arc<Graph>,
    pub(crate) budget: SharedBudget,
    pub(crate) accounts: Arc<Registry>,
    pub(crate) shelf: Shelf,
}

/// A publication in hand.
pub(super) struct Hand {
    pub(super) lease: Lease,
    pub(super) publication: Publication,
    pub(super) spec: Spec,
    pub(super) progress: Progress,
    pub(super) credentials: Credentials,
    /// The item of a carousel that is worked on.
    pub(super) item: Option<usize>,
}

/// What there is to work on.
enum Taken {
    Hand(Box<Hand>),
    /// Nothing opens the account; look again then.
    Away(i64),
    /// It is over, or another job's.
    Nothing,
}

/// What comes after a step.
pub(super) enum Next {
    /// Look again, at once.
    On,
    /// Look again then.
    At(i64, &'static str),
    /// Nothing more to do.
    Over,
}

/// Why a call did not give what it was to give.
pub(super) enum Failed {
    /// Not now.
    Wait(i64),
    /// Meta's refusal, or a doubt.
    Call(CallError),
}

#[async_trait]
impl Handler for Publisher {
    async fn run(&self, job: &Claimed) -> Finish {
        self.work(job)
            .await
            .unwrap_or_else(|error| Finish::after(&error))
    }

    async fn buried(&self, job: &Claimed, reason: &str) {
        tracing::warn!(job = %job.id, reason, "a publication was given up");
        if let Err(error) = self.bury(job).await {
            tracing::warn!(job = %job.id, %error, "what became of a publication could not be written down");
        }
    }
}

impl Publisher {
    async fn work(&self, job: &Claimed) -> Result<Finish, StoreError> {
        loop {
            let mut hand = match self.take(job, AWAY_PATIENCE_MS).await? {
                Taken::Hand(hand) => hand,
                Taken::Away(until_ms) => {
                    return Ok(Finish::Wait {
                        until_ms,
                        why: "account".to_owned(),
                    });
                }
                Taken::Nothing => return self.ended(job).await,
            };
            if job.stop.is_cancelled() {
                return Ok(Finish::HandBack);
            }
            let next = match hand.publication.state {
                State::Scheduled => self.begin(&mut hand).await?,
                State::Preparing => self.prepare(&mut hand).await?,
                State::Processing => self.process(&mut hand).await?,
                State::Publishing => self.settle(&mut hand).await?,
                _ => Next::Over,
            };
            match next {
                Next::On => {}
                Next::At(until_ms, why) => {
                    hand.progress.waits_for = Some(why.to_owned());
                    hand.progress.waits_until_ms = Some(until_ms);
                    self.note(&hand, PublicationChange::default()).await?;
                    return Ok(Finish::Wait {
                        until_ms,
                        why: why.to_owned(),
                    });
                }
                Next::Over => return self.ended(job).await,
            }
        }
    }

    /// The end of a job, told as what became of its publication: whoever follows the stream sees nothing else.
    async fn ended(&self, job: &Claimed) -> Result<Finish, StoreError> {
        let Some(publication) = self.publication_of(job).await? else {
            return Ok(done("forgotten"));
        };
        if publication.job_id != job.id {
            return Ok(done("moved"));
        }
        let word = publication.state.as_str();
        Ok(match publication.state {
            State::Failed => Finish::Refused {
                reason: word.to_owned(),
                refund: false,
            },
            State::Unknown => Finish::Dead {
                reason: word.to_owned(),
            },
            _ => done(word),
        })
    }

    async fn publication_of(&self, job: &Claimed) -> Result<Option<Publication>, StoreError> {
        let id = job.payload.get("publication").and_then(Value::as_str);
        match id.and_then(|id| id.parse().ok()) {
            Some(id) => self.store.publication(id).await,
            None => Ok(None),
        }
    }

    /// The publication of this job, where something opens its account, or will within `patience_ms`.
    async fn take(&self, job: &Claimed, patience_ms: i64) -> Result<Taken, StoreError> {
        let Some(publication) = self.publication_of(job).await? else {
            return Ok(Taken::Nothing);
        };
        let id = publication.id;
        if publication.job_id != job.id || publication.state.is_over() {
            return Ok(Taken::Nothing);
        }
        let mut progress = Progress::of(&publication);
        let spec = serde_json::from_value::<Spec>(publication.spec.clone());
        let credentials = self.accounts.credentials(&publication.account);
        let is_away = spec.is_ok() && credentials.is_none();
        let (Ok(spec), Some(credentials)) = (spec, credentials) else {
            let now_ms = self.clock.now_ms();
            let since_ms = *progress.away_since_ms.get_or_insert(now_ms);
            if is_away && waits(since_ms, now_ms, patience_ms) {
                progress.waits_for = Some("account".to_owned());
                let change = PublicationChange {
                    progress: Some(progress.stored()),
                    ..PublicationChange::default()
                };
                let mine = self
                    .store
                    .publication_change(&job.lease, id, change)
                    .await?;
                return Ok(match mine {
                    Some(_) => Taken::Away(now_ms + AWAY_LOOK_MS),
                    None => Taken::Nothing,
                });
            }
            // Without the account nobody can find out what became of a call either.
            let state = if publication.state == State::Publishing {
                State::Unknown
            } else {
                State::Failed
            };
            progress.error = Some(ApiError::account_away().body());
            let change = PublicationChange {
                state: Some(state),
                progress: Some(progress.stored()),
                ..PublicationChange::default()
            };
            self.store
                .publication_change(&job.lease, id, change)
                .await?;
            return Ok(Taken::Nothing);
        };
        Ok(Taken::Hand(Box::new(Hand {
            lease: job.lease,
            publication,
            spec,
            progress,
            credentials,
            item: None,
        })))
    }

    /// Writes down the notes, and what else is new. Files that were handed in are of no more use when it is out, or
    /// never will be; where nobody knows, they stay, since it may be ordered again.
    pub(super) async fn note(
        &self,
        hand: &Hand,
        change: PublicationChange,
    ) -> Result<Next, StoreError> {
        let let_go: Vec<_> = match change.state {
            Some(State::Published | State::Failed) => hand.spec.uploads().collect(),
            _ => Vec::new(),
        };
        let change = PublicationChange {
            progress: Some(hand.progress.stored()),
            let_go: let_go.clone(),
            ..change
        };
        let id = hand.publication.id;
        let mine = self
            .store
            .publication_change(&hand.lease, id, change)
            .await?;
        for upload in let_go {
            self.shelf.clear(&self.store, upload).await?;
        }
        Ok(if mine.is_some() { Next::On } else { Next::Over })
    }

    /// Writes down the notes and the next state.
    pub(super) async fn go(&self, hand: &mut Hand, state: State) -> Result<Next, StoreError> {
        hand.progress.waits_for = None;
        let change = PublicationChange {
            state: Some(state),
            ..PublicationChange::default()
        };
        self.note(hand, change).await
    }

    /// It will not be published, and this is why.
    pub(super) async fn fail(&self, hand: &mut Hand, error: &ApiError) -> Result<Next, StoreError> {
        let error = match hand.item {
            Some(at) => error.clone().within(&format!("items[{at}]")),
            None => error.clone(),
        };
        hand.progress.error = Some(error.body());
        self.go(hand, State::Failed).await?;
        metrics::counter!("gramophone_publications_total", "outcome" => "failed").increment(1);
        Ok(Next::Over)
    }

    async fn begin(&self, hand: &mut Hand) -> Result<Next, StoreError> {
        let publish_at_ms = hand.publication.publish_at_ms;
        let begin_ms = publish_at_ms.map_or(0, |at_ms| at_ms.saturating_sub(LEAD_MS));
        if begin_ms > self.clock.now_ms() {
            return Ok(Next::At(begin_ms, "its_time"));
        }
        self.go(hand, State::Preparing).await
    }

    /// Asks Meta, within the allowance.
    pub(super) async fn ask<E: Endpoint>(
        &self,
        hand: &Hand,
        call: &E,
    ) -> Result<E::Answer, Failed> {
        self.permit(hand)?;
        let answer = self.graph.ask(&hand.credentials, call).await;
        answer.map_err(|error| {
            self.learn(hand, &error);
            Failed::Call(error)
        })
    }

    pub(super) fn permit(&self, hand: &Hand) -> Result<(), Failed> {
        let now_ms = self.clock.now_ms();
        let account = &hand.credentials.account;
        match self
            .budget
            .take(account, Bucket::Other, Urgency::CanWait, now_ms)
        {
            Permit::Go => Ok(()),
            Permit::Wait { until_ms } => Err(Failed::Wait(until_ms)),
        }
    }

    pub(super) fn learn(&self, hand: &Hand, error: &CallError) {
        if let Some(graph) = error.graph() {
            let now_ms = self.clock.now_ms();
            let account = &hand.credentials.account;
            let _ = self
                .budget
                .learn_error(account, Bucket::Other, graph, now_ms);
        }
    }

    /// The job crashed its process again and again.
    async fn bury(&self, job: &Claimed) -> Result<(), StoreError> {
        let Taken::Hand(mut hand) = self.take(job, 0).await? else {
            return Ok(());
        };
        let (state, error) = if hand.publication.state == State::Publishing {
            (State::Unknown, super::settle::unknown())
        } else {
            (State::Failed, ApiError::not_in_time())
        };
        hand.progress.error = Some(error.body());
        self.go(&mut hand, state).await.map(drop)
    }
}

fn done(note: &str) -> Finish {
    Finish::Done {
        note: note.to_owned(),
    }
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
