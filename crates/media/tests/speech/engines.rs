//! The remote and the command engine, from a real sound file to words: every form of answer, every refusal, and a real
//! recogniser on a real voice.
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use media::settings::SpeechEngine;
use media::transcribe::{Ear, Engine, engines};
use media::{Heard, Hints, Progress, Settings, Subtitles, TranscribeError, Verdict};

use crate::fake::{Answer, Fake};

/// Seven seconds of speech, as sound in a container that reels come in.
pub fn spoken(dir: &Path, text: &str) -> std::path::PathBuf {
    made(
        dir,
        "speech.mp4",
        &format!("flite=text='{text}':voice=slt[out]"),
    )
}

pub fn made(dir: &Path, name: &str, graph: &str) -> std::path::PathBuf {
    let path = dir.join(name);
    let done = Command::new("ffmpeg")
        .args([
            "-hide_banner",
            "-loglevel",
            "error",
            "-nostdin",
            "-y",
            "-filter_complex",
            graph,
        ])
        .args([
            "-map", "[out]", "-c:a", "aac", "-b:a", "64k", "-ar", "44100",
        ])
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    path
}

pub const SENTENCE: &str = "The museum opens at nine in the morning and closes at five. Bring your ticket and a warm coat.";

pub fn hints() -> Hints {
    Hints {
        has_audio: true,
        ..Hints::default()
    }
}

pub async fn hear(settings: Settings, text: &str) -> Result<Heard, TranscribeError> {
    let dir = tempfile::tempdir().unwrap();
    let source = spoken(dir.path(), text);
    let heard = Ear::new(settings)
        .listen(&source, dir.path(), &hints(), &Progress::none())
        .await;
    let left: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|f| f.unwrap().file_name())
        .collect();
    assert_eq!(left, ["speech.mp4"], "the job's folder is left as it was");
    heard
}

fn remote(url: &str) -> Settings {
    let mut settings = Settings::default();
    settings.speech.engine = SpeechEngine::Remote;
    settings.speech.url = Some(format!("{url}/v1").parse().unwrap());
    settings.speech.key = Some("s3cret".to_owned().into());
    settings.speech.model = Some("some-model".to_owned());
    settings
}

const VERBOSE: &str = r#"{"text":"x","language":"english","segments":[
    {"start":0.2,"end":3.4,"text":" The museum opens at nine in the morning","avg_logprob":-0.2,"no_speech_prob":0.01},
    {"start":3.4,"end":5.0,"text":" and closes at five.","avg_logprob":-0.3,"no_speech_prob":0.01},
    {"start":5.0,"end":5.4,"text":" Thanks for watching!","avg_logprob":-0.3,"no_speech_prob":0.01}]}"#;

#[tokio::test]
async fn the_remote_engine_is_asked_properly_and_guarded() {
    let fake = Fake::start(|_, _| Answer::new(200, VERBOSE)).await;
    let heard = hear(remote(&fake.url), SENTENCE).await.unwrap();
    assert_eq!(heard.verdict, Verdict::Speech);
    assert_eq!(
        heard.text,
        "The museum opens at nine in the morning and closes at five."
    );
    assert_eq!(heard.language.as_deref(), Some("en"));
    assert_eq!(heard.engine, "remote");
    assert_eq!(heard.segments.len(), 2);
    let asked = fake.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path, "/v1/audio/transcriptions");
    assert_eq!(asked[0].header("authorization"), Some("Bearer s3cret"));
    let body = asked[0].text();
    for part in [
        "name=\"model\"\r\n\r\nsome-model",
        "verbose_json",
        "filename=\"speech.ogg\"",
        "OggS",
        "name=\"temperature\"\r\n\r\n0",
    ] {
        assert!(body.contains(part), "{part}");
    }
    assert!(
        !body.contains("name=\"language\""),
        "nobody fixed the language"
    );
    assert!(
        asked[0].body.len() < 60_000,
        "Opus is small: {}",
        asked[0].body.len()
    );
}

