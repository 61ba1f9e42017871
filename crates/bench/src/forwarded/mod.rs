//! Events that Meta tells of and that are sent on, while the process in between is killed again and again and the
//! receiver is away at first and moody later.
//!
//! `run` is the whole trial. Meta is the simulator, which repeats what was not acknowledged; the receiver is a plain
//! server of the trial's own. The days between two attempts pass while the process is dead.

mod follower;
pub mod ledger;
pub mod receiver;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::aging;
use crate::crash::steps::{self, tables};
use crate::crash::world::World;
use crate::server::{Launch, Server};
use follower::Follower;
use ledger::{Findings, Ledger};
use receiver::{Mood, Receiver};

/// So long a process is away after a death: longer than the longest pause between two attempts, so that what failed is
/// tried again by the next one.
const AWAY_MS: i64 = 4 * 3_600_000;
/// How often it is looked whether all is done, and how many times before the clock is helped along.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOKS: usize = 40;

/// What a trial does.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The binary under trial.
    pub program: PathBuf,
    /// How many comments, messages and changes of media there are, in turn.
    pub events: usize,
    /// How often the process is killed at least.
    pub kills: usize,
    /// How many more times, while there is a step that no kill has hit.
    pub more_kills: usize,
    /// After so many kills somebody is at the receiver's.
    pub away: usize,
    /// The least and the most time between two kills.
    pub life_ms: (u64, u64),
    /// Drives every random choice.
    pub seed: u64,
    /// When what has not arrived counts as lost.
    pub deadline: Duration,
}

/// Where a kill found an event that was to be sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// It waited, for the first or for another attempt.
    Waiting,
    /// It was being sent, and had not arrived.
    Sending,
    /// The receiver had taken it, and that was not written down.
    Taken,
    /// The receiver had refused it, and that was not written down.
    Refused,
}

/// All of them.
const STEPS: usize = 4;

/// What a trial saw.
#[derive(Debug)]
pub struct Outcome {
    /// How often a kill hit each step.
    pub histogram: BTreeMap<Step, usize>,
    /// How often the process was killed.
    pub kills: usize,
    /// What there is at the end.
    pub ledger: Ledger,
    /// The judge's word.
    pub findings: Findings,
}

/// Runs one trial.
pub async fn run(trial: &Trial, world: &World) -> Result<Outcome> {
    run_with(trial, world, async || Ok(())).await
}

/// The same, and something is done to the tables while the last process but one is dead.
pub async fn run_with(
    trial: &Trial,
    world: &World,
    plant: impl AsyncFnOnce() -> Result<()>,
) -> Result<Outcome> {
    let mut receiver = Receiver::away(trial.seed)?;
    let mut launch = Launch::new(&trial.program, "up", world.data())?;
    launch.environment = world.environment();
    launch.environment.extend(receiver.environment());
    let open = ("GRAMOPHONE_API__OPEN_ON_LOOPBACK", "true");
    launch
        .environment
        .push((open.0.to_owned(), open.1.to_owned()));
    let server = launch.start().await?;
    world.aim_webhooks(launch.port).await?;
    let follower = Follower::start(launch.address())?;

    let mut rng = StdRng::seed_from_u64(trial.seed);
    let telling = tell(world, trial, StdRng::seed_from_u64(!trial.seed));
    let dying = live_and_die(trial, world, &launch, (&mut receiver, server), &mut rng);
    let (told, left) = tokio::join!(telling, dying);
    told?;
    let (histogram, kills, server) = left?;

    server.kill().await?;
    plant().await?;
    receiver.arrive()?;
    receiver.be(Mood::Reliable);
    let deadline = Instant::now() + trial.deadline;
    let server = finish(world, &launch, deadline).await?;
    let ledger = collect(world, &launch, &receiver, (&follower, deadline)).await?;
    server.kill().await?;
    Ok(Outcome {
        histogram,
        kills,
        findings: ledger::judge(&ledger),
        ledger,
    })
}

