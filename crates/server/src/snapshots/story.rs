//! Stories: found every hour, looked at on a schedule that grows denser towards their end, and closed with their last
//! numbers. With Facebook Login Meta sends its own last word after the end; it replaces ours.

use graph_api::{
    endpoint::media::{Edge, ListMedia, MediaInsights},
    id::MediaId,
    insights::Surface,
    webhook::StoryInsights,
};
use serde_json::Value;
use store::{Finish, NewJob, NewStory, NumberNotes, Numbers, StoryReading};

use super::{
    Snapshots, Task,
    ask::{Halt, Run},
    plan::{self, STORY_MS},
};

/// What a story is asked for.
const METRICS: &[&str] = &[
    "views",
    "reach",
    "shares",
    "replies",
    "total_interactions",
    "navigation",
    "follows",
    "profile_visits",
    "reposts",
    "link_clicks",
];
/// More stories than anybody has in a day, and one page.
const MOST: u32 = 100;
/// By what a story's numbers became final.
const BY_EXPIRY: &str = "expiry";
const BY_DELETION: &str = "deletion";
const BY_WEBHOOK: &str = "webhook";

const FEWER_THAN_FIVE: &str = "fewer than five viewers";

fn done(note: impl Into<String>) -> Finish {
    Finish::Done { note: note.into() }
}

/// Writes down every story there is and has each followed.
pub(super) async fn find(run: &Run<'_>) -> Result<Finish, Halt> {
    if run.now_ms() - run.job.created_at_ms > plan::HOUR_MS {
        return Ok(done("late; the next look is due already"));
    }
    let call = ListMedia {
        edge: Edge::Stories,
        limit: MOST,
        after: None,
        since_s: None,
        until_s: None,
        children: false,
        insights: Vec::new(),
    };
    let page = match run.ask(&call).await? {
        Ok(page) => page,
        Err(refusal) => return Ok(done(format!("refused: {refusal}"))),
    };
    let mut new = 0;
    for item in &page.data {
        let published_at_ms = item.published_ms().unwrap_or_else(|| run.now_ms());
        let found = NewStory {
            media_type: item.media_type.clone(),
            permalink: item.permalink.clone(),
            ..story(run.account(), item.id.as_str(), published_at_ms)
        };
        // The job first: a crash in between makes it again, and its key keeps it one.
        let task = Task::Story {
            account: run.account().to_owned(),
            media: item.id.as_str().to_owned(),
            published_at_ms,
        };
        let key = format!("story:{}:{}", run.account(), item.id);
        let store = &run.parts.store;
        store.enqueue(task.job(key, None, run.now_ms())).await?;
        new += u32::from(store.story_found(found).await?);
    }
    Ok(done(format!("{} stories, {new} new", page.data.len())))
}

/// Looks at a story when its time has come, and closes it when it has ended.
pub(super) async fn follow(
    run: &Run<'_>,
    media: &str,
    published_at_ms: i64,
) -> Result<Finish, Halt> {
    let store = &run.parts.store;
    let kept = story(run.account(), media, published_at_ms);
    let Some((slot, next_ms)) = plan::look(published_at_ms, run.now_ms()) else {
        store.story_ended(kept, BY_EXPIRY, None).await?;
        return Ok(done("ended"));
    };
    if !run.steps().await?.contains_key(&slot) {
        let id = MediaId::from(media);
        let told = run
            .gather(Surface::Story, METRICS, |metrics| MediaInsights {
                media: id.clone(),
                metrics,
                breakdown: None,
            })
            .await?;
        store.story_found(kept.clone()).await?;
        if told.is_gone {
            store.story_ended(kept, BY_DELETION, None).await?;
            return Ok(done("gone before its time"));
        }
        let mut notes = told.notes;
        // It is not for this login: no word about it is better than the same word every time.
        notes.remove("link_clicks");
        let reading = StoryReading {
            slot: slot.clone(),
            at_ms: run.now_ms(),
            numbers: told.numbers,
            notes,
            api_version: run.version(),
        };
        store.story_read(run.account(), media, reading).await?;
        run.step_done(&slot, Value::Null).await?;
    }
    Ok(Finish::Wait {
        until_ms: next_ms,
        why: "the story's next look".to_owned(),
    })
}

fn story(account: &str, media: &str, published_at_ms: i64) -> NewStory {
    NewStory {
        account: account.to_owned(),
        media: media.to_owned(),
        media_type: None,
        permalink: None,
        published_at_ms,
        ends_at_ms: published_at_ms + STORY_MS,
    }
}

/// The job that keeps Meta's last word. Its names for the numbers are those of years ago; where today's name means the
/// same it is used.
pub(super) fn end_job(account: &str, told: &StoryInsights, at_ms: i64) -> NewJob {
    let mut numbers = Numbers::new();
    let mut notes = NumberNotes::new();
    let words = [
        ("impressions", told.impressions),
        ("reach", told.reach),
        ("taps_forward", told.taps_forward),
        ("taps_back", told.taps_back),
        ("exits", told.exits),
        ("replies", told.replies),
    ];
    for (name, count) in words {
        match count {
            Some(count) if count < 0 => {
                notes.insert(name.to_owned(), FEWER_THAN_FIVE.to_owned());
            }
            Some(count) => {
                numbers.insert(name.to_owned(), count.into());
            }
            None => {}
        }
    }
    let task = Task::StoryEnd {
        account: account.to_owned(),
        media: told.media_id.clone(),
        at_ms,
        numbers,
        notes,
    };
    let key = format!("story-end:{account}:{}", told.media_id);
    task.job(key, None, at_ms)
}

/// Keeps Meta's last word.
pub(super) async fn keep_end(parts: &Snapshots, task: Task) -> Result<Finish, Halt> {
    let Task::StoryEnd {
        account,
        media,
        at_ms,
        numbers,
        notes,
    } = task
    else {
        return Err(Halt::refused("another kind of job"));
    };
    let reading = StoryReading {
        slot: BY_WEBHOOK.to_owned(),
        at_ms,
        numbers,
        notes,
        api_version: parts.settings.graph.version.to_string(),
    };
    // One that we never saw has ended some time ago.
    let story = story(&account, &media, at_ms - STORY_MS);
    parts
        .store
        .story_ended(story, BY_WEBHOOK, Some(reading))
        .await?;
    Ok(done("Meta's last word"))
}
