//! The tables, as migrations with one change each: MySQL cannot roll a half-done change back.
//!
//! Times are epoch milliseconds, ids are 16 bytes that sort by time, keys have a length that every
//! database can index and compare byte by byte.
//!
//! Longer than other files, because the whole schema is read in one place: the list of changes and each table's columns.

mod accounts;
mod forward;
mod gateway;
mod snapshots;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Brings the database to the newest schema.
pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        CHANGES
            .iter()
            .map(|change| Box::new(change.clone()) as Box<dyn MigrationTrait>)
            .collect()
    }
}

/// One migration: its name, for ever, and what it makes.
#[derive(Clone)]
struct Change {
    name: &'static str,
    make: Make,
}

#[derive(Clone)]
enum Make {
    Table(&'static str, fn(&mut TableCreateStatement, DbBackend)),
    Index(&'static str, &'static [&'static str]),
    Unique(&'static str, &'static [&'static str]),
    /// An index that an earlier change made is not worth its upkeep.
    NoIndex(&'static str, &'static str),
    /// A column that rows from before do not have: nullable, so that no row needs rewriting.
    Column(&'static str, &'static str, fn(&str) -> ColumnDef),
    /// Rows from what is there already: one statement, which finds nothing to do the second time.
    Fill(&'static str),
}

use Make::{Column as NewColumn, Fill, Index as ByIndex, NoIndex, Table as NewTable, Unique};

/// Events of before there was a feed, in the order of their ids.
const FEED_OF_BEFORE: &str = "INSERT INTO feed (seq, kind, what, ref_id, channel, account, at_ms) \
     SELECT ROW_NUMBER() OVER (ORDER BY id), 'event', kind, id, channel, account, received_at_ms \
     FROM event WHERE NOT EXISTS (SELECT 1 FROM feed)";

/// Append only: a released change is never edited.
#[rustfmt::skip]
const CHANGES: &[Change] = &[
    Change { name: "m0001_delivery", make: NewTable("delivery", delivery) },
    Change { name: "m0002_delivery_by_age", make: ByIndex("delivery", &["received_at_ms"]) },
    Change { name: "m0003_event", make: NewTable("event", event) },
    Change { name: "m0004_event_once", make: Unique("event", &["dedupe"]) },
    Change { name: "m0005_event_by_person", make: ByIndex("event", &["person", "account", "at_ms"]) },
    Change { name: "m0006_job", make: NewTable("job", job) },
    Change { name: "m0007_job_once", make: Unique("job", &["dedupe_key"]) },
    Change { name: "m0008_job_claim", make: ByIndex("job", &["state", "queue", "priority", "turn", "id"]) },
    Change { name: "m0009_job_due", make: ByIndex("job", &["state", "run_at_ms"]) },
    Change { name: "m0010_job_order", make: ByIndex("job", &["order_key", "state", "id"]) },
    Change { name: "m0011_job_by_person", make: ByIndex("job", &["person", "state", "queue"]) },
    Change { name: "m0012_job_step", make: NewTable("job_step", job_step) },
    Change { name: "m0013_quota", make: NewTable("quota", quota) },
    Change { name: "m0014_quota_by_age", make: ByIndex("quota", &["changed_at_ms"]) },
    Change { name: "m0015_work", make: NewTable("work", work) },
    Change { name: "m0016_work_by_age", make: ByIndex("work", &["keep_until_ms"]) },
    Change { name: "m0017_work_step", make: NewTable("work_step", work_step) },
    Change { name: "m0018_part", make: NewTable("part", part) },
    Change { name: "m0019_part_once", make: Unique("part", &["job_id", "name"]) },
    Change { name: "m0020_part_lock", make: Unique("part", &["lock_key"]) },
    Change { name: "m0021_part_by_person", make: ByIndex("part", &["person", "account", "intent_at_ms"]) },
    Change { name: "m0022_part_open", make: ByIndex("part", &["state", "intent_at_ms"]) },
    Change { name: "m0023_account", make: NewTable("account_state", account_state) },
    Change { name: "m0024_attachment", make: NewTable("attachment", attachment) },
    Change { name: "m0025_conversation", make: NewTable("conversation", conversation) },
    Change { name: "m0026_tick", make: NewTable("tick", tick) },
    Change { name: "m0027_event_by_delivery", make: ByIndex("event", &["delivery_id"]) },
    // A person's jobs are found by their line (`order_key`). People are as good as random, so that each entry here
    // cost a page of its own in the write-ahead log.
    Change { name: "m0028_job_not_by_person", make: NoIndex("job", "ix_job_by_person") },
    // What a try changes stays out of the indexes: each index entry that moves is a page more in every commit.
    Change { name: "m0029_part_of_person", make: ByIndex("part", &["person", "account"]) },
    Change { name: "m0030_part_not_by_try", make: NoIndex("part", "ix_part_by_person") },
    Change { name: "m0031_part_not_by_state", make: NoIndex("part", "ix_part_open") },
    Change { name: "m0032_conversation_stopped", make: NewColumn("conversation", "stopped_at_ms", maybe_number) },
    Change { name: "m0033_conversation_chosen", make: NewColumn("conversation", "language_chosen", maybe_flag) },
    Change { name: "m0034_library", make: NewTable("library", library) },
    Change { name: "m0035_library_once", make: Unique("library", &["job_id"]) },
    Change { name: "m0036_library_by_person", make: ByIndex("library", &["person", "account", "at_ms"]) },
    Change { name: "m0037_erased", make: NewTable("erased", erased) },
    Change { name: "m0038_erased_event", make: NewTable("erased_event", erased_event) },
    Change { name: "m0039_erased_stopped", make: NewColumn("erased", "stopped_at_ms", maybe_number) },
    Change { name: "m0040_linked_account", make: NewTable("account", accounts::account) },
    Change { name: "m0041_linked_account_once", make: Unique("account", &["account"]) },
    Change { name: "m0042_seal_key", make: NewTable("seal_key", accounts::seal_key) },
    Change { name: "m0043_api_key", make: NewTable("api_key", accounts::api_key) },
    Change { name: "m0044_api_key_once", make: Unique("api_key", &["key_hash"]) },
    Change { name: "m0045_login_state", make: NewTable("login_state", accounts::login_state) },
    Change { name: "m0046_login_state_once", make: Unique("login_state", &["state_hash"]) },
    Change { name: "m0047_login_code", make: NewTable("login_code", accounts::login_code) },
    Change { name: "m0050_cached", make: NewTable("cached", gateway::cached) },
    Change { name: "m0051_cached_by_age", make: ByIndex("cached", &["stale_until_ms"]) },
    Change { name: "m0052_cached_by_account", make: ByIndex("cached", &["account"]) },
    Change { name: "m0053_refusal", make: NewTable("refusal", gateway::refusal) },
    Change { name: "m0054_graph_count", make: NewTable("graph_count", gateway::graph_count) },
    Change { name: "m0060_key_use", make: NewTable("key_use", writes::key_use) },
    Change { name: "m0061_key_use_by_id", make: Unique("key_use", &["id"]) },
    Change { name: "m0062_key_use_by_age", make: ByIndex("key_use", &["created_at_ms"]) },
    Change { name: "m0063_publication", make: NewTable("publication", writes::publication) },
    Change { name: "m0064_publication_once", make: Unique("publication", &["once_key"]) },
    Change { name: "m0065_publication_of_account", make: ByIndex("publication", &["account", "id"]) },
    Change { name: "m0066_upload", make: NewTable("upload", writes::upload) },
    Change { name: "m0067_upload_by_age", make: ByIndex("upload", &["created_at_ms"]) },
    Change { name: "m0070_feed", make: NewTable("feed", forward::feed) },
    Change { name: "m0071_feed_head", make: NewTable("feed_head", forward::feed_head) },
    Change { name: "m0072_feed_of_before", make: Fill(FEED_OF_BEFORE) },
    Change { name: "m0073_subscription", make: NewTable("subscription", forward::subscription) },
    Change { name: "m0074_subscription_once", make: Unique("subscription", &["name"]) },
    Change { name: "m0075_forwarding", make: NewTable("forwarding", forward::forwarding) },
    Change { name: "m0076_forwarding_of_event", make: ByIndex("forwarding", &["event_id"]) },
    Change { name: "m0077_forwarding_by_state", make: ByIndex("forwarding", &["state", "id"]) },
    Change { name: "m0078_forward_attempt", make: NewTable("forward_attempt", forward::forward_attempt) },
    Change { name: "m0080_day_value", make: NewTable("day_value", snapshots::day_value) },
    Change { name: "m0081_day_value_once", make: Unique("day_value", &["account", "metric", "on_day"]) },
    Change { name: "m0082_day_read", make: NewTable("day_read", snapshots::day_read) },
    Change { name: "m0083_media_day", make: NewTable("media_day", snapshots::media_day) },
    Change { name: "m0084_media_day_once", make: Unique("media_day", &["account", "media", "on_day"]) },
    Change { name: "m0085_story", make: NewTable("story", snapshots::story) },
    Change { name: "m0086_story_once", make: Unique("story", &["account", "media"]) },
    Change { name: "m0087_story_by_time", make: ByIndex("story", &["account", "published_at_ms", "media"]) },
    Change { name: "m0088_story_reading", make: NewTable("story_reading", snapshots::story_reading) },
    Change { name: "m0089_story_reading_once", make: Unique("story_reading", &["account", "media", "slot"]) },
];

impl MigrationName for Change {
    fn name(&self) -> &str {
        self.name
    }
}

// The trait spells `SchemaManager` without its lifetime, and the macro wants the same of us.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        match &self.make {
            Make::Table(name, columns) => {
                let mut table = Table::create();
                table.table(Alias::new(*name)).if_not_exists();
                columns(&mut table, backend);
                if backend == DbBackend::MySql {
                    // The default collation takes `Key` and `KEY` for one.
                    table.character_set("utf8mb4").collate("utf8mb4_bin");
                }
                manager.create_table(table).await
            }
            Make::Index(table, columns) => {
                manager.create_index(index(self.name, table, columns)).await
            }
            Make::Unique(table, columns) => {
                let mut unique = index(self.name, table, columns);
                unique.unique();
                manager.create_index(unique).await
            }
            Make::NoIndex(table, name) => {
                let mut gone = Index::drop();
                gone.name(*name).table(Alias::new(*table));
                manager.drop_index(gone).await
            }
            Make::Column(table, name, column) => {
                // MySQL commits the column before the migration is marked as done.
                if manager.has_column(table, name).await? {
                    return Ok(());
                }
                let mut more = Table::alter();
                more.table(Alias::new(*table)).add_column(column(name));
                manager.alter_table(more).await
            }
            Make::Fill(sql) => {
                manager.get_connection().execute_unprepared(sql).await?;
                Ok(())
            }
        }
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration(
            "there is no way back; restore a backup".to_owned(),
        ))
    }
}

fn index(name: &str, table: &str, columns: &[&str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index
        .name(format!(
            "ix_{}",
            name.split_once('_').map_or(name, |(_, rest)| rest)
        ))
        .table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}

fn column(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name))
}

fn id(name: &str) -> ColumnDef {
    column(name).uuid().not_null().take()
}

/// A key: as long as every database can index.
fn key(name: &str) -> ColumnDef {
    column(name).string_len(191).not_null().take()
}

fn word(name: &str) -> ColumnDef {
    column(name).string_len(64).not_null().take()
}

fn number(name: &str) -> ColumnDef {
    column(name).big_integer().not_null().take()
}

fn small(name: &str) -> ColumnDef {
    column(name).integer().not_null().take()
}

fn flag(name: &str) -> ColumnDef {
    column(name).boolean().not_null().take()
}

/// Text of any length (MySQL's plain TEXT ends at 64 KB).
fn long_text(name: &str, backend: DbBackend) -> ColumnDef {
    match backend {
        DbBackend::MySql => column(name)
            .custom(Alias::new("longtext"))
            .not_null()
            .take(),
        _ => column(name).text().not_null().take(),
    }
}

fn long_bytes(name: &str, backend: DbBackend) -> ColumnDef {
    match backend {
        DbBackend::MySql => column(name)
            .custom(Alias::new("longblob"))
            .not_null()
            .take(),
        _ => column(name).blob().not_null().take(),
    }
}

fn maybe_id(name: &str) -> ColumnDef {
    column(name).uuid().null().take()
}

fn maybe_key(name: &str) -> ColumnDef {
    column(name).string_len(191).null().take()
}

fn maybe_word(name: &str) -> ColumnDef {
    column(name).string_len(64).null().take()
}

fn maybe_number(name: &str) -> ColumnDef {
    column(name).big_integer().null().take()
}

fn maybe_flag(name: &str) -> ColumnDef {
    column(name).boolean().null().take()
}

fn maybe_text(name: &str) -> ColumnDef {
    column(name).text().null().take()
}

fn primary(table: &mut TableCreateStatement, columns: &[&str]) {
    let mut primary = Index::create();
    for column in columns {
        primary.col(Alias::new(*column));
    }
    table.primary_key(&mut primary);
}

fn add(table: &mut TableCreateStatement, columns: impl IntoIterator<Item = ColumnDef>) {
    for column in columns {
        table.col(column);
    }
}

fn delivery(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            id("id"),
            word("channel"),
            number("received_at_ms"),
            long_bytes("body", backend),
        ],
    );
    primary(table, &["id"]);
}

