//! The document's third use case: a FastAPI receiver of Meta's signed form, fed by a subscription of ours.

use std::process::Stdio;
use std::time::{Duration, Instant};

use bench::demo::{Demo, program, workspace};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::clients::tool;

const SECRET: &str = "receiver-secret-0123456789";

/// The example of the repository, as its first lines say how to run it.
fn receiver(port: u16) -> Child {
    Command::new(tool("bin/python"))
        .args(["-m", "uvicorn", "receiver:app", "--port", &port.to_string()])
        .current_dir(workspace().join("examples/receiver"))
        .env("RECEIVER_SECRET", SECRET)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Asks the receiver until it has seen what it should.
async fn seen(http: &reqwest::Client, base: &str, enough: impl Fn(&Value) -> bool) -> Value {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let answer = http.get(format!("{base}/seen")).send().await;
        if let Ok(answer) = answer {
            let told: Value = answer.json().await.unwrap();
            if enough(&told) {
                return told;
            }
            assert!(Instant::now() < until, "the receiver saw only {told}");
        }
        assert!(Instant::now() < until, "the receiver does not answer");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_receiver_gets_metas_form_signed_anew() {
    let port = bench::server::free_port().unwrap();
    let _receiver = receiver(port);
    let base = format!("http://127.0.0.1:{port}");
    let environment = [
        ("CONTENT_CALLBACK_URL", format!("{base}/instagram/webhook")),
        ("API_SECRET", "the-key-of-the-receiver".to_owned()),
        ("GRAMOPHONE_FORWARD__FORMAT", "raw".to_owned()),
        ("GRAMOPHONE_FORWARD__SECRET", SECRET.to_owned()),
        (
            "GRAMOPHONE_FORWARD__LOOPBACK_HOSTS",
            format!("127.0.0.1:{port}"),
        ),
    ];
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let demo = Demo::start(&program().unwrap(), &environment)
        .await
        .unwrap();
    for text in [
        "A question: is it open?",
        "This is a complaint",
        "Just nice",
    ] {
        let comments = format!("{}/_sim/comments", demo.simulator);
        let comment = json!({"from": "5550000000000777", "text": text});
        let answer = demo
            .http
            .post(comments)
            .json(&comment)
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }
    let told = seen(&demo.http, &base, |told| {
        told["events"].as_u64().is_some_and(|events| events >= 3)
    })
    .await;
    assert_eq!(told["flagged"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told["flagged"][0][1], "A question: is it open?");
    assert_eq!(told["escalated"][0][1], "5550000000000777", "{told}");
    // A forged one is not taken.
    let forged = demo
        .http
        .post(format!("{base}/instagram/webhook"))
        .header("X-Hub-Signature-256", "sha256=00");
    assert_eq!(forged.body("{}").send().await.unwrap().status(), 401);
    // What it could not handle it does not take for handled when it comes again, and a comment may come bare.
    let comment = |value: Value| {
        json!({"entry": [{"changes": [{"field": "comments", "value": value}]}]}).to_string()
    };
    let broken = comment("no object".into());
    let short = comment(json!({"id": "178", "text": "A question of nobody's"}));
    // A server that failed hangs up: each call has a connection of its own.
    let alone = reqwest::Client::builder().no_proxy();
    let alone = alone.pool_max_idle_per_host(0).build().unwrap();
    for (id, body, status) in [
        ("a", &broken, 500),
        ("a", &broken, 500),
        ("b", &short, 200),
        ("b", &short, 200),
    ] {
        let signed = bench::delivery::signature(SECRET, body.as_bytes());
        let call = alone.post(format!("{base}/instagram/webhook"));
        let call = call.header("X-Hub-Signature-256", format!("sha256={signed}"));
        let call = call.header("webhook-id", id).body(body.clone());
        assert_eq!(call.send().await.unwrap().status(), status, "{id}");
    }
    let told = seen(&demo.http, &base, |_| true).await;
    assert_eq!(told["flagged"].as_array().unwrap().len(), 2, "{told}");
}
