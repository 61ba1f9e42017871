//! Publishing: containers, the wait for Meta, and the one call that people see, as a job that resumes after a crash and
//! never posts twice.
//!
//! Making a container shows nothing and may be repeated. Before `media_publish` the intention is on disk; when its
//! answer is lost, the container tells whether it was published, and the newest posts tell as what. Only a container
//! that Meta twice calls unpublished, well after the call, is published again. A container that is gone proves that only
//! where the list of posts reaches back before the call and shows nothing new.

mod files;
mod progress;
mod seen;
mod settle;
mod spec;
mod steps;
mod trouble;
mod worker;

pub(crate) use files::{Shelf, upload_path};
pub(crate) use progress::Progress;
pub(crate) use spec::{PostKind, Spec};
pub(crate) use worker::{LEAD_MS, Publisher};

/// Under which word the publication of a request with an `Idempotency-Key` is stored.
pub(crate) fn word_of(once: uuid::Uuid) -> String {
    format!("once:{once}")
}
