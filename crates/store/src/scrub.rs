//! What SQLite leaves in the unused bytes of its pages, cleared.
//!
//! `secure_delete` overwrites what is deleted. But when SQLite spreads rows over neighbouring pages it rebuilds a page
//! from its end and lets the bytes before that stand as they were (`rebuildPage` in btree.c, SQLite 3.51, read
//! 2026-11-22): copies of rows that are somewhere else now, and that nobody overwrites when those are deleted. `VACUUM`
//! would write the whole database anew for it, with everybody waiting. This goes over the file instead, a slice between
//! two commits, and writes zeros where the file format says that nothing stands
//! (<https://www.sqlite.org/fileformat2.html#b_tree_pages>).
//!
//! Why that is safe: it happens on the writer's thread, in a write transaction, with the log empty, so that the file is
//! what SQLite would read and nobody else writes it; only bytes that no row, pointer or list of free blocks uses are
//! written, so that a cut of power in the middle leaves the same rows; a page that does not look as it must is left
//! alone; and the writer's own copies of the pages are dropped afterwards. All this holds for one process and for a
//! file as we make it: anything else is cleared by `VACUUM` after all, which writes the whole database anew (about three times
//! its size goes to the disk, and everybody else's writes wait).

use std::fs::{File, OpenOptions};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::db::Result;
use crate::error::StoreError;
use crate::sqlite::Lite;

/// Bytes that are looked at while the other writes wait: some ten milliseconds.
const SLICE: usize = 16 << 20;
/// From here on the number of a page could look like the kind of a page.
const MOST_PAGES: u32 = 0x0200_0000;
/// The part of the first page that describes the file.
const FILE_HEADER: usize = 100;

/// How far a scrub came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scrubbed {
    /// Go on from this page.
    UpTo(u32),
    /// Every page was looked at.
    All,
    /// A reader is in the way: again, later.
    Busy,
}

/// The database file once more. POSIX takes a process's locks on a file away when it closes *any* handle of it, so this
/// one is kept from before the first connection opens until after the last one has closed.
pub(crate) struct Scrubber {
    /// `None` where other processes, or other stores of this one, may write the file.
    file: Option<File>,
    log: PathBuf,
}

impl Scrubber {
    pub(crate) fn open(path: &Path, exclusive: bool) -> Result<Self> {
        let open = || {
            let opened = OpenOptions::new().read(true).write(true).open(path);
            // A file that may only be read is told by the first write, as before.
            opened.or_else(|_| File::open(path)).map_err(|error| {
                StoreError::Unavailable(format!("cannot open {}: {error}", path.display()))
            })
        };
        let file = if exclusive { Some(open()?) } else { None };
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        Ok(Self {
            file,
            log: log.into(),
        })
    }

    /// The file, if its pages can be told apart by their first byte: not so where SQLite keeps maps of them (somebody
    /// has turned `auto_vacuum` on), nor above 128 GB.
    fn plain_file(&self) -> std::io::Result<Option<&File>> {
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let header = header(file)?;
        let has_maps = header[52..56] != [0; 4];
        let is_large = file.metadata()?.len() / u64::from(MOST_PAGES) >= page_size(&header);
        Ok((!has_maps && !is_large).then_some(file))
    }

    /// Clears a slice of pages from page `from` on (they count from 1).
    pub(crate) fn scrub(&self, lite: &Lite, from: u32) -> Result<Scrubbed> {
        let Some(file) = self.plain_file().map_err(failed)? else {
            lite.vacuum()?;
            let is_empty = lite.empty_log()?;
            return Ok(if is_empty {
                Scrubbed::All
            } else {
                Scrubbed::Busy
            });
        };
        if !lite.empty_log()? {
            return Ok(Scrubbed::Busy);
        }
        lite.begin()?;
        let log_is_empty = std::fs::metadata(&self.log).map_or(true, |log| log.len() == 0);
        let scrubbed = if log_is_empty {
            slice(file, from).map_err(failed)
        } else {
            Ok(Scrubbed::Busy)
        };
        lite.rollback();
        lite.drop_pages()?;
        scrubbed
    }
}

fn header(file: &File) -> std::io::Result<[u8; FILE_HEADER]> {
    let mut header = [0; FILE_HEADER];
    file.read_exact_at(&mut header, 0)?;
    Ok(header)
}

fn page_size(header: &[u8; FILE_HEADER]) -> u64 {
    match two(header, 16) {
        1 => 65_536,
        size => u64::from(size),
    }
}

/// Clears the pages of a slice.
fn slice(file: &File, from: u32) -> std::io::Result<Scrubbed> {
    let header = header(file)?;
    let size = usize::try_from(page_size(&header)).unwrap_or(usize::MAX);
    let usable = size.saturating_sub(usize::from(header[20]));
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let pages = u32::try_from(length.checked_div(size).unwrap_or(0)).unwrap_or(u32::MAX);
    let count = u32::try_from(SLICE.checked_div(size).unwrap_or(1)).unwrap_or(1);
    let end = from.saturating_add(count).min(pages.saturating_add(1));
    let mut page = vec![0; size];
    let zeros = vec![0; size];
    let mut changed = false;
    for number in from..end {
        let at = u64::from(number - 1) * u64::try_from(size).unwrap_or(u64::MAX);
        file.read_exact_at(&mut page, at)?;
        let start = if number == 1 { FILE_HEADER } else { 0 };
        for unused in slack(&page, start, usable).unwrap_or_default() {
            let is_clear = page
                .get(unused.clone())
                .is_none_or(|bytes| bytes.iter().all(|byte| *byte == 0));
            if !is_clear {
                let offset = u64::try_from(unused.start).unwrap_or(u64::MAX);
                let zeros = zeros.get(..unused.len()).unwrap_or_default();
                file.write_all_at(zeros, at + offset)?;
                changed = true;
            }
        }
    }
    if changed {
        file.sync_data()?;
    }
    Ok(if end > pages {
        Scrubbed::All
    } else {
        Scrubbed::UpTo(end)
    })
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn failed(error: std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("unused bytes could not be cleared: {error}"))
}

fn two(bytes: &[u8], at: usize) -> u16 {
    match bytes.get(at..at + 2) {
        Some([high, low]) => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}

/// The bytes of a page that nothing uses; `None` if it is not a page of a tree, or not as it must be.
fn slack(page: &[u8], start: usize, usable: usize) -> Option<Vec<Range<usize>>> {
    let header = match page.get(start)? {
        2 | 5 => 12,
        10 | 13 => 8,
        _ => return None,
    };
    if usable > page.len() {
        return None;
    }
    let cells = usize::from(two(page, start + 3));
    let content = match usize::from(two(page, start + 5)) {
        0 => 65_536,
        content => content,
    };
    let pointers = start + header;
    let gap = pointers + 2 * cells;
    if content > usable || gap > content {
        return None;
    }
    for cell in 0..cells {
        let at = usize::from(two(page, pointers + 2 * cell));
        if at < content || at >= usable {
            return None;
        }
    }
    let mut unused = Vec::from([Range {
        start: gap,
        end: content,
    }]);
    let mut block = usize::from(two(page, start + 1));
    let mut last = content;
    while block != 0 {
        let (next, length) = (
            usize::from(two(page, block)),
            usize::from(two(page, block + 2)),
        );
        if block < last || length < 4 || block + length > usable {
            return None;
        }
        unused.push(block + 4..block + length);
        last = block + length;
        block = next;
    }
    Some(unused)
}

#[cfg(test)]
mod tests;
