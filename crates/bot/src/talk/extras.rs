//! More of an answer that was given, from what is kept of it: nothing is downloaded or listened to again.

use std::path::Path;

use media::{Fitted, Language, SummaryKind, SummaryRequest};
use store::{Entry, Finish, Part};
use uuid::Uuid;

use super::{kept, retry};
use crate::asking::Asking;
use crate::channel::{
    ChannelError, Content, FileKind, FileToUpload, Handed, LocalFile, Look, Reaction,
};
use crate::context::Halt;
use crate::desk::folder_of;
use crate::files::work_dir;
use crate::final_text::{self, Answer};
use crate::pipeline::kept_item;
use crate::print::Print;
use crate::send::{ATTACHMENT_MS, Stop};
use crate::texts::{Arg, Text, say};
use crate::told;

/// Messages of one transcript, where it comes in messages.
const TRANSCRIPT_MESSAGES: usize = 10;

/// Parts of an answer, by name.
type Parts = Vec<(String, Content)>;

impl Asking<'_> {
    pub(super) async fn transcript(&self, entry: &Entry) -> Result<Parts, Halt> {
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
        // As players of subtitles name them: by the language that is spoken.
        let spoken = heard.language.as_deref().and_then(Language::from_tag);
        let name = spoken.map_or("transcript".to_owned(), |spoken| {
            format!("transcript-{}", spoken.code())
        });
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
                        shown_as: Some(format!("{name}.{ending}")),
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
    pub(super) async fn audio(&self, entry: &Entry) -> Result<Result<Parts, Text>, Halt> {
        let ctx = self.ctx;
        let Some(work) = ctx.store.work_kept(&entry.work_key).await? else {
            return Ok(Err(Text::FileGone));
        };
        let Some(item) = kept_item(&work.steps) else {
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
        let attachment = self.hand_in(&made, print, folder, &dir).await?;
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
        let stale = self.stale_files().await?;
        Ok(Ok(vec![(format!("file-{stale}"), content)]))
    }

    /// How many files of this very job were refused because their names are no longer known.
    async fn stale_files(&self) -> Result<usize, Halt> {
        let parts = self.ctx.store.parts(self.job.id).await?;
        let stale = Stop::StaleFile.reason();
        let refused = |part: &&Part| part.reason.as_deref() == Some(stale.as_str());
        Ok(parts.iter().filter(refused).count())
    }

    /// The file as the channel takes it: by a name it gave before, uploaded now, or with the message.
    async fn hand_in(
        &self,
        made: &Fitted,
        print: Print,
        folder: String,
        dir: &Path,
    ) -> Result<Handed, Halt> {
        let (store, channel) = (&self.ctx.store, &*self.route.channel);
        let account = self.to().account.as_str();
        match store.attachment(account, &print.hash).await? {
            // The name it was given before is refused by now: hand it in anew, once.
            Some(_) if self.stale_files().await? > 0 => {
                store.forget_attachment(account, &print.hash).await?;
            }
            Some(known) => return Ok(Handed::Known(known)),
            None => {}
        }
        if !channel.limits().uploads_apart {
            return Ok(Handed::Local(LocalFile {
                folder,
                file: made.file.clone(),
                mime: made.mime().to_owned(),
                hash: print.hash,
                thumbnail: None,
                shown_as: None,
            }));
        }
        let path = dir.join(&made.file);
        let file = FileToUpload {
            kind: FileKind::Audio,
            path: &path,
            mime: made.mime(),
        };
        let id = channel
            .upload(self.to(), file)
            .await
            .map_err(|error| self.not_uploaded(error))?;
        let until_ms = self.ctx.now_ms() + ATTACHMENT_MS;
        store
            .remember_attachment(account, &print.hash, &id, until_ms)
            .await?;
        Ok(Handed::Known(id))
    }

    /// What the channel's allowance keeps from going out waits for it, however long; anything else is tried again.
    fn not_uploaded(&self, error: ChannelError) -> Halt {
        match error.reaction {
            Reaction::Throttled(Some(after)) => Halt::Finish(Finish::Wait {
                until_ms: self.ctx.now_ms() + i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
                why: "throttled".to_owned(),
            }),
            _ => retry(error.code),
        }
    }

    /// The same words once more, in another language.
    pub(super) async fn in_language(&self, entry: &Entry, language: Language) -> Parts {
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
}

async fn write(dir: &Path, file: &str, text: &str) -> Result<Print, Halt> {
    let disk = |error: std::io::Error| retry(format!("work folder: {error}"));
    tokio::fs::create_dir_all(dir).await.map_err(disk)?;
    // Another one may be reading it just now: under its name there only ever stands a whole one.
    let whole = dir.join(format!("{}-{file}", Uuid::now_v7().simple()));
    tokio::fs::write(&whole, text).await.map_err(disk)?;
    tokio::fs::rename(&whole, dir.join(file))
        .await
        .map_err(disk)?;
    Print::take(dir, file).await.map_err(disk)
}
