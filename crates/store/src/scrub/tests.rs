//! What is unused, and that nothing else is touched.

use sea_orm::Value;

use super::*;
use crate::db::values;
use crate::store::Store;
use crate::testing::open;

/// A leaf of an index with two cells, a free block between them and old bytes everywhere else.
fn page() -> Vec<u8> {
    let mut page = vec![0xee; 512];
    page[..8].copy_from_slice(&[10, 1, 0xc2, 0, 2, 1, 0xb8, 0]);
    page[8..12].copy_from_slice(&[1, 0xb8, 1, 0xe0]);
    page[0x1c2..0x1c6].copy_from_slice(&[0, 0, 0, 10]);
    page
}

#[test]
fn the_gap_and_the_free_blocks_are_unused() {
    let unused = slack(&page(), 0, 512).unwrap();
    assert_eq!(unused, [12..0x1b8, 0x1c6..0x1cc]);
}

#[test]
fn what_is_not_a_sound_page_of_a_tree_is_left_alone() {
    for (at, byte) in [
        (0, 0),
        (0, 3),
        (3, 200),
        (5, 3),
        (8, 0),
        (2, 0xb0),
        (0x1c5, 2),
    ] {
        let mut page = page();
        page[at] = byte;
        assert_eq!(slack(&page, 0, 512), None, "{at}");
    }
    // A list of free blocks that runs in a circle.
    let mut page = page();
    page[0x1c2..0x1c4].copy_from_slice(&[1, 0xc2]);
    assert_eq!(slack(&page, 0, 512), None);
    assert_eq!(slack(&[], 0, 0), None);
}

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % limit
    }
}

/// Rows of three hundred people that come, grow, shrink and go, as often as it takes SQLite to move many of them.
fn churn(changes: usize) -> Vec<(&'static str, Vec<Value>)> {
    let mut numbers = Numbers(7);
    let mut alive = Vec::new();
    let mut statements = Vec::new();
    for _ in 0..changes {
        let at = usize::try_from(numbers.below(1 << 20)).unwrap() % alive.len().max(1);
        match numbers.below(100) {
            85.. if !alive.is_empty() => {
                let id: Vec<u8> = alive.swap_remove(at);
                statements.push((
                    "DELETE FROM attachment WHERE media_key = ?",
                    vec![hex::encode(id).into()],
                ));
            }
            60..85 if !alive.is_empty() => {
                let long = "m".repeat(usize::try_from(numbers.below(300)).unwrap());
                let sql = "UPDATE attachment SET attachment_id = ? WHERE media_key = ?";
                statements.push((sql, values![long, hex::encode(&alive[at])]));
            }
            _ => {
                let id: Vec<u8> = (0..8)
                    .map(|_| u8::try_from(numbers.below(256)).unwrap())
                    .collect();
                let who = format!("person-{:013}", numbers.below(300));
                let long =
                    "b".repeat(usize::try_from(numbers.below(numbers.0 % 900 + 20)).unwrap());
                let sql = "INSERT INTO attachment (account, media_key, attachment_id, expires_ms) VALUES (?, ?, ?, 1)";
                statements.push((sql, values![who, hex::encode(&id), long]));
                alive.push(id);
            }
        }
    }
    statements.push(("DELETE FROM attachment WHERE account LIKE ?", values!["%7"]));
    statements
}

async fn run(store: &Store, statements: Vec<(&'static str, Vec<Value>)>) {
    for piece in statements.chunks(400) {
        store
            .write(piece.to_vec(), |tx, piece| {
                Box::pin(async move {
                    for (sql, values) in piece {
                        tx.exec(sql, values.clone()).await?;
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
    }
}

fn remains(folder: &tempfile::TempDir) -> usize {
    let bytes = std::fs::read(folder.path().join("s.db")).unwrap();
    let who = b"person-0";
    let starts = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == who[0]);
    starts
        .filter(|(at, _)| bytes[*at..].starts_with(who) && bytes.get(at + 19) == Some(&b'7'))
        .count()
}

async fn sum(store: &Store) -> (i64, i64) {
    let sql = "SELECT COUNT(*) AS rows, SUM(LENGTH(attachment_id)) AS letters FROM attachment";
    let row = store.reader().one(sql, Vec::new()).await.unwrap().unwrap();
    (row.get("rows").unwrap(), row.get("letters").unwrap())
}

#[tokio::test]
async fn deleted_rows_leave_copies_in_unused_bytes_until_these_are_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    run(&store, churn(24_000)).await;
    let before = sum(&store).await;
    // To the log's end and no further: this is what `secure_delete` alone leaves.
    store.close().await;
    assert!(remains(&folder) > 0, "the churn moves too little");
    let store = open(&folder).await;
    assert!(store.forget_pages().await.unwrap());
    assert_eq!(remains(&folder), 0);
    assert_eq!(sum(&store).await, before);
    // The writer has no older copy of a page that it could write again.
    let sql = "UPDATE attachment SET expires_ms = expires_ms + ?";
    run(&store, vec![(sql, values![1_i64])]).await;
    store.close().await;
    assert_eq!(remains(&folder), 0);
    check_integrity(&folder);
}

fn check_integrity(folder: &tempfile::TempDir) {
    let file = rusqlite::Connection::open(folder.path().join("s.db")).unwrap();
    let check = "PRAGMA integrity_check";
    let answer: String = file.query_row(check, [], |row| row.get(0)).unwrap();
    assert_eq!(answer, "ok");
}

#[tokio::test]
async fn a_file_that_keeps_maps_of_its_pages_is_written_anew_instead() {
    let folder = tempfile::tempdir().unwrap();
    let file = rusqlite::Connection::open(folder.path().join("s.db")).unwrap();
    let prepare = "PRAGMA auto_vacuum = full; CREATE TABLE one (a)";
    file.execute_batch(prepare).unwrap();
    drop(file);
    let store = open(&folder).await;
    run(&store, churn(2_000)).await;
    let before = sum(&store).await;
    assert!(store.forget_pages().await.unwrap());
    assert_eq!(remains(&folder), 0);
    assert_eq!(sum(&store).await, before);
    store.close().await;
    check_integrity(&folder);
}
