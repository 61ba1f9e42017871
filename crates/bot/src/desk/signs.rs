//! Signs of life while a reel is worked on: typing, one line, or how far the work is.

use std::sync::PoisonError;

use store::StoreError;
use tokio_util::sync::CancellationToken;

use super::{Desk, TYPING_MS};
use crate::asking::on_it;
use crate::channel::{Content, Frame, Sign};
use crate::context::Halt;
use crate::final_text::place;
use crate::send::{QUEUED, STATUS, part};
use crate::texts::plain;

/// An answer that is almost there needs no "got it" before it.
const STATUS_AT_LEAST_MS: i64 = 1_500;
/// How often a message is changed to say how far the work is.
const PROGRESS_MS: i64 = 3_000;

impl Desk<'_> {
    /// Typing while the work lasts, and one line if it lasts longer than a few seconds; or, where messages can be
    /// changed, the message that the answer will replace says how far the work is.
    pub(crate) async fn show_signs(&self, done: &CancellationToken) -> Result<(), Halt> {
        if self.edits() {
            return Ok(self.show_stages(done).await?);
        }
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
                self.channel().sign(self.asked.to(), Sign::Typing).await;
            }
            if !has_status && now_ms >= status_at_ms {
                has_status = true;
                self.say_status().await?;
                self.channel().sign(self.asked.to(), Sign::Typing).await;
            }
        }
    }

    async fn show_stages(&self, done: &CancellationToken) -> Result<(), StoreError> {
        let clock = &self.ctx.clock;
        let mut next_ms = self.started_ms + STATUS_AT_LEAST_MS;
        loop {
            tokio::select! {
                () = done.cancelled() => return Ok(()),
                () = clock.sleep_until(next_ms) => {}
            }
            self.show_progress().await?;
            next_ms = clock.now_ms() + PROGRESS_MS;
        }
    }

    /// Says in the message that the answer will replace how far the work is. Never once the answer has begun, and
    /// never beside a send of the answer: what is said here must not overtake it.
    pub(super) async fn show_progress(&self) -> Result<(), StoreError> {
        let mut has_spoken = self.voice.lock().await;
        *has_spoken = *has_spoken || self.has_answered().await?;
        if *has_spoken || self.asked.is_stopped(self.ctx).await? {
            return Ok(());
        }
        // A message that is not there yet is changed the next time.
        let Ok(Frame {
            over: Some(mid), ..
        }) = self.asked.frame(self.ctx).await
        else {
            return Ok(());
        };
        let stage = *self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let text = stage.words(self.language());
        let place = place(
            self.language(),
            Some((self.asked.reel.n, self.asked.reel.of)),
        );
        let text = place.map_or(text.clone(), |place| format!("{place}: {text}"));
        let before = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *told, text.clone())
        };
        if before != text {
            self.channel().progress(self.asked.to(), &mid, &text).await;
        }
        Ok(())
    }

    pub(super) fn status_after_ms(&self) -> i64 {
        i64::from(self.ctx.settings.status_after_seconds) * 1000
    }

    /// Once per message, and not after the answer has begun. What becomes of the line does not
    /// matter here: if its outcome is open, the answer's own send settles it first.
    pub(super) async fn say_status(&self) -> Result<(), StoreError> {
        if self.asked.reel.n > 1 {
            return Ok(());
        }
        let has_spoken = self.voice.lock().await;
        let is_told =
            *has_spoken || self.has_answered().await? || self.was_told_of_the_queue().await?;
        if is_told || self.asked.is_stopped(self.ctx).await? {
            return Ok(());
        }
        let text = plain(self.language(), on_it(&self.asked.ask));
        let parts = vec![part(STATUS, 0, &Content::text(text))];
        self.ctx
            .sender
            .deliver(&self.asked.route, parts)
            .await
            .map(|_| ())
    }

    /// One line before the answer is enough.
    async fn was_told_of_the_queue(&self) -> Result<bool, StoreError> {
        let Some(reply_job) = self.asked.reel.reply_job else {
            return Ok(false);
        };
        let parts = self.ctx.store.parts(reply_job).await?;
        Ok(parts.iter().any(|part| part.part.starts_with(QUEUED)))
    }

    pub(super) async fn has_answered(&self) -> Result<bool, StoreError> {
        let parts = self.ctx.store.parts(self.job.id).await?;
        Ok(parts.iter().any(|part| part.part != STATUS))
    }
}
