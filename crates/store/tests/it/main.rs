//! The store against a real SQLite file, seen through its public face only.

mod crash;
mod inbox;
mod jobs;
mod notes;
mod outbox;
mod quota;
mod runner;
mod spool;
mod support;
mod work;
