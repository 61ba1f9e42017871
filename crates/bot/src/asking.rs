//! One message with everything known about it: what it may have, and what is to be said besides.

use std::collections::BTreeSet;

use media::Language;
use store::{Admission, Admitted, Claimed, Conversation, Finish, Note, NoteChange, StoreError};
use tracing::info;
use uuid::Uuid;

use crate::channel::Content;
use crate::context::{Context, Halt, after_delivery, refused};
use crate::day::{Day, day_of};
use crate::plan::{Asked, Unsupported};
use crate::reel::ReelJob;
use crate::send::{Route, hash_of, part};
use crate::texts::{Arg, Failure, Text, plain, say};

/// The help is said once, and again to somebody who comes back after this long.
const HELP_AGAIN_MS: i64 = 30 * 24 * 3_600_000;

/// Whether it is time to say how this works.
pub(crate) fn needs_help(note: &Note, now_ms: i64) -> bool {
    note.helped_at_ms
        .is_none_or(|at| now_ms - at > HELP_AGAIN_MS)
}

/// One message with everything known about it.
pub(crate) struct Asking<'a> {
    pub(crate) ctx: &'a Context,
    pub(crate) job: &'a Claimed,
    pub(crate) to: &'a Conversation,
    pub(crate) event_id: Uuid,
    pub(crate) asked: &'a Asked,
    pub(crate) note: &'a Note,
    pub(crate) language: Language,
}

