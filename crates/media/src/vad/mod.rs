//! Speech, music and silence told apart without a downloaded model. A recogniser that is given music invents words, so
//! this is asked first. Three steps: a loudness gate; `earshot`, a small voice detector whose weights are part of the
//! crate; and a classifier of our own, because `earshot` takes most music for voice. How well it works is measured by
//! `tests/speech/hearing.rs` and written down in `docs/speech.md`.

pub mod features;
mod fft;

use features::{FEATURES, FRAME_MS, Frame, STEP};

/// Samples per second of everything in here.
pub const RATE: usize = 16_000;
/// A clip whose loudest frame stays below -50 dBFS holds nothing to hear.
const SILENCE_DB: f32 = -50.0;
/// The same as mean power of a window.
const SILENCE_POWER: f32 = 1e-6;
/// `earshot`'s own threshold.
const VOICED: f32 = 0.5;
/// Pauses shorter than this stay inside a span.
const BRIDGE_MS: u64 = 480;
/// What is added on both sides of a span, so that no first consonant is lost.
const PADDING_MS: u64 = 200;
/// Spans shorter than this are clicks.
const SHORTEST_MS: u64 = 160;
/// Less speech than this, or less than [`LEAST_SHARE`] of the clip, is not worth a recogniser.
const LEAST_SPEECH_MS: u64 = 1_000;
const LEAST_SHARE: f32 = 0.05;

/// Logistic regression over the window's numbers; fitted by `examples/fit_speech_detector.rs` on the clips of
/// `Set::Fit`, never on those that the tests judge by.
const WEIGHTS: [f32; FEATURES] = [
    6.939, 4.255, 1.887, 3.534, 1.535, 1.080, 8.075, -0.546, -6.206, -1.188,
];
const BIAS: f32 = -8.836;

/// What a clip sounds like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    /// Somebody speaks, maybe over music.
    Speech,
    /// There is sound, but nobody speaks.
    Music,
    /// There is nothing to hear.
    Silence,
}

/// A stretch of speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub start_ms: u64,
    /// Where it ends.
    pub end_ms: u64,
}

impl Span {
    /// How long it is.
    pub fn length_ms(&self) -> u64 {
        self.end_ms - self.start_ms
    }

    /// How much of `start_ms..end_ms` lies in it.
    pub fn overlap_ms(&self, start_ms: u64, end_ms: u64) -> u64 {
        self.end_ms
            .min(end_ms)
            .saturating_sub(self.start_ms.max(start_ms))
    }
}

/// What was heard in a clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Hearing {
    /// The verdict.
    pub sound: Sound,
    /// Where somebody speaks, padded, in order, not overlapping.
    pub spans: Vec<Span>,
    /// How much of the clip is speech, without the padding.
    pub speech_ms: u64,
    /// How long the clip is.
    pub total_ms: u64,
    /// The loudest frame in dBFS.
    pub peak_db: f32,
}

/// Listens to a whole clip of 16 kHz mono audio.
pub fn listen(pcm: &[i16]) -> Hearing {
    let frames = features::frames(pcm);
    let total_ms = (pcm.len() / (RATE / 1000)) as u64;
    let loudest = frames.iter().map(|f| f.power).fold(0.0, f32::max);
    let peak_db = 10.0 * loudest.max(1e-10).log10();
    let mut hearing = Hearing {
        sound: Sound::Silence,
        spans: Vec::new(),
        speech_ms: 0,
        total_ms,
        peak_db,
    };
    if peak_db < SILENCE_DB {
        return hearing;
    }
    let voiced = voiced_frames(&frames);
    let bare = runs(&voiced);
    hearing.speech_ms = bare.iter().map(Span::length_ms).sum();
    #[allow(clippy::cast_precision_loss)] // milliseconds of a clip
    let share = hearing.speech_ms as f32 / total_ms.max(1) as f32;
    if hearing.speech_ms < LEAST_SPEECH_MS || share < LEAST_SHARE {
        hearing.sound = Sound::Music;
    } else {
        hearing.sound = Sound::Speech;
        hearing.spans = pad(&bare, total_ms);
    }
    hearing
}

