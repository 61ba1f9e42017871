//! The tables of connected accounts, API keys and logins.

use super::{
    ColumnDef, DbBackend, TableCreateStatement, add, id, key, long_bytes, maybe_key, maybe_number,
    maybe_text, maybe_word, number, primary, word,
};

fn maybe_bytes(name: &str, backend: DbBackend) -> ColumnDef {
    long_bytes(name, backend).null().take()
}

pub(super) fn account(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        vec![
            id("id"),
            key("account"),
            maybe_key("app_scoped_id"),
            maybe_key("page_id"),
            word("login"),
            maybe_text("username"),
            maybe_text("name"),
            maybe_word("account_type"),
            word("origin"),
            // Sealed, and with which key; none once the account was disconnected.
            maybe_bytes("token", backend),
            maybe_number("token_key"),
            maybe_word("token_print"),
            maybe_word("settings_print"),
            maybe_number("issued_at_ms"),
            maybe_number("refreshed_at_ms"),
            maybe_number("expires_at_ms"),
            maybe_text("scopes"),
            word("verdict"),
            number("verdict_at_ms"),
            maybe_number("last_good_at_ms"),
            maybe_word("last_error"),
            maybe_number("last_error_at_ms"),
            number("connected_at_ms"),
            maybe_number("removed_at_ms"),
            number("changed_at_ms"),
        ],
    );
    primary(table, &["id"]);
}

/// The keys that rows are sealed with, themselves sealed with a key that is not in the database.
pub(super) fn seal_key(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            number("id"),
            // By which the outer key is recognised.
            word("outer_key"),
            long_bytes("sealed", backend),
            number("created_at_ms"),
        ],
    );
    primary(table, &["id"]);
}

pub(super) fn api_key(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            id("id"),
            word("kind"),
            word("key_hash"),
            word("prefix"),
            key("name"),
            maybe_text("scopes"),
            maybe_text("accounts"),
            number("created_at_ms"),
            maybe_number("last_used_at_ms"),
            maybe_number("revoked_at_ms"),
            maybe_number("expires_at_ms"),
        ],
    );
    primary(table, &["id"]);
}

pub(super) fn login_state(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            id("id"),
            word("state_hash"),
            word("login"),
            key("bound_to"),
            maybe_bytes("kept", backend),
            maybe_number("kept_key"),
            number("expires_at_ms"),
            maybe_number("used_at_ms"),
        ],
    );
    primary(table, &["id"]);
}

/// Codes that were exchanged: Meta takes each once, and so do we.
pub(super) fn login_code(table: &mut TableCreateStatement, _: DbBackend) {
    add(table, [word("code_hash"), number("at_ms")]);
    primary(table, &["code_hash"]);
}
