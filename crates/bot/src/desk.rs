//! Where one reel is worked on: its folder, its checkpoints and its signs of life.
//!
//! What can be shared lies on the work row, which every job with the same key reads; what belongs
//! to one answer lies on the job.

mod signs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as PlainMutex, PoisonError};

use media::{Language, Progress};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::{Claimed, Finish, StoreError, WorkState, WorkTurn};
use tokio::sync::Mutex;
use tracing::warn;

use crate::channel::{Channel, Content, Frame, Sign};
use crate::context::{Context, Halt};
use crate::files::work_dir;
use crate::place;
use crate::plan::Origin;
use crate::print::Print;
use crate::reel::{Asked, stopped};
use crate::send::{Delivered, part};
use crate::stage::Stage;

/// How often a job looks whether another job has finished the shared work.
const BUSY_MS: i64 = 2_000;
/// The typing sign fades after about twenty seconds.
const TYPING_MS: i64 = 15_000;
/// Without files there is little to keep, but two who ask at once should still share it.
const KEEP_WORDS_MS: i64 = 3_600_000;

/// The part that holds the words of the answer.
pub(crate) const WORDS: &str = "text-0";

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
    /// What is being done now, as far as a person is concerned.
    stage: Arc<PlainMutex<Stage>>,
    /// What was told of it last.
    told: PlainMutex<String>,
    started_ms: i64,
}

/// The name of a part that could not go where it was meant to.
fn anew(name: &str) -> String {
    format!("anew-{name}")
}

/// The name of a reel's work folder.
pub(crate) fn folder_of(key: &str) -> String {
    hex::encode(&Sha256::digest(key.as_bytes())[..16])
}

/// A checkpoint with the prints of the files it speaks of.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept<T> {
    pub(crate) value: T,
    pub(crate) prints: Vec<Print>,
}

impl<'a> Desk<'a> {
    pub(crate) async fn sit_down(
        ctx: &'a Context,
        job: &'a Claimed,
        asked: Asked,
    ) -> Result<Self, Halt> {
        let folder = folder_of(&asked.ask.key);
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
            stage: Arc::default(),
            told: PlainMutex::default(),
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
            self.channel().sign(self.asked.to(), Sign::Typing).await;
        }
        if self.edits() {
            self.at(Stage::Together);
            self.show_progress().await?;
        } else if waited_ms >= self.status_after_ms() {
            self.say_status().await?;
        }
        Ok(Finish::Wait {
            until_ms: now_ms + BUSY_MS,
            why: "shared_work".into(),
        })
    }

    pub(crate) fn channel(&self) -> &dyn Channel {
        &*self.asked.route.channel
    }

    /// Whether the answer replaces the message that said that it is on its way.
    pub(crate) fn edits(&self) -> bool {
        self.channel().limits().edits
    }

    /// What is being done now.
    pub(crate) fn at(&self, stage: Stage) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    /// For the steps that know how far they are.
    pub(crate) fn progress(&self) -> Progress {
        let stage = self.stage.clone();
        Progress::new(move |step, share| {
            let mut stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
            *stage = stage.after(step, share);
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
    pub(crate) async fn leave(&self) -> Result<(), Halt> {
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

    /// What surrounds the first message of the answer: over the one that said that it is on its way, or, when the words
    /// went out before the file, over the words.
    pub(crate) async fn frame(&self) -> Result<Frame, Halt> {
        let mut frame = self.asked.frame(self.ctx).await?;
        if self.edits() && frame.over.is_none() {
            frame.over = match self.part_mid(WORDS).await? {
                Some(mid) => Some(mid),
                None => self.part_mid(&anew(WORDS)).await?,
            };
        }
        Ok(frame)
    }

    /// Sends parts of the answer, never at the same time as the status line.
    pub(crate) async fn deliver(
        &self,
        contents: Vec<(String, i32, Content)>,
    ) -> Result<Delivered, Halt> {
        let mut has_spoken = self.voice.lock().await;
        self.unless_stopped().await?;
        *has_spoken = true;
        let (sender, route) = (&self.ctx.sender, &self.asked.route);
        if !self.is_given_a_place() {
            let parts = contents
                .iter()
                .map(|(name, seq, content)| part(name, *seq, content));
            return Ok(sender.deliver(route, parts.collect()).await?);
        }
        if !place::is_lost(self.ctx, route).await? {
            let parts = contents
                .iter()
                .map(|(name, seq, content)| part(name, *seq, content));
            let delivered = sender.deliver(route, parts.collect()).await?;
            if !self.asked.has_lost_its_place(&delivered) {
                return Ok(delivered);
            }
            place::lose(self.ctx, route).await?;
        }
        let words = self.part_mid(&anew(WORDS)).await?;
        let parts = contents.into_iter().map(|(name, seq, content)| {
            // Only words of ours are replaced from here on.
            let is_ours = content.frame().over.is_some() && content.frame().over == words;
            let content = if is_ours {
                content
            } else {
                content.without_place()
            };
            part(anew(&name), seq, &content)
        });
        Ok(sender.deliver(route, parts.collect()).await?)
    }

    /// Whether another program named the message that the answer replaces.
    fn is_given_a_place(&self) -> bool {
        self.asked.reel.placeholder.is_some() && !self.asked.reel.is_again && self.edits()
    }

    async fn part_mid(&self, name: &str) -> Result<Option<String>, StoreError> {
        let parts = self.ctx.store.parts(self.job.id).await?;
        let found = parts.into_iter().find(|part| part.part == name);
        Ok(found.and_then(|part| part.mid))
    }

    /// Ends the work of a job that is gone because its person was forgotten, and removes what it wrote since then.
    pub(crate) async fn unless_forgotten(&self) -> Result<(), Halt> {
        if self.ctx.store.job(self.job.id).await?.is_some() {
            return Ok(());
        }
        if !self.ctx.store.work_exists(&self.asked.ask.key).await? {
            remove(&self.dir).await;
        }
        Err(Halt::Store(StoreError::LeaseLost))
    }

    /// Ends the job of somebody who said stop since it began. What they have read already stays; a message that only
    /// says that an answer is on its way goes.
    pub(crate) async fn unless_stopped(&self) -> Result<(), Halt> {
        if !self.asked.is_stopped(self.ctx).await? {
            return Ok(());
        }
        if !self.has_answered().await? {
            self.asked.withdraw(self.ctx).await?;
        }
        Err(Halt::Finish(stopped()))
    }

    /// Goes on with what this job had planned to say, if it had.
    pub(crate) async fn resume(&self, prefix: &str) -> Result<Option<Delivered>, Halt> {
        let mut has_spoken = self.voice.lock().await;
        self.unless_stopped().await?;
        let is_lost =
            self.is_given_a_place() && place::is_lost(self.ctx, &self.asked.route).await?;
        let prefix = if is_lost {
            anew(prefix)
        } else {
            prefix.to_owned()
        };
        let delivered = self.ctx.sender.resume(&self.asked.route, &prefix).await?;
        if let Some(delivered) = &delivered
            && !is_lost
            && self.asked.has_lost_its_place(delivered)
        {
            place::lose(self.ctx, &self.asked.route).await?;
            return Ok(None);
        }
        *has_spoken |= delivered.is_some();
        Ok(delivered)
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
