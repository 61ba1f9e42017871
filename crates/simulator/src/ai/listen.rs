//! Tells which sample an audio file was taken from: the loudness of each twentieth of a second is compared with that
//! of the samples. Re-encoding, resampling and a cut at either end change it little.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "counts of short windows"
)]

use std::{
    collections::HashMap,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::process::Command;
use uuid::Uuid;

use crate::world::World;

/// Samples per second that the comparison listens at, and how many make one value.
const RATE: usize = 8_000;
const WINDOW: usize = RATE / 20;
/// An upload may begin up to this many windows before or after its sample.
const SHIFT: i32 = 40;
/// Two recordings of one thing agree far better than this; of two things, far worse (measured on all samples).
const ENOUGH: f32 = 0.9;
const DEADLINE: Duration = Duration::from_secs(30);

/// What was recognised.
#[derive(Debug, Clone)]
pub(super) struct Recognised {
    pub(super) code: String,
    pub(super) speech: Option<String>,
    pub(super) seconds: f64,
}

/// Remembers how the samples sound.
#[derive(Debug, Default)]
pub(super) struct Ears {
    known: Mutex<HashMap<String, Arc<Vec<f32>>>>,
}

impl Ears {
    /// Compares with the samples that were made so far: what was never made cannot have been sent.
    pub(super) async fn recognise(&self, world: &World, upload: &[u8]) -> Option<Recognised> {
        let path = world
            .uploads()
            .join(format!("heard-{}", Uuid::new_v4().simple()));
        tokio::fs::write(&path, upload).await.ok()?;
        let heard = loudness(&world.options().ffmpeg, &path).await;
        // What stays behind goes with the run's folder.
        let _ = tokio::fs::remove_file(&path).await;
        let heard = heard?;
        let mut best: Option<(f32, Recognised)> = None;
        for sample in world.samples().list() {
            let Some(made) = world.samples().made_already(&sample) else {
                continue;
            };
            let Some(known) = self
                .sound_of(&world.options().ffmpeg, &sample.code, &made.path)
                .await
            else {
                continue;
            };
            let alike = likeness(&heard, &known);
            if alike >= ENOUGH && best.as_ref().is_none_or(|(before, _)| alike > *before) {
                let seconds = heard.len() as f64 * WINDOW as f64 / RATE as f64;
                best = Some((
                    alike,
                    Recognised {
                        code: sample.code.clone(),
                        speech: sample.speech.clone(),
                        seconds,
                    },
                ));
            }
        }
        best.map(|(_, recognised)| recognised)
    }

    async fn sound_of(&self, ffmpeg: &Path, code: &str, path: &Path) -> Option<Arc<Vec<f32>>> {
        let before = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(code)
            .cloned();
        if before.is_some() {
            return before;
        }
        let sound = Arc::new(loudness(ffmpeg, path).await?);
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(code.to_owned(), sound.clone());
        Some(sound)
    }
}

/// The loudness of each window; nothing if the file holds no sound.
async fn loudness(ffmpeg: &Path, file: &Path) -> Option<Vec<f32>> {
    let mut command = Command::new(ffmpeg);
    command.args([
        "-hide_banner",
        "-nostdin",
        "-v",
        "error",
        "-protocol_whitelist",
        "file,pipe",
    ]);
    command
        .arg("-i")
        .arg(file)
        .args(["-vn", "-ac", "1", "-ar", "8000", "-f", "s16le", "-"]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(DEADLINE, command.output())
        .await
        .ok()?
        .ok()?;
    let sound: Vec<f32> = output
        .stdout
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| f32::from(i16::from_le_bytes(*pair)))
        .collect();
    let windows: Vec<f32> = sound
        .chunks_exact(WINDOW)
        .map(|window| {
            (window.iter().map(|value| value * value).sum::<f32>() / WINDOW as f32)
                .sqrt()
                .ln_1p()
        })
        .collect();
    (windows.len() >= 10).then_some(windows)
}

/// The best correlation over all small shifts; at least three quarters of the shorter one must overlap.
fn likeness(one: &[f32], other: &[f32]) -> f32 {
    let mut best = 0.0_f32;
    for shift in -SHIFT..=SHIFT {
        let (a, b) = if shift >= 0 {
            (one.get(shift as usize..).unwrap_or_default(), other)
        } else {
            (
                one,
                other
                    .get(shift.unsigned_abs() as usize..)
                    .unwrap_or_default(),
            )
        };
        let length = a.len().min(b.len());
        if length * 4 >= one.len().max(other.len()) * 3 {
            best = best.max(correlation(&a[..length], &b[..length]));
        }
    }
    best
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len().max(1) as f32;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (x - mean_a, y - mean_b);
        both += x * y;
        of_a += x * x;
        of_b += y * y;
    }
    if of_a <= f32::EPSILON || of_b <= f32::EPSILON {
        0.0
    } else {
        both / (of_a * of_b).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(seed: u32) -> Vec<f32> {
        let mut state = seed;
        std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as f32 / 65_536.0 * 8.0
        })
        .take(160)
        .collect()
    }

    #[test]
    fn the_same_sound_is_known_when_shifted_and_another_is_not() {
        let sound = wave(7);
        assert!(likeness(&sound, &sound) > 0.999);
        assert!(likeness(&sound[6..], &sound) > 0.999);
        assert!(likeness(&sound, &wave(8)) < 0.5);
        assert!(
            likeness(&[3.0; 160], &[3.0; 160]) < 0.1,
            "silence resembles nothing"
        );
    }
}
