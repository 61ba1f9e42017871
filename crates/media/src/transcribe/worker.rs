//! The child's half of the embedded engine: `stt-worker --model FILE --chunks A-B,C-D [--threads N] [--language xx]`.
//! Samples (s16le, 16 kHz, mono) on standard input, JSON lines on standard output, one job, then it ends.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::audio;
use super::embedded::Line;
use crate::vad::Span;

/// Entry of the hidden `stt-worker` subcommand; `args` are those after it.
pub fn speech_worker(args: impl Iterator<Item = OsString>) -> ExitCode {
    let result = Order::read(args).and_then(|order| serve(&order));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err((kind, why)) => {
            let _ = say(&Line::Failed {
                kind: kind.to_owned(),
                why,
            });
            ExitCode::FAILURE
        }
    }
}

type Failure = (&'static str, String);

/// What the command line asks for.
#[derive(Debug, Default)]
struct Order {
    model: PathBuf,
    chunks: Vec<Span>,
    threads: i32,
    language: Option<String>,
}

impl Order {
    fn read(mut args: impl Iterator<Item = OsString>) -> Result<Self, Failure> {
        let usage = |what: &str| {
            (
                "usage",
                format!("{what}; this subcommand is started by gramophone itself"),
            )
        };
        let mut order = Self {
            threads: 2,
            ..Self::default()
        };
        while let Some(name) = args.next() {
            let Some(value) = args.next() else {
                return Err(usage("an option has no value"));
            };
            let text = value.to_string_lossy();
            match name.to_str() {
                Some("--model") => order.model = PathBuf::from(&value),
                Some("--threads") => {
                    order.threads = text.parse().map_err(|_| usage("bad --threads"))?;
                }
                Some("--language") => order.language = Some(text.into_owned()),
                Some("--chunks") => {
                    order.chunks = text
                        .split(',')
                        .map(|chunk| {
                            let (start, end) = chunk.split_once('-')?;
                            let span = Span {
                                start_ms: start.parse().ok()?,
                                end_ms: end.parse().ok()?,
                            };
                            (span.start_ms < span.end_ms).then_some(span)
                        })
                        .collect::<Option<_>>()
                        .ok_or_else(|| usage("bad --chunks"))?;
                }
                _ => return Err(usage("unknown option")),
            }
        }
        if order.model.as_os_str().is_empty() || order.chunks.is_empty() {
            return Err(usage("--model and --chunks are needed"));
        }
        Ok(order)
    }
}

fn say(line: &Line) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, line)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Reads all samples.
fn samples() -> Result<Vec<f32>, Failure> {
    let mut bytes = Vec::new();
    let most = 2 * (crate::vad::RATE as u64) * (audio::LONGEST.as_secs() + 1);
    std::io::stdin()
        .lock()
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| ("input", error.to_string()))?;
    // i16 / 32768 lies within [-1, 1) and is never NaN: what the library asks for.
    Ok(bytes
        .chunks_exact(2)
        .map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0)
        .collect())
}

#[cfg(not(feature = "embedded-speech"))]
fn serve(_order: &Order) -> Result<(), Failure> {
    let _ = samples;
    Err((
        "usage",
        "this build has no embedded speech engine; build with the feature embedded-speech"
            .to_owned(),
    ))
}

#[cfg(feature = "embedded-speech")]
fn serve(order: &Order) -> Result<(), Failure> {
    use transcribe_cpp::{Error, Model, SessionOptions};

    check_processor()?;
    transcribe_cpp::disable_logging();
    let load = |error: &Error| (kind(error), format!("the model cannot be loaded: {error}"));
    let model = Model::load(&order.model).map_err(|error| load(&error))?;
    let options = SessionOptions {
        n_threads: order.threads,
        ..SessionOptions::default()
    };
    let mut session = model.session_with(&options).map_err(|error| load(&error))?;
    let run = run_options(order, &model);
    let _ = say(&Line::Ready { arch: model.arch() });
    let samples = samples()?;
    let n = order.chunks.len();
    for (i, chunk) in order.chunks.iter().enumerate() {
        let from = audio::samples(chunk.start_ms).min(samples.len());
        let to = audio::samples(chunk.end_ms).min(samples.len());
        let (heard, partial) = match session.run(&samples[from..to], &run) {
            Ok(heard) => (heard, false),
            Err(
                Error::OutputTruncated { partial, .. } | Error::OutputRepetition { partial, .. },
            ) => (partial.map(|heard| *heard).unwrap_or_default(), true),
            Err(error) => return Err((kind(&error), format!("piece {i} of {n}: {error}"))),
        };
        let line = Line::Chunk {
            i,
            n,
            t0: seconds(chunk.start_ms),
            t1: seconds(chunk.end_ms),
            segments: timed(&heard, *chunk),
            text: heard.text,
            language: heard.language,
            partial,
        };
        // Whoever started us is gone: nobody wants the rest.
        if say(&line).is_err() {
            return Ok(());
        }
    }
    say(&Line::Done).map_err(|error| ("input", error.to_string()))
}

