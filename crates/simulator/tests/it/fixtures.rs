//! The shapes that `fixtures/meta` pins: the simulator must emit the same keys with the same types.
//! The files are read here as files; no type is shared with whoever parses them.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{ACCOUNT, FACEBOOK, INSTAGRAM, PERSON, World, text_to};

pub(crate) fn fixture(name: &str) -> Value {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/meta/{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// Same keys, same types, lists compared item by item.
pub(crate) fn same_shape(place: &str, ours: &Value, theirs: &Value) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let names = |object: &serde_json::Map<String, Value>| {
                object.keys().cloned().collect::<Vec<_>>()
            };
            assert_eq!(names(ours), names(theirs), "keys at {place}");
            for (name, value) in ours {
                same_shape(&format!("{place}.{name}"), value, &theirs[name]);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "items at {place}");
            for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                same_shape(&format!("{place}[{at}]"), ours, theirs);
            }
        }
        (ours, theirs) => assert_eq!(
            std::mem::discriminant(ours),
            std::mem::discriminant(theirs),
            "type at {place}: {ours} against {theirs}"
        ),
    }
}

fn person(path: &str) -> String {
    format!("people/{PERSON}/{path}")
}

/// Makes the event of each webhook fixture that the control API can cause.
async fn webhook_cases(world: &World) -> Vec<(&'static str, String, Value)> {
    let mid = world.person_writes("hi").await;
    let sent = world.send_text("hello").await.body["message_id"].clone();
    world.receiver.wait(2).await;
    let say = person("messages");
    let url = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=x";
    let part = |kind: &str| json!({"attachments": [{"type": kind, "url": url}]});
    let with = |extra: Value| json!({"text": "?", "extra": extra});
    let code = world.look("reels").await[0]["code"].clone();
    vec![
        (
            "webhook-message-text",
            say.clone(),
            json!({"text": "https://www.instagram.com/reel/X/"}),
        ),
        ("webhook-message-image", say.clone(), part("image")),
        ("webhook-message-video", say.clone(), part("video")),
        ("webhook-message-audio", say.clone(), part("audio")),
        ("webhook-message-file", say.clone(), part("file")),
        (
            "webhook-message-unsupported-type",
            say.clone(),
            part("unsupported_type"),
        ),
        (
            "webhook-message-ephemeral",
            say.clone(),
            json!({"attachments": [{"type": "ephemeral"}]}),
        ),
        (
            "webhook-message-like-heart",
            say.clone(),
            json!({"attachments": [{"type": "like_heart"}]}),
        ),
        (
            "webhook-message-is-unsupported",
            say.clone(),
            json!({"is_unsupported": true}),
        ),
        (
            "webhook-message-quick-reply",
            say.clone(),
            json!({"text": "PT", "quick_reply": {"payload": "L"}}),
        ),
        (
            "webhook-message-reply",
            say.clone(),
            json!({"text": "yes", "reply_to": {"mid": mid}}),
        ),
        (
            "webhook-message-shop-referral",
            say.clone(),
            with(json!({"referral": {"product": {"id": "4"}}})),
        ),
        (
            "webhook-message-ig-post",
            say.clone(),
            json!({"share": {"code": code, "as": "ig_post"}}),
        ),
        (
            "webhook-message-share-and-ig-post",
            say.clone(),
            json!({"share": {"code": code, "as": "ig_post", "double": true}}),
        ),
        (
            "webhook-message-share-legacy",
            say.clone(),
            json!({"share": {"code": code, "as": "share"}}),
        ),
        (
            "webhook-message-ig-reel-cdn",
            say.clone(),
            json!({"share": {"code": code, "as": "ig_reel"}}),
        ),
        (
            "webhook-message-ig-reel-permalink",
            say.clone(),
            json!({"share": {"code": code, "as": "ig_reel", "url": "permalink"}}),
        ),
        (
            "webhook-message-story-mention",
            "stories".into(),
            json!({"from": PERSON, "kind": "mention", "url": url}),
        ),
        (
            "webhook-reaction",
            "reactions".into(),
            json!({"mid": sent, "emoji": "❤"}),
        ),
        (
            "webhook-unreaction",
            "reactions".into(),
            json!({"mid": sent}),
        ),
        ("webhook-seen", person("seen"), json!({})),
        (
            "webhook-edit",
            "edits".into(),
            json!({"mid": mid, "text": "ho"}),
        ),
        (
            "webhook-message-deleted",
            "unsend".into(),
            json!({"mid": mid}),
        ),
        (
            "webhook-postback",
            "postbacks".into(),
            json!({"from": PERSON, "title": "T", "payload": "P"}),
        ),
        (
            "webhook-postback-referral",
            "postbacks".into(),
            json!({"from": PERSON, "title": "T", "payload": "P", "ref": "R"}),
        ),
        (
            "webhook-referral",
            "referrals".into(),
            json!({"from": PERSON, "ref": "poster"}),
        ),
        (
            "webhook-echo",
            "echoes".into(),
            json!({"person": PERSON, "text": "by hand"}),
        ),
        ("webhook-echo-self", "self".into(), json!({"text": "note"})),
        (
            "webhook-comment",
            "comments".into(),
            json!({"from": PERSON, "text": "?", "parent_id": "17"}),
        ),
        (
            "webhook-live-comment",
            "comments".into(),
            json!({"from": PERSON, "text": "?", "parent_id": "17", "live": true}),
        ),
        (
            "webhook-mention-caption",
            "mentions".into(),
            json!({"media_id": "17"}),
        ),
        (
            "webhook-mention-comment",
            "mentions".into(),
            json!({"media_id": "17", "comment_id": "18"}),
        ),
        (
            "webhook-take-thread-control",
            "threads/owner".into(),
            json!({"person": PERSON, "owner": "other"}),
        ),
        ("webhook-standby", say, json!({"text": "to the other app"})),
        (
            "webhook-pass-thread-control",
            "threads/owner".into(),
            json!({"person": PERSON, "owner": "ours"}),
        ),
    ]
}

