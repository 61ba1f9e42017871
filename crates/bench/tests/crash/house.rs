//! What every trial needs: programs that this workspace built, tools that answer at once, a world.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bench::crash::Trial;
use bench::crash::world::{Channel, Reels, World};
use bench::material::{self, Film};
use bench::stub::Stubs;
use serde_json::json;

/// A program that this workspace built, beside this test's own.
pub(crate) fn built(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let program = here.parent().and_then(Path::parent).unwrap().join(name);
    assert!(
        program.exists(),
        "{} is missing: `make test` builds it",
        program.display()
    );
    program
}

fn workspace() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .canonicalize()
        .unwrap()
}

/// The film of the stubs.
pub(crate) fn film(channel: Channel) -> Film {
    let film = Film {
        index_last: true,
        pause_ms: 60,
        ..Film::default()
    };
    match channel {
        Channel::Instagram => film,
        // Uploads are part of the message there, and the words come before a video that takes its time.
        Channel::Telegram => Film {
            each_its_own: true,
            late_one_in: 10,
            late_ms: 1_900,
            ..film
        },
    }
}

/// One trial at a time: its lives are counted in real time, and a job that gets nothing done in eight of them is given
/// up, as it should be. Two trials side by side on a small machine bring that about by themselves.
pub(crate) async fn turn() -> tokio::sync::MutexGuard<'static, ()> {
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    TURN.lock().await
}

/// A world whose people send what the stubs can work on, and the trial that fits it, without any kill yet.
pub(crate) async fn stubbed(channel: Channel, folder: &Path, seed: u64) -> (World, Trial) {
    let (world, mut trial) = filmed(channel, folder, film(channel)).await;
    trial.seed = seed;
    (world, trial)
}

/// The same with another film.
pub(crate) async fn filmed(channel: Channel, folder: &Path, film: Film) -> (World, Trial) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tools = folder.join("tools");
    let plan = material::make(&tools, film).unwrap();
    let stubs = Stubs::install(&tools, &built("gramophone-bench"), &plan).unwrap();
    let mut world = World::start(channel, &folder.join("stubbed"), &folder.join("samples"))
        .await
        .unwrap();
    let speech = world.sample("speech").await.unwrap();
    world.set_reels(Reels::Stubbed {
        code: speech["code"].as_str().unwrap().to_owned(),
        media_url: speech["cdn_url"].as_str().unwrap().to_owned(),
    });
    let mut environment = stubs.environment();
    environment.push((
        "GRAMOPHONE_LANGUAGE__MODEL".to_owned(),
        "simulated".to_owned(),
    ));
    environment.push((
        "GRAMOPHONE_LANGUAGE__URL".to_owned(),
        format!("{}/ai/v1", world.base()),
    ));
    let trial = Trial {
        program: built("gramophone"),
        environment,
        jobs: 4,
        more_jobs: 0,
        at_once: 8,
        lives_ms: vec![(250, 1_600)],
        kills: 0,
        seed: 0,
        deadline: Duration::from_mins(8),
    };
    (world, trial)
}

/// The same with the real ffmpeg, yt-dlp and recogniser.
pub(crate) async fn real(channel: Channel, folder: &Path, seed: u64) -> (World, Trial) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut world = World::start(channel, &folder.join("real"), &folder.join("samples"))
        .await
        .unwrap();
    let mut codes = Vec::new();
    for number in 0..10 {
        let text = format!(
            "Today we bake bread number {number}. Mix the water with the flour and wait one hour."
        );
        let reel = world
            .post("/_sim/reels", &json!({"text": text, "caption": "receita"}))
            .await
            .unwrap();
        codes.push(reel["code"].as_str().unwrap().to_owned());
    }
    world.set_reels(Reels::Samples(codes));
    let yt_dlp = workspace().join(".tools/yt-dlp/bin/yt-dlp");
    assert!(
        yt_dlp.exists(),
        "{} is missing: `make test` installs it",
        yt_dlp.display()
    );
    let environment = [
        ("GRAMOPHONE_TOOLS__YT_DLP", &*yt_dlp.to_string_lossy()),
        ("GRAMOPHONE_SPEECH__ENGINE", "command"),
        (
            "GRAMOPHONE_SPEECH__COMMAND",
            "pocketsphinx_continuous,-infile,{wav},-logfn,/dev/null",
        ),
    ];
    let trial = Trial {
        program: built("gramophone"),
        environment: environment
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        jobs: 10,
        more_jobs: 0,
        at_once: 2,
        lives_ms: vec![(300, 4_000)],
        kills: 12,
        seed,
        deadline: Duration::from_mins(5),
    };
    (world, trial)
}
