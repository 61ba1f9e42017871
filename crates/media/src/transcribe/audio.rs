//! The sound of a file as 16 kHz mono samples, taken out by ffmpeg under the same suspicion as everything that comes
//! from strangers; and the cut-up version of it that an engine gets to hear.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::tool::{self, Limits, Tool};
use crate::vad::{RATE, Span};

/// Longest sound that is listened to, whatever the settings allow: an engine's memory and time are sized for it.
pub(super) const LONGEST: Duration = Duration::from_hours(2);
/// Silence put between two spans, so that an engine hears a pause where we cut.
const GAP_MS: u64 = 300;
/// Containers and codecs that an attachment or a download can be. Everything that can refer to other files (playlists,
/// concatenations, image sequences) is absent on purpose.
const FORMATS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mp3,aac,ogg,wav";
const CODECS: &str = "aac,mp3,mp3float,opus,libopus,vorbis,alac,pcm_s16le,pcm_s24le,pcm_f32le,amrnb,amr_nb,h264,hevc,vp8,vp9,av1,libdav1d,mpeg4";

/// Takes the first sound track out of `source`. `Ok(None)`: the file has none that can be decoded.
pub(super) async fn extract(
    ffmpeg: &Path,
    source: &Path,
    dir: &Path,
    longest: Duration,
) -> Result<Option<Vec<i16>>, String> {
    let seconds = longest.min(LONGEST).as_secs().max(1);
    let bytes = seconds * 2 * RATE as u64;
    let out = dir.join("speech.s16le");
    let _ = tokio::fs::remove_file(&out).await;
    let mut input = std::ffi::OsString::from("file:");
    input.push(source);
    let mut output = std::ffi::OsString::from("file:");
    output.push(&out);
    let limits = Limits {
        wall: Duration::from_secs(30 + seconds / 10),
        cpu_seconds: Some(30 + seconds / 5),
        address_space: Some(2 << 30),
        file_size: Some(bytes + (1 << 20)),
        open_files: Some(64),
    };
    let (seconds, bytes) = (seconds.to_string(), bytes.to_string());
    let mut ffmpeg = Tool::new(ffmpeg, dir)
        .args([
            "-hide_banner",
            "-loglevel",
            "error",
            "-nostdin",
            "-y",
            "-threads",
            "1",
        ])
        .args(["-protocol_whitelist", "file", "-format_whitelist", FORMATS])
        .args(["-codec_whitelist", CODECS, "-max_streams", "16"])
        .arg("-i")
        .arg(&input)
        .args([
            "-map", "0:a:0?", "-vn", "-sn", "-dn", "-t", &seconds, "-ac", "1", "-ar", "16000",
        ])
        .args(["-c:a", "pcm_s16le", "-f", "s16le", "-fs", &bytes])
        .arg(&output)
        .limits(limits);
    ffmpeg.max_stdout = 4 << 10;
    let done = tool::run(ffmpeg).await.map_err(|error| error.to_string())?;
    if let Some(killed) = done.killed {
        return Err(format!(
            "ffmpeg was stopped while taking out the sound ({killed:?})"
        ));
    }
    let samples = tokio::fs::read(&out).await.unwrap_or_default();
    let _ = tokio::fs::remove_file(&out).await;
    if samples.len() < 2 {
        // An empty answer with success means "no sound track"; a failure on a file that was probed before means that
        // its sound cannot be decoded. Both end the same way for the person.
        return Ok(None);
    }
    Ok(Some(pcm(&samples)))
}

fn pcm(bytes: &[u8]) -> Vec<i16> {
    bytes
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .collect()
}

/// The speech of a clip, pauses and music cut out, with the way back to the clip's own time.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    /// The samples.
    pub(super) pcm: Vec<i16>,
    /// `(start in the feed, start in the clip, length)` of each piece, in milliseconds.
    pieces: Vec<(u64, u64, u64)>,
}

impl Feed {
    /// Puts the spans of `pcm` one behind the other.
    pub(super) fn new(pcm: &[i16], spans: &[Span]) -> Self {
        let mut feed = Self {
            pcm: Vec::new(),
            pieces: Vec::new(),
        };
        for span in spans {
            if !feed.pcm.is_empty() {
                feed.pcm.extend(std::iter::repeat_n(0, samples(GAP_MS)));
            }
            let (from, to) = (samples(span.start_ms), samples(span.end_ms).min(pcm.len()));
            if from >= to {
                continue;
            }
            feed.pieces
                .push((feed.length_ms(), span.start_ms, span.length_ms()));
            feed.pcm.extend_from_slice(&pcm[from..to]);
        }
        feed
    }

