//! What goes out, in which order and over what: the last part of a reel's way.
//!
//! Where a message can be changed, the answer replaces the one that said that it was on its way: with the words as soon
//! as they are there, then with the video and the words below it. Elsewhere the file goes first when it is ready by
//! then, because choices are shown below the last message only.

mod note;

use std::time::Instant;

use media::{Fetched, Fitted};
use store::Finish;
use tracing::warn;

use crate::channel::{
    ChannelError, Choice, Content, FileKind, FileToUpload, Frame, Handed, LocalFile, Look, Reaction,
};
use crate::choices;
use crate::context::Halt;
use crate::desk::Desk;
use crate::final_text;
use crate::pipeline::{Made, Words, thumbnail, took};
use crate::print::Print;
use crate::send::{ATTACHMENT_MS, Delivered, PARKED_MS, Stop, hash_of};
use crate::texts::{Failure, Text, plain};
use note::note;

/// An upload that was refused as stale is made anew once.
const UPLOADS: usize = 2;

/// The words, while the file still needs its time.
pub(crate) async fn words_first(desk: &Desk<'_>, text: &str) -> Result<Delivered, Halt> {
    let mut text = text.to_owned();
    let frame = if desk.edits() {
        if fits_below(desk, &text) {
            // The video will take the place of these words and carry them below it.
            text = final_text::promising(desk.language(), &text);
        }
        desk.frame().await?
    } else {
        Frame::default()
    };
    desk.deliver(messages(desk, &text, "text", 10, frame, &[]))
        .await
}

/// Everything that is not out yet.
pub(crate) async fn all(
    desk: &Desk<'_>,
    fetched: &Fetched,
    made: &[Made],
    words: &Words,
) -> Result<Delivered, Halt> {
    let choices = choices::after_answer(desk, fetched, words);
    if desk.edits() {
        return over_the_first_word(desk, fetched, made, words, choices).await;
    }
    let files = with_note(desk, fetched, made).await?;
    let unresolved = match &files {
        Delivered::All { unresolved } => *unresolved,
        // The words can still be had when the file cannot.
        Delivered::Stop(Stop::Refused(_) | Stop::StaleFile | Stop::OneByOne) => 0,
        Delivered::Stop(_) | Delivered::Pause { .. } => return Ok(files),
    };
    let told = match &words.told {
        None => messages(desk, &words.text, "last", 300, Frame::default(), &choices),
        Some(_) if choices.is_empty() => Vec::new(),
        Some(_) => {
            let more = plain(desk.language(), Text::MoreOfThis);
            messages(desk, &more, "more", 300, Frame::default(), &choices)
        }
    };
    match desk.deliver(told).await? {
        Delivered::All { unresolved: left } if matches!(files, Delivered::All { .. }) => {
            Ok(Delivered::All {
                unresolved: unresolved + left,
            })
        }
        Delivered::All { .. } => Ok(files),
        other => Ok(other),
    }
}

/// Words as the channel takes them; the frame is the first one's, the choices are the last one's.
fn messages(
    desk: &Desk<'_>,
    text: &str,
    name: &str,
    seq: i32,
    mut first: Frame,
    choices: &[Choice],
) -> Vec<(String, i32, Content)> {
    let texts = final_text::cut(text, |text| desk.channel().split(text));
    let last = texts.len().saturating_sub(1);
    let mut contents = Vec::new();
    for ((n, text), seq) in texts.into_iter().enumerate().zip(seq..) {
        let mut frame = std::mem::take(&mut first);
        if n == last {
            frame.choices = choices.to_vec();
        }
        let content = Content::framed(text, frame);
        desk.ctx
            .brake
            .said(&desk.asked.to().key(), &hash_of(&content));
        contents.push((format!("{name}-{n}"), seq, content));
    }
    contents
}

fn fits_below(desk: &Desk<'_>, text: &str) -> bool {
    text.encode_utf16().count() <= desk.channel().limits().caption_units
}

