//! One reel on its way: who asked for it, and the last word when it cannot be had.

use std::sync::Arc;

use async_trait::async_trait;
use media::Language;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Claimed, Conversation, EventRow, Finish, Handler, JobRow, NewJob, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use uuid::Uuid;

use crate::channel::{Content, Frame, Inbound};
use crate::choices;
use crate::context::{Context, Halt, after_delivery, after_store_error, conversation_of, count};
use crate::desk::{Desk, WORDS};
use crate::final_text::{self, place as place_in_list};
use crate::pipeline;
use crate::place;
use crate::plan::{Ask, REEL};
use crate::reply::Apology;
use crate::send::{Delivered, Route, STATUS, Stop, part, words_of};
use crate::texts::{Arg, Failure, Text, say_on};

/// The step that says that the person is to be told of a failure.
const FAILED: &str = "failed";

/// What a job of the reel queue carries. The address of the media stays in the stored event, so
/// that it is kept in one place and forgotten in one place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReelJob {
    pub(crate) event_id: Uuid,
    pub(crate) key: String,
    pub(crate) n: u32,
    pub(crate) of: u32,
    pub(crate) language: Language,
    /// The job that took the message in and told the person so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reply_job: Option<Uuid>,
    /// The message that the answer replaces, where it was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) placeholder: Option<String>,
    /// The person asked for it once more, after it had failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_again: bool,
}

/// A reel may stumble over the network, over a crash of ours, and over Instagram's mood.
const ATTEMPTS: i32 = 5;

impl ReelJob {
    /// What such a job carries, read back.
    pub(crate) fn read(payload: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(payload)
    }

    /// The same of any job; none where it is another queue's.
    pub(crate) fn of(job: &JobRow) -> Option<Self> {
        (job.queue == REEL).then(|| Self::read(&job.payload).ok())?
    }

    /// The job that answers this, in the line of the conversation.
    pub(crate) fn job(&self, to: &Conversation) -> NewJob {
        let payload = serde_json::to_value(self).unwrap_or(Value::Null);
        let mut job = NewJob::new(REEL, payload);
        job.order_key = Some(to.key());
        job.person = Some(to.person.clone());
        job.max_attempts = ATTEMPTS;
        job
    }
}

/// A reel that died once more, for an operator who has removed the cause. Nothing is charged: what a dead job had
/// cost was given back. `tries` are the jobs of the event, each with whether the person may have heard of it; nothing
/// comes of a reel that one of them answers, or of which anything was heard.
pub fn reel_again(dead: &JobRow, event: &EventRow, tries: &[(JobRow, bool)]) -> Option<NewJob> {
    let reel = ReelJob::of(dead)?;
    let same: Vec<_> = tries
        .iter()
        .filter(|(job, _)| ReelJob::of(job).is_some_and(|other| other.n == reel.n))
        .collect();
    let is_last = same
        .iter()
        .all(|(job, heard)| job.state == "dead" && job.id <= dead.id && !heard);
    if !is_last {
        return None;
    }
    let mut job = reel.job(&conversation_of(event)?);
    // Two replays at once are one job.
    job.dedupe_key = Some(format!("{}:{}:replay-{}", event.id, reel.n, same.len()));
    Some(job)
}

/// Runs the reel queue.
pub(crate) struct ReelHandler(pub(crate) Arc<Context>);

#[async_trait]
impl Handler for ReelHandler {
    async fn run(&self, job: &Claimed) -> Finish {
        let finish = match Box::pin(answer(&self.0, job)).await {
            Ok(finish) | Err(Halt::Finish(finish)) => finish,
            Err(Halt::Failed(failure)) => Finish::Dead {
                reason: failure.as_str().to_owned(),
            },
            Err(Halt::Store(error)) => after_store_error(job, &error),
        };
        count(job, &finish);
        finish
    }

    async fn buried(&self, job: &Claimed, reason: &str) {
        if let Err(error) = bury(&self.0, job).await {
            warn!(job = %job.id, %error, reason, "a dead reel could not be laid to rest");
        }
    }
}

