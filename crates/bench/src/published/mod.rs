//! Posts that are ordered over the API while the process that publishes them is killed again and again.
//!
//! `run` is the whole trial. Meta is the simulator, slow enough that a kill finds the process in every step; what the
//! process waits minutes for passes while it is dead.

pub mod files;
pub mod ledger;
mod orders;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::aging;
use crate::crash::steps::{self, tables};
use crate::crash::world::World;
use crate::server::{Launch, Server};
use files::Files;
use ledger::{Findings, Ledger, Order, Post, Publication};
use orders::Customer;

/// So long a process is away after a death: long enough that a call whose fate is not known counts as settled.
const AWAY_MS: i64 = 150_000;
/// How often it is looked whether all is done, and how many times before the clock is helped along.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOKS: usize = 60;
/// How often it is looked whether a post stands where it is to be hit, and how long one is waited for.
const GLANCE: Duration = Duration::from_millis(5);
const LONGEST_WAIT: Duration = Duration::from_secs(4);
/// Posts before the trial that may be taken for posts of it: all of them are looked at.
const ALL_POSTS: &str = "/_sim/media?limit=100000";

/// What a trial does.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The binary under trial.
    pub program: PathBuf,
    /// How many posts are ordered.
    pub posts: usize,
    /// How many of them may be on their way at the same time.
    pub at_once: usize,
    /// How long Meta takes before it does what it is asked for, and again before it says so.
    pub slow_ms: u64,
    /// How much longer both take for the call that people see: a kill is to find it before, and after.
    pub out_ms: u64,
    /// How often the process is killed at least.
    pub kills: usize,
    /// How many more times, while there is a step that no kill has hit.
    pub more_kills: usize,
    /// The least and the most time between two kills.
    pub life_ms: (u64, u64),
    /// Drives every random choice.
    pub seed: u64,
    /// When what is not out counts as lost.
    pub deadline: Duration,
}

/// Where a kill found a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Ordered, and no container known.
    Ordered,
    /// Meta had made a container, and that was not written down.
    Made,
    /// The container was known, and nobody had called for it to be published.
    Processing,
    /// The call was written down, and Meta had not done it.
    Called,
    /// Meta had done it, and that was not written down.
    Out,
    /// The post was out, and its first comment on its way.
    Commenting,
}

/// All of them.
const STEPS: [Step; 6] = [
    Step::Ordered,
    Step::Made,
    Step::Processing,
    Step::Called,
    Step::Out,
    Step::Commenting,
];

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
    /// The posts that were there before.
    before: BTreeSet<String>,
}

/// Runs one trial.
pub async fn run(trial: &Trial, world: &World, files: &Files) -> Result<Outcome> {
    let deadline = Instant::now() + trial.deadline;
    let before = ids(&world.get(ALL_POSTS).await?);
    slow_down(trial, world).await?;
    let mut launch = Launch::new(&trial.program, "up", world.data())?;
    launch.environment = world.environment();
    let open = ("GRAMOPHONE_API__OPEN_ON_LOOPBACK", "true");
    let often = ("GRAMOPHONE_API__CALLS_PER_MINUTE", "1000000");
    let own = [open, often].map(|(name, value)| (name.to_owned(), value.to_owned()));
    launch.environment.extend(own);

    let customer = Customer::new(launch.address(), files, deadline)?;
    let mut rng = StdRng::seed_from_u64(!trial.seed);
    let is_all_ordered = AtomicBool::new(false);
    let ordering = async {
        let orders = customer.order(trial.posts, trial.at_once, &mut rng).await;
        is_all_ordered.store(true, Ordering::Relaxed);
        orders
    };
    let dying = async {
        let (histogram, kills, server) = live_and_die(trial, world, &launch, deadline).await?;
        let server = finish(world, &launch, server, (&is_all_ordered, deadline)).await?;
        anyhow::Ok((histogram, kills, server))
    };
    let (orders, left) = tokio::join!(ordering, dying);
    let (histogram, kills, server) = left?;
    let orders = orders?;

    let ledger = collect(world, &customer, orders, &before).await?;
    server.kill().await?;
    Ok(Outcome {
        histogram,
        kills,
        findings: ledger::judge(&ledger),
        ledger,
        before,
    })
}

