//! Faults put into worlds where all went well: the judge of the trials must see each, and nothing else.

use bench::crash::checker::{Findings, History, judge};
use bench::crash::run;
use bench::crash::signs::Signs;
use bench::crash::world::{Channel, World};

use crate::house;

/// A few people are served without any kill; then something is done, and the judge looks again.
async fn after(channel: Channel, plant: impl AsyncFnOnce(&World, &History)) -> Findings {
    let folder = tempfile::tempdir().unwrap();
    let (world, trial) = house::stubbed(channel, folder.path(), 0).await;
    let outcome = run(&trial, &world).await.unwrap();
    assert!(outcome.findings.is_clean(), "{:#?}", outcome.findings);
    plant(&world, &outcome.history).await;
    judge(&History::collect(&world, trial.jobs).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn words_said_twice_on_instagram_are_found() {
    let findings = after(Channel::Instagram, async |world, history| {
        let text = &history.threads[&world.person(3)].texts[0];
        world.say_by_hand(3, text).await.unwrap();
    });
    let findings = findings.await;
    assert_eq!(findings.twice.len(), 1, "{findings:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_job_on_instagram_is_found() {
    let findings = after(Channel::Instagram, async |world, _| {
        world.plant_lost_job(2).await.unwrap();
    });
    let findings = findings.await;
    assert_eq!(findings.lost.len(), 1, "{findings:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_video_on_telegram_is_found() {
    let findings = after(Channel::Telegram, async |world, _| {
        world.send_video_by_hand(1).await.unwrap();
    });
    let findings = findings.await;
    assert!(
        findings.twice.len() == 1 && findings.twice[0].ends_with("2 videos"),
        "{findings:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dangling_promise_on_telegram_is_found() {
    let findings = after(Channel::Telegram, async |world, _| {
        world.say_by_hand(0, &Signs::received()).await.unwrap();
    });
    let findings = findings.await;
    assert_eq!(findings.dangling.len(), 1, "{findings:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_job_on_telegram_is_found() {
    let findings = after(Channel::Telegram, async |world, _| {
        world.plant_lost_job(2).await.unwrap();
    });
    let findings = findings.await;
    assert_eq!(findings.lost.len(), 1, "{findings:#?}");
}
