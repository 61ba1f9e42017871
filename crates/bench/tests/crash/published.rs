//! Pictures, reels, carousels and stories ordered while the process that publishes them is killed at random points: in
//! the end each is out once, with its first comment once, whatever was ordered again under the same key.

use std::path::Path;
use std::time::{Duration, Instant};

use bench::crash::world::{Channel, World};
use bench::published::files::Files;
use bench::published::{Outcome, Trial, judge_again, run};
use bench::server::ACCOUNT;
use reqwest::Method;
use serde_json::{Value, json};

use crate::house;

/// A trial without any kill yet, and its world.
async fn open(folder: &Path) -> (Trial, World, Files) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let world = World::start(
        Channel::Instagram,
        &folder.join("data"),
        &folder.join("samples"),
    )
    .await
    .unwrap();
    let trial = Trial {
        program: house::built("gramophone"),
        posts: 4,
        at_once: 4,
        slow_ms: 0,
        out_ms: 0,
        kills: 0,
        more_kills: 0,
        life_ms: (100, 900),
        seed: 2,
        deadline: Duration::from_mins(6),
    };
    let files = Files::make(&folder.join("files")).await.unwrap();
    (trial, world, files)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ordered_post_is_out_once() {
    let _turn = house::turn().await;
    let started = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let (mut trial, world, files) = open(folder.path()).await;
    (trial.posts, trial.slow_ms, trial.out_ms) = (24, 20, 200);
    (trial.kills, trial.more_kills) = (16, 40);
    let outcome = run(&trial, &world, &files).await.unwrap();
    let Outcome {
        histogram, kills, ..
    } = &outcome;
    assert!(
        outcome.findings.is_clean(),
        "seed {}, {kills} kills, {histogram:?}: {:#?}",
        trial.seed,
        outcome.findings
    );
    assert_eq!(outcome.ledger.posts.len(), 24);
    assert!(
        histogram.values().all(|count| *count > 0),
        "a step was never hit: {histogram:?}"
    );
    println!(
        "seed {}: {kills} kills, {:.0} s; posts hit by a kill, by step: {histogram:?}",
        trial.seed,
        started.elapsed().as_secs_f64(),
    );
}

/// A call of Meta's, as another program with the same token makes it.
async fn by_hand(world: &World, method: Method, path: &str, body: &Value) -> Value {
    let url = format!("{}/graph.facebook.com/v26.0/{path}", world.base());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut call = client.request(method, url).bearer_auth("SIM-PAGE-TOKEN");
    if !body.is_null() {
        call = call.json(body);
    }
    let answer = call.send().await.unwrap();
    answer.error_for_status().unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_post_a_second_comment_and_a_lost_post_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let (trial, world, files) = open(folder.path()).await;
    let outcome = run(&trial, &world, &files).await.unwrap();
    assert!(outcome.findings.is_clean(), "{:#?}", outcome.findings);
    let post = |words: &str| {
        let is_it = |post: &&bench::published::ledger::Post| post.caption.as_deref() == Some(words);
        outcome.ledger.posts.iter().find(is_it).unwrap()
    };

    let made = json!({"image_url": files.picture(), "caption": "Post number 0"});
    let made = by_hand(&world, Method::POST, &format!("{ACCOUNT}/media"), &made).await;
    let ready = format!("{}?fields=status_code", made["id"].as_str().unwrap());
    while by_hand(&world, Method::GET, &ready, &Value::Null).await["status_code"] != "FINISHED" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let out = json!({"creation_id": made["id"]});
    by_hand(
        &world,
        Method::POST,
        &format!("{ACCOUNT}/media_publish"),
        &out,
    )
    .await;
    let findings = judge_again(&world, &outcome).await.unwrap();
    assert_eq!(findings.twice.len(), 1, "{findings:#?}");

    let reel = &post("Post number 1").id;
    let comment = json!({"message": "What stands below number 1"});
    by_hand(&world, Method::POST, &format!("{reel}/comments"), &comment).await;
    let findings = judge_again(&world, &outcome).await.unwrap();
    assert_eq!(findings.twice.len(), 2, "{findings:#?}");
    assert!(findings.lost.is_empty(), "{findings:#?}");

    let carousel = &post("Post number 2").id;
    by_hand(&world, Method::DELETE, carousel, &Value::Null).await;
    let findings = judge_again(&world, &outcome).await.unwrap();
    assert_eq!(findings.lost.len(), 1, "{findings:#?}");
}
