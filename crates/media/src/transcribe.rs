//! From a media file to words, or to the honest statement that there are none.

use std::path::Path;
use std::process::ExitCode;

use crate::{Heard, Hints, Progress, Settings, TranscribeError, Verdict};

/// Listens to `source` (a media file inside `dir`, the job's folder).
pub async fn transcribe(
    _settings: &Settings,
    _source: &Path,
    _dir: &Path,
    hints: &Hints,
    _progress: &Progress,
) -> Result<Heard, TranscribeError> {
    if !hints.has_audio {
        return Ok(Heard::nothing(Verdict::NoAudio, "none"));
    }
    Ok(Heard::nothing(
        Verdict::NotHeard {
            why: "no speech engine".to_owned(),
        },
        "none",
    ))
}

/// Entry of the hidden `stt-worker` subcommand.
pub fn speech_worker(_args: impl Iterator<Item = std::ffi::OsString>) -> ExitCode {
    ExitCode::FAILURE
}