#[tokio::test]
async fn webhooks_have_the_pinned_shapes() {
    let world = World::start().await;
    let cases = webhook_cases(&world).await;
    let mut count = world.receiver.so_far().len();
    for (name, path, body) in cases {
        world.sim(&path, body).await;
        count += 1;
        let arrivals = world.receiver.wait(count).await;
        same_shape(name, &arrivals[count - 1].json(), &fixture(name)["body"]);
    }
}

/// Fixtures of webhooks that the simulator does not emit by itself, each with its reason; a new file
/// must be put into one list or the other.
const NOT_OURS: [(&str, &str); 29] = [
    ("webhook-app-roles", "sent by hand through /_sim/events"),
    (
        "webhook-array-wrapped",
        "a sample's spelling; /_sim/webhooks/raw",
    ),
    (
        "webhook-batch",
        "batches are tested in webhooks.rs; this one holds an invented kind",
    ),
    (
        "webhook-changes-dashboard-test",
        "the dashboard's test button; /_sim/webhooks/raw",
    ),
    (
        "webhook-changes-message",
        "the other list; /_sim/events with list changes",
    ),
    (
        "webhook-changes-seen",
        "the other list; /_sim/events with list changes",
    ),
    (
        "webhook-comment-comment-id",
        "the other reading; /_sim/webhooks/raw",
    ),
    (
        "webhook-comment-in-entry",
        "the other reading; /_sim/webhooks/raw",
    ),
    ("webhook-comment-own", "self_ig_scoped_id is not modelled"),
    (
        "webhook-comment-without-from",
        "an old capture; /_sim/webhooks/raw",
    ),
    ("webhook-echo-video", "tested with a real upload below"),
    ("webhook-edit-number", "the other reading of num_edit"),
    ("webhook-message-ad-referral", "ads are not modelled; extra"),
    (
        "webhook-message-ig-reel-relative",
        "a Messenger capture; extra",
    ),
    ("webhook-message-ig-story", "a third party's capture; extra"),
    (
        "webhook-message-story-reply",
        "link_sticker_url is optional and not modelled; shape below",
    ),
    ("webhook-numbers", "the other reading of ids"),
    ("webhook-optin", "unconfirmed shape; /_sim/events"),
    ("webhook-policy-enforcement", "/_sim/events"),
    ("webhook-policy-enforcement-underscore", "/_sim/events"),
    ("webhook-postback-without-mid", "before v11"),
    ("webhook-request-thread-control", "/_sim/events"),
    (
        "webhook-response-feedback",
        "unconfirmed shape; /_sim/events",
    ),
    ("webhook-story-insights", "/_sim/events"),
    ("webhook-wire-comments", "its spelling is tested below"),
    ("webhook-wire-messaging", "its spelling is tested below"),
    (
        "webhook-wire-messaging-escaped",
        "an older spelling; /_sim/webhooks/raw sends its wire",
    ),
    ("webhook-unknown-field", "invented"),
    ("webhook-unknown-kind", "invented"),
];