async fn slow_down(trial: &Trial, world: &World) -> Result<()> {
    for (path, ms) in [
        ("/graph.facebook.com/", trial.slow_ms),
        ("*/media_publish", trial.out_ms),
    ] {
        for when in ["before", "after"] {
            let fault = json!({"match": {"method": "POST", "path": path}, "times": 0,
                "do": {"kind": "delay", "ms": ms, "when": when}});
            world.post("/_sim/faults", &fault).await?;
        }
    }
    Ok(())
}

/// Kills the process until that was often enough; the last one is left alive. Every other time it is not the clock that
/// decides when, but a post that stands in the step that was hit least: some last a moment only.
async fn live_and_die(
    trial: &Trial,
    world: &World,
    launch: &Launch,
    deadline: Instant,
) -> Result<(BTreeMap<Step, usize>, usize, Server)> {
    let mut rng = StdRng::seed_from_u64(trial.seed);
    let mut histogram = BTreeMap::from(STEPS.map(|step| (step, 0)));
    let mut kills = 0;
    let mut seen = BTreeSet::new();
    let mut server = launch.start().await?;
    while kills < trial.kills || (never_hit(&histogram) && kills < trial.kills + trial.more_kills) {
        let life = rng.random_range(trial.life_ms.0..=trial.life_ms.1);
        tokio::time::sleep(Duration::from_millis(life)).await;
        if kills % 2 == 1 {
            let least = histogram.iter().min_by_key(|(_, count)| **count);
            let step = least.map_or(Step::Out, |(step, _)| *step);
            lie_in_wait(world, step, &seen).await?;
        }
        spare(world, deadline).await?;
        ensure!(
            server.alive(),
            "the server ended by itself during the trial"
        );
        server.kill().await?;
        kills += 1;
        let (steps, containers) = stand(world, &seen).await?;
        seen = containers;
        for step in steps {
            *histogram.entry(step).or_insert(0) += 1;
        }
        aging::pass(world.data(), AWAY_MS).await?;
        server = launch.start().await?;
    }
    Ok((histogram, kills, server))
}

fn never_hit(histogram: &BTreeMap<Step, usize>) -> bool {
    histogram.values().any(|count| *count == 0)
}

/// Until a post stands in this step, or none stands anywhere, or it takes too long.
async fn lie_in_wait(world: &World, step: Step, seen: &BTreeSet<String>) -> Result<()> {
    let until = Instant::now() + LONGEST_WAIT;
    while Instant::now() < until {
        let (steps, _) = stand(world, seen).await?;
        if steps.is_empty() || steps.contains(&step) {
            break;
        }
        tokio::time::sleep(GLANCE).await;
    }
    Ok(())
}

