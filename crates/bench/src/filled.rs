//! The webhook figures once more on a database that already holds a million events: their cost must not show.

use std::path::Path;

use anyhow::Result;
use sqlx::{AssertSqlSafe, SqlitePool};

use crate::delivery::Deliveries;
use crate::report::{Figure, Target};
use crate::server::{ACCOUNT, APP_SECRET, Launch};
use crate::webhooks::{check_rows, full_speed, millis, now_ms, steady};

/// How many events are there before the first webhook comes.
const STORED: usize = 1_000_000;
const FULL_SPEED: usize = 20_000;
const FIXED_SECONDS: usize = 5;
const DAY_MS: i64 = 86_400_000;

/// The figures, in the order of the table.
pub fn figures() -> Vec<Figure> {
    vec![
        Figure::new("webhooks/s, 1,000,000 events stored", "/s").target(Target::AtLeast(17_425.0)),
        Figure::new("server CPU seconds per 10,000", "s").target(Target::AtMost(0.35)),
        Figure::new("p50 at 1,000/s", "ms").target(Target::AtMost(1.0)),
        Figure::new("start with 1,000,000 events", "ms").target(Target::AtMost(100.0)),
    ]
}

/// Fills a database once and measures on it `runs` times.
pub async fn run(program: &Path, folder: &Path, runs: usize, figures: &mut [Figure]) -> Result<()> {
    let launch = Launch::new(program, "serve", &folder.join("data"))?;
    launch.start().await?.kill().await?;
    fill(&launch.data).await?;
    for run in 1..=runs {
        let server = launch.start().await?;
        let pid = server.pid()?;
        let mut deliveries = Deliveries::new(
            APP_SECRET,
            ACCOUNT,
            &launch.address().to_string(),
            &format!("{pid:08x}{run}"),
            now_ms()?,
        );
        let (rate, cpu) = full_speed(&launch, pid, &mut deliveries, FULL_SPEED).await?;
        let steady = steady(&launch, &mut deliveries, FIXED_SECONDS).await?;
        let values = [
            rate,
            cpu,
            millis(steady.percentile(0.5)),
            millis(server.ready_after),
        ];
        for (figure, value) in figures.iter_mut().zip(values) {
            figure.values.push(value);
        }
        server.kill().await?;
    }
    let sent = runs * (FULL_SPEED + FIXED_SECONDS * 1_000);
    check_rows(&launch.data, STORED + sent).await
}

/// A month of deliveries with one event and one finished job each, written straight into the tables.
async fn fill(data: &Path) -> Result<()> {
    let url = format!("sqlite://{}?mode=rw", data.join("gramophone.db").display());
    let pool = SqlitePool::connect(&url).await?;
    let start_ms = now_ms()? - 30 * DAY_MS;
    let step_ms = 30 * DAY_MS / i64::try_from(STORED)?;
    let counted = format!(
        "WITH RECURSIVE n(i, at) AS (SELECT 0, {start_ms} UNION ALL SELECT i + 1, at + {step_ms} FROM n WHERE i < {})",
        STORED - 1
    );
    // Ids begin with their time; the rest of each is its number, so that the three tables agree.
    let id = "unhex(printf('%012x7000a000%012x', at, i))";
    let person = "printf('%016d', i % 50000)";
    let raw = r#"printf('{"message":{"text":"%.*c"}}', 400, 'x')"#;
    for fill in [
        format!(
            "INSERT INTO delivery (id, channel, received_at_ms, body) {counted} \
             SELECT {id}, 'instagram', at, CAST({raw} AS BLOB) FROM n"
        ),
        format!(
            "INSERT INTO event (id, delivery_id, channel, account, person, kind, shape, mid, at_ms, received_at_ms, \
             dedupe, opens_window, raw) {counted} SELECT {id}, {id}, 'instagram', '{ACCOUNT}', {person}, 'message', \
             'messaging', printf('stored-%d', i), at, at, randomblob(16), 1, {raw} FROM n"
        ),
        format!(
            "INSERT INTO job (id, queue, state, priority, turn, run_at_ms, attempts, max_attempts, epoch, order_key, \
             person, payload, charged, created_at_ms, finished_at_ms) {counted} SELECT {id}, 'reply', 'done', 0, 0, at, \
             1, 8, 1, 'reply:instagram:{ACCOUNT}:' || {person}, {person}, '{{}}', 0, at, at FROM n"
        ),
    ] {
        sqlx::query(AssertSqlSafe(fill)).execute(&pool).await?;
    }
    pool.close().await;
    Ok(())
}