fn event(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            id("id"),
            id("delivery_id"),
            word("channel"),
            key("account"),
            maybe_key("person"),
            word("kind"),
            word("shape"),
            maybe_text("mid"),
            number("at_ms"),
            number("received_at_ms"),
            column("dedupe").binary_len(16).not_null().take(),
            flag("opens_window"),
            long_text("raw", backend),
        ],
    );
    primary(table, &["id"]);
}

fn job(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            id("id"),
            word("queue"),
            word("state"),
            small("priority"),
            // Unfinished jobs that stood in its line when it was stored: fairness.
            small("turn"),
            number("run_at_ms"),
            small("attempts"),
            small("max_attempts"),
            maybe_id("lease_token"),
            maybe_number("lease_until_ms"),
            number("epoch"),
            maybe_key("dedupe_key"),
            maybe_key("order_key"),
            maybe_key("person"),
            long_text("payload", backend),
            maybe_text("note"),
            // Why it was given up; the handler gets one more claim to tell the person.
            maybe_text("doom"),
            maybe_key("quota_scope"),
            maybe_word("quota_day"),
            // True from the charge to the refund.
            flag("charged"),
            number("created_at_ms"),
            maybe_number("started_at_ms"),
            maybe_number("finished_at_ms"),
        ],
    );
    primary(table, &["id"]);
}