/// Lets the process live on while a kill would only use up somebody's last try: a post that came to nothing three times
/// is told as failed, by design, and so is a comment that killed its worker in every start.
async fn spare(world: &World, deadline: Instant) -> Result<()> {
    let last = "SELECT COUNT(*) FROM publication WHERE (state = 'publishing' AND attempt >= 3) \
                OR (state = 'processing' AND attempt >= 2)";
    while Instant::now() < deadline {
        let pool = tables(world.data()).await?;
        let posts: i64 = sqlx::query_scalar(last).fetch_one(&pool).await?;
        pool.close().await;
        if posts == 0 && !steps::is_on_last_attempt(world.data()).await? {
            break;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

/// Where each post stands, and all containers. `seen` are those that were looked at before.
async fn stand(world: &World, seen: &BTreeSet<String>) -> Result<(Vec<Step>, BTreeSet<String>)> {
    let pool = tables(world.data()).await?;
    let rows: Vec<(String, Option<String>, String)> =
        sqlx::query_as("SELECT state, container_id, progress FROM publication")
            .fetch_all(&pool)
            .await?;
    let comments = "SELECT COUNT(*) FROM job WHERE queue = 'writes' AND state IN ('waiting', 'scheduled', 'running')";
    let comments: i64 = sqlx::query_scalar(comments).fetch_one(&pool).await?;
    pool.close().await;
    let shown = world.get("/_sim/publishing").await?;
    let containers = shown["containers"].as_array().context("containers")?;
    let is_out = |id: &str| {
        containers
            .iter()
            .any(|one| one["id"] == id && one["media"].is_string())
    };
    let mut steps = vec![Step::Commenting; usize::try_from(comments)?];
    let mut known = BTreeSet::new();
    for (state, container, progress) in rows {
        let progress: Value = serde_json::from_str(&progress)?;
        let items: Vec<String> =
            serde_json::from_value(progress["items"].clone()).unwrap_or_default();
        known.extend(items);
        known.extend(container.clone());
        match state.as_str() {
            "scheduled" | "preparing" => steps.push(Step::Ordered),
            "processing" => steps.push(Step::Processing),
            "publishing" if container.as_deref().is_some_and(is_out) => steps.push(Step::Out),
            "publishing" => steps.push(Step::Called),
            _ => {}
        }
    }
    let ids = containers.iter().filter_map(|one| one["id"].as_str());
    let all: BTreeSet<String> = ids.map(str::to_owned).collect();
    let unknown = all.difference(seen).filter(|id| !known.contains(*id));
    steps.extend(unknown.map(|_| Step::Made));
    Ok((steps, all))
}

/// Lets the process live until everything is ordered and nothing is left to do, and time pass where it waits.
async fn finish(
    world: &World,
    launch: &Launch,
    mut server: Server,
    (is_all_ordered, deadline): (&AtomicBool, Instant),
) -> Result<Server> {
    loop {
        for _ in 0..LOOKS {
            let is_over = is_all_ordered.load(Ordering::Relaxed)
                && steps::unfinished_jobs(world.data()).await? == 0;
            if is_over || Instant::now() > deadline {
                return Ok(server);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        spare(world, deadline).await?;
        ensure!(
            server.alive(),
            "the server ended by itself during the trial"
        );
        server.kill().await?;
        aging::pass(world.data(), AWAY_MS).await?;
        server = launch.start().await?;
    }
}

fn ids(shown: &Value) -> BTreeSet<String> {
    let posts = shown["media"].as_array().into_iter().flatten();
    posts
        .filter_map(|post| post["id"].as_str().map(str::to_owned))
        .collect()
}

/// Looks at everything from outside; the process must be alive, as its list is read over the API.
async fn collect(
    world: &World,
    customer: &Customer<'_>,
    orders: Vec<Order>,
    before: &BTreeSet<String>,
) -> Result<Ledger> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let publications = customer.all().await?.into_iter().map(|one| {
        let publication = Publication {
            state: text(&one["state"]).unwrap_or_default(),
            media: text(&one["media_id"]),
        };
        (text(&one["id"]).unwrap_or_default(), publication)
    });
    Ok(Ledger {
        orders,
        publications: publications.collect(),
        posts: posts(world, before).await?,
    })
}

/// Posts that people see and that were not there before.
async fn posts(world: &World, before: &BTreeSet<String>) -> Result<Vec<Post>> {
    let shown = world.get(ALL_POSTS).await?;
    let all = shown["media"].as_array().context("posts")?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let post = |shown: &Value| Post {
        id: text(&shown["id"]).unwrap_or_default(),
        caption: text(&shown["caption"]).filter(|words| !words.is_empty()),
        comments: shown["comments"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|comment| text(&comment["text"]))
            .collect(),
    };
    let new = all
        .iter()
        .map(post)
        .filter(|post| !before.contains(&post.id));
    Ok(new.collect())
}

/// What the judge says now, after something was done by hand.
pub async fn judge_again(world: &World, outcome: &Outcome) -> Result<Findings> {
    let ledger = Ledger {
        posts: posts(world, &outcome.before).await?,
        ..outcome.ledger.clone()
    };
    Ok(ledger::judge(&ledger))
}