#[tokio::test]
async fn one_retry_then_an_error_that_names_no_secret() {
    let fake = Fake::start(|_, before| {
        if before == 0 {
            Answer::new(503, "").header("Retry-After", "0")
        } else {
            Answer::new(
                200,
                "the museum opens at nine and closes at five bring a coat",
            )
        }
    })
    .await;
    let heard = hear(remote(&fake.url), SENTENCE).await.unwrap();
    assert!(
        heard.text.starts_with("the museum"),
        "bare text is an answer"
    );
    assert_eq!(fake.asked().len(), 2);

    let broken =
        Fake::start(|_, _| Answer::new(500, "secret words").header("Retry-After", "0")).await;
    let error = hear(remote(&broken.url), SENTENCE).await.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(broken.asked().len(), 2);
    let shown = error.to_string();
    assert!(
        !shown.contains("secret") && !shown.contains("127.0.0.1") && !shown.contains("s3cret"),
        "{shown}"
    );

    let closed = Fake::start(|_, _| Answer::new(401, "secret words")).await;
    let heard = hear(remote(&closed.url), SENTENCE).await.unwrap();
    assert!(
        matches!(&heard.verdict, Verdict::NotHeard { why } if why.contains("key") && !why.contains("secret"))
    );
    assert_eq!(closed.asked().len(), 1, "a refused key is not tried again");

    let gone = remote("http://127.0.0.1:1");
    assert!(hear(gone, SENTENCE).await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn what_is_not_understood_is_asked_again_in_the_plainest_form() {
    let fake = Fake::start(|asked, _| {
        let body = asked.text();
        if body.contains("verbose_json") || !body.contains("RIFF") {
            Answer::new(400, r#"{"error":"no ogg here"}"#)
        } else {
            Answer::new(
                200,
                r#"{"text":"the museum opens at nine and closes at five bring a coat"}"#,
            )
        }
    })
    .await;
    let heard = hear(remote(&fake.url), SENTENCE).await.unwrap();
    assert_eq!(heard.verdict, Verdict::Speech);
    assert_eq!(fake.asked().len(), 2);
}

#[tokio::test]
async fn invented_words_and_odd_answers_are_no_transcript() {
    for answer in [
        "Legendas pela comunidade Amara.org",
        r#"{"text":""}"#,
        "<html>login</html>",
        r#"{"text":"cut of"#,
    ] {
        let fake = Fake::start(move |_, _| Answer::new(200, answer)).await;
        let heard = hear(remote(&fake.url), SENTENCE).await.unwrap();
        assert!(
            matches!(heard.verdict, Verdict::NotHeard { .. }),
            "{answer}: {heard:?}"
        );
        assert!(heard.text.is_empty());
    }
}

#[tokio::test]
async fn music_and_silence_are_never_sent_to_an_engine() {
    let fake = Fake::start(|_, _| Answer::new(200, "invented words over music")).await;
    let dir = tempfile::tempdir().unwrap();
    let music = made(
        dir.path(),
        "music.mp4",
        "aevalsrc='0.2*sin(2*PI*262*t)+0.2*sin(2*PI*330*t)+0.2*sin(2*PI*392*t)':s=44100:d=8[out]",
    );
    let silence = made(
        dir.path(),
        "silence.mp4",
        "anullsrc=r=44100:cl=mono:d=5[out]",
    );
    let ear = Ear::new(remote(&fake.url));
    let listen = async |file: &Path| {
        ear.listen(file, dir.path(), &hints(), &Progress::none())
            .await
            .unwrap()
            .verdict
    };
    assert_eq!(listen(&music).await, Verdict::MusicOnly);
    assert_eq!(listen(&silence).await, Verdict::Silence);
    let mut deaf = hints();
    deaf.has_audio = false;
    let none = ear
        .listen(&music, dir.path(), &deaf, &Progress::none())
        .await
        .unwrap();
    assert_eq!(none.verdict, Verdict::NoAudio);
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn hostile_files_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let secret = spoken(dir.path(), SENTENCE);
    for (name, text) in [
        (
            "list.mp4",
            format!("ffconcat version 1.0\nfile '{}'\n", secret.display()),
        ),
        (
            "play.mp4",
            format!(
                "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{}\n#EXT-X-ENDLIST\n",
                secret.display()
            ),
        ),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        let mut settings = Settings::default();
        settings.speech.engine = SpeechEngine::None;
        let heard = Ear::new(settings)
            .listen(&path, dir.path(), &hints(), &Progress::none())
            .await
            .unwrap();
        assert_eq!(
            heard.verdict,
            Verdict::NoAudio,
            "{name}: nothing of the other file was heard"
        );
    }
}

#[tokio::test]
async fn subtitles_that_came_along_spare_the_listening() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("s.vtt"),
        "WEBVTT\n\n00:00.000 --> 00:02.000\nOlá a todos\n",
    )
    .unwrap();
    let mut hints = hints();
    hints.subtitles = Some(Subtitles {
        file: "s.vtt".into(),
        language: Some("pt".into()),
        automatic: false,
    });
    let ear = Ear::new(Settings::default());
    let heard = ear
        .listen(
            &dir.path().join("absent.mp4"),
            dir.path(),
            &hints,
            &Progress::none(),
        )
        .await
        .unwrap();
    assert_eq!(
        (heard.text.as_str(), heard.engine.as_str()),
        ("Olá a todos", "subtitles")
    );
    // A name with a path in it opens nothing outside the folder.
    hints.subtitles = Some(Subtitles {
        file: "../../etc/hostname".into(),
        language: None,
        automatic: false,
    });
    assert!(
        ear.listen(
            &dir.path().join("absent.mp4"),
            dir.path(),
            &hints,
            &Progress::none()
        )
        .await
        .map_or(true, |h| h.text.is_empty())
    );
}

fn command(command: &[&str]) -> Settings {
    let mut settings = Settings::default();
    settings.speech.engine = SpeechEngine::Command;
    settings.speech.command = command.iter().map(|c| (*c).to_owned()).collect();
    settings
}

#[tokio::test]
async fn a_command_gets_the_file_where_it_wants_it() {
    let script = r#"head -c 4 "$1" | grep -q RIFF && echo "the museum opens at nine and closes at five every day""#;
    let settings = command(&["sh", "-c", script, "x", "{wav}"]);
    let heard = hear(settings, SENTENCE).await.unwrap();
    assert_eq!(
        heard.text,
        "the museum opens at nine and closes at five every day"
    );
    assert_eq!(heard.engine, "command sh");
    let heard = hear(command(&["sh", "-c", script, "x"]), SENTENCE)
        .await
        .unwrap();
    assert_eq!(
        heard.verdict,
        Verdict::Speech,
        "without a placeholder the file is the last argument"
    );
    for bad in [
        &["sh", "-c", "exit 3"][..],
        &["no-such-program-anywhere"],
        &["sh", "-c", "true"],
    ] {
        let heard = hear(command(bad), SENTENCE).await.unwrap();
        assert!(matches!(heard.verdict, Verdict::NotHeard { .. }), "{bad:?}");
    }
}

#[tokio::test]
async fn engines_are_chosen_as_the_settings_say() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut settings = Settings::default();
    settings.speech.engine = SpeechEngine::None;
    assert!(engines(&settings).is_err());
    let heard = hear(settings.clone(), SENTENCE).await.unwrap();
    assert!(matches!(&heard.verdict, Verdict::NotHeard { why } if why.contains("none")));
    settings.speech.engine = SpeechEngine::Remote;
    assert!(engines(&settings).unwrap_err().contains("speech.url"));
    settings.speech.engine = SpeechEngine::Auto;
    settings.speech.url = Some("http://127.0.0.1:1/v1".parse().unwrap());
    settings.speech.command = vec!["true".to_owned()];
    let all = engines(&settings).unwrap();
    assert_eq!(all[0], Engine::Remote);
    assert!(matches!(&all[1], Engine::Command { named: true, .. }));
    // Where the first choice is away, the next one hears.
    settings.speech.command = [
        "sh",
        "-c",
        "echo the museum opens at nine and closes at five",
    ]
    .map(str::to_owned)
    .to_vec();
    let heard = hear(settings, SENTENCE).await.unwrap();
    assert_eq!(heard.engine, "command sh");
}