/// The pipeline, the signs of life beside it, and the sentence when it fails.
async fn answer(ctx: &Context, job: &Claimed) -> Result<Finish, Halt> {
    let asked = resolve(ctx, job).await?;
    ctx.check_account(&asked.route).await?;
    if asked.is_stopped(ctx).await? {
        asked.withdraw(ctx).await?;
        return Ok(stopped());
    }
    if let Some(failure) = asked.failed_before(ctx, job).await? {
        return tell_failure(ctx, job, &asked, failure).await;
    }
    let desk = Desk::sit_down(ctx, job, asked).await?;
    let done = CancellationToken::new();
    let work = async {
        let outcome = pipeline::run(&desk).await;
        done.cancel();
        outcome
    };
    let (outcome, signs) = tokio::join!(work, desk.show_signs(&done));
    desk.unless_forgotten().await?;
    signs?;
    match outcome {
        Err(Halt::Failed(failure)) => {
            desk.leave().await?;
            desk.tidy().await;
            desk.unless_stopped().await?;
            tell_failure(ctx, job, &desk.asked, failure).await
        }
        Err(halt) => {
            desk.leave().await?;
            if matches!(halt, Halt::Finish(Finish::Refused { .. })) {
                desk.tidy().await;
            }
            Err(halt)
        }
        Ok(finish) => Ok(finish),
    }
}

/// For somebody who said stop while the work was going on.
pub(crate) fn stopped() -> Finish {
    Finish::Refused {
        reason: "stopped".into(),
        refund: true,
    }
}

/// Who asked for what.
pub(crate) struct Asked {
    pub(crate) reel: ReelJob,
    pub(crate) ask: Ask,
    pub(crate) route: Route,
    /// The message that answers are hung under.
    pub(crate) under: Option<String>,
}

/// Finds the ask of this job in the stored event again.
async fn resolve(ctx: &Context, job: &Claimed) -> Result<Asked, Halt> {
    let reel = ReelJob::read(&job.payload).map_err(|error| {
        Halt::Finish(Finish::Dead {
            reason: format!("payload: {error}"),
        })
    })?;
    let gone = |reason: &str| {
        Halt::Finish(Finish::Refused {
            reason: reason.to_owned(),
            refund: true,
        })
    };
    let row = ctx
        .store
        .event(reel.event_id)
        .await?
        .ok_or_else(|| gone("event_gone"))?;
    let to = conversation_of(&row).ok_or_else(|| gone("event_gone"))?;
    let route = ctx.route(job, to.clone(), row.mid.clone())?;
    let inbound = ctx.read(&route, &row).unwrap_or_default();
    let Inbound { asked, under, .. } = inbound;
    if ctx.is_unsent(&to, row.mid.as_deref()).await? {
        place::withdraw(ctx, &route, &reel).await?;
        return Err(gone("unsent"));
    }
    let ask = asked
        .asks
        .into_iter()
        .find(|ask| ask.key == reel.key)
        .ok_or_else(|| gone("event_gone"))?;
    Ok(Asked {
        reel,
        ask,
        route,
        under,
    })
}

impl Asked {
    async fn failed_before(
        &self,
        ctx: &Context,
        job: &Claimed,
    ) -> Result<Option<Failure>, StoreError> {
        let steps = ctx.store.steps(job.id).await?;
        Ok(steps
            .get(FAILED)
            .and_then(|value| serde_json::from_value(value.clone()).ok()))
    }

    /// Whether the person asked us to be silent.
    pub(crate) async fn is_stopped(&self, ctx: &Context) -> Result<bool, StoreError> {
        let note = ctx.store.conversation_note(self.to()).await?;
        Ok(note.stopped_at_ms.is_some())
    }

    pub(crate) async fn withdraw(&self, ctx: &Context) -> Result<(), Halt> {
        place::withdraw(ctx, &self.route, &self.reel).await
    }

    /// Whether a message that another program named cannot be changed: then ours are new. One of ours that is gone was
    /// taken away by the person.
    pub(crate) fn has_lost_its_place(&self, delivered: &Delivered) -> bool {
        *delivered == Delivered::Stop(Stop::MessageGone)
            && self.reel.placeholder.is_some()
            && !self.reel.is_again
    }

    /// What surrounds the first message of the answer.
    pub(crate) async fn frame(&self, ctx: &Context) -> Result<Frame, Halt> {
        let over = place::settled(ctx, &self.route, &self.reel).await?;
        Ok(match over {
            Some(_) => Frame {
                over,
                ..Frame::default()
            },
            None => self.alone(),
        })
    }