/// People write and comment, and media change: one after the other, for as long as the process is going to be killed.
async fn tell(world: &World, trial: &Trial, mut rng: StdRng) -> Result<()> {
    let kills = u64::try_from(trial.kills.max(1))?;
    let all_ms = kills * (trial.life_ms.0 + trial.life_ms.1) / 2;
    let each_ms = all_ms / u64::try_from(trial.events.max(1))?;
    for number in 0..trial.events {
        let person = format!("55500000000{number:05}");
        let text = format!("What is number {number}?");
        let (path, body) = match number % 3 {
            0 => (
                "/_sim/comments".to_owned(),
                json!({"from": person, "text": text}),
            ),
            1 => (
                format!("/_sim/people/{person}/messages"),
                json!({"text": text}),
            ),
            _ => {
                let item = json!({"field": "media", "value": {"id": format!("1790{number:013}"), "verb": "update"}});
                (
                    "/_sim/events".to_owned(),
                    json!({"list": "changes", "item": item}),
                )
            }
        };
        world.post(&path, &body).await?;
        let pause = rng.random_range(0..=2 * each_ms);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    Ok(())
}

/// Kills the process until that was often enough; the last one is left alive.
async fn live_and_die(
    trial: &Trial,
    world: &World,
    launch: &Launch,
    (receiver, mut server): (&mut Receiver, Server),
    rng: &mut StdRng,
) -> Result<(BTreeMap<Step, usize>, usize, Server)> {
    let mut histogram = BTreeMap::new();
    let mut kills = 0;
    while kills < trial.kills || (histogram.len() < STEPS && kills < trial.kills + trial.more_kills)
    {
        let life = rng.random_range(trial.life_ms.0..=trial.life_ms.1);
        tokio::time::sleep(Duration::from_millis(life)).await;
        ensure!(
            server.alive(),
            "the server ended by itself during the trial"
        );
        server.kill().await?;
        for step in hit(world, receiver, kills).await? {
            *histogram.entry(step).or_insert(0) += 1;
        }
        kills += 1;
        if kills == trial.away {
            receiver.arrive()?;
        }
        receiver.begin_life(kills);
        aging::pass(world.data(), AWAY_MS).await?;
        server = launch.start().await?;
        world.deliver_what_is_due().await?;
    }
    Ok((histogram, kills, server))
}

/// Where the dead process stood with each event that it had not delivered.
async fn hit(world: &World, receiver: &Receiver, life: usize) -> Result<Vec<Step>> {
    let pool = tables(world.data()).await?;
    let open: Vec<(Vec<u8>, String)> = sqlx::query_as(
        "SELECT forwarding.event_id, job.state FROM forwarding JOIN job ON job.id = forwarding.job_id \
         WHERE forwarding.state = 'pending'",
    )
    .fetch_all(&pool)
    .await?;
    pool.close().await;
    let came = receiver.came();
    let step = |(event, state): (Vec<u8>, String)| {
        let id = hex::encode(event);
        let arrived = |came: &&receiver::Came| came.life == life && came.id.replace('-', "") == id;
        match came.iter().rfind(arrived).map(|came| came.status) {
            Some(200) => Step::Taken,
            Some(_) if state == "running" => Step::Refused,
            None if state == "running" => Step::Sending,
            _ => Step::Waiting,
        }
    };
    Ok(open.into_iter().map(step).collect())
}

/// Lets the process live until nothing is left to do, and time pass where it waits.
async fn finish(world: &World, launch: &Launch, deadline: Instant) -> Result<Server> {
    loop {
        aging::pass(world.data(), AWAY_MS).await?;
        let mut server = launch.start().await?;
        world.deliver_what_is_due().await?;
        for _ in 0..LOOKS {
            if is_over(world).await? || Instant::now() > deadline {
                return Ok(server);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        ensure!(
            server.alive(),
            "the server ended by itself during the trial"
        );
        server.kill().await?;
    }
}

async fn is_over(world: &World) -> Result<bool> {
    if told(world).await?.on_their_way > 0 || steps::unfinished_jobs(world.data()).await? > 0 {
        return Ok(false);
    }
    let pool = tables(world.data()).await?;
    let pending = "SELECT COUNT(*) FROM forwarding WHERE state = 'pending'";
    let pending: i64 = sqlx::query_scalar(pending).fetch_one(&pool).await?;
    pool.close().await;
    Ok(pending == 0)
}

/// What Meta has told of, by what became of it.
#[derive(Debug, Default)]
struct Told {
    accepted: BTreeSet<String>,
    refused: Vec<String>,
    on_their_way: usize,
}

async fn told(world: &World) -> Result<Told> {
    let shown = world.get("/_sim/webhooks?bodies=true").await?;
    let mut told = Told::default();
    for delivery in shown["deliveries"].as_array().context("deliveries")? {
        let body: Value = serde_json::from_str(delivery["body"].as_str().unwrap_or_default())?;
        let entries = body["entry"].as_array().into_iter().flatten();
        let items = entries.flat_map(|entry| {
            let lists = [&entry["messaging"], &entry["changes"]];
            lists.into_iter().filter_map(Value::as_array).flatten()
        });
        let items = items.map(Value::to_string);
        match delivery["state"].as_str().unwrap_or_default() {
            "delivered" => told.accepted.extend(items),
            "waiting" | "retrying" => told.on_their_way += 1,
            _ => told.refused.extend(items),
        }
    }
    Ok(told)
}

/// Looks at everything from outside; the process must be alive, as its lists are read over the API.
async fn collect(
    world: &World,
    launch: &Launch,
    receiver: &Receiver,
    (follower, deadline): (&Follower, Instant),
) -> Result<Ledger> {
    let is_metas = |event: &Value| event["channel"] == "instagram";
    let (mut listed, mut after) = (Vec::new(), "0".to_owned());
    loop {
        let url = format!(
            "http://{}/v1/events?limit=50&after={after}",
            launch.address()
        );
        let page: Value = reqwest::get(url).await?.error_for_status()?.json().await?;
        listed.extend(page["data"].as_array().context("a list")?.iter().cloned());
        match page["paging"]["after"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    let last = listed.last().and_then(|event| event["cursor"].as_str());
    let last: i64 = last.unwrap_or("0").parse()?;
    let has_all = || {
        follower
            .seen()
            .last()
            .is_some_and(|(number, _)| *number >= last)
    };
    while !has_all() && Instant::now() < deadline {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let mut streamed = follower.seen();
    streamed.retain(|(_, event)| is_metas(event));
    listed.retain(is_metas);
    let told = told(world).await?;
    Ok(Ledger {
        accepted: told.accepted,
        refused: told.refused,
        came: receiver.came(),
        listed,
        streamed,
    })
}
