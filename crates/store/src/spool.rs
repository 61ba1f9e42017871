//! An append-only file of records for when the database is away.

use std::path::Path;

use bytes::Bytes;

use crate::StoreError;

/// A folder of records on their way into the database.
#[derive(Debug)]
pub struct Spool;

impl Spool {
    /// Opens the folder, makes it if need be, and checks that it can be written.
    pub fn open(_dir: &Path) -> Result<Self, StoreError> {
        Ok(Self)
    }

    /// Returns when the record is on the disk.
    pub async fn append(&self, _record: &[u8]) -> Result<(), StoreError> {
        Err(StoreError::Config("not built yet".to_owned()))
    }

    /// Hands every record to `take`, oldest first, and forgets it when `take` succeeded. Stops at
    /// the first failure. Returns how many were taken.
    pub async fn drain<F, Fut>(&self, _take: F) -> Result<usize, StoreError>
    where
        F: FnMut(Bytes) -> Fut,
        Fut: Future<Output = Result<(), StoreError>>,
    {
        Ok(0)
    }

    /// How many records wait.
    pub fn depth(&self) -> usize {
        0
    }
}
