//! The answer to a message, up to the point where the watching begins.
//!
//! Signs of life first, then: what does it ask for, may it, and what is to be said about the rest.
//! At most one message of words goes out from here.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use media::Language;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{
    Admission, Admitted, Claimed, Conversation, Finish, Handler, NewJob, Note, NoteChange,
    StoreError,
};
use tracing::{info, warn};
use uuid::Uuid;

use crate::brake::Pace;
use crate::channel::{Content, Sign};
use crate::context::{
    Context, Halt, after_delivery, after_store_error, conversation_of, count, event_of,
};
use crate::day::{Day, day_of};
use crate::language::choose;
use crate::plan::{self, Asked, REEL, REPLY, Unsupported};
use crate::reel::ReelJob;
use crate::send::{Route, hash_of, part};
use crate::texts::{Arg, Failure, Text, plain, say};

/// A reel may stumble over the network, over a crash of ours, and over Instagram's mood.
pub(crate) const REEL_ATTEMPTS: i32 = 5;
/// The help is said once, and again to somebody who comes back after this long.
const HELP_AGAIN_MS: i64 = 30 * 24 * 3_600_000;
/// Signs are worth this much waiting and no more.
const SIGN_PATIENCE: Duration = Duration::from_secs(5);

/// What a job of the reply queue is about.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Task {
    /// Somebody wrote.
    Event {
        /// The stored event.
        event_id: Uuid,
    },
    /// A job died; somebody has to be told.
    Apology {
        /// What to say, and to whom.
        apology: Apology,
    },
}

/// What to tell somebody whose job died.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Apology {
    pub(crate) channel: String,
    pub(crate) account: String,
    pub(crate) person: String,
    pub(crate) language: Language,
    pub(crate) failure: Failure,
    pub(crate) asked_mid: Option<String>,
}

impl Apology {
    /// The job that says it. `for_job` makes it one apology for one dead job.
    pub(crate) fn job(self, for_job: Uuid) -> NewJob {
        let mut job = NewJob::new(REPLY, Value::Null);
        job.dedupe_key = Some(format!("apology:{for_job}"));
        job.order_key = Some(format!(
            "{REPLY}:{}:{}:{}",
            self.channel, self.account, self.person
        ));
        job.person = Some(self.person.clone());
        job.payload = json!({ "apology": self });
        job
    }
}

/// Runs the reply queue.
pub(crate) struct ReplyHandler(pub(crate) Arc<Context>);

#[async_trait]
impl Handler for ReplyHandler {
    async fn run(&self, job: &Claimed) -> Finish {
        let finish = match reply(&self.0, job).await {
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
            warn!(job = %job.id, %error, reason, "a dead message could not be laid to rest");
        }
    }
}

async fn reply(ctx: &Context, job: &Claimed) -> Result<Finish, Halt> {
    match serde_json::from_value(job.payload.clone()) {
        Ok(Task::Event { event_id }) => answer(ctx, job, event_id).await,
        Ok(Task::Apology { apology }) => apologise(ctx, job, apology).await,
        Err(error) => Ok(Finish::Dead {
            reason: format!("payload: {error}"),
        }),
    }
}

async fn answer(ctx: &Context, job: &Claimed, event_id: Uuid) -> Result<Finish, Halt> {
    let Some(row) = ctx.store.event(event_id).await? else {
        return Ok(refused("event_gone"));
    };
    let event = event_of(&row);
    let (Some(to), true) = (conversation_of(&row), plan::deserves_answer(&event)) else {
        return Ok(refused("nothing_to_answer"));
    };
    let route = ctx.route(job, to.clone(), row.mid.clone());
    if let Some(delivered) = ctx.sender.resume(&route, "").await? {
        return Ok(after_delivery(delivered, "answered", false));
    }
    let words = plan::words(&event.kind);
    if let Some(reason) = not_for_us(ctx, &to, row.mid.as_deref(), words).await? {
        return Ok(refused(reason));
    }
    let asked = plan::asks(&to.account, &event.kind, &ctx.hosts, ctx.settings.max_links);
    let note = ctx.store.conversation_note(&to).await?;
    let is_worth_words = !asked.unsupported.is_empty() || needs_help(&note, ctx.now_ms());
    if asked.asks.is_empty() && !is_worth_words {
        sign(ctx, &to, &[Sign::Seen]).await;
        return Ok(Finish::Done {
            note: "seen".into(),
        });
    }
    match ctx
        .brake
        .answer(&to.key(), &event_id.to_string(), ctx.now_ms())
    {
        Pace::Go => {}
        Pace::WaitUntil(until_ms) => {
            return Ok(Finish::Wait {
                until_ms,
                why: "brake".into(),
            });
        }
        Pace::Silent { first } => {
            if first {
                metrics::counter!("gramophone_loops_braked_total").increment(1);
                warn!(job = %job.id, account = to.account, "a conversation runs in circles; falling silent");
            }
            return Ok(refused("loop_brake"));
        }
    }
    let language = choose(
        words,
        note.language.as_deref().and_then(Language::from_tag),
        ctx.settings.language,
    );
    let asking = Asking {
        ctx,
        job,
        to: &to,
        event_id,
        asked: &asked,
        note: &note,
        language,
    };
    let (finish, ()) = tokio::join!(
        asking.answer(&route),
        sign(ctx, &to, &[Sign::Seen, Sign::Typing])
    );
    finish
}