/// How this model is to listen: in the language asked for, if it knows it.
#[cfg(feature = "embedded-speech")]
fn run_options(order: &Order, model: &transcribe_cpp::Model) -> transcribe_cpp::RunOptions {
    use transcribe_cpp::{Feature, RunExtension, RunOptions, TimestampKind, WhisperRunOptions};

    let mut run = RunOptions {
        timestamps: TimestampKind::Auto,
        ..RunOptions::default()
    };
    let knows = |code: &String| {
        model
            .capabilities()
            .is_ok_and(|can| can.languages.contains(code))
    };
    run.language = order.language.clone().filter(knows);
    if model.supports(Feature::TemperatureFallback) {
        // Whisper: no memory of the piece before, which is how its loops travel, and no dice.
        run.family = Some(RunExtension::Whisper(WhisperRunOptions {
            condition_on_prev_tokens: Some(false),
            temperature: Some(0.0),
            ..WhisperRunOptions::default()
        }));
    }
    run
}

#[cfg(feature = "embedded-speech")]
#[allow(clippy::cast_precision_loss)] // milliseconds of a clip
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// Segments with times, moved to where the piece lies and kept inside it.
#[cfg(feature = "embedded-speech")]
fn timed(heard: &transcribe_cpp::Transcript, chunk: Span) -> Vec<(u64, u64, String)> {
    let place = |ms: i64| chunk.start_ms + u64::try_from(ms).unwrap_or(0).min(chunk.length_ms());
    heard
        .segments
        .iter()
        .filter(|segment| segment.t1_ms > segment.t0_ms)
        .map(|segment| {
            (
                place(segment.t0_ms),
                place(segment.t1_ms),
                segment.text.clone(),
            )
        })
        .collect()
}

#[cfg(feature = "embedded-speech")]
fn kind(error: &transcribe_cpp::Error) -> &'static str {
    use transcribe_cpp::ErrorKind;
    match error.kind() {
        ErrorKind::OutOfMemory => "memory",
        ErrorKind::ModelFileNotFound | ErrorKind::ModelLoad | ErrorKind::Unsupported => "model",
        ErrorKind::InvalidArgument | ErrorKind::InputTooLong | ErrorKind::InputTooShort => "input",
        _ => "decode",
    }
}

/// The engine is built for AVX2 machines; elsewhere it would die of an illegal instruction, which tells nobody why.
#[cfg(feature = "embedded-speech")]
fn check_processor() -> Result<(), Failure> {
    #[cfg(target_arch = "x86_64")]
    if !(std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("fma")
        && std::arch::is_x86_feature_detected!("f16c"))
    {
        let why = "this processor has no AVX2, FMA and F16C; use a remote engine or build for it yourself";
        return Err(("cpu", why.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(args: &[&str]) -> Result<Order, Failure> {
        Order::read(args.iter().map(OsString::from))
    }

    #[test]
    fn the_command_line_is_read_or_refused() {
        let good = order(&[
            "--model",
            "/m.bin",
            "--chunks",
            "0-100,200-300",
            "--threads",
            "4",
            "--language",
            "pt",
        ])
        .unwrap();
        assert_eq!(
            good.chunks,
            [
                Span {
                    start_ms: 0,
                    end_ms: 100
                },
                Span {
                    start_ms: 200,
                    end_ms: 300
                }
            ]
        );
        assert_eq!((good.threads, good.language.as_deref()), (4, Some("pt")));
        for bad in [
            &["--model"][..],
            &[],
            &["--model", "m", "--chunks", "9-3"],
            &["--what", "x"],
            &["--model", "m"],
        ] {
            assert_eq!(order(bad).unwrap_err().0, "usage", "{bad:?}");
        }
    }

    #[test]
    fn lines_survive_their_trip() {
        let line = Line::Chunk {
            i: 3,
            n: 12,
            t0: 61.2,
            t1: 84.0,
            text: "olá".into(),
            segments: vec![(61_200, 62_000, "olá".into())],
            language: None,
            partial: false,
        };
        let text = serde_json::to_string(&line).unwrap();
        assert!(
            text.starts_with(r#"{"t":"chunk","i":3,"n":12,"t0":61.2,"t1":84.0,"text":"olá""#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line);
        assert_eq!(
            serde_json::to_string(&Line::Done).unwrap(),
            r#"{"t":"done"}"#
        );
    }
}
