//! Any program that turns a sound file into text on its standard output. `{wav}` in an argument stands for the file;
//! without it the file is the last argument. This is how the demo hears, with the recogniser that the distribution
//! packages, and how an operator plugs in whatever we do not know.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::audio::Feed;
use super::guards::Raw;
use super::remote::untimed;
use crate::TranscribeError;
use crate::tool::{self, Limits, Tool};

/// The placeholder for the sound file.
const PLACE: &str = "{wav}";

/// Mean loudness of the sound that a command gets. Recognisers of the older kind are trained on speech at arm's length
/// and take loud sound for another voice; newer ones do not mind (measured for PocketSphinx in docs/speech.md).
const LOUDNESS_DBFS: f64 = -32.0;

/// What is used where nothing is configured but this is installed: PocketSphinx, English only. The options are
/// measured in docs/speech.md.
pub(super) fn packaged() -> Option<Vec<String>> {
    let program = "pocketsphinx_continuous";
    tool::find(Path::new(program)).ok()?;
    Some(
        [program, "-infile", PLACE, "-logfn", "/dev/null"]
            .map(str::to_owned)
            .to_vec(),
    )
}

/// Runs the program on the feed.
pub(super) async fn listen(
    command: &[String],
    dir: &Path,
    feed: Feed,
) -> Result<Raw, TranscribeError> {
    let failed = |detail: String, retryable| TranscribeError::Engine { detail, retryable };
    let Some((program, arguments)) = command.split_first() else {
        return Err(failed("speech.command is empty".to_owned(), false));
    };
    let feed = feed.levelled(LOUDNESS_DBFS);
    let wav = feed
        .write_wav(dir)
        .await
        .map_err(|detail| failed(detail, true))?;
    let seconds = feed.length_ms() / 1000;
    let mut tool = Tool::new(PathBuf::from(program), dir).limits(Limits {
        // Generous: on a busy machine a polite child waits long; the processor time is what is watched.
        wall: Duration::from_secs(240 + 8 * seconds),
        cpu_seconds: Some(120 + 8 * seconds),
        address_space: Some(4 << 30),
        ..Limits::default()
    });
    for argument in arguments {
        tool = tool.arg(argument.replace(PLACE, &wav.to_string_lossy()));
    }
    if !arguments.iter().any(|argument| argument.contains(PLACE)) {
        tool = tool.arg(&wav);
    }
    let done = tool::run(tool)
        .await
        .map_err(|error| failed(error.to_string(), false));
    let _ = tokio::fs::remove_file(&wav).await;
    let done = done?;
    if let Some(killed) = done.killed {
        return Err(failed(
            format!("the speech command was stopped ({killed:?})"),
            false,
        ));
    }
    if !done.success() {
        let status = done.status;
        return Err(failed(
            format!("the speech command failed ({status:?}); run it by hand to see why"),
            false,
        ));
    }
    // Not lossless on purpose: a program that prints broken UTF-8 still has something to say.
    Ok(untimed(&String::from_utf8_lossy(&done.stdout)))
}
