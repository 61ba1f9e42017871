//! The little film that the stubs hand out, made by the real ffmpeg once before a trial or a benchmark.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::stub::Plan;

const VOICE: &str =
    "flite=text='We planted a small garden behind the kitchen window last summer':voice=slt";
const PICTURE: &str = "testsrc2=size=360x640:rate=30";

/// Which film.
#[derive(Debug, Clone, Copy, Default)]
pub struct Film {
    /// Its index stands at the end, so that a download has to be remuxed.
    pub index_last: bool,
    /// It is padded with an empty box to so many bytes.
    pub pad_to: usize,
    /// The longest pause of a stub.
    pub pause_ms: u64,
    /// See [`Plan::each_its_own`].
    pub each_its_own: bool,
    /// See [`Plan::late_one_in`].
    pub late_one_in: u64,
    /// See [`Plan::late_ms`].
    pub late_ms: u64,
}

/// Makes the film, its remuxed form, its sound and a still picture in `folder`.
pub fn make(folder: &Path, film: Film) -> Result<Plan> {
    fs::create_dir_all(folder)?;
    let (source, video, wav, still) = (
        folder.join("source.mp4"),
        folder.join("video.mp4"),
        folder.join("speech.wav"),
        folder.join("still.jpg"),
    );
    let inputs = [
        "-f", "lavfi", "-i", PICTURE, "-f", "lavfi", "-i", VOICE, "-t", "4",
    ];
    let codecs = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
    ];
    ffmpeg(&[&inputs[..], &codecs].concat(), &source)?;
    let from_source = ["-i", &source.to_string_lossy()].map(str::to_owned);
    let from_source = from_source.each_ref().map(String::as_str);
    ffmpeg(
        &[&from_source[..], &["-c", "copy", "-movflags", "+faststart"]].concat(),
        &video,
    )?;
    ffmpeg(
        &[&from_source[..], &["-vn", "-ac", "1", "-ar", "16000"]].concat(),
        &wav,
    )?;
    ffmpeg(
        &[&from_source[..], &["-frames:v", "1", "-s", "180x320"]].concat(),
        &still,
    )?;
    pad(&video, film.pad_to)?;
    Ok(Plan {
        source: if film.index_last {
            source
        } else {
            video.clone()
        },
        video,
        wav,
        still,
        pause_ms: film.pause_ms,
        each_its_own: film.each_its_own,
        late_one_in: film.late_one_in,
        late_ms: film.late_ms,
    })
}

/// Appends an empty `free` box: players skip it, senders carry it.
fn pad(video: &Path, to: usize) -> Result<()> {
    let mut bytes = fs::read(video)?;
    if let Some(gap) = to.checked_sub(bytes.len()).filter(|gap| *gap >= 8) {
        bytes.extend_from_slice(&u32::try_from(gap)?.to_be_bytes());
        bytes.extend_from_slice(b"free");
        bytes.resize(to, 0);
        fs::write(video, bytes)?;
    }
    Ok(())
}

fn ffmpeg(args: &[&str], output: &Path) -> Result<()> {
    let done = Command::new("ffmpeg")
        .args(["-hide_banner", "-v", "error", "-y"])
        .args(args)
        .arg(output)
        .output()?;
    ensure!(
        done.status.success(),
        "ffmpeg: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}
