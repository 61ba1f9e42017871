//! Crash trials: the process is killed at random points of many jobs, and afterwards a checker that shares
//! no code with it decides from the outside whether every person was answered and nobody twice.
//!
//! `run` is the whole trial from top to bottom. The people's side is the simulator's; the process is the
//! binary itself; the tables are read only while it is dead.

pub mod checker;
mod instagram;
pub mod signs;
pub mod steps;
pub mod story;
mod telegram;
pub mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng};

use crate::server::{Launch, Server};
use checker::{Findings, History};
use steps::Step;
use world::{Channel, World};

/// Of so many people at most one is left to the fate of five kills.
const GIVEN_UP_AT_MOST: usize = 8;

/// How often it is looked whether somebody more may write.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What a trial does.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The binary under trial.
    pub program: PathBuf,
    /// Its settings beside the ones that point at the simulator.
    pub environment: Vec<(String, String)>,
    /// One person each, who sends one reel.
    pub jobs: usize,
    /// How many more people may come, ten at a time, while there is a step that no kill has hit: some last less
    /// than a millisecond, and a trial that left one out would have proved nothing about it.
    pub more_jobs: usize,
    /// How many people wait at the same time.
    pub at_once: usize,
    /// The least and the most time between two kills; where there are several, each life takes one of them.
    pub lives_ms: Vec<(u64, u64)>,
    /// After so many kills the process is left alone to finish.
    pub kills: usize,
    /// Drives every random choice; printed, so that a failure can be looked at again.
    pub seed: u64,
    /// When unfinished jobs count as lost.
    pub deadline: Duration,
}

/// What a trial saw.
#[derive(Debug)]
pub struct Outcome {
    /// How often a kill hit a job in this step.
    pub histogram: BTreeMap<Step, usize>,
    /// How often the process was killed.
    pub kills: usize,
    /// Everything that people and tables show at the end.
    pub history: History,
    /// The checker's word.
    pub findings: Findings,
}

/// Runs one trial.
pub async fn run(trial: &Trial, world: &World) -> Result<Outcome> {
    let mut rng = StdRng::seed_from_u64(trial.seed);
    let mut launch = Launch::new(&trial.program, "up", world.data())?;
    launch.environment = world.environment();
    launch.environment.extend(trial.environment.iter().cloned());
    let mut histogram = BTreeMap::new();
    let mut kills = 0;
    let mut sent = 0;
    let mut people = trial.jobs;
    let deadline = Instant::now() + trial.deadline;
    let mut server = launch.start().await?;
    world.aim_webhooks(launch.port).await?;
    while kills < trial.kills && Instant::now() < deadline {
        let (least, most) = trial.lives_ms.choose(&mut rng).copied().unwrap_or_default();
        let life = rng.random_range(least..=most);
        let until = Instant::now() + Duration::from_millis(life);
        sent = live(&mut server, world, trial, sent..people, until).await?;
        sent = spare(&mut server, world, trial, sent..people, deadline).await?;
        server.kill().await?;
        kills += 1;
        for step in steps::running(world.data()).await? {
            *histogram.entry(step).or_insert(0) += 1;
        }
        server = launch.start().await?;
        world.deliver_what_is_due().await?;
        if steps::finished_people(world.data()).await? == people {
            if never_hit(world.channel(), &histogram).is_empty()
                || people >= trial.jobs + trial.more_jobs
            {
                break;
            }
            people += 10;
        }
    }
    let sent = finish(&mut server, world, trial, sent..people, deadline).await?;
    ensure!(
        server.alive(),
        "the server ended by itself during the trial"
    );
    server.kill().await?;

    let history = History::collect(world, sent).await?;
    let findings = checker::judge(&history);
    Ok(Outcome {
        histogram,
        kills,
        history,
        findings,
    })
}

/// Leaves the process alone until everybody is served or the deadline is over.
async fn finish(
    server: &mut Server,
    world: &World,
    trial: &Trial,
    people: Range<usize>,
    deadline: Instant,
) -> Result<usize> {
    let mut sent = people.start;
    while Instant::now() < deadline {
        let until = Instant::now() + Duration::from_millis(200);
        sent = live(server, world, trial, sent..people.end, until).await?;
        world.deliver_what_is_due().await?;
        if steps::finished_people(world.data()).await? == people.end
            && steps::unfinished_jobs(world.data()).await? == 0
        {
            break;
        }
    }
    Ok(sent)
}

/// Lets the process live until `until`, keeping enough people waiting that a kill always hits somebody. Returns how
/// many people have written by then.
async fn live(
    server: &mut Server,
    world: &World,
    trial: &Trial,
    people: Range<usize>,
    until: Instant,
) -> Result<usize> {
    ensure!(
        server.alive(),
        "the server ended by itself during the trial"
    );
    let mut sent = people.start;
    let pool = steps::tables(world.data()).await?;
    while Instant::now() < until {
        let waiting = sent.saturating_sub(steps::finished_in(&pool).await?);
        if sent < people.end && waiting < trial.at_once {
            world.send_reel(sent).await?;
            sent += 1;
        } else {
            let left = until.saturating_duration_since(Instant::now());
            tokio::time::sleep(LOOK_AGAIN.min(left)).await;
        }
    }
    pool.close().await;
    Ok(sent)
}

/// Lets the process live on while a kill would only use up somebody's last attempt, so that how many are given up does
/// not hang on how fast the machine is. One in [`GIVEN_UP_AT_MOST`] is not spared: giving up is part of the trial.
async fn spare(
    server: &mut Server,
    world: &World,
    trial: &Trial,
    people: Range<usize>,
    deadline: Instant,
) -> Result<usize> {
    let mut sent = people.start;
    while Instant::now() < deadline && steps::is_on_last_attempt(world.data()).await? {
        let given_up = steps::given_up(world.data()).await?;
        if (given_up + 1) * GIVEN_UP_AT_MOST <= steps::finished_people(world.data()).await?
            && !steps::is_being_buried(world.data()).await?
        {
            break;
        }
        let until = Instant::now() + Duration::from_millis(50);
        sent = live(server, world, trial, sent..people.end, until).await?;
    }
    Ok(sent)
}

/// The histogram as lines of text.
pub fn print(channel: Channel, histogram: &BTreeMap<Step, usize>) -> String {
    let mut text = String::new();
    for step in channel.steps() {
        let count = histogram.get(step).copied().unwrap_or(0);
        let bar = "#".repeat(count.min(60));
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{:<12} {count:>5} {bar}", step.name());
    }
    text
}

/// The steps that no kill hit: a trial that leaves one out has proved nothing about it.
pub fn never_hit(channel: Channel, histogram: &BTreeMap<Step, usize>) -> Vec<&'static str> {
    channel
        .steps()
        .iter()
        .filter(|step| histogram.get(step).copied().unwrap_or(0) == 0)
        .map(|step| step.name())
        .collect()
}
