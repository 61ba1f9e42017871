//! The parent's half of the embedded engine: starts our own binary as a child, gives it sound and a time table, reads
//! its JSON lines, and takes it down when it is late. Native code that reads model files may abort or eat memory; in a
//! child that costs one job's words and nothing else. The child's half is `worker.rs`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::guards::{Raw, RawSegment};
use super::{audio, chunks};
use crate::tool::{self, Limits, Stdin, Tool};
use crate::vad::Span;
use crate::{Language, Progress, Step};

/// Address space of the child. Parakeet-0.6B Q8_0 with 30 s of sound works at 1.9 GB and aborts not far below
/// (measured 2026-11-22); large Whisper models need one more.
const ADDRESS_SPACE: u64 = 3 << 30;
const ADDRESS_SPACE_LARGE: u64 = 4 << 30;
const LARGE_MODEL: u64 = 800_000_000;
/// Deadlines: loading, one piece, the whole job.
const LOAD: Duration = Duration::from_mins(1);
const LONGEST_LINE: usize = 256 << 10;

/// One line of the child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub(crate) enum Line {
    /// The model is loaded.
    Ready {
        /// Its architecture, for logs.
        arch: String,
    },
    /// One piece was heard.
    Chunk {
        /// Number, from 0.
        i: usize,
        /// How many there are.
        n: usize,
        /// Where it lies in the sound, in seconds.
        t0: f64,
        /// Its end.
        t1: f64,
        /// What was said.
        text: String,
        /// Pieces with times of their own, where the model gives them: start, end (ms), text.
        #[serde(default)]
        segments: Vec<(u64, u64, String)>,
        /// Language, where the model tells.
        #[serde(default)]
        language: Option<String>,
        /// The decoder stopped early; the text is what it had.
        #[serde(default)]
        partial: bool,
    },
    /// All pieces were heard.
    Done,
    /// It cannot go on.
    Failed {
        /// Short cause: `usage`, `cpu`, `model`, `memory`, `input`, `decode`.
        kind: String,
        /// One line for the operator.
        why: String,
    },
}

/// A job for the child.
#[derive(Debug, Clone)]
pub(crate) struct Job<'a> {
    /// Our own binary, or what the settings name.
    pub(crate) program: &'a Path,
    pub(crate) model: &'a Path,
    pub(crate) dir: &'a Path,
    pub(crate) language: Option<Language>,
    pub(crate) threads: usize,
    /// Tighter limits than usual.
    pub(crate) limits: Tight,
}

/// Limits tighter than usual, for machines (and tests) with less to give.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tight {
    /// Bytes of address space.
    pub(crate) address_space: Option<u64>,
    /// Time until the next line.
    pub(crate) next_line: Option<Duration>,
}

/// Why the child brought nothing, or not all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fall {
    /// For the operator.
    pub(crate) why: String,
    /// What was heard before.
    pub(crate) heard: Lines,
}

/// What the child said so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Lines {
    lines: Vec<Line>,
}

impl Lines {
    /// As the guards want it.
    pub(crate) fn into_raw(self, incomplete: bool) -> Raw {
        let mut raw = Raw {
            incomplete,
            ..Raw::default()
        };
        for line in self.lines {
            let Line::Chunk {
                t0,
                t1,
                text,
                segments,
                language,
                partial,
                ..
            } = line
            else {
                continue;
            };
            raw.incomplete |= partial;
            raw.language = raw.language.or(language);
            if segments.is_empty() {
                let time = Some((milliseconds(t0), milliseconds(t1)));
                raw.segments.push(RawSegment {
                    time,
                    text,
                    ..RawSegment::default()
                });
            }
            for (start, end, text) in segments {
                raw.segments.push(RawSegment {
                    time: Some((start, end)),
                    text,
                    ..RawSegment::default()
                });
            }
        }
        raw
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).round().clamp(0.0, 1e9) as u64
}

/// Lets the child hear `spans` of `pcm`.
pub(crate) async fn listen(
    job: &Job<'_>,
    pcm: &[i16],
    spans: &[Span],
    progress: &Progress,
) -> Result<Lines, Fall> {
    let chunks = chunks::cut(spans);
    let speech = Duration::from_millis(chunks.iter().map(Span::length_ms).sum());
    let total = LOAD + speech * 4;
    let watch = Arc::new(Watch::new(job.limits.next_line.unwrap_or(LOAD)));
    let mut ended = None;
    let on_line = |text: &str| {
        let Ok(line) = serde_json::from_str::<Line>(text) else {
            return;
        };
        match line {
            Line::Ready { .. } => {}
            Line::Done | Line::Failed { .. } => ended = Some(line),
            Line::Chunk { i, n, .. } => {
                #[allow(clippy::cast_precision_loss)] // a few hundred pieces
                progress.report(Step::Transcribe, (i + 1) as f32 / n.max(1) as f32);
                watch.push(line);
            }
        }
        let next = Duration::from_secs(20) + Duration::from_millis(chunks::LONGEST_MS) * 6;
        watch.extend(job.limits.next_line.unwrap_or(next));
    };
    let child = tool::run_lines(tool(job, pcm, &chunks, total), on_line);
    let done = tokio::select! {
        done = child => Some(done),
        () = watch.ran_out() => None,
    };
    let heard = watch.take();
    let why = match done {
        None => "the speech worker was too slow and was stopped".to_owned(),
        Some(Err(error)) => error.to_string(),
        Some(Ok(output)) => match ended {
            Some(Line::Done) if output.success() => return Ok(heard),
            Some(Line::Failed { kind, why }) => format!("the speech worker failed ({kind}): {why}"),
            _ => match (output.killed, output.status.signal, output.status.code) {
                (Some(killed), _, _) => format!("the speech worker was stopped ({killed:?})"),
                (_, Some(signal), _) => format!("the speech worker died of signal {signal}"),
                (_, _, code) => format!("the speech worker ended early (exit code {code:?})"),
            },
        },
    };
    Err(Fall { why, heard })
}

