//! What each post has by now: whole pages of posts with their numbers in one call.
//!
//! One post that refuses its numbers refuses its whole page, so a refused page is asked for in halves until the post is
//! found. Posts from before the account became a professional one have none, and they are the oldest: from the first of
//! them on, pages are asked for without.

use graph_api::{
    endpoint::{
        Page,
        media::{Edge, ListMedia, Media, MediaInsights},
    },
    error::ErrorKind,
    insights::{Day, Insight, LIST, Surface},
};
use serde::{Deserialize, Serialize};
use store::{MediaDay, NumberNotes, Numbers};

use super::{
    ask::{BEFORE, FORBIDDEN, Halt, NO_DATA, REFUSED, Run},
    plan,
};

/// Meta's largest page (seen to work; the documentation names none).
const PAGE: u32 = 100;
const DAY_MS: i64 = 86_400_000;

/// How far the pages are read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    after: Option<String>,
    seen: u32,
    /// Why there are no numbers to be had from here on.
    without: Option<String>,
    pub(super) is_over: bool,
    /// Whose watch time is to be read.
    pub(super) reels: Vec<String>,
}

/// How far this job has read.
pub(super) async fn progress(run: &Run<'_>) -> Result<Progress, Halt> {
    let mut steps = run.steps().await?;
    let step = steps.remove("posts").unwrap_or_default();
    Ok(serde_json::from_value(step).unwrap_or_default())
}

pub(super) async fn read(run: &Run<'_>, day: Day) -> Result<(), Halt> {
    let most = run.parts.settings.snapshots.posts;
    let mut progress = progress(run).await?;
    let mut limit = PAGE;
    let mut metrics = wanted(run);
    while !progress.is_over {
        limit = limit.min(most.saturating_sub(progress.seen));
        match page(run, &mut progress, limit, day).await? {
            Read::Page(page, rows) => take(run, &mut progress, day, (page, rows)).await?,
            Read::Refused => {
                limit = limit.div_ceil(2);
                continue;
            }
            Read::Nothing => progress.is_over = true,
        }
        let left = wanted(run);
        // What refused the pages was a metric, and it will not be asked for again.
        limit = if left.len() < metrics.len() {
            PAGE
        } else {
            (limit * 2).min(PAGE)
        };
        metrics = left;
        let step = serde_json::to_value(&progress).unwrap_or_default();
        run.step_done("posts", step).await?;
    }
    Ok(())
}

/// What posts and reels are asked for along with a page: nothing that Meta refused lately.
fn wanted(run: &Run<'_>) -> Vec<&'static str> {
    let (feed, _) = run.split(Surface::Feed, LIST);
    run.split(Surface::Reels, &feed).0
}

enum Read {
    /// A page, and its rows.
    Page(Page<Media>, Vec<MediaDay>),
    /// Something in it has no numbers: a smaller one may do.
    Refused,
    /// There is nothing more to read.
    Nothing,
}

async fn page(run: &Run<'_>, progress: &mut Progress, limit: u32, day: Day) -> Result<Read, Halt> {
    if limit == 0 {
        return Ok(Read::Nothing);
    }
    if progress.without.is_none() {
        let metrics = wanted(run);
        let call = list(progress, limit, &metrics);
        let Some(answer) = run.ask_page(&call, limit).await? else {
            return Ok(Read::Refused);
        };
        match answer {
            Ok(page) => {
                let why = |name: &str| {
                    if metrics.contains(&name) {
                        NO_DATA
                    } else {
                        REFUSED
                    }
                };
                let rows = page.data.iter().map(|media| post(run, media, day, why));
                let rows = rows.collect();
                return Ok(Read::Page(page, rows));
            }
            Err(refusal) if is_permission(refusal.kind) => {
                progress.without = Some(FORBIDDEN.to_owned());
            }
            Err(_) if limit > 1 => return Ok(Read::Refused),
            Err(_) => return one(run, progress, day).await,
        }
    }
    let why = progress.without.clone().unwrap_or_default();
    let call = list(progress, limit, &[]);
    let Some(answer) = run.ask_page(&call, limit).await? else {
        return Ok(Read::Refused);
    };
    match answer {
        Ok(page) => {
            let rows = page
                .data
                .iter()
                .map(|media| post(run, media, day, |_| &why));
            let rows = rows.collect();
            Ok(Read::Page(page, rows))
        }
        Err(refusal) => {
            tracing::warn!(account = run.account(), error = %refusal, "the list of posts was refused");
            Ok(Read::Nothing)
        }
    }
}

fn is_permission(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Permission | ErrorKind::NeedsAdvancedAccess)
}

