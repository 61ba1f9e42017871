//! A reel, from the link to the last message, top to bottom:
//! `download -> { fit, beside: transcribe -> summarise -> deliver text } -> deliver video`.
//!
//! Each step looks for its checkpoint first, so that a process that died goes on where it was. The
//! words are delivered as soon as they are there; the file follows when it fits.
//!
//! Longer than other files on purpose: a flow is told in one place.

use std::time::Instant;

use media::{
    DownloadError, FailureClass, Fetched, FitError, FitHow, Fitted, Heard, Hints, Item, ItemKind,
    Progress, Source, Summary, SummaryRequest, Verdict, Via,
};
use serde::{Deserialize, Serialize};
use store::Finish;
use tracing::{info, warn};

use crate::channel::{ChannelError, Content, FileKind, FileToUpload, Reaction};
use crate::context::{Halt, after_delivery};
use crate::day::short_local;
use crate::desk::{Desk, Kept};
use crate::files::{FileName, signed_link};
use crate::final_text::{self, Answer};
use crate::plan::{AskSource, Origin};
use crate::print::Print;
use crate::send::{Delivered, PARKED_MS, Stop};
use crate::texts::{Arg, Failure, Text, plain, say};

/// A post has up to twenty items; more than this in a row is noise in a chat.
const MOST_ITEMS: usize = 10;
/// Instagram said "calm": how long public pages are left alone.
const CALM_MS: i64 = 300_000;
/// Meta's uploads are remembered this long. Their life is not documented; a stale one is noticed
/// and uploaded again.
const ATTACHMENT_MS: i64 = 30 * 24 * 3_600_000;
/// An upload that was refused as stale is made anew once.
const UPLOADS: usize = 2;

/// The whole answer to one ask.
pub(crate) async fn run(desk: &Desk<'_>) -> Result<Finish, Halt> {
    let fetched = download(desk).await?;
    let (files, told) = tokio::join!(files(desk, &fetched), words(desk, &fetched));
    let told = told?;
    if matches!(told, Delivered::Stop(_)) {
        return Ok(end(desk, told).await);
    }
    let files = files?;
    desk.share().await?;
    if matches!(told, Delivered::Pause { .. }) {
        return Ok(end(desk, told).await);
    }
    let delivered = deliver_files(desk, &fetched, &files).await?;
    Ok(end(desk, delivered).await)
}

/// Fit, then upload: the half of the work that makes files.
async fn files(desk: &Desk<'_>, fetched: &Fetched) -> Result<Vec<Made>, Halt> {
    if desk.is_own() {
        // The person has the file already; only the words go back.
        return Ok(Vec::new());
    }
    let made = fit(desk, fetched).await?;
    for one in &made {
        if let Some(print) = &one.print {
            attachment(desk, one, print).await?;
        }
    }
    Ok(made)
}

/// Listen, understand, tell: the half of the work that makes words.
async fn words(desk: &Desk<'_>, fetched: &Fetched) -> Result<Delivered, Halt> {
    if let Some(told) = desk.resume("text-").await? {
        return Ok(told);
    }
    let heard = transcribe(desk, fetched).await?;
    let summary = summarise(desk, fetched, &heard).await?;
    deliver_text(desk, fetched, &heard, &summary).await
}

// --- download ---

async fn download(desk: &Desk<'_>) -> Result<Fetched, Halt> {
    const STEP: &str = "fetched";
    if let Some(kept) = desk.kept::<Kept<Fetched>>(STEP) {
        let is_needed = desk.kept::<Heard>("heard").is_none()
            || (!desk.is_own() && desk.kept::<Vec<Made>>("made").is_none());
        if !is_needed || desk.are_intact(&kept.prints).await {
            return Ok(kept.value);
        }
    }
    let started = Instant::now();
    let fetched = fetch(desk).await?;
    let fetched = fetched.or_else(|error| after_failed_download(desk, error))?;
    took(desk, "download", started);
    let speaks = |item: &Item| item.kind != ItemKind::Image;
    let wants_speech = matches!(desk.asked.ask.origin, Origin::Own | Origin::Story);
    if wants_speech && !fetched.items.iter().any(speaks) {
        return Err(Halt::Failed(Failure::Picture));
    }
    let prints = prints(desk, fetched.items.iter().map(|item| item.file.as_str())).await?;
    let kept = Kept {
        value: fetched,
        prints,
    };
    desk.keep(STEP, &kept).await?;
    Ok(kept.value)
}

