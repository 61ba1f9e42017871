//! Asking Meta: a permit for each call, another try where the code says that it passes, and a count of it all.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use graph_api::{
    budget::{Bucket, Permit, Urgency},
    error::{CallError, ErrorKind, Reaction},
    insights::{Family, Gather, Surface},
    request::Endpoint,
};

use crate::{
    api::{Account, ApiError, Gate, learn, permit},
    error::throttled,
};

/// How often a read is made at most, the first time included, for somebody who waits. What nobody waits for is tried
/// once and again when it is asked for again.
const TRIES: u32 = 3;
/// The first pause between two tries; each further one doubles.
const PAUSE_MS: u64 = 250;

/// Why Meta gave nothing.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// The call failed.
    Call(CallError),
    /// It was not made.
    Api(ApiError),
}

impl From<Trouble> for ApiError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Api(error) => error,
            // A read changes nothing, so a lost answer is only a late one, and nothing needs to be looked for.
            Trouble::Call(error) if passes(&error) || is_unclear(&error) => Self::new(
                axum::http::StatusCode::BAD_GATEWAY,
                "meta_unavailable",
                "Meta did not answer this call, tried several times",
            )
            .next_step("Send it again after Retry-After.")
            .retry_after(Duration::from_secs(30))
            .about("meta")
            .caused_by(&error),
            Trouble::Call(error) => error.into(),
        }
    }
}

impl Trouble {
    /// What Meta's error means, if it was Meta's.
    pub(crate) fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Call(error) => error.graph().map(|graph| graph.kind),
            Self::Api(_) => None,
        }
    }

    /// Meta refuses this very request, so that a smaller one may be taken. Code 10 is "no permission" and, for a
    /// story, "not enough viewers". What Meta calls unknown is none: it passes, or nobody knows what it was about.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self.kind(),
            Some(
                ErrorKind::BadRequest
                    | ErrorKind::BeforeBusiness
                    | ErrorKind::Permission
                    | ErrorKind::NeedsAdvancedAccess
                    | ErrorKind::Other
            )
        )
    }

    /// Too much was asked for at once, or Meta could not do it: a smaller request may be answered. For a list that is too
    /// large Meta has the words of any other fault.
    pub(crate) fn is_too_much(&self) -> bool {
        match self {
            Self::Call(error) => error.is_too_long() || self.kind() == Some(ErrorKind::Service),
            Self::Api(_) => false,
        }
    }

    /// The login may not do this.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(
            self.kind(),
            Some(ErrorKind::Permission | ErrorKind::NeedsAdvancedAccess)
        )
    }
}

/// One caller's business with Meta; it may take several calls.
#[derive(Debug)]
pub(crate) struct Errand<'a> {
    pub(crate) gate: &'a Gate,
    pub(crate) account: &'a Account,
    urgency: Urgency,
    calls: AtomicU32,
    /// There is an older answer to give: no waiting for a permit.
    hurried: AtomicBool,
}

/// What a list of metrics brought: what was read, and what Meta does not give.
#[derive(Debug)]
pub(crate) struct Found<T> {
    pub(crate) read: Vec<T>,
    pub(crate) refused: Vec<&'static str>,
    /// Of these, what others need not ask for.
    pub(crate) learned: Vec<&'static str>,
    /// The object itself has no numbers; how it was refused.
    pub(crate) object: Option<Trouble>,
}

impl<T> Found<T> {
    /// The same, if the login may read it.
    pub(crate) fn readable(self) -> Result<Self, Trouble> {
        match self.object {
            Some(trouble) if trouble.is_forbidden() => Err(trouble),
            object => Ok(Self { object, ..self }),
        }
    }
}

impl<'a> Errand<'a> {
    pub(crate) fn new(gate: &'a Gate, account: &'a Account, urgency: Urgency) -> Self {
        Self {
            gate,
            account,
            urgency,
            calls: AtomicU32::new(0),
            hurried: AtomicBool::new(false),
        }
    }

    /// Calls made so far.
    pub(crate) fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(crate) fn hurry(&self, hurried: bool) {
        self.hurried.store(hurried, Ordering::Relaxed);
    }

    pub(crate) fn family(&self) -> Family {
        Family::from(&self.account.credentials.login)
    }

