//! The embedded engine through its real code: our worker program, the real library, and models made by hand.
#![cfg(feature = "embedded-speech")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use media::settings::SpeechEngine;
use media::transcribe::{Ear, engines};
use media::{Heard, Progress, Settings, Verdict, models};

use crate::engines::{SENTENCE, hints, spoken};
use crate::whisper_file::{header_length, scripted};

const WORDS: [&str; 3] = ["Olá", "mundo", "teste."];
const WORKER: &str = env!("CARGO_BIN_EXE_gramophone-stt-worker");

struct Bench {
    dir: tempfile::TempDir,
    settings: Settings,
}

impl Bench {
    /// A data folder with these models and the real worker.
    fn new(files: &[(&str, Vec<u8>)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = models::folder(dir.path());
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in files {
            fs::write(folder.join(name), bytes).unwrap();
        }
        fs::create_dir(dir.path().join("job")).unwrap();
        let mut settings = Settings {
            data_dir: dir.path().to_owned(),
            ..Settings::default()
        };
        settings.speech.engine = SpeechEngine::Embedded;
        settings.speech.worker_program = Some(PathBuf::from(WORKER));
        Self { dir, settings }
    }

    /// Puts a shell script between us and the worker.
    fn through(mut self, script: &str) -> Self {
        let path = self.dir.path().join("wrapper");
        fs::write(&path, format!("#!/bin/sh\nWORKER='{WORKER}'\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self.settings.speech.worker_program = Some(path);
        self
    }

    fn job(&self) -> PathBuf {
        self.dir.path().join("job")
    }

    async fn hear(&self, text: &str) -> Heard {
        let source = spoken(&self.job(), text);
        self.listen(&source, &Progress::none()).await
    }

    async fn listen(&self, source: &Path, progress: &Progress) -> Heard {
        Ear::new(self.settings.clone())
            .listen(source, &self.job(), &hints(), progress)
            .await
            .unwrap()
    }
}

fn why(heard: &Heard) -> &str {
    match &heard.verdict {
        Verdict::NotHeard { why } => why,
        other => panic!("{other:?}"),
    }
}

/// Enough speech for several pieces.
fn long() -> String {
    format!("{SENTENCE} ").repeat(8)
}

#[tokio::test]
async fn a_scripted_model_is_heard_through_the_whole_chain() {
    let bench = Bench::new(&[("scripted.bin", scripted(&WORDS))]);
    let heard = bench.hear(SENTENCE).await;
    assert_eq!(heard.verdict, Verdict::Speech, "{heard:?}");
    assert_eq!(heard.text, "Olá mundo teste.");
    assert_eq!(heard.engine, "embedded scripted");
    assert_eq!(heard.language.as_deref(), Some("pt"));
    assert!(heard.segments.iter().all(|s| s.start_ms < s.end_ms));
}

#[tokio::test]
async fn long_speech_comes_in_pieces_with_progress() {
    let bench = Bench::new(&[("scripted.bin", scripted(&WORDS))]);
    let source = spoken(&bench.job(), &long());
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let progress = Progress::new(move |_, share| log.lock().unwrap().push(share));
    let heard = bench.listen(&source, &progress).await;
    assert!(heard.text.starts_with("Olá mundo teste."));
    let told = told.lock().unwrap().clone();
    assert!(told.len() >= 3, "the ear, two or more pieces: {told:?}");
    assert!(told.windows(2).all(|w| w[0] <= w[1]), "{told:?}");
}

#[tokio::test]
async fn files_that_are_no_whole_model_end_in_a_reason() {
    let whole = scripted(&WORDS);
    let header = header_length(&WORDS);
    let mut wild = whole[..64].to_vec();
    wild.extend(
        (0..200_000_u32).map(|i| u8::try_from(i.wrapping_mul(2_654_435_761) >> 24).unwrap()),
    );
    for (name, bytes) in [
        ("cut before the first tensor", whole[..header].to_vec()),
        (
            "cut inside the tensors",
            whole[..header + (whole.len() - header) / 2].to_vec(),
        ),
        ("cut in the vocabulary", whole[..100_000].to_vec()),
        ("noise after the header", wild),
        ("only the magic", whole[..4].to_vec()),
    ] {
        let bench = Bench::new(&[("m.bin", bytes)]);
        let heard = bench.hear(SENTENCE).await;
        assert!(why(&heard).contains("model"), "{name}: {heard:?}");
        assert!(heard.text.is_empty());
    }
    for bytes in [Vec::new(), b"<html>not found</html>".to_vec()] {
        let bench = Bench::new(&[("m.bin", bytes)]);
        assert!(
            engines(&bench.settings)
                .unwrap_err()
                .contains("no speech model")
        );
    }
}

#[tokio::test]
async fn a_model_that_shrank_after_it_was_installed_is_refused_at_start() {
    let whole = scripted(&WORDS);
    let mut bench = Bench::new(&[("m.bin", whole.clone())]);
    let path = models::folder(bench.dir.path()).join("m.bin");
    models::adopt(&path).unwrap();
    bench.settings.speech.model_path = Some(path.clone());
    assert!(engines(&bench.settings).is_ok());
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(
        engines(&bench.settings)
            .unwrap_err()
            .contains("fetch it again")
    );
    bench.settings.speech.engine = SpeechEngine::Auto;
    assert!(
        engines(&bench.settings)
            .unwrap_err()
            .contains("fetch it again"),
        "named and broken is said aloud"
    );
}

#[tokio::test]
async fn a_worker_killed_half_way_leaves_what_it_had() {
    let bench = Bench::new(&[("scripted.bin", scripted(&WORDS))])
        .through("\"$WORKER\" \"$@\" | { head -n 2; kill -9 $$; }");
    let heard = bench.hear(&long()).await;
    assert_eq!(heard.text, "Olá mundo teste.", "the first piece: {heard:?}");
    assert!(heard.low_confidence);
}

#[tokio::test]
async fn a_worker_that_dies_at_once_ends_in_a_reason() {
    let bench = Bench::new(&[("scripted.bin", scripted(&WORDS))]).through("kill -9 $$");
    assert!(why(&bench.hear(SENTENCE).await).contains("signal 9"));
    let bench = Bench::new(&[("scripted.bin", scripted(&WORDS))]).through("exit 0");
    assert!(why(&bench.hear(SENTENCE).await).contains("ended early"));
    let bench = Bench::new(&[("scripted.bin", scripted(&WORDS))])
        .through("echo nonsense; exec \"$WORKER\" \"$@\"");
    assert_eq!(
        bench.hear(SENTENCE).await.text,
        "Olá mundo teste.",
        "lines that are none are passed over"
    );
}

#[tokio::test]
async fn too_little_memory_ends_in_a_reason() {
    for kilobytes in [20_000, 60_000, 100_000] {
        let bench = Bench::new(&[("scripted.bin", scripted(&WORDS))])
            .through(&format!("ulimit -v {kilobytes}; exec \"$WORKER\" \"$@\""));
        let heard = bench.hear(SENTENCE).await;
        // Where it just suffices, it must have heard; never half of it, never a crash of ours.
        assert!(
            heard.text == "Olá mundo teste." || why(&heard).contains("speech worker"),
            "{heard:?}"
        );
        if kilobytes == 20_000 {
            assert!(heard.text.is_empty());
        }
    }
}

#[tokio::test]
async fn where_the_large_model_falls_the_small_one_hears() {
    let mut broken = scripted(&["never"]);
    broken.truncate(header_length(&["never"]));
    broken.extend(vec![0xff_u8; 9_000_000]);
    let bench = Bench::new(&[("large.bin", broken), ("small.bin", scripted(&WORDS))]);
    let heard = bench.hear(SENTENCE).await;
    assert_eq!(heard.text, "Olá mundo teste.");
    assert!(heard.low_confidence);
}