#[tokio::test]
async fn every_webhook_fixture_is_accounted_for() {
    let world = World::start().await;
    let emitted: Vec<&str> = webhook_cases(&world)
        .await
        .iter()
        .map(|(name, ..)| *name)
        .collect();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/meta");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = name
            .strip_suffix(".json")
            .filter(|name| name.starts_with("webhook-"))
        else {
            continue;
        };
        let known =
            emitted.contains(&name) || NOT_OURS.iter().any(|(not_ours, _)| *not_ours == name);
        assert!(known, "{name} is neither emitted nor explained");
    }
}

#[tokio::test]
async fn answers_have_the_pinned_shapes() {
    let world = World::start().await;
    world
        .sim("limits", json!({"conversations_per_second": 0}))
        .await;
    world.person_writes("hi").await;
    let sent = world.send_text("hello").await;
    same_shape("answer-send", &sent.body, &fixture("answer-send")["body"]);
    for (name, header) in fixture("answer-usage-headers")["headers"]
        .as_object()
        .unwrap()
    {
        let Ok(theirs) = serde_json::from_str::<Value>(header.as_str().unwrap()) else {
            assert!(sent.headers.contains_key(name), "{name}");
            continue;
        };
        let ours: Value = serde_json::from_str(sent.headers[name].to_str().unwrap()).unwrap();
        same_shape(name, &ours, &theirs);
    }
    let action = json!({"recipient": {"id": PERSON}, "sender_action": "typing_on"});
    let action = world
        .post(&format!("{FACEBOOK}/me/messages"), action)
        .await
        .body;
    same_shape(
        "answer-sender-action",
        &action,
        &fixture("answer-sender-action")["body"],
    );
    let me = world
        .get(&format!(
            "{FACEBOOK}/me?fields=id,name,instagram_business_account{{id,username}}"
        ))
        .await
        .body;
    same_shape(
        "answer-me-facebook-login",
        &me,
        &fixture("answer-me-facebook-login")["body"],
    );
    let me = format!("{INSTAGRAM}/me?fields=id,user_id,username,name");
    same_shape(
        "answer-me-instagram-login",
        &world.get(&me).await.body,
        &fixture("answer-me-instagram-login")["body"],
    );
    world
        .sim("accounts", json!({"id": ACCOUNT, "wrapped_me": true}))
        .await;
    let me = format!("{INSTAGRAM}/me?fields=id,user_id,username");
    same_shape(
        "wrapped",
        &world.get(&me).await.body,
        &fixture("answer-me-instagram-login-wrapped")["body"],
    );
    let fields = "name,username,profile_pic,follower_count,is_user_follow_business,is_business_follow_user,is_verified_user";
    let profile = world
        .get(&format!("{FACEBOOK}/{PERSON}?fields={fields}"))
        .await
        .body;
    same_shape(
        "answer-profile",
        &profile,
        &fixture("answer-profile")["body"],
    );
    world
        .sim(
            &format!("people/{PERSON}"),
            json!({"name": null, "has_picture": false}),
        )
        .await;
    let profile = world
        .get(&format!(
            "{FACEBOOK}/{PERSON}?fields=name,username,profile_pic"
        ))
        .await
        .body;
    same_shape(
        "answer-profile-null",
        &profile,
        &fixture("answer-profile-null")["body"],
    );
    let none = world
        .get(&format!(
            "{FACEBOOK}/me/conversations?platform=instagram&user_id=1"
        ))
        .await
        .body;
    same_shape(
        "answer-conversations-none",
        &none,
        &fixture("answer-conversations-none")["body"],
    );
    let ids = world
        .get(&format!("{FACEBOOK}/me/conversations?platform=instagram"))
        .await
        .body;
    same_shape(
        "answer-conversations-ids-only",
        &ids,
        &fixture("answer-conversations-ids-only")["body"],
    );
}

