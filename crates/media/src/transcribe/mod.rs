//! From a media file to words, or to the honest statement that there are none. The order: subtitles that came along;
//! is there sound at all; does anybody speak; which engine; and whether to believe it.

mod audio;
mod chunks;
mod command;
mod embedded;
mod guards;
mod remote;
mod subtitles;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::settings::{Settings, SpeechEngine};
use crate::vad::{self, Hearing, Sound};
use crate::{Heard, Hints, Progress, Step, TranscribeError, Verdict, models};
use audio::Feed;
use embedded::Job;
use guards::Raw;
pub use worker::speech_worker;

/// Threads of the embedded engine at most; more do not help a model of this size.
const MOST_THREADS: usize = 4;
/// Largest subtitle file that is read.
const MAX_SUBTITLES: u64 = 4 << 20;

/// One way to hear.
#[derive(Debug, Clone, PartialEq)]
pub enum Engine {
    /// An OpenAI-compatible endpoint.
    Remote,
    /// This model in a child process.
    Embedded(PathBuf),
    /// This program; whether the operator named it, or it merely is installed.
    Command {
        /// Program and arguments.
        command: Vec<String>,
        /// Named in the settings.
        named: bool,
    },
}

impl Engine {
    /// Short name, for labels, logs and `doctor`.
    pub fn name(&self) -> String {
        match self {
            Self::Remote => "remote".to_owned(),
            Self::Embedded(model) => {
                let model = model.file_stem().unwrap_or_default().to_string_lossy();
                format!("embedded {model}")
            }
            Self::Command { command, .. } => {
                let program = command.first().map(Path::new).and_then(Path::file_name);
                format!("command {}", program.unwrap_or_default().to_string_lossy())
            }
        }
    }
}

/// Which engines the settings name, the first choice first. Empty with a reason where nobody can listen.
pub fn engines(settings: &Settings) -> Result<Vec<Engine>, String> {
    let speech = &settings.speech;
    let remote = speech.url.as_ref().map(|_| Engine::Remote);
    let command = (!speech.command.is_empty()).then(|| Engine::Command {
        command: speech.command.clone(),
        named: true,
    });
    let one = |engine: Option<Engine>, why: &str| engine.map(|e| vec![e]).ok_or(why.to_owned());
    match speech.engine {
        SpeechEngine::None => {
            Err("listening is switched off (speech.engine = \"none\")".to_owned())
        }
        SpeechEngine::Remote => one(remote, "speech.engine is remote, but speech.url is not set"),
        SpeechEngine::Command => one(
            command.or_else(packaged),
            "speech.engine is command, but speech.command is not set",
        ),
        SpeechEngine::Embedded => model(settings).map(|path| vec![Engine::Embedded(path)]),
        SpeechEngine::Auto => {
            let mut all: Vec<Engine> = remote.into_iter().collect();
            // A model that was named and is broken is said, not silently passed over.
            match model(settings) {
                Ok(path) => all.push(Engine::Embedded(path)),
                Err(why) if speech.model_path.is_some() && all.is_empty() => return Err(why),
                Err(_) => {}
            }
            all.extend(command.or_else(packaged));
            if all.is_empty() {
                return Err(
                    "no speech engine: set speech.url, fetch a model or name speech.command"
                        .to_owned(),
                );
            }
            Ok(all)
        }
    }
}

fn packaged() -> Option<Engine> {
    command::packaged().map(|command| Engine::Command {
        command,
        named: false,
    })
}

/// The model file of the embedded engine, checked for what can be checked in an instant.
fn model(settings: &Settings) -> Result<PathBuf, String> {
    if !cfg!(feature = "embedded-speech") {
        return Err(
            "this build has no embedded speech engine (feature embedded-speech)".to_owned(),
        );
    }
    let path = match &settings.speech.model_path {
        Some(path) => path.clone(),
        None => models::first_installed(&settings.data_dir, settings.speech.model.as_deref())
            .ok_or("no speech model is installed; see `gramophone models`")?,
    };
    models::check(&path).map_err(|problem| problem.to_string())?;
    Ok(path)
}

/// Listens. Holds the one slot of the embedded engine, so there is one per process.
#[derive(Debug, Clone)]
pub struct Ear {
    settings: Settings,
    slot: Arc<Semaphore>,
}