/// From where Meta says the file is; if it is not there, from the post's page, where the share named one.
async fn fetch(desk: &Desk<'_>) -> Result<Result<Fetched, DownloadError>, Halt> {
    let ask = &desk.asked.ask;
    let (source, page) = match &ask.source {
        AskSource::Media(url) => (Source::Media { url: url.clone() }, ask.page.as_ref()),
        AskSource::Page(link) => {
            calm(desk)?;
            (Source::Page { link: link.clone() }, None)
        }
    };
    let download = async |source: &Source| {
        let none = Progress::none();
        desk.ctx.studio.download(source, &desk.dir, &none).await
    };
    let fetched = download(&source).await;
    let (Err(error), Some(page)) = (&fetched, page) else {
        return Ok(fetched);
    };
    if !is_worth_its_page(error.class, desk.is_last_attempt()) {
        return Ok(fetched);
    }
    warn!(job = %desk.job.id, class = error.class.as_str(), "the shared file is not to be had; trying its page");
    calm(desk)?;
    let page = Source::Page { link: page.clone() };
    match download(&page).await {
        // Pages are often closed to strangers; the person was given the file.
        Err(_) if error.class.is_retryable() => Ok(fetched),
        from_page => Ok(from_page),
    }
}

/// Whether a post's page may have what its file's address did not give: not after a stumble that the next try may get
/// over, and not when the file itself or our own house is the trouble.
fn is_worth_its_page(class: FailureClass, is_last_attempt: bool) -> bool {
    use FailureClass::{Hostile, Misconfigured, TooLarge, TooLong};
    !matches!(class, TooLarge | TooLong | Hostile | Misconfigured)
        && (!class.is_retryable() || is_last_attempt)
}

/// Pages that asked for calm are left alone by every job until it is over.
fn calm(desk: &Desk<'_>) -> Result<(), Halt> {
    let until_ms = desk
        .ctx
        .pages_closed_until_ms
        .load(std::sync::atomic::Ordering::Relaxed);
    if until_ms <= desk.ctx.now_ms() {
        return Ok(());
    }
    Err(Halt::Finish(Finish::Wait {
        until_ms,
        why: "pages_asked_for_calm".into(),
    }))
}

fn after_failed_download(desk: &Desk<'_>, error: DownloadError) -> Result<Fetched, Halt> {
    warn!(job = %desk.job.id, class = error.class.as_str(), detail = error.detail, "a download failed");
    if error.class == FailureClass::NotAVideo && error.caption.is_some() {
        // A photo without a file still has something to say.
        return Ok(Fetched {
            items: Vec::new(),
            caption: error.caption,
            author: None,
            permalink: None,
            subtitles: None,
            via: Via::YtDlp,
        });
    }
    if error.class == FailureClass::RateLimited {
        desk.ctx.close_pages(desk.ctx.now_ms() + CALM_MS);
    }
    let tries = match error.class {
        // "Private, removed or restricted": one more look tells whether it was a mood.
        FailureClass::Ambiguous => 2,
        FailureClass::RateLimited => 3,
        _ => desk.job.max_attempts,
    };
    if !error.class.is_retryable() || desk.job.attempts >= tries.min(desk.job.max_attempts) {
        return Err(Halt::Failed(error.class.into()));
    }
    let after_ms = error
        .retry_after
        .and_then(|after| i64::try_from(after.as_millis()).ok());
    Err(Halt::Finish(Finish::Retry {
        after_ms,
        error: error.class.as_str().to_owned(),
    }))
}

async fn prints<'f>(
    desk: &Desk<'_>,
    files: impl Iterator<Item = &'f str>,
) -> Result<Vec<Print>, Halt> {
    let mut prints = Vec::new();
    for file in files {
        let print = Print::take(&desk.dir, file).await.map_err(|error| {
            Halt::Finish(Finish::Retry {
                after_ms: None,
                error: format!("a file is gone: {error}"),
            })
        })?;
        prints.push(print);
    }
    Ok(prints)
}

