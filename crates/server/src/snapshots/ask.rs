//! One call to Meta of a job: a permit that gives way to people, and what a failure means for the job.

use std::{collections::BTreeMap, sync::PoisonError, time::Duration};

use bot::Accounts as _;
use graph_api::{
    budget::{Bucket, Permit, Urgency},
    client::Credentials,
    error::{CallError, ErrorKind, GraphError, Reaction},
    insights::{Family, Gather, Insight, Insights, Surface},
    request::Endpoint,
};
use serde_json::Value;
use store::{Claimed, Finish, NumberNotes, Numbers, StoreError};

use super::Snapshots;

/// How long a job stays away where Meta throttles and does not say how long.
const THROTTLED: Duration = Duration::from_mins(5);
/// Meta's code for an unknown error.
const UNKNOWN: i64 = 1;
/// Starts of a job in which it is believed to pass.
const PATIENT: i32 = 3;
/// While the database is away.
const DATABASE_MS: i64 = 30_000;

pub(super) const NO_DATA: &str = "Meta has no data for this yet";
pub(super) const REFUSED: &str = "Meta refused this metric";
pub(super) const TOO_FEW: &str = "Meta gives no numbers: fewer than five viewers";
pub(super) const TOO_FEW_OR_FORBIDDEN: &str = "Meta gives no numbers: fewer than five viewers, or the login lacks the permission for insights";
pub(super) const FORBIDDEN: &str = "the login lacks the permission for insights";
pub(super) const BEFORE: &str = "published before the account became a professional one";

/// Why a job does not go on now.
#[derive(Debug)]
pub(super) struct Halt(Box<Finish>);

impl Halt {
    pub(super) fn finish(self) -> Finish {
        *self.0
    }

    pub(super) fn refused(reason: &str) -> Self {
        Self(Box::new(Finish::Refused {
            reason: reason.to_owned(),
            refund: false,
        }))
    }

    fn wait(until_ms: i64, why: &str) -> Self {
        Self(Box::new(Finish::Wait {
            until_ms,
            why: why.to_owned(),
        }))
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self(Box::new(Finish::Retry {
            after_ms: Some(DATABASE_MS),
            error: error.to_string(),
        }))
    }
}

/// A call that failed, and how long Meta's door is closed since.
struct Failure {
    error: CallError,
    closed: Option<Duration>,
}

/// A job in hand, with what opens its account.
pub(super) struct Run<'a> {
    pub(super) parts: &'a Snapshots,
    pub(super) job: &'a Claimed,
    pub(super) credentials: Credentials,
}

/// What Meta said of one object's numbers.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) numbers: Numbers,
    pub(super) notes: NumberNotes,
    /// The object is not there any more.
    pub(super) is_gone: bool,
    /// The login may not read numbers: nothing to be learned about the numbers themselves.
    pub(super) is_forbidden: bool,
    /// As it came.
    pub(super) answers: Vec<Insights>,
}

