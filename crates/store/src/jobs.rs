//! Jobs: stored with what causes them, leased to one worker at a time, ended once.

pub(crate) mod claim;
mod enqueue;
pub(crate) mod finish;
pub(crate) mod insert;
mod line;

/// The states of a job that is not over, as a list for `IN`.
pub(crate) const UNFINISHED: &str = "('waiting', 'scheduled', 'running')";