// --- fit ---

/// What became of one item.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Made {
    /// The downloaded item.
    file: String,
    /// What is sent, unless nothing fits.
    fitted: Option<Fitted>,
    print: Option<Print>,
    /// The word about it, when it is not the whole thing.
    note: Option<Note>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Note {
    Preview,
    TooBig,
    PictureTooBig,
    NoFile,
}

async fn fit(desk: &Desk<'_>, fetched: &Fetched) -> Result<Vec<Made>, Halt> {
    const STEP: &str = "made";
    if let Some(made) = desk.kept::<Vec<Made>>(STEP) {
        return Ok(made);
    }
    let started = Instant::now();
    let mut made = Vec::new();
    for item in fetched
        .items
        .iter()
        .filter(|item| item.kind != ItemKind::Audio)
        .take(MOST_ITEMS)
    {
        made.push(fit_one(desk, item).await?);
    }
    took(desk, "fit", started);
    desk.keep(STEP, &made).await?;
    Ok(made)
}

async fn fit_one(desk: &Desk<'_>, item: &Item) -> Result<Made, Halt> {
    let limits = desk.ctx.file_limits();
    let fitted = desk
        .ctx
        .studio
        .fit(item, &desk.dir, &limits, &Progress::none())
        .await;
    let (fitted, note) = match fitted {
        Ok(fitted) => {
            let is_part = matches!(fitted.how, FitHow::Preview | FitHow::Gif);
            (Some(fitted), is_part.then_some(Note::Preview))
        }
        Err(FitError::TooBig) if item.kind == ItemKind::Image => (None, Some(Note::PictureTooBig)),
        Err(FitError::TooBig) => (None, Some(Note::TooBig)),
        Err(error) if error.is_retryable() && !desk.is_last_attempt() => {
            return Err(Halt::Finish(Finish::Retry {
                after_ms: None,
                error: error.to_string(),
            }));
        }
        Err(error) => {
            warn!(job = %desk.job.id, %error, "a file could not be made to fit");
            (None, Some(Note::NoFile))
        }
    };
    let print = match &fitted {
        Some(fitted) => prints(desk, std::iter::once(fitted.file.as_str()))
            .await?
            .pop(),
        None => None,
    };
    Ok(Made {
        file: item.file.clone(),
        fitted,
        print,
        note,
    })
}

// --- transcribe, summarise ---

async fn transcribe(desk: &Desk<'_>, fetched: &Fetched) -> Result<Heard, Halt> {
    const STEP: &str = "heard";
    if let Some(heard) = desk.kept(STEP) {
        return Ok(heard);
    }
    let started = Instant::now();
    let heard = match fetched
        .main_item()
        .filter(|item| item.kind != ItemKind::Image)
    {
        Some(item) => listen(desk, fetched, item).await,
        None => Heard::nothing(Verdict::NoAudio, "none"),
    };
    took(desk, "transcribe", started);
    desk.keep(STEP, &heard).await?;
    Ok(heard)
}

/// A reel that nobody could listen to still has its caption, so this never fails the whole.
async fn listen(desk: &Desk<'_>, fetched: &Fetched, item: &Item) -> Heard {
    let hints = Hints {
        subtitles: fetched.subtitles.clone(),
        language: None,
        duration_ms: item.duration_ms,
        has_audio: item.has_audio,
    };
    let studio = &desk.ctx.studio;
    let mut outcome = studio
        .transcribe(item, &desk.dir, &hints, &Progress::none())
        .await;
    if outcome
        .as_ref()
        .is_err_and(media::TranscribeError::is_retryable)
    {
        outcome = studio
            .transcribe(item, &desk.dir, &hints, &Progress::none())
            .await;
    }
    outcome.unwrap_or_else(|error| {
        warn!(job = %desk.job.id, %error, "listening failed; going on with the caption");
        Heard::nothing(
            Verdict::NotHeard {
                why: error.to_string(),
            },
            "none",
        )
    })
}