#[tokio::test]
async fn messages_read_back_have_the_pinned_shapes() {
    let world = World::without_webhook().await;
    world.person_writes("hi").await;
    let reels = world.look("reels").await;
    let say = person("messages");
    world
        .sim(
            &say,
            json!({"share": {"code": reels[0]["code"], "as": "ig_post"}}),
        )
        .await;
    world.send_text("hello").await;
    let fields = "messages{id,created_time,from,to,message,attachments,shares}";
    let path =
        format!("{FACEBOOK}/me/conversations?platform=instagram&user_id={PERSON}&fields={fields}");
    let body = world.get(&path).await.body;
    let ours = body["data"][0]["messages"]["data"].as_array().unwrap();
    let pinned = fixture("answer-conversations")["body"].clone();
    let theirs = pinned["data"][0]["messages"]["data"].as_array().unwrap();
    same_shape("text of the business", &ours[0], &theirs[1]);
    same_shape("share", &ours[1], &theirs[2]);
    same_shape("text of the person", &ours[2], &theirs[4]);
}

#[tokio::test]
async fn a_video_has_the_pinned_shapes() {
    let world = World::start().await;
    world.person_writes("hi").await;
    let reels = world.look("reels").await;
    let image = reels
        .as_array()
        .unwrap()
        .iter()
        .find(|reel| reel["kind"] == "image")
        .unwrap();
    let jpeg = world
        .client
        .get(image["cdn_url"].as_str().unwrap())
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let part = reqwest::multipart::Part::bytes(jpeg.to_vec()).file_name("a.jpg");
    let form = reqwest::multipart::Form::new()
        .text("platform", "instagram")
        .text(
            "message",
            r#"{"attachment":{"type":"image","payload":{"is_reusable":true}}}"#,
        )
        .part("filedata", part);
    let request = world
        .client
        .post(world.url(&format!("{FACEBOOK}/me/message_attachments")));
    let answer = world
        .call(request.bearer_auth("SIM-PAGE-TOKEN").multipart(form))
        .await
        .body;
    same_shape("answer-upload", &answer, &fixture("answer-upload")["body"]);
    let message = json!({"attachment": {"type": "image", "payload": {"attachment_id": answer["attachment_id"]}}});
    world
        .post(
            &format!("{FACEBOOK}/me/messages"),
            json!({"recipient": {"id": PERSON}, "message": message}),
        )
        .await;
    let mut pinned = fixture("webhook-echo-video")["body"].clone();
    pinned["entry"][0]["messaging"][0]["message"]["attachments"][0]["type"] = json!("image");
    same_shape(
        "echo of a file",
        &world.receiver.wait(2).await[1].json(),
        &pinned,
    );
    // The thread view asks ffprobe; from then on the read-back knows the picture's size.
    world.look(&person("messages")).await;
    let fields = "messages{id,created_time,from,to,message,attachments}";
    let path = format!("{FACEBOOK}/me/conversations?platform=instagram&fields={fields}");
    let ours = world.get(&path).await.body["data"][0]["messages"]["data"][0].clone();
    let pinned = fixture("answer-conversations")["body"].clone();
    same_shape(
        "image",
        &ours["attachments"],
        &pinned["data"][0]["messages"]["data"][3]["attachments"],
    );
}

#[tokio::test]
async fn a_story_reply_has_the_pinned_shape() {
    let world = World::start().await;
    world.sim("stories", json!({"from": PERSON, "kind": "reply", "text": "?", "url": "https://example.org/s", "id": "7"})).await;
    let mut pinned = fixture("webhook-message-story-reply")["body"].clone();
    let story = pinned
        .pointer_mut("/entry/0/messaging/0/message/reply_to/story")
        .unwrap();
    story.as_object_mut().unwrap().remove("link_sticker_url");
    same_shape(
        "story reply",
        &world.receiver.wait(1).await[0].json(),
        &pinned,
    );
}

/// An error must agree with its fixture in status, type, code, subcode and the names of its keys.
pub(crate) fn same_error(name: &str, answer: &crate::support::Answer) {
    let pinned = fixture(name);
    let (ours, theirs) = (&answer.body["error"], &pinned["body"]["error"]);
    assert_eq!(json!(answer.status), pinned["status"], "{name}: {ours}");
    for key in ["type", "code", "error_subcode", "is_transient"] {
        assert_eq!(ours.get(key), theirs.get(key), "{key} of {name}");
    }
    assert!(
        ours["message"].is_string() && ours["fbtrace_id"].is_string(),
        "{name}"
    );
}

