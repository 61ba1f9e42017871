//! The spool's files and folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::format::{self, Content, FILE_HEADER, LONGEST_RECORD, SALT_LEN};
use crate::error::StoreError;

const SUFFIX: &str = ".spool";

/// Tells a full disk from one that cannot be written and from other trouble.
fn trouble(what: &str, path: &Path, error: &io::Error) -> StoreError {
    let text = format!("{what} {}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StoreError::Full(text)
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            StoreError::ReadOnly(text)
        }
        _ => StoreError::Unavailable(text),
    }
}

/// Makes the folder and proves that a file can be written and flushed in it.
pub(super) fn prepare(folder: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(|error| trouble("cannot make", folder, &error))?;
    let probe = folder.join(".probe");
    let written = File::create(&probe).and_then(|mut file| {
        file.write_all(b"probe")?;
        file.sync_all()
    });
    written.map_err(|error| trouble("cannot write into", folder, &error))?;
    remove(&probe)
}

/// The spool files, oldest first.
pub(super) fn list(folder: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let read = |error: io::Error| trouble("cannot read", folder, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name
            .and_then(|name| name.strip_suffix(SUFFIX))
            .and_then(|number| number.parse().ok());
        if let Some(number) = number {
            files.push((number, path));
        }
    }
    files.sort_unstable();
    Ok(files)
}

pub(super) fn read(path: &Path) -> Result<Content, StoreError> {
    let file = fs::read(path).map_err(|error| trouble("cannot read", path, &error))?;
    Ok(format::parse(file))
}

/// Keeps damaged stretches for a person to look at.
pub(super) fn set_aside(
    folder: &Path,
    from: &Path,
    damaged: &[Vec<u8>],
) -> Result<PathBuf, StoreError> {
    let name = from.file_stem().unwrap_or_default().to_string_lossy();
    // File numbers start again in an empty folder: a piece kept before must not be written over.
    let salt: u32 = rand::random();
    let path = folder.join(format!("{name}-{salt:08x}.damaged"));
    let write = || -> io::Result<()> {
        let mut file = File::create_new(&path)?;
        file.write_all(&damaged.concat())?;
        file.sync_all()
    };
    write().map_err(|error| trouble("cannot write", &path, &error))?;
    Ok(path)
}

pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(trouble("cannot remove", path, &error)),
    }
}

/// Writes records to the end of the newest file.
pub(super) struct Appender {
    folder: PathBuf,
    next: u64,
    open: Option<Open>,
}

struct Open {
    path: PathBuf,
    file: File,
    salt: [u8; SALT_LEN],
    written: u64,
}

impl Appender {
    pub(super) fn new(folder: PathBuf, next: u64) -> Self {
        Self {
            folder,
            next,
            open: None,
        }
    }

    /// The file that is being written.
    pub(super) fn current(&self) -> Option<&Path> {
        self.open.as_ref().map(|open| open.path.as_path())
    }

    pub(super) fn written(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.written)
    }

    /// Writes no more to the current file.
    pub(super) fn leave(&mut self) {
        self.open = None;
    }

    /// Writes records and flushes them. After a failure nothing of them counts: the file is cut
    /// back where that works, and left in any case, since what a failed flush has kept is not
    /// known.
    pub(super) fn append(&mut self, records: &[&[u8]]) -> Result<(), StoreError> {
        if records.iter().any(|record| record.len() > LONGEST_RECORD) {
            return Err(StoreError::conflict("a record is too long for the spool"));
        }
        let is_new = self.open.is_none();
        if is_new {
            self.open = Some(self.create()?);
        }
        let Some(open) = &mut self.open else {
            return Err(StoreError::Unavailable("no spool file".to_owned()));
        };
        let before = open.written;
        let mut bytes = Vec::new();
        if is_new {
            bytes.extend(format::file_header(open.salt));
        }
        for record in records {
            format::push_record(&mut bytes, &open.salt, record);
        }
        let outcome = write_durably(open, &bytes, is_new.then_some(self.folder.as_path()));
        if let Err(error) = outcome {
            let failed = trouble("cannot write", &open.path, &error);
            let path = open.path.clone();
            // Nothing was acknowledged: as good as it goes, the file looks as before.
            let cut = open
                .file
                .set_len(before)
                .and_then(|()| open.file.sync_all());
            self.open = None;
            if before == 0 || (cut.is_ok() && before <= FILE_HEADER as u64) {
                remove(&path)?;
            }
            return Err(failed);
        }
        Ok(())
    }

    fn create(&mut self) -> Result<Open, StoreError> {
        let path = self.folder.join(format!("{:012}{SUFFIX}", self.next));
        self.next += 1;
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| trouble("cannot make", &path, &error))?;
        Ok(Open {
            path,
            file,
            salt: rand::random(),
            written: 0,
        })
    }
}

fn write_durably(open: &mut Open, bytes: &[u8], new_in: Option<&Path>) -> io::Result<()> {
    open.file.write_all(bytes)?;
    open.file.sync_data()?;
    if let Some(folder) = new_in {
        // The name of a new file must survive as well.
        File::open(folder)?.sync_all()?;
    }
    open.written += bytes.len() as u64;
    Ok(())
}
