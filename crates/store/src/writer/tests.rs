//! What the writer does when something in a group goes wrong.

use uuid::Uuid;

use super::*;
use crate::db::values;
use crate::store::Store;
use crate::testing::open;

fn big_delivery() -> NewDelivery {
    NewDelivery {
        id: Uuid::now_v7(),
        channel: "instagram",
        received_at_ms: 0,
        body: vec![b'x'; 100_000].into(),
        events: Vec::new(),
    }
}

async fn allow_pages(store: &Store, pages: u32) {
    store
        .write(pages, |tx, pages| {
            Box::pin(async move {
                let sql = format!("PRAGMA max_page_count = {pages}");
                tx.one(&sql, values![]).await?;
                Ok(())
            })
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_write_that_misbehaves_harms_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let delivery = big_delivery();
    let id = delivery.id;
    let panics = store.write((), |_, ()| {
        Box::pin(async move {
            assert!(std::env::args().count() == 0, "on purpose");
            Ok(())
        })
    });
    let waits = store.write((), |tx, ()| {
        Box::pin(async move {
            let sql = "INSERT INTO tick (name, last_ms) VALUES ('half', 1)";
            tx.exec(sql, values![]).await?;
            tokio::task::yield_now().await;
            Ok(())
        })
    });
    let (panicked, waited, stored) = tokio::join!(panics, waits, store.accept(delivery));
    assert!(matches!(panicked, Err(StoreError::Unavailable(text)) if text.contains("panicked")));
    assert!(matches!(waited, Err(StoreError::Unavailable(text)) if text.contains("waited")));
    assert!(stored.is_ok());
    assert!(store.delivery(id).await.unwrap().is_some());
    assert!(store.tick_claim("half", 1).await.unwrap(), "taken back");
}

#[tokio::test]
async fn rows_go_in_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let twice = store.write((), |tx, ()| {
        Box::pin(async move {
            let rows = values!["one", 1_i64, "two", 2_i64, "one", 3_i64];
            tx.insert_rows("tick", &["name", "last_ms"], rows).await
        })
    });
    let (twice, stored) = tokio::join!(twice, store.accept(big_delivery()));
    assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
    assert!(stored.is_ok());
    assert!(
        store.tick_claim("two", 1).await.unwrap(),
        "half of it is in"
    );
}

#[tokio::test]
async fn the_data_is_free_again_when_the_last_store_goes() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let store = open(&folder).await;
        let other = store.clone();
        drop(store);
        other.accept(big_delivery()).await.unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_forgotten_when_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    // SQLite's own limit on the file's size answers as a full disk does.
    allow_pages(&store, 150).await;
    let mut stored = Vec::new();
    let error = loop {
        let delivery = big_delivery();
        let id = delivery.id;
        match store.accept(delivery).await {
            Ok(_) => stored.push(id),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full(_)), "{error:?}");
    assert!(error.is_outage());
    allow_pages(&store, 1_000_000).await;
    store.accept(big_delivery()).await.unwrap();
    for id in stored {
        assert!(store.delivery(id).await.unwrap().is_some());
    }
}
