//! The tables of snapshots: what was counted on each day, and what stories had when they ended.
//!
//! Ids sort by time, so that old rows can be thrown away in pieces; each row's own key is a unique index beside it.

use super::{
    DbBackend, TableCreateStatement, add, flag, id, key, long_text, maybe_number, maybe_text,
    maybe_word, number, primary, word,
};

/// A number of an account on a day.
pub(super) fn day_value(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            id("id"),
            key("account"),
            word("metric"),
            word("on_day"),
            // None where the other side gave none; the note says why.
            maybe_number("value"),
            maybe_text("split"),
            maybe_text("note"),
            // Read when it could not change any more.
            flag("settled"),
            number("fetched_at_ms"),
            word("api_version"),
        ],
    );
    primary(table, &["id"]);
}

/// The days that were read, whatever they held: what is not here is a gap to fill.
pub(super) fn day_read(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [key("account"), word("on_day"), number("read_at_ms")],
    );
    primary(table, &["account", "on_day"]);
}

/// A post's numbers as they stood on a day. One row for all of them: they are read together, and the other side
/// invents new ones.
pub(super) fn media_day(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            id("id"),
            key("account"),
            word("media"),
            word("on_day"),
            word("surface"),
            long_text("numbers", backend),
            maybe_text("notes"),
            number("fetched_at_ms"),
            word("api_version"),
        ],
    );
    primary(table, &["id"]);
}

/// A story with the last numbers it had.
pub(super) fn story(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            id("id"),
            key("account"),
            word("media"),
            maybe_word("media_type"),
            maybe_text("permalink"),
            number("published_at_ms"),
            number("ends_at_ms"),
            long_text("numbers", backend),
            maybe_text("notes"),
            // By what they became final; none while they may still change.
            maybe_word("final_by"),
            maybe_number("fetched_at_ms"),
            maybe_word("api_version"),
        ],
    );
    primary(table, &["id"]);
}

/// A story's numbers each time they were looked at.
pub(super) fn story_reading(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            id("id"),
            key("account"),
            word("media"),
            // Which look: the same look twice is one row.
            word("slot"),
            number("at_ms"),
            long_text("numbers", backend),
            maybe_text("notes"),
            word("api_version"),
        ],
    );
    primary(table, &["id"]);
}
