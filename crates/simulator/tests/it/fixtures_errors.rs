//! Errors that only come about when they are asked for, sizes and switches that refuse, and what Pages and threads
//! answer: each as pinned.

use serde_json::json;

use crate::fixtures::{fixture, same_error};
use crate::pinned::{BEARER, has_rows, is_like, shape, understood};
use crate::support::{ACCOUNT, Answer, FACEBOOK, PERSON, World, text_to};

/// With its version in the path.
const GRAPH: &str = "graph.facebook.com";

/// What Meta says out of the blue, and which tests cause by a fault: it is spelled as if it came by itself.
#[tokio::test]
async fn errors_on_demand_are_the_pinned_ones() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    for name in [
        "error-delivered-all-the-same",
        "error-in-a-200",
        "error-no-advanced-access",
        "error-policy-block",
        "error-rate-app",
        "error-service",
    ] {
        let pinned = fixture(name);
        let error = &pinned["body"]["error"];
        let mut what = json!({"kind": "status", "status": pinned["status"]});
        for (told, from) in [
            ("code", "code"),
            ("subcode", "error_subcode"),
            ("message", "message"),
            ("type", "type"),
            ("is_transient", "is_transient"),
        ] {
            if let Some(value) = error.get(from) {
                what[told] = value.clone();
            }
        }
        if let Some(headers) = pinned.get("headers") {
            what["headers"] = headers.clone();
        }
        let fault = json!({"match": {"method": "POST", "path": "/messages"}, "do": what});
        world.sim("faults", fault).await;
        let answer = world.send_text("?").await;
        same_error(name, &answer);
        for (header, value) in pinned["headers"].as_object().into_iter().flatten() {
            assert_eq!(answer.headers[header], value.as_str().unwrap(), "{name}");
        }
    }
    assert_eq!(world.send_text("!").await.status, 200);
}

async fn upload(world: &World, bytes: usize) -> Answer {
    let mut content = b"\0\0\0\x20ftypisom".to_vec();
    content.resize(bytes, 0);
    let file = reqwest::multipart::Part::bytes(content).file_name("a.mp4");
    let form = reqwest::multipart::Form::new()
        .text("platform", "instagram")
        .text("message", r#"{"attachment":{"type":"video","payload":{}}}"#)
        .part("filedata", file.mime_str("video/mp4").unwrap());
    let path = world.url(&format!("{FACEBOOK}/me/message_attachments"));
    let request = world.client.post(path).bearer_auth("SIM-PAGE-TOKEN");
    world.call(request.multipart(form)).await
}

#[tokio::test]
async fn sizes_and_switches_refuse_as_pinned() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    same_error(
        "error-attachment-too-big",
        &upload(&world, 25_000_001).await,
    );
    world
        .sim("accounts", json!({"id": ACCOUNT, "image_lists": false}))
        .await;
    let image = json!({"type": "image", "payload": {"url": "https://example.com/a.jpg"}});
    let mut several = text_to(PERSON, "");
    several["message"] = json!({"attachments": [image, image]});
    let refused = world
        .post(&format!("{FACEBOOK}/me/messages"), several)
        .await;
    same_error("error-many-images-off", &refused);
}

#[tokio::test]
async fn a_thread_is_read_as_pinned() {
    let world = World::without_webhook().await;
    world
        .sim("limits", json!({"conversations_per_second": 0}))
        .await;
    let say = format!("people/{PERSON}/messages");
    let url = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=x";
    let file = json!({"attachments": [{"type": "file", "url": url}]});
    world.sim(&say, file).await;
    world.send_text("hello").await;
    let list = format!("{FACEBOOK}/me/conversations?platform=instagram");
    let list = world.get(&list).await.body;
    let thread = list["data"][0]["id"].as_str().unwrap();
    let ours = [("aWdfZAG06MQZDZD", thread)];
    let read = understood(&world, FACEBOOK, "conversation-messages", &ours).await;
    assert_eq!(read["id"], thread);
    let pinned = fixture("answer-conversation-messages")["body"].clone();
    let first = &pinned["messages"]["data"][0];
    let rows = read["messages"]["data"].as_array().unwrap();
    assert_eq!(rows[0]["message"], "hello");
    for key in first.as_object().unwrap().keys() {
        assert!(rows[0].get(key).is_some(), "{key} in {rows:?}");
    }
}

/// A Page as its person reads it, and its subscription.
#[tokio::test]
async fn pages_have_the_pinned_shapes() {
    let world = World::without_webhook().await;
    let person = world.person(true, &[]).await;
    let ours = [(BEARER, person.as_str())];
    let page = understood(&world, GRAPH, "oauth-page", &ours).await;
    is_like("oauth-page", &page);
    let pages = understood(&world, GRAPH, "oauth-own-pages", &ours).await;
    has_rows("oauth-own-pages", pages["data"].as_array().unwrap());
    let pinned = fixture("answer-oauth-own-pages")["body"]["paging"].clone();
    assert_eq!(shape(&pages["paging"]), shape(&pinned));
    let token = page["access_token"].as_str().unwrap();
    let ours = [(BEARER, token)];
    let done = understood(&world, GRAPH, "oauth-subscribe-facebook", &ours).await;
    is_like("oauth-subscribe", &done);
    let ours = [
        ("fixture-token", token),
        ("fixture-app-secret", "simulator-app-secret"),
        (BEARER, "200000000000001|simulator-app-secret"),
    ];
    let facts = understood(&world, GRAPH, "oauth-debug-token", &ours).await;
    is_like("oauth-debug-token", &facts);
}
