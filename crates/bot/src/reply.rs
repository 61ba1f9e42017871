//! The answer to a message, up to the point where the watching begins.
//!
//! Signs of life first, then: what does it ask for, may it, and what is to be said about the rest.
//! At most one message of words goes out from here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use media::Language;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Claimed, Conversation, Finish, Handler, NewJob, Note, StoreError};
use tracing::warn;
use uuid::Uuid;

use crate::asking::{Asking, needs_help};
use crate::brake::Pace;
use crate::channel::{Content, Frame, Inbound, Sign};
use crate::command::{self, Command, Tap};
use crate::context::{
    Context, Halt, after_delivery, after_store_error, conversation_of, count, refused,
};
use crate::desk::WORDS;
use crate::erase;
use crate::final_text;
use crate::language::choose;
use crate::place;
use crate::plan::{REEL, REPLY};
use crate::pushed;
use crate::reel::ReelJob;
use crate::send::{Route, hash_of, part, words_of};
use crate::talk::Request;
use crate::texts::{Failure, Text, say_on};

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
        apology: Box<Apology>,
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
    /// The reel it is about: the apology takes the place of the message that said that the answer was on its way.
    #[serde(default)]
    pub(crate) reel: Option<ReelJob>,
    /// The job whose words are out and promise a video that will not come: they are all that there is to change.
    #[serde(default)]
    pub(crate) promised_by: Option<Uuid>,
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
        Ok(Task::Apology { apology }) => apologise(ctx, job, *apology).await,
        Err(error) => Ok(Finish::Dead {
            reason: format!("payload: {error}"),
        }),
    }
}

async fn answer(ctx: &Context, job: &Claimed, event_id: Uuid) -> Result<Finish, Halt> {
    if let Some(finish) = erase::go_on(ctx, job, event_id).await? {
        return Ok(finish);
    }
    let Some(row) = ctx.store.event(event_id).await? else {
        return Ok(refused("event_gone"));
    };
    let Some(to) = conversation_of(&row) else {
        return Ok(refused("nothing_to_answer"));
    };
    let route = ctx.route(job, to.clone(), row.mid.clone())?;
    let Some(mut inbound) = ctx.read(&route, &row) else {
        return Ok(refused("nothing_to_answer"));
    };
    ctx.check_account(&route).await?;
    if let Some(delivered) = ctx.sender.resume(&route, "").await? {
        return Ok(after_delivery(delivered, "answered", false));
    }
    if let Some(reason) = not_for_us(ctx, &to, row.mid.as_deref(), &inbound).await? {
        return Ok(refused(reason));
    }
    inbound.asked = inbound.asked.cut(ctx.settings.max_links);
    let note = ctx.store.conversation_note(&to).await?;
    let request = request(&inbound);
    if is_silenced(&note, &request) {
        return Ok(refused("stopped"));
    }
    let is_worth_words = request != Request::Watch
        || !inbound.asked.unsupported.is_empty()
        || needs_help(&note, ctx.now_ms());
    if inbound.asked.asks.is_empty() && !is_worth_words {
        sign(&route, &[Sign::Seen]).await;
        return Ok(Finish::Done {
            note: "seen".into(),
        });
    }
    // Another program's jobs are bounded by the day's allowance alone.
    if row.kind != pushed::KIND {
        brake(ctx, job, &to, event_id, inbound.tapped.is_some())?;
    }
    let language = language_of(ctx, &note, &inbound, &request);
    let asking = Asking {
        ctx,
        job,
        route: &route,
        event_id,
        inbound: &inbound,
        note: &note,
        language,
    };
    let signs = async {
        if inbound.tapped.is_some() {
            let _ = tokio::time::timeout(SIGN_PATIENCE, route.channel.notice_tap(&row)).await;
        }
        sign(&route, &[Sign::Seen, Sign::Typing]).await;
    };
    let (finish, ()) = tokio::join!(act(&asking, &request), signs);
    finish
}

async fn act(asking: &Asking<'_>, request: &Request) -> Result<Finish, Halt> {
    match request {
        Request::Watch => asking.answer().await,
        Request::Obey(command) => asking.obey(command).await,
        Request::Tap(tap) => asking.tapped(tap).await,
        Request::Unknown => asking.unknown_tap().await,
    }
}

/// Whoever asked for silence is heard in two things only.
fn is_silenced(note: &Note, request: &Request) -> bool {
    note.stopped_at_ms.is_some()
        && !matches!(request, Request::Obey(Command::Start | Command::Forget))
}

/// A message with something to watch is never a command.
fn request(inbound: &Inbound) -> Request {
    let has_links = !inbound.asked.asks.is_empty() || !inbound.asked.unsupported.is_empty();
    match inbound.tapped.as_deref().map(Tap::parse) {
        Some(Some(Tap::Command(command))) => return Request::Obey(command),
        Some(Some(tap)) => return Request::Tap(tap),
        Some(None) if inbound.words.is_empty() => return Request::Unknown,
        _ if has_links => return Request::Watch,
        _ => {}
    }
    command::read(&inbound.words).map_or(Request::Watch, Request::Obey)
}

