//! One message with everything known about it: what it may have, and what is to be said besides.

use std::collections::BTreeSet;

use media::Language;
use store::{Admission, Admitted, Claimed, Conversation, Finish, Note, NoteChange, StoreError};
use tracing::info;
use uuid::Uuid;

use crate::channel::{Content, Frame, Inbound};
use crate::context::{Context, Halt, after_delivery, refused};
use crate::day::{Day, day_of};
use crate::final_text::place;
use crate::plan::{Ask, Unsupported};
use crate::reel::ReelJob;
use crate::send::{QUEUED, Route, hash_of, part};
use crate::texts::{Arg, Failure, Text, plain, say, say_on};

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
    pub(crate) route: &'a Route,
    pub(crate) event_id: Uuid,
    pub(crate) inbound: &'a Inbound,
    pub(crate) note: &'a Note,
    pub(crate) language: Language,
}

impl Asking<'_> {
    /// Admits what is asked for and says what there is to say besides.
    pub(crate) async fn answer(&self) -> Result<Finish, Halt> {
        let ctx = self.ctx;
        let day = day_of(ctx.now_ms(), &ctx.zone);
        let admitted = self.admit(&day).await?;
        let over = admitted
            .iter()
            .filter(|one| **one == Admitted::OverLimit)
            .count();
        let mut change = NoteChange::default();
        if self.note.language.as_deref() != Some(self.language.tag()) {
            change.language = Some(self.language.tag().to_owned());
        }
        let words = self.words(over, &day, &mut change).join("\n");
        let mut contents = self.say(&words);
        let is_first_taken = matches!(
            admitted.first(),
            Some(Admitted::New(_) | Admitted::Already(_))
        );
        if let (false, Some((_, first))) = (is_first_taken, contents.first_mut()) {
            // The message that another program began says how it ended.
            *first = first.clone().over(self.inbound.placeholder.clone());
        }
        contents.extend(self.received(&admitted).await?);
        let taken = admitted.len() - over;
        let is_over = over > 0 && taken == 0;
        if contents.is_empty() {
            self.remember(change).await?;
            return Ok(if is_over {
                refused("over_limit")
            } else {
                Finish::Done {
                    note: format!("{taken} to watch"),
                }
            });
        }
        let done = if is_over { "over_limit" } else { "answered" };
        self.deliver(contents, change, done).await
    }

    /// Words as the channel takes them.
    pub(crate) fn say(&self, words: &str) -> Vec<(String, Content)> {
        if words.is_empty() {
            return Vec::new();
        }
        let messages = self.route.channel.split(words).into_iter().enumerate();
        messages
            .map(|(n, text)| {
                let content = Content::framed(text, self.frame());
                self.ctx.brake.said(&self.to().key(), &hash_of(&content));
                (format!("text-{n}"), content)
            })
            .collect()
    }

    pub(crate) fn frame(&self) -> Frame {
        Frame {
            under: self.inbound.under.clone(),
            ..Frame::default()
        }
    }

    pub(crate) fn to(&self) -> &Conversation {
        &self.route.conversation
    }

    /// Writes down all that is to be said, then says it.
    pub(crate) async fn deliver(
        &self,
        contents: Vec<(String, Content)>,
        change: NoteChange,
        done: &str,
    ) -> Result<Finish, Halt> {
        let parts: Vec<_> = contents
            .iter()
            .zip(0..)
            .map(|((name, content), seq)| part(name.clone(), seq, content))
            .collect();
        let (lease, to) = (&self.route.lease, self.to());
        // Together: what was said was meant, also when the process dies in between.
        self.ctx
            .store
            .plan_and_remember(lease, to, parts.clone(), change)
            .await?;
        let delivered = self.ctx.sender.deliver(self.route, parts).await?;
        Ok(after_delivery(delivered, done, false))
    }

    async fn remember(&self, change: NoteChange) -> Result<(), StoreError> {
        if change == NoteChange::default() {
            return Ok(());
        }
        self.ctx.store.update_conversation(self.to(), change).await
    }

    /// Turns the asks into jobs as far as the day's allowance goes.
    async fn admit(&self, day: &Day) -> Result<Vec<Admitted>, StoreError> {
        let asks = &self.inbound.asked.asks;
        let of = u32::try_from(asks.len()).unwrap_or(u32::MAX);
        if of == 0 {
            return Ok(Vec::new());
        }
        let jobs = (1u32..).zip(asks).map(|(n, ask)| {
            let reel = ReelJob {
                event_id: self.event_id,
                key: ask.key.clone(),
                n,
                of,
                language: self.language,
                reply_job: Some(self.job.id),
                placeholder: self.inbound.placeholder.clone().filter(|_| n == 1),
                is_again: false,
            };
            let mut job = reel.job(self.to());
            job.dedupe_key = Some(format!("{}:{n}", self.event_id));
            job
        });
        let admission = Admission {
            scope: payer(self.to()).key(),
            day: day.name.clone(),
            limit: self.ctx.settings.daily_limit,
            jobs: jobs.collect(),
        };
        let admitted = self.ctx.store.admit(admission).await?;
        info!(job = %self.job.id, event = %self.event_id, asked = of, "a message was admitted");
        Ok(admitted)
    }

    /// One message for each thing to watch, where messages can be changed: the answer will replace it. Elsewhere one
    /// line, and only if there is a queue.
    async fn received(&self, admitted: &[Admitted]) -> Result<Vec<(String, Content)>, StoreError> {
        let edits = self.route.channel.limits().edits;
        let mut contents = Vec::new();
        for ((n, ask), admitted) in (1u32..).zip(&self.inbound.asked.asks).zip(admitted) {
            let (Admitted::New(job) | Admitted::Already(job)) = admitted else {
                continue;
            };
            let is_given = n == 1 && self.inbound.placeholder.is_some();
            if is_given || (!edits && n > 1) {
                continue;
            }
            let waits = self.ctx.waits(*job, self.language).await?;
            let text = match (waits, edits) {
                (Some(waits), _) => waits,
                (None, true) => plain(self.language, on_it(ask)),
                (None, false) => continue,
            };
            let of = self.inbound.asked.asks.len();
            let place = place(self.language, Some((n, u32::try_from(of).unwrap_or(1))));
            let text = place.map_or(text.clone(), |place| format!("{place}: {text}"));
            contents.push((format!("{QUEUED}{n}"), Content::framed(text, self.frame())));
        }
        Ok(contents)
    }

    /// Everything there is to say besides the answers themselves.
    fn words(&self, over: usize, day: &Day, change: &mut NoteChange) -> Vec<String> {
        let mut words = Vec::new();
        let asked = &self.inbound.asked;
        let taken = asked.asks.len();
        if asked.left_out > 0 && over == 0 {
            let args = [("taken", number(taken)), ("left", number(asked.left_out))];
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
        if told_today && self.inbound.placeholder.is_none() {
            return None;
        }
        change.limited_at_ms = Some(now_ms);
        let wait = wait(self.language, day.ends_ms - now_ms);
        let limit = ("limit", Arg::Number(ctx.settings.daily_limit.into()));
        let wait = ("wait", Arg::Words(wait.into()));
        Some(if over == self.inbound.asked.asks.len() {
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
        let unsupported = &self.inbound.asked.unsupported;
        let named: BTreeSet<Text> = unsupported.iter().copied().map(sentence).collect();
        let most = self.route.channel.limits().inbound_bytes / 1_000_000;
        let args = [(
            "limit",
            Arg::Number(i64::try_from(most).unwrap_or(i64::MAX)),
        )];
        let key = self.to().key();
        let job = self.job.id.to_string();
        let words: Vec<String> = named
            .into_iter()
            .filter(|text| ctx.brake.error(&key, &text.key(), &job, ctx.now_ms()))
            .map(|text| say_on(self.route.channel.name(), self.language, text, &args))
            .collect();
        if words.is_empty() && unsupported.is_empty() && needs_help(self.note, ctx.now_ms()) {
            change.helped_at_ms = Some(ctx.now_ms());
            return vec![say_on(
                self.route.channel.name(),
                self.language,
                Text::Help,
                &[],
            )];
        }
        words
    }
}

/// "Got it": the first word about something to watch or to hear.
pub(crate) fn on_it(ask: &Ask) -> Text {
    if ask.is_voice {
        Text::ReceivedAudio
    } else {
        Text::Received
    }
}

/// Whose allowance it costs: a topic of a group has none of its own.
pub(crate) fn payer(of: &Conversation) -> Conversation {
    let person = of.person.split('#').next().unwrap_or_default();
    Conversation::new(of.channel.as_str(), of.account.as_str(), person)
}

fn sentence(unsupported: Unsupported) -> Text {
    match unsupported {
        Unsupported::Profile => Text::UnsupportedProfile,
        Unsupported::Hashtag => Text::UnsupportedHashtag,
        Unsupported::Story => Text::UnsupportedStory,
        Unsupported::Picture => Text::Failed(Failure::Picture),
        Unsupported::Message => Text::UnsupportedMessage,
        Unsupported::TooLargeHere => Text::FileOverLimit,
    }
}

/// "about 3 hours", "20 minutes": rounded up, so that it is not too early to try then.
pub(crate) fn wait(language: Language, ms: i64) -> String {
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

pub(crate) fn number(n: usize) -> Arg<'static> {
    Arg::Number(i64::try_from(n).unwrap_or(i64::MAX))
}