    /// Brings the whole to a mean loudness in dBFS, without clipping.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // sample counts; clamped
    pub(super) fn levelled(mut self, dbfs: f64) -> Self {
        let energy: f64 = self.pcm.iter().map(|s| f64::from(*s).powi(2)).sum();
        let mean = (energy / self.pcm.len().max(1) as f64).sqrt() / 32_768.0;
        let loudest = self
            .pcm
            .iter()
            .map(|s| f64::from(*s).abs())
            .fold(1.0, f64::max);
        if mean > 0.0 {
            let gain = (10.0_f64.powf(dbfs / 20.0) / mean).min(32_767.0 / loudest);
            for sample in &mut self.pcm {
                *sample = (f64::from(*sample) * gain).round() as i16;
            }
        }
        self
    }

    /// How long it is.
    pub(super) fn length_ms(&self) -> u64 {
        (self.pcm.len() / (RATE / 1000)) as u64
    }

    /// A moment of the feed as a moment of the clip.
    pub(super) fn clip_ms(&self, feed_ms: u64) -> u64 {
        let at = self.pieces.partition_point(|piece| piece.0 <= feed_ms);
        match at.checked_sub(1).and_then(|at| self.pieces.get(at)) {
            Some((start, clip, length)) => clip + (feed_ms - start).min(*length),
            None => feed_ms,
        }
    }

    /// Writes it as a WAV file of its own into `dir`.
    pub(super) async fn write_wav(&self, dir: &Path) -> Result<PathBuf, String> {
        let path = dir.join("speech.wav");
        tokio::fs::write(&path, wav(&self.pcm))
            .await
            .map_err(|error| format!("cannot write the sound file: {error}"))?;
        Ok(path)
    }
}

/// A whole WAV file: 16 kHz, mono, 16 bits.
pub(super) fn wav(pcm: &[i16]) -> Vec<u8> {
    let size = u32::try_from(pcm.len() * 2).unwrap_or(u32::MAX - 36);
    let rate = 16_000_u32;
    let mut out = Vec::with_capacity(44 + pcm.len() * 2);
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&(36 + size).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&16_u32.to_le_bytes());
    out.extend_from_slice(&1_u16.to_le_bytes()); // PCM
    out.extend_from_slice(&1_u16.to_le_bytes()); // mono
    out.extend_from_slice(&rate.to_le_bytes());
    out.extend_from_slice(&(rate * 2).to_le_bytes());
    out.extend_from_slice(&2_u16.to_le_bytes());
    out.extend_from_slice(&16_u16.to_le_bytes());
    out.extend_from_slice(b"data");
    out.extend_from_slice(&size.to_le_bytes());
    out.extend(bytes(pcm));
    out
}

/// Samples as the little-endian bytes that engines read.
pub(super) fn bytes(pcm: &[i16]) -> impl Iterator<Item = u8> {
    pcm.iter().flat_map(|sample| sample.to_le_bytes())
}

/// How many samples so many milliseconds are.
pub(super) fn samples(ms: u64) -> usize {
    usize::try_from(ms)
        .unwrap_or(usize::MAX / RATE)
        .saturating_mul(RATE / 1000)
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation)] // tones made by hand
mod tests {
    use super::*;

    #[test]
    fn times_find_their_way_back() {
        let pcm = vec![7_i16; samples(60_000)];
        let spans = [
            Span {
                start_ms: 5_000,
                end_ms: 8_000,
            },
            Span {
                start_ms: 20_000,
                end_ms: 21_000,
            },
        ];
        let feed = Feed::new(&pcm, &spans);
        assert_eq!(feed.length_ms(), 3_000 + 300 + 1_000);
        assert_eq!(feed.clip_ms(0), 5_000);
        assert_eq!(feed.clip_ms(2_999), 7_999);
        assert_eq!(
            feed.clip_ms(3_100),
            8_000,
            "the gap belongs to the end of the piece before"
        );
        assert_eq!(feed.clip_ms(3_300), 20_000);
        assert_eq!(feed.clip_ms(3_800), 20_500);
        assert_eq!(feed.clip_ms(99_000), 21_000);
    }

    #[test]
    fn loudness_is_set_and_nothing_clips() {
        let tone = |level: f32| -> Feed {
            let pcm: Vec<i16> = (0..16_000_u16)
                .map(|i| ((f32::from(i) * 0.1).sin() * level) as i16)
                .collect();
            Feed::new(
                &pcm,
                &[Span {
                    start_ms: 0,
                    end_ms: 1_000,
                }],
            )
        };
        let peak = |feed: Feed| feed.pcm.iter().map(|s| s.unsigned_abs()).max();
        let quiet = peak(tone(30_000.0).levelled(-32.0)).unwrap();
        assert!(
            (1_150..1_180).contains(&quiet),
            "-32 dBFS of a sine peaks at 1,164: {quiet}"
        );
        assert_eq!(peak(tone(30_000.0).levelled(20.0)), Some(32_767));
        assert_eq!(peak(tone(0.0).levelled(-32.0)), Some(0));
    }

    #[test]
    fn a_wav_file_says_how_long_it_is() {
        let file = wav(&[1, -1, 256]);
        assert_eq!(file.len(), 50);
        assert_eq!(&file[40..44], 6_u32.to_le_bytes());
        assert_eq!(&file[44..], [1, 0, 0xff, 0xff, 0, 1]);
    }
}