fn tool(job: &Job<'_>, pcm: &[i16], chunks: &[Span], wall: Duration) -> Tool {
    let table: Vec<String> = chunks
        .iter()
        .map(|chunk| format!("{}-{}", chunk.start_ms, chunk.end_ms))
        .collect();
    let large = std::fs::metadata(job.model).is_ok_and(|file| file.len() > LARGE_MODEL);
    let space = if large {
        ADDRESS_SPACE_LARGE
    } else {
        ADDRESS_SPACE
    };
    let mut tool = Tool::new(job.program, job.dir)
        .arg("stt-worker")
        .arg("--model")
        .arg(job.model)
        .args([
            "--threads",
            &job.threads.to_string(),
            "--chunks",
            &table.join(","),
        ])
        // Otherwise ggml starts a debugger when it aborts.
        .env("GGML_NO_BACKTRACE", "1")
        .limits(Limits {
            wall,
            cpu_seconds: Some(120 + 8 * (pcm.len() / crate::vad::RATE) as u64),
            address_space: Some(job.limits.address_space.unwrap_or(space)),
            file_size: Some(0),
            open_files: Some(64),
        });
    if let Some(language) = job.language {
        tool = tool.args(["--language", language.code()]);
    }
    tool.stdin = Stdin::Bytes(audio::bytes(pcm).collect());
    tool.max_stdout = LONGEST_LINE;
    tool
}

/// What was heard, and until when the next line must come.
#[derive(Debug)]
struct Watch(Mutex<(Instant, Lines)>);

impl Watch {
    fn new(first: Duration) -> Self {
        Self(Mutex::new((Instant::now() + first, Lines::default())))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, (Instant, Lines)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: Line) {
        self.state().1.lines.push(line);
    }

    fn extend(&self, by: Duration) {
        self.state().0 = Instant::now() + by;
    }

    fn take(&self) -> Lines {
        std::mem::take(&mut self.state().1)
    }

    async fn ran_out(&self) {
        loop {
            let until = self.state().0;
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

/// Where our own binary is.
pub(crate) fn own_program(set: Option<&Path>) -> Result<PathBuf, String> {
    match set {
        Some(program) => Ok(program.to_owned()),
        None => std::env::current_exe().map_err(|_| "cannot find our own program file".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    async fn hear(script: &str, next_line: Duration) -> (Result<Lines, Fall>, Duration) {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("worker");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let job = Job {
            program: &program,
            model: &program,
            dir: dir.path(),
            language: None,
            threads: 1,
            limits: Tight {
                address_space: None,
                next_line: Some(next_line),
            },
        };
        let pcm = vec![0_i16; 32_000];
        let spans = [Span {
            start_ms: 0,
            end_ms: 2_000,
        }];
        let began = std::time::Instant::now();
        let heard = listen(&job, &pcm, &spans, &Progress::none()).await;
        (heard, began.elapsed())
    }

    const CHUNK: &str = r#"echo '{"t":"chunk","i":0,"n":2,"t0":0.0,"t1":1.0,"text":"one"}'"#;

    #[tokio::test]
    async fn a_worker_that_hangs_is_stopped_and_keeps_what_it_said() {
        let (heard, took) = hear("sleep 600", Duration::from_millis(300)).await;
        assert!(heard.unwrap_err().why.contains("too slow"));
        assert!(took < Duration::from_secs(20), "{took:?}");
        let script = format!("{CHUNK}; sleep 600");
        let (heard, _) = hear(&script, Duration::from_secs(5)).await;
        let fall = heard.unwrap_err();
        assert!(fall.why.contains("too slow"));
        let raw = fall.heard.into_raw(true);
        assert!(raw.incomplete);
        assert_eq!(raw.segments[0].text, "one");
        assert_eq!(raw.segments[0].time, Some((0, 1_000)));
    }

    #[tokio::test]
    async fn endless_lines_and_false_ends_are_no_success() {
        let (heard, _) = hear("exec cat /dev/zero", Duration::from_secs(30)).await;
        assert!(heard.unwrap_err().why.contains("TooMuchOutput"));
        let (heard, _) = hear(r#"echo '{"t":"done"}'; exit 7"#, Duration::from_secs(30)).await;
        assert!(heard.is_err(), "done with a failure is a failure");
        let (heard, _) = hear(
            &format!(r#"{CHUNK}; echo '{{"t":"done"}}'"#),
            Duration::from_secs(30),
        )
        .await;
        assert!(!heard.unwrap().is_empty());
    }
}
