//! Sends: every check, in both flavours, and what a send leaves behind.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, FACEBOOK, INSTAGRAM, PERSON, World, text_to};

const HOUR_MS: i64 = 3_600_000;

#[tokio::test]
async fn a_send_is_answered_shown_and_echoed_with_one_id() {
    let world = World::start().await;
    let paths = [format!("{FACEBOOK}/me"), format!("{INSTAGRAM}/{ACCOUNT}")];
    for (round, path) in paths.iter().enumerate() {
        world.person_writes("hi").await;
        let answer = world
            .post(&format!("{path}/messages"), text_to(PERSON, "Olá, João 😀"))
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body["recipient_id"], PERSON);
        let mid = answer.body["message_id"].as_str().unwrap().to_owned();
        let thread = world.thread().await;
        let last = thread["messages"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (last["id"].as_str().unwrap(), &last["text"]),
            (mid.as_str(), &json!("Olá, João 😀"))
        );
        assert_eq!(last["from"], "business");
        let arrivals = world.receiver.wait(2 * (round + 1)).await;
        let echo = arrivals
            .iter()
            .map(crate::support::Arrival::item)
            .find(|item| item["message"]["mid"] == mid.as_str())
            .unwrap();
        assert_eq!(echo["message"]["is_echo"], true);
        assert_eq!(
            (&echo["sender"]["id"], &echo["recipient"]["id"]),
            (&json!(ACCOUNT), &json!(PERSON))
        );
    }
}

#[tokio::test]
async fn the_window_is_a_day_on_metas_clock() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    world
        .sim("clock", json!({"advance_ms": 24 * HOUR_MS - 60_000}))
        .await;
    assert_eq!(world.send_text("in time").await.status, 200);
    world.sim("clock", json!({"advance_ms": 61_000})).await;
    let late = world.send_text("late").await;
    assert_eq!((late.status, late.error()), (400, (10, Some(2_534_022))));
    let typing = world
        .post(
            &format!("{FACEBOOK}/me/messages"),
            json!({"recipient": {"id": PERSON}, "sender_action": "typing_on"}),
        )
        .await;
    assert_eq!(typing.error(), (10, Some(2_534_022)));
    world
        .sim(
            "postbacks",
            json!({"from": PERSON, "title": "Again", "payload": "AGAIN"}),
        )
        .await;
    assert_eq!(world.send_text("after a tap").await.status, 200);
}

#[tokio::test]
async fn a_human_agent_has_a_week_and_needs_the_feature() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    world
        .sim("clock", json!({"advance_ms": 48 * HOUR_MS}))
        .await;
    let mut body = text_to(PERSON, "a human");
    body["messaging_type"] = json!("MESSAGE_TAG");
    body["tag"] = json!("HUMAN_AGENT");
    let path = format!("{FACEBOOK}/me/messages");
    assert_eq!(world.post(&path, body.clone()).await.error(), (10, None));
    world
        .sim("accounts", json!({"id": ACCOUNT, "human_agent": true}))
        .await;
    assert_eq!(world.post(&path, body.clone()).await.status, 200);
    world
        .sim("clock", json!({"advance_ms": 6 * 24 * HOUR_MS}))
        .await;
    assert_eq!(
        world.post(&path, body.clone()).await.error(),
        (10, Some(2_534_022))
    );
    body["tag"] = json!("CONFIRMED_EVENT_UPDATE");
    assert_eq!(world.post(&path, body).await.error(), (100, None));
}

#[tokio::test]
async fn recipients_are_checked() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    let path = format!("{FACEBOOK}/me/messages");
    let to = async |id: &str| world.post(&path, text_to(id, "hello")).await.error();
    assert_eq!(to("5559999999999999").await, (100, Some(2_018_001)));
    let person = world.look(&format!("people/{PERSON}")).await;
    assert_eq!(
        to(person["user_id"].as_str().unwrap()).await,
        (100, Some(2_534_014))
    );
    world.sim("people/5550000000000002", json!({})).await;
    assert_eq!(
        to("5550000000000002").await,
        (10, Some(2_534_022)),
        "known, but never wrote"
    );
    world
        .sim(&format!("people/{PERSON}"), json!({"blocked": true}))
        .await;
    assert_eq!(to(PERSON).await, (551, Some(1_545_041)));
    let nobody = world
        .post(&path, json!({"message": {"text": "hello"}}))
        .await;
    assert_eq!(nobody.error(), (100, None));
}

