//! What a person can tell the bot to do besides watching: commands, in words or by a tap, answered from what is there.

use media::{Language, SummaryKind, SummaryRequest};
use serde_json::Value;
use store::fold::Folded;
use store::{Admission, Admitted, Entry, Finish, JobRow, NoteChange};
use uuid::Uuid;

use crate::asking::{Asking, number, on_it, payer, wait};
use crate::channel::{Choice, Content, FileKind, FileToUpload, Frame, Handed, LocalFile, Look};
use crate::choices::{choice, other_than};
use crate::command::{Command, Tap};
use crate::context::{Halt, conversation_of, refused};
use crate::day::{day_of, local_date};
use crate::desk::folder_of;
use crate::files::work_dir;
use crate::final_text::{self, Answer};
use crate::library::Kept;
use crate::plan::REEL;
use crate::print::Print;
use crate::reel::ReelJob;
use crate::send::{QUEUED, hash_of};
use crate::texts::{Arg, Text, plain, say, say_on};
use crate::told;

/// Entries of a history: what fits one message of the narrower channel.
const HISTORY: u32 = 5;
/// What is found besides the best is rarely what was meant.
const HITS: usize = 3;
/// An excerpt says where one is; it is no transcript. In characters.
const EXCERPT: usize = 120;
/// Messages of one transcript, where it comes in messages.
const TRANSCRIPT_MESSAGES: usize = 10;

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
                let last = self.ctx.store.library_recent(self.to(), 1).await?.pop();
                let Some(entry) = last else {
                    return self.answer_with(Text::NothingYet).await;
                };
                let tap = match command {
                    Command::Transcript => Tap::Transcript(entry.job_id),
                    Command::Audio => Tap::Audio(entry.job_id),
                    Command::Other(language) => {
                        let language = language.unwrap_or(other_than(self.language));
                        Tap::InLanguage(entry.job_id, language)
                    }
                    _ => return self.answer_with(Text::NothingYet).await,
                };
                return Box::pin(self.tapped(&tap)).await;
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
                Ok(entry) => match self.audio(&entry).await? {
                    Ok(contents) => contents,
                    Err(text) => return self.answer_with(text).await,
                },
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

    async fn history(&self) -> Result<String, Halt> {
        let entries = self.ctx.store.library_recent(self.to(), HISTORY).await?;
        if entries.is_empty() {
            return Ok(self.sentence(Text::HistoryEmpty));
        }
        let lines = entries.iter().map(|entry| self.line(entry));
        Ok(std::iter::once(self.sentence(Text::HistoryHeader))
            .chain(lines)
            .collect::<Vec<_>>()
            .join("\n"))
    }

    /// An entry in a list: what it was, whose, when, and where it stands.
    fn line(&self, entry: &Entry) -> String {
        let date = told::date(self.language, local_date(entry.at_ms, &self.ctx.zone));
        let mut args = vec![
            ("title", Arg::Words(self.title(entry).into())),
            ("date", Arg::Words(date.into())),
        ];
        let text = match &entry.author {
            Some(author) => {
                args.push(("author", Arg::Words(author.as_str().into())));
                Text::HistoryEntry
            }
            None => Text::HistoryEntryAnonymous,
        };
        let line = say(self.language, text, &args);
        match &entry.permalink {
            Some(permalink) => format!("{line}\n{permalink}"),
            None => line,
        }
    }

    fn title(&self, entry: &Entry) -> String {
        let kept = kept(entry);
        let first = kept.and_then(|kept| kept.summary.points.into_iter().next());
        [entry.title.clone(), first, entry.caption.clone()]
            .into_iter()
            .flatten()
            .map(|text| shortened(&final_text::clean(&text), 60))
            .find(|text| !text.is_empty())
            .unwrap_or_else(|| self.sentence(Text::Untitled))
    }

    async fn find(&self, query: &str) -> Result<String, Halt> {
        if query.trim().is_empty() {
            return Ok(self.sentence(Text::FindWhat));
        }
        let question = Folded::new(query);
        let found = self
            .ctx
            .store
            .library_find(self.to(), &question, HITS)
            .await?;
        if found.is_empty() {
            let query = shortened(&final_text::clean(query), 60);
            let args = [("query", Arg::Words(query.into()))];
            return Ok(say(self.language, Text::FoundNothing, &args));
        }
        let mut lines = vec![say(
            self.language,
            Text::Found,
            &[("n", number(found.len()))],
        )];
        for entry in &found {
            lines.push(self.line(entry));
            lines.extend(self.moment(entry));
        }
        Ok(lines.join("\n"))
    }

    /// Where in the video, or else in the caption, the words stand that were looked for.
    fn moment(&self, entry: &Entry) -> Option<String> {
        let kept = kept(entry)?;
        let segments = &kept.heard.segments;
        let best = segments
            .iter()
            .map(|segment| (hits_in(&segment.text, &entry.hits), segment))
            .filter(|(hits, _)| *hits > 0)
            // The first of the best: where it begins to be spoken of.
            .rev()
            .max_by_key(|(hits, _)| *hits);
        if let Some((_, segment)) = best {
            let excerpt = shortened(&final_text::clean(&segment.text), EXCERPT);
            let args = [
                ("moment", Arg::Words(told::moment(segment.start_ms).into())),
                ("excerpt", Arg::Words(excerpt.into())),
            ];
            return Some(say(self.language, Text::FoundAt, &args));
        }
        let caption = entry.caption.as_deref()?;
        if hits_in(caption, &entry.hits) == 0 {
            return None;
        }
        let excerpt = shortened(&final_text::clean(caption), EXCERPT);
        let args = [("excerpt", Arg::Words(excerpt.into()))];
        Some(say(self.language, Text::FoundInCaption, &args))
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
        let Some(reel) = reel_of(&row) else {
            return Ok(None);
        };
        let event = self.ctx.store.event(reel.event_id).await?;
        let is_theirs = event.as_ref().and_then(conversation_of).as_ref() == Some(self.to());
        Ok(is_theirs.then_some(row))
    }

    async fn transcript(&self, entry: &Entry) -> Result<Vec<(String, Content)>, Halt> {
        let heard = kept(entry).map(|kept| kept.heard);
        let Some(heard) = heard.filter(|heard| !heard.text.trim().is_empty()) else {
            return Ok(self.say(&self.sentence(Text::TranscriptEmpty)));
        };
        let mut title = match &entry.author {
            Some(author) => {
                let args = [("author", Arg::Words(author.as_str().into()))];
                say(self.language, Text::TranscriptOf, &args)
            }
            None => self.sentence(Text::Transcript),
        };
        if heard.low_confidence {
            title = format!("{title}\n{}", self.sentence(Text::TranscriptUnsure));
        }
        let txt = told::txt(&heard.segments);
        if !self.route.channel.limits().documents {
            let mut contents = self.say(&format!("{title}\n\n{txt}"));
            contents.truncate(TRANSCRIPT_MESSAGES);
            return Ok(contents);
        }
        let folder = folder_of(&entry.work_key);
        let dir = work_dir(&self.ctx.data_dir, &folder);
        let mut contents = Vec::new();
        let files = [
            ("txt", "text/plain", txt),
            ("srt", "application/x-subrip", told::srt(&heard.segments)),
        ];
        for ((ending, mime, text), n) in files.into_iter().zip(0..) {
            let file = format!("transcript.{ending}");
            let print = write(&dir, &file, &text).await?;
            contents.push((
                format!("file-{n}"),
                Content::File {
                    file: FileKind::Document,
                    attachment: Handed::Local(LocalFile {
                        folder: folder.clone(),
                        file,
                        mime: mime.to_owned(),
                        hash: print.hash,
                        thumbnail: None,
                        shown_as: Some(format!("transcript-{}.{ending}", self.language.code())),
                    }),
                    caption: (n == 0).then(|| title.clone()),
                    look: Look::default(),
                    frame: self.frame(),
                },
            ));
        }
        Ok(contents)
    }

    /// The sound of the file that was downloaded, as long as it is kept.
    async fn audio(&self, entry: &Entry) -> Result<Result<Vec<(String, Content)>, Text>, Halt> {
        let ctx = self.ctx;
        let Some(work) = ctx.store.work_kept(&entry.work_key).await? else {
            return Ok(Err(Text::FileGone));
        };
        let Some(item) = crate::pipeline::kept_item(&work.steps) else {
            return Ok(Err(Text::AudioNone));
        };
        let folder = folder_of(&entry.work_key);
        let dir = work_dir(&ctx.data_dir, &folder);
        if tokio::fs::metadata(dir.join(&item.file)).await.is_err() {
            return Ok(Err(Text::FileGone));
        }
        let channel = &*self.route.channel;
        let made = match ctx
            .studio
            .sound(&item, &dir, &ctx.file_limits(channel))
            .await
        {
            Ok(made) => made,
            Err(error) if error.is_retryable() => return Err(retry(error.to_string())),
            Err(_) => return Ok(Err(Text::AudioNone)),
        };
        let print = Print::take(&dir, &made.file)
            .await
            .map_err(|error| retry(error.to_string()))?;
        let words = match &entry.author {
            Some(author) => {
                let args = [("author", Arg::Words(author.as_str().into()))];
                say(self.language, Text::AudioOf, &args)
            }
            None => self.sentence(Text::Audio),
        };
        let known = ctx
            .store
            .attachment(&self.to().account, &print.hash)
            .await?;
        let attachment = match known {
            Some(known) => Handed::Known(known),
            None if channel.limits().uploads_apart => {
                let path = dir.join(&made.file);
                let file = FileToUpload {
                    kind: FileKind::Audio,
                    path: &path,
                    mime: made.mime(),
                };
                let id = channel
                    .upload(self.to(), file)
                    .await
                    .map_err(|error| retry(error.code))?;
                let until_ms = ctx.now_ms() + crate::send::ATTACHMENT_MS;
                ctx.store
                    .remember_attachment(&self.to().account, &print.hash, &id, until_ms)
                    .await?;
                Handed::Known(id)
            }
            None => Handed::Local(LocalFile {
                folder,
                file: made.file.clone(),
                mime: made.mime().to_owned(),
                hash: print.hash,
                thumbnail: None,
                shown_as: None,
            }),
        };
        let has_room = channel.limits().caption_units > 0;
        let content = Content::File {
            file: FileKind::Audio,
            attachment,
            caption: has_room.then_some(words),
            look: Look {
                duration_ms: made.duration_ms,
                ..Look::default()
            },
            frame: self.frame(),
        };
        Ok(Ok(vec![("file-0".to_owned(), content)]))
    }

    /// The same words once more, in another language.
    async fn in_language(&self, entry: &Entry, language: Language) -> Vec<(String, Content)> {
        let Some(kept) = kept(entry) else {
            return self.say(&self.sentence(Text::FileGone));
        };
        let request = SummaryRequest {
            caption: entry.caption.clone(),
            heard: kept.heard.clone(),
            author: entry.author.clone(),
            language,
        };
        let summary = self.ctx.studio.summarise(&request).await;
        if summary.kind != SummaryKind::Model {
            return self.say(&self.sentence(Text::CannotTranslate));
        }
        let text = final_text::compose(&Answer {
            language,
            place: None,
            verdict: &kept.heard.verdict,
            summary: &summary,
            only_pictures: false,
            author: entry.author.as_deref(),
            permalink: entry.permalink.as_deref(),
        });
        self.say(&text)
    }

    /// A failed one once more. It costs again: what failed was given back.
    async fn try_again(&self, before: JobRow) -> Result<Finish, Halt> {
        let Some(reel) = reel_of(&before) else {
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
            ..reel.clone()
        };
        let mut job = again.job(self.to());
        job.dedupe_key = Some(format!(
            "{}:{}:again-{}",
            reel.event_id, reel.n, self.event_id
        ));
        let day = day_of(self.ctx.now_ms(), &self.ctx.zone);
        let admission = Admission {
            scope: payer(self.to()).key(),
            day: day.name.clone(),
            limit: self.ctx.settings.daily_limit,
            jobs: vec![job],
        };
        let admitted = self.ctx.store.admit(admission).await?;
        let Some(Admitted::New(job) | Admitted::Already(job)) = admitted.first() else {
            let words = self.quota().await?;
            return self
                .deliver(self.say(&words), NoteChange::default(), "over_limit")
                .await;
        };
        let ask = self.ctx.read(self.route, &event).and_then(|inbound| {
            inbound
                .asked
                .asks
                .into_iter()
                .find(|ask| ask.key == reel.key)
        });
        let first = match self.ctx.waits(*job, self.language).await? {
            Some(waits) => waits,
            None if is_tap => plain(self.language, ask.as_ref().map_or(Text::AgainNow, on_it)),
            None => self.sentence(Text::AgainNow),
        };
        let frame = Frame {
            over,
            ..self.frame()
        };
        let content = Content::framed(first, frame);
        self.ctx.brake.said(&self.to().key(), &hash_of(&content));
        let contents = vec![(format!("{QUEUED}1"), content)];
        self.deliver(contents, NoteChange::default(), "again").await
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

fn reel_of(job: &JobRow) -> Option<ReelJob> {
    (job.queue == REEL).then(|| serde_json::from_value(job.payload.clone()).ok())?
}

/// How many of these folded words stand in a text.
fn hits_in(text: &str, hits: &[String]) -> usize {
    let folded = store::fold::fold(text);
    hits.iter()
        .filter(|hit| folded.contains(&format!(" {hit}")))
        .count()
}

/// The beginning of a text, cut between words.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most).collect();
    if let Some(space) = short.rfind(char::is_whitespace) {
        short.truncate(space);
    }
    format!("{}…", short.trim_end_matches([' ', ',', '.', ';', ':']))
}

async fn write(dir: &std::path::Path, file: &str, text: &str) -> Result<Print, Halt> {
    let disk = |error: std::io::Error| retry(format!("work folder: {error}"));
    tokio::fs::create_dir_all(dir).await.map_err(disk)?;
    tokio::fs::write(dir.join(file), text).await.map_err(disk)?;
    Print::take(dir, file).await.map_err(disk)
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
            _ => crate::erase::erase(self.ctx, self.route).await,
        }
    }
}
