//! One process at a time has the data: two would each take the other's jobs for abandoned.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::db::Result;
use crate::error::StoreError;

/// The mark beside the database that one process holds while it has the data open.
pub(crate) struct DataLock {
    _file: std::fs::File,
}

/// A program that a killed process was just starting holds the mark for the moment before it becomes another program:
/// so long it is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_AGAIN: Duration = Duration::from_millis(10);

impl DataLock {
    pub(crate) async fn take(database: &Path) -> Result<Self> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| {
                StoreError::Config(format!("cannot open {}: {error}", path.display()))
            })?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(std::fs::TryLockError::WouldBlock) if started.elapsed() < LOCK_PATIENCE => {
                    tokio::time::sleep(LOCK_AGAIN).await;
                }
                Err(std::fs::TryLockError::WouldBlock) => {
                    return Err(StoreError::InUse(format!(
                        "another process has {} open; stop it, or choose another data folder",
                        database.display()
                    )));
                }
                Err(std::fs::TryLockError::Error(error)) => {
                    return Err(StoreError::Config(format!(
                        "cannot lock {}: {error}",
                        path.display()
                    )));
                }
            }
        }
    }
}
