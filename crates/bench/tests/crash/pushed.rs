//! A thousand jobs pushed into Redis by a plain client while the process that takes them in is killed ten times: in the
//! end a thousand jobs in the tables, none lost, none doubled; what is no job lies aside with its reason.

use std::path::Path;
use std::time::{Duration, Instant};

use bench::crash::steps::tables;
use bench::crash::world::{Channel, World};
use bench::pushed::entries::{self, job};
use bench::pushed::ledger::judge;
use bench::pushed::redis::{Redis, Shape};
use bench::pushed::{Outcome, Trial, collect, run};

use crate::house;

/// A Redis, the trial, and the world that the process believes in; which lives as long as it is held.
async fn open(shape: Shape, folder: &Path) -> (Redis, Trial, World) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let world = World::start(
        Channel::Telegram,
        &folder.join("data"),
        &folder.join("samples"),
    )
    .await
    .unwrap();
    let trial = Trial {
        program: house::built("gramophone"),
        environment: world.environment(),
        data: world.data().to_owned(),
        shape,
        jobs: 20,
        kills: 0,
        more_kills: 0,
        life_ms: (60, 250),
        seed: rand::random(),
        deadline: Duration::from_mins(2),
    };
    let redis = Redis::start(&folder.join("redis")).await.unwrap();
    (redis, trial, world)
}

async fn thousand(shape: Shape) {
    let _turn = house::turn().await;
    let started = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let (redis, mut trial, _world) = open(shape, folder.path()).await;
    (trial.jobs, trial.kills, trial.more_kills) = (1_000, 10, 60);
    let Outcome {
        histogram,
        kills,
        ledger,
        findings,
    } = run(&trial, &redis).await.unwrap();
    assert!(
        findings.is_clean(),
        "{shape:?}, seed {}, {kills} kills, {histogram:?}: {findings:#?}",
        trial.seed
    );
    assert_eq!(ledger.events.len(), 1_000);
    assert!(kills >= 10, "only {kills} kills while there was work");
    assert_eq!(histogram.len(), 3, "a step was never hit: {histogram:?}");
    println!(
        "{shape:?}, seed {}: {kills} kills, {:.0} s, {} put aside; kills by step: {histogram:?}",
        trial.seed,
        started.elapsed().as_secs_f64(),
        ledger.dead.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_jobs_of_a_list_survive_ten_kills() {
    thousand(Shape::List).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_jobs_of_a_stream_survive_ten_kills() {
    thousand(Shape::Stream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_pushed_twice_and_a_row_taken_away_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let (redis, trial, _world) = open(Shape::List, folder.path()).await;
    redis.push(Shape::List, &[job(3)]).await.unwrap();
    let outcome = run(&trial, &redis).await.unwrap();
    let person = entries::person(3);
    assert_eq!(
        outcome.findings.twice,
        [format!("{person}: 2 events"), format!("{person}: 2 jobs")]
    );
    assert!(outcome.findings.lost.is_empty() && outcome.findings.other.is_empty());

    let pool = tables(&trial.data).await.unwrap();
    let delete = "DELETE FROM event WHERE person = ?";
    let gone = sqlx::query(delete).bind(entries::person(4));
    gone.execute(&pool).await.unwrap();
    pool.close().await;
    let bad = entries::bad(Shape::List);
    let ledger = collect(&trial, &redis, &bad).await.unwrap();
    assert_eq!(
        judge(&ledger).lost,
        [format!("{}: no event", entries::person(4))]
    );
}
