//! How what was kept is shown.

use std::collections::BTreeMap;

use crate::api::Paging;
use serde::Serialize;
use serde_json::Value;
use store::{DayValue, MediaDay, StoryRow};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::convert::moment;

/// A value with where it came from.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeptPointOut {
    /// The day, as Meta counts days.
    #[schema(example = "2026-10-01")]
    pub(super) day: String,
    /// The number; none where Meta gave none.
    #[schema(example = 1234)]
    pub(super) value: Option<i64>,
    /// The number in parts, where Meta gives it only so.
    pub(super) split: Option<Value>,
    /// Why there is none, or what to know about it.
    pub(super) note: Option<String>,
    /// Read when it could not change any more; Meta's numbers settle within 48 hours.
    pub(super) settled: bool,
    /// When it was read.
    #[schema(example = "2026-10-02T08:20:00Z")]
    pub(super) fetched_at: String,
    /// From which version of Meta's API.
    #[schema(example = "v26.0")]
    pub(super) api_version: String,
}

/// One number's days.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeptSeriesOut {
    #[schema(example = "followers_count")]
    pub(super) metric: String,
    /// Oldest first. A day without a point was never read.
    pub(super) points: Vec<KeptPointOut>,
}

/// Series of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SnapshotsOut {
    pub(super) data: Vec<KeptSeriesOut>,
    pub(super) paging: Paging,
}

/// A post on a day.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MediaDayOut {
    #[schema(example = "2026-10-01")]
    pub(super) day: String,
    /// `feed` or `reels`.
    #[schema(example = "reels")]
    pub(super) surface: String,
    /// Its numbers since it was published, as they stood on that day.
    #[schema(example = json!({"views": 1200, "ig_reels_avg_watch_time": 4300}))]
    pub(super) numbers: BTreeMap<String, Value>,
    /// Why some are missing.
    pub(super) notes: BTreeMap<String, String>,
    #[schema(example = "2026-10-02T08:20:00Z")]
    pub(super) fetched_at: String,
    #[schema(example = "v26.0")]
    pub(super) api_version: String,
}

/// A post's days.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HistoryOut {
    /// Oldest first.
    pub(super) data: Vec<MediaDayOut>,
    pub(super) paging: Paging,
}

/// A story that ended, with the last numbers it had.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoryOut {
    #[schema(example = "17900000000000001")]
    pub(super) id: String,
    /// `IMAGE` or `VIDEO`.
    pub(super) media_type: Option<String>,
    pub(super) permalink: Option<String>,
    #[schema(example = "2026-10-01T12:00:00Z")]
    pub(super) published_at: String,
    #[schema(example = "2026-10-02T12:00:00Z")]
    pub(super) ended_at: String,
    #[schema(example = json!({"views": 310, "reach": 290}))]
    pub(super) numbers: BTreeMap<String, Value>,
    /// Why some are missing.
    pub(super) notes: BTreeMap<String, String>,
    /// By what they are final: `webhook` (Meta's own last word), `expiry` (our last look), `deletion`.
    #[schema(example = "expiry")]
    pub(super) final_by: Option<String>,
    /// When they were read; none: the story ended before they could be.
    pub(super) fetched_at: Option<String>,
    pub(super) api_version: Option<String>,
}

/// Stories that ended, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ArchiveOut {
    pub(super) data: Vec<StoryOut>,
    pub(super) paging: Paging,
}

/// A snapshot that is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TakenOut {
    /// The job that takes it.
    #[schema(value_type = String, format = "uuid")]
    pub(super) job: Uuid,
    /// The day as of which it is kept.
    #[schema(example = "2026-10-01")]
    pub(super) day: String,
    /// False: the same snapshot was asked for before.
    pub(super) new: bool,
}

pub(super) fn point(value: DayValue) -> KeptPointOut {
    KeptPointOut {
        day: value.day,
        value: value.value,
        split: value.split,
        note: value.note,
        settled: value.settled,
        fetched_at: moment(value.fetched_at_ms),
        api_version: value.api_version,
    }
}

pub(super) fn media_day(day: MediaDay) -> MediaDayOut {
    MediaDayOut {
        day: day.day,
        surface: day.surface,
        numbers: day.numbers,
        notes: day.notes,
        fetched_at: moment(day.fetched_at_ms),
        api_version: day.api_version,
    }
}

pub(super) fn story(row: StoryRow) -> StoryOut {
    StoryOut {
        id: row.story.media,
        media_type: row.story.media_type,
        permalink: row.story.permalink,
        published_at: moment(row.story.published_at_ms),
        ended_at: moment(row.story.ends_at_ms),
        numbers: row.numbers,
        notes: row.notes,
        final_by: row.final_by,
        fetched_at: row.fetched_at_ms.map(moment),
        api_version: row.api_version,
    }
}
