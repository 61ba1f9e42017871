//! What tells a voice from an instrument, measured: per 16 ms frame first, then summed up over windows of three
//! seconds. Each number is independent of loudness, so that a quiet reel is judged like a loud one.

use super::fft::{BINS, Fft, SIZE};
use earshot::Detector;

/// Samples between two frames; the frame that `earshot` wants.
pub(super) const HOP: usize = 256;
/// Frames per second (62.5), as the unit of all times in here.
pub(super) const FRAME_MS: u64 = 16;
/// Frames in one window (3 s).
pub(super) const WINDOW: usize = 188;
/// Frames between two windows (1 s).
pub(super) const STEP: usize = 62;
/// Numbers per window.
pub const FEATURES: usize = 10;
/// Their names, in order, for the table in the docs.
pub const NAMES: [&str; FEATURES] = [
    "voice score of earshot, mean",
    "share of quiet frames",
    "loudness, spread in dB",
    "envelope modulation 2.5-7 Hz",
    "brightness, spread in octaves",
    "spectral flux, mean",
    "spectral flux, spread",
    "harmonic stability over 128 ms",
    "rhythm: strongest onset period",
    "spectral flatness, mean",
];

/// First and last bin of the band that is looked at: 200 Hz to 4 kHz.
const LOW: usize = 13;
const HIGH: usize = 256;
/// Bins over which the spectrum is smoothed to leave only its fine structure, the harmonics.
const SMOOTH: usize = 8;
/// Frames over which harmonics are compared: 128 ms. A held note stays, a voice glides.
const LAG: usize = 8;

/// One frame, measured.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// `earshot`'s score, 0 to 1.
    pub(super) voice: f32,
    /// Power, linear.
    pub(super) power: f32,
    brightness: f32,
    flux: f32,
    stability: f32,
    flatness: f32,
}

/// Measures every frame of 16 kHz mono audio.
pub(super) fn frames(pcm: &[i16]) -> Vec<Frame> {
    let mut detector = Box::new(Detector::default());
    let mut fft = Fft::new();
    let mut power = [0.0_f32; BINS];
    let mut before: Vec<f32> = Vec::new();
    let mut history: Vec<Vec<f32>> = Vec::new();
    let mut out = Vec::with_capacity(pcm.len() / HOP);
    for (index, chunk) in pcm.chunks_exact(HOP).enumerate() {
        let start = (index * HOP).saturating_sub((SIZE - HOP) / 2);
        fft.power(&pcm[start..(start + SIZE).min(pcm.len())], &mut power);
        let band = &power[LOW..HIGH];
        let total: f32 = band.iter().sum::<f32>() + 1e-12;
        let shape: Vec<f32> = band.iter().map(|p| (p / total).sqrt()).collect();
        let flux = if before.is_empty() {
            0.0
        } else {
            1.0 - shape.iter().zip(&before).map(|(a, b)| a * b).sum::<f32>()
        };
        let fine = fine_structure(band, total);
        let slot = index % LAG;
        let stability = history.get(slot).map_or(0.0, |old| correlation(old, &fine));
        if history.len() < LAG {
            history.push(fine);
        } else {
            history[slot] = fine;
        }
        before = shape;
        let loudness = chunk
            .iter()
            .map(|s| (f32::from(*s) / 32768.0).powi(2))
            .sum::<f32>();
        out.push(Frame {
            voice: detector.predict_i16(chunk).clamp(0.0, 1.0),
            power: loudness / to_f32(HOP),
            brightness: brightness(&power),
            flux,
            stability,
            flatness: flatness(band, total),
        });
    }
    out
}

/// The numbers of one window; `None` where it is too quiet to say anything.
pub(super) fn window(frames: &[Frame]) -> Option<[f32; FEATURES]> {
    let mean_power = mean(frames.iter().map(|f| f.power));
    if mean_power < super::SILENCE_POWER {
        return None;
    }
    // What is far below the window's own loudness is a gap; its spectrum is noise and says nothing.
    let loud: Vec<&Frame> = frames
        .iter()
        .filter(|f| f.power > mean_power * 0.03)
        .collect();
    let decibels: Vec<f32> = frames
        .iter()
        .map(|f| 10.0 * (f.power / mean_power).max(1e-4).log10())
        .collect();
    let envelope: Vec<f32> = frames
        .iter()
        .map(|f| (f.power / mean_power).sqrt())
        .collect();
    let quiet = frames
        .iter()
        .filter(|f| f.power < mean_power * 0.25)
        .count();
    let flux: Vec<f32> = loud.iter().map(|f| f.flux).collect();
    Some([
        mean(frames.iter().map(|f| f.voice)),
        to_f32(quiet) / to_f32(frames.len()),
        spread(&decibels) / 10.0,
        modulation(&envelope),
        spread(&loud.iter().map(|f| f.brightness).collect::<Vec<_>>()),
        mean(flux.iter().copied()) * 4.0,
        spread(&flux) * 4.0,
        mean(loud.iter().map(|f| f.stability)),
        rhythm(&envelope),
        mean(loud.iter().map(|f| f.flatness)) * 4.0,
    ])
}