    /// What surrounds a message of the answer that replaces nothing.
    pub(crate) fn alone(&self) -> Frame {
        Frame {
            under: self.under.clone(),
            ..Frame::default()
        }
    }

    pub(crate) fn to(&self) -> &Conversation {
        &self.route.conversation
    }
}

/// Says why it could not be done; the allowance is given back.
async fn tell_failure(
    ctx: &Context,
    job: &Claimed,
    asked: &Asked,
    failure: Failure,
) -> Result<Finish, Halt> {
    let reason = failure.as_str().to_owned();
    let refused = Finish::Refused {
        reason: reason.clone(),
        refund: true,
    };
    let value = serde_json::to_value(failure).unwrap_or(Value::Null);
    let mut frame = asked.frame(ctx).await?;
    let steps = ctx.store.steps(job.id).await?;
    if !steps.contains_key(FAILED) {
        // Two machines may go on telling each other about one link; a person reads it once. But a message that says
        // that the answer comes is never left so, and whoever asks once more is told once more.
        let about = format!("{reason} {}", asked.ask.key);
        let (key, token) = (asked.to().key(), job.id.to_string());
        let is_new = ctx.brake.error(&key, &about, &token, ctx.now_ms());
        if !is_new && frame.over.is_none() && !asked.reel.is_again {
            return Ok(refused);
        }
        ctx.store.step_done(&job.lease, FAILED, value).await?;
    }
    let language = asked.reel.language;
    let minutes = ctx.settings.files.max_duration_seconds / 60;
    let minutes = (
        "minutes",
        Arg::Number(i64::try_from(minutes).unwrap_or(i64::MAX)),
    );
    let channel = asked.route.channel.name();
    let mut text = say_on(channel, language, Text::Failed(failure), &[minutes]);
    if let Some(place) = place_in_list(language, Some((asked.reel.n, asked.reel.of))) {
        text = format!("{place}: {text}");
    }
    frame.choices = choices::after_failure(job.id, failure, language, &*asked.route.channel);
    let content = Content::framed(text, frame);
    metrics::counter!("gramophone_failures_total", "class" => failure.as_str()).increment(1);
    let sender = &ctx.sender;
    let parts = vec![part("failure-0", 200, &content)];
    let mut delivered = sender.deliver(&asked.route, parts).await?;
    if asked.has_lost_its_place(&delivered) {
        place::lose(ctx, &asked.route).await?;
        let parts = vec![part("failure-anew", 201, &content.without_place())];
        delivered = sender.deliver(&asked.route, parts).await?;
    }
    match delivered {
        Delivered::All { .. } => Ok(refused),
        other => Ok(after_delivery(other, &reason, true)),
    }
}

/// A job that died of itself: settle what it had open, and tell the person unless the answer had
/// already begun to arrive. Words that promise a video are told apart: the promise is taken back.
async fn bury(ctx: &Context, job: &Claimed) -> Result<(), StoreError> {
    let asked = match resolve(ctx, job).await {
        Ok(asked) => asked,
        Err(Halt::Store(error)) => return Err(error),
        Err(_) => return Ok(()),
    };
    ctx.sender.bury(&asked.route).await?;
    let _ = ctx.store.work_release(&job.lease, &asked.ask.key).await;
    let parts = ctx.store.parts(job.id).await?;
    let has_begun = parts
        .iter()
        .any(|p| p.part != STATUS && p.state == store::PartState::Sent);
    let promised_by = parts
        .iter()
        .find(|part| part.part == WORDS && part.mid.is_some())
        .and_then(words_of)
        .and_then(|text| final_text::unpromised(asked.reel.language, &text))
        .map(|_| job.id);
    if has_begun && promised_by.is_none() {
        return Ok(());
    }
    let failure = asked
        .failed_before(ctx, job)
        .await?
        .unwrap_or(Failure::Internal);
    let to = asked.route.conversation;
    let apology = Apology {
        channel: to.channel,
        account: to.account,
        person: to.person,
        language: asked.reel.language,
        failure,
        asked_mid: asked.route.asked_mid,
        reel: Some(asked.reel),
        promised_by,
    };
    ctx.store.enqueue(apology.job(job.id)).await.map(|_| ())
}