async fn summarise(desk: &Desk<'_>, fetched: &Fetched, heard: &Heard) -> Result<Summary, Halt> {
    let step = format!("summary {}", desk.language().tag());
    if let Some(summary) = desk.kept(&step) {
        return Ok(summary);
    }
    let started = Instant::now();
    let request = SummaryRequest {
        caption: fetched
            .caption
            .clone()
            .or_else(|| desk.asked.ask.caption.clone()),
        heard: heard.clone(),
        author: fetched.author.clone(),
        language: desk.language(),
    };
    let summary = desk.ctx.studio.summarise(&request).await;
    took(desk, "summarise", started);
    desk.keep(&step, &summary).await?;
    Ok(summary)
}

// --- deliver ---

async fn deliver_text(
    desk: &Desk<'_>,
    fetched: &Fetched,
    heard: &Heard,
    summary: &Summary,
) -> Result<Delivered, Halt> {
    let answer = Answer {
        language: desk.language(),
        place: Some((desk.asked.reel.n, desk.asked.reel.of)),
        verdict: &heard.verdict,
        summary,
        only_pictures: fetched
            .items
            .iter()
            .all(|item| item.kind == ItemKind::Image),
        author: fetched.author.as_deref(),
        permalink: fetched.permalink.as_deref(),
    };
    let messages = final_text::cut(&final_text::compose(&answer), |text| {
        desk.ctx.channel.split(text)
    });
    let contents = messages.into_iter().zip(0..).map(|(text, n)| {
        let content = Content::Text { text };
        desk.ctx.brake.said(
            &desk.asked.route.conversation.key(),
            &crate::send::hash_of(&content),
        );
        (format!("text-{n}"), 10 + n, content)
    });
    desk.deliver(contents.collect()).await
}

async fn deliver_files(
    desk: &Desk<'_>,
    fetched: &Fetched,
    made: &[Made],
) -> Result<Delivered, Halt> {
    if let Some(text) = note(desk, fetched, made).await {
        let content = Content::Text { text };
        let told = desk.deliver(vec![("note-0".into(), 50, content)]).await?;
        if !matches!(told, Delivered::All { .. }) {
            return Ok(told);
        }
    }
    let sendable: Vec<&Made> = made.iter().filter(|one| one.fitted.is_some()).collect();
    let mut unresolved = 0;
    for (n, group) in (0..).zip(groups(
        &sendable,
        desk.ctx.channel.limits().pictures_per_message,
    )) {
        match deliver_group(desk, n, group).await? {
            Delivered::All { unresolved: left } => unresolved += left,
            other => return Ok(other),
        }
    }
    Ok(Delivered::All { unresolved })
}

