//! Webhooks out: handshake, spelling, signature, retries, disabling, order, every kind of event.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{ACCOUNT, Arrival, FACEBOOK, INSTAGRAM, PERSON, World};

/// The signature computed here, not by the simulator's own code.
fn signed(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"simulator-app-secret").unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn text(arrival: &Arrival) -> String {
    String::from_utf8(arrival.body.to_vec()).unwrap()
}

#[tokio::test]
async fn the_handshake_comes_first() {
    let world = World::without_webhook().await;
    world.person_writes("before any target").await;
    let wrong = world
        .receiver
        .url
        .replace("webhooks/instagram", "elsewhere");
    assert!(
        world
            .simulator
            .set_webhook(wrong.parse().unwrap())
            .await
            .is_err()
    );
    let refused = world
        .client
        .post(world.url("_sim/webhooks"))
        .json(&json!({"url": wrong}))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
    world
        .sim("webhooks", json!({"url": world.receiver.url}))
        .await;
    world.person_writes("after").await;
    let arrivals = world.receiver.wait(1).await;
    assert_eq!(arrivals[0].item()["message"]["text"], "after");
    assert_eq!(
        world.look("webhooks").await["dropped"],
        json!({"no target": 1})
    );
}

#[tokio::test]
async fn events_wait_for_a_server_that_is_not_up_yet() {
    let data = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let options = simulator::Options {
        data_dir: data.path().to_owned(),
        webhook: Some(format!("http://127.0.0.1:{port}/hook").parse().unwrap()),
        ..simulator::Options::default()
    };
    let world = World::with(options, data).await;
    world.person_writes("early bird").await;
    assert_eq!(world.look("webhooks").await["verified"], false);
    world
        .simulator
        .set_webhook_when_ready(world.receiver.url.parse().unwrap());
    let arrivals = world.receiver.wait(1).await;
    assert_eq!(arrivals[0].item()["message"]["text"], "early bird");
}

#[tokio::test]
async fn messaging_is_compact_and_escaped_and_signed() {
    let world = World::start().await;
    world
        .person_writes("é/😀 <b>%@ https://www.instagram.com/reel/X/")
        .await;
    let arrival = world.receiver.wait(1).await.remove(0);
    let body = text(&arrival);
    assert!(
        body.contains(r"\u00e9\/\ud83d\ude00 <b>%@ https:\/\/www.instagram.com\/reel\/X\/"),
        "{body}"
    );
    assert!(body.is_ascii() && !body.contains("\": "));
    assert_eq!(
        arrival.signature.as_deref(),
        Some(signed(&arrival.body).as_str())
    );
    let envelope = arrival.json();
    assert_eq!(envelope["object"], "instagram");
    assert_eq!(envelope["entry"][0]["id"], ACCOUNT);
    assert!(
        envelope["entry"][0]["time"].as_i64().unwrap() > 1_000_000_000_000,
        "milliseconds"
    );
}