/// Why a message that looks like a question is none.
async fn not_for_us(
    ctx: &Context,
    to: &Conversation,
    mid: Option<&str>,
    words: &str,
) -> Result<Option<&'static str>, StoreError> {
    if let Some(mid) = mid
        && ctx.store.part_by_mid(to, mid).await?.is_some()
    {
        return Ok(Some("own_message"));
    }
    let as_ours = hash_of(&Content::Text {
        text: words.to_owned(),
    });
    if !words.is_empty() && ctx.brake.is_ours(&to.key(), &as_ours) {
        return Ok(Some("own_words"));
    }
    Ok(ctx.is_unsent(to, mid).await?.then_some("unsent"))
}

fn needs_help(note: &Note, now_ms: i64) -> bool {
    note.helped_at_ms
        .is_none_or(|at| now_ms - at > HELP_AGAIN_MS)
}

/// One message with everything known about it.
struct Asking<'a> {
    ctx: &'a Context,
    job: &'a Claimed,
    to: &'a Conversation,
    event_id: Uuid,
    asked: &'a Asked,
    note: &'a Note,
    language: Language,
}

impl Asking<'_> {
    async fn answer(&self, route: &Route) -> Result<Finish, Halt> {
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
            ctx.store.update_conversation(self.to, change).await?;
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
        ctx.store.update_conversation(self.to, change).await?;
        let delivered = ctx.sender.deliver(route, parts).await?;
        let done = if over > 0 && admitted == 0 {
            "over_limit"
        } else {
            "answered"
        };
        Ok(after_delivery(delivered, done, false))
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
            let mut job = NewJob::new(REEL, serde_json::to_value(reel).unwrap_or(Value::Null));
            job.dedupe_key = Some(format!("{}:{n}", self.event_id));
            job.order_key = Some(self.to.key());
            job.person = Some(self.to.person.clone());
            job.max_attempts = REEL_ATTEMPTS;
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
        let words: Vec<String> = named
            .into_iter()
            .filter(|text| ctx.brake.error(&key, &text.key(), ctx.now_ms()))
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

async fn sign(ctx: &Context, to: &Conversation, signs: &[Sign]) {
    for sign in signs {
        // A sign that does not come through in time is not worth a delay.
        let _ = tokio::time::timeout(SIGN_PATIENCE, ctx.channel.sign(to, *sign)).await;
    }
}

async fn apologise(ctx: &Context, job: &Claimed, apology: Apology) -> Result<Finish, Halt> {
    let to = Conversation::new(apology.channel, apology.account, apology.person);
    let route = ctx.route(job, to, apology.asked_mid);
    let text = plain(apology.language, Text::Failed(apology.failure));
    let parts = vec![part("apology-0", 0, &Content::Text { text })];
    let delivered = ctx.sender.deliver(&route, parts).await?;
    Ok(after_delivery(delivered, "apologised", false))
}

async fn bury(ctx: &Context, job: &Claimed) -> Result<(), StoreError> {
    let Ok(Task::Event { event_id }) = serde_json::from_value(job.payload.clone()) else {
        return Ok(());
    };
    let Some(row) = ctx.store.event(event_id).await? else {
        return Ok(());
    };
    let Some(to) = conversation_of(&row) else {
        return Ok(());
    };
    let route = ctx.route(job, to.clone(), row.mid.clone());
    ctx.sender.bury(&route).await?;
    let note = ctx.store.conversation_note(&to).await?;
    let apology = Apology {
        language: ctx.language_of(note.language.as_deref()),
        channel: to.channel,
        account: to.account,
        person: to.person,
        failure: Failure::Internal,
        asked_mid: row.mid,
    };
    ctx.store.enqueue(apology.job(job.id)).await.map(|_| ())
}

fn refused(reason: &str) -> Finish {
    Finish::Refused {
        reason: reason.to_owned(),
        refund: false,
    }
}
