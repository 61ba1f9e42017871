//! The job figures: whole answers a second when the tools cost nothing, and the memory of four large uploads.
//!
//! Every job is a real one from webhook to sent video, on SQLite with a flush at each commit. What is taken away is
//! only the reel's own work: one reel is downloaded, fitted and heard once through instant stubs, and then a
//! thousand people ask for it, so each job is two claims, the quota, the outbox with its intents, and two sends.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use sqlx::Row as _;

use crate::crash::steps::tables;
use crate::crash::world::{Channel, World};
use crate::material::{self, Film};
use crate::probe;
use crate::report::{Figure, Target};
use crate::server::Launch;
use crate::stub::Stubs;

/// How many people ask.
const JOBS: usize = 1_000;
/// The size of each large upload.
const LARGE_BYTES: usize = 24_000_000;

/// The figures, in the order of the table.
pub fn figures() -> Vec<Figure> {
    vec![
        Figure::new("durable jobs/s, instant stubs", "/s").target(Target::AtLeast(500.0)),
        Figure::new("server CPU seconds per 1,000 jobs", "s").target(Target::AtMost(1.0)),
        Figure::new("memory of four 24 MB uploads, over idle", "MB").target(Target::AtMost(25.0)),
    ]
}

/// One run of everything; appends a value to each figure.
pub async fn run(server: &Path, bench: &Path, folder: &Path, figures: &mut [Figure]) -> Result<()> {
    let (rate, cpu) = thousand(server, bench, &folder.join("jobs")).await?;
    let memory = uploads(server, bench, &folder.join("uploads")).await?;
    for (figure, value) in figures.iter_mut().zip([rate, cpu, memory]) {
        figure.values.push(value);
    }
    Ok(())
}

async fn open(
    server: &Path,
    bench: &Path,
    folder: &Path,
    pad_to: usize,
) -> Result<(World, Launch)> {
    let tools = folder.join("tools");
    let film = Film {
        pad_to,
        ..Film::default()
    };
    let plan = material::make(&tools, film)?;
    let stubs = Stubs::install(&tools, bench, &plan)?;
    let world = World::start(
        Channel::Instagram,
        &folder.join("data"),
        &folder.join("samples"),
    )
    .await?;
    let no_limits =
        json!({"sends_per_second": 0, "media_per_second": 0, "conversations_per_second": 0});
    world.post("/_sim/limits", &no_limits).await?;
    let mut launch = Launch::new(server, "up", world.data())?;
    launch.environment = world.connection();
    launch.environment.extend(stubs.environment());
    // Meta lets an account send ten videos a second; what is measured here is what we could do.
    for name in [
        "GRAMOPHONE_GRAPH__TEXTS_PER_SECOND",
        "GRAMOPHONE_GRAPH__MEDIA_PER_SECOND",
    ] {
        launch.environment.push((name.to_owned(), "0".to_owned()));
    }
    Ok((world, launch))
}

async fn thousand(server: &Path, bench: &Path, folder: &Path) -> Result<(f64, f64)> {
    let (world, launch) = open(server, bench, folder, 0).await?;
    let process = launch.start().await?;
    world.aim_webhooks(launch.port).await?;
    let ask = json!({"text": "https://www.instagram.com/reel/CTomrHIFc36/"});
    say(&world, 0, &ask).await?;
    finished(&world, 1).await?;

    world.post("/_sim/webhooks/hold", &json!({})).await?;
    for person in 1..=JOBS {
        say(&world, person, &ask).await?;
    }
    let pid = process.pid()?;
    let cpu_before = probe::cpu_seconds(pid)?;
    let at = Instant::now();
    world.post("/_sim/webhooks/release", &json!({})).await?;
    finished(&world, JOBS + 1).await?;
    let wall = at.elapsed().as_secs_f64();
    let cpu = probe::cpu_seconds(pid)? - cpu_before;
    process.kill().await?;

    for person in [1, JOBS / 2, JOBS] {
        let thread = world.thread(person).await?;
        ensure!(
            thread.media == 1 && !thread.texts.is_empty(),
            "person {person} was not answered: {thread:?}"
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "a thousand")]
    Ok((JOBS as f64 / wall, cpu * 1_000.0 / JOBS as f64))
}

async fn uploads(server: &Path, bench: &Path, folder: &Path) -> Result<f64> {
    let (world, mut launch) = open(server, bench, folder, LARGE_BYTES).await?;
    launch
        .environment
        .push(("GRAMOPHONE_BOT__CONCURRENCY".to_owned(), "4".to_owned()));
    world.slow_down("message_attachments", 500).await?;
    let process = launch.start().await?;
    world.aim_webhooks(launch.port).await?;
    let pid = process.pid()?;
    let idle = probe::resident_megabytes(pid)?;
    for person in 0..4 {
        let code = crate::delivery::shortcode(u64::try_from(person)? + 1);
        say(
            &world,
            person,
            &json!({"text": format!("https://www.instagram.com/reel/{code}/")}),
        )
        .await?;
    }
    finished(&world, 4).await?;
    let peak = probe::peak_megabytes(pid)?;
    process.kill().await?;
    for person in 0..4 {
        ensure!(
            world.thread(person).await?.media == 1,
            "person {person} got no video"
        );
    }
    Ok(peak - idle)
}

async fn say(world: &World, person: usize, message: &Value) -> Result<()> {
    world
        .post(
            &format!("/_sim/people/{}/messages", world.person(person)),
            message,
        )
        .await?;
    Ok(())
}

/// Waits until so many reel jobs are done, reading the tables beside the server.
async fn finished(world: &World, jobs: usize) -> Result<()> {
    let pool = tables(world.data()).await?;
    let until = Instant::now() + Duration::from_mins(2);
    loop {
        let row = sqlx::query("SELECT COUNT(*) FROM job WHERE queue = 'reel' AND state = 'done'")
            .fetch_one(&pool)
            .await?;
        let done: i64 = row.try_get(0)?;
        if usize::try_from(done)? >= jobs {
            pool.close().await;
            return Ok(());
        }
        ensure!(
            Instant::now() < until,
            "only {done} of {jobs} jobs were done within two minutes"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