impl Asking<'_> {
    /// Admits what is asked for and says what there is to say besides.
    pub(crate) async fn answer(&self, route: &Route) -> Result<Finish, Halt> {
        let ctx = self.ctx;
        let day = day_of(ctx.now_ms(), &ctx.zone);
        let over = self.admit(&day).await?;
        let mut change = NoteChange::default();
        if self.note.language.as_deref() != Some(self.language.tag()) {
            change.language = Some(self.language.tag().to_owned());
        }
        let words = self.words(over, &day, &mut change).join("\n");
        let admitted = self.asked.asks.len() - over;
        if words.is_empty() {
            self.remember(change).await?;
            let reason = "over_limit";
            return Ok(if over > 0 && admitted == 0 {
                refused(reason)
            } else {
                Finish::Done {
                    note: format!("{admitted} to watch"),
                }
            });
        }
        let parts: Vec<_> = ctx
            .channel
            .split(&words)
            .into_iter()
            .zip(0..)
            .map(|(text, seq)| {
                let content = Content::Text { text };
                ctx.brake.said(&self.to.key(), &hash_of(&content));
                part(format!("text-{seq}"), seq, &content)
            })
            .collect();
        ctx.store
            .plan_parts(&route.lease, &route.conversation, parts.clone())
            .await?;
        self.remember(change).await?;
        let delivered = ctx.sender.deliver(route, parts).await?;
        let done = if over > 0 && admitted == 0 {
            "over_limit"
        } else {
            "answered"
        };
        Ok(after_delivery(delivered, done, false))
    }

    async fn remember(&self, change: NoteChange) -> Result<(), StoreError> {
        if change == NoteChange::default() {
            return Ok(());
        }
        self.ctx.store.update_conversation(self.to, change).await
    }

    /// Turns the asks into jobs as far as the day's allowance goes. Answers how many did not fit.
    async fn admit(&self, day: &Day) -> Result<usize, StoreError> {
        let of = u32::try_from(self.asked.asks.len()).unwrap_or(u32::MAX);
        if of == 0 {
            return Ok(0);
        }
        let jobs = (1u32..).zip(&self.asked.asks).map(|(n, ask)| {
            let reel = ReelJob {
                event_id: self.event_id,
                key: ask.key.clone(),
                n,
                of,
                language: self.language,
            };
            let mut job = reel.job(self.to);
            job.dedupe_key = Some(format!("{}:{n}", self.event_id));
            job
        });
        let admission = Admission {
            scope: self.to.key(),
            day: day.name.clone(),
            limit: self.ctx.settings.daily_limit,
            jobs: jobs.collect(),
        };
        let admitted = self.ctx.store.admit(admission).await?;
        let over = admitted
            .iter()
            .filter(|one| **one == Admitted::OverLimit)
            .count();
        info!(job = %self.job.id, event = %self.event_id, asked = of, over, "a message was admitted");
        Ok(over)
    }

    /// Everything there is to say besides the answers themselves.
    fn words(&self, over: usize, day: &Day, change: &mut NoteChange) -> Vec<String> {
        let mut words = Vec::new();
        let taken = self.asked.asks.len();
        if self.asked.left_out > 0 && over == 0 {
            let args = [
                ("taken", number(taken)),
                ("left", number(self.asked.left_out)),
            ];
            words.push(say(self.language, Text::TooManyLinks, &args));
        }
        if over > 0 {
            words.extend(self.over_limit(over, day, change));
        }
        if taken == 0 {
            words.extend(self.instead(change));
        }
        words
    }

    /// Once a day; a person who goes on sending does not need to read it again.
    fn over_limit(&self, over: usize, day: &Day, change: &mut NoteChange) -> Option<String> {
        let ctx = self.ctx;
        let now_ms = ctx.now_ms();
        let told_today = self
            .note
            .limited_at_ms
            .is_some_and(|at| day_of(at, &ctx.zone).name == day.name);
        if told_today {
            return None;
        }
        change.limited_at_ms = Some(now_ms);
        let wait = wait(self.language, day.ends_ms - now_ms);
        let limit = ("limit", Arg::Number(ctx.settings.daily_limit.into()));
        let wait = ("wait", Arg::Words(wait.into()));
        Some(if over == self.asked.asks.len() {
            say(self.language, Text::QuotaUsed, &[limit, wait])
        } else {
            say(
                self.language,
                Text::QuotaPartly,
                &[limit, wait, ("left", number(over))],
            )
        })
    }

    /// For a message without anything to watch: name what it was, or say once how it works.
    fn instead(&self, change: &mut NoteChange) -> Vec<String> {
        let ctx = self.ctx;
        let named: BTreeSet<Text> = self
            .asked
            .unsupported
            .iter()
            .copied()
            .map(sentence)
            .collect();
        let key = self.to.key();
        let job = self.job.id.to_string();
        let words: Vec<String> = named
            .into_iter()
            .filter(|text| ctx.brake.error(&key, &text.key(), &job, ctx.now_ms()))
            .map(|text| plain(self.language, text))
            .collect();
        if words.is_empty()
            && self.asked.unsupported.is_empty()
            && needs_help(self.note, ctx.now_ms())
        {
            change.helped_at_ms = Some(ctx.now_ms());
            return vec![plain(self.language, Text::Help)];
        }
        words
    }
}

fn sentence(unsupported: Unsupported) -> Text {
    match unsupported {
        Unsupported::Profile => Text::UnsupportedProfile,
        Unsupported::Hashtag => Text::UnsupportedHashtag,
        Unsupported::Story => Text::UnsupportedStory,
        Unsupported::Picture => Text::Failed(Failure::Picture),
        Unsupported::Message => Text::UnsupportedMessage,
    }
}

/// "about 3 hours", "20 minutes": rounded up, so that it is not too early to try then.
fn wait(language: Language, ms: i64) -> String {
    let minutes = (ms.max(0) + 59_999) / 60_000;
    if minutes > 60 {
        say(
            language,
            Text::WaitHours,
            &[("n", Arg::Number((minutes + 59) / 60))],
        )
    } else {
        say(
            language,
            Text::WaitMinutes,
            &[("n", Arg::Number(minutes.max(1)))],
        )
    }
}

fn number(n: usize) -> Arg<'static> {
    Arg::Number(i64::try_from(n).unwrap_or(i64::MAX))
}
