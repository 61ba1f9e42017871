//! A reel, from the link to the last message, top to bottom:
//! `download -> { fit, beside: transcribe -> summarise -> deliver text } -> deliver video`.
//!
//! Each step looks for its checkpoint first, so that a process that died goes on where it was. The
//! words are delivered as soon as they are there; the file follows when it fits.
//!
//! Longer than other files on purpose: a flow is told in one place.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use media::{
    DownloadError, FailureClass, Fetched, FitError, FitHow, Fitted, Heard, Hints, Item, ItemKind,
    Source, Summary, SummaryRequest, Verdict, Via,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Finish;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::channel::{FileKind, Located, Reaction};
use crate::context::{Halt, after_delivery};
use crate::deliver::{self, file_kind};
use crate::desk::{Desk, Kept};
use crate::final_text::{self, Answer};
use crate::library;
use crate::plan::{AskSource, Origin};
use crate::print::Print;
use crate::send::Delivered;
use crate::stage::Stage;
use crate::texts::Failure;

/// A post has up to twenty items; more than this in a row is noise in a chat.
const MOST_ITEMS: usize = 10;
/// Instagram said "calm": how long public pages are left alone.
const CALM_MS: i64 = 300_000;
/// A file that is ready so soon after the words goes out with them; for one that must be encoded they do not wait.
const SOON: Duration = Duration::from_millis(1500);

/// The whole answer to one ask.
pub(crate) async fn run(desk: &Desk<'_>) -> Result<Finish, Halt> {
    let fetched = download(desk).await?;
    let (fitted, is_fitted) = watch::channel(false);
    let (files, words) = tokio::join!(
        files(desk, &fetched, fitted),
        words(desk, &fetched, is_fitted)
    );
    let words = words?;
    if matches!(words.told, Some(Delivered::Stop(_))) {
        return end(desk, &fetched, &words, words.told.clone()).await;
    }
    let files = files?;
    desk.share().await?;
    if matches!(words.told, Some(Delivered::Pause { .. })) {
        return end(desk, &fetched, &words, words.told.clone()).await;
    }
    desk.at(Stage::Sending);
    let delivered = deliver::all(desk, &fetched, &files, &words).await?;
    end(desk, &fetched, &words, Some(delivered)).await
}

/// Fit, then upload: the half of the work that makes files.
async fn files(
    desk: &Desk<'_>,
    fetched: &Fetched,
    fitted: watch::Sender<bool>,
) -> Result<Vec<Made>, Halt> {
    // The person has the file of their own already; only the words go back.
    let made = if desk.is_own() {
        Vec::new()
    } else {
        fit(desk, fetched).await?
    };
    fitted.send_replace(true);
    for one in &made {
        if let Some(print) = &one.print {
            deliver::hand_in(desk, one, print).await?;
        }
    }
    Ok(made)
}

/// What there is to say about a reel.
pub(crate) struct Words {
    pub(crate) heard: Heard,
    pub(crate) summary: Summary,
    /// The whole text, not yet cut into messages.
    pub(crate) text: String,
    /// What became of the words, if they went out before the file was ready.
    pub(crate) told: Option<Delivered>,
}

/// Listen, understand, and tell at once if the file still needs its time.
async fn words(
    desk: &Desk<'_>,
    fetched: &Fetched,
    mut is_fitted: watch::Receiver<bool>,
) -> Result<Words, Halt> {
    let heard = transcribe(desk, fetched).await?;
    desk.at(Stage::Summarising);
    let summary = summarise(desk, fetched, &heard).await?;
    let answer = Answer {
        language: desk.language(),
        place: Some((desk.asked.reel.n, desk.asked.reel.of)),
        verdict: &heard.verdict,
        summary: &summary,
        only_pictures: fetched
            .items
            .iter()
            .all(|item| item.kind == ItemKind::Image),
        author: fetched.author.as_deref(),
        permalink: fetched.permalink.as_deref(),
    };
    let text = final_text::compose(&answer);
    let mut told = desk.resume("text-").await?;
    if told.is_none() {
        let soon = tokio::time::timeout(SOON, is_fitted.wait_for(|fitted| *fitted));
        if !matches!(soon.await, Ok(Ok(_))) {
            told = Some(deliver::words_first(desk, &text).await?);
        }
    }
    Ok(Words {
        heard,
        summary,
        text,
        told,
    })
}

// --- download ---

const FETCHED: &str = "fetched";

