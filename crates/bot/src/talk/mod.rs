//! What a person can tell the bot to do besides watching: commands, in words or by a tap, answered from what is there.

mod again;
mod extras;
mod search;

use media::Language;
use serde_json::Value;
use store::{Entry, Finish, JobRow, NoteChange};
use uuid::Uuid;

use crate::asking::{Asking, payer, wait};
use crate::channel::{Choice, Content};
use crate::choices::{choice, other_than};
use crate::command::{Command, Tap};
use crate::context::{Halt, conversation_of, refused};
use crate::day::day_of;
use crate::erase;
use crate::library::Kept;
use crate::plan::REEL;
use crate::reel::ReelJob;
use crate::send::Stop;
use crate::texts::{Arg, Text, plain, say, say_on};

/// What a message asks for besides links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// Nothing: watch what it brings.
    Watch,
    /// This.
    Obey(Command),
    /// Something about an answer.
    Tap(Tap),
    /// A button that is not ours, or no longer.
    Unknown,
}

impl Asking<'_> {
    /// Does what a command says.
    pub(crate) async fn obey(&self, command: &Command) -> Result<Finish, Halt> {
        let mut change = NoteChange::default();
        let contents = match command {
            Command::Help => {
                change.helped_at_ms = Some(self.ctx.now_ms());
                self.say_with(&self.help(), self.menu())
            }
            Command::Start => {
                change.helped_at_ms = Some(self.ctx.now_ms());
                let was_stopped = self.note.stopped_at_ms.is_some();
                change.stopped = was_stopped.then_some(false);
                let first = if was_stopped {
                    Text::StartedAgain
                } else {
                    Text::Welcome
                };
                let more = self.sentence(Text::HelpMore);
                self.say_with(&format!("{}\n\n{more}", self.sentence(first)), self.menu())
            }
            Command::Stop => {
                change.stopped = Some(true);
                self.say(&self.sentence(Text::Stopped))
            }
            Command::Language(None) => {
                self.say_with(&self.sentence(Text::LanguageWhich), languages())
            }
            Command::Language(Some(language)) => {
                change.language = Some(language.tag().to_owned());
                change.language_chosen = Some(true);
                self.say(&plain(*language, Text::LanguageNow))
            }
            Command::Quota => self.say(&self.quota().await?),
            Command::History => self.say(&self.history().await?),
            Command::Find(query) => self.say(&self.find(query).await?),
            Command::Forget => return Box::pin(self.forget()).await,
            Command::Transcript | Command::Audio | Command::Other(_) => {
                return Box::pin(self.of_the_last(command)).await;
            }
            Command::TryAgain => {
                let last = self.ctx.store.last_job(REEL, &self.to().key()).await?;
                return match last {
                    Some(job) => Box::pin(self.try_again(job)).await,
                    None => self.answer_with(Text::AgainNothing).await,
                };
            }
        };
        self.deliver(contents, change, "answered").await
    }

    /// A command about the last answer.
    async fn of_the_last(&self, command: &Command) -> Result<Finish, Halt> {
        let last = self.ctx.store.library_recent(self.to(), 1).await?.pop();
        let Some(job) = last.map(|entry| entry.job_id) else {
            return self.answer_with(Text::NothingYet).await;
        };
        let tap = match command {
            Command::Audio => Tap::Audio(job),
            Command::Other(language) => {
                Tap::InLanguage(job, language.unwrap_or(other_than(self.language)))
            }
            _ => Tap::Transcript(job),
        };
        self.tapped(&tap).await
    }

    /// More of an answer, from what was kept of it.
    pub(crate) async fn tapped(&self, tap: &Tap) -> Result<Finish, Halt> {
        let contents = match tap {
            Tap::Command(command) => return Box::pin(self.obey(command)).await,
            Tap::TryAgain(job) => {
                return match self.own_job(*job).await? {
                    Some(job) => Box::pin(self.try_again(job)).await,
                    None => self.answer_with(Text::NotYours).await,
                };
            }
            Tap::Transcript(job) => match self.entry(*job).await? {
                Ok(entry) => self.transcript(&entry).await?,
                Err(text) => return self.answer_with(text).await,
            },
            Tap::Audio(job) => match self.entry(*job).await? {
                Ok(entry) => return self.give_audio(&entry).await,
                Err(text) => return self.answer_with(text).await,
            },
            Tap::InLanguage(job, language) => match self.entry(*job).await? {
                Ok(entry) => self.in_language(&entry, *language).await,
                Err(text) => return self.answer_with(text).await,
            },
        };
        self.deliver(contents, NoteChange::default(), "answered")
            .await
    }

    /// The sound; once more from the file when the name it had at the platform is refused.
    async fn give_audio(&self, entry: &Entry) -> Result<Finish, Halt> {
        let stale = Stop::StaleFile.reason();
        for _ in 0..2 {
            let contents = match self.audio(entry).await? {
                Ok(contents) => contents,
                Err(text) => return self.answer_with(text).await,
            };
            match self
                .deliver(contents, NoteChange::default(), "answered")
                .await?
            {
                Finish::Refused { reason, .. } if reason == stale => {}
                other => return Ok(other),
            }
        }
        self.answer_with(Text::FileGone).await
    }

    /// One sentence and nothing else.
    pub(crate) async fn answer_with(&self, text: Text) -> Result<Finish, Halt> {
        let contents = self.say(&self.sentence(text));
        self.deliver(contents, NoteChange::default(), "answered")
            .await
    }

    /// A sentence as this channel needs it.
    fn sentence(&self, text: Text) -> String {
        say_on(self.route.channel.name(), self.language, text, &[])
    }

    fn say_with(&self, words: &str, mut choices: Vec<Choice>) -> Vec<(String, Content)> {
        let mut contents = self.say(words);
        choices.truncate(self.route.channel.limits().choices);
        if let Some((_, Content::Text { frame, .. })) = contents.last_mut() {
            frame.choices = choices;
        }
        contents
    }

    pub(crate) fn help(&self) -> String {
        let mut help = format!(
            "{}\n\n{}",
            self.sentence(Text::Help),
            self.sentence(Text::HelpMore)
        );
        if self.inbound.under.is_some() {
            help = format!("{help}\n\n{}", self.sentence(Text::HelpGroup));
        }
        help
    }

    pub(crate) fn menu(&self) -> Vec<Choice> {
        [
            (Text::ChoiceHistory, Command::History),
            (Text::ChoiceFind, Command::Find(String::new())),
            (Text::ChoiceQuota, Command::Quota),
            (Text::ChoiceLanguage, Command::Language(None)),
        ]
        .map(|(title, command)| choice(self.language, title, &Tap::Command(command)))
        .to_vec()
    }

    async fn quota(&self) -> Result<String, Halt> {
        let ctx = self.ctx;
        let day = day_of(ctx.now_ms(), &ctx.zone);
        let used = ctx
            .store
            .quota_used(&payer(self.to()).key(), &day.name)
            .await?;
        let limit = ctx.settings.daily_limit;
        let args = [
            ("left", Arg::Number(limit.saturating_sub(used).into())),
            ("limit", Arg::Number(limit.into())),
            (
                "wait",
                Arg::Words(wait(self.language, day.ends_ms - ctx.now_ms()).into()),
            ),
        ];
        Ok(say(self.language, Text::QuotaLeft, &args))
    }

    /// What was kept of an answer of ours to this person; else what to say instead.
    async fn entry(&self, job: Uuid) -> Result<Result<Entry, Text>, Halt> {
        if let Some(entry) = self.ctx.store.library_of_job(job).await? {
            let is_theirs = entry.conversation == *self.to();
            return Ok(if is_theirs {
                Ok(entry)
            } else {
                Err(Text::NotYours)
            });
        }
        Ok(Err(match self.own_job(job).await? {
            Some(job) if job.finished_at_ms.is_none() => Text::StillWorking,
            Some(_) => Text::FileGone,
            None => Text::TapUnknown,
        }))
    }

    /// A job of this very conversation.
    async fn own_job(&self, job: Uuid) -> Result<Option<JobRow>, Halt> {
        let Some(row) = self.ctx.store.job(job).await? else {
            return Ok(None);
        };
        let Some(reel) = ReelJob::of(&row) else {
            return Ok(None);
        };
        let event = self.ctx.store.event(reel.event_id).await?;
        let is_theirs = event.as_ref().and_then(conversation_of).as_ref() == Some(self.to());
        Ok(is_theirs.then_some(row))
    }

    /// For a button that is not ours.
    pub(crate) async fn unknown_tap(&self) -> Result<Finish, Halt> {
        if self.inbound.words.is_empty() {
            return self.answer_with(Text::TapUnknown).await;
        }
        Ok(refused("unknown_tap"))
    }
}

