//! The gateway's tables: answers of Meta's that are kept, metrics that Meta refused, and calls made and saved.

use super::{DbBackend, TableCreateStatement, add, key, long_text, number, primary, small, word};

/// An answer that is kept.
pub(super) fn cached(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            key("cache_key"),
            key("account"),
            word("kind"),
            long_text("body", backend),
            word("etag"),
            number("fetched_at_ms"),
            number("fresh_until_ms"),
            number("stale_until_ms"),
            // What it cost, and so what each reuse saves.
            small("calls"),
        ],
    );
    primary(table, &["cache_key"]);
}

/// A metric that Meta refused for a login family and a kind of media.
pub(super) fn refusal(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            word("family"),
            word("surface"),
            word("metric"),
            number("until_ms"),
        ],
    );
    primary(table, &["family", "surface", "metric"]);
}

/// Graph calls of an account on a day, made and saved.
pub(super) fn graph_count(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            key("account"),
            word("on_day"),
            number("made"),
            number("saved"),
        ],
    );
    primary(table, &["account", "on_day"]);
}
