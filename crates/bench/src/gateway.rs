//! The gateway: what it adds to a call of Meta, how many calls a second it answers, and what fifty posts with their
//! numbers take when Meta answers as slowly as it does.
//!
//! Server and simulator run in one process (`gramophone demo`), so both sides of each comparison share the processors.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::demo::Demo;
use crate::report::Figure;

/// Calls of one latency figure.
const CALLS: usize = 400;
/// Calls before anything is measured.
const WARM_UP: usize = 50;
/// How long a rate is measured, and over how many connections.
const RATE_FOR: Duration = Duration::from_secs(4);
const CONNECTIONS: usize = 8;
/// What a call of Meta takes in the comparison with the naive way.
const META_MS: u64 = 150;
/// Posts of the comparison.
const POSTS: usize = 50;
/// What the naive client asks for each post.
const METRICS: &str = "views,reach,likes,comments,saved,shares,total_interactions";

/// The figures, in the order in which [`run`] fills them.
pub fn figures() -> Vec<Figure> {
    [
        ("profile at the simulator, p50", "ms"),
        ("profile through the gateway, not cached, p50", "ms"),
        ("profile at the simulator, p99", "ms"),
        ("profile through the gateway, not cached, p99", "ms"),
        ("added by the gateway, p50", "ms"),
        ("added by the gateway, p99", "ms"),
        ("requests/s, not cached", "/s"),
        ("requests/s, cached", "/s"),
        ("50 posts with numbers, naive at 150 ms", "s"),
        ("the document's 51 requests, cold", "s"),
        ("the document's 51 requests, warm", "s"),
        ("in one request, cold", "s"),
        ("in one request, warm", "s"),
        ("Graph calls, naive", ""),
        ("Graph calls, the document's 51 requests", ""),
        ("Graph calls, one request", ""),
    ]
    .into_iter()
    .map(|(name, unit)| Figure::new(name, unit))
    .collect()
}

/// One run on a fresh demo.
pub async fn run(program: &Path, figures: &mut [Figure]) -> Result<()> {
    let environment = [
        ("GRAMOPHONE_API__CALLS_PER_MINUTE", "100000000"),
        // Calls of their own accord would be counted with ours.
        ("GRAMOPHONE_SNAPSHOTS__ENABLED", "false"),
        ("GRAMOPHONE_SNAPSHOTS__STORIES", "false"),
    ];
    let mut values = Vec::new();
    {
        let demo = Demo::start(program, &environment).await?;
        values.extend(latencies(&demo).await?);
        values.push(rate(&demo, true).await?);
        values.push(rate(&demo, false).await?);
    }
    values.extend(posts(program, &environment).await?);
    ensure!(values.len() == figures.len(), "a figure for each value");
    for (figure, value) in figures.iter_mut().zip(values) {
        figure.values.push(value);
    }
    Ok(())
}

/// What the simulator told a client to use: its account and token.
struct Meta {
    base: String,
    account: String,
    token: String,
}

impl Meta {
    fn of(demo: &Demo) -> Self {
        Self {
            base: format!("{}/graph.facebook.com/v26.0", demo.simulator),
            account: "17841400000000001".to_owned(),
            token: "SIM-PAGE-TOKEN".to_owned(),
        }
    }

    fn get(&self, http: &Client, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        http.get(format!("{}/{path}", self.base))
            .bearer_auth(&self.token)
            .query(query)
    }
}

/// Sends a call and reads its answer to the end.
async fn answer(call: RequestBuilder) -> Result<Value> {
    let answer = call.send().await?;
    let (status, body) = (answer.status(), answer.bytes().await?);
    ensure!(
        status.is_success(),
        "{status}: {}",
        String::from_utf8_lossy(&body)
    );
    serde_json::from_slice(&body).context("an answer in JSON")
}

fn profile(demo: &Demo, cached: bool) -> RequestBuilder {
    let call = demo
        .http
        .post(format!("{}/instagram/user/profile", demo.server));
    if cached {
        call
    } else {
        call.header("cache-control", "no-cache")
    }
}

async fn latencies(demo: &Demo) -> Result<Vec<f64>> {
    let meta = Meta::of(demo);
    let fields = "id,username,name,profile_picture_url,followers_count,follows_count,media_count,biography,website";
    let direct = || meta.get(&demo.http, &meta.account, &[("fields", fields)]);
    let direct = sample(direct).await?;
    let through = sample(|| profile(demo, false)).await?;
    let at = |sorted: &[f64], percent: usize| sorted[(sorted.len() - 1) * percent / 100];
    let (direct_50, direct_99) = (at(&direct, 50), at(&direct, 99));
    let (through_50, through_99) = (at(&through, 50), at(&through, 99));
    Ok(vec![
        direct_50,
        through_50,
        direct_99,
        through_99,
        through_50 - direct_50,
        through_99 - direct_99,
    ])
}