impl Run<'_> {
    pub(super) fn now_ms(&self) -> i64 {
        self.parts.clock.now_ms()
    }

    pub(super) fn account(&self) -> &str {
        self.credentials.account.as_str()
    }

    pub(super) fn family(&self) -> Family {
        Family::from(&self.credentials.login)
    }

    pub(super) fn version(&self) -> String {
        self.parts.settings.graph.version.to_string()
    }

    /// The checkpoints of this job.
    pub(super) async fn steps(&self) -> Result<BTreeMap<String, Value>, Halt> {
        Ok(self.parts.store.steps(self.job.id).await?)
    }

    pub(super) async fn step_done(&self, step: &str, data: Value) -> Result<(), Halt> {
        let store = &self.parts.store;
        Ok(store.step_done(&self.job.lease, step, data).await?)
    }

    /// Makes a call. A refusal is an answer; everything else that is not one ends this run of the job.
    pub(super) async fn ask<E: Endpoint>(
        &self,
        endpoint: &E,
    ) -> Result<Result<E::Answer, Box<GraphError>>, Halt> {
        let outcome = self.call(endpoint).await?;
        self.judge(outcome)
    }

    async fn call<E: Endpoint>(&self, endpoint: &E) -> Result<Result<E::Answer, Failure>, Halt> {
        if self.job.stop.is_cancelled() {
            return Err(Halt(Box::new(Finish::HandBack)));
        }
        // Disconnected meanwhile: what Meta would still answer is not ours to keep.
        if self.parts.accounts.credentials(self.account()).is_none() {
            return Err(Halt::refused("the account is not connected any more"));
        }
        let (budget, account) = (&self.parts.budget, &self.credentials.account);
        let permit = budget.take(account, Bucket::Other, Urgency::CanWait, self.now_ms());
        if let Permit::Wait { until_ms } = permit {
            return Err(Halt::wait(until_ms, "Meta's allowance is kept for people"));
        }
        let error = match self.parts.graph.ask(&self.credentials, endpoint).await {
            Ok(answer) => return Ok(Ok(answer)),
            Err(error) => error,
        };
        let closed = error
            .graph()
            .and_then(|graph| budget.learn_error(account, Bucket::Other, graph, self.now_ms()));
        Ok(Err(Failure { error, closed }))
    }

    fn judge<T>(&self, outcome: Result<T, Failure>) -> Result<Result<T, Box<GraphError>>, Halt> {
        let Failure { error, closed } = match outcome {
            Ok(answer) => return Ok(Ok(answer)),
            Err(failure) => failure,
        };
        if let Some(refusal) = refusal(&error, self.job.attempts) {
            return Ok(Err(Box::new(refusal.clone())));
        }
        Err(self.halt(&error, closed))
    }

    /// As [`Self::ask`], for a page of so many: none where that is too much for Meta, or for us to read, and a smaller
    /// one may be taken.
    pub(super) async fn ask_page<E: Endpoint>(
        &self,
        endpoint: &E,
        limit: u32,
    ) -> Result<Option<Result<E::Answer, Box<GraphError>>>, Halt> {
        match self.call(endpoint).await? {
            Err(Failure { error, .. }) if limit > 1 && is_too_much(&error) => Ok(None),
            outcome => self.judge(outcome).map(Some),
        }
    }

    fn halt(&self, error: &CallError, closed: Option<Duration>) -> Halt {
        let finish = match error.reaction_if_repeatable() {
            Reaction::Throttled { after } => {
                let away = closed.or(after).unwrap_or(THROTTLED);
                let until_ms =
                    self.now_ms() + i64::try_from(away.as_millis()).unwrap_or(DATABASE_MS);
                return Halt::wait(until_ms, "Meta's allowance is used up");
            }
            Reaction::RetryLater { after } => Finish::Retry {
                after_ms: after.and_then(|after| i64::try_from(after.as_millis()).ok()),
                error: error.to_string(),
            },
            Reaction::NeedsLogin => {
                return Halt::refused("Meta no longer accepts the account's access token");
            }
            _ => return Halt::refused(&error.to_string()),
        };
        Halt(Box::new(finish))
    }

    /// Asks for the numbers of one object, of which Meta may refuse some: all at once, then, since one refused metric
    /// refuses all, with as few calls as find it.
    pub(super) async fn gather<E, M>(
        &self,
        surface: Surface,
        metrics: &[&'static str],
        make: M,
    ) -> Result<Told, Halt>
    where
        E: Endpoint<Answer = Insights>,
        M: Fn(Vec<String>) -> E + Send + Sync,
    {
        let (wanted, unsupported) = self.split(surface, metrics);
        let mut told = Told::default();
        told.note_all(&unsupported, REFUSED);
        let mut plan = Gather::new(surface, &wanted);
        while let Some(asked) = plan.ask() {
            let names = asked.iter().map(|name| (*name).to_owned()).collect();
            match self.ask(&make(names)).await? {
                Ok(insights) => {
                    plan.answered();
                    told.read(&asked, insights);
                }
                Err(refusal) => plan.refused(refusal.kind),
            }
        }
        let end = plan.end();
        self.learn(surface, &end.learned);
        match end.object {
            None => told.note_all(&end.refused, REFUSED),
            Some(ErrorKind::NotFound | ErrorKind::Gone) => told.is_gone = true,
            Some(ErrorKind::BeforeBusiness) => told.note_all(metrics, BEFORE),
            Some(ErrorKind::Permission | ErrorKind::NeedsAdvancedAccess) => {
                let note = self.why_forbidden(surface);
                told.is_forbidden = note != TOO_FEW;
                told.note_all(metrics, note);
            }
            Some(_) => told.note_all(metrics, REFUSED),
        }
        Ok(told)
    }

    /// The same code says of a story that too few have seen it; what the login granted tells which is meant.
    fn why_forbidden(&self, surface: Surface) -> &'static str {
        match self.parts.accounts.grants_insights(self.account()) {
            Some(true) if surface == Surface::Story => TOO_FEW,
            Some(false) => FORBIDDEN,
            _ => TOO_FEW_OR_FORBIDDEN,
        }
    }

    pub(super) fn split(
        &self,
        surface: Surface,
        metrics: &[&'static str],
    ) -> (Vec<&'static str>, Vec<&'static str>) {
        let support = self.parts.support.lock();
        let support = support.unwrap_or_else(PoisonError::into_inner);
        support.split(self.family(), surface, metrics, self.now_ms())
    }

    fn learn(&self, surface: Surface, refused: &[&str]) {
        let support = self.parts.support.lock();
        let mut support = support.unwrap_or_else(PoisonError::into_inner);
        for metric in refused {
            support.learn(self.family(), surface, metric, self.now_ms());
        }
    }
}

impl Told {
    fn note_all(&mut self, metrics: &[&str], note: &str) {
        for metric in metrics {
            if !self.numbers.contains_key(*metric) {
                self.notes.insert((*metric).to_owned(), note.to_owned());
            }
        }
    }

    fn read(&mut self, asked: &[&str], insights: Insights) {
        for metric in asked {
            let number = insights.get(metric).and_then(Insight::number);
            match number {
                Some(number) => {
                    self.numbers.insert((*metric).to_owned(), number);
                }
                None => self.note_all(&[metric], NO_DATA),
            }
        }
        self.answers.push(insights);
    }
}

/// For a page that is too large Meta has the words of any other fault.
fn is_too_much(error: &CallError) -> bool {
    error.is_too_long() || error.graph().is_some_and(|graph| graph.code == UNKNOWN)
}

/// Meta's refusal of this very request, where it is one. "An unknown error" is mostly a moment's trouble, but what fails
/// so every time is a refusal too: one post must not stop all others.
fn refusal(error: &CallError, attempts: i32) -> Option<&GraphError> {
    let graph = error.graph()?;
    let fails_always = graph.code == UNKNOWN && attempts > PATIENT;
    let is_refused = matches!(
        graph.kind,
        ErrorKind::BadRequest
            | ErrorKind::BeforeBusiness
            | ErrorKind::Permission
            | ErrorKind::NeedsAdvancedAccess
            | ErrorKind::NotFound
            | ErrorKind::Gone
            | ErrorKind::Other
    );
    (is_refused || fails_always).then_some(graph)
}
