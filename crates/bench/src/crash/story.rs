//! What is known of a person whom the checker names, for whoever looks for the cause: a trial is drawn anew each time.

use std::fmt::Write as _;

use anyhow::Result;
use sqlx::Row as _;

use super::checker::Findings;
use super::steps::tables;
use super::world::World;

/// Of so many people it is told; the first ones are as good as any.
const AT_MOST: usize = 3;

/// The jobs, parts, messages and log lines of the people in the findings.
pub async fn of(world: &World, findings: &Findings, people: usize) -> Result<String> {
    let all = [
        &findings.twice,
        &findings.lost,
        &findings.dangling,
        &findings.other,
    ];
    let mut named: Vec<&str> = all
        .into_iter()
        .flatten()
        .filter_map(|finding| finding.split(':').next())
        .collect();
    named.dedup();
    let mut story = String::new();
    for number in 0..people {
        let person = world.person(number);
        if named.iter().take(AT_MOST).any(|name| *name == person) {
            tell(world, number, &person, &mut story).await?;
        }
    }
    Ok(story)
}

async fn tell(world: &World, number: usize, person: &str, story: &mut String) -> Result<()> {
    let pool = tables(world.data()).await?;
    let log = std::fs::read_to_string(world.data().join("server.log")).unwrap_or_default();
    let jobs = "SELECT id, queue, state, attempts, created_at_ms, finished_at_ms, payload FROM job WHERE person = ? \
                ORDER BY id";
    let jobs = sqlx::query(jobs).bind(person).fetch_all(&pool).await?;
    // Writing into a String cannot fail.
    let _ = writeln!(story, "--- {person}");
    for job in jobs {
        let id: Vec<u8> = job.try_get(0)?;
        let _ = writeln!(
            story,
            "job {} {} {} after {} attempts, {} to {:?}: {}",
            hex::encode(&id),
            job.try_get::<String, _>(1)?,
            job.try_get::<String, _>(2)?,
            job.try_get::<i64, _>(3)?,
            job.try_get::<i64, _>(4)?,
            job.try_get::<Option<i64>, _>(5)?,
            job.try_get::<String, _>(6)?,
        );
        let parts = "SELECT name, state, attempt, mid, reason, cursor_mid, intent_at_ms, body FROM part \
                     WHERE job_id = ? ORDER BY seq";
        for part in sqlx::query(parts).bind(&id).fetch_all(&pool).await? {
            let _ = writeln!(
                story,
                "  part {} {} try {}, message {:?}, reason {:?}, after {:?}, at {:?}: {}",
                part.try_get::<String, _>(0)?,
                part.try_get::<String, _>(1)?,
                part.try_get::<i64, _>(2)?,
                part.try_get::<Option<String>, _>(3)?,
                part.try_get::<Option<String>, _>(4)?,
                part.try_get::<Option<String>, _>(5)?,
                part.try_get::<Option<i64>, _>(6)?,
                part.try_get::<String, _>(7)?,
            );
        }
        let dashed = uuid_of(&id);
        for line in log.lines().filter(|line| line.contains(&dashed)) {
            let _ = writeln!(story, "  log {line}");
        }
    }
    pool.close().await;
    for message in world.messages(number).await? {
        let _ = writeln!(story, "  seen {message}");
    }
    Ok(())
}

fn uuid_of(id: &[u8]) -> String {
    let hex = hex::encode(id);
    let cut = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        cut(0, 8),
        cut(8, 12),
        cut(12, 16),
        cut(16, 20),
        cut(20, 32)
    )
}