/// Pictures side by side go together, a video goes alone, and the post's order stays.
fn groups<'m>(made: &'m [&'m Made], most_pictures: usize) -> Vec<&'m [&'m Made]> {
    let kind = |one: &&Made| one.fitted.as_ref().map(file_kind);
    made.chunk_by(|a, b| kind(a) == Some(FileKind::Image) && kind(b) == Some(FileKind::Image))
        .flat_map(|run| run.chunks(most_pictures.max(1)))
        .collect()
}

async fn deliver_group(desk: &Desk<'_>, n: i32, group: &[&Made]) -> Result<Delivered, Halt> {
    for round in 0..UPLOADS {
        let again = if round == 0 { "" } else { "-again" };
        let mut contents = Vec::new();
        for one in group {
            contents.push(content(desk, one).await?);
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
    let attachments = contents.iter().filter_map(|content| match content {
        Content::File { attachment, .. } => Some(attachment.clone()),
        _ => None,
    });
    Content::Pictures {
        attachments: attachments.collect(),
    }
}

async fn content(desk: &Desk<'_>, made: &Made) -> Result<Content, Halt> {
    let (Some(fitted), Some(print)) = (&made.fitted, &made.print) else {
        return Err(desk.start_over().await?);
    };
    Ok(Content::File {
        file: file_kind(fitted),
        attachment: attachment(desk, made, print).await?,
    })
}

/// The channel's name for this file: remembered per account and content, else uploaded now.
async fn attachment(desk: &Desk<'_>, made: &Made, print: &Print) -> Result<String, Halt> {
    let conversation = &desk.asked.route.conversation;
    let account = conversation.account.as_str();
    if let Some(known) = desk.ctx.store.attachment(account, &print.hash).await? {
        return Ok(known);
    }
    let Some(fitted) = &made.fitted else {
        return Err(desk.start_over().await?);
    };
    if !desk.are_intact(std::slice::from_ref(print)).await {
        return Err(desk.start_over().await?);
    }
    desk.ctx.check_account(&desk.asked.route).await?;
    let started = Instant::now();
    let path = desk.dir.join(&fitted.file);
    let file = FileToUpload {
        kind: file_kind(fitted),
        path: &path,
        mime: fitted.mime(),
    };
    let id = match desk.ctx.channel.upload(conversation, file).await {
        Ok(id) => id,
        Err(error) => return Err(after_failed_upload(desk, &error).await?),
    };
    took(desk, "upload", started);
    let expires_ms = desk.ctx.now_ms() + ATTACHMENT_MS;
    desk.ctx
        .store
        .remember_attachment(account, &print.hash, &id, expires_ms)
        .await?;
    Ok(id)
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

fn file_kind(fitted: &Fitted) -> FileKind {
    if fitted.mime().starts_with("image/") {
        FileKind::Image
    } else {
        FileKind::Video
    }
}

/// The plain word about what did not fit, with a link to the whole where one may be given.
async fn note(desk: &Desk<'_>, fetched: &Fetched, made: &[Made]) -> Option<String> {
    let (one, note) = made.iter().find_map(|one| Some((one, one.note?)))?;
    let language = desk.language();
    let text = plain(
        language,
        match note {
            Note::Preview => Text::Preview,
            Note::TooBig => Text::TooBig,
            Note::PictureTooBig => Text::PictureTooBig,
            Note::NoFile => Text::NoFile,
        },
    );
    let is_there = fetched.items.iter().any(|item| item.file == one.file);
    let link = if is_there {
        link(desk, &one.file).await
    } else {
        None
    };
    Some(match link {
        Some(link) => format!("{text}\n{link}"),
        None => text,
    })
}

async fn link(desk: &Desk<'_>, file: &str) -> Option<String> {
    let files = &desk.ctx.settings.files;
    let (public, secret) = (files.public_url.as_ref()?, files.link_secret.as_ref()?);
    // The sweep takes the folder by its date, so no link may promise more than what is left of it.
    let keep = desk.ctx.settings.files.keep()?;
    let changed = tokio::fs::metadata(&desk.dir).await.ok()?.modified().ok()?;
    let left = keep.checked_sub(changed.elapsed().unwrap_or_default())?;
    let until_ms = desk.ctx.now_ms() + i64::try_from(left.as_millis()).ok()?;
    tokio::fs::metadata(desk.dir.join(file)).await.ok()?;
    let name = FileName::new(&desk.folder, file)?;
    let args = [
        (
            "until",
            Arg::Words(short_local(until_ms, &desk.ctx.zone).into()),
        ),
        (
            "url",
            Arg::Words(signed_link(public, secret, &name, until_ms).into()),
        ),
    ];
    Some(say(desk.language(), Text::FileLink, &args))
}

/// The job's last word, and the files' end where nothing is kept.
async fn end(desk: &Desk<'_>, delivered: Delivered) -> Finish {
    if !matches!(delivered, Delivered::Pause { .. }) {
        desk.tidy().await;
    }
    after_delivery(delivered, "answered", true)
}

fn took(desk: &Desk<'_>, step: &'static str, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    metrics::histogram!("gramophone_step_seconds", "step" => step).record(seconds);
    metrics::counter!("gramophone_steps_total", "step" => step).increment(1);
    info!(job = %desk.job.id, step, seconds, "a step is done");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_for_files_that_are_gone() {
        assert!(is_worth_its_page(FailureClass::Removed, false));
        assert!(is_worth_its_page(FailureClass::NotAVideo, false));
        assert!(!is_worth_its_page(FailureClass::Network, false));
        assert!(is_worth_its_page(FailureClass::Network, true));
        for class in [
            FailureClass::TooLarge,
            FailureClass::TooLong,
            FailureClass::Hostile,
            FailureClass::Misconfigured,
        ] {
            assert!(!is_worth_its_page(class, true), "{class}");
        }
    }
}
