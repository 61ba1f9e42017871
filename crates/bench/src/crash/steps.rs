//! Where each job stood when the process died, read from the tables of the dead.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use sqlx::{Row as _, SqlitePool};

/// A place where a kill can hit a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Reading the message and admitting its links.
    Reply,
    /// The first word is on its way, its fate unknown; the answer will replace it.
    Placeholder,
    /// Getting the file.
    Download,
    /// Making it fit.
    Fit,
    /// Hearing what is said.
    Transcribe,
    /// Writing the summary.
    Summarise,
    /// The reel is worked through and nothing is on its way: the video is uploaded, or a part waits for its turn.
    Between,
    /// A text is on its way, its fate unknown.
    TextSent,
    /// The video is on its way, its fate unknown.
    VideoSent,
    /// All parts are out, the job is not yet closed.
    Closing,
}

impl Step {
    /// Its word in the histogram.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Placeholder => "placeholder",
            Self::Download => "download",
            Self::Fit => "fit",
            Self::Transcribe => "transcribe",
            Self::Summarise => "summarise",
            Self::Between => "between",
            Self::TextSent => "text sent",
            Self::VideoSent => "video sent",
            Self::Closing => "closing",
        }
    }
}

/// Opens the tables of a dead (or merely watched) process.
pub async fn tables(data: &Path) -> Result<SqlitePool> {
    let url = format!("sqlite://{}?mode=rw", data.join("gramophone.db").display());
    Ok(SqlitePool::connect(&url).await?)
}

/// One entry for each step that a running job stood in; fitting and hearing go side by side, so one job can stand
/// in two.
pub async fn running(data: &Path) -> Result<Vec<Step>> {
    let pool = tables(data).await?;
    let mut hit = Vec::new();
    let jobs = sqlx::query("SELECT id, queue FROM job WHERE state = 'running'")
        .fetch_all(&pool)
        .await?;
    for job in jobs {
        let id: Vec<u8> = job.try_get(0)?;
        let queue: String = job.try_get(1)?;
        if queue == "reply" {
            hit.push(of_reply(&pool, &id).await?);
        } else {
            hit.extend(of_reel(&pool, &id).await?);
        }
    }
    pool.close().await;
    Ok(hit)
}

async fn of_reply(pool: &SqlitePool, job: &[u8]) -> Result<Step> {
    let first_word = "SELECT COUNT(*) FROM part WHERE job_id = ? AND name LIKE 'queued-%' \
                      AND state IN ('intent', 'unknown')";
    let row = sqlx::query(first_word).bind(job).fetch_one(pool).await?;
    let on_its_way: i64 = row.try_get(0)?;
    Ok(if on_its_way > 0 {
        Step::Placeholder
    } else {
        Step::Reply
    })
}

async fn of_reel(pool: &SqlitePool, job: &[u8]) -> Result<Vec<Step>> {
    let parts = sqlx::query("SELECT kind, state, name FROM part WHERE job_id = ? ORDER BY seq")
        .bind(job)
        .fetch_all(pool)
        .await?;
    let mut steps = Vec::new();
    let mut settled = 0;
    let mut has_last = false;
    for part in &parts {
        let kind: String = part.try_get(0)?;
        let state: String = part.try_get(1)?;
        let name: String = part.try_get(2)?;
        let is_text = kind.starts_with("text") || kind == "status";
        has_last |= !is_text || name.starts_with("last-");
        match state.as_str() {
            "intent" | "unknown" if is_text => steps.push(Step::TextSent),
            "intent" | "unknown" => steps.push(Step::VideoSent),
            "sent" | "failed" => settled += 1,
            _ => steps.push(Step::Between),
        }
    }
    if has_last && settled == parts.len() {
        steps.push(Step::Closing);
    }
    if !has_last {
        steps.extend(of_work(pool, job).await?);
    }
    Ok(steps)
}

async fn of_work(pool: &SqlitePool, job: &[u8]) -> Result<Vec<Step>> {
    let rows = sqlx::query(
        "SELECT work_step.name FROM job JOIN work_step ON work_step.work_key = json_extract(job.payload, '$.key') \
         WHERE job.id = ?",
    )
    .bind(job)
    .fetch_all(pool)
    .await?;
    let mut done = Vec::new();
    for row in rows {
        done.push(row.try_get::<String, _>(0)?);
    }
    let is_done = |name: &str| done.iter().any(|step| step.starts_with(name));
    if !is_done("fetched") {
        return Ok(vec![Step::Download]);
    }
    let mut steps = Vec::new();
    if !is_done("made") {
        steps.push(Step::Fit);
    }
    if !is_done("heard") {
        steps.push(Step::Transcribe);
    } else if !is_done("summary") {
        steps.push(Step::Summarise);
    }
    if steps.is_empty() {
        steps.push(Step::Between);
    }
    Ok(steps)
}

