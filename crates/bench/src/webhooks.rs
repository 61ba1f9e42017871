//! The webhook figures of the benchmark page: the shipped binary, default settings, rows counted afterwards.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use sqlx::Row as _;

use crate::delivery::{Deliveries, Delivery};
use crate::load::{Run, closed_loop, open_loop};
use crate::probe;
use crate::report::{Figure, Target};
use crate::server::{ACCOUNT, APP_SECRET, Launch};

/// How much to send; the defaults are those of the published table.
#[derive(Debug, Clone)]
pub struct Size {
    /// Deliveries in the full-speed run.
    pub full_speed: usize,
    /// Seconds of the run at 1,000 a second.
    pub fixed_seconds: usize,
    /// Deliveries of a hundred entries each.
    pub batches: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self {
            full_speed: 30_000,
            fixed_seconds: 10,
            batches: 100,
        }
    }
}

/// The figures, in the order of the table.
pub fn figures() -> Vec<Figure> {
    vec![
        Figure::new("webhooks/s, 64 connections", "/s").target(Target::AtLeast(17_425.0)),
        Figure::new("server CPU seconds per 10,000", "s").target(Target::AtMost(0.35)),
        Figure::new("p50 at 1,000/s", "ms").target(Target::AtMost(1.0)),
        Figure::new("p99 at 1,000/s", "ms"),
        Figure::new("raw fdatasync p50, same run", "ms"),
        Figure::new("batch of 100, entries/s", "/s").target(Target::AtLeast(34_923.0)),
        Figure::new("memory idle (PSS)", "MB").target(Target::AtMost(40.0)),
        Figure::new("memory after load (PSS)", "MB"),
        Figure::new("cold start, new database", "ms"),
        Figure::new("start with an existing database", "ms").target(Target::AtMost(100.0)),
    ]
}

/// One run of everything; appends a value to each figure.
pub async fn run(program: &Path, folder: &Path, size: &Size, figures: &mut [Figure]) -> Result<()> {
    let launch = Launch::new(program, "serve", &folder.join("data"))?;
    let server = launch.start().await?;
    let pid = server.pid()?;
    let cold_start = server.ready_after;
    let idle = probe::pss_megabytes(pid)?;
    let mut deliveries = Deliveries::new(
        APP_SECRET,
        ACCOUNT,
        &launch.address().to_string(),
        &format!("{pid:08x}"),
        now_ms()?,
    );

    let (rate, cpu) = full_speed(&launch, pid, &mut deliveries, size.full_speed).await?;

    let disk = folder.to_owned();
    let flushes = tokio::task::spawn_blocking(move || probe::flushes(&disk, 200));
    let steady = steady(&launch, &mut deliveries, size.fixed_seconds).await?;
    let flushes = flushes.await??;

    let batch_seconds = send_batches(&launch, &mut deliveries, size.batches).await?;

    let after = probe::pss_megabytes(pid)?;
    server.kill().await?;
    let warm = launch.start().await?;
    let warm_start = warm.ready_after;
    warm.kill().await?;

    let expected = size.full_speed + size.fixed_seconds * 1_000 + size.batches * 100;
    check_rows(&launch.data, expected).await?;

    let values = [
        rate,
        cpu,
        millis(steady.percentile(0.5)),
        millis(steady.percentile(0.99)),
        millis(flushes.get(flushes.len() / 2).copied().unwrap_or_default()),
        per(size.batches * 100, 1.0) / batch_seconds,
        idle,
        after,
        millis(cold_start),
        millis(warm_start),
    ];
    for (figure, value) in figures.iter_mut().zip(values) {
        figure.values.push(value);
    }
    Ok(())
}

/// As fast as 64 connections can: deliveries a second, and the server's processor seconds for 10,000 of them.
pub(crate) async fn full_speed(
    launch: &Launch,
    pid: u32,
    deliveries: &mut Deliveries,
    count: usize,
) -> Result<(f64, f64)> {
    let burst: Vec<Delivery> = (0..count).map(|_| deliveries.with_links(1)).collect();
    let before = probe::cpu_seconds(pid)?;
    let burst = closed_loop(launch.address(), Arc::new(burst), 64).await?;
    let cpu = probe::cpu_seconds(pid)? - before;
    Ok((burst.rate(), cpu / per(count, 10_000.0)))
}

/// A thousand a second, whatever the answers take.
pub(crate) async fn steady(
    launch: &Launch,
    deliveries: &mut Deliveries,
    seconds: usize,
) -> Result<Run> {
    let fixed: Vec<Delivery> = (0..seconds * 1_000)
        .map(|_| deliveries.with_links(1))
        .collect();
    open_loop(launch.address(), Arc::new(fixed), 1_000, 16).await
}

/// Sends deliveries of a hundred entries each, four at a time; the seconds that took.
async fn send_batches(launch: &Launch, deliveries: &mut Deliveries, count: usize) -> Result<f64> {
    let batches: Vec<Delivery> = (0..count).map(|_| deliveries.with_links(100)).collect();
    let at = Instant::now();
    closed_loop(launch.address(), Arc::new(batches), 4).await?;
    Ok(at.elapsed().as_secs_f64())
}

/// Every event that was answered with 200 must be a row, once, with the job it causes, after a `kill -9`.
pub(crate) async fn check_rows(data: &Path, expected: usize) -> Result<()> {
    let url = format!("sqlite://{}?mode=rw", data.join("gramophone.db").display());
    let pool = sqlx::SqlitePool::connect(&url).await?;
    for table in ["event", "job"] {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")))
            .fetch_one(&pool)
            .await?;
        let count: i64 = row.try_get(0)?;
        ensure!(
            usize::try_from(count)? == expected,
            "{count} rows in `{table}`, but {expected} events were acknowledged"
        );
    }
    pool.close().await;
    Ok(())
}

pub(crate) fn now_ms() -> Result<i64> {
    Ok(i64::try_from(
        SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis(),
    )?)
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests")]
fn per(count: usize, unit: f64) -> f64 {
    count as f64 / unit
}
