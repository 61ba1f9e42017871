//! Webhooks while the database is away: nothing acknowledged is lost, damage costs itself only.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use futures::future::join_all;
use store::StoreError;
use store::spool::{RECORD_MAGIC, Spool};

async fn drain(spool: &Spool) -> Vec<String> {
    let taken = Mutex::new(Vec::new());
    let count = spool
        .drain(|record| {
            taken
                .lock()
                .unwrap()
                .push(String::from_utf8(record.to_vec()).unwrap());
            async { Ok(()) }
        })
        .await
        .unwrap();
    let taken = taken.into_inner().unwrap();
    assert_eq!(taken.len(), count);
    taken
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn what_is_appended_is_drained_once_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path()).unwrap();
    for number in 0..5 {
        spool
            .append(format!("record {number}").as_bytes())
            .await
            .unwrap();
    }
    assert_eq!(spool.depth(), 5);
    let expected: Vec<String> = (0..5).map(|number| format!("record {number}")).collect();
    assert_eq!(drain(&spool).await, expected);
    assert_eq!(spool.depth(), 0);
    assert!(drain(&spool).await.is_empty());
    assert!(files(folder.path(), "spool").is_empty());
    spool.append(b"after").await.unwrap();
    assert_eq!(drain(&spool).await, ["after"]);
}

#[tokio::test]
async fn a_new_process_finds_what_the_dead_one_left() {
    let folder = tempfile::tempdir().unwrap();
    let first = Spool::open(folder.path()).unwrap();
    first.append(b"one").await.unwrap();
    first.append(b"two").await.unwrap();
    drop(first);
    let second = Spool::open(folder.path()).unwrap();
    assert_eq!(second.depth(), 2);
    second.append(b"three").await.unwrap();
    assert_eq!(drain(&second).await, ["one", "two", "three"]);
}

#[tokio::test]
async fn a_refused_record_stays_for_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path()).unwrap();
    for record in ["one", "two", "three"] {
        spool.append(record.as_bytes()).await.unwrap();
    }
    let mut calls = 0;
    let outcome = spool
        .drain(|_| {
            calls += 1;
            let refuse = calls == 2;
            async move {
                if refuse {
                    Err(StoreError::Unavailable("still away".to_owned()))
                } else {
                    Ok(())
                }
            }
        })
        .await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))));
    assert_eq!(calls, 2);
    // What comes meanwhile stands behind it.
    spool.append(b"four").await.unwrap();
    assert_eq!(drain(&spool).await, ["one", "two", "three", "four"]);
    assert_eq!(spool.depth(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_all_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path()).unwrap();
    let records: Vec<String> = (0..500).map(|number| format!("{number:03}")).collect();
    let answers = join_all(records.iter().map(|record| spool.append(record.as_bytes()))).await;
    assert!(answers.iter().all(Result::is_ok));
    let mut drained = drain(&spool).await;
    drained.sort();
    assert_eq!(drained, records);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appending_while_draining_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let spool = std::sync::Arc::new(Spool::open(folder.path()).unwrap());
    let appender = tokio::spawn({
        let spool = spool.clone();
        async move {
            for number in 0..200 {
                spool
                    .append(format!("{number:03}").as_bytes())
                    .await
                    .unwrap();
            }
        }
    });
    let mut drained = Vec::new();
    while !appender.is_finished() {
        drained.extend(drain(&spool).await);
        tokio::task::yield_now().await;
    }
    appender.await.unwrap();
    drained.extend(drain(&spool).await);
    let expected: Vec<String> = (0..200).map(|number| format!("{number:03}")).collect();
    assert_eq!(drained, expected);
    assert_eq!(spool.depth(), 0);
}

#[tokio::test]
async fn damage_is_set_aside_and_the_rest_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path()).unwrap();
    for record in ["first", "second", "third"] {
        spool.append(record.as_bytes()).await.unwrap();
    }
    drop(spool);
    let path = files(folder.path(), "spool").remove(0);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes
        .windows(6)
        .position(|window| window == b"second")
        .unwrap();
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    // And the machine died in the middle of a fourth.
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(RECORD_MAGIC).unwrap();
    file.write_all(&[9, 0, 0, 0, 1, 2]).unwrap();
    drop(file);

    let spool = Spool::open(folder.path()).unwrap();
    assert_eq!(drain(&spool).await, ["first", "third"]);
    let aside = files(folder.path(), "damaged");
    assert_eq!(aside.len(), 1);
    let kept = fs::read(&aside[0]).unwrap();
    assert!(kept.windows(5).any(|window| window == b"econd"));
    assert!(files(folder.path(), "spool").is_empty());
    assert_eq!(spool.depth(), 0);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, b"x").unwrap();
    assert!(Spool::open(&file).is_err());
    assert!(Spool::open(&file.join("below")).is_err());
}

#[tokio::test]
async fn a_disk_that_refuses_is_told_and_forgotten_when_it_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("spool");
    let spool = Spool::open(&inner).unwrap();
    // The folder goes away under it, as a lost mount does.
    fs::remove_dir_all(&inner).unwrap();
    assert!(spool.append(b"lost").await.is_err());
    assert_eq!(spool.depth(), 0);
    fs::create_dir(&inner).unwrap();
    spool.append(b"kept").await.unwrap();
    assert_eq!(drain(&spool).await, ["kept"]);
}

/// `/dev/full` answers every write with "no space left on device".
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_called_full() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path()).unwrap();
    // The next file's name leads to a full device: `create_new` refuses it, so the link stands
    // where the probe of a new spool writes.
    drop(spool);
    std::os::unix::fs::symlink("/dev/full", folder.path().join(".probe")).unwrap();
    let opened = Spool::open(folder.path());
    assert!(matches!(opened, Err(StoreError::Full(_))), "{opened:?}");
}
