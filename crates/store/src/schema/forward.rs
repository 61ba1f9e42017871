//! The tables of what goes out: the feed, who is subscribed to it, and what became of each delivery.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use super::{
    add, column, id, key, maybe_id, maybe_number, maybe_text, maybe_word, number, primary, small,
    word,
};

/// What happened, in the order of the commits: an event was accepted, a job ended. It only refers: what an erasure
/// removes is gone from here as well.
pub(super) fn feed(table: &mut TableCreateStatement, backend: DbBackend) {
    // Exactly this type makes it SQLite's own row number, so that no index stands beside the table.
    let seq = match backend {
        DbBackend::Sqlite => column("seq")
            .custom(Alias::new("integer"))
            .not_null()
            .take(),
        _ => number("seq"),
    };
    add(
        table,
        [
            seq,
            // `event` or `job`.
            word("kind"),
            // The kind of the event, or the state in which the job ended.
            word("what"),
            id("ref_id"),
            word("channel"),
            // Empty where it is of no account.
            key("account"),
            number("at_ms"),
        ],
    );
    primary(table, &["seq"]);
}

/// The number that the feed has come to. Locked until the commit by whoever counts on, so that the order of the
/// numbers is the order in which they can be seen.
pub(super) fn feed_head(table: &mut TableCreateStatement, _: DbBackend) {
    add(table, [word("name"), number("last_seq")]);
    primary(table, &["name"]);
}

/// Whom accepted events are sent to.
pub(super) fn subscription(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            id("id"),
            key("name"),
            column("url").text().not_null().take(),
            // Where the key is kept, never the key: `settings` means the setting of the same name.
            word("secret"),
            // `structured` or `raw`.
            word("format"),
            // JSON lists; empty means all.
            column("channels").text().not_null().take(),
            column("kinds").text().not_null().take(),
            column("accounts").text().not_null().take(),
            // `active`, `disabled` (deliveries are held) or `ended` (none are made).
            word("state"),
            maybe_text("reason"),
            number("created_at_ms"),
            number("changed_at_ms"),
        ],
    );
    primary(table, &["id"]);
}

/// One event on its way to one subscriber. The body is made from the event when it is sent, never kept here.
pub(super) fn forwarding(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            id("id"),
            id("subscription_id"),
            id("event_id"),
            maybe_id("job_id"),
            word("channel"),
            key("account"),
            word("kind"),
            // `pending`, `delivered`, `dead` or `held`.
            word("state"),
            small("attempts"),
            // When the days of trying began: at the event, or when it was sent anew.
            number("since_ms"),
            maybe_number("next_at_ms"),
            maybe_number("last_status"),
            maybe_text("last_error"),
            number("created_at_ms"),
            maybe_number("settled_at_ms"),
        ],
    );
    primary(table, &["id"]);
}

/// The log of attempts.
pub(super) fn forward_attempt(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            id("forwarding_id"),
            small("number"),
            number("at_ms"),
            number("duration_ms"),
            maybe_number("status"),
            maybe_text("error"),
            // `delivered`, `again` or `dead`.
            maybe_word("outcome"),
        ],
    );
    primary(table, &["forwarding_id", "number"]);
}
