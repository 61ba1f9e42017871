//! Numbers that outlive the other side's memory: of accounts by the day, of posts by the day, of stories to their end.

use std::collections::BTreeMap;

use serde_json::Value;

/// Numbers by name. Whole ones and ones with a fraction; for a few names an object.
pub type Numbers = BTreeMap<String, Value>;
/// Why a number is not there, by its name.
pub type NumberNotes = BTreeMap<String, String>;

/// A number of an account on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayValue {
    /// Which number.
    pub metric: String,
    /// `2026-11-22`, in the other side's calendar.
    pub day: String,
    /// None where there is none.
    pub value: Option<i64>,
    /// The same, split, where it only comes that way.
    pub split: Option<Value>,
    /// Why there is none, or what to know about it.
    pub note: Option<String>,
    /// It was read when it could not change any more.
    pub settled: bool,
    /// When it was read.
    pub fetched_at_ms: i64,
    /// From which version of the other side's API.
    pub api_version: String,
}

/// A post's numbers as they stood on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaDay {
    /// The post.
    pub media: String,
    /// `2026-11-22`, in the other side's calendar.
    pub day: String,
    /// What sort of post, in the caller's word.
    pub surface: String,
    /// Its numbers since it was published.
    pub numbers: Numbers,
    /// Why some are missing.
    pub notes: NumberNotes,
    /// When they were read.
    pub fetched_at_ms: i64,
    /// From which version of the other side's API.
    pub api_version: String,
}

/// A story that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct NewStory {
    /// The account.
    pub account: String,
    /// The story.
    pub media: String,
    /// `IMAGE` or `VIDEO`.
    pub media_type: Option<String>,
    /// Its address, while it lives.
    pub permalink: Option<String>,
    /// When it was published.
    pub published_at_ms: i64,
    /// When it ends.
    pub ends_at_ms: i64,
}

/// A look at a story.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryReading {
    /// Which look, in the caller's word: the same look twice is one.
    pub slot: String,
    /// When.
    pub at_ms: i64,
    /// Its numbers.
    pub numbers: Numbers,
    /// Why some are missing.
    pub notes: NumberNotes,
    /// From which version of the other side's API.
    pub api_version: String,
}

/// A story with the last numbers it had.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryRow {
    /// What it is.
    pub story: NewStory,
    /// Its last numbers.
    pub numbers: Numbers,
    /// Why some are missing.
    pub notes: NumberNotes,
    /// By what its numbers became final, in the caller's word; none while they may still change.
    pub final_by: Option<String>,
    /// When its numbers were last read.
    pub fetched_at_ms: Option<i64>,
    /// From which version of the other side's API.
    pub api_version: Option<String>,
}

/// Which stories.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoryQuery {
    /// Only those that ended by then.
    pub ended_by_ms: Option<i64>,
    /// Only those before this one (its time of publication, and its id), newest first.
    pub before: Option<(i64, String)>,
    /// How many at most.
    pub limit: u32,
}
