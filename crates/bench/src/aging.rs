//! Time that passes while a process is dead. The process under trial goes by the clock of the machine, which nobody can
//! move; so what its tables wait for is moved towards now instead, as it would have come nearer while nobody ran.

use std::path::Path;

use anyhow::Result;

use crate::crash::steps::tables;

/// The moments that waits are counted from or to: when a job is due, when a delivery is tried again, when a post was
/// tried whose fate is not known.
const MOMENTS: [&str; 3] = [
    "UPDATE job SET run_at_ms = run_at_ms - ? WHERE state = 'scheduled'",
    "UPDATE forwarding SET next_at_ms = next_at_ms - ? WHERE next_at_ms IS NOT NULL",
    "UPDATE publication SET intent_at_ms = intent_at_ms - ? WHERE intent_at_ms IS NOT NULL",
];

/// Lets so much time pass; the process must be dead.
pub async fn pass(data: &Path, ms: i64) -> Result<()> {
    let pool = tables(data).await?;
    for moment in MOMENTS {
        sqlx::query(moment).bind(ms).execute(&pool).await?;
    }
    pool.close().await;
    Ok(())
}
