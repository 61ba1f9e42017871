//! One reel on its way: who asked, where its files lie, what is already done.
//!
//! The desk is where the pipeline keeps its checkpoints. What can be shared lies on the work row,
//! which every job with the same key reads; what belongs to one answer lies on the job.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as PlainMutex, PoisonError};

use async_trait::async_trait;
use media::Language;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::{Claimed, Conversation, Finish, Handler, StoreError, WorkState, WorkTurn};
use tokio::sync::Mutex;
use tracing::warn;
use uuid::Uuid;

use crate::channel::{Content, Sign};
use crate::context::{
    Context, Halt, after_delivery, after_store_error, conversation_of, count, event_of,
};
use crate::files::work_dir;
use crate::final_text::place;
use crate::pipeline;
use crate::plan::{self, Ask, Origin};
use crate::print::Print;
use crate::reply::Apology;
use crate::send::{Delivered, Route, part};
use crate::texts::{Arg, Failure, Text, plain, say};

/// How often a job looks whether another job has finished the shared work.
const BUSY_MS: i64 = 2_000;
/// The typing sign fades after about twenty seconds.
const TYPING_MS: i64 = 15_000;
/// An answer that is almost there needs no "got it" before it.
const STATUS_AT_LEAST_MS: i64 = 1_500;
/// Without files there is little to keep, but two who ask at once should still share it.
const KEEP_WORDS_MS: i64 = 3_600_000;
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
    if let Some(failure) = asked.failed_before(ctx, job).await? {
        return tell_failure(ctx, job, &asked, failure).await;
    }
    let desk = Desk::sit_down(ctx, job, asked).await?;
    let done = tokio_util::sync::CancellationToken::new();
    let work = async {
        let outcome = pipeline::run(&desk).await;
        done.cancel();
        outcome
    };
    let (outcome, signs) = tokio::join!(work, desk.show_signs(&done));
    signs?;
    match outcome {
        Err(Halt::Failed(failure)) => {
            desk.leave().await?;
            desk.tidy().await;
            tell_failure(ctx, job, &desk.asked, failure).await
        }
        Err(halt) => {
            desk.leave().await?;
            Err(halt)
        }
        Ok(finish) => Ok(finish),
    }
}

/// Who asked for what.
pub(crate) struct Asked {
    pub(crate) reel: ReelJob,
    pub(crate) ask: Ask,
    pub(crate) route: Route,
}

