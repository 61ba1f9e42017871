//! Answers that are kept, refusals, and counts of calls.

/// An answer that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheRow {
    /// Whose and which, in one word.
    pub key: String,
    /// The account it is about.
    pub account: String,
    /// Which kind of answer.
    pub kind: String,
    /// The answer.
    pub body: String,
    /// Its mark.
    pub etag: String,
    /// When it was fetched.
    pub fetched_at_ms: i64,
    /// Until when it is as good as new.
    pub fresh_until_ms: i64,
    /// Until when it is better than nothing.
    pub stale_until_ms: i64,
    /// What it cost.
    pub calls: i32,
}

/// A metric that was refused, in words of the caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRow {
    /// Login family.
    pub family: String,
    /// For which kind of media.
    pub surface: String,
    /// Which.
    pub metric: String,
    /// Until when it is believed.
    pub until_ms: i64,
}

/// Calls of an account on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallCount {
    /// `2026-11-22`
    pub day: String,
    /// Made.
    pub made: i64,
    /// Answered from what was kept instead.
    pub saved: i64,
}
