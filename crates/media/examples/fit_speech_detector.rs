//! Fits the coefficients of the speech detector again and prints them: `cargo run -p gramophone-media --example
//! fit_speech_detector`. Kept so that whoever doubts or improves the numbers in `src/vad/mod.rs` can.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
// The recipes are shared with the tests, which use more of them.
#![allow(
    clippy::cast_precision_loss,
    clippy::format_push_string,
    clippy::similar_names,
    clippy::too_many_lines,
    clippy::needless_range_loop,
    dead_code,
    unreachable_pub
)]

#[path = "../tests/speech/clips.rs"]
mod clips;

use clips::{Set, What};
use media::vad::features::{FEATURES, NAMES, of_clip};

type Row = ([f64; FEATURES], f64, f64);

fn main() {
    let mut rows: Vec<Row> = Vec::new();
    for clip in clips::clips(Set::Fit) {
        let windows = of_clip(&clip.pcm());
        let label = if matches!(clip.what, What::Music | What::Noise) {
            0.0
        } else {
            1.0
        };
        for window in &windows {
            // Every clip counts alike, however long it is.
            rows.push((window.map(f64::from), label, 1.0 / windows.len() as f64));
        }
    }
    balance(&mut rows);
    let (mean, deviation) = scale(&rows);
    let mut weights = [0.0_f64; FEATURES];
    let mut bias = 0.0_f64;
    for _ in 0..6_000 {
        let (mut slope, mut slope_bias) = ([0.0; FEATURES], 0.0);
        for (values, label, share) in &rows {
            let z: Vec<f64> = (0..FEATURES)
                .map(|i| (values[i] - mean[i]) / deviation[i])
                .collect();
            let sum = bias + z.iter().zip(&weights).map(|(a, b)| a * b).sum::<f64>();
            let error = (1.0 / (1.0 + (-sum).exp()) - label) * share;
            for i in 0..FEATURES {
                slope[i] += error * z[i];
            }
            slope_bias += error;
        }
        for i in 0..FEATURES {
            weights[i] -= 0.5 * (slope[i] + 0.01 * weights[i]);
        }
        bias -= 0.5 * slope_bias;
    }
    println!("feature | weight (per standard deviation) | mean of speech | mean of music");
    for i in 0..FEATURES {
        let of = |wanted: f64| {
            let (mut sum, mut shares) = (0.0, 0.0);
            for (values, _, share) in rows.iter().filter(|r| (r.1 - wanted).abs() < 0.5) {
                sum += values[i] * share;
                shares += share;
            }
            sum / shares
        };
        println!(
            "{} | {:.2} | {:.3} | {:.3}",
            NAMES[i],
            weights[i],
            of(1.0),
            of(0.0)
        );
    }
    let plain: Vec<String> = (0..FEATURES)
        .map(|i| format!("{:.3}", weights[i] / deviation[i]))
        .collect();
    let shift: f64 = (0..FEATURES)
        .map(|i| weights[i] * mean[i] / deviation[i])
        .sum();
    println!("const WEIGHTS: [f32; FEATURES] = [{}];", plain.join(", "));
    println!("const BIAS: f32 = {:.3};", bias - shift);
}

/// Speech and music weigh the same in the end.
fn balance(rows: &mut [Row]) {
    for wanted in [0.0, 1.0] {
        let sum: f64 = rows
            .iter()
            .filter(|r| (r.1 - wanted).abs() < 0.5)
            .map(|r| r.2)
            .sum();
        for row in rows.iter_mut().filter(|r| (r.1 - wanted).abs() < 0.5) {
            row.2 /= 2.0 * sum;
        }
    }
}

fn scale(rows: &[Row]) -> ([f64; FEATURES], [f64; FEATURES]) {
    let (mut mean, mut deviation) = ([0.0; FEATURES], [0.0; FEATURES]);
    for i in 0..FEATURES {
        mean[i] = rows.iter().map(|r| r.0[i] * r.2).sum();
        let variance: f64 = rows.iter().map(|r| (r.0[i] - mean[i]).powi(2) * r.2).sum();
        deviation[i] = variance.sqrt().max(1e-6);
    }
    (mean, deviation)
}