/// Latencies in milliseconds, sorted.
async fn sample(call: impl Fn() -> RequestBuilder) -> Result<Vec<f64>> {
    let mut taken = Vec::with_capacity(CALLS);
    for round in 0..WARM_UP + CALLS {
        let started = Instant::now();
        answer(call()).await?;
        if round >= WARM_UP {
            taken.push(started.elapsed().as_secs_f64() * 1000.0);
        }
    }
    taken.sort_by(f64::total_cmp);
    Ok(taken)
}

async fn rate(demo: &Demo, not_cached: bool) -> Result<f64> {
    let done = Arc::new(AtomicUsize::new(0));
    let end = Instant::now() + RATE_FOR;
    let callers = (0..CONNECTIONS).map(|_| {
        let done = Arc::clone(&done);
        async move {
            while Instant::now() < end {
                answer(profile(demo, !not_cached)).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<(), anyhow::Error>(())
        }
    });
    futures::future::try_join_all(callers).await?;
    let done = u32::try_from(done.load(Ordering::Relaxed))?;
    Ok(f64::from(done) / RATE_FOR.as_secs_f64())
}

/// Fifty posts with numbers: naive, as the document asks, and in one.
async fn posts(program: &Path, environment: &[(&str, &str)]) -> Result<Vec<f64>> {
    let naive = {
        let demo = slow_meta(program, environment).await?;
        counted(&demo, naive(&demo)).await?
    };
    let (document, document_warm) = {
        let demo = slow_meta(program, environment).await?;
        let cold = counted(&demo, document(&demo)).await?;
        (cold, counted(&demo, document(&demo)).await?)
    };
    let (one, one_warm) = {
        let demo = slow_meta(program, environment).await?;
        let cold = counted(&demo, in_one(&demo)).await?;
        (cold, counted(&demo, in_one(&demo)).await?)
    };
    Ok(vec![
        naive.0,
        document.0,
        document_warm.0,
        one.0,
        one_warm.0,
        naive.1,
        document.1,
        one.1,
    ])
}

async fn slow_meta(program: &Path, environment: &[(&str, &str)]) -> Result<Demo> {
    let demo = Demo::start(program, environment).await?;
    // The account's own look-up is no part of the comparison.
    answer(profile(&demo, true)).await?;
    let fault = json!({
        "match": {"path": "graph."},
        "times": 0,
        "do": {"kind": "delay", "ms": META_MS},
    });
    let faults = format!("{}/_sim/faults", demo.simulator);
    answer(demo.http.post(faults).json(&fault)).await?;
    Ok(demo)
}

/// Seconds and Graph calls of some work.
async fn counted(demo: &Demo, work: impl Future<Output = Result<()>>) -> Result<(f64, f64)> {
    let before = graph_calls(demo).await?;
    let started = Instant::now();
    work.await?;
    let seconds = started.elapsed().as_secs_f64();
    let calls = graph_calls(demo).await? - before;
    Ok((seconds, f64::from(u32::try_from(calls)?)))
}

async fn graph_calls(demo: &Demo) -> Result<usize> {
    let calls = answer(
        demo.http
            .get(format!("{}/_sim/calls?limit=100000", demo.simulator)),
    )
    .await?;
    let list = calls["calls"].as_array().or_else(|| calls.as_array());
    let is_graph = |call: &&Value| {
        call["host"]
            .as_str()
            .is_some_and(|host| host.starts_with("graph."))
    };
    Ok(list
        .context("a list of calls")?
        .iter()
        .filter(is_graph)
        .count())
}

async fn naive(demo: &Demo) -> Result<()> {
    let meta = Meta::of(demo);
    let path = format!("{}/media", meta.account);
    let fields = "id,caption,media_type,media_product_type,media_url,permalink,timestamp";
    let limit = POSTS.to_string();
    let query = [("fields", fields), ("limit", &limit)];
    let page = answer(meta.get(&demo.http, &path, &query)).await?;
    for post in page["data"].as_array().context("posts")? {
        let path = format!("{}/insights", post["id"].as_str().context("an id")?);
        // Posts without numbers are refused, which costs as much.
        meta.get(&demo.http, &path, &[("metric", METRICS)])
            .send()
            .await?
            .bytes()
            .await?;
    }
    Ok(())
}

async fn document(demo: &Demo) -> Result<()> {
    let list = format!("{}/instagram/user/media?limit={POSTS}", demo.server);
    let page = answer(demo.http.post(list)).await?;
    let posts = page["media"]["data"].as_array().context("posts")?.clone();
    ensure!(posts.len() == POSTS, "{} posts", posts.len());
    for post in posts {
        let id = post["id"].as_str().context("an id")?;
        let url = format!("{}/instagram/media/{id}/insights", demo.server);
        answer(demo.http.post(url)).await?;
    }
    Ok(())
}

async fn in_one(demo: &Demo) -> Result<()> {
    let account = Meta::of(demo).account;
    let url = format!(
        "{}/v1/accounts/{account}/media?insights=true&limit={POSTS}",
        demo.server
    );
    let page = answer(demo.http.get(url)).await?;
    ensure!(
        page["data"]
            .as_array()
            .is_some_and(|posts| posts.len() == POSTS),
        "fifty posts"
    );
    Ok(())
}