#[tokio::test]
async fn errors_are_the_pinned_ones() {
    let world = World::without_webhook().await;
    let sends = format!("{FACEBOOK}/me/messages");
    same_error(
        "error-object-missing",
        &world.get(&format!("{FACEBOOK}/1")).await,
    );
    same_error("error-no-such-person", &world.send_text("?").await);
    world.sim(&format!("people/{PERSON}"), json!({})).await;
    same_error(
        "error-consent-required",
        &world.get(&format!("{FACEBOOK}/{PERSON}")).await,
    );
    same_error("error-outside-window", &world.send_text("?").await);
    let mid = world.person_writes("hi").await;
    same_error(
        "error-text-too-long",
        &world.send_text(&"a".repeat(1_001)).await,
    );
    let by_id = json!({"type": "video", "payload": {"attachment_id": "1"}});
    let send = |attachment: Value| json!({"recipient": {"id": PERSON}, "message": {"attachment": attachment}});
    same_error(
        "error-attachment-id-unknown",
        &world.post(&sends, send(by_id)).await,
    );
    let by_url = json!({"type": "video", "payload": {"url": world.url("cdn/nothing")}});
    same_error(
        "error-fetch-failed",
        &world.post(&sends, send(by_url)).await,
    );
    world.sim("unsend", json!({"mid": mid})).await;
    same_error(
        "error-message-gone",
        &world.get(&format!("{FACEBOOK}/{mid}")).await,
    );
    world
        .sim("accounts", json!({"id": ACCOUNT, "message_access": false}))
        .await;
    same_error("error-messages-switched-off", &world.send_text("?").await);
    world
        .sim("accounts", json!({"id": ACCOUNT, "message_access": true}))
        .await;
    world
        .sim("threads/owner", json!({"person": PERSON, "owner": "other"}))
        .await;
    same_error("error-thread-owned-by-other", &world.send_text("?").await);
    world
        .sim("threads/owner", json!({"person": PERSON, "owner": "ours"}))
        .await;
    world
        .sim(&format!("people/{PERSON}"), json!({"blocked": true}))
        .await;
    same_error("error-person-unavailable", &world.send_text("?").await);
    world
        .sim(&format!("people/{PERSON}"), json!({"blocked": false}))
        .await;
    world.sim("limits", json!({"sends_per_second": 1})).await;
    let (first, second) = tokio::join!(world.send_text("1"), world.send_text("2"));
    let refused = if first.status == 200 { second } else { first };
    same_error("error-send-rate", &refused);
    world
        .sim(
            "limits",
            json!({"calls_per_hour": 1, "enforce_calls": true}),
        )
        .await;
    same_error(
        "error-rate-instagram",
        &world.get(&format!("{FACEBOOK}/me")).await,
    );
    world.sim("limits", json!({"enforce_calls": false})).await;
    same_error(
        "error-unknown-path",
        &world.get(&format!("{INSTAGRAM}/nowhere/at/all")).await,
    );
    same_error(
        "error-token-missing",
        &world
            .call(world.client.get(world.url(&format!("{INSTAGRAM}/me"))))
            .await,
    );
    for (state, name) in [
        ("expired", "error-token-expired"),
        ("revoked", "error-token-revoked"),
    ] {
        world.sim("tokens", json!({"state": state})).await;
        same_error(name, &world.get(&format!("{FACEBOOK}/me")).await);
    }
    world
        .sim("tokens", json!({"state": "active", "scopes": []}))
        .await;
    same_error(
        "error-permission",
        &world.post(&sends, text_to(PERSON, "?")).await,
    );
}

/// The text of a wire fixture, as it is spelled there.
fn spelled(wire: &str, before: &str) -> String {
    let start = wire.find(before).unwrap() + before.len();
    let end = wire[start..].find('"').unwrap();
    wire[start..start + end].to_owned()
}

