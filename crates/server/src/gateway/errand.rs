//! Asking Meta: a permit for each call, another try where the code says that it passes, and a count of it all.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use graph_api::{
    budget::{Bucket, Permit, Urgency},
    error::{CallError, ErrorKind, Reaction},
    insights::{Bisect, Family, Surface},
    request::Endpoint,
};

use crate::{
    api::{Account, ApiError, Gate, learn, permit},
    error::throttled,
};

/// How often a read is made at most, the first time included.
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
            // A read changes nothing, so a lost answer is only a late one.
            Trouble::Call(error) if passes(&error) => Self::new(
                axum::http::StatusCode::BAD_GATEWAY,
                "meta_unavailable",
                "Meta did not answer this call, tried several times",
            )
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
    /// story, "not enough viewers".
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self.kind(),
            Some(
                ErrorKind::BadRequest
                    | ErrorKind::BeforeBusiness
                    | ErrorKind::Permission
                    | ErrorKind::UnknownCause
                    | ErrorKind::Other
            )
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
pub(crate) struct Gathered<T> {
    pub(crate) read: Vec<T>,
    pub(crate) refused: Vec<String>,
    /// The object itself has no numbers; its first refusal.
    pub(crate) object: Option<Trouble>,
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
            learn(gate, &credentials.payer(), Bucket::Other, &error);
            if tries >= TRIES {
                return Err(Trouble::Call(error));
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
        if self.hurried.load(Ordering::Relaxed) {
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

    /// Asks for a list of metrics, of which Meta may refuse some: all at once, then, since one refused metric refuses
    /// all of them, with as few calls as find it. What is refused while its neighbours are not is remembered.
    ///
    /// Longer than other functions: whole list, probes and search are one conversation with Meta.
    pub(crate) async fn gather<E, M>(
        &self,
        surface: Surface,
        metrics: &[&'static str],
        make: M,
    ) -> Result<Gathered<E::Answer>, Trouble>
    where
        E: Endpoint,
        M: Fn(Vec<String>) -> E + Send + Sync,
    {
        let gateway = &self.gate.gateway;
        let now_ms = self.gate.clock.now_ms();
        let (wanted, unsupported) = gateway.split(self.family(), surface, metrics, now_ms);
        let mut gathered = Gathered {
            read: Vec::new(),
            refused: unsupported.into_iter().map(str::to_owned).collect(),
            object: None,
        };
        if wanted.is_empty() {
            return Ok(gathered);
        }
        let named = |list: &[&str]| list.iter().map(|metric| (*metric).to_owned()).collect();
        let first = match self.ask(&make(named(&wanted))).await {
            Ok(read) => {
                gathered.read.push(read);
                return Ok(gathered);
            }
            Err(trouble) if trouble.is_refusal() => trouble,
            Err(trouble) => return Err(trouble),
        };
        // Whether the object or a metric is at fault: two of them by themselves tell.
        let mut rest = wanted.clone();
        let mut refused = Vec::new();
        while refused.len() < 2 && rest.len() > 1 && gathered.read.is_empty() {
            let probe = rest.remove(0);
            match self.ask(&make(named(&[probe]))).await {
                Ok(read) => gathered.read.push(read),
                Err(trouble) if trouble.is_refusal() => refused.push(probe),
                Err(trouble) => return Err(trouble),
            }
        }
        if gathered.read.is_empty() {
            gathered
                .refused
                .extend(wanted.iter().map(|metric| (*metric).to_owned()));
            gathered.object = Some(first);
            return Ok(gathered);
        }
        let mut plan = if refused.is_empty() {
            Bisect::of_refused(&rest)
        } else {
            Bisect::new(&rest)
        };
        while let Some(list) = plan.ask() {
            match self.ask(&make(named(&list))).await {
                Ok(read) => {
                    gathered.read.push(read);
                    plan.answered();
                }
                Err(trouble) if trouble.is_refusal() => plan.refused(),
                Err(trouble) => return Err(trouble),
            }
        }
        refused.extend(plan.into_refused());
        for metric in refused {
            gateway
                .learn_refusal(self.gate, self.account, surface, metric)
                .await;
            gathered.refused.push(metric.to_owned());
        }
        Ok(gathered)
    }
}

/// By its code, never by its status: a fault that passes.
fn passes(error: &CallError) -> bool {
    match error.graph() {
        Some(graph) => {
            matches!(graph.kind, ErrorKind::Service | ErrorKind::MaybeDelivered)
                || graph.is_transient && !graph.kind.is_throttle()
                || graph.kind == ErrorKind::Other && graph.status >= 500
        }
        None => matches!(error.reaction_if_repeatable(), Reaction::RetryLater { .. }),
    }
}