/// One message that grows into the answer, and more only for what does not fit into it.
async fn over_the_first_word(
    desk: &Desk<'_>,
    fetched: &Fetched,
    made: &[Made],
    words: &Words,
    choices: Vec<Choice>,
) -> Result<Delivered, Halt> {
    let mut text = words.text.clone();
    if let Some(note) = note(desk, fetched, made).await {
        text = format!("{text}\n\n{note}");
    }
    let sendable: Vec<&Made> = made.iter().filter(|one| one.fitted.is_some()).collect();
    let groups = groups(&sendable, desk.channel().limits().pictures_per_message);
    let is_below = groups.first().is_some_and(|group| group.len() == 1) && fits_below(desk, &text);
    let mut frame = desk.frame().await?;
    let mut caption = None;
    if is_below {
        frame.choices.clone_from(&choices);
        caption = Some(text.clone());
    } else {
        let told = messages(desk, &text, "last", 90, frame, &choices);
        let told = desk.deliver(told).await?;
        if !matches!(told, Delivered::All { .. }) {
            return Ok(told);
        }
        frame = desk.asked.alone();
    }
    let mut unresolved = 0;
    for (n, group) in (0..).zip(groups) {
        let shown = Shown {
            caption: caption.take(),
            frame: std::mem::replace(&mut frame, desk.asked.alone()),
        };
        let delivered = match group_of(desk, n, group, shown).await? {
            // The words can still be had when the file cannot, and whoever waits must not wait for ever.
            Delivered::Stop(Stop::Refused(_) | Stop::StaleFile | Stop::OneByOne)
                if is_below && n == 0 =>
            {
                let text = final_text::without_file(desk.language(), &text);
                let frame = desk.frame().await?;
                let told = messages(desk, &text, "instead", 250, frame, &choices);
                desk.deliver(told).await?
            }
            delivered => delivered,
        };
        match delivered {
            Delivered::All { unresolved: left } => unresolved += left,
            other => return Ok(other),
        }
    }
    Ok(Delivered::All { unresolved })
}

/// The files, behind the word about what did not fit.
async fn with_note(desk: &Desk<'_>, fetched: &Fetched, made: &[Made]) -> Result<Delivered, Halt> {
    if let Some(text) = note(desk, fetched, made).await {
        let told = vec![("note-0".into(), 50, Content::text(text))];
        let told = desk.deliver(told).await?;
        if !matches!(told, Delivered::All { .. }) {
            return Ok(told);
        }
    }
    let sendable: Vec<&Made> = made.iter().filter(|one| one.fitted.is_some()).collect();
    let mut unresolved = 0;
    for (n, group) in (0..).zip(groups(
        &sendable,
        desk.channel().limits().pictures_per_message,
    )) {
        match group_of(desk, n, group, Shown::default()).await? {
            Delivered::All { unresolved: left } => unresolved += left,
            other => return Ok(other),
        }
    }
    Ok(Delivered::All { unresolved })
}

/// How a file is shown.
#[derive(Debug, Clone, Default)]
struct Shown {
    caption: Option<String>,
    frame: Frame,
}