    /// Asks Meta, again where it passes.
    pub(crate) async fn ask<E: Endpoint>(&self, endpoint: &E) -> Result<E::Answer, Trouble> {
        let gate = self.gate;
        let mut tries = 0;
        loop {
            self.wait().await?;
            self.calls.fetch_add(1, Ordering::Relaxed);
            tries += 1;
            let credentials = &self.account.credentials;
            let error = match gate.graph.ask(credentials, endpoint).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let closed = learn(gate, &credentials.payer(), Bucket::Other, &error);
            if tries >= TRIES || self.urgency == Urgency::CanWait {
                return Err(match closed {
                    Some(wait) => Trouble::Api(throttled(wait).caused_by(&error)),
                    None => Trouble::Call(error),
                });
            }
            match error.reaction_if_repeatable() {
                // The door is closed now; the next permit says until when, or waits.
                Reaction::Throttled { .. } => {}
                Reaction::RetryLater { .. } if passes(&error) => {
                    let most_ms = PAUSE_MS << tries;
                    let pause_ms = rand::random_range(most_ms / 2..=most_ms);
                    gate.clock.sleep(Duration::from_millis(pause_ms)).await;
                }
                _ => return Err(Trouble::Call(error)),
            }
        }
    }

    async fn wait(&self) -> Result<(), Trouble> {
        let gate = self.gate;
        let payer = self.account.credentials.payer();
        if self.hurried.load(Ordering::Relaxed) || self.urgency == Urgency::CanWait {
            let now_ms = gate.clock.now_ms();
            let permit = gate
                .budget
                .take(&payer, Bucket::Other, self.urgency, now_ms);
            return match permit {
                Permit::Go => Ok(()),
                Permit::Wait { until_ms } => {
                    let wait_ms = until_ms.saturating_sub(now_ms).unsigned_abs();
                    Err(Trouble::Api(throttled(Duration::from_millis(wait_ms))))
                }
            };
        }
        permit(gate, &payer, Bucket::Other, self.urgency)
            .await
            .map_err(Trouble::Api)
    }

    /// Asks for a list of metrics, of which Meta may refuse some. What is refused while its neighbours are not is
    /// remembered.
    pub(crate) async fn gather<E, M>(
        &self,
        surface: Surface,
        metrics: &[&'static str],
        make: M,
    ) -> Result<Found<E::Answer>, Trouble>
    where
        E: Endpoint,
        M: Fn(Vec<String>) -> E + Send + Sync,
    {
        let found = self.search(surface, metrics, make).await?;
        for metric in &found.learned {
            self.gate
                .gateway
                .learn_refusal(self.gate, self.account, surface, metric)
                .await;
        }
        Ok(found)
    }

    /// The same, and nothing is remembered: what was refused may be something else than the metric.
    pub(crate) async fn search<E, M>(
        &self,
        surface: Surface,
        metrics: &[&'static str],
        make: M,
    ) -> Result<Found<E::Answer>, Trouble>
    where
        E: Endpoint,
        M: Fn(Vec<String>) -> E + Send + Sync,
    {
        let gateway = &self.gate.gateway;
        let now_ms = self.gate.clock.now_ms();
        let (wanted, unsupported) = gateway.split(self.family(), surface, metrics, now_ms);
        let mut plan = Gather::new(surface, &wanted);
        let (mut read, mut last) = (Vec::new(), None);
        while let Some(list) = plan.ask() {
            let names = list.iter().map(|metric| (*metric).to_owned()).collect();
            match self.ask(&make(names)).await {
                Ok(answer) => {
                    read.push(answer);
                    plan.answered();
                }
                Err(trouble) => {
                    let kind = trouble.kind().filter(|_| trouble.is_refusal());
                    let Some(kind) = kind else {
                        return Err(trouble);
                    };
                    plan.refused(kind);
                    last = Some(trouble);
                }
            }
        }
        let end = plan.end();
        Ok(Found {
            read,
            refused: unsupported.into_iter().chain(end.refused).collect(),
            learned: end.learned,
            object: end.object.and(last),
        })
    }
}

/// By its code, never by its status: a fault that passes.
fn passes(error: &CallError) -> bool {
    match error.graph() {
        Some(graph) => {
            matches!(
                graph.kind,
                ErrorKind::Service | ErrorKind::MaybeDelivered | ErrorKind::UnknownCause
            ) || graph.is_transient && !graph.kind.is_throttle()
                || graph.kind == ErrorKind::Other && graph.status >= 500
        }
        // As long as it was it will be again.
        None if error.is_too_long() => false,
        None => matches!(error.reaction_if_repeatable(), Reaction::RetryLater { .. }),
    }
}

/// Of a write nobody would know whether it was done.
fn is_unclear(error: &CallError) -> bool {
    error.reaction() == Reaction::Reconcile
}
