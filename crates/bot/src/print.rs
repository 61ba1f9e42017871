//! The print of a file: enough to know later that it is still the same.
//!
//! A process can die between writing a file and writing that it was written, and a disk can fill
//! up in between; so a checkpoint's files are compared before they are used again.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Files up to this size are hashed whole: everything that is sent, whose hash names its upload.
const WHOLE_BYTES: u64 = 32_000_000;
/// Of larger ones (downloads) the size and this much from the start, the middle and the end.
const SAMPLE_BYTES: u64 = 262_144;

/// A file's name, size and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Print {
    pub(crate) file: String,
    pub(crate) bytes: u64,
    pub(crate) hash: String,
}

impl Print {
    /// Takes the print of a file in this folder.
    pub(crate) async fn take(dir: &Path, file: &str) -> io::Result<Self> {
        let (path, file) = (dir.join(file), file.to_owned());
        tokio::task::spawn_blocking(move || {
            let (bytes, hash) = hash(&path)?;
            Ok(Self { file, bytes, hash })
        })
        .await
        .map_err(io::Error::other)?
    }

    /// Whether the file is still the one.
    pub(crate) async fn matches(&self, dir: &Path) -> bool {
        let is_size = tokio::fs::metadata(dir.join(&self.file))
            .await
            .is_ok_and(|meta| meta.is_file() && meta.len() == self.bytes);
        is_size
            && Self::take(dir, &self.file)
                .await
                .is_ok_and(|print| print == *self)
    }
}

fn hash(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut hasher = Sha256::new();
    hasher.update(bytes.to_le_bytes());
    let ranges = if bytes <= WHOLE_BYTES {
        vec![(0, bytes)]
    } else {
        [0, bytes / 2, bytes - SAMPLE_BYTES]
            .map(|start| (start, SAMPLE_BYTES))
            .to_vec()
    };
    let mut buffer = vec![0; 65_536];
    for (start, length) in ranges {
        file.seek(SeekFrom::Start(start))?;
        let mut range = (&mut file).take(length);
        loop {
            let read = range.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
        }
    }
    Ok((bytes, hex::encode(hasher.finalize())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_changed_file_is_noticed() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("v.mp4");
        std::fs::write(&path, b"abc").expect("written");
        let print = Print::take(dir.path(), "v.mp4").await.expect("a print");
        assert!(print.matches(dir.path()).await);
        std::fs::write(&path, b"abd").expect("written");
        assert!(!print.matches(dir.path()).await, "same size, other bytes");
        std::fs::write(&path, b"ab").expect("written");
        assert!(!print.matches(dir.path()).await);
        std::fs::remove_file(&path).expect("removed");
        assert!(!print.matches(dir.path()).await);
    }
}
