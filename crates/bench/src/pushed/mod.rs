//! Jobs that another program pushes into Redis, while the process that takes them in is killed again and again.
//!
//! `run` is the whole trial. Redis is a real one of the trial's own, the pusher is a plain client, and between Redis and
//! the process stands a slow wire, so that a kill can hit every step of an entry.

pub mod entries;
pub mod ledger;
pub mod redis;
mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::crash::steps::tables;
use crate::server::{Launch, Server};
use entries::{Bad, person_of};
use ledger::{Findings, Ledger};
use redis::{Redis, Shape};
use wire::Wire;

/// The pusher rests so long between two handfuls.
const PUSH_PAUSE: Duration = Duration::from_millis(20);

/// What a trial does.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The binary under trial.
    pub program: PathBuf,
    /// Its settings, but for Redis.
    pub environment: Vec<(String, String)>,
    /// Where it keeps its data.
    pub data: PathBuf,
    /// What the key holds.
    pub shape: Shape,
    /// How many jobs are pushed, each of another person.
    pub jobs: usize,
    /// How often the process is killed at least.
    pub kills: usize,
    /// How many more times, while there is a step that no kill has hit.
    pub more_kills: usize,
    /// The least and the most time between two kills.
    pub life_ms: (u64, u64),
    /// Drives every random choice.
    pub seed: u64,
    /// When what is not taken in counts as lost.
    pub deadline: Duration,
}

/// Where a kill found the entry that was worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// No entry was in hand.
    Between,
    /// One was taken and was no row yet.
    Taken,
    /// One was a row, and Redis did not know it yet.
    Stored,
}

/// What a trial saw.
#[derive(Debug)]
pub struct Outcome {
    /// How often a kill hit each step.
    pub histogram: BTreeMap<Step, usize>,
    /// How often the process was killed while it worked.
    pub kills: usize,
    /// What there is at the end.
    pub ledger: Ledger,
    /// The judge's word.
    pub findings: Findings,
}

impl Outcome {
    fn is_enough(&self, trial: &Trial) -> bool {
        let all_hit = self.histogram.len() == 3;
        self.kills >= trial.kills && (all_hit || self.kills >= trial.kills + trial.more_kills)
    }
}

/// Runs one trial.
pub async fn run(trial: &Trial, redis: &Redis) -> Result<Outcome> {
    let mut rng = StdRng::seed_from_u64(trial.seed);
    let bad = entries::bad(trial.shape);
    let mut bodies: Vec<String> = (0..trial.jobs).map(entries::job).collect();
    bodies.extend(bad.iter().map(|bad| bad.body.clone()));
    bodies.shuffle(&mut rng);
    let pushing = push(redis, trial.shape, bodies);

    let wire = Wire::before(redis.port()).await?;
    let mut launch = Launch::new(&trial.program, "serve", &trial.data)?;
    launch.environment.clone_from(&trial.environment);
    launch
        .environment
        .push(("REDIS_URL".to_owned(), wire.url()));
    let dying = live_and_die(trial, &launch, (redis, &wire), &mut rng);
    let (all_out, left) = tokio::join!(pushing, dying);
    all_out?;
    let (mut outcome, server) = left?;

    drain(trial, redis, server).await?;
    outcome.ledger = collect(trial, redis, &bad).await?;
    outcome.findings = ledger::judge(&outcome.ledger);
    Ok(outcome)
}

/// As another program does it: a handful at a time, whoever listens or not.
async fn push(redis: &Redis, shape: Shape, bodies: Vec<String>) -> Result<()> {
    for handful in bodies.chunks(10) {
        redis.push(shape, handful).await?;
        tokio::time::sleep(PUSH_PAUSE).await;
    }
    Ok(())
}

/// Kills the process until that was often enough; the last one is left alive.
async fn live_and_die(
    trial: &Trial,
    launch: &Launch,
    (redis, wire): (&Redis, &Wire),
    rng: &mut StdRng,
) -> Result<(Outcome, Server)> {
    let mut outcome = Outcome {
        histogram: BTreeMap::new(),
        kills: 0,
        ledger: Ledger::default(),
        findings: Findings::default(),
    };
    loop {
        let mut server = launch.start().await?;
        let is_over = outcome.is_enough(trial) || people(&trial.data).await?.len() >= trial.jobs;
        if is_over {
            return Ok((outcome, server));
        }
        let life = rng.random_range(trial.life_ms.0..=trial.life_ms.1);
        tokio::time::sleep(Duration::from_millis(life)).await;
        ensure!(
            server.alive(),
            "the server ended by itself during the trial"
        );
        server.kill().await?;
        wire.falls_silent().await?;
        if redis.waiting(trial.shape).await? > 0 {
            outcome.kills += 1;
        }
        let step = step(trial, redis).await?;
        *outcome.histogram.entry(step).or_insert(0) += 1;
    }
}

/// Where the dead process stood.
async fn step(trial: &Trial, redis: &Redis) -> Result<Step> {
    let taken = redis.taken(trial.shape).await?;
    let Some(body) = taken.first() else {
        return Ok(Step::Between);
    };
    let stored = people(&trial.data).await?;
    let is_row = person_of(body).is_some_and(|person| stored.contains_key(&person));
    Ok(if is_row { Step::Stored } else { Step::Taken })
}

/// Lets the process take in what there is, then kills it as well.
async fn drain(trial: &Trial, redis: &Redis, mut server: Server) -> Result<()> {
    let deadline = Instant::now() + trial.deadline;
    while Instant::now() < deadline {
        ensure!(
            server.alive(),
            "the server ended by itself during the trial"
        );
        let left = redis.waiting(trial.shape).await? + redis.taken(trial.shape).await?.len();
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.kill().await
}

/// Reads the tables of the dead and what Redis holds.
pub async fn collect(trial: &Trial, redis: &Redis, bad: &[Bad]) -> Result<Ledger> {
    Ok(Ledger {
        pushed: (0..trial.jobs).map(entries::person).collect(),
        bad: bad.to_vec(),
        events: people(&trial.data).await?,
        jobs: count(
            &trial.data,
            "SELECT person, COUNT(*) FROM job GROUP BY person",
        )
        .await?,
        waiting: redis.waiting(trial.shape).await?,
        taken: redis.taken(trial.shape).await?.len(),
        dead: redis.dead().await?,
    })
}

/// How many events each person has.
async fn people(data: &Path) -> Result<BTreeMap<String, i64>> {
    count(data, "SELECT person, COUNT(*) FROM event GROUP BY person").await
}

async fn count(data: &Path, sql: &'static str) -> Result<BTreeMap<String, i64>> {
    let pool = tables(data).await?;
    let rows: Vec<(Option<String>, i64)> = sqlx::query_as(sql).fetch_all(&pool).await?;
    pool.close().await;
    let named = |(person, count): (Option<String>, i64)| (person.unwrap_or_default(), count);
    Ok(rows.into_iter().map(named).collect())
}