#[tokio::test]
async fn texts_are_spelled_as_on_the_wire() {
    let world = World::start().await;
    let messaging = fixture("webhook-wire-messaging");
    let text = messaging
        .pointer("/body/entry/0/messaging/0/message/text")
        .unwrap();
    world.person_writes(text.as_str().unwrap()).await;
    let comments = fixture("webhook-wire-comments");
    let text = comments
        .pointer("/body/entry/0/changes/0/value/text")
        .unwrap();
    world.receiver.wait(1).await;
    world
        .sim("comments", json!({"from": PERSON, "text": text}))
        .await;
    let arrivals = world.receiver.wait(2).await;
    for (arrival, pinned, before) in [
        (&arrivals[0], &messaging, "\"text\":\""),
        (&arrivals[1], &comments, "\"text\": \""),
    ] {
        let ours = std::str::from_utf8(&arrival.body).unwrap();
        assert_eq!(
            spelled(ours, before),
            spelled(pinned["wire"].as_str().unwrap(), before)
        );
    }
    let escaped = fixture("webhook-wire-messaging-escaped")["wire"].clone();
    world.sim("webhooks/raw", json!({"body": escaped})).await;
    assert_eq!(
        world.receiver.wait(3).await[2].body,
        escaped.as_str().unwrap().as_bytes()
    );
}

/// The multipart body of an upload fixture, with bytes of the right kind.
fn multipart(parts: &Value) -> reqwest::multipart::Form {
    let mut form = reqwest::multipart::Form::new();
    for (name, part) in parts.as_object().unwrap() {
        let Some(file_name) = part["filename"].as_str() else {
            let text = part
                .as_str()
                .map_or_else(|| part.to_string(), str::to_owned);
            form = form.text(name.clone(), text);
            continue;
        };
        let kind = part["content_type"].as_str().unwrap();
        let bytes: &[u8] = if kind == "image/png" {
            b"\x89PNG\r\n\x1a\n"
        } else {
            b"\0\0\0\x20ftypisom"
        };
        let file = reqwest::multipart::Part::bytes(bytes.to_vec()).file_name(file_name.to_owned());
        form = form.part(name.clone(), file.mime_str(kind).unwrap());
    }
    form
}

#[tokio::test]
async fn every_pinned_request_is_understood() {
    let world = World::without_webhook().await;
    world
        .sim("limits", json!({"conversations_per_second": 0}))
        .await;
    world.person_writes("hi").await;
    let list = world
        .get(&format!("{FACEBOOK}/me/conversations?platform=instagram"))
        .await
        .body;
    let thread = list["data"][0]["id"].as_str().unwrap().to_owned();
    let upload = async |name: &str, host: &str| {
        let pinned = fixture(name);
        let path = format!("{host}{}", pinned["path"].as_str().unwrap());
        let token = if host == FACEBOOK {
            "SIM-PAGE-TOKEN"
        } else {
            "SIM-INSTAGRAM-TOKEN"
        };
        let request = world.client.post(world.url(&path)).bearer_auth(token);
        let answer = world
            .call(request.multipart(multipart(&pinned["parts"])))
            .await;
        assert_eq!(answer.status, 200, "{name}: {:?}", answer.body);
        answer.body["attachment_id"].as_str().unwrap().to_owned()
    };
    let video = upload("request-upload", FACEBOOK).await;
    let image = upload("request-upload-instagram-login", INSTAGRAM).await;
    for name in [
        "request-conversation-messages",
        "request-conversations",
        "request-conversations-instagram-login",
        "request-mark-seen",
        "request-me-facebook-login",
        "request-me-instagram-login",
        "request-messenger-profile",
        "request-profile",
        "request-send-images",
        "request-send-text",
        "request-send-text-instagram-login",
        "request-send-video",
        "request-typing-on",
    ] {
        let pinned = fixture(name);
        let host = if name.ends_with("instagram-login") {
            INSTAGRAM
        } else {
            FACEBOOK
        };
        let path = pinned["path"]
            .as_str()
            .unwrap()
            .replace("aWdfZAG06MQZDZD", &thread);
        let answer = if pinned["method"] == "GET" {
            let query = pinned["query"].as_object().unwrap().iter();
            let query: Vec<String> = query
                .map(|(key, value)| format!("{key}={}", value.as_str().unwrap()))
                .collect();
            world
                .get(&format!("{host}{path}?{}", query.join("&")))
                .await
        } else {
            let body = pinned["body"].to_string();
            let body = body.replace("1500000000000001", &video);
            let body = body
                .replace("1500000000000002", &image)
                .replace("1500000000000003", &image);
            world
                .post(
                    &format!("{host}{path}"),
                    serde_json::from_str(&body).unwrap(),
                )
                .await
        };
        assert_eq!(answer.status, 200, "{name}: {:?}", answer.body);
    }
}
