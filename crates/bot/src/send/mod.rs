//! Visible sends: never twice, never lost without a word.
//!
//! Neither side of the wire offers a key that would make a repeat harmless. So the intention is
//! written down before the call, the call is made once, and a call whose outcome is not known is
//! looked for in the thread instead of being repeated. What remains is documented: a message that
//! the platform accepts later than the settle time, after two readings showed nothing, would be
//! seen twice.
//!
//! Longer than 400 lines: the protocol is told in one place, from the plan to the outcome.

mod account;
mod recognise;
mod reconcile;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use store::{
    Clock, Conversation, Intent, IntentIn, Lease, NewPart, Part, PartState, Settle, Store,
    StoreError,
};
use tracing::{info, warn};

pub use recognise::hash_of;

use crate::channel::{Channel, ChannelError, Content, Handed, Outcome, Reaction, Sent};
use crate::settings::SendSettings;

/// Waits up to this for a permit are waited out in place.
const SHORT_WAIT: Duration = Duration::from_secs(2);
/// Between the commit of the intention and the call lie microseconds. If it took this long, the
/// process was asleep and its lease may be somebody else's: the call is not made.
const STALE_INTENT: Duration = Duration::from_secs(5);
/// How long to wait for another send of the same conversation.
const HELD_MS: i64 = 1_000;
/// How often a parked job looks whether its account works again.
pub(crate) const PARKED_MS: i64 = 60_000;
/// A platform whose messages are found by asking for them settles a try at once or not at all.
const PROBED_SETTLE_SECONDS: u32 = 15;
/// A file's name at the platform is remembered this long. Its life is not documented anywhere; a stale name is noticed
/// and the file handed in again.
pub(crate) const ATTACHMENT_MS: i64 = 30 * 24 * 3_600_000;
/// First and longest wait after a refusal that may pass.
const LATER_MS: (i64, i64) = (2_000, 300_000);

/// Who sends what to whom, under which lease.
#[derive(Clone)]
#[allow(missing_debug_implementations)]
pub struct Route {
    /// The job's lease; every write compares it.
    pub lease: Lease,
    /// To whom.
    pub conversation: Conversation,
    /// Through what.
    pub channel: Arc<dyn Channel>,
    /// The message that is being answered: ours are newer than it.
    pub asked_mid: Option<String>,
}

/// How far the delivery got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// Every part is settled; `unresolved` counts those whose fate nobody could tell.
    All {
        /// Parts left alone.
        unresolved: usize,
    },
    /// Go on then; nothing is wrong with the job.
    Pause {
        /// When.
        until_ms: i64,
        /// What for.
        why: &'static str,
    },
    /// No further part of this job can be sent as it stands.
    Stop(Stop),
}

/// Why a delivery ends early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The person has not written for a day.
    WindowClosed,
    /// The person cannot be written to.
    PersonUnreachable,
    /// Another program leads the conversation.
    NotOurThread,
    /// The upload is gone.
    StaleFile,
    /// Pictures must go one by one.
    OneByOne,
    /// The message to be changed is gone: the person took it away.
    MessageGone,
    /// The platform refuses this message for good.
    Refused(String),
}

impl Stop {
    /// The word in the outbox and in job reasons.
    pub fn reason(&self) -> String {
        match self {
            Self::WindowClosed => "window_closed".into(),
            Self::PersonUnreachable => "person_unreachable".into(),
            Self::NotOurThread => "thread_owned_by_other".into(),
            Self::StaleFile => "stale_file".into(),
            Self::OneByOne => "one_by_one".into(),
            Self::MessageGone => "message_gone".into(),
            Self::Refused(code) => format!("send_refused {code}"),
        }
    }

    fn of(reason: &str) -> Option<Self> {
        [
            Self::WindowClosed,
            Self::PersonUnreachable,
            Self::NotOurThread,
            Self::StaleFile,
            Self::OneByOne,
            Self::MessageGone,
        ]
        .into_iter()
        .find(|stop| stop.reason() == reason)
    }
}

/// The part that says that the answer is on its way.
pub(crate) const STATUS: &str = "status";
/// What the names of the parts begin with that say that a thing to watch waits for its turn; its number follows.
pub(crate) const QUEUED: &str = "queued-";
/// A try whose outcome nobody could tell.
const OUTCOME_UNKNOWN: &str = "outcome_unknown";
/// A message that the platform kept losing.
const NEVER_ACCEPTED: &str = "never_accepted";

/// A part as the outbox stores it.
pub fn part(name: impl Into<String>, seq: i32, content: &Content) -> NewPart {
    NewPart {
        part: name.into(),
        seq,
        kind: content.kind().to_owned(),
        body: serde_json::to_value(content).unwrap_or(Value::Null),
        hash: hash_of(content),
    }
}