/// The classifier's opinion of one window: above zero is speech.
pub fn score(window: &[f32; FEATURES]) -> f32 {
    BIAS + window
        .iter()
        .zip(&WEIGHTS)
        .map(|(value, weight)| value * weight)
        .sum::<f32>()
}

/// Frames that `earshot` calls voice, inside windows that the classifier calls speech.
fn voiced_frames(frames: &[Frame]) -> Vec<bool> {
    let mut sums = vec![(0.0_f32, 0_u16); frames.len()];
    for range in features::windows(frames.len()) {
        if let Some(numbers) = features::window(&frames[range.clone()]) {
            let opinion = score(&numbers).clamp(-4.0, 4.0);
            for sum in &mut sums[range] {
                sum.0 += opinion;
                sum.1 += 1;
            }
        }
    }
    // What follows the last whole window belongs to it.
    let covered = sums
        .iter()
        .rposition(|s| s.1 > 0)
        .map_or(0, |last| last + 1);
    if covered > 0 && frames.len() - covered < STEP {
        let last = sums[covered - 1];
        sums[covered..].fill(last);
    }
    frames
        .iter()
        .zip(&sums)
        .map(|(frame, (sum, count))| {
            *count > 0 && *sum > 0.0 && frame.voice > VOICED && frame.power > SILENCE_POWER
        })
        .collect()
}

fn runs(voiced: &[bool]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (index, _) in voiced.iter().enumerate().filter(|(_, v)| **v) {
        let start_ms = index as u64 * FRAME_MS;
        let end_ms = start_ms + FRAME_MS;
        match spans.last_mut() {
            Some(last) if start_ms - last.end_ms <= BRIDGE_MS => last.end_ms = end_ms,
            _ => spans.push(Span { start_ms, end_ms }),
        }
    }
    spans.retain(|span| span.length_ms() >= SHORTEST_MS);
    spans
}

fn pad(bare: &[Span], total_ms: u64) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for span in bare {
        let start_ms = span.start_ms.saturating_sub(PADDING_MS);
        let end_ms = (span.end_ms + PADDING_MS).min(total_ms);
        match spans.last_mut() {
            Some(last) if start_ms <= last.end_ms => last.end_ms = end_ms,
            _ => spans.push(Span { start_ms, end_ms }),
        }
    }
    spans
}

#[cfg(test)]
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // tones made by hand
mod tests {
    use super::*;

    #[test]
    fn nothing_and_near_nothing_are_silence() {
        assert_eq!(listen(&[]).sound, Sound::Silence);
        assert_eq!(listen(&[0; 100]).sound, Sound::Silence);
        let faint: Vec<i16> = (0..RATE * 4)
            .map(|i| if i % 40 < 20 { 60 } else { -60 })
            .collect();
        let hearing = listen(&faint);
        assert_eq!(hearing.sound, Sound::Silence, "{hearing:?}");
        assert_eq!(hearing.total_ms, 4_000);
        assert!(hearing.spans.is_empty());
    }

    #[test]
    fn a_steady_tone_is_not_speech() {
        let tone: Vec<i16> = (0..RATE * 6)
            .map(|i| {
                ((i as f32 * 0.172).sin() * 9_000.0 + (i as f32 * 0.344).sin() * 5_000.0) as i16
            })
            .collect();
        assert_eq!(listen(&tone).sound, Sound::Music);
    }

    #[test]
    fn pauses_are_bridged_and_clicks_dropped() {
        let mut voiced = vec![false; 200];
        voiced[10..40].fill(true);
        voiced[60..90].fill(true); // 320 ms later: the same span
        voiced[150..153].fill(true); // a click
        let bare = runs(&voiced);
        assert_eq!(
            bare,
            [Span {
                start_ms: 160,
                end_ms: 1440
            }]
        );
        assert_eq!(
            pad(&bare, 1_500),
            [Span {
                start_ms: 0,
                end_ms: 1_500
            }]
        );
    }
}
