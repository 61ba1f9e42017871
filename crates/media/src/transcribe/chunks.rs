//! Long speech is heard in pieces of up to 28 seconds, cut in the pauses: memory stays bounded whatever the length, a
//! deadline can be kept between pieces, and what was heard survives if a later piece fails.

use crate::vad::Span;

/// A window of Whisper is 30 s; what is longer would be cut in the middle of a word by the engine itself.
pub(super) const LONGEST_MS: u64 = 28_000;
/// A shorter piece is not worth a call.
const SHORTEST_MS: u64 = 300;
/// A pause as long as this ends a piece that is long enough.
const LONG_PAUSE_MS: u64 = 2_500;
const LONG_ENOUGH_MS: u64 = 5_000;

/// Joins spans to pieces: neighbours share one as long as it stays under 28 s, because every call costs Whisper a full
/// window; a long pause begins a new one; an endless span is cut hard.
pub(super) fn cut(spans: &[Span]) -> Vec<Span> {
    let mut chunks: Vec<Span> = Vec::new();
    for span in spans {
        let mut start_ms = span.start_ms;
        if let Some(last) = chunks.last_mut() {
            let pause = start_ms.saturating_sub(last.end_ms);
            let fits = span.end_ms.saturating_sub(last.start_ms) <= LONGEST_MS;
            if fits && (pause < LONG_PAUSE_MS || last.length_ms() < LONG_ENOUGH_MS) {
                last.end_ms = span.end_ms;
                continue;
            }
        }
        while start_ms < span.end_ms {
            let end_ms = span.end_ms.min(start_ms + LONGEST_MS);
            chunks.push(Span { start_ms, end_ms });
            start_ms = end_ms;
        }
    }
    chunks.retain(|chunk| chunk.length_ms() >= SHORTEST_MS);
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start_ms: u64, end_ms: u64) -> Span {
        Span { start_ms, end_ms }
    }

    #[test]
    fn pieces_are_filled_cut_at_pauses_and_never_too_long() {
        assert_eq!(
            cut(&[span(0, 9_000), span(9_600, 20_000), span(20_500, 27_000)]),
            [span(0, 27_000)]
        );
        assert_eq!(
            cut(&[span(0, 20_000), span(20_500, 40_000)]),
            [span(0, 20_000), span(20_500, 40_000)]
        );
        assert_eq!(
            cut(&[span(0, 6_000), span(9_000, 12_000)]),
            [span(0, 6_000), span(9_000, 12_000)]
        );
        assert_eq!(cut(&[span(0, 2_000), span(5_000, 8_000)]), [span(0, 8_000)]);
        let endless = cut(&[span(1_000, 70_000)]);
        assert_eq!(
            endless,
            [
                span(1_000, 29_000),
                span(29_000, 57_000),
                span(57_000, 70_000)
            ]
        );
        assert!(cut(&[span(5_000, 5_200)]).is_empty());
    }
}