/// Pictures side by side go together, a video goes alone, and the post's order stays.
fn groups<'m>(made: &'m [&'m Made], most_pictures: usize) -> Vec<&'m [&'m Made]> {
    let kind = |one: &&Made| one.fitted.as_ref().map(file_kind);
    made.chunk_by(|a, b| kind(a) == Some(FileKind::Image) && kind(b) == Some(FileKind::Image))
        .flat_map(|run| run.chunks(most_pictures.max(1)))
        .collect()
}

async fn group_of(
    desk: &Desk<'_>,
    n: i32,
    group: &[&Made],
    shown: Shown,
) -> Result<Delivered, Halt> {
    for round in 0..UPLOADS {
        let again = if round == 0 { "" } else { "-again" };
        let mut contents = Vec::new();
        for one in group {
            contents.push(content(desk, one, &shown).await?);
        }
        let together = together(&contents);
        let delivered = desk
            .deliver(vec![(format!("file-{n}{again}"), 100 + n * 20, together)])
            .await?;
        match delivered {
            Delivered::Stop(Stop::StaleFile) => {
                for print in group.iter().filter_map(|one| one.print.as_ref()) {
                    let account = &desk.asked.route.conversation.account;
                    desk.ctx
                        .store
                        .forget_attachment(account, &print.hash)
                        .await?;
                }
            }
            Delivered::Stop(Stop::OneByOne) => {
                let single = (1..).zip(contents).map(|(k, content)| {
                    (format!("file-{n}{again}-{k}"), 100 + n * 20 + k, content)
                });
                return desk.deliver(single.collect()).await;
            }
            other => return Ok(other),
        }
    }
    Ok(Delivered::Stop(Stop::StaleFile))
}

fn together(contents: &[Content]) -> Content {
    if let [only] = contents {
        return only.clone();
    }
    Content::Pictures {
        attachments: contents
            .iter()
            .flat_map(|one| one.files().to_vec())
            .collect(),
        frame: contents
            .first()
            .map(|first| first.frame().clone())
            .unwrap_or_default(),
    }
}

async fn content(desk: &Desk<'_>, made: &Made, shown: &Shown) -> Result<Content, Halt> {
    let (Some(fitted), Some(print)) = (&made.fitted, &made.print) else {
        return Err(desk.start_over().await?);
    };
    Ok(Content::File {
        file: file_kind(fitted),
        attachment: handed(desk, made, print).await?,
        caption: shown.caption.clone(),
        look: Look {
            width: fitted.width,
            height: fitted.height,
            duration_ms: fitted.duration_ms,
        },
        frame: shown.frame.clone(),
    })
}

/// Uploads what can be uploaded before it is shown.
pub(crate) async fn hand_in(desk: &Desk<'_>, made: &Made, print: &Print) -> Result<(), Halt> {
    if desk.channel().limits().uploads_apart {
        handed(desk, made, print).await?;
    }
    Ok(())
}

/// The channel's name for this file: remembered per account and content, else uploaded now.
async fn handed(desk: &Desk<'_>, made: &Made, print: &Print) -> Result<Handed, Halt> {
    let conversation = &desk.asked.route.conversation;
    let account = conversation.account.as_str();
    if let Some(known) = desk.ctx.store.attachment(account, &print.hash).await? {
        return Ok(Handed::Known(known));
    }
    let Some(fitted) = &made.fitted else {
        return Err(desk.start_over().await?);
    };
    if !desk.are_intact(std::slice::from_ref(print)).await {
        return Err(desk.start_over().await?);
    }
    if !desk.channel().limits().uploads_apart {
        let thumbnail = match &made.thumbnail {
            Some(thumbnail) => Some(thumbnail.clone()),
            // Made for a channel that shows none.
            None => thumbnail(desk, made.fitted.as_ref()).await,
        };
        return Ok(Handed::Local(LocalFile {
            folder: desk.folder.clone(),
            file: fitted.file.clone(),
            mime: fitted.mime().to_owned(),
            hash: print.hash.clone(),
            thumbnail,
            shown_as: None,
        }));
    }
    desk.ctx.check_account(&desk.asked.route).await?;
    let started = Instant::now();
    let path = desk.dir.join(&fitted.file);
    let file = FileToUpload {
        kind: file_kind(fitted),
        path: &path,
        mime: fitted.mime(),
    };
    let id = match desk.channel().upload(conversation, file).await {
        Ok(id) => id,
        Err(error) => return Err(after_failed_upload(desk, &error).await?),
    };
    took(desk, "upload", started);
    let expires_ms = desk.ctx.now_ms() + ATTACHMENT_MS;
    desk.ctx
        .store
        .remember_attachment(account, &print.hash, &id, expires_ms)
        .await?;
    Ok(Handed::Known(id))
}

async fn after_failed_upload(desk: &Desk<'_>, error: &ChannelError) -> Result<Halt, Halt> {
    warn!(job = %desk.job.id, code = error.code, fbtrace_id = error.trace.as_deref(), "an upload failed");
    let millis = |after: std::time::Duration| i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
    Ok(Halt::Finish(match error.reaction {
        Reaction::Throttled(after) => Finish::Wait {
            until_ms: desk.ctx.now_ms() + after.map_or(PARKED_MS, millis),
            why: "throttled".into(),
        },
        Reaction::NeedsLogin | Reaction::AccountStopped => {
            let route = &desk.asked.route;
            desk.ctx.sender.park(route, error).await?;
            desk.ctx.parked()
        }
        Reaction::Later(after) if !desk.is_last_attempt() => Finish::Retry {
            after_ms: after.map(millis),
            error: format!("upload {}", error.code),
        },
        _ => return Ok(Halt::Failed(Failure::Internal)),
    }))
}

pub(crate) fn file_kind(fitted: &Fitted) -> FileKind {
    match fitted.mime() {
        "image/gif" => FileKind::Animation,
        mime if mime.starts_with("image/") => FileKind::Image,
        mime if mime.starts_with("audio/") => FileKind::Audio,
        _ => FileKind::Video,
    }
}