#[tokio::test]
async fn bodies_are_checked() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    let path = format!("{FACEBOOK}/me/messages");
    let send = async |message: Value| {
        world
            .post(
                &path,
                json!({"recipient": {"id": PERSON}, "message": message}),
            )
            .await
    };
    assert_eq!(send(json!({"text": "a".repeat(1_000)})).await.status, 200);
    assert_eq!(
        send(json!({"text": "a".repeat(1_001)})).await.error(),
        (100, Some(2_534_015))
    );
    assert_eq!(
        send(json!({"text": "я".repeat(501)})).await.error(),
        (100, Some(2_534_015))
    );
    assert_eq!(
        send(json!({"text": "a", "tekst": "b"})).await.error(),
        (100, None)
    );
    assert_eq!(send(json!({})).await.error(), (100, Some(2_534_015)));
    let both = json!({"recipient": {"id": PERSON}, "message": {"text": "a"}, "sender_action": "typing_on"});
    assert_eq!(
        world.post(&path, both).await.error(),
        (100, Some(2_018_014))
    );
    let reply = |title: &str| json!({"content_type": "text", "title": title, "payload": "P"});
    let thirteen: Vec<Value> = (0..13).map(|n| reply(&n.to_string())).collect();
    assert_eq!(
        send(json!({"text": "?", "quick_replies": thirteen}))
            .await
            .status,
        200
    );
    let fourteen: Vec<Value> = (0..14).map(|n| reply(&n.to_string())).collect();
    assert_eq!(
        send(json!({"text": "?", "quick_replies": fourteen}))
            .await
            .error(),
        (100, Some(2_534_015))
    );
    let template = json!({"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": [{"title": "A"}]}}});
    assert_eq!(send(template).await.status, 200);
    let nothing = world
        .client
        .post(world.url(&path))
        .bearer_auth("SIM-PAGE-TOKEN")
        .body("{")
        .header("content-type", "application/json");
    assert_eq!(world.call(nothing).await.error(), (100, None));
    let form = world
        .client
        .post(world.url(&path))
        .bearer_auth("SIM-PAGE-TOKEN")
        .form(&[
            ("recipient", format!("{{\"id\":\"{PERSON}\"}}")),
            ("message", "{\"text\":\"by form\"}".into()),
        ]);
    assert_eq!(world.call(form).await.status, 200);
}

#[tokio::test]
async fn the_owner_and_other_apps_can_stand_in_the_way() {
    let world = World::start().await;
    world.person_writes("hi").await;
    world
        .sim("accounts", json!({"id": ACCOUNT, "message_access": false}))
        .await;
    let off = world.send_text("hello").await;
    assert_eq!((off.status, off.error()), (403, (200, Some(2_534_041))));
    world
        .sim("accounts", json!({"id": ACCOUNT, "message_access": true}))
        .await;
    world
        .sim("threads/owner", json!({"person": PERSON, "owner": "other"}))
        .await;
    assert_eq!(
        world.send_text("hello").await.error(),
        (100, Some(2_534_037))
    );
    world.person_writes("to the other app").await;
    let arrivals = world.receiver.wait(3).await;
    let last = arrivals.last().unwrap().json();
    assert_eq!(
        last["entry"][0]["standby"][0]["message"]["text"],
        "to the other app"
    );
    world
        .sim("threads/owner", json!({"person": PERSON, "owner": "ours"}))
        .await;
    assert_eq!(world.send_text("hello").await.status, 200);
}

#[tokio::test]
async fn typing_ends_by_itself_and_seen_stays() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    let act = async |action: &str| {
        let body = json!({"recipient": {"id": PERSON}, "sender_action": action});
        world.post(&format!("{FACEBOOK}/me/messages"), body).await
    };
    let answer = act("typing_on").await;
    assert_eq!(answer.body, json!({"recipient_id": PERSON}));
    assert_eq!(world.thread().await["typing"], true);
    world.sim("clock", json!({"advance_ms": 20_000})).await;
    assert_eq!(world.thread().await["typing"], false);
    act("typing_on").await;
    act("typing_off").await;
    assert_eq!(world.thread().await["typing"], false);
    assert_eq!(world.thread().await["seen_at"], Value::Null);
    act("mark_seen").await;
    assert!(world.thread().await["seen_at"].is_i64());
    act("typing_on").await;
    world.send_text("done").await;
    assert_eq!(
        world.thread().await["typing"],
        false,
        "a message ends the typing mark"
    );
    assert_eq!(act("dance").await.error(), (100, None));
}

