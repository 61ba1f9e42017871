//! What the kernel says about a process and a disk: processor time, memory, and the price of a flush.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Processor seconds (user and system) that the process has used so far.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} is gone"))?;
    // The name stands in brackets and may hold spaces: count fields after it.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks: f64 = [11, 12]
        .iter()
        .filter_map(|index| fields.get(*index)?.parse::<f64>().ok())
        .sum();
    Ok(ticks / TICKS_PER_SECOND)
}

/// The unit of times in `/proc`: fixed at 100 for programs on every Linux that we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// Proportional set size in megabytes (10^6 bytes): what the process costs this machine.
pub fn pss_megabytes(pid: u32) -> Result<f64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let kilobytes: f64 = rollup
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .and_then(|value| value.split_whitespace().next()?.parse().ok())
        .context("smaps_rollup has no Pss line")?;
    Ok(kilobytes * 1024.0 / 1e6)
}

/// The highest resident memory so far, in megabytes.
pub fn peak_megabytes(pid: u32) -> Result<f64> {
    status_megabytes(pid, "VmHWM:")
}

/// The resident memory now, in megabytes.
pub fn resident_megabytes(pid: u32) -> Result<f64> {
    status_megabytes(pid, "VmRSS:")
}

fn status_megabytes(pid: u32, name: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kilobytes: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|value| value.split_whitespace().next()?.parse().ok())
        .with_context(|| format!("status has no {name} line"))?;
    Ok(kilobytes * 1024.0 / 1e6)
}

/// Times of a 4 KiB append with `fdatasync` on the disk that holds `folder`: the floor under every
/// durable answer.
pub fn flushes(folder: &Path, count: usize) -> Result<Vec<Duration>> {
    let path = folder.join("flush-probe");
    let mut file = File::create(&path)?;
    let block = [7_u8; 4096];
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let at = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(at.elapsed());
    }
    std::fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_memory_and_time() {
        let pid = std::process::id();
        assert!(pss_megabytes(pid).unwrap() > 0.5);
        assert!(peak_megabytes(pid).unwrap() > 0.5);
        assert!(cpu_seconds(pid).unwrap() >= 0.0);
        assert!(
            cpu_seconds(0).is_err(),
            "a process that is not there is told"
        );
    }

    #[test]
    fn a_flush_takes_time() {
        let folder = tempfile::tempdir().unwrap();
        let times = flushes(folder.path(), 3).unwrap();
        assert_eq!(times.len(), 3);
        assert!(times[0] > Duration::ZERO);
    }
}
