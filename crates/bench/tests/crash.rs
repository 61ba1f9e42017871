//! `kill -9` at random points of 200 jobs: 190 with instant stub tools, 10 with the real ones. Afterwards
//! every accepted message is answered or refused with a reason, and nobody got any part twice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use bench::crash::checker::{History, judge};
use bench::crash::world::{Reels, World};
use bench::crash::{Trial, never_hit, print, run};
use bench::material::{self, Film};
use bench::stub::Stubs;
use serde_json::json;

/// A program that this workspace built, beside this test's own.
fn built(name: &str) -> PathBuf {
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

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_jobs_survive_kill_nine() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seed: u64 = rand::random();
    let folder = tempfile::tempdir().unwrap();
    let mut histogram = stubbed(seed, folder.path()).await;
    assert!(
        never_hit(&histogram).is_empty(),
        "no kill hit: {:?} (seed {seed})",
        never_hit(&histogram)
    );
    for (step, count) in real(seed, folder.path()).await {
        *histogram.entry(step).or_insert(0) += count;
    }
    println!(
        "seed {seed}; jobs hit by a kill, by step:\n{}",
        print(&histogram)
    );
}

/// 190 jobs whose tools answer at once, in a world that is just slow enough to be hit.
async fn stubbed(
    seed: u64,
    folder: &Path,
) -> std::collections::BTreeMap<bench::crash::steps::Step, usize> {
    let tools = folder.join("tools");
    let film = Film {
        index_last: true,
        pause_ms: 60,
        ..Film::default()
    };
    let plan = material::make(&tools, film).unwrap();
    let stubs = Stubs::install(&tools, &built("gramophone-bench"), &plan).unwrap();
    let mut world = World::start(&folder.join("stubbed"), &folder.join("samples"))
        .await
        .unwrap();
    let speech = world.get("/_sim/reels").await.unwrap();
    let list = speech
        .as_array()
        .or_else(|| speech["reels"].as_array())
        .unwrap()
        .clone();
    let media_url = list.iter().find(|reel| reel["what"] == "speech").unwrap()["cdn_url"]
        .as_str()
        .unwrap()
        .to_owned();
    world.set_reels(Reels::Stubbed { media_url });
    world.slow_down("messages", 40).await.unwrap();
    world.slow_down("message_attachments", 40).await.unwrap();
    world.slow_down("chat/completions", 60).await.unwrap();
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
        jobs: 190,
        more_jobs: 400,
        at_once: 8,
        life_ms: (250, 1_600),
        kills: 600,
        seed,
        deadline: Duration::from_mins(8),
    };
    let outcome = run(&trial, &world).await.unwrap();
    assert!(
        outcome.findings.is_clean(),
        "seed {seed}, {} kills: {:#?}",
        outcome.kills,
        outcome.findings
    );
    assert!(
        outcome.kills >= 20,
        "only {} kills: the trial ended before it tried",
        outcome.kills
    );

    // The checker itself: a send doubled behind its back in the same world, and a job taken away, are both found.
    let doubled = World::person(3);
    let text = outcome.history.threads[&doubled].texts[0].clone();
    world.send_as_business(&doubled, &text).await.unwrap();
    let after = History::collect(&world, outcome.history.threads.len())
        .await
        .unwrap();
    assert_eq!(
        judge(&after).twice.len(),
        1,
        "a planted double send is found: {:#?}",
        judge(&after)
    );
    world.plant_lost_job(4).await.unwrap();
    let after = History::collect(&world, outcome.history.threads.len())
        .await
        .unwrap();
    assert!(
        !judge(&after).lost.is_empty(),
        "a planted lost job is found"
    );
    outcome.histogram
}

/// 10 jobs with the real ffmpeg, yt-dlp and recogniser.
async fn real(
    seed: u64,
    folder: &Path,
) -> std::collections::BTreeMap<bench::crash::steps::Step, usize> {
    let mut world = World::start(&folder.join("real"), &folder.join("samples"))
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
    let trial = Trial {
        program: built("gramophone"),
        environment: vec![
            (
                "GRAMOPHONE_TOOLS__YT_DLP".to_owned(),
                yt_dlp.display().to_string(),
            ),
            ("GRAMOPHONE_SPEECH__ENGINE".to_owned(), "command".to_owned()),
            (
                "GRAMOPHONE_SPEECH__COMMAND".to_owned(),
                "pocketsphinx_continuous,-infile,{wav},-logfn,/dev/null".to_owned(),
            ),
        ],
        jobs: 10,
        more_jobs: 0,
        at_once: 2,
        life_ms: (300, 4_000),
        kills: 12,
        seed,
        deadline: Duration::from_mins(5),
    };
    let outcome = run(&trial, &world).await.unwrap();
    assert!(
        outcome.findings.is_clean(),
        "seed {seed}, {} kills: {:#?}",
        outcome.kills,
        outcome.findings
    );
    outcome.histogram
}