fn languages() -> Vec<Choice> {
    Language::ALL
        .map(|language| {
            let title = match language {
                Language::PtBr => Text::LanguagePortuguese,
                Language::En => Text::LanguageEnglish,
                Language::Es => Text::LanguageSpanish,
            };
            choice(
                language,
                title,
                &Tap::Command(Command::Language(Some(language))),
            )
        })
        .to_vec()
}

fn kept(entry: &Entry) -> Option<Kept> {
    serde_json::from_value(entry.words.clone()).ok()
}

fn retry(error: String) -> Halt {
    Halt::Finish(Finish::Retry {
        after_ms: None,
        error,
    })
}

/// The step of a job that erases: from then on it only erases.
pub(crate) const FORGETTING: &str = "forgetting";

impl Asking<'_> {
    /// Says that everything is erased, and erases it. Said first, because afterwards nothing is left to say it with; a
    /// crash in between is made good by the job's next run, which goes on erasing.
    async fn forget(&self) -> Result<Finish, Halt> {
        let is_group = self.inbound.under.is_some();
        let text = if is_group {
            Text::ForgottenGroup
        } else {
            Text::Forgotten
        };
        let lease = &self.route.lease;
        self.ctx
            .store
            .step_done(lease, FORGETTING, Value::Bool(true))
            .await?;
        let contents = self.say(&self.sentence(text));
        let finish = self
            .deliver(contents, NoteChange::default(), "forgotten")
            .await?;
        match finish {
            Finish::Wait { .. } | Finish::Retry { .. } | Finish::HandBack => Ok(finish),
            _ => erase::erase(self.ctx, self.route).await,
        }
    }
}
