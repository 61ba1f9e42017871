//! The bytes of a spool file, read and written without any disk.

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// First bytes of every spool file.
pub const FILE_MAGIC: &[u8; 8] = b"GRSPOOL1";
/// First bytes of every record.
pub const RECORD_MAGIC: &[u8; 4] = b"\xf5GR\xf6";

pub(super) const SALT_LEN: usize = 16;
pub(super) const FILE_HEADER: usize = FILE_MAGIC.len() + SALT_LEN;
const RECORD_HEADER: usize = RECORD_MAGIC.len() + 4 + 8;
/// Longer than any webhook that is let in; a larger length is damage.
pub(super) const LONGEST_RECORD: usize = 64 * 1024 * 1024;

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) records: Vec<Bytes>,
    /// Stretches that are no records.
    pub(super) damaged: Vec<Vec<u8>>,
}

pub(super) fn file_header(salt: [u8; SALT_LEN]) -> Vec<u8> {
    [FILE_MAGIC.as_slice(), &salt].concat()
}

pub(super) fn push_record(out: &mut Vec<u8>, salt: &[u8], record: &[u8]) {
    let length = u32::try_from(record.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes();
    out.extend_from_slice(RECORD_MAGIC);
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(salt, length, record));
    out.extend_from_slice(record);
}

fn checksum(salt: &[u8], length: [u8; 4], record: &[u8]) -> [u8; 8] {
    let digest = Sha256::new()
        .chain_update(salt)
        .chain_update(length)
        .chain_update(record)
        .finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    first
}

/// Reads a file; what is no good record is collected, and the search goes on behind it.
pub(super) fn parse(file: Vec<u8>) -> Content {
    let file = Bytes::from(file);
    let mut content = Content::default();
    if file.len() < FILE_HEADER || !file.starts_with(FILE_MAGIC) {
        // Without the salt nothing can be told apart. (A file shorter than its header holds no
        // acknowledged record: the header is flushed together with the first one.)
        if !file.is_empty() {
            content.damaged.push(file.to_vec());
        }
        return content;
    }
    let salt = file.slice(FILE_MAGIC.len()..FILE_HEADER);
    let mut at = FILE_HEADER;
    let mut bad_from = None;
    while at < file.len() {
        if let Some(record) = record_at(&file, at, &salt) {
            if let Some(from) = bad_from.take() {
                content.damaged.push(file[from..at].to_vec());
            }
            at += RECORD_HEADER + record.len();
            content.records.push(record);
        } else {
            bad_from.get_or_insert(at);
            at = next_magic(&file, at + 1);
        }
    }
    if let Some(from) = bad_from {
        content.damaged.push(file[from..].to_vec());
    }
    content
}

fn record_at(file: &Bytes, at: usize, salt: &[u8]) -> Option<Bytes> {
    let rest = file.get(at..)?;
    let after_magic = rest.strip_prefix(RECORD_MAGIC.as_slice())?;
    let (length, after_length) = after_magic.split_first_chunk::<4>()?;
    let (sum, bytes) = after_length.split_first_chunk::<8>()?;
    let size = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if size > LONGEST_RECORD {
        return None;
    }
    let bytes = bytes.get(..size)?;
    (checksum(salt, *length, bytes) == *sum).then(|| file.slice_ref(bytes))
}

fn next_magic(file: &[u8], from: usize) -> usize {
    file.get(from..)
        .and_then(|rest| {
            rest.windows(RECORD_MAGIC.len())
                .position(|window| window == RECORD_MAGIC)
        })
        .map_or(file.len(), |offset| from + offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: [u8; SALT_LEN] = [7; SALT_LEN];

    fn file(records: &[&[u8]]) -> Vec<u8> {
        let mut file = file_header(SALT);
        for record in records {
            push_record(&mut file, &SALT, record);
        }
        file
    }

    #[test]
    fn what_goes_in_comes_out() {
        let content = parse(file(&[b"one", b"", b"three"]));
        assert_eq!(content.records, ["one", "", "three"]);
        assert!(content.damaged.is_empty());
    }

    #[test]
    fn any_flipped_byte_costs_exactly_its_own_record() {
        let whole = file(&[b"first", b"second", b"third"]);
        let size = |record: &str| RECORD_HEADER + record.len();
        for at in FILE_HEADER..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            let hit = if at < FILE_HEADER + size("first") {
                0
            } else if at < FILE_HEADER + size("first") + size("second") {
                1
            } else {
                2
            };
            let mut left = vec!["first", "second", "third"];
            left.remove(hit);
            let content = parse(damaged);
            assert_eq!(content.records, left, "byte {at}");
            assert_eq!(content.damaged.len(), 1, "byte {at}");
        }
    }

    #[test]
    fn a_torn_tail_costs_only_itself() {
        let whole = file(&[b"first", b"second"]);
        let first_end = FILE_HEADER + RECORD_HEADER + 5;
        for cut in first_end + 1..whole.len() {
            let content = parse(whole[..cut].to_vec());
            assert_eq!(content.records, ["first"], "cut at {cut}");
            assert_eq!(content.damaged.len(), 1);
        }
        assert_eq!(parse(whole[..first_end].to_vec()).damaged.len(), 0);
    }

    #[test]
    fn a_record_inside_a_record_does_not_pass_for_one() {
        let mut inner = Vec::new();
        push_record(&mut inner, &[8; SALT_LEN], b"forged");
        let mut damaged = file(&[&inner, b"honest"]);
        damaged[FILE_HEADER] ^= 1;
        assert_eq!(parse(damaged).records, ["honest"]);
    }

    #[test]
    fn a_file_without_its_header_is_set_aside_whole() {
        assert_eq!(parse(b"nonsense".to_vec()).damaged.len(), 1);
        assert_eq!(parse(Vec::new()).damaged.len(), 0);
    }
}