/// The numbers of each window of a whole clip: what a classifier is fitted on.
pub fn of_clip(pcm: &[i16]) -> Vec<[f32; FEATURES]> {
    let frames = frames(pcm);
    windows(frames.len())
        .filter_map(|range| window(&frames[range]))
        .collect()
}

/// Where the windows of so many frames lie; one shorter window where the clip itself is shorter.
pub(super) fn windows(frames: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let last = frames.saturating_sub(WINDOW);
    (0..=last)
        .step_by(STEP)
        .map(move |start| start..(start + WINDOW).min(frames))
        .filter(|range| !range.is_empty())
}

fn fine_structure(band: &[f32], total: f32) -> Vec<f32> {
    let floor = total / to_f32(band.len()) * 1e-3;
    let logs: Vec<f32> = band.iter().map(|p| (p + floor).ln()).collect();
    let mut sums = vec![0.0_f32];
    for log in &logs {
        sums.push(sums[sums.len() - 1] + log);
    }
    (0..logs.len())
        .map(|i| {
            let (from, to) = (i.saturating_sub(SMOOTH), (i + SMOOTH + 1).min(logs.len()));
            logs[i] - (sums[to] - sums[from]) / to_f32(to - from)
        })
        .collect()
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let dot: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
    let size = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>();
    dot / (size(a) * size(b)).sqrt().max(1e-9)
}

/// Where the middle of the spectrum lies, in octaves: hisses and vowels are octaves apart.
fn brightness(power: &[f32; BINS]) -> f32 {
    let (mut sum, mut weighted) = (1e-12_f32, 0.0_f32);
    for (bin, p) in power.iter().enumerate().skip(4) {
        sum += p;
        weighted += p * to_f32(bin);
    }
    (weighted / sum).max(1.0).log2()
}

fn flatness(band: &[f32], total: f32) -> f32 {
    let average = total / to_f32(band.len());
    let logs = mean(band.iter().map(|p| (p + average * 1e-4).ln()));
    logs.exp() / average
}

/// How much of the envelope's movement is at the pace of syllables.
fn modulation(envelope: &[f32]) -> f32 {
    let rate = 1000.0 / to_f32(usize::try_from(FRAME_MS).unwrap_or(16));
    let average = mean(envelope.iter().copied());
    let energy: f32 = envelope.iter().map(|e| (e - average).powi(2)).sum::<f32>() + 1e-6;
    let mut inside = 0.0;
    for step in 0..10_u8 {
        let turn = 2.0 * std::f32::consts::PI * (2.5 + 0.5 * f32::from(step)) / rate;
        let (mut re, mut im) = (0.0, 0.0);
        for (i, e) in envelope.iter().enumerate() {
            let angle = turn * to_f32(i);
            re += (e - average) * angle.cos();
            im += (e - average) * angle.sin();
        }
        inside += re * re + im * im;
    }
    inside / (energy * to_f32(envelope.len()))
}

/// Strongest self-similarity of the onsets at 0.2 to 1 s: a beat repeats, syllables do not.
fn rhythm(envelope: &[f32]) -> f32 {
    let onsets: Vec<f32> = envelope
        .windows(2)
        .map(|w| (w[1] - w[0]).max(0.0))
        .collect();
    let average = mean(onsets.iter().copied());
    let centred: Vec<f32> = onsets.iter().map(|o| o - average).collect();
    let energy: f32 = centred.iter().map(|o| o * o).sum::<f32>() + 1e-6;
    (12..63.min(centred.len() / 2 + 1))
        .map(|lag| {
            let similar: f32 = centred
                .iter()
                .zip(&centred[lag..])
                .map(|(a, b)| a * b)
                .sum();
            similar / energy
        })
        .fold(0.0, f32::max)
}

fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let (mut sum, mut count) = (0.0, 0_usize);
    for value in values {
        sum += value;
        count += 1;
    }
    if count == 0 { 0.0 } else { sum / to_f32(count) }
}

fn spread(values: &[f32]) -> f32 {
    let average = mean(values.iter().copied());
    mean(values.iter().map(|v| (v - average).powi(2))).sqrt()
}

#[allow(clippy::cast_precision_loss)] // counts of frames and bins, far below 2^24
fn to_f32(count: usize) -> f32 {
    count as f32
}