#[tokio::test]
async fn progress_is_told() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let progress = Progress::new(move |_, share| log.lock().unwrap().push(share));
    let dir = tempfile::tempdir().unwrap();
    let source = spoken(dir.path(), SENTENCE);
    let settings = command(&[
        "sh",
        "-c",
        "echo the museum opens at nine and closes at five",
    ]);
    Ear::new(settings)
        .listen(&source, dir.path(), &hints(), &progress)
        .await
        .unwrap();
    let told = told.lock().unwrap().clone();
    assert!(
        told.windows(2).all(|w| w[0] <= w[1]) && told.last() == Some(&1.0),
        "{told:?}"
    );
}

/// The recogniser that the demo hears with, on sentences of everyday words spoken by flite.
#[tokio::test]
async fn the_packaged_recogniser_hears_most_content_words() {
    const SENTENCES: [&str; 10] = [
        "The museum opens at nine and closes at five on every day but Monday",
        "Push a finger into the soil before you water the plants again",
        "My grandfather repaired old clocks for more than sixty years",
        "The council voted at midnight and the park will stay open",
        "She opened the bakery at four in the morning for nineteen years",
        "Charge the battery to eighty percent and keep it cool",
        "We asked forty teachers what they would change tomorrow",
        "This valley used to be a lake with pale rocks around it",
        "Chop the onion and let it sweat in butter on a low flame",
        "Three questions to ask in every interview before you say yes",
    ];
    let stop = stop_words::lookup("en").unwrap();
    let mut settings = Settings::default();
    settings.speech.engine = SpeechEngine::Command;
    let (mut hits, mut total) = (0, 0);
    for sentence in SENTENCES {
        let heard = hear(settings.clone(), sentence).await.unwrap();
        assert!(heard.low_confidence, "nobody chose this engine: {heard:?}");
        let text = heard.text.to_lowercase();
        let mut got: Vec<&str> = text.split_whitespace().collect();
        let lower = sentence.to_lowercase();
        let wanted: Vec<&str> = lower
            .split_whitespace()
            .filter(|w| !stop.contains(w))
            .collect();
        let found = wanted
            .iter()
            .filter(|word| {
                got.iter()
                    .position(|g| g == *word)
                    .map(|at| got.swap_remove(at))
                    .is_some()
            })
            .count();
        println!("{found}/{} {sentence} -> {text}", wanted.len());
        hits += found;
        total += wanted.len();
    }
    println!("| PocketSphinx, flite slt, content words heard | {hits} of {total} |");
    assert!(hits * 100 >= total * 60, "{hits} of {total}");
}
