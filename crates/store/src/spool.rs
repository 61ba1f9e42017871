//! Where webhooks wait while the database is away: append-only files of checksummed records.
//!
//! A record is on the disk before `append` returns. A record that is torn (the machine died while
//! it was written) or damaged is found by its checksum and set aside in a file of its own; what
//! stands before and after it is not lost. Records may be handed out twice after a crash: whoever
//! takes them recognises repeats.
//!
//! A file begins with [`FILE_MAGIC`] and 16 random bytes that enter every checksum of the file, so
//! that nothing inside a record's own bytes can pass for a record when a damaged place is searched
//! for the next good one. A record is [`RECORD_MAGIC`], the length (4 bytes, little endian), the
//! first 8 bytes of SHA-256 over salt, length and bytes, then the bytes.

mod disk;
mod format;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::error::StoreError;
use disk::Appender;

pub use format::{FILE_MAGIC, RECORD_MAGIC};

/// A new file is begun after this many bytes, so that a drain that fails repeats little.
const FILE_BYTES: u64 = 4 * 1024 * 1024;

struct Append {
    record: Vec<u8>,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// A folder of records on their way into the database.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    appends: mpsc::Sender<Append>,
    shared: Arc<Shared>,
    draining: tokio::sync::Mutex<()>,
}

/// What the appending thread and the drain both know.
#[derive(Debug, Default)]
struct Shared {
    /// Files with records in them, oldest first; the appender may still be writing the last one.
    files: Mutex<VecDeque<SpoolFile>>,
    depth: AtomicUsize,
}

#[derive(Debug, Clone)]
struct SpoolFile {
    path: PathBuf,
    records: usize,
    /// Nothing is appended to it any more.
    closed: bool,
}

impl Spool {
    /// Opens the folder (made if need be), counts what waits in it, and checks that it can be
    /// written: a spool that cannot is found at the start, not in the night it is needed.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        disk::prepare(folder)?;
        let shared = Arc::new(Shared::default());
        let mut next = 1;
        for (number, path) in disk::list(folder)? {
            next = number + 1;
            let records = disk::read(&path)?.records.len();
            shared.depth.fetch_add(records, Ordering::SeqCst);
            shared.lock().push_back(SpoolFile {
                path,
                records,
                closed: true,
            });
        }
        let (appends, waiting) = mpsc::channel::<Append>();
        let appender = Appender::new(folder.to_path_buf(), next);
        std::thread::Builder::new()
            .name("spool".to_owned())
            .spawn({
                let shared = shared.clone();
                move || write_all(appender, &waiting, &shared)
            })
            .map_err(|error| {
                StoreError::Unavailable(format!("no thread for the spool: {error}"))
            })?;
        Ok(Self {
            folder: folder.to_path_buf(),
            appends,
            shared,
            draining: tokio::sync::Mutex::new(()),
        })
    }

    /// Returns when the record is on the disk. Records that come at the same time share a flush.
    pub async fn append(&self, record: &[u8]) -> Result<(), StoreError> {
        let gone = || StoreError::Unavailable("the spool has stopped".to_owned());
        let (done, answer) = oneshot::channel();
        let append = Append {
            record: record.to_vec(),
            done,
        };
        self.appends.send(append).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Hands every record to `take`, oldest first. A file is removed when `take` has succeeded for
    /// all of it; at the first failure the rest stays for the next time. Returns how many were
    /// taken.
    pub async fn drain<F, Fut>(&self, mut take: F) -> Result<usize, StoreError>
    where
        F: FnMut(Bytes) -> Fut,
        Fut: Future<Output = Result<(), StoreError>>,
    {
        let _one_at_a_time = self.draining.lock().await;
        let mut taken = 0;
        while let Some(file) = self.shared.close_first() {
            let path = file.path.clone();
            let content = tokio::task::spawn_blocking(move || disk::read(&path))
                .await
                .map_err(|error| StoreError::Unavailable(error.to_string()))??;
            let mut good = 0;
            for record in content.records {
                take(record).await?;
                good += 1;
                taken += 1;
            }
            if !content.damaged.is_empty() {
                let aside = disk::set_aside(&self.folder, &file.path, &content.damaged)?;
                tracing::error!(
                    bytes = content.damaged.iter().map(Vec::len).sum::<usize>(),
                    file = %aside.display(),
                    "a part of the spool was damaged and is set aside"
                );
            }
            disk::remove(&file.path)?;
            self.shared.forget_first(good.max(file.records));
        }
        Ok(taken)
    }

    /// How many records wait.
    pub fn depth(&self) -> usize {
        self.shared.depth.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<SpoolFile>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The oldest file; nothing will be appended to it from now on.
    fn close_first(&self) -> Option<SpoolFile> {
        let mut files = self.lock();
        let first = files.front_mut()?;
        first.closed = true;
        Some(first.clone())
    }

    fn forget_first(&self, records: usize) {
        self.lock().pop_front();
        let _ = self
            .depth
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |depth| {
                Some(depth.saturating_sub(records))
            });
    }
}

/// The appending thread: takes everything that waits, writes it, flushes once, answers.
fn write_all(mut appender: Appender, waiting: &mpsc::Receiver<Append>, shared: &Shared) {
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        group.extend(waiting.try_iter());
        // The list stays locked while the file grows, so that a drain never reads half a group.
        let mut files = shared.lock();
        let may_go_on = files
            .back()
            .is_some_and(|file| !file.closed && appender.current() == Some(file.path.as_path()));
        if !may_go_on || appender.written() >= FILE_BYTES {
            if let Some(file) = files.back_mut() {
                file.closed = true;
            }
            appender.leave();
        }
        let records: Vec<&[u8]> = group
            .iter()
            .map(|append| append.record.as_slice())
            .collect();
        let outcome = appender.append(&records);
        if outcome.is_ok() {
            match files.back_mut().filter(|file| !file.closed) {
                Some(file) => file.records += group.len(),
                None => {
                    if let Some(path) = appender.current() {
                        files.push_back(SpoolFile {
                            path: path.to_path_buf(),
                            records: group.len(),
                            closed: false,
                        });
                    }
                }
            }
            shared.depth.fetch_add(group.len(), Ordering::SeqCst);
        } else if let Some(file) = files.back_mut() {
            file.closed = true;
        }
        drop(files);
        for append in group {
            let answer = match &outcome {
                Ok(()) => Ok(()),
                Err(error) => Err(error.share()),
            };
            let _ = append.done.send(answer);
        }
    }
}
