//! A database from before opens, and keeps what it holds.

use std::collections::HashSet;

use sea_orm::ConnectionTrait as _;

use super::*;
use crate::sqlite::SqliteFile;
use crate::store::Durability;
use crate::testing::open;
use crate::types::Conversation;

#[test]
fn no_two_changes_have_a_name_in_common() {
    let names: HashSet<&str> = CHANGES.iter().map(|change| change.name).collect();
    assert_eq!(names.len(), CHANGES.len());
    assert!(CHANGES.iter().map(|change| change.name).is_sorted());
}

#[tokio::test]
async fn an_older_database_opens_and_gains_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("s.db").display());
    let file = SqliteFile::from_url(&url, Durability::Full).unwrap();
    let pool = file.migrations().await.unwrap();
    Migrator::up(&pool, Some(31)).await.unwrap();
    let ana = "INSERT INTO conversation (channel, account, person, language, changed_at_ms) \
               VALUES ('instagram', 'acc', 'ana', 'es', 1)";
    pool.execute_unprepared(ana).await.unwrap();
    // One of the changes was made, but its process died before that was written down.
    let half = "ALTER TABLE conversation ADD COLUMN stopped_at_ms bigint NULL";
    pool.execute_unprepared(half).await.unwrap();
    pool.close().await.unwrap();
    for _ in 0..2 {
        let store = open(&folder).await;
        let ana = Conversation::new("instagram", "acc", "ana");
        let note = store.conversation_note(&ana).await.unwrap();
        assert_eq!(note.language.as_deref(), Some("es"));
        assert_eq!(note.stopped_at_ms, None);
        assert!(!note.language_chosen);
        store.close().await;
    }
}
