//! A radix-2 Fourier transform of one fixed size. The speech detector needs one size and nothing else, which is
//! forty lines; a general library would be the larger thing to trust and to build.

use std::f32::consts::PI;

/// Samples per analysed frame: 64 ms at 16 kHz.
pub(super) const SIZE: usize = 1024;
/// Bins of the power spectrum (0 Hz to 8 kHz).
pub(super) const BINS: usize = SIZE / 2 + 1;

/// Tables and scratch space of the transform.
#[derive(Debug)]
pub(super) struct Fft {
    window: Vec<f32>,
    twiddle: Vec<(f32, f32)>,
    order: Vec<usize>,
    scratch: Vec<(f32, f32)>,
}

#[allow(clippy::cast_precision_loss)] // indices below 1,024 are exact in f32
impl Fft {
    pub(super) fn new() -> Self {
        let turn = |i: usize| 2.0 * PI * i as f32 / SIZE as f32;
        let bits = SIZE.trailing_zeros();
        Self {
            window: (0..SIZE).map(|i| 0.5 - 0.5 * turn(i).cos()).collect(),
            twiddle: (0..SIZE / 2)
                .map(|i| (turn(i).cos(), -turn(i).sin()))
                .collect(),
            order: (0..SIZE)
                .map(|i| i.reverse_bits() >> (usize::BITS - bits))
                .collect(),
            scratch: vec![(0.0, 0.0); SIZE],
        }
    }

    /// Power spectrum of `samples` (missing samples count as silence) under a Hann window.
    pub(super) fn power(&mut self, samples: &[i16], power: &mut [f32; BINS]) {
        for (to, &from) in self.order.iter().enumerate() {
            let sample = samples.get(from).copied().unwrap_or(0);
            self.scratch[to] = (f32::from(sample) / 32768.0 * self.window[from], 0.0);
        }
        let mut half = 1;
        while half < SIZE {
            let stride = SIZE / (2 * half);
            for start in (0..SIZE).step_by(2 * half) {
                for k in 0..half {
                    let (c, s) = self.twiddle[k * stride];
                    let (er, ei) = self.scratch[start + k];
                    let (or, oi) = self.scratch[start + k + half];
                    let (tr, ti) = (or * c - oi * s, or * s + oi * c);
                    self.scratch[start + k] = (er + tr, ei + ti);
                    self.scratch[start + k + half] = (er - tr, ei - ti);
                }
            }
            half *= 2;
        }
        for (out, (re, im)) in power.iter_mut().zip(&self.scratch) {
            *out = re * re + im * im;
        }
    }
}

#[cfg(test)]
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // tones made by hand
mod tests {
    use super::*;

    #[test]
    fn a_tone_peaks_in_its_own_bin_and_energy_is_kept() {
        let tone: Vec<i16> = (0..SIZE)
            .map(|i| ((2.0 * PI * 64.0 * i as f32 / SIZE as f32).sin() * 16000.0) as i16)
            .collect();
        let mut power = [0.0; BINS];
        Fft::new().power(&tone, &mut power);
        let peak = (0..BINS).max_by(|a, b| power[*a].total_cmp(&power[*b]));
        assert_eq!(peak, Some(64));
        let windowed: f32 = tone
            .iter()
            .enumerate()
            .map(|(i, s)| {
                let w = 0.5 - 0.5 * (2.0 * PI * i as f32 / SIZE as f32).cos();
                (f32::from(*s) / 32768.0 * w).powi(2)
            })
            .sum();
        let spectral: f32 = power.iter().sum::<f32>() * 2.0 / SIZE as f32;
        assert!(
            (windowed - spectral).abs() / windowed < 0.01,
            "Parseval: {windowed} {spectral}"
        );
    }
}
