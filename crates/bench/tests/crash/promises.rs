//! What was promised on Telegram and cannot be kept: the message says so instead of promising for ever.

use std::path::Path;
use std::time::Duration;

use bench::crash::checker::Thread;
use bench::crash::run;
use bench::crash::signs::Signs;
use bench::crash::steps::tables;
use bench::crash::world::{Channel, World};
use bench::material::Film;
use bench::server::Launch;
use serde_json::json;

use crate::house;

/// One message of words that promises nothing and says that the video does not come.
fn assert_words_alone(thread: &Thread) {
    let signs = Signs::read();
    let [text] = thread.texts.as_slice() else {
        panic!("{thread:?}");
    };
    assert!(thread.media == 0 && !signs.promises(text), "{thread:?}");
    assert!(text.ends_with(&Signs::sentence("no-file")), "{thread:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_telegram_refuses_leaves_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let (world, mut trial) = house::stubbed(Channel::Telegram, folder.path(), 0).await;
    trial.jobs = 2;
    let fault = json!({"match": {"path": "bot*/editMessageMedia"}, "times": 0, "do": {"kind": "status", "status": 413}});
    world.post("/_sim/faults", &fault).await.unwrap();
    let outcome = run(&trial, &world).await.unwrap();
    for thread in outcome.history.threads.values() {
        assert_words_alone(thread);
    }
}

/// Waits until a query finds something.
async fn until(data: &Path, sql: &'static str) {
    let pool = tables(data).await.unwrap();
    loop {
        let found: i64 = sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap();
        if found > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    pool.close().await;
}

/// Lets a reel's words go out, then kills the process in every further attempt at its video.
async fn give_up_after_words(launch: &Launch, world: &World) {
    let data = world.data();
    let server = launch.start().await.unwrap();
    world.send_reel(0).await.unwrap();
    until(
        data,
        "SELECT COUNT(*) FROM part WHERE name = 'text-0' AND state = 'sent'",
    )
    .await;
    server.kill().await.unwrap();
    let is_on_last = "SELECT COUNT(*) FROM job WHERE queue = 'reel' AND attempts >= max_attempts";
    loop {
        let pool = tables(data).await.unwrap();
        let over: i64 = sqlx::query_scalar(is_on_last)
            .fetch_one(&pool)
            .await
            .unwrap();
        pool.close().await;
        if over > 0 {
            return;
        }
        let server = launch.start().await.unwrap();
        until(
            data,
            "SELECT COUNT(*) FROM job WHERE queue = 'reel' AND state = 'running'",
        )
        .await;
        server.kill().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_is_given_up_after_its_words_is_no_longer_promised() {
    let folder = tempfile::tempdir().unwrap();
    let film = Film {
        late_one_in: 1,
        late_ms: 60_000,
        ..house::film(Channel::Telegram)
    };
    let (world, trial) = house::filmed(Channel::Telegram, folder.path(), film).await;
    let mut launch = Launch::new(&trial.program, "up", world.data()).unwrap();
    launch.environment = world.environment();
    launch.environment.extend(trial.environment.iter().cloned());
    give_up_after_words(&launch, &world).await;
    let server = launch.start().await.unwrap();
    until(world.data(), "SELECT COUNT(*) FROM job WHERE queue = 'reply' AND state = 'done' AND payload LIKE '%apology%'").await;
    server.kill().await.unwrap();
    assert_words_alone(&world.thread(0).await.unwrap());
}
