//! `kill -9` at random points of 200 jobs on each messenger: 190 with instant stub tools, 10 with the real ones.
//! Afterwards every accepted message is answered or refused with a reason, nobody got any part twice, and no message
//! promises what already came or never will.

use std::path::Path;
use std::time::Instant;

use bench::crash::world::{Channel, World};
use bench::crash::{Outcome, never_hit, print, run, story};

use crate::house;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_instagram_jobs_survive_kill_nine() {
    two_hundred(Channel::Instagram).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_telegram_jobs_survive_kill_nine() {
    two_hundred(Channel::Telegram).await;
}

async fn two_hundred(channel: Channel) {
    let _turn = house::turn().await;
    let seed: u64 = rand::random();
    let started = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let stubbed = stubbed(channel, seed, folder.path()).await;
    let mut histogram = stubbed.histogram;
    assert!(
        never_hit(channel, &histogram).is_empty(),
        "no kill hit: {:?} (seed {seed})",
        never_hit(channel, &histogram)
    );
    let real = real(channel, seed, folder.path()).await;
    for (step, count) in real.histogram {
        *histogram.entry(step).or_insert(0) += count;
    }
    println!(
        "{channel:?}, seed {seed}: {} and {} people, {} and {} kills, {:.0} s; jobs hit by a kill, by step:\n{}",
        stubbed.history.threads.len(),
        real.history.threads.len(),
        stubbed.kills,
        real.kills,
        started.elapsed().as_secs_f64(),
        print(channel, &histogram)
    );
}

/// 190 jobs whose tools answer at once, in a world that is just slow enough to be hit.
async fn stubbed(channel: Channel, seed: u64, folder: &Path) -> Outcome {
    let (world, mut trial) = house::stubbed(channel, folder, seed).await;
    let slow: &[(&str, u64)] = match channel {
        Channel::Instagram => &[("messages", 40), ("message_attachments", 40)],
        Channel::Telegram => &[
            ("bot*/sendMessage", 20),
            ("bot*/editMessage", 20),
            ("bot*/sendVideo", 20),
        ],
    };
    for (path, ms) in slow {
        world.slow_down(path, *ms).await.unwrap();
    }
    world.slow_down("chat/completions", 60).await.unwrap();
    (trial.jobs, trial.more_jobs, trial.kills) = (190, 400, 600);
    if channel == Channel::Telegram {
        // Some lives are long enough for words that go out before their video.
        trial.lives_ms = [vec![(250, 1_600); 4], vec![(1_600, 3_200)]].concat();
    }
    let outcome = run(&trial, &world).await.unwrap();
    assert_clean(&world, &outcome, seed).await;
    assert!(
        outcome.kills >= 20,
        "only {} kills: the trial ended before it tried",
        outcome.kills
    );
    outcome
}

/// 10 jobs with the real ffmpeg, yt-dlp and recogniser.
async fn real(channel: Channel, seed: u64, folder: &Path) -> Outcome {
    let (world, trial) = house::real(channel, folder, seed).await;
    let outcome = run(&trial, &world).await.unwrap();
    assert_clean(&world, &outcome, seed).await;
    outcome
}

async fn assert_clean(world: &World, outcome: &Outcome, seed: u64) {
    if outcome.findings.is_clean() {
        return;
    }
    let people = outcome.history.threads.len();
    panic!(
        "seed {seed}, {} kills: {:#?}\n{}",
        outcome.kills,
        outcome.findings,
        story::of(world, &outcome.findings, people).await.unwrap()
    );
}
