//! Reading what a child prints without ever holding more of it than was allowed.

use std::collections::VecDeque;

use tokio::io::{AsyncRead, AsyncReadExt};

/// One end of a pipe. After its end [`Pipe::chunk`] says so for ever.
pub(super) struct Pipe<R> {
    reader: Option<R>,
    buffer: Box<[u8]>,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    pub(super) fn new(reader: Option<R>) -> Self {
        Self {
            reader,
            buffer: vec![0; 16 << 10].into_boxed_slice(),
        }
    }

    /// The next bytes, or `None` when there are no more. Safe to drop half-way.
    pub(super) async fn chunk(&mut self) -> Option<&[u8]> {
        let reader = self.reader.as_mut()?;
        match reader.read(&mut self.buffer).await {
            Ok(length) if length > 0 => Some(&self.buffer[..length]),
            // An error on a pipe means that nothing more will come.
            Ok(_) | Err(_) => {
                self.reader = None;
                None
            }
        }
    }
}

/// Keeps the last bytes of a stream.
pub(super) struct Tail {
    bytes: VecDeque<u8>,
    max: usize,
}

impl Tail {
    pub(super) fn new(max: usize) -> Self {
        Self {
            bytes: VecDeque::new(),
            max,
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.bytes.extend(chunk);
        let surplus = self.bytes.len().saturating_sub(self.max);
        self.bytes.drain(..surplus);
    }

    pub(super) fn text(mut self) -> String {
        String::from_utf8_lossy(self.bytes.make_contiguous()).into_owned()
    }
}

/// Cuts a stream into lines, none longer than allowed.
pub(super) struct Lines {
    pending: Vec<u8>,
    max: usize,
}

impl Lines {
    pub(super) fn new(max: usize) -> Self {
        Self {
            pending: Vec::new(),
            max,
        }
    }

    /// Hands over every whole line; false when the line under way is longer than allowed.
    pub(super) fn push(&mut self, chunk: &[u8], on_line: &mut impl FnMut(&str)) -> bool {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(piece);
            if self.pending.len() > self.max.saturating_add(1) {
                self.pending.clear();
                return false;
            }
            if piece.ends_with(b"\n") {
                self.finish(on_line);
            }
        }
        true
    }

    /// Hands over the last line, if it had no end.
    pub(super) fn finish(&mut self, on_line: &mut impl FnMut(&str)) {
        if !self.pending.is_empty() {
            on_line(String::from_utf8_lossy(&self.pending).trim_end_matches(['\n', '\r']));
            self.pending.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_any_cut() {
        let text = "eins\r\nzwei\n\ndrei €";
        for cut in 0..=text.len() {
            let mut seen = Vec::new();
            let mut lines = Lines::new(100);
            let mut keep = |line: &str| seen.push(line.to_owned());
            assert!(lines.push(&text.as_bytes()[..cut], &mut keep));
            assert!(lines.push(&text.as_bytes()[cut..], &mut keep));
            lines.finish(&mut keep);
            assert_eq!(seen, ["eins", "zwei", "", "drei €"], "cut at {cut}");
        }
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut lines = Lines::new(10);
        assert!(lines.push(b"0123456789", &mut |_| {}));
        assert!(!lines.push(b"0123456789", &mut |_| {}));
    }

    #[test]
    fn the_tail_keeps_the_end() {
        let mut tail = Tail::new(4);
        tail.push(b"abc");
        tail.push(b"defg");
        assert_eq!(tail.text(), "defg");
    }
}
