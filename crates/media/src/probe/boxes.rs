//! The outermost boxes of an MP4 file (ISO/IEC 14496-12): enough to know whether a player can start
//! before the whole file is there.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// More boxes than this are a puzzle, not a film.
const MAX_BOXES: usize = 1000;

/// How an MP4 file is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The index stands before the media data.
    pub(crate) index_first: bool,
    /// Cut into fragments, as streaming servers keep it.
    pub(crate) fragmented: bool,
    /// QuickTime rather than MP4.
    pub(crate) quicktime: bool,
}

impl Layout {
    /// Can be sent as it is.
    pub(crate) fn plays_at_once(self) -> bool {
        self.index_first && !self.fragmented && !self.quicktime
    }
}

pub(crate) fn layout(path: &Path) -> std::io::Result<Layout> {
    read(std::fs::File::open(path)?)
}

fn read(mut file: impl Read + Seek) -> std::io::Result<Layout> {
    let end = file.seek(SeekFrom::End(0))?;
    let (mut at, mut index, mut data) = (0_u64, None, None);
    let mut layout = Layout {
        quicktime: true,
        ..Layout::default()
    };
    for _ in 0..MAX_BOXES {
        if at + 8 > end {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 16];
        let length = if at + 16 > end { 8 } else { 16 };
        file.read_exact(&mut head[..length])?;
        let (words, _) = head.as_chunks::<4>();
        let &[size, kind, high, low] = words else {
            break;
        };
        let size = match u32::from_be_bytes(size) {
            // To the end of the file.
            0 => end - at,
            1 => u64::from(u32::from_be_bytes(high)) << 32 | u64::from(u32::from_be_bytes(low)),
            size => u64::from(size),
        };
        match &kind {
            b"ftyp" => layout.quicktime = high == *b"qt  ",
            b"moov" => index = index.or(Some(at)),
            b"mdat" => data = data.or(Some(at)),
            b"moof" => layout.fragmented = true,
            _ => {}
        }
        match at.checked_add(size) {
            Some(next) if size >= 8 && next <= end => at = next,
            _ => break,
        }
    }
    layout.index_first = match (index, data) {
        (Some(index), Some(data)) => index < data,
        _ => false,
    };
    Ok(layout)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn file(boxes: &[(&[u8; 4], &[u8])]) -> Cursor<Vec<u8>> {
        let mut bytes = Vec::new();
        for (kind, body) in boxes {
            bytes.extend(u32::try_from(body.len() + 8).unwrap().to_be_bytes());
            bytes.extend(*kind);
            bytes.extend(*body);
        }
        Cursor::new(bytes)
    }

    #[test]
    fn order_and_brand() {
        let brand = b"isom\0\0\0\0".as_slice();
        let first = read(file(&[
            (b"ftyp", brand),
            (b"moov", b"x"),
            (b"mdat", b"yyyy"),
        ]))
        .unwrap();
        assert!(first.plays_at_once());
        let last = read(file(&[
            (b"ftyp", brand),
            (b"free", b""),
            (b"mdat", b"y"),
            (b"moov", b"x"),
        ]))
        .unwrap();
        assert!(!last.index_first && !last.plays_at_once());
        let quicktime = read(file(&[(b"ftyp", b"qt  "), (b"moov", b""), (b"mdat", b"")])).unwrap();
        assert!(!quicktime.plays_at_once());
        let pieces = read(file(&[
            (b"ftyp", brand),
            (b"moov", b"x"),
            (b"moof", b""),
            (b"mdat", b""),
        ]))
        .unwrap();
        assert!(!pieces.plays_at_once());
    }

    #[test]
    fn large_and_open_sizes() {
        let mut bytes = file(&[(b"ftyp", b"isom"), (b"moov", b"")]).into_inner();
        bytes.extend([0, 0, 0, 1]);
        bytes.extend(b"mdat");
        bytes.extend(20_u64.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend([0, 0, 0, 0]);
        bytes.extend(b"free");
        assert!(read(Cursor::new(bytes)).unwrap().plays_at_once());
    }

    proptest! {
        #[test]
        fn never_panics_or_hangs(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(Cursor::new(bytes));
        }
    }
}