/// Finds the ask of this job in the stored event again.
async fn resolve(ctx: &Context, job: &Claimed) -> Result<Asked, Halt> {
    let reel: ReelJob = serde_json::from_value(job.payload.clone()).map_err(|error| {
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
    if ctx.is_unsent(&to, row.mid.as_deref()).await? {
        return Err(gone("unsent"));
    }
    let asked = plan::asks(&to.account, &event_of(&row).kind, &ctx.hosts, usize::MAX);
    let ask = asked
        .asks
        .into_iter()
        .find(|ask| ask.key == reel.key)
        .ok_or_else(|| gone("event_gone"))?;
    let route = ctx.route(job, to, row.mid);
    Ok(Asked { reel, ask, route })
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

    fn to(&self) -> &Conversation {
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
    let steps = ctx.store.steps(job.id).await?;
    if !steps.contains_key(FAILED) {
        // Two machines may go on telling each other about one link; a person reads it once.
        let about = format!("{reason} {}", asked.ask.key);
        if !ctx.brake.error(&asked.to().key(), &about, ctx.now_ms()) {
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
    let mut text = say(language, Text::Failed(failure), &[minutes]);
    if let Some(place) = place(language, Some((asked.reel.n, asked.reel.of))) {
        text = format!("{place}: {text}");
    }
    let parts = vec![part("failure-0", 200, &Content::Text { text })];
    metrics::counter!("gramophone_failures_total", "class" => failure.as_str()).increment(1);
    match ctx.sender.deliver(&asked.route, parts).await? {
        Delivered::All { .. } => Ok(refused),
        other => Ok(after_delivery(other, &reason, true)),
    }
}

/// Where one reel is worked on.
pub(crate) struct Desk<'a> {
    pub(crate) ctx: &'a Context,
    pub(crate) job: &'a Claimed,
    pub(crate) asked: Asked,
    /// The folder of the shared work, and its name.
    pub(crate) dir: PathBuf,
    pub(crate) folder: String,
    steps: PlainMutex<BTreeMap<String, Value>>,
    /// The shared work is finished and belongs to nobody: what is added now stays with this run.
    is_shared: AtomicBool,
    /// One visible send of this job at a time; true once the words of the answer went out.
    voice: Mutex<bool>,
    started_ms: i64,
}

/// A checkpoint with the prints of the files it speaks of.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept<T> {
    pub(crate) value: T,
    pub(crate) prints: Vec<Print>,
}

impl<'a> Desk<'a> {
    async fn sit_down(ctx: &'a Context, job: &'a Claimed, asked: Asked) -> Result<Self, Halt> {
        let folder = hex::encode(&Sha256::digest(asked.ask.key.as_bytes())[..16]);
        let dir = work_dir(&ctx.data_dir, &folder);
        let turn = ctx.store.work_join(&job.lease, &asked.ask.key).await?;
        let desk = Self {
            ctx,
            job,
            dir,
            folder,
            asked,
            steps: PlainMutex::default(),
            is_shared: AtomicBool::new(false),
            voice: Mutex::new(false),
            started_ms: ctx.now_ms(),
        };
        match turn {
            WorkTurn::Mine(work) => {
                desk.is_shared
                    .store(work.state == WorkState::Done, Ordering::Relaxed);
                *desk.steps.lock().unwrap_or_else(PoisonError::into_inner) = work.steps;
            }
            WorkTurn::Busy => return Err(Halt::Finish(desk.wait_for_the_other().await?)),
        }
        tokio::fs::create_dir_all(&desk.dir)
            .await
            .map_err(|error| {
                Halt::Finish(Finish::Retry {
                    after_ms: None,
                    error: format!("work folder: {error}"),
                })
            })?;
        Ok(desk)
    }

    /// Somebody else watches the same reel right now; the person still sees that we are there.
    async fn wait_for_the_other(&self) -> Result<Finish, StoreError> {
        let now_ms = self.ctx.now_ms();
        let waited_ms = now_ms - self.job.created_at_ms;
        if waited_ms.rem_euclid(TYPING_MS) < BUSY_MS {
            self.ctx.channel.sign(self.asked.to(), Sign::Typing).await;
        }
        if waited_ms >= self.status_after_ms() {
            self.say_status().await?;
        }
        Ok(Finish::Wait {
            until_ms: now_ms + BUSY_MS,
            why: "shared_work".into(),
        })
    }

    pub(crate) fn language(&self) -> Language {
        self.asked.reel.language
    }

    pub(crate) fn is_last_attempt(&self) -> bool {
        self.job.attempts >= self.job.max_attempts
    }

    pub(crate) fn is_own(&self) -> bool {
        self.asked.ask.origin == Origin::Own
    }

    /// A finished step of the shared work.
    pub(crate) fn kept<T: DeserializeOwned>(&self, step: &str) -> Option<T> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::from_value(steps.get(step)?.clone()).ok()
    }

    /// Records a finished step of the shared work.
    pub(crate) async fn keep<T: Serialize>(&self, step: &str, value: &T) -> Result<(), Halt> {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        if !self.is_shared.load(Ordering::Relaxed) {
            let (lease, key) = (&self.job.lease, &self.asked.ask.key);
            self.ctx
                .store
                .work_step(lease, key, step, value.clone())
                .await?;
        }
        self.steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(step.to_owned(), value);
        Ok(())
    }

    /// Whether every file is what it was when the step was recorded.
    pub(crate) async fn are_intact(&self, prints: &[Print]) -> bool {
        for print in prints {
            if !print.matches(&self.dir).await {
                return false;
            }
        }
        true
    }

    /// The shared part is complete: whoever asks now finds it done.
    pub(crate) async fn share(&self) -> Result<(), Halt> {
        if self.is_shared.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let keep_ms = self.keep_files_ms().unwrap_or(0).max(KEEP_WORDS_MS);
        let until_ms = self.ctx.now_ms() + keep_ms;
        self.ctx
            .store
            .work_done(&self.job.lease, &self.asked.ask.key, until_ms)
            .await?;
        Ok(())
    }

    /// What was recorded is no longer there: begin again from the link.
    pub(crate) async fn start_over(&self) -> Result<Halt, Halt> {
        self.ctx.store.work_forget(&self.asked.ask.key).await?;
        Ok(Halt::Finish(Finish::Wait {
            until_ms: self.ctx.now_ms(),
            why: "files_gone".into(),
        }))
    }

    /// Lets the next asker go on.
    async fn leave(&self) -> Result<(), Halt> {
        match self
            .ctx
            .store
            .work_release(&self.job.lease, &self.asked.ask.key)
            .await
        {
            Ok(()) | Err(StoreError::LeaseLost | StoreError::Conflict(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// How long files stay; `None` in storage-free mode.
    pub(crate) fn keep_files_ms(&self) -> Option<i64> {
        self.ctx
            .settings
            .files
            .keep_seconds
            .map(|seconds| i64::from(seconds) * 1000)
    }

    /// Storage-free mode: with the answer the files go.
    pub(crate) async fn tidy(&self) {
        if self.keep_files_ms().is_none() {
            remove(&self.dir).await;
        }
    }

    /// Sends parts of the answer, never at the same time as the status line.
    pub(crate) async fn deliver(
        &self,
        contents: Vec<(String, i32, Content)>,
    ) -> Result<Delivered, Halt> {
        let mut has_spoken = self.voice.lock().await;
        *has_spoken = true;
        let parts = contents
            .iter()
            .map(|(name, seq, content)| part(name, *seq, content))
            .collect();
        Ok(self.ctx.sender.deliver(&self.asked.route, parts).await?)
    }

    /// Goes on with what this job had planned to say, if it had.
    pub(crate) async fn resume(&self, prefix: &str) -> Result<Option<Delivered>, Halt> {
        let mut has_spoken = self.voice.lock().await;
        let delivered = self.ctx.sender.resume(&self.asked.route, prefix).await?;
        *has_spoken |= delivered.is_some();
        Ok(delivered)
    }

    /// Typing while the work lasts, and one line if it lasts longer than a few seconds.
    async fn show_signs(&self, done: &tokio_util::sync::CancellationToken) -> Result<(), Halt> {
        let clock = &self.ctx.clock;
        let status_at_ms = (self.job.created_at_ms + self.status_after_ms())
            .max(self.started_ms + STATUS_AT_LEAST_MS);
        let mut typing_at_ms = self.started_ms;
        let mut has_status = false;
        loop {
            let next_ms = if has_status {
                typing_at_ms
            } else {
                typing_at_ms.min(status_at_ms)
            };
            tokio::select! {
                () = done.cancelled() => return Ok(()),
                () = clock.sleep_until(next_ms) => {}
            }
            let now_ms = clock.now_ms();
            if now_ms >= typing_at_ms {
                typing_at_ms = now_ms + TYPING_MS;
                self.ctx.channel.sign(self.asked.to(), Sign::Typing).await;
            }
            if !has_status && now_ms >= status_at_ms {
                has_status = true;
                self.say_status().await?;
                self.ctx.channel.sign(self.asked.to(), Sign::Typing).await;
            }
        }
    }

    fn status_after_ms(&self) -> i64 {
        i64::from(self.ctx.settings.status_after_seconds) * 1000
    }

    /// Once per message, and not after the answer has begun. What becomes of the line does not
    /// matter here: if its outcome is open, the answer's own send settles it first.
    async fn say_status(&self) -> Result<(), StoreError> {
        if self.asked.reel.n > 1 {
            return Ok(());
        }
        let has_spoken = self.voice.lock().await;
        if *has_spoken || self.has_answered().await? {
            return Ok(());
        }
        let text = if self.asked.ask.is_voice {
            Text::ReceivedAudio
        } else {
            Text::Received
        };
        let text = plain(self.language(), text);
        let parts = vec![part("status", 0, &Content::Text { text })];
        self.ctx
            .sender
            .deliver(&self.asked.route, parts)
            .await
            .map(|_| ())
    }

    async fn has_answered(&self) -> Result<bool, StoreError> {
        let parts = self.ctx.store.parts(self.job.id).await?;
        Ok(parts.iter().any(|part| part.part != "status"))
    }
}

/// Removes a work folder; one that is not there is fine.
pub(crate) async fn remove(dir: &Path) {
    if let Err(error) = tokio::fs::remove_dir_all(dir).await
        && error.kind() != std::io::ErrorKind::NotFound
    {
        warn!(%error, "a work folder could not be removed");
    }
}

/// A job that died of itself: settle what it had open, and tell the person unless the answer had
/// already begun to arrive.
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
        .any(|p| p.part != "status" && p.state == store::PartState::Sent);
    if has_begun {
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
    };
    ctx.store.enqueue(apology.job(job.id)).await.map(|_| ())
}
