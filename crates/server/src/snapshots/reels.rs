//! How long reels were watched and how many skipped them: numbers that only reels have, so a call for each.

use graph_api::{
    endpoint::media::MediaInsights,
    id::MediaId,
    insights::{Day, Surface},
};
use serde_json::json;
use store::MediaDay;

use super::{
    ask::{Halt, Run},
    posts,
};

/// What only reels have.
const METRICS: &[&str] = &[
    "ig_reels_avg_watch_time",
    "ig_reels_video_view_total_time",
    "reels_skip_rate",
];

pub(super) async fn read(run: &Run<'_>, day: Day) -> Result<(), Halt> {
    let reels = posts::progress(run).await?.reels;
    let done = run.steps().await?.remove("reels");
    let done = done.and_then(|done| done.as_u64()).unwrap_or(0);
    let done = usize::try_from(done).unwrap_or(usize::MAX);
    for (place, reel) in reels.iter().enumerate().skip(done) {
        let media = MediaId::from(reel.as_str());
        let told = run
            .gather(Surface::Reels, METRICS, |metrics| MediaInsights {
                media: media.clone(),
                metrics,
                breakdown: None,
            })
            .await?;
        if !told.is_gone {
            let row = MediaDay {
                media: reel.clone(),
                day: day.to_string(),
                surface: Surface::Reels.as_str().to_owned(),
                numbers: told.numbers,
                notes: told.notes,
                fetched_at_ms: run.now_ms(),
                api_version: run.version(),
            };
            run.parts
                .store
                .record_media(run.account(), vec![row])
                .await?;
        }
        run.step_done("reels", json!(place + 1)).await?;
    }
    Ok(())
}
