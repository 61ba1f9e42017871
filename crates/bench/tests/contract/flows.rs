//! The document's use cases against the demo, and what they cost at Meta.

use bench::demo::{Demo, program};
use serde_json::Value;

use crate::clients::{run, script, tool};

/// Graph calls so far, oldest first.
async fn graph_calls(demo: &Demo) -> Vec<String> {
    let url = format!("{}/_sim/calls?limit=10000", demo.simulator);
    let calls: Value = demo
        .http
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    calls["calls"]
        .as_array()
        .or_else(|| calls.as_array())
        .expect("a list of calls")
        .iter()
        .filter(|call| {
            call["host"]
                .as_str()
                .is_some_and(|host| host.starts_with("graph."))
        })
        .map(|call| format!("{} {}", call["method"], call["path"]))
        .collect()
}

async fn clock_ms(demo: &Demo) -> i64 {
    let url = format!("{}/_sim/clock", demo.simulator);
    let clock: Value = demo
        .http
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    clock["now_ms"]
        .as_i64()
        .or_else(|| clock["now"].as_i64())
        .expect("a clock")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_use_cases_run_and_every_number_is_the_seeds() {
    let demo = Demo::start(&program().unwrap(), &[]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let before = clock_ms(&demo).await.to_string();
    let told = run(
        &tool("bin/python"),
        &[&script("use_cases.py")],
        &[("CONTRACT_HOST", &demo.server), ("CONTRACT_TOKEN", "")],
    )
    .await;
    let seed = demo
        .http
        .get(format!("{}/_sim/seed", demo.simulator))
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let (truth_file, told_file) = (
        folder.path().join("seed.json"),
        folder.path().join("seen.json"),
    );
    std::fs::write(&truth_file, seed).unwrap();
    std::fs::write(&told_file, told.stdout).unwrap();
    let judged = run(
        &tool("bin/python"),
        &[
            &script("truth.py"),
            &truth_file.display().to_string(),
            &told_file.display().to_string(),
            &before,
        ],
        &[],
    )
    .await;
    println!("{}", String::from_utf8_lossy(&judged.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_posts_with_numbers_cost_one_call_or_two() {
    let quiet = [
        ("GRAMOPHONE_SNAPSHOTS__ENABLED", "false"),
        ("GRAMOPHONE_SNAPSHOTS__STORIES", "false"),
    ];
    let demo = Demo::start(&program().unwrap(), &quiet).await.unwrap();
    // The account is looked up once, before what is counted here.
    let profile = demo
        .http
        .post(format!("{}/instagram/user/profile", demo.server));
    assert!(profile.send().await.unwrap().status().is_success());
    let before = graph_calls(&demo).await.len();
    let media: Value = demo
        .http
        .post(format!("{}/instagram/user/media?limit=50", demo.server))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let posts = media["media"]["data"].as_array().expect("posts").clone();
    assert_eq!(posts.len(), 50);
    for post in &posts {
        let url = format!(
            "{}/instagram/media/{}/insights",
            demo.server,
            post["id"].as_str().unwrap()
        );
        let answer = demo.http.post(url).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }
    let mut spent = graph_calls(&demo).await.split_off(before);
    // The bot introduces itself to Meta while it starts.
    spent.retain(|call| call.contains("/media") || call.contains("/insights"));
    assert!(
        (1..=2).contains(&spent.len()),
        "51 requests to us cost {spent:#?}"
    );
}
