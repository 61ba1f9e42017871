//! A failed one once more.

use store::{Admission, Admitted, EventRow, Finish, JobRow, NoteChange};
use uuid::Uuid;

use crate::asking::{Asking, on_it, payer};
use crate::channel::{Content, Frame};
use crate::context::Halt;
use crate::day::day_of;
use crate::reel::ReelJob;
use crate::send::{QUEUED, hash_of};
use crate::texts::{Text, plain};

impl Asking<'_> {
    /// A failed one once more. It costs again: what failed was given back.
    pub(super) async fn try_again(&self, before: JobRow) -> Result<Finish, Halt> {
        let Some(reel) = ReelJob::of(&before) else {
            return self.answer_with(Text::AgainNothing).await;
        };
        match before.state.as_str() {
            "dead" | "refused" => {}
            "done" => return self.answer_with(Text::AgainNothing).await,
            _ => return self.answer_with(Text::StillWorking).await,
        }
        let Some(event) = self.ctx.store.event(reel.event_id).await? else {
            return self.answer_with(Text::AgainNothing).await;
        };
        let is_tap = self.inbound.tapped.is_some() && self.route.channel.limits().edits;
        // The message with the button becomes the one that says how far the work is.
        let over = self.route.asked_mid.clone().filter(|_| is_tap);
        let again = ReelJob {
            language: self.language,
            reply_job: Some(self.job.id),
            placeholder: over.clone(),
            n: 1,
            of: 1,
            is_again: true,
            ..reel.clone()
        };
        let mut job = again.job(self.to());
        // Two taps at once are one try.
        job.dedupe_key = Some(format!("{}:{}:again-{}", reel.event_id, reel.n, before.id));
        let day = day_of(self.ctx.now_ms(), &self.ctx.zone);
        let admission = Admission {
            scope: payer(self.to()).key(),
            day: day.name.clone(),
            limit: self.ctx.settings.daily_limit,
            jobs: vec![job],
        };
        let admitted = self.ctx.store.admit(admission).await?;
        let job = match admitted.first() {
            Some(Admitted::New(job)) => job,
            // Begun by this very message before a crash, or by a tap before it.
            Some(Admitted::Already(job)) if self.is_ours(*job).await? => job,
            Some(Admitted::Already(_)) => return self.answer_with(Text::StillWorking).await,
            Some(Admitted::OverLimit) | None => {
                let contents = self.say(&self.quota().await?);
                let change = NoteChange::default();
                return self.deliver(contents, change, "over_limit").await;
            }
        };
        let first = self.first_word(*job, is_tap, &event, &reel.key).await?;
        let frame = Frame {
            over,
            ..self.frame()
        };
        let content = Content::framed(first, frame);
        self.ctx.brake.said(&self.to().key(), &hash_of(&content));
        let contents = vec![(format!("{QUEUED}1"), content)];
        self.deliver(contents, NoteChange::default(), "again").await
    }

    /// Its place in line, or that it is being done.
    async fn first_word(
        &self,
        job: Uuid,
        is_tap: bool,
        event: &EventRow,
        key: &str,
    ) -> Result<String, Halt> {
        if let Some(waits) = self.ctx.waits(job, self.language).await? {
            return Ok(waits);
        }
        if !is_tap {
            return Ok(self.sentence(Text::AgainNow));
        }
        let inbound = self.ctx.read(self.route, event).unwrap_or_default();
        let ask = inbound.asked.asks.iter().find(|ask| ask.key == key);
        Ok(plain(self.language, ask.map_or(Text::AgainNow, on_it)))
    }

    /// Whether this very message began the job.
    async fn is_ours(&self, job: Uuid) -> Result<bool, Halt> {
        let row = self.ctx.store.job(job).await?;
        let reel = row.as_ref().and_then(ReelJob::of);
        Ok(reel.is_some_and(|reel| reel.reply_job == Some(self.job.id)))
    }
}