fn list(progress: &Progress, limit: u32, insights: &[&'static str]) -> ListMedia {
    ListMedia {
        edge: Edge::Media,
        limit,
        after: progress.after.clone(),
        since_s: None,
        until_s: None,
        children: false,
        insights: insights.to_vec(),
    }
}

/// The one post that refused its numbers: without them, and then what of them it does not refuse.
async fn one(run: &Run<'_>, progress: &mut Progress, day: Day) -> Result<Read, Halt> {
    let Ok(page) = run.ask(&list(progress, 1, &[])).await? else {
        return Ok(Read::Nothing);
    };
    let mut rows = Vec::new();
    for media in &page.data {
        let told = run
            .gather(media.surface(), LIST, |metrics| MediaInsights {
                media: media.id.clone(),
                metrics,
                breakdown: None,
            })
            .await?;
        if told.notes.values().any(|note| note == BEFORE) {
            progress.without = Some(BEFORE.to_owned());
        }
        let mut row = post(run, media, day, |_| NO_DATA);
        row.numbers.extend(told.numbers);
        row.notes.extend(told.notes);
        let MediaDay { numbers, notes, .. } = &mut row;
        notes.retain(|name, _| !numbers.contains_key(name));
        rows.push(row);
    }
    Ok(Read::Page(page, rows))
}

/// Keeps a page's numbers and moves on behind it.
async fn take(
    run: &Run<'_>,
    progress: &mut Progress,
    day: Day,
    (page, rows): (Page<Media>, Vec<MediaDay>),
) -> Result<(), Halt> {
    run.parts.store.record_media(run.account(), rows).await?;
    progress.seen += u32::try_from(page.data.len()).unwrap_or(u32::MAX);
    progress.is_over = page.after.is_none();
    progress.after = page.after;
    let young_ms = i64::from(run.parts.settings.snapshots.reels_days) * DAY_MS;
    for media in &page.data {
        let is_young = media
            .published_ms()
            .is_some_and(|at_ms| run.now_ms() - at_ms < young_ms);
        let is_due = is_young || plan::is_turn(media.id.as_str(), day);
        if media.surface() == Surface::Reels && progress.without.is_none() && is_due {
            progress.reels.push(media.id.as_str().to_owned());
        }
    }
    Ok(())
}

/// A post's row: the numbers that came with it, and of those that did not, the two that the post itself shows.
fn post<'a>(run: &Run<'_>, media: &Media, day: Day, missing: impl Fn(&str) -> &'a str) -> MediaDay {
    let mut numbers = Numbers::new();
    let mut notes = NumberNotes::new();
    let shown = [
        ("likes", media.like_count),
        ("comments", media.comments_count),
    ];
    for (name, count) in shown {
        if let Some(count) = count {
            numbers.insert(name.to_owned(), count.into());
        }
    }
    let came: &[Insight] = media.insights.as_deref().unwrap_or_default();
    for name in LIST {
        let number = came
            .iter()
            .find(|insight| insight.name == *name)
            .and_then(Insight::number);
        match number {
            Some(number) => {
                numbers.insert((*name).to_owned(), number);
            }
            None if !numbers.contains_key(*name) => {
                notes.insert((*name).to_owned(), missing(name).to_owned());
            }
            None => {}
        }
    }
    MediaDay {
        media: media.id.as_str().to_owned(),
        day: day.to_string(),
        surface: media.surface().as_str().to_owned(),
        numbers,
        notes,
        fetched_at_ms: run.now_ms(),
        api_version: run.version(),
    }
}