#[tokio::test]
async fn the_business_reacts_in_its_flavours_way() {
    let world = World::without_webhook().await;
    let mid = world.person_writes("hi").await;
    let react = |reaction: &str| json!({"recipient": {"id": PERSON}, "sender_action": "react", "payload": {"message_id": mid, "reaction": reaction}});
    let facebook = format!("{FACEBOOK}/me/messages");
    assert_eq!(
        world.post(&facebook, react("😀")).await.error(),
        (100, Some(2_534_015))
    );
    assert_eq!(world.post(&facebook, react("love")).await.status, 200);
    assert_eq!(
        world
            .post(&format!("{INSTAGRAM}/me/messages"), react("😀"))
            .await
            .status,
        200
    );
    assert_eq!(world.thread().await["messages"][0]["reaction"], "😀");
}

#[tokio::test]
async fn too_many_sends_a_second_are_613() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    world.sim("limits", json!({"sends_per_second": 3})).await;
    let mut refused = 0;
    for n in 0..6 {
        let answer = world.send_text(&n.to_string()).await;
        if answer.status != 200 {
            assert_eq!(answer.error(), (613, Some(2_534_040)));
            refused += 1;
        }
    }
    assert!(refused > 0, "six sends within a second must not all pass");
    let shown = world.thread().await["messages"].as_array().unwrap().len();
    assert_eq!(shown, 7 - refused, "a refused send is not shown");
    world.sim("clock", json!({"advance_ms": 1_000})).await;
    assert_eq!(world.send_text("later").await.status, 200);
}

#[tokio::test]
async fn a_comment_gets_one_private_reply_within_a_week() {
    let world = World::start().await;
    let comment = world
        .sim(
            "comments",
            json!({"from": PERSON, "text": "Que música é essa?"}),
        )
        .await;
    let reply =
        |id: &Value| json!({"recipient": {"comment_id": id}, "message": {"text": "This one."}});
    let path = format!("{INSTAGRAM}/me/messages");
    let answer = world.post(&path, reply(&comment["id"])).await;
    assert_eq!(answer.body["recipient_id"], PERSON);
    assert_eq!(
        world.post(&path, reply(&comment["id"])).await.error(),
        (10, Some(2_534_022))
    );
    assert_eq!(
        world.post(&path, reply(&json!("1"))).await.error(),
        (100, Some(2_534_025))
    );
    let follow_up = world.post(&path, text_to(PERSON, "And?")).await;
    assert_eq!(
        follow_up.error(),
        (10, Some(2_534_022)),
        "a private reply opens no window"
    );
    let profile = world
        .get(&format!("{INSTAGRAM}/{PERSON}?fields=name"))
        .await;
    assert_eq!(
        profile.error(),
        (230, None),
        "a commenter has not consented"
    );
    let old = world
        .sim("comments", json!({"from": PERSON, "text": "?"}))
        .await;
    world
        .sim("clock", json!({"advance_ms": 7 * 24 * HOUR_MS + 1}))
        .await;
    assert_eq!(
        world.post(&path, reply(&old["id"])).await.error(),
        (10, Some(2_534_022))
    );
}

#[tokio::test]
async fn a_profile_needs_a_word_from_the_person() {
    let world = World::without_webhook().await;
    let path = format!(
        "{FACEBOOK}/{PERSON}?fields=name,username,profile_pic,follower_count,is_verified_user"
    );
    assert_eq!(
        world.get(&path).await.error(),
        (100, Some(33)),
        "nobody knows them"
    );
    world
        .sim(
            &format!("people/{PERSON}"),
            json!({"username": "a_listener", "name": null}),
        )
        .await;
    assert_eq!(world.get(&path).await.error(), (230, None));
    world.person_writes("hi").await;
    let profile = world.get(&path).await.body;
    assert_eq!(
        (&profile["username"], &profile["name"]),
        (&json!("a_listener"), &Value::Null)
    );
    assert_eq!(profile["id"], PERSON);
    assert_eq!(
        world
            .get(&format!("{FACEBOOK}/{PERSON}?fields=profile_picture_url"))
            .await
            .error(),
        (100, None)
    );
}