/// What was chosen holds; else what is written tells, then what was spoken before, then the device.
fn language_of(ctx: &Context, note: &Note, inbound: &Inbound, request: &Request) -> Language {
    let known = note.language.as_deref().and_then(Language::from_tag);
    if let (true, Some(chosen)) = (note.language_chosen, known) {
        return chosen;
    }
    // A command is a few words in whatever language its menu had.
    let words = match request {
        Request::Watch => inbound.words.as_str(),
        _ if inbound.words.starts_with('/') || inbound.tapped.is_some() => "",
        _ => inbound.words.as_str(),
    };
    choose(
        words,
        known.or(inbound.device_language),
        ctx.settings.language,
    )
}

/// Slows a conversation that runs faster than people talk, and ends one that runs in circles.
fn brake(
    ctx: &Context,
    job: &Claimed,
    to: &Conversation,
    event_id: Uuid,
    is_tap: bool,
) -> Result<(), Halt> {
    // A hand that taps is slowed like one that writes, but apart from it: two machines talk in words.
    let key = if is_tap {
        format!("{}#taps", to.key())
    } else {
        to.key()
    };
    match ctx.brake.answer(&key, &event_id.to_string(), ctx.now_ms()) {
        Pace::Go => Ok(()),
        Pace::WaitUntil(until_ms) => Err(Halt::Finish(Finish::Wait {
            until_ms,
            why: "brake".into(),
        })),
        Pace::Silent { first } => {
            if first {
                metrics::counter!("gramophone_loops_braked_total").increment(1);
                warn!(job = %job.id, account = to.account, "a conversation runs in circles; falling silent");
            }
            Err(Halt::Finish(refused("loop_brake")))
        }
    }
}

/// Why a message that looks like a question is none.
async fn not_for_us(
    ctx: &Context,
    to: &Conversation,
    mid: Option<&str>,
    inbound: &Inbound,
) -> Result<Option<&'static str>, StoreError> {
    // A tap speaks of a message of ours, which is how it is known.
    if let Some(mid) = mid
        && inbound.tapped.is_none()
        && ctx.store.part_by_mid(to, mid).await?.is_some()
    {
        return Ok(Some("own_message"));
    }
    let words = &inbound.words;
    let as_ours = hash_of(&Content::text(words));
    if !words.is_empty() && ctx.brake.is_ours(&to.key(), &as_ours) {
        return Ok(Some("own_words"));
    }
    Ok(ctx.is_unsent(to, mid).await?.then_some("unsent"))
}

async fn sign(route: &Route, signs: &[Sign]) {
    for sign in signs {
        // A sign that does not come through in time is not worth a delay.
        let shown = route.channel.sign(&route.conversation, *sign);
        let _ = tokio::time::timeout(SIGN_PATIENCE, shown).await;
    }
}

async fn apologise(ctx: &Context, job: &Claimed, apology: Apology) -> Result<Finish, Halt> {
    let to = Conversation::new(apology.channel, apology.account, apology.person);
    if ctx
        .store
        .conversation_note(&to)
        .await?
        .stopped_at_ms
        .is_some()
    {
        return Ok(refused("stopped"));
    }
    let route = ctx.route(job, to, apology.asked_mid)?;
    let channel = route.channel.name();
    let (text, over) = if let Some(job) = apology.promised_by {
        match unpromised(ctx, job, apology.language).await? {
            Some((text, over)) => (text, Some(over)),
            None => return Ok(refused("nothing_promised")),
        }
    } else {
        let failed = Text::Failed(apology.failure);
        let over = match &apology.reel {
            Some(reel) => place::settled(ctx, &route, reel).await?,
            None => None,
        };
        (say_on(channel, apology.language, failed, &[]), over)
    };
    let frame = Frame {
        over,
        ..Frame::default()
    };
    let parts = vec![part("apology-0", 0, &Content::framed(text, frame))];
    let delivered = ctx.sender.deliver(&route, parts).await?;
    Ok(after_delivery(delivered, "apologised", false))
}

/// The words that a job said last, without their promise, and the message they stand in.
async fn unpromised(
    ctx: &Context,
    job: Uuid,
    language: Language,
) -> Result<Option<(String, String)>, StoreError> {
    let parts = ctx.store.parts(job).await?;
    let words = parts.into_iter().find(|part| part.part == WORDS);
    Ok(words.and_then(|part| {
        let text = final_text::unpromised(language, &words_of(&part)?)?;
        Some((text, part.mid?))
    }))
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
    let Ok(route) = ctx.route(job, to.clone(), row.mid.clone()) else {
        return Ok(());
    };
    ctx.sender.bury(&route).await?;
    let caused = ctx.store.jobs_of_event(event_id).await?;
    if caused.iter().any(|job| job.queue == REEL) {
        // What was asked for is on its way, and answers for itself.
        return Ok(());
    }
    let note = ctx.store.conversation_note(&to).await?;
    let apology = Apology {
        language: ctx.language_of(note.language.as_deref()),
        channel: to.channel,
        account: to.account,
        person: to.person,
        failure: Failure::Internal,
        asked_mid: row.mid,
        reel: None,
        promised_by: None,
    };
    ctx.store.enqueue(apology.job(job.id)).await.map(|_| ())
}