fn job_step(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            id("job_id"),
            word("name"),
            long_text("data", backend),
            number("done_at_ms"),
        ],
    );
    primary(table, &["job_id", "name"]);
}

fn quota(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            key("scope"),
            word("on_day"),
            number("used"),
            number("changed_at_ms"),
        ],
    );
    primary(table, &["scope", "on_day"]);
}

fn work(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            key("work_key"),
            word("state"),
            maybe_id("owner_job"),
            maybe_id("owner_token"),
            maybe_number("keep_until_ms"),
            number("created_at_ms"),
        ],
    );
    primary(table, &["work_key"]);
}

fn work_step(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            key("work_key"),
            word("name"),
            long_text("data", backend),
            number("done_at_ms"),
        ],
    );
    primary(table, &["work_key", "name"]);
}

fn part(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            id("id"),
            id("job_id"),
            word("channel"),
            key("account"),
            key("person"),
            word("name"),
            small("seq"),
            word("kind"),
            long_text("body", backend),
            key("hash"),
            word("state"),
            small("attempt"),
            number("epoch"),
            maybe_number("intent_at_ms"),
            maybe_text("cursor_mid"),
            maybe_text("mid"),
            maybe_text("reason"),
            // The conversation while the outcome of a try is open: unique, so that the database itself
            // refuses a second open try.
            maybe_key("lock_key"),
            number("created_at_ms"),
            maybe_number("settled_at_ms"),
        ],
    );
    primary(table, &["id"]);
}