/// Sends parts by the protocol.
#[derive(Clone)]
#[allow(missing_debug_implementations)]
pub struct Sender {
    store: Store,
    clock: Arc<dyn Clock>,
    settings: SendSettings,
}

/// What one look at one part came to.
enum Look {
    /// Settled; the next part may go.
    Next {
        unresolved: bool,
    },
    /// Its state has changed; look again.
    Again,
    Pause(i64, &'static str),
    Stop(Stop),
}

/// Whether a part may go out now.
enum Ready<'p> {
    /// With this written down first.
    Go(IntentIn),
    /// A part of this very job whose outcome is open holds the conversation: it is settled first.
    Open(&'p Part),
    /// The account needs its owner.
    Parked,
    /// The person has not written for a day.
    WindowClosed,
    /// The rate allows it after this long.
    Wait(Duration),
}

impl Sender {
    /// A sender over this store.
    pub fn new(store: Store, clock: Arc<dyn Clock>, settings: SendSettings) -> Self {
        Self {
            store,
            clock,
            settings,
        }
    }

    /// Stores the parts (once) and sends those that are not settled yet, in their order.
    pub async fn deliver(
        &self,
        route: &Route,
        parts: Vec<NewPart>,
    ) -> Result<Delivered, StoreError> {
        let names: Vec<String> = parts.iter().map(|part| part.part.clone()).collect();
        self.send_all(route, &names, Some(parts)).await
    }

    /// `unplanned` is what may have to be written down first.
    async fn send_all(
        &self,
        route: &Route,
        names: &[String],
        mut unplanned: Option<Vec<NewPart>>,
    ) -> Result<Delivered, StoreError> {
        let mut unresolved = 0;
        for name in names {
            loop {
                let parts = self.store.parts(route.lease.job_id).await?;
                let look = match unplanned.take() {
                    Some(plan) => self.plan(route, plan, &parts).await?,
                    None => match parts.iter().find(|part| part.part == *name) {
                        Some(part) => self.look(route, part, &parts).await?,
                        None => break,
                    },
                };
                match look {
                    Look::Next { unresolved: left } => {
                        unresolved += usize::from(left);
                        break;
                    }
                    Look::Again => {}
                    Look::Pause(until_ms, why) => return Ok(Delivered::Pause { until_ms, why }),
                    Look::Stop(stop) => return Ok(Delivered::Stop(stop)),
                }
            }
        }
        Ok(Delivered::All { unresolved })
    }

    /// Goes on with the parts of this name that the job planned before, if it planned any.
    pub async fn resume(
        &self,
        route: &Route,
        prefix: &str,
    ) -> Result<Option<Delivered>, StoreError> {
        let mut names = self.planned(route).await?;
        names.retain(|name| name.starts_with(prefix));
        if names.is_empty() {
            return Ok(None);
        }
        self.send_all(route, &names, None).await.map(Some)
    }

    async fn planned(&self, route: &Route) -> Result<Vec<String>, StoreError> {
        let parts = self.store.parts(route.lease.job_id).await?;
        Ok(parts.into_iter().map(|part| part.part).collect())
    }

    async fn look(&self, route: &Route, part: &Part, all: &[Part]) -> Result<Look, StoreError> {
        match part.state {
            PartState::Sent => Ok(Look::Next { unresolved: false }),
            PartState::Failed => Ok(after_failure(part.reason.as_deref().unwrap_or_default())),
            PartState::Planned | PartState::Absent => self.attempt(route, part, all).await,
            PartState::Intent | PartState::Unknown => self.reconcile(route, part).await,
        }
    }

    /// Writes down what will be sent. If the first part may go at once, its try is written down with it: one commit.
    async fn plan(
        &self,
        route: &Route,
        parts: Vec<NewPart>,
        all: &[Part],
    ) -> Result<Look, StoreError> {
        let is_known = |part: &NewPart| all.iter().any(|known| known.part == part.part);
        if parts.iter().all(is_known) {
            return Ok(Look::Again);
        }
        let is_new = !parts.iter().any(is_known);
        let first = parts.first().and_then(|part| content_of(&part.body));
        if let (true, Some(content)) = (is_new, first)
            && let Ready::Go(intent) = self.ready(route, &content, all).await?
        {
            let started = Instant::now();
            let (part, answer) = self
                .store
                .plan_and_try(&route.lease, &route.conversation, parts, intent)
                .await?;
            return self
                .after_intent(route, &part, &content, answer, started)
                .await;
        }
        self.store
            .plan_parts(&route.lease, &route.conversation, parts)
            .await?;
        Ok(Look::Again)
    }

