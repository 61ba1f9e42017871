//! Where one reel is worked on: its folder, its checkpoints and its signs of life.
//!
//! What can be shared lies on the work row, which every job with the same key reads; what belongs
//! to one answer lies on the job.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex as PlainMutex, PoisonError};

use media::Language;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::{Claimed, Finish, StoreError, WorkState, WorkTurn};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::channel::{Content, Sign};
use crate::context::{Context, Halt};
use crate::files::work_dir;
use crate::plan::Origin;
use crate::print::Print;
use crate::reel::Asked;
use crate::send::{Delivered, STATUS, part};
use crate::texts::{Text, plain};

/// How often a job looks whether another job has finished the shared work.
const BUSY_MS: i64 = 2_000;
/// The typing sign fades after about twenty seconds.
const TYPING_MS: i64 = 15_000;
/// An answer that is almost there needs no "got it" before it.
const STATUS_AT_LEAST_MS: i64 = 1_500;
/// Without files there is little to keep, but two who ask at once should still share it.
const KEEP_WORDS_MS: i64 = 3_600_000;

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
    pub(crate) async fn sit_down(
        ctx: &'a Context,
        job: &'a Claimed,
        asked: Asked,
    ) -> Result<Self, Halt> {
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
    pub(crate) async fn show_signs(&self, done: &CancellationToken) -> Result<(), Halt> {
        let clock = &self.ctx.clock;
        let status_at_ms = (self.job.created_at_ms + self.status_after_ms())
            .max(self.started_ms + STATUS_AT_LEAST_MS);
        // Whoever asked for one reel has just been shown the sign by the reply; the next ones begin behind an answer.
        let shown_until_ms = self.job.created_at_ms + TYPING_MS;
        let mut typing_at_ms = if self.asked.reel.n > 1 || self.job.attempts > 1 {
            self.started_ms
        } else {
            self.started_ms.max(shown_until_ms)
        };
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
        let parts = vec![part(STATUS, 0, &Content::Text { text })];
        self.ctx
            .sender
            .deliver(&self.asked.route, parts)
            .await
            .map(|_| ())
    }

    async fn has_answered(&self) -> Result<bool, StoreError> {
        let parts = self.ctx.store.parts(self.job.id).await?;
        Ok(parts.iter().any(|part| part.part != STATUS))
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
