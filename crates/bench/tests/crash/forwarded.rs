//! Comments, messages and changes of media while the process that sends them on is killed at random points: in the end
//! each that was acknowledged has reached the receiver, under one id, and stands once in the feed and in the stream.

use std::path::Path;
use std::time::{Duration, Instant};

use bench::crash::steps::tables;
use bench::crash::world::{Channel, World};
use bench::forwarded::{Outcome, Trial, run, run_with};

use crate::house;

/// A trial without any kill yet, and its world.
async fn open(folder: &Path) -> (Trial, World) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let world = World::start(
        Channel::Instagram,
        &folder.join("data"),
        &folder.join("samples"),
    )
    .await
    .unwrap();
    let trial = Trial {
        program: house::built("gramophone"),
        events: 9,
        kills: 0,
        more_kills: 0,
        away: 0,
        life_ms: (80, 480),
        seed: 6,
        deadline: Duration::from_mins(6),
    };
    (trial, world)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_accepted_event_reaches_the_receiver_under_one_id() {
    let _turn = house::turn().await;
    let started = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let (mut trial, world) = open(folder.path()).await;
    (trial.events, trial.kills, trial.more_kills, trial.away) = (60, 16, 100, 5);
    let Outcome {
        histogram,
        kills,
        ledger,
        findings,
    } = run(&trial, &world).await.unwrap();
    assert!(
        findings.is_clean(),
        "seed {}, {kills} kills, {histogram:?}: {findings:#?}",
        trial.seed
    );
    assert!(ledger.accepted.len() >= 60, "{}", ledger.accepted.len());
    assert_eq!(histogram.len(), 4, "a step was never hit: {histogram:?}");
    println!(
        "seed {}: {kills} kills, {:.0} s, {} events in {} posts; events hit by a kill, by step: {histogram:?}",
        trial.seed,
        started.elapsed().as_secs_f64(),
        ledger.accepted.len(),
        ledger.came.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_taken_away_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (trial, world) = open(folder.path()).await;
    let outcome = run_with(&trial, &world, async || {
        let pool = tables(world.data()).await?;
        let one = "FROM forwarding WHERE state = 'pending' ORDER BY id LIMIT 1";
        for sql in [
            format!("DELETE FROM job WHERE id = (SELECT job_id {one})"),
            format!("DELETE FROM forwarding WHERE id = (SELECT id {one})"),
        ] {
            let gone = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await?;
            assert_eq!(gone.rows_affected(), 1);
        }
        pool.close().await;
        Ok(())
    });
    let findings = outcome.await.unwrap().findings;
    assert_eq!(findings.lost.len(), 1, "{findings:#?}");
    assert!(
        findings.twice.is_empty() && findings.other.is_empty(),
        "{findings:#?}"
    );
}
