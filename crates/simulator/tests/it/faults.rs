//! Faults: each kind, seen from the client's side and from the world's.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{ACCOUNT, FACEBOOK, PERSON, World, text_to};

async fn fault(world: &World, rule: Value) -> String {
    world.sim("faults", rule).await["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn on_sends(what: Value) -> Value {
    json!({"match": {"method": "POST", "path": "/messages"}, "do": what})
}

/// Tries to send; an error if no whole answer came.
async fn try_send(world: &World, text: &str) -> Result<(u16, Value), reqwest::Error> {
    let request = world
        .client
        .post(world.url(&format!("{FACEBOOK}/me/messages")));
    let answer = request
        .bearer_auth("SIM-PAGE-TOKEN")
        .json(&text_to(PERSON, text))
        .send()
        .await?;
    let status = answer.status().as_u16();
    Ok((status, answer.json().await?))
}

async fn shown(world: &World) -> usize {
    world.thread().await["messages"].as_array().unwrap().len() - 1
}

async fn world() -> World {
    let world = World::start().await;
    world.person_writes("hi").await;
    world.receiver.wait(1).await;
    world
}

#[tokio::test]
async fn a_status_is_answered_without_doing_the_call() {
    let world = world().await;
    let mut rule = on_sends(
        json!({"kind": "status", "status": 400, "code": 4, "is_transient": true, "headers": {"retry-after": "7"}}),
    );
    rule["times"] = json!(2);
    rule["after"] = json!(1);
    fault(&world, rule).await;
    assert_eq!(world.send_text("passes").await.status, 200);
    for _ in 0..2 {
        let answer = world.send_text("refused").await;
        assert_eq!(answer.error(), (4, None));
        assert_eq!(answer.headers["retry-after"], "7");
    }
    assert_eq!(world.send_text("passes").await.status, 200);
    assert_eq!(shown(&world).await, 2);
    let calls = world.look("calls?path=/messages").await;
    assert_eq!(calls["calls"][1]["fault"], "fault-1");
    fault(
        &world,
        on_sends(json!({"kind": "status", "status": 502, "body": "<html>Sorry</html>"})),
    )
    .await;
    assert!(try_send(&world, "page").await.is_err(), "not JSON");
}

#[tokio::test]
async fn apply_then_error_and_apply_then_drop_do_the_call() {
    let world = world().await;
    fault(
        &world,
        on_sends(
            json!({"kind": "apply_then_error", "status": 400, "code": 1, "subcode": 1_357_046}),
        ),
    )
    .await;
    assert_eq!(world.send_text("one").await.error(), (1, Some(1_357_046)));
    assert_eq!(shown(&world).await, 1);
    fault(&world, on_sends(json!({"kind": "apply_then_drop"}))).await;
    assert!(try_send(&world, "two").await.is_err());
    assert_eq!(shown(&world).await, 2);
    let arrivals = world.receiver.wait(3).await;
    assert_eq!(
        arrivals[2].item()["message"]["text"],
        "two",
        "the echo comes all the same"
    );
    let calls = world.look("calls?path=/messages").await;
    assert_eq!(calls["calls"][1]["answered"], false);
}

#[tokio::test]
async fn drop_then_close_does_nothing() {
    let world = world().await;
    fault(&world, on_sends(json!({"kind": "drop_then_close"}))).await;
    assert!(try_send(&world, "lost").await.is_err());
    assert_eq!(shown(&world).await, 0);
    assert_eq!(world.send_text("works again").await.status, 200);
}

#[tokio::test]
async fn late_apply_happens_on_metas_clock() {
    let world = world().await;
    fault(
        &world,
        on_sends(json!({"kind": "late_apply", "ms": 90_000})),
    )
    .await;
    assert!(try_send(&world, "late").await.is_err());
    assert_eq!(shown(&world).await, 0);
    world.sim("clock", json!({"advance_ms": 90_000})).await;
    let arrivals = world.receiver.wait(2).await;
    assert_eq!(arrivals[1].item()["message"]["text"], "late");
    assert_eq!(shown(&world).await, 1);
}

#[tokio::test]
async fn a_delay_waits_and_an_impatient_client_changes_nothing() {
    let world = world().await;
    fault(&world, on_sends(json!({"kind": "delay", "ms": 300}))).await;
    let started = Instant::now();
    assert_eq!(world.send_text("slow").await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(300));
    fault(
        &world,
        on_sends(json!({"kind": "delay", "ms": 5_000, "when": "after"})),
    )
    .await;
    let request = world
        .client
        .post(world.url(&format!("{FACEBOOK}/me/messages")))
        .bearer_auth("SIM-PAGE-TOKEN");
    let impatient = request
        .json(&text_to(PERSON, "gone"))
        .timeout(Duration::from_millis(200))
        .send()
        .await;
    assert!(impatient.unwrap_err().is_timeout());
    // Done although nobody waited.
    let done = async {
        while shown(&world).await < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let patience = Duration::from_mins(1);
    tokio::time::timeout(patience, done).await.unwrap();
}

#[tokio::test]
async fn an_answer_can_be_cut_or_drip() {
    let world = world().await;
    fault(&world, on_sends(json!({"kind": "cut", "bytes": 10}))).await;
    let request = world
        .client
        .post(world.url(&format!("{FACEBOOK}/me/messages")))
        .bearer_auth("SIM-PAGE-TOKEN");
    let answer = request.json(&text_to(PERSON, "cut")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err(), "the body must not be whole");
    assert_eq!(shown(&world).await, 1);
    fault(
        &world,
        json!({"match": {"path": "/me"}, "do": {"kind": "slow", "bytes_per_second": 100}}),
    )
    .await;
    let started = Instant::now();
    let answer = world.get(&format!("{FACEBOOK}/me")).await;
    assert_eq!(answer.body["name"], "Gramophone");
    assert!(
        started.elapsed() >= Duration::from_millis(300),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn an_upload_can_break_off() {
    let world = world().await;
    let made = world
        .client
        .post(world.url(&format!("{FACEBOOK}/{ACCOUNT}/media")))
        .bearer_auth("SIM-PAGE-TOKEN")
        .json(&json!({"media_type": "REELS", "upload_type": "resumable"}));
    let made = world.call(made).await.body;
    let broken = json!({"match": {"path": "rupload.facebook.com"}, "do": {"kind": "break_off", "bytes": 700}});
    fault(&world, broken).await;
    let send = world
        .client
        .post(made["uri"].as_str().unwrap())
        .header("authorization", "OAuth SIM-PAGE-TOKEN")
        .header("offset", "0")
        .header("file_size", "2000")
        .body(vec![7; 2000]);
    assert!(send.send().await.is_err(), "no answer comes");
    let id = made["id"].as_str().unwrap();
    let path = format!("{FACEBOOK}/{id}?fields=video_status");
    let status = world.get(&path).await.body;
    let arrived = &status["video_status"]["uploading_phase"]["bytes_transferred"];
    assert_eq!(arrived, 700, "{status}");
}

#[tokio::test]
async fn echoes_can_be_lost_late_early_or_many() {
    let world = world().await;
    fault(&world, on_sends(json!({"kind": "lose_echo"}))).await;
    assert_eq!(world.send_text("no echo").await.status, 200);
    fault(
        &world,
        on_sends(json!({"kind": "echo", "before_answer": true, "copies": 2})),
    )
    .await;
    let answer = world.send_text("early").await;
    let arrivals = world.receiver.so_far();
    assert!(arrivals.len() >= 2, "the echo was there before the answer");
    let mid = answer.body["message_id"].clone();
    let arrivals = world.receiver.wait(3).await;
    assert_eq!(arrivals[1].item()["message"]["mid"], mid);
    assert_eq!(arrivals[1].body, arrivals[2].body, "twice");
    fault(&world, on_sends(json!({"kind": "echo", "delay_ms": 400}))).await;
    let started = Instant::now();
    world.send_text("late").await;
    world.receiver.wait(4).await;
    assert!(started.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn usage_headers_and_read_backs_can_lie() {
    let world = world().await;
    let usage = json!({"kind": "usage", "call_count": 97, "estimated_time_to_regain_access": 9});
    fault(&world, json!({"do": usage})).await;
    let answer = world.get(&format!("{FACEBOOK}/me")).await;
    let header: Value =
        serde_json::from_str(answer.headers["x-app-usage"].to_str().unwrap()).unwrap();
    assert_eq!(header["call_count"], 97);
    let header: Value = serde_json::from_str(
        answer.headers["x-business-use-case-usage"]
            .to_str()
            .unwrap(),
    )
    .unwrap();
    assert_eq!(
        header[crate::support::ACCOUNT][0]["estimated_time_to_regain_access"],
        9
    );
    world.send_text("young").await;
    world
        .sim("limits", json!({"conversations_per_second": 0}))
        .await;
    let path = format!("{FACEBOOK}/me/conversations?platform=instagram&fields=messages{{message}}");
    fault(
        &world,
        json!({"match": {"path": "conversations"}, "do": {"kind": "lag", "ms": 60_000}}),
    )
    .await;
    assert_eq!(
        world.get(&path).await.body["data"][0]["messages"]["data"],
        json!([])
    );
    assert_eq!(
        world.get(&path).await.body["data"][0]["messages"]["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn deliveries_can_be_doubled_shuffled_and_lost() {
    let world = world().await;
    fault(
        &world,
        json!({"match": {"event": "message"}, "do": {"kind": "duplicate", "copies": 2}}),
    )
    .await;
    world.person_writes("thrice").await;
    let arrivals = world.receiver.wait(4).await;
    assert!(
        arrivals[1..]
            .iter()
            .all(|arrival| arrival.body == arrivals[1].body)
    );
    fault(
        &world,
        json!({"match": {"event": "message"}, "do": {"kind": "lose"}}),
    )
    .await;
    world.person_writes("never seen").await;
    fault(
        &world,
        json!({"times": 0, "do": {"kind": "reorder", "window": 6, "ms": 10_000}}),
    )
    .await;
    for n in 0..6 {
        world.person_writes(&format!("r{n}")).await;
    }
    let arrivals = world.receiver.wait(10).await;
    let texts: Vec<String> = arrivals[4..]
        .iter()
        .map(|arrival| {
            arrival.item()["message"]["text"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let mut sorted = texts.clone();
    sorted.sort();
    assert_eq!(sorted, ["r0", "r1", "r2", "r3", "r4", "r5"]);
    assert_ne!(texts, sorted, "in another order");
    world
        .client
        .delete(world.url("_sim/faults"))
        .send()
        .await
        .unwrap();
    assert_eq!(world.look("faults").await["faults"], json!([]));
}

#[tokio::test]
async fn faults_are_listed_and_taken_back() {
    let world = World::without_webhook().await;
    let id = fault(
        &world,
        json!({"times": 0, "do": {"kind": "status", "status": 503}}),
    )
    .await;
    assert_eq!(world.get(&format!("{FACEBOOK}/me")).await.status, 503);
    let listed = world.look("faults").await;
    assert_eq!(
        (&listed["faults"][0]["struck"], &listed["faults"][0]["id"]),
        (&json!(1), &json!(id))
    );
    let gone = world
        .client
        .delete(world.url(&format!("_sim/faults/{id}")))
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), 200);
    assert_eq!(world.get(&format!("{FACEBOOK}/me")).await.status, 200);
    let again = world
        .client
        .delete(world.url(&format!("_sim/faults/{id}")))
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 404);
    let nonsense = world
        .client
        .post(world.url("_sim/faults"))
        .json(&json!({"do": {"kind": "meteor"}}));
    assert_eq!(nonsense.send().await.unwrap().status(), 422);
}
