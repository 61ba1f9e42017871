//! The control API beside faults and webhooks: clock, log, reset, stream, CDN life, environment.

use futures::StreamExt as _;
use serde_json::json;

use crate::support::{FACEBOOK, PERSON, World, text_to};

#[tokio::test]
async fn the_log_masks_secrets_and_is_filtered() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    let secret = world.url(&format!(
        "{FACEBOOK}/me?access_token=SIM-PAGE-TOKEN&fields=id"
    ));
    world
        .client
        .get(secret)
        .header("user-agent", "probe/1")
        .send()
        .await
        .unwrap();
    world.send_text("kept").await;
    let log = world.look("calls").await;
    let calls = log["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2, "control calls are not in it");
    assert_eq!(
        calls[0]["query"],
        json!({"access_token": "***", "fields": "id"})
    );
    assert_eq!(
        (&calls[0]["user_agent"], &calls[0]["token"]),
        (&json!("probe/1"), &json!("query"))
    );
    assert_eq!(calls[1]["body"], text_to(PERSON, "kept"));
    assert_eq!(
        (&calls[1]["host"], &calls[1]["path"]),
        (&json!("graph.facebook.com"), &json!("/v26.0/me/messages"))
    );
    assert!(calls[1]["answer"]["message_id"].is_string());
    assert!(!log.to_string().contains("SIM-PAGE-TOKEN"));
    let later = world
        .look(&format!("calls?after={}&method=post", calls[0]["seq"]))
        .await;
    assert_eq!(later["calls"].as_array().unwrap().len(), 1);
    world
        .client
        .get(world.url("graph.example.org/x"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        world.look("calls").await["unmodelled"][0]["host"],
        "graph.example.org"
    );
}

#[tokio::test]
async fn the_clock_goes_forward_only_and_reset_starts_anew() {
    let world = World::start().await;
    let now_ms = world.look("clock").await["now_ms"].as_i64().unwrap();
    let moved = world.sim("clock", json!({"to": now_ms + 5_000_000})).await;
    assert!(moved["now_ms"].as_i64().unwrap() >= now_ms + 5_000_000);
    let back = world
        .client
        .post(world.url("_sim/clock"))
        .json(&json!({"to": 5}))
        .send()
        .await
        .unwrap();
    assert_eq!(back.status(), 400);
    world.person_writes("hi").await;
    world
        .sim("faults", json!({"do": {"kind": "lose_echo"}}))
        .await;
    world.sim("tokens", json!({"state": "expired"})).await;
    world.sim("reset", json!({})).await;
    assert_eq!(world.thread().await["messages"], json!([]));
    assert_eq!(world.look("faults").await["faults"], json!([]));
    assert_eq!(world.look("calls").await["calls"], json!([]));
    assert_eq!(world.get(&format!("{FACEBOOK}/me")).await.status, 200);
    assert!(world.look("clock").await["now_ms"].as_i64().unwrap() < now_ms + 5_000_000);
    let before = world.receiver.so_far().len();
    world.person_writes("the target is still there").await;
    world.receiver.wait(before + 1).await;
}

#[tokio::test]
async fn media_addresses_expire_and_die() {
    let world = World::without_webhook().await;
    let reels = world.look("reels").await;
    let image = reels
        .as_array()
        .unwrap()
        .iter()
        .find(|reel| reel["kind"] == "image")
        .unwrap();
    let body = json!({"attachments": [{"type": "image", "code": image["code"]}]});
    let mid = world.sim(&format!("people/{PERSON}/messages"), body).await["mid"].clone();
    let address = async || {
        world.thread().await["messages"][0]["attachments"][0]["url"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let url = address().await;
    let status = async |url: &str| {
        world
            .client
            .get(url)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(status(&url).await, 200);
    assert_eq!(status(&url.replace("signature=", "signature=1")).await, 403);
    world
        .sim("clock", json!({"advance_ms": 25 * 3_600_000}))
        .await;
    assert_eq!(status(&url).await, 403, "expired");
    let fresh = address().await;
    assert_eq!(status(&fresh).await, 200);
    world.sim("unsend", json!({"mid": mid})).await;
    assert_eq!(status(&fresh).await, 404, "unsent");
}

#[tokio::test]
async fn the_stream_tells_of_changes() {
    let world = World::without_webhook().await;
    let answer = world
        .client
        .get(world.url(&format!("_sim/stream?person={PERSON}")))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut stream = answer.bytes_stream();
    world
        .sim(
            "people/5550000000000002/messages",
            json!({"text": "somebody else"}),
        )
        .await;
    world.person_writes("hi").await;
    let piece = stream.next().await.unwrap().unwrap();
    let text = String::from_utf8(piece.to_vec()).unwrap();
    assert!(
        text.contains("event: change") && text.contains(PERSON) && text.contains("\"message\""),
        "{text}"
    );
    assert!(!text.contains("5550000000000002"));
}

#[tokio::test]
async fn the_environment_is_all_a_client_needs() {
    let world = World::without_webhook().await;
    let text = world.simulator.client_environment();
    let value = |name: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{name}=")))
            .unwrap();
        line.split_once('=').unwrap().1.to_owned()
    };
    assert_eq!(value("INSTAGRAM_APP_SECRET"), "simulator-app-secret");
    assert!(value("GRAMOPHONE_MEDIA__TEST_HOSTS").starts_with("127.0.0.1:"));
    let me = format!("{}/v26.0/me", value("GRAMOPHONE_GRAPH__GRAPH_FACEBOOK"));
    let answer = world
        .client
        .get(me)
        .bearer_auth(value("INSTAGRAM_PAGE_ACCESS_TOKEN"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn stopping_closes_the_port_and_removes_uploads() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_owned();
    let options = simulator::Options {
        data_dir: folder.clone(),
        ..simulator::Options::default()
    };
    let world = World::with(options, data).await;
    let url = world.url("_sim/clock");
    assert_eq!(
        std::fs::read_dir(folder.join("uploads")).unwrap().count(),
        1
    );
    world.simulator.stop().await;
    assert_eq!(
        std::fs::read_dir(folder.join("uploads")).unwrap().count(),
        0
    );
    assert!(world.client.get(url).send().await.is_err());
}

#[tokio::test]
async fn control_calls_say_what_is_wrong() {
    let world = World::without_webhook().await;
    let post = async |path: &str, body: serde_json::Value| {
        let answer = world
            .client
            .post(world.url(&format!("_sim/{path}")))
            .json(&body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, text) = post("people/1/messages", json!({"share": {"code": "nope"}})).await;
    assert!(
        status == 404 && text.contains("/_sim/reels"),
        "{status} {text}"
    );
    let (status, text) = post("people/1/messages", json!({"text": "hi", "to": "9"})).await;
    assert!(
        status == 404 && text.contains("/_sim/accounts"),
        "{status} {text}"
    );
    assert_eq!(post("people/1/messages", json!({})).await.0, 400);
    assert_eq!(
        post("people/1/messages", json!({"txet": "hi"})).await.0,
        422
    );
    assert_eq!(post("webhooks/raw", json!({"body": "{}"})).await.0, 400);
    assert_eq!(post("unsend", json!({"mid": "nope"})).await.0, 404);
    assert_eq!(post("limits", json!({"speed": 3})).await.0, 400);
}
