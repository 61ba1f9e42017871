//! Several calls in one: batches, and reads of several ids.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Answer, FACEBOOK, INSTAGRAM, PERSON, World};

async fn batch(world: &World, items: Value) -> Answer {
    let form = [("batch", items.to_string())];
    let request = world.client.post(world.url(&format!("{FACEBOOK}/")));
    world
        .call(request.bearer_auth("SIM-PAGE-TOKEN").form(&form))
        .await
}

fn body(entry: &Value) -> Value {
    serde_json::from_str(entry["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn entries_are_answered_in_order_and_each_is_counted() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    let message = format!(
        "recipient={}&message={}",
        json!({"id": PERSON}),
        json!({"text": "from a batch"})
    );
    let answer = batch(
        &world,
        json!([
            {"method": "GET", "relative_url": "me?fields=name"},
            {"method": "POST", "relative_url": "me/messages", "body": message},
            {"method": "GET", "relative_url": "v26.0/123"},
            {"method": "GET", "relative_url": "me", "access_token": "nobody"},
            {"method": "GET", "relative_url": "me", "omit_response_on_success": true},
            {"relative_url": "me"},
        ]),
    )
    .await;
    assert_eq!(answer.status, 200);
    let entries = answer.body.as_array().unwrap();
    let codes: Value = entries.iter().map(|entry| entry["code"].clone()).collect();
    assert_eq!(codes, json!([200, 200, 400, 401, null, 400]));
    assert_eq!(body(&entries[0])["id"], "100000000000001");
    assert!(body(&entries[1])["message_id"].is_string());
    assert_eq!(body(&entries[2])["error"]["error_subcode"], 33);
    assert_eq!(body(&entries[3])["error"]["code"], 190);
    assert_eq!(entries[4], Value::Null);
    let named = entries[0]["headers"].as_array().unwrap();
    assert!(named.iter().any(|header| header["name"] == "Content-Type"));
    assert!(
        named
            .iter()
            .any(|header| header["name"] == "x-business-use-case-usage")
    );
    // The message is counted with messages, the one without a token with nobody's.
    let used = world.look("usage").await["accounts"][ACCOUNT].clone();
    assert_eq!(used["account"]["calls"], 3, "{used}");
    assert_eq!(used["messenger"]["calls"], 1, "{used}");
}

#[tokio::test]
async fn a_batch_has_at_most_fifty_entries_and_needs_a_token() {
    let world = World::without_webhook().await;
    let entry = json!({"method": "GET", "relative_url": "me"});
    let fifty = batch(&world, json!(vec![entry.clone(); 50])).await;
    assert_eq!(fifty.body.as_array().unwrap().len(), 50);
    let more = batch(&world, json!(vec![entry.clone(); 51])).await;
    assert_eq!(more.error(), (100, None));
    assert_eq!(batch(&world, json!([])).await.error(), (100, None));
    let form = [("batch", json!([entry]).to_string())];
    let request = world.client.post(world.url("graph.facebook.com/"));
    assert_eq!(world.call(request.form(&form)).await.error(), (190, None));
    let request = world.client.post(world.url(&format!("{INSTAGRAM}/")));
    let request = request.bearer_auth("SIM-INSTAGRAM-TOKEN").form(&form);
    assert_eq!(world.call(request).await.error(), (2500, None));
}

#[tokio::test]
async fn an_entry_that_is_too_slow_is_null_done_or_not() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    let fault = |what: Value| json!({"match": {"path": "me/messages"}, "do": what});
    world
        .sim("faults", fault(json!({"kind": "apply_then_drop"})))
        .await;
    let message = format!(
        "recipient={}&message={}",
        json!({"id": PERSON}),
        json!({"text": "done"})
    );
    let items = json!([
        {"method": "POST", "relative_url": "me/messages", "body": message},
        {"method": "GET", "relative_url": "me"},
    ]);
    let answer = batch(&world, items.clone()).await;
    assert_eq!(answer.body[0], Value::Null);
    assert_eq!(answer.body[1]["code"], 200);
    let sent = |thread: &Value| thread["messages"].as_array().unwrap().len();
    assert_eq!(sent(&world.thread().await), 2);
    world
        .sim("faults", fault(json!({"kind": "drop_then_close"})))
        .await;
    assert_eq!(batch(&world, items.clone()).await.body[0], Value::Null);
    assert_eq!(sent(&world.thread().await), 2);
    let refusal = json!({"kind": "status", "status": 500, "code": 2});
    world.sim("faults", fault(refusal)).await;
    let answer = batch(&world, items).await;
    assert_eq!(answer.body[0]["code"], 500);
    assert_eq!(body(&answer.body[0])["error"]["code"], 2);
}

#[tokio::test]
async fn several_ids_are_read_at_once_and_counted_one_by_one() {
    let world = World::without_webhook().await;
    let path = format!("{FACEBOOK}/?ids={ACCOUNT},100000000000001&fields=username");
    let answer = world.get(&path).await;
    assert_eq!(answer.body[ACCOUNT]["username"], "gramophone");
    assert_eq!(answer.body["100000000000001"]["username"], "gramophone");
    let used = world.look("usage").await;
    assert_eq!(used["accounts"][ACCOUNT]["account"]["calls"], 2);
    let one_is_unknown = format!("{FACEBOOK}/?ids={ACCOUNT},7");
    assert_eq!(world.get(&one_is_unknown).await.error(), (100, Some(33)));
}