    async fn attempt(&self, route: &Route, part: &Part, all: &[Part]) -> Result<Look, StoreError> {
        let Some(content) = content_of(&part.body) else {
            return self.fail(route, part, "unreadable_part".into()).await;
        };
        match self.ready(route, &content, all).await? {
            Ready::Parked => Ok(Look::Pause(self.clock.now_ms() + PARKED_MS, "account")),
            Ready::Open(open) => self.reconcile(route, open).await,
            Ready::WindowClosed => self.stop(route, part, Stop::WindowClosed).await,
            Ready::Wait(wait) if wait > SHORT_WAIT => {
                Ok(Look::Pause(self.clock.now_ms() + millis(wait), "budget"))
            }
            // A fixed rate opens again within a second. Handing the job back would have every waiting job claimed,
            // looked at and put back for each message that may go.
            Ready::Wait(wait) => {
                self.clock.wait_out(wait).await;
                Ok(Look::Again)
            }
            Ready::Go(intent) => {
                let started = Instant::now();
                let answer = self.store.intent(&route.lease, part.id, intent).await?;
                self.after_intent(route, part, &content, answer, started)
                    .await
            }
        }
    }

    /// Whether a part with this content may go out now.
    async fn ready<'p>(
        &self,
        route: &Route,
        content: &Content,
        all: &'p [Part],
    ) -> Result<Ready<'p>, StoreError> {
        if !self.account_works(route).await? {
            return Ok(Ready::Parked);
        }
        if let Some(open) = all.iter().find(|other| other.state.is_open()) {
            return Ok(Ready::Open(open));
        }
        let until_ms = match route.channel.limits().window_ms {
            Some(window_ms) => {
                let last_inbound_ms = self.store.last_inbound_ms(&route.conversation).await?;
                last_inbound_ms.unwrap_or(0).saturating_add(window_ms)
            }
            None => i64::MAX,
        };
        if self.clock.now_ms() >= until_ms {
            return Ok(Ready::WindowClosed);
        }
        if let Err(wait) = route.channel.permit(&route.conversation, content) {
            return Ok(Ready::Wait(wait));
        }
        let newest = newest_mid(all).or_else(|| route.asked_mid.clone());
        Ok(Ready::Go(IntentIn {
            cursor_mid: route.channel.cursor(&route.conversation, newest.as_deref()),
            window_open_until_ms: until_ms,
        }))
    }

    async fn after_intent(
        &self,
        route: &Route,
        part: &Part,
        content: &Content,
        answer: Intent,
        started: Instant,
    ) -> Result<Look, StoreError> {
        match answer {
            Intent::Go { .. } if started.elapsed() > STALE_INTENT => {
                self.settle(route, part, Settle::Planned).await?;
                Ok(Look::Again)
            }
            Intent::Go { attempt } => self.send(route, part, content, attempt).await,
            Intent::Held => Ok(Look::Pause(self.clock.now_ms() + HELD_MS, "conversation")),
            Intent::WindowClosed => self.stop(route, part, Stop::WindowClosed).await,
            Intent::AlreadySettled(_) => Ok(Look::Again),
        }
    }

    /// The one call, and what its answer says about the thread.
    async fn send(
        &self,
        route: &Route,
        part: &Part,
        content: &Content,
        attempt: i32,
    ) -> Result<Look, StoreError> {
        let error = match route.channel.send(&route.conversation, content).await {
            Ok(sent) => {
                let mid = Some(sent.mid.clone());
                self.settle(route, part, Settle::Sent { mid }).await?;
                self.remember_files(route, content, &sent).await?;
                return Ok(Look::Next { unresolved: false });
            }
            Err(error) => error,
        };
        warn!(
            job = %route.lease.job_id, part = part.part, code = error.code,
            fbtrace_id = error.trace.as_deref(), may_be_done = error.may_be_done, attempt,
            "a send did not succeed"
        );
        if error.may_be_done {
            self.settle(route, part, Settle::Unknown).await?;
            return Ok(Look::Again);
        }
        // Counted from the answer: the channel counts its own waits from there too, and must not be asked sooner.
        let now_ms = self.clock.now_ms();
        self.after_refusal(route, part, &error, now_ms, attempt)
            .await
    }

    /// The platform's names for files that went out by their bytes: the next asker's message only names them.
    async fn remember_files(
        &self,
        route: &Route,
        content: &Content,
        sent: &Sent,
    ) -> Result<(), StoreError> {
        let until_ms = self.clock.now_ms() + ATTACHMENT_MS;
        for (handed, name) in content.files().iter().zip(&sent.files) {
            if let Handed::Local(file) = handed {
                let account = &route.conversation.account;
                self.store
                    .remember_attachment(account, &file.hash, name, until_ms)
                    .await?;
            }
        }
        Ok(())
    }

    /// The times of the protocol on this channel.
    fn times(&self, route: &Route) -> SendSettings {
        match route.channel.limits().outcome {
            Outcome::Thread => self.settings,
            Outcome::Probe => SendSettings {
                settle_seconds: self.settings.settle_seconds.min(PROBED_SETTLE_SECONDS),
                ..self.settings
            },
        }
    }

    async fn after_refusal(
        &self,
        route: &Route,
        part: &Part,
        error: &ChannelError,
        now_ms: i64,
        attempt: i32,
    ) -> Result<Look, StoreError> {
        let stop = match error.reaction {
            Reaction::WindowClosed => Stop::WindowClosed,
            Reaction::PersonUnreachable => Stop::PersonUnreachable,
            Reaction::NotOurThread => Stop::NotOurThread,
            Reaction::StaleFile => Stop::StaleFile,
            Reaction::OneByOne => Stop::OneByOne,
            Reaction::MessageGone => Stop::MessageGone,
            Reaction::Refused => Stop::Refused(error.code.clone()),
            Reaction::Later(after) => {
                self.settle(route, part, Settle::Planned).await?;
                let doublings = u32::try_from(attempt - 1).unwrap_or(0).min(10);
                let wait = after.map_or((LATER_MS.0 << doublings).min(LATER_MS.1), millis);
                return Ok(Look::Pause(now_ms + wait, "platform"));
            }
            Reaction::Throttled(after) => {
                self.settle(route, part, Settle::Planned).await?;
                return Ok(Look::Pause(
                    now_ms + after.map_or(PARKED_MS, millis),
                    "throttled",
                ));
            }
            Reaction::NeedsLogin | Reaction::AccountStopped => {
                self.settle(route, part, Settle::Planned).await?;
                self.park(route, error).await?;
                return Ok(Look::Pause(now_ms + PARKED_MS, "account"));
            }
        };
        self.stop(route, part, stop).await
    }

    async fn stop(&self, route: &Route, part: &Part, stop: Stop) -> Result<Look, StoreError> {
        self.settle(
            route,
            part,
            Settle::Failed {
                reason: stop.reason(),
            },
        )
        .await?;
        Ok(Look::Stop(stop))
    }

    async fn fail(&self, route: &Route, part: &Part, reason: String) -> Result<Look, StoreError> {
        self.settle(route, part, Settle::Failed { reason }).await?;
        Ok(Look::Again)
    }

    async fn settle(&self, route: &Route, part: &Part, settle: Settle) -> Result<(), StoreError> {
        let outcome = match &settle {
            Settle::Sent { .. } => "sent",
            Settle::Unknown => "unknown",
            Settle::Absent => "absent",
            Settle::Planned => "refused_for_now",
            Settle::Failed { .. } => "failed",
        };
        self.store.settle(&route.lease, part.id, settle).await?;
        metrics::counter!("gramophone_sends_total", "kind" => part.kind.clone(), "outcome" => outcome)
            .increment(1);
        info!(job = %route.lease.job_id, part = part.part, outcome, "a send was settled");
        Ok(())
    }
}