async fn download(desk: &Desk<'_>) -> Result<Fetched, Halt> {
    if let Some(kept) = desk.kept::<Kept<Fetched>>(FETCHED) {
        let is_needed =
            desk.kept::<Heard>("heard").is_none() || (!desk.is_own() && kept_files(desk).is_none());
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
    desk.keep(FETCHED, &kept).await?;
    Ok(kept.value)
}

/// The file with the sound of finished work.
pub(crate) fn kept_item(steps: &BTreeMap<String, Value>) -> Option<Item> {
    let kept: Kept<Fetched> = serde_json::from_value(steps.get(FETCHED)?.clone()).ok()?;
    kept.value
        .main_item()
        .filter(|item| item.has_audio)
        .cloned()
}

/// From where Meta says the file is; if it is not there, from the post's page, where the share named one.
async fn fetch(desk: &Desk<'_>) -> Result<Result<Fetched, DownloadError>, Halt> {
    let ask = &desk.asked.ask;
    let (source, page) = match &ask.source {
        AskSource::Media(url) => (Ok(Source::Media { url: url.clone() }), ask.page.as_ref()),
        AskSource::Page(link) => {
            calm(desk)?;
            (Ok(Source::Page { link: link.clone() }), None)
        }
        AskSource::Held(name) => (located(desk, name).await?, None),
    };
    let download = async |source: &Source| {
        let progress = desk.progress();
        desk.ctx.studio.download(source, &desk.dir, &progress).await
    };
    let source = match source {
        Ok(source) => source,
        Err(fetched) => return Ok(fetched),
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

/// Where the file is that the channel keeps for the person.
async fn located(
    desk: &Desk<'_>,
    name: &str,
) -> Result<Result<Source, Result<Fetched, DownloadError>>, Halt> {
    let error = match desk.channel().locate(desk.asked.to(), name).await {
        Ok(Located::At(url)) => return Ok(Ok(Source::Named { url })),
        Ok(Located::Here(path)) => return Ok(Ok(Source::File { path })),
        Err(error) => error,
    };
    let class = match error.reaction {
        Reaction::NeedsLogin | Reaction::AccountStopped => {
            desk.ctx.sender.park(&desk.asked.route, &error).await?;
            return Err(Halt::Finish(desk.ctx.parked()));
        }
        Reaction::Later(_) | Reaction::Throttled(_) => FailureClass::Network,
        _ if error.code == "too_big" => FailureClass::TooLarge,
        _ => FailureClass::Removed,
    };
    let mut failed = DownloadError::new(class, error.code);
    if let Reaction::Later(after) | Reaction::Throttled(after) = error.reaction {
        failed.retry_after = after.or(failed.retry_after);
    }
    Ok(Err(Err(failed)))
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
pub(crate) struct Made {
    /// The downloaded item.
    pub(crate) file: String,
    /// What is sent, unless nothing fits.
    pub(crate) fitted: Option<Fitted>,
    pub(crate) print: Option<Print>,
    /// A small still picture of it, where the channel shows one.
    #[serde(default)]
    pub(crate) thumbnail: Option<String>,
    /// The word about it, when it is not the whole thing.
    pub(crate) note: Option<Note>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Note {
    Preview,
    TooBig,
    PictureTooBig,
    NoFile,
}

const MADE: &str = "made";

/// The files that were made before: for this channel, or for another whose files fit this one as they are.
fn kept_files(desk: &Desk<'_>) -> Option<Vec<Made>> {
    let limits = desk.ctx.file_limits(desk.channel());
    let fits = |one: &Made| {
        one.note.is_none()
            && one.fitted.as_ref().is_some_and(|fitted| {
                let most = match file_kind(fitted) {
                    FileKind::Image => limits.image_bytes,
                    FileKind::Animation => limits.gif_bytes,
                    _ => limits.hard_bytes,
                };
                fitted.bytes <= most
            })
    };
    let ours = desk.kept::<Vec<Made>>(&made_for(desk.channel().name()));
    ours.or_else(|| {
        let others = desk
            .ctx
            .channels
            .iter()
            .map(|channel| made_for(channel.name()));
        others
            .filter_map(|step| desk.kept::<Vec<Made>>(&step))
            .find(|made| made.iter().all(fits))
    })
}

fn made_for(channel: &str) -> String {
    format!("{MADE} {channel}")
}

async fn fit(desk: &Desk<'_>, fetched: &Fetched) -> Result<Vec<Made>, Halt> {
    if let Some(made) = kept_files(desk) {
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
    desk.keep(&made_for(desk.channel().name()), &made).await?;
    Ok(made)
}

async fn fit_one(desk: &Desk<'_>, item: &Item) -> Result<Made, Halt> {
    let limits = desk.ctx.file_limits(desk.channel());
    let progress = desk.progress();
    let studio = &desk.ctx.studio;
    let fitted = studio.fit(item, &desk.dir, &limits, &progress).await;
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
        thumbnail: thumbnail(desk, fitted.as_ref()).await,
        fitted,
        print,
        note,
    })
}

/// Some players show a square without it. A video goes out without one rather than not at all.
pub(crate) async fn thumbnail(desk: &Desk<'_>, fitted: Option<&Fitted>) -> Option<String> {
    let fitted = fitted.filter(|_| !desk.channel().limits().uploads_apart)?;
    if file_kind(fitted) != FileKind::Video {
        return None;
    }
    match desk.ctx.studio.thumbnail(&fitted.file, &desk.dir).await {
        Ok(file) => Some(file),
        Err(error) => {
            warn!(job = %desk.job.id, %error, "a thumbnail could not be made");
            None
        }
    }
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
    let (studio, progress) = (&desk.ctx.studio, desk.progress());
    let mut outcome = studio.transcribe(item, &desk.dir, &hints, &progress).await;
    if outcome
        .as_ref()
        .is_err_and(media::TranscribeError::is_retryable)
    {
        outcome = studio.transcribe(item, &desk.dir, &hints, &progress).await;
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

// --- the end ---

/// The job's last word, and the files' end where nothing is kept.
async fn end(
    desk: &Desk<'_>,
    fetched: &Fetched,
    words: &Words,
    delivered: Option<Delivered>,
) -> Result<Finish, Halt> {
    let delivered = delivered.unwrap_or(Delivered::All { unresolved: 0 });
    if matches!(delivered, Delivered::All { .. }) {
        library::add(desk, fetched, words).await?;
    }
    if !matches!(delivered, Delivered::Pause { .. }) {
        desk.tidy().await;
    }
    Ok(after_delivery(delivered, "answered", true))
}

pub(crate) fn took(desk: &Desk<'_>, step: &'static str, started: Instant) {
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