/// How many jobs are in no final state. The regular ones, which look after tokens and read the day's numbers, never end
/// for good.
pub async fn unfinished_jobs(data: &Path) -> Result<i64> {
    Ok(unfinished_by_state(data).await?.values().sum())
}

/// Those reels whose job is in a final state.
const FINISHED: &str = "SELECT COUNT(*) FROM job WHERE queue = 'reel' AND state NOT IN ('waiting', 'scheduled', 'running')";

/// How many people have got all that they will get.
pub async fn finished_people(data: &Path) -> Result<usize> {
    count(data, FINISHED).await
}

/// The same, for whoever asks again and again.
pub async fn finished_in(pool: &SqlitePool) -> Result<usize> {
    let count: i64 = sqlx::query_scalar(FINISHED).fetch_one(pool).await?;
    Ok(usize::try_from(count)?)
}

/// Whether a job is being worked on for the last time: one more kill and it is given up.
pub async fn is_on_last_attempt(data: &Path) -> Result<bool> {
    let on_last = "SELECT COUNT(*) FROM job WHERE state = 'running' AND attempts >= max_attempts";
    Ok(count(data, on_last).await? > 0)
}

/// Whether a job that is given up is telling the person so. That has tries of its own, and a job that kills its worker in
/// all of them is left without a word, by design: the trial would only prove that.
pub async fn is_being_buried(data: &Path) -> Result<bool> {
    let buried = "SELECT COUNT(*) FROM job WHERE state = 'running' AND attempts > max_attempts";
    Ok(count(data, buried).await? > 0)
}

/// How many reels ended without an answer.
pub async fn given_up(data: &Path) -> Result<usize> {
    let given_up = "SELECT COUNT(*) FROM job WHERE queue = 'reel' AND state IN ('dead', 'refused')";
    count(data, given_up).await
}

async fn count(data: &Path, sql: &'static str) -> Result<usize> {
    let pool = tables(data).await?;
    let row = sqlx::query(sql).fetch_one(&pool).await?;
    let count: i64 = row.try_get(0)?;
    pool.close().await;
    Ok(usize::try_from(count)?)
}

/// Jobs in no final state, by state.
pub async fn unfinished_by_state(data: &Path) -> Result<BTreeMap<String, i64>> {
    let pool = tables(data).await?;
    let rows = sqlx::query(
        "SELECT state, COUNT(*) FROM job WHERE state IN ('waiting', 'scheduled', 'running') \
         AND queue NOT IN ('tokens', 'snapshots') GROUP BY state",
    )
    .fetch_all(&pool)
    .await?;
    let mut states = BTreeMap::new();
    for row in rows {
        states.insert(row.try_get(0)?, row.try_get(1)?);
    }
    pool.close().await;
    Ok(states)
}

/// People whose message was stored.
pub async fn people_heard(data: &Path) -> Result<Vec<String>> {
    people(
        data,
        "SELECT DISTINCT person FROM event WHERE kind = 'message'",
    )
    .await
}

/// People who have a reel's job, in whatever state.
pub async fn people_with_job(data: &Path) -> Result<Vec<String>> {
    let with_job = "SELECT DISTINCT person FROM job WHERE person IS NOT NULL AND queue = 'reel'";
    people(data, with_job).await
}

async fn people(data: &Path, sql: &'static str) -> Result<Vec<String>> {
    let pool = tables(data).await?;
    let people = sqlx::query_scalar(sql).fetch_all(&pool).await?;
    pool.close().await;
    Ok(people)
}

/// How each person's reel ended, and whether the fate of one of its parts stayed unknown.
pub async fn fates(data: &Path) -> Result<BTreeMap<String, (String, bool)>> {
    let pool = tables(data).await?;
    let rows = sqlx::query(
        "SELECT job.person, job.state, EXISTS (SELECT 1 FROM part WHERE part.job_id = job.id \
         AND part.reason = 'outcome_unknown') FROM job WHERE job.queue = 'reel'",
    )
    .fetch_all(&pool)
    .await?;
    let mut fates = BTreeMap::new();
    for row in rows {
        fates.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
    }
    pool.close().await;
    Ok(fates)
}