impl Ear {
    /// An ear for these settings.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            slot: Arc::new(Semaphore::new(1)),
        }
    }

    /// Listens to `source`, a media file inside `dir`, the job's folder.
    pub async fn listen(
        &self,
        source: &Path,
        dir: &Path,
        hints: &Hints,
        progress: &Progress,
    ) -> Result<Heard, TranscribeError> {
        if let Some(heard) = from_subtitles(dir, hints).await {
            return Ok(heard);
        }
        if !hints.has_audio {
            return Ok(Heard::nothing(Verdict::NoAudio, "none"));
        }
        let longest = Duration::from_secs(self.settings.media.max_duration_seconds);
        let pcm = match audio::extract(&self.settings.tools.ffmpeg, source, dir, longest).await {
            Ok(Some(pcm)) => Arc::new(pcm),
            Ok(None) => return Ok(Heard::nothing(Verdict::NoAudio, "none")),
            Err(detail) => {
                return Err(TranscribeError::Engine {
                    detail,
                    retryable: true,
                });
            }
        };
        progress.report(Step::Transcribe, 0.05);
        let listened = Arc::clone(&pcm);
        let hearing = tokio::task::spawn_blocking(move || vad::listen(&listened))
            .await
            .map_err(|_| TranscribeError::Engine {
                detail: "listening was interrupted".to_owned(),
                retryable: true,
            })?;
        match hearing.sound {
            Sound::Silence => return Ok(Heard::nothing(Verdict::Silence, "none")),
            Sound::Music => return Ok(Heard::nothing(Verdict::MusicOnly, "none")),
            Sound::Speech => {}
        }
        let engines = match engines(&self.settings) {
            Ok(engines) => engines,
            Err(why) => return Ok(Heard::nothing(Verdict::NotHeard { why }, "none")),
        };
        self.ask(
            &engines,
            &Sample {
                pcm: &pcm,
                hearing: &hearing,
                dir,
                hints,
                progress,
            },
        )
        .await
    }

    /// Asks one engine after the other until one answers.
    async fn ask(&self, engines: &[Engine], sample: &Sample<'_>) -> Result<Heard, TranscribeError> {
        let mut failures: Vec<TranscribeError> = Vec::new();
        for engine in engines {
            let name = engine.name();
            match self.one(engine, sample).await {
                Ok(raw) => {
                    sample.progress.report(Step::Transcribe, 1.0);
                    let mut heard = guards::judge(raw, sample.hearing, &name);
                    // Nobody chose it and it knows one language only.
                    heard.low_confidence |= matches!(engine, Engine::Command { named: false, .. });
                    return Ok(heard);
                }
                Err(error) => {
                    tracing::warn!(engine = %name, %error, "a speech engine failed");
                    failures.push(error);
                }
            }
        }
        // What another try may cure is an error; the rest is a fact that the person can be told.
        if let Some(error) = failures.iter().find(|error| error.is_retryable()) {
            return Err(error.clone());
        }
        let why = failures
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ");
        Ok(Heard::nothing(Verdict::NotHeard { why }, "none"))
    }

    async fn one(&self, engine: &Engine, sample: &Sample<'_>) -> Result<Raw, TranscribeError> {
        let Sample {
            pcm,
            hearing,
            dir,
            hints,
            ..
        } = sample;
        match engine {
            Engine::Remote => {
                let feed = Feed::new(pcm, &hearing.spans);
                let ffmpeg = &self.settings.tools.ffmpeg;
                remote::listen(&self.settings.speech, ffmpeg, dir, &feed, hints.language).await
            }
            Engine::Command { command, .. } => {
                command::listen(command, dir, Feed::new(pcm, &hearing.spans)).await
            }
            Engine::Embedded(model) => self.embedded(model, sample).await,
        }
    }

    /// The embedded engine; where it falls, once more with the smallest installed model, and what was heard until the
    /// fall is kept.
    async fn embedded(&self, model: &Path, sample: &Sample<'_>) -> Result<Raw, TranscribeError> {
        let failed = |detail: String| TranscribeError::Engine {
            detail,
            retryable: false,
        };
        let program = embedded::own_program(self.settings.speech.worker_program.as_deref())
            .map_err(failed)?;
        // One at a time: each takes a gigabyte or more and all cores.
        let _slot = self
            .slot
            .acquire()
            .await
            .map_err(|error| failed(error.to_string()))?;
        let mut job = Job {
            program: &program,
            model,
            dir: sample.dir,
            language: sample.hints.language,
            threads: threads(),
            limits: embedded::Tight::default(),
        };
        let spans = &sample.hearing.spans;
        let fall = match embedded::listen(&job, sample.pcm, spans, sample.progress).await {
            Ok(lines) => return Ok(lines.into_raw(false)),
            Err(fall) => fall,
        };
        if !fall.heard.is_empty() {
            tracing::warn!(why = %fall.why, "the speech worker fell; what it heard until then is used");
            return Ok(fall.heard.into_raw(true));
        }
        let spare =
            models::smallest_installed(&self.settings.data_dir).filter(|spare| spare != model);
        let Some(spare) = spare else {
            return Err(failed(fall.why));
        };
        tracing::warn!(why = %fall.why, "the speech worker fell; trying the smallest model");
        job.model = &spare;
        match embedded::listen(&job, sample.pcm, spans, sample.progress).await {
            Ok(lines) => Ok(lines.into_raw(true)),
            Err(second) => Err(failed(second.why)),
        }
    }
}

/// What there is to hear.
#[derive(Debug)]
struct Sample<'a> {
    pcm: &'a [i16],
    hearing: &'a Hearing,
    dir: &'a Path,
    hints: &'a Hints,
    progress: &'a Progress,
}

fn threads() -> usize {
    std::thread::available_parallelism()
        .map_or(2, usize::from)
        .clamp(1, MOST_THREADS)
}

async fn from_subtitles(dir: &Path, hints: &Hints) -> Option<Heard> {
    let subtitles = hints.subtitles.as_ref()?;
    // A file name that we chose, inside the job's folder; anything else is not ours to open.
    let name = Path::new(&subtitles.file).file_name()?;
    let path = dir.join(name);
    if tokio::fs::symlink_metadata(&path)
        .await
        .ok()
        .filter(std::fs::Metadata::is_file)?
        .len()
        > MAX_SUBTITLES
    {
        return None;
    }
    let bytes = tokio::fs::read(&path).await.ok()?;
    let segments = subtitles::parse(&String::from_utf8_lossy(&bytes));
    let text = segments
        .iter()
        .map(|s| s.text.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    if text.trim().is_empty() {
        return None;
    }
    Some(Heard {
        verdict: Verdict::Speech,
        text,
        segments,
        language: subtitles.language.clone(),
        low_confidence: false,
        engine: "subtitles".to_owned(),
    })
}

/// Listens once, without an [`Ear`] to keep.
pub async fn transcribe(
    settings: &Settings,
    source: &Path,
    dir: &Path,
    hints: &Hints,
    progress: &Progress,
) -> Result<Heard, TranscribeError> {
    Ear::new(settings.clone())
        .listen(source, dir, hints, progress)
        .await
}