fn account_state(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            word("channel"),
            key("account"),
            word("state"),
            maybe_text("reason"),
            number("changed_at_ms"),
        ],
    );
    primary(table, &["channel", "account"]);
}

fn attachment(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            key("account"),
            key("media_key"),
            column("attachment_id").text().not_null().take(),
            number("expires_ms"),
        ],
    );
    primary(table, &["account", "media_key"]);
}

fn conversation(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            word("channel"),
            key("account"),
            key("person"),
            maybe_word("language"),
            maybe_number("helped_at_ms"),
            maybe_number("limited_at_ms"),
            number("changed_at_ms"),
        ],
    );
    primary(table, &["channel", "account", "person"]);
}

fn tick(table: &mut TableCreateStatement, _: DbBackend) {
    add(table, [key("name"), number("last_ms")]);
    primary(table, &["name"]);
}

/// The short columns stand first: who looks only at them reads no page of the long ones.
fn library(table: &mut TableCreateStatement, backend: DbBackend) {
    add(
        table,
        [
            id("id"),
            word("channel"),
            key("account"),
            key("person"),
            id("job_id"),
            key("work_key"),
            number("at_ms"),
            maybe_word("language"),
            maybe_text("author"),
            maybe_text("permalink"),
            maybe_text("title"),
            maybe_text("caption"),
            // What was said, as the caller's JSON, and all words as `fold` writes them.
            long_text("words", backend),
            long_text("folded", backend),
        ],
    );
    primary(table, &["id"]);
}

/// What is left of a person who was erased: nothing by which to find them, only by which to recognise them.
fn erased(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            // SHA-256 of the conversation's key, in hex.
            word("erased_key"),
            // By the sender's clock: what was sent up to then does not come back.
            number("at_ms"),
            number("erased_at_ms"),
            // The person has written anew.
            flag("woken"),
            // The allowance they had used up, and of which day.
            maybe_word("on_day"),
            number("used"),
            // The file's pages hold no remains either.
            flag("clean"),
        ],
    );
    primary(table, &["erased_key"]);
}

/// The keys of erased events that no time tells from new ones.
fn erased_event(table: &mut TableCreateStatement, _: DbBackend) {
    add(
        table,
        [
            word("erased_key"),
            column("dedupe").binary_len(16).not_null().take(),
        ],
    );
    primary(table, &["erased_key", "dedupe"]);
}

mod writes;

#[cfg(test)]
mod tests;
