//! What every handler needs, built once and handed over.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::tz::TimeZone;
use media::link::Hosts;
use media::{ChannelLimits, Language, Studio};
use store::{Claimed, Clock, Conversation, EventRow, Finish, Store, StoreError};
use tracing::{error, warn};

use crate::brake::Brake;
use crate::channel::{Channel, Inbound};
use crate::pushed;
use crate::send::{Delivered, PARKED_MS, Route, Sender};
use crate::settings::BotSettings;
use crate::texts::Failure;

/// The one state of the bot.
pub(crate) struct Context {
    pub(crate) store: Store,
    pub(crate) channels: Vec<Arc<dyn Channel>>,
    pub(crate) studio: Arc<Studio>,
    pub(crate) settings: BotSettings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) data_dir: PathBuf,
    pub(crate) zone: TimeZone,
    pub(crate) hosts: Hosts,
    pub(crate) brake: Brake,
    pub(crate) sender: Sender,
    /// Until when public pages are left alone, because they asked for calm.
    pub(crate) pages_closed_until_ms: AtomicI64,
}

impl Context {
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The channel of a conversation. One that is not set up now may be tomorrow: its jobs wait.
    pub(crate) fn channel(&self, of: &Conversation) -> Result<Arc<dyn Channel>, Halt> {
        let known = self
            .channels
            .iter()
            .find(|known| known.name() == of.channel);
        known.cloned().ok_or_else(|| {
            Halt::Finish(Finish::Wait {
                until_ms: self.now_ms() + PARKED_MS,
                why: "channel".into(),
            })
        })
    }

    pub(crate) fn route(
        &self,
        job: &Claimed,
        conversation: Conversation,
        asked_mid: Option<String>,
    ) -> Result<Route, Halt> {
        Ok(Route {
            lease: job.lease,
            channel: self.channel(&conversation)?,
            conversation,
            asked_mid,
        })
    }

    /// What a person says with a stored event.
    pub(crate) fn read(&self, route: &Route, event: &EventRow) -> Option<Inbound> {
        if event.kind == pushed::KIND {
            return pushed::read(event);
        }
        route.channel.read(event, &self.hosts)
    }

    /// The channel's limits with the operator's taste.
    pub(crate) fn file_limits(&self, channel: &dyn Channel) -> ChannelLimits {
        ChannelLimits {
            prefer_gif: self.settings.files.prefer_gif,
            ..channel.limits().files
        }
    }

    /// Whether the person has taken their message back.
    pub(crate) async fn is_unsent(
        &self,
        to: &Conversation,
        mid: Option<&str>,
    ) -> Result<bool, StoreError> {
        let Some(mid) = mid else { return Ok(false) };
        let events = self.store.events_of_mid(to, mid).await?;
        Ok(events.iter().any(|event| event.kind == "deleted"))
    }

    /// Nothing is begun for an account that is parked: no download, no upload, not even a sign of life.
    pub(crate) async fn check_account(&self, route: &Route) -> Result<(), Halt> {
        if self.sender.account_works(route).await? {
            return Ok(());
        }
        Err(Halt::Finish(self.parked()))
    }

    /// The finish of a job whose account is parked.
    pub(crate) fn parked(&self) -> Finish {
        Finish::Wait {
            until_ms: self.now_ms() + PARKED_MS,
            why: "account".into(),
        }
    }

    pub(crate) fn close_pages(&self, until_ms: i64) {
        self.pages_closed_until_ms
            .fetch_max(until_ms, Ordering::Relaxed);
    }

    pub(crate) fn language_of(&self, tag: Option<&str>) -> Language {
        tag.and_then(Language::from_tag)
            .unwrap_or(self.settings.language)
    }
}

/// Why a handler stops before its end.
pub(crate) enum Halt {
    /// With this.
    Finish(Finish),
    /// The work cannot be done; the person must be told.
    Failed(Failure),
    /// The database did not do its part.
    Store(StoreError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The finish for a database that did not do its part.
pub(crate) fn after_store_error(job: &Claimed, error: &StoreError) -> Finish {
    let finish = Finish::after(error);
    if finish != Finish::HandBack {
        warn!(job = %job.id, %error, "the database did not do its part");
    }
    finish
}

/// The finish of a job whose last word was this delivery.
pub(crate) fn after_delivery(delivered: Delivered, done: &str, refund_on_stop: bool) -> Finish {
    match delivered {
        Delivered::All { unresolved: 0 } => Finish::Done {
            note: done.to_owned(),
        },
        Delivered::All { unresolved } => Finish::Done {
            note: format!("{done}, {unresolved} of unknown fate"),
        },
        Delivered::Pause { until_ms, why } => Finish::Wait {
            until_ms,
            why: why.to_owned(),
        },
        Delivered::Stop(stop) => Finish::Refused {
            reason: stop.reason(),
            refund: refund_on_stop,
        },
    }
}

/// The conversation a stored event belongs to.
pub(crate) fn conversation_of(row: &EventRow) -> Option<Conversation> {
    let person = row.person.clone()?;
    Some(Conversation::new(
        row.channel.clone(),
        row.account.clone(),
        person,
    ))
}

/// Counts a finished run of a handler.
pub(crate) fn count(job: &Claimed, finish: &Finish) {
    let outcome = match finish {
        Finish::Done { .. } => "done",
        Finish::Refused { .. } => "refused",
        Finish::Retry { .. } => "retry",
        Finish::Wait { .. } => "wait",
        Finish::Dead { .. } => "dead",
        Finish::HandBack => "handed_back",
    };
    metrics::counter!("gramophone_job_runs_total", "queue" => job.queue.clone(), "outcome" => outcome)
        .increment(1);
    if let Finish::Dead { reason } = finish {
        error!(job = %job.id, reason, "a job died");
    }
}

/// Deliberately left unanswered; nothing was charged for it.
pub(crate) fn refused(reason: &str) -> Finish {
    Finish::Refused {
        reason: reason.to_owned(),
        refund: false,
    }
}
