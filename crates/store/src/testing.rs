//! What the tests inside this crate share.

use std::sync::Arc;

use sea_orm::Value;
use tempfile::TempDir;

use crate::clock::SystemClock;
use crate::store::{Durability, Options, Store};

/// A store of its own in `folder`.
pub(crate) async fn open(folder: &TempDir) -> Store {
    Store::open(Options {
        url: format!("sqlite://{}?mode=rwc", folder.path().join("s.db").display()),
        durability: Durability::Full,
        clock: Arc::new(SystemClock),
        exclusive: true,
    })
    .await
    .unwrap()
}

/// How SQLite would run a statement, a line for each step.
pub(crate) async fn plan_of(sql: &str, values: Vec<Value>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let sql = format!("EXPLAIN QUERY PLAN {sql}");
    let rows = store.reader().all(&sql, values).await.unwrap();
    let steps: Vec<String> = rows.iter().map(|row| row.get("detail").unwrap()).collect();
    steps.join("\n")
}