#[tokio::test]
async fn comments_are_spaced_and_counted_in_seconds() {
    let world = World::start().await;
    world
        .sim(
            "comments",
            json!({"from": PERSON, "text": "ção/", "parent_id": "17"}),
        )
        .await;
    world
        .sim("comments", json!({"from": ACCOUNT, "text": "our own"}))
        .await;
    world
        .sim("mentions", json!({"media_id": "18", "comment_id": "19"}))
        .await;
    let arrivals = world.receiver.wait(3).await;
    let of = |field: &str, who: &str| {
        arrivals
            .iter()
            .find(|arrival| {
                let change = &arrival.json()["entry"][0]["changes"][0];
                change["field"] == field && (who.is_empty() || change["value"]["from"]["id"] == who)
            })
            .unwrap()
    };
    let comment = of("comments", PERSON);
    assert!(
        text(comment).contains(r#""text": "\u00e7\u00e3o/""#),
        "{}",
        text(comment)
    );
    assert_eq!(
        comment.signature.as_deref(),
        Some(signed(&comment.body).as_str())
    );
    assert!(
        comment.json()["entry"][0]["time"].as_i64().unwrap() < 10_000_000_000,
        "seconds"
    );
    assert_eq!(
        of("comments", ACCOUNT).json()["entry"][0]["changes"][0]["value"]["from"]["username"],
        "gramophone"
    );
    assert_eq!(
        of("mentions", "").json()["entry"][0]["changes"][0]["value"],
        json!({"media_id": "18", "comment_id": "19"})
    );
}

#[tokio::test]
async fn a_failed_delivery_comes_again_byte_for_byte() {
    let world = World::start().await;
    world.receiver.answer(&[500, 503, 302, 200]).await;
    world.person_writes("again").await;
    let arrivals = world.receiver.wait(4).await;
    assert!(
        arrivals
            .iter()
            .all(|arrival| arrival.body == arrivals[0].body
                && arrival.signature == arrivals[0].signature)
    );
    assert_eq!(
        arrivals
            .iter()
            .map(|arrival| arrival.status)
            .collect::<Vec<_>>(),
        [500, 503, 302, 200]
    );
}

#[tokio::test]
async fn an_hour_of_failure_unsubscribes_until_somebody_subscribes() {
    let data = tempfile::tempdir().unwrap();
    let options = simulator::Options {
        data_dir: data.path().to_owned(),
        slow_retries: true,
        ..simulator::Options::default()
    };
    let world = World::with(options, data).await;
    world
        .simulator
        .set_webhook(world.receiver.url.parse().unwrap())
        .await
        .unwrap();
    world.receiver.answer(&[500]).await;
    world.person_writes("never delivered").await;
    let mut attempts = 2;
    world.receiver.wait(attempts).await;
    for minutes in [1, 2, 4, 11, 21, 31] {
        world
            .sim("clock", json!({"advance_ms": minutes * 60_000}))
            .await;
        attempts += 1;
        world.receiver.wait(attempts).await;
    }
    world.receiver.answer(&[200]).await;
    let state = loop {
        let state = world.look("webhooks").await;
        if state["disabled"] == true {
            break state;
        }
        tokio::task::yield_now().await;
    };
    let alerts: Vec<&str> = state["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| alert["alert"].as_str().unwrap())
        .collect();
    assert_eq!(alerts, ["failing", "disabled"]);
    assert_eq!(
        world
            .get(&format!("{FACEBOOK}/me/subscribed_apps"))
            .await
            .body["data"],
        json!([])
    );
    world.person_writes("to nobody").await;
    assert_eq!(world.look("webhooks").await["dropped"]["not subscribed"], 1);
    let again = world
        .post(
            &format!("{FACEBOOK}/me/subscribed_apps?subscribed_fields=feed"),
            json!({}),
        )
        .await;
    assert_eq!(again.body, json!({"success": true}));
    world.person_writes("heard again").await;
    let arrivals = world.receiver.wait(attempts + 1).await;
    assert_eq!(
        arrivals.last().unwrap().item()["message"]["text"],
        "heard again"
    );
}

#[tokio::test]
async fn only_subscribed_fields_arrive() {
    let world = World::start().await;
    let fields = world
        .post(
            &format!("{INSTAGRAM}/me/subscribed_apps?subscribed_fields=messages,comments"),
            json!({}),
        )
        .await;
    assert_eq!(fields.status, 200);
    let listed = world
        .get(&format!("{INSTAGRAM}/me/subscribed_apps"))
        .await
        .body;
    assert_eq!(
        listed["data"][0]["subscribed_fields"],
        json!(["comments", "messages"])
    );
    for name in ["messaging_reactions", "messages,message_echoes"] {
        let path = format!("{INSTAGRAM}/me/subscribed_apps?subscribed_fields={name}");
        let wrong = world.post(&path, json!({})).await;
        assert_eq!(wrong.error(), (100, None), "{name}");
    }
    let mid = world.person_writes("hi").await;
    world
        .sim("reactions", json!({"mid": mid, "emoji": "❤"}))
        .await;
    world.person_writes("ho").await;
    let arrivals = world.receiver.wait(2).await;
    assert_eq!(
        arrivals[1].item()["message"]["text"],
        "ho",
        "no reaction between them"
    );
    let deleted = world
        .client
        .delete(world.url(&format!("{INSTAGRAM}/me/subscribed_apps")))
        .bearer_auth("SIM-INSTAGRAM-TOKEN");
    assert_eq!(world.call(deleted).await.body, json!({"success": true}));
}

#[tokio::test]
async fn held_events_leave_as_asked() {
    let world = World::start().await;
    world.sim("webhooks/hold", json!({})).await;
    for n in 0..4 {
        world.person_writes(&n.to_string()).await;
    }
    assert_eq!(
        world.look("webhooks").await["held"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    world
        .sim("webhooks/release", json!({"order": [2, 0]}))
        .await;
    let texts = |arrivals: &[Arrival]| -> Vec<String> {
        arrivals
            .iter()
            .map(|arrival| {
                arrival.item()["message"]["text"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    };
    assert_eq!(texts(&world.receiver.wait(4).await), ["2", "0", "1", "3"]);
    world.sim("webhooks/hold", json!({})).await;
    for n in 4..7 {
        world.person_writes(&n.to_string()).await;
    }
    world
        .sim(
            "webhooks/release",
            json!({"order": "reverse", "batch": 1000}),
        )
        .await;
    let arrivals = world.receiver.wait(5).await;
    assert_eq!(
        arrivals[4].json()["entry"][0]["messaging"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(arrivals[4].item()["message"]["text"], "6");
    let redelivered = world.sim("webhooks/redeliver", json!({"times": 2})).await;
    assert_eq!(redelivered["times"], 2);
    let arrivals = world.receiver.wait(7).await;
    assert_eq!(
        (&arrivals[5].body, &arrivals[5].signature),
        (&arrivals[4].body, &arrivals[4].signature)
    );
}

#[tokio::test]
async fn events_can_be_gathered_into_batches() {
    let world = World::start().await;
    world
        .sim("webhooks/batch", json!({"size": 3, "ms": 60_000}))
        .await;
    world.person_writes("a").await;
    world
        .sim("people/5550000000000002/messages", json!({"text": "b"}))
        .await;
    world
        .sim("comments", json!({"from": PERSON, "text": "c"}))
        .await;
    let arrivals = world.receiver.wait(2).await;
    let messaging = arrivals
        .iter()
        .find(|arrival| arrival.json()["entry"][0].get("messaging").is_some())
        .unwrap();
    assert_eq!(
        messaging.json()["entry"].as_array().unwrap().len(),
        2,
        "an entry per person"
    );
    world.sim("webhooks/batch", json!({"size": 1})).await;
    world.person_writes("alone").await;
    world.receiver.wait(3).await;
}

#[tokio::test]
async fn raw_bodies_are_signed_as_asked() {
    let world = World::start().await;
    let body = "{\"object\": \"instagram\" ,\"entry\":[]}";
    for (sign, good) in [("good", Some(true)), ("bad", Some(false)), ("none", None)] {
        let answer = world
            .sim("webhooks/raw", json!({"body": body, "sign": sign}))
            .await;
        assert_eq!(answer["status"], 200);
        let arrival = world.receiver.so_far().pop().unwrap();
        assert_eq!(arrival.body, body.as_bytes());
        assert_eq!(
            arrival
                .signature
                .map(|signature| signature == signed(body.as_bytes())),
            good,
            "{sign}"
        );
    }
}

/// Every event call, and the one key that its event must carry.
#[tokio::test]
async fn every_kind_of_event_has_its_shape() {
    let world = World::start().await;
    let mid = world.person_writes("hi").await;
    let sent = world.send_text("hello").await.body["message_id"].clone();
    let mut count = world.receiver.wait(2).await.len();
    let mut expect = async |path: &str, body: Value, pointer: &str, value: Value| {
        world.sim(path, body).await;
        count += 1;
        let arrivals = world.receiver.wait(count).await;
        let item = arrivals[count - 1].item();
        assert_eq!(item.pointer(pointer), Some(&value), "{path}: {item:#}");
        item
    };
    expect(
        "reactions",
        json!({"mid": sent, "emoji": "❤"}),
        "/reaction/reaction",
        json!("love"),
    )
    .await;
    let gone = expect(
        "reactions",
        json!({"mid": sent}),
        "/reaction/action",
        json!("unreact"),
    )
    .await;
    assert!(gone["reaction"].get("emoji").is_none());
    expect(
        &format!("people/{PERSON}/seen"),
        json!({}),
        "/read/mid",
        sent,
    )
    .await;
    expect(
        "edits",
        json!({"mid": mid, "text": "ho"}),
        "/message_edit/num_edit",
        json!("1"),
    )
    .await;
    expect(
        "edits",
        json!({"mid": mid, "text": "hu"}),
        "/message_edit/num_edit",
        json!("2"),
    )
    .await;
    expect(
        "unsend",
        json!({"mid": mid}),
        "/message/is_deleted",
        json!(true),
    )
    .await;
    expect(
        "postbacks",
        json!({"from": PERSON, "title": "T", "payload": "P"}),
        "/postback/payload",
        json!("P"),
    )
    .await;
    expect(
        "referrals",
        json!({"from": PERSON, "ref": "poster"}),
        "/referral/type",
        json!("OPEN_THREAD"),
    )
    .await;
    expect(
        "stories",
        json!({"from": PERSON, "kind": "reply", "url": "https://example.org/s", "id": "7"}),
        "/message/reply_to/story/id",
        json!("7"),
    )
    .await;
    expect(
        "stories",
        json!({"from": PERSON, "kind": "mention", "url": "https://example.org/s"}),
        "/message/attachments/0/type",
        json!("story_mention"),
    )
    .await;
    let own = expect(
        "self",
        json!({"text": "note"}),
        "/message/is_self",
        json!(true),
    )
    .await;
    assert_eq!(own["message"]["is_echo"], true);
    expect(
        "echoes",
        json!({"person": PERSON, "text": "by hand"}),
        "/message/is_echo",
        json!(true),
    )
    .await;
    let messages = format!("people/{PERSON}/messages");
    expect(
        &messages,
        json!({"is_unsupported": true}),
        "/message/is_unsupported",
        json!(true),
    )
    .await;
    let ephemeral = expect(
        &messages,
        json!({"attachments": [{"type": "ephemeral"}]}),
        "/message/attachments/0/type",
        json!("ephemeral"),
    )
    .await;
    assert!(
        ephemeral["message"]["attachments"][0]
            .get("payload")
            .is_none()
    );
    expect(
        &messages,
        json!({"text": "PT", "quick_reply": {"payload": "L"}}),
        "/message/quick_reply/payload",
        json!("L"),
    )
    .await;
    expect(
        &messages,
        json!({"text": "ad", "extra": {"referral": {"source": "ADS"}}}),
        "/message/referral/source",
        json!("ADS"),
    )
    .await;
    expect(
        "events",
        json!({"list": "messaging", "person": PERSON, "item": {"hologram": {}}}),
        "/hologram",
        json!({}),
    )
    .await;
}

#[tokio::test]
async fn a_share_is_what_meta_sends_for_it() {
    let world = World::start().await;
    let reels = world.look("reels").await;
    let code = reels
        .as_array()
        .unwrap()
        .iter()
        .find(|reel| reel["kind"] == "reel")
        .unwrap()["code"]
        .clone();
    let share = async |share: Value, count: usize| {
        world
            .sim(
                &format!("people/{PERSON}/messages"),
                json!({"share": share}),
            )
            .await;
        world.receiver.wait(count).await[count - 1].item()["message"]["attachments"].clone()
    };
    let reel = share(json!({"code": code, "url": "permalink"}), 1).await;
    assert_eq!(reel[0]["type"], "ig_reel");
    assert_eq!(
        reel[0]["payload"]["url"],
        format!("https://www.instagram.com/reel/{}/", code.as_str().unwrap())
    );
    assert!(reel[0]["payload"]["reel_video_id"].is_string());
    let post = share(json!({"code": code, "as": "ig_post", "double": true}), 2).await;
    assert_eq!(
        (&post[0]["type"], &post[1]["type"]),
        (&json!("share"), &json!("ig_post"))
    );
    assert_eq!(post[0]["payload"], post[1]["payload"], "identical twins");
    let url = post[1]["payload"]["url"].as_str().unwrap();
    assert!(
        url.contains("/cdn/lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=")
            && url.contains("&signature="),
        "{url}"
    );
    let legacy = share(json!({"code": code, "as": "share"}), 3).await;
    assert_eq!(
        legacy[0]["payload"].as_object().unwrap().len(),
        1,
        "only the url"
    );
    let both = world
        .sim(
            &format!("people/{PERSON}/messages"),
            json!({"share": {"code": code}, "text": "what is it?"}),
        )
        .await;
    assert_eq!(
        both["mids"].as_array().unwrap().len(),
        2,
        "the app sends two messages"
    );
}