/// Whether a person has, or may have, heard more of this job than that it is on its way. Such a job is never begun anew:
/// what it said would be said twice.
pub fn may_have_been_heard(parts: &[Part]) -> bool {
    parts.iter().filter(|part| part.part != STATUS).any(|part| {
        part.state == PartState::Sent
            || part.state.is_open()
            || part.reason.as_deref() == Some(OUTCOME_UNKNOWN)
    })
}

fn after_failure(reason: &str) -> Look {
    if matches!(reason, OUTCOME_UNKNOWN | NEVER_ACCEPTED) {
        return Look::Next { unresolved: true };
    }
    let stop = Stop::of(reason).unwrap_or_else(|| {
        Stop::Refused(
            reason
                .strip_prefix("send_refused ")
                .unwrap_or(reason)
                .to_owned(),
        )
    });
    Look::Stop(stop)
}

fn content_of(body: &Value) -> Option<Content> {
    serde_json::from_value(body.clone()).ok()
}

/// The words of a stored part, if it is words.
pub(crate) fn words_of(part: &Part) -> Option<String> {
    match content_of(&part.body)? {
        Content::Text { text, .. } => Some(text),
        Content::File { .. } | Content::Pictures { .. } => None,
    }
}

/// The last message of ours that this job's parts became.
fn newest_mid(parts: &[Part]) -> Option<String> {
    parts
        .iter()
        .filter(|part| part.mid.is_some())
        .max_by_key(|part| part.intent_at_ms)
        .and_then(|part| part.mid.clone())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
