//! The tables of what callers of the API make happen: keys that make a repeat harmless, publications, uploaded files.

use sea_orm_migration::prelude::TableCreateStatement;
use sea_orm_migration::sea_orm::DbBackend;

use super::{
    add, id, key, long_text, maybe_id, maybe_key, maybe_number, number, primary, small, word,
};

/// One use of an `Idempotency-Key`.
pub(super) fn key_use(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            // SHA-256 of caller and key: neither is needed in the clear.
            word("use_key"),
            id("id"),
            // SHA-256 of method, path and body: the same key for something else is a mistake.
            word("request"),
            // Who is at it, and until when they are believed to be alive.
            maybe_id("holder"),
            number("held_until_ms"),
            // The answer, once there is one to repeat.
            maybe_number("status"),
            long_text("answer", backend),
            number("created_at_ms"),
        ],
    );
    primary(table, &["use_key"]);
}

/// A post, reel, carousel or story on its way.
pub(super) fn publication(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            id("id"),
            key("account"),
            word("state"),
            // The job that may act on it; an earlier one that wakes up later does nothing.
            id("job_id"),
            maybe_key("once_key"),
            maybe_number("publish_at_ms"),
            maybe_number("intent_at_ms"),
            small("attempt"),
            maybe_key("container_id"),
            maybe_key("media_id"),
            number("created_at_ms"),
            number("changed_at_ms"),
            // What is to be published, and how far it is, as the caller's JSON.
            long_text("spec", backend),
            long_text("progress", backend),
        ],
    );
    primary(table, &["id"]);
}

/// A file that was handed in to be published.
pub(super) fn upload(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            id("id"),
            key("account"),
            word("mime"),
            word("file"),
            number("bytes"),
            number("created_at_ms"),
        ],
    );
    primary(table, &["id"]);
}
