//! The client against a server that keeps every byte it got: what is sent is what `fixtures/meta`
//! says, it is sent once, and every way to fail is told apart by what it proves.

use crate::fixtures::{ACCOUNT, PAGE, PERSON, all, one};
use crate::responder::{Reply, Request, Responder};
use graph_api::client::{
    AccessToken, Action, BuildError, CallCode, CallRecord, Credentials, Entry, Graph, Hosts, Login,
    MediaKind, Observer, Offer, Outgoing, Upload, Version,
};
use graph_api::endpoint::media::{Edge, GetMedia, ListMedia};
use graph_api::error::{CallError, NotSent, Outcome, Reaction};
use graph_api::id::{AccountId, AttachmentId, Igsid, PageId};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const TOKEN: &str = "canary-token";
const APP_SECRET: &str = "canary-secret";

#[derive(Default)]
struct Log(Mutex<Vec<CallRecord>>);

impl Observer for Log {
    fn called(&self, call: &CallRecord) {
        self.0.lock().unwrap().push(call.clone());
    }
}

impl Log {
    fn last(&self) -> CallRecord {
        self.0.lock().unwrap().last().unwrap().clone()
    }
}

struct World {
    responder: Responder,
    graph: Graph,
    log: Arc<Log>,
}

fn provider() {
    // The other tests of this binary may have been quicker.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn graph(base: &str, log: Arc<Log>) -> Graph {
    provider();
    let hosts = Hosts::new(
        &format!("{base}/graph.facebook.com"),
        &format!("{base}/graph.instagram.com/"),
    );
    Graph::new(hosts.unwrap(), Version::NEWEST, log).unwrap()
}

async fn world(script: Vec<Reply>) -> World {
    let responder = Responder::start(script).await;
    let log = Arc::new(Log::default());
    let graph = graph(&responder.base, Arc::clone(&log));
    World {
        responder,
        graph,
        log,
    }
}

fn facebook() -> Credentials {
    Credentials {
        account: AccountId::from(ACCOUNT),
        login: Login::Facebook {
            page_id: PageId::from(PAGE),
        },
        token: AccessToken::new(TOKEN),
        app_secret: None,
    }
}

fn instagram() -> Credentials {
    Credentials {
        login: Login::Instagram,
        ..facebook()
    }
}

fn person() -> Igsid {
    Igsid::from(PERSON)
}

fn text() -> Outgoing {
    Outgoing::Text("Here is what it says.".to_owned())
}

fn answer(name: &str) -> Reply {
    let fixture = one(name);
    let headers = fixture
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let headers = headers
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    let status = u16::try_from(fixture["status"].as_u64().unwrap()).unwrap();
    Reply::Json(status, headers, fixture["body"].clone())
}

/// A request as the fixture of this name has it: method, path, query, JSON body.
#[track_caller]
fn check_request(request: &Request, host: &str, name: &str) {
    let fixture = one(name);
    assert_eq!(
        request.method,
        fixture["method"].as_str().unwrap(),
        "{name}"
    );
    let path = format!("/{host}/v26.0{}", fixture["path"].as_str().unwrap());
    assert_eq!(request.path(), path, "{name}");
    let expected = fixture
        .get("query")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let mut expected: Vec<(String, String)> = expected
        .map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    let mut query = request.query();
    expected.sort();
    query.sort();
    assert_eq!(query, expected, "{name}");
    if !fixture["body"].is_null() {
        assert_eq!(request.json(), fixture["body"], "{name}");
        assert_eq!(
            request.header("content-type"),
            Some("application/json"),
            "{name}"
        );
    }
    assert_eq!(
        request.header("authorization"),
        Some("Bearer canary-token"),
        "{name}"
    );
    assert!(!request.target.contains("canary"), "{name}");
}

#[tokio::test]
async fn sends_are_what_meta_documents() {
    let world = world(vec![answer("answer-send"); 4]).await;
    let video = Outgoing::Attachment {
        kind: MediaKind::Video,
        id: AttachmentId::from("1500000000000001"),
    };
    let images = Outgoing::Images(
        ["1500000000000002", "1500000000000003"]
            .map(AttachmentId::from)
            .into(),
    );
    for (credentials, what) in [
        (facebook(), text()),
        (facebook(), video),
        (facebook(), images),
        (instagram(), text()),
    ] {
        let sent = world
            .graph
            .send(&credentials, &person(), &what)
            .await
            .unwrap();
        assert_eq!(sent.recipient_id, person());
        let expected = one("answer-send");
        assert_eq!(
            sent.message_id.as_str(),
            expected["body"]["message_id"].as_str().unwrap()
        );
    }
    let requests = world.responder.requests();
    check_request(&requests[0], "graph.facebook.com", "request-send-text");
    check_request(&requests[1], "graph.facebook.com", "request-send-video");
    check_request(&requests[2], "graph.facebook.com", "request-send-images");
    check_request(
        &requests[3],
        "graph.instagram.com",
        "request-send-text-instagram-login",
    );
    let record = world.log.last();
    assert_eq!((record.endpoint, record.method), ("messages", "POST"));
    assert_eq!(
        (record.code, record.account.as_str()),
        (CallCode::Http(200), ACCOUNT)
    );
}

#[tokio::test]
async fn sender_actions_are_what_meta_documents() {
    let world = world(vec![answer("answer-sender-action"); 3]).await;
    for action in [Action::TypingOn, Action::MarkSeen, Action::TypingOff] {
        world
            .graph
            .sender_action(&facebook(), &person(), action)
            .await
            .unwrap();
    }
    let requests = world.responder.requests();
    check_request(&requests[0], "graph.facebook.com", "request-typing-on");
    check_request(&requests[1], "graph.facebook.com", "request-mark-seen");
    assert_eq!(requests[2].json()["sender_action"], "typing_off");
    assert_eq!(world.log.last().endpoint, "sender_action");
}

#[tokio::test]
async fn questions_and_menu_are_what_meta_documents() {
    let done = Reply::Json(200, Vec::new(), json!({"result": "success"}));
    let world = world(vec![done]).await;
    let entry = |title: &str| Entry {
        title: title.to_owned(),
        payload: "c:help".to_owned(),
    };
    let offer = Offer {
        locale: "default".to_owned(),
        ice_breakers: vec![entry("How do you work?")],
        menu: vec![entry("Help")],
    };
    let set = world
        .graph
        .set_messenger_profile(&facebook(), &[offer])
        .await;
    set.unwrap();
    let requests = world.responder.requests();
    check_request(
        &requests[0],
        "graph.facebook.com",
        "request-messenger-profile",
    );
}

#[tokio::test]
async fn reads_are_what_meta_documents() {
    let world = world(vec![
        answer("answer-conversations"),
        answer("answer-conversations-none"),
        answer("answer-conversations-ids-only"),
        answer("answer-conversation-messages"),
        answer("answer-profile"),
        answer("answer-profile-null"),
        answer("answer-me-facebook-login"),
        answer("answer-me-instagram-login"),
        answer("answer-me-instagram-login-wrapped"),
    ])
    .await;
    let graph = &world.graph;

    let messages = graph.recent_messages(&facebook(), &person()).await.unwrap();
    let times: Vec<i64> = messages
        .iter()
        .map(|m| m.created_ms / 1000 - 1_767_225_600)
        .collect();
    assert_eq!(times, [5, 4, 3, 2, 1]);
    let kinds: Vec<String> = messages
        .iter()
        .map(|m| m.attachment_kinds.join("+"))
        .collect();
    assert_eq!(kinds, ["video", "", "share", "image", ""]);
    assert_eq!(messages[1].text.as_deref(), Some("Here is what it says."));
    let from: Vec<&str> = messages
        .iter()
        .map(|m| m.from_id.as_deref().unwrap())
        .collect();
    assert_eq!(from, [ACCOUNT, ACCOUNT, PERSON, PERSON, PERSON]);

    assert!(
        graph
            .recent_messages(&instagram(), &person())
            .await
            .unwrap()
            .is_empty()
    );

    let messages = graph.recent_messages(&facebook(), &person()).await.unwrap();
    assert_eq!(messages[0].created_ms, 1_767_225_602_000);
    assert_eq!(messages[1].attachment_kinds, ["file", "unsupported"]);

    let profile = graph.profile(&facebook(), &person()).await.unwrap();
    assert_eq!(
        (profile.name.as_deref(), profile.follower_count),
        (Some("A Listener"), Some(214))
    );
    let profile = graph.profile(&facebook(), &person()).await.unwrap();
    assert_eq!((profile.name, profile.profile_pic), (None, None));

    for credentials in [facebook(), instagram(), instagram()] {
        let me = graph.me(&credentials).await.unwrap();
        assert_eq!(me.account.unwrap().as_str(), ACCOUNT);
        assert_eq!(me.username.as_deref(), Some("gramophone"));
    }

    let requests = world.responder.requests();
    check_request(&requests[0], "graph.facebook.com", "request-conversations");
    check_request(
        &requests[1],
        "graph.instagram.com",
        "request-conversations-instagram-login",
    );
    check_request(
        &requests[3],
        "graph.facebook.com",
        "request-conversation-messages",
    );
    check_request(&requests[4], "graph.facebook.com", "request-profile");
    check_request(
        &requests[6],
        "graph.facebook.com",
        "request-me-facebook-login",
    );
    check_request(
        &requests[7],
        "graph.instagram.com",
        "request-me-instagram-login",
    );
}

fn upload(path: &Path) -> Upload<'_> {
    Upload {
        kind: MediaKind::Video,
        path,
        file_name: "reel.mp4",
        mime: "video/mp4",
    }
}

/// The parts of a form, each with its head and its body.
fn parts(request: &Request) -> Vec<(String, Vec<u8>)> {
    let kind = request.header("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let delimiter = format!("--{boundary}").into_bytes();
    let mut parts = Vec::new();
    let mut rest = &request.body[delimiter.len()..];
    while let Some(end) = rest
        .windows(delimiter.len())
        .position(|window| window == delimiter)
    {
        let part = &rest[2..end - 2];
        let head = part
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap();
        parts.push((
            String::from_utf8(part[..head].to_vec()).unwrap(),
            part[head + 4..].to_vec(),
        ));
        rest = &rest[end + delimiter.len()..];
    }
    parts
}

#[tokio::test]
async fn an_upload_is_the_form_that_meta_takes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.mp4");
    let bytes: Vec<u8> = (0..3_000_000_u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect();
    std::fs::write(&path, &bytes).unwrap();
    let world = world(vec![
        answer("answer-upload"),
        Reply::Json(
            200,
            Vec::new(),
            json!({"attachment_id": 1_500_000_000_000_009_u64}),
        ),
    ])
    .await;
    let id = world
        .graph
        .upload(&facebook(), upload(&path))
        .await
        .unwrap();
    assert_eq!(id.as_str(), "1500000000000001");
    let cover = Upload {
        kind: MediaKind::Image,
        file_name: "cover.png",
        mime: "image/png",
        ..upload(&path)
    };
    let id = world.graph.upload(&instagram(), cover).await.unwrap();
    assert_eq!(id.as_str(), "1500000000000009");

    let requests = world.responder.requests();
    for (request, name, host) in [
        (&requests[0], "request-upload", "graph.facebook.com"),
        (
            &requests[1],
            "request-upload-instagram-login",
            "graph.instagram.com",
        ),
    ] {
        check_request(request, host, name);
        let expected = one(name)["parts"].clone();
        let expected = expected.as_object().unwrap();
        let parts = parts(request);
        assert_eq!(parts.len(), expected.len(), "{name}");
        for (head, body) in parts {
            let part = head
                .split("name=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            match (&expected[part], part) {
                (Value::String(value), _) => assert_eq!(body, value.as_bytes(), "{name}"),
                (file, "filedata") => {
                    let filename = file["filename"].as_str().unwrap();
                    assert!(head.contains(&format!("filename=\"{filename}\"")), "{head}");
                    let kind = file["content_type"].as_str().unwrap();
                    assert!(head.contains(&format!("Content-Type: {kind}")), "{head}");
                    assert!(body == bytes, "the file arrived changed");
                }
                (value, _) => {
                    assert_eq!(
                        &serde_json::from_slice::<Value>(&body).unwrap(),
                        value,
                        "{name}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn files_that_cannot_be_sent_are_not_sent() {
    let world = world(Vec::new()).await;
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, b"").unwrap();
    let big = folder.path().join("big");
    std::fs::File::create(&big)
        .unwrap()
        .set_len(25_000_001)
        .unwrap();
    let missing = folder.path().join("missing");
    for path in [empty.as_path(), &big, &missing, folder.path()] {
        let error = world
            .graph
            .upload(&facebook(), upload(path))
            .await
            .unwrap_err();
        assert!(matches!(error, CallError::File(_)), "{error}");
        assert_eq!(
            (error.outcome(), error.reaction()),
            (Outcome::Refused, Reaction::Refused)
        );
        assert!(
            !error.to_string().contains(folder.path().to_str().unwrap()),
            "{error}"
        );
    }
    assert_eq!(world.responder.connections(), 0);
}

#[tokio::test]
async fn with_an_app_secret_every_call_proves_it() {
    let world = world(vec![
        answer("answer-send"),
        answer("answer-sender-action"),
        answer("answer-conversations"),
        answer("answer-profile"),
        answer("answer-me-facebook-login"),
        answer("answer-upload"),
    ])
    .await;
    let credentials = Credentials {
        app_secret: Some(APP_SECRET.into()),
        ..facebook()
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"x").unwrap();
    let graph = &world.graph;
    graph.send(&credentials, &person(), &text()).await.unwrap();
    graph
        .sender_action(&credentials, &person(), Action::MarkSeen)
        .await
        .unwrap();
    graph
        .recent_messages(&credentials, &person())
        .await
        .unwrap();
    graph.profile(&credentials, &person()).await.unwrap();
    graph.me(&credentials).await.unwrap();
    graph
        .upload(&credentials, upload(file.path()))
        .await
        .unwrap();
    let signed = crate::signatures::sign(APP_SECRET, TOKEN.as_bytes());
    let proof = signed.trim_start_matches("sha256=");
    let requests = world.responder.requests();
    assert_eq!(requests.len(), 6);
    for request in requests {
        let query = request.query();
        let proofs: Vec<&str> = query
            .iter()
            .filter(|(key, _)| key == "appsecret_proof")
            .map(|(_, value)| value.as_str())
            .collect();
        assert_eq!(proofs, [proof], "{}", request.target);
        assert!(!request.target.contains("canary"), "{}", request.target);
    }
}

#[tokio::test]
async fn every_error_of_meta_arrives_with_its_codes() {
    for (name, fixture) in all() {
        if !name.starts_with("error-") {
            continue;
        }
        let world = world(vec![answer(name)]).await;
        let error = world
            .graph
            .send(&facebook(), &person(), &text())
            .await
            .unwrap_err();
        let graph = error.graph().unwrap_or_else(|| panic!("{name}: {error}"));
        let body = &fixture["body"]["error"];
        assert_eq!(Some(graph.code), body["code"].as_i64(), "{name}");
        assert_eq!(graph.subcode, body["error_subcode"].as_i64(), "{name}");
        assert_eq!(
            u64::from(graph.status),
            fixture["status"].as_u64().unwrap(),
            "{name}"
        );
        assert_eq!(error.fbtrace_id(), body["fbtrace_id"].as_str(), "{name}");
        let message = body["message"].as_str().unwrap();
        assert_eq!(graph.message, message);
        assert!(
            !error.to_string().contains(message),
            "{name}: people's words in {error}"
        );
        let record = world.log.last();
        let expected = CallCode::Graph {
            code: graph.code,
            subcode: graph.subcode,
        };
        assert_eq!(record.code, expected, "{name}");
        assert_eq!(record.fbtrace_id, graph.fbtrace_id, "{name}");
        assert_eq!(world.responder.requests().len(), 1, "{name} was sent again");
    }
}

#[tokio::test]
async fn throttles_say_for_how_long() {
    let world = world(vec![
        answer("error-rate-instagram"),
        Reply::Json(
            400,
            vec![("Retry-After".to_owned(), "90".to_owned())],
            one("error-rate-app")["body"].clone(),
        ),
    ])
    .await;
    for after in [Duration::from_mins(7), Duration::from_secs(90)] {
        let error = world
            .graph
            .send(&facebook(), &person(), &text())
            .await
            .unwrap_err();
        assert_eq!(error.reaction(), Reaction::Throttled { after: Some(after) });
        assert_eq!(error.outcome(), Outcome::Refused);
    }
}

#[tokio::test]
async fn usage_headers_reach_the_observer() {
    let world = world(vec![
        answer("answer-usage-headers"),
        answer("answer-usage-headers-repeated-keys"),
        answer("answer-send"),
    ])
    .await;
    let mut records = Vec::new();
    for _ in 0..3 {
        world
            .graph
            .send(&facebook(), &person(), &text())
            .await
            .unwrap();
        records.push(world.log.last());
    }
    let usage = records[0].usage.clone().unwrap();
    assert_eq!(
        (
            usage.app.unwrap().call_count,
            usage.business[0].load.call_count
        ),
        (28, 31)
    );
    assert_eq!(records[0].fbtrace_id.as_deref(), Some("FixtureTrace0"));
    let usage = records[1].usage.clone().unwrap();
    assert_eq!(
        (usage.business.len(), usage.regain()),
        (2, Some(Duration::from_mins(19)))
    );
    assert_eq!(records[2].usage, None);
}

/// One send, one reply, one error that proves nothing, and no second attempt.
async fn check_unknown(reply: Reply) {
    // Only silence takes all of the time there is.
    let silence = matches!(reply, Reply::Silence);
    let patience = Duration::from_secs(if silence { 1 } else { 20 });
    let world = world(vec![reply, answer("answer-send")]).await;
    let graph = world.graph.clone().with_call_timeout(patience);
    let error = graph
        .send(&facebook(), &person(), &text())
        .await
        .unwrap_err();
    assert_eq!(
        (error.outcome(), error.reaction()),
        (Outcome::Unknown, Reaction::Reconcile),
        "{error}"
    );
    assert_eq!(
        world.responder.requests().len(),
        1,
        "sent again after {error}"
    );
    let shown = format!("{error} {error:?}");
    assert!(
        !shown.contains("canary") && !shown.contains("http://"),
        "{shown}"
    );
    assert_eq!(world.responder.connections(), 1);
}

fn raw(text: &str) -> Reply {
    Reply::Raw(text.as_bytes().to_vec())
}

#[tokio::test]
async fn what_proves_nothing_is_unknown() {
    check_unknown(raw("")).await;
    check_unknown(Reply::Silence).await;
    check_unknown(raw("HTTP/1.1 200 OK\r\ncontent-le")).await;
    check_unknown(raw(
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"message_id\":",
    ))
    .await;
    check_unknown(raw("not http at all\r\n\r\n")).await;
    check_unknown(raw("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n<html")).await;
    check_unknown(raw("HTTP/1.1 204 No Content\r\n\r\n")).await;
    check_unknown(raw(
        "HTTP/1.1 301 Moved\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
    ))
    .await;
    check_unknown(raw(
        "HTTP/1.1 307 Moved\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
    ))
    .await;
    for status in [400, 404, 413, 429, 500, 502, 503, 504] {
        check_unknown(Reply::Json(
            status,
            Vec::new(),
            json!({"no": "error object"}),
        ))
        .await;
    }
    for odd in [
        json!({}),
        json!([]),
        json!(7),
        json!({"message_id": null}),
        json!({"message_id": ""}),
    ] {
        check_unknown(Reply::Json(200, Vec::new(), odd)).await;
    }
    let long = json!({"message_id": "m", "filler": "x".repeat(1024 * 1024)});
    check_unknown(Reply::Json(200, Vec::new(), long)).await;
    // Meta's own refusal under a 5xx: the words say one thing, the status another.
    check_unknown(Reply::Json(
        500,
        Vec::new(),
        one("error-text-too-long")["body"].clone(),
    ))
    .await;
}

#[tokio::test]
async fn what_never_left_is_not_sent() {
    provider();
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let responder = Responder::start(Vec::new()).await;
    // A label of 64 characters is no name, and no resolver has to be asked.
    let no_name = format!("http://{}.invalid", "x".repeat(64));
    let no_tls = responder.base.replace("http://", "https://");
    for base in [nobody.as_str(), no_tls.as_str(), &no_name] {
        let log = Arc::new(Log::default());
        let graph = graph(base, Arc::clone(&log));
        let error = graph
            .send(&facebook(), &person(), &text())
            .await
            .unwrap_err();
        assert!(
            matches!(error, CallError::NotSent(NotSent::Connect(_))),
            "{base}: {error:?}"
        );
        assert_eq!(error.outcome(), Outcome::Refused);
        assert_eq!(error.reaction(), Reaction::RetryLater { after: None });
        assert_eq!(log.last().code, CallCode::Transport("connect"));
    }
    assert!(responder.requests().is_empty());
}

#[tokio::test]
async fn ids_that_lead_elsewhere_are_not_sent() {
    let world = world(Vec::new()).await;
    for evil in [
        "",
        "..",
        "123/../me",
        "me?fields=access_token",
        "a#b",
        "a%2fb",
    ] {
        let error = world
            .graph
            .profile(&facebook(), &Igsid::from(evil))
            .await
            .unwrap_err();
        assert!(
            matches!(error, CallError::NotSent(NotSent::Unsendable(_))),
            "{evil}: {error}"
        );
        let login = Login::Facebook {
            page_id: PageId::from(evil),
        };
        let credentials = Credentials {
            login,
            ..facebook()
        };
        let error = world
            .graph
            .send(&credentials, &person(), &text())
            .await
            .unwrap_err();
        assert_eq!(error.reaction(), Reaction::Refused, "{evil}");
    }
    assert_eq!(world.responder.connections(), 0);
}

#[tokio::test]
async fn sends_right_after_each_other_share_a_connection_of_their_own() {
    let script = [
        vec![answer("answer-send"); 2],
        vec![answer("answer-profile"); 2],
    ]
    .concat();
    let world = world(script).await;
    for _ in 0..2 {
        world
            .graph
            .send(&facebook(), &person(), &text())
            .await
            .unwrap();
    }
    for _ in 0..2 {
        world.graph.profile(&facebook(), &person()).await.unwrap();
    }
    let connections: Vec<usize> = world
        .responder
        .requests()
        .iter()
        .map(|request| request.connection)
        .collect();
    assert_eq!(connections, [0, 0, 1, 1]);
}

#[test]
fn a_client_is_refused_what_it_cannot_work_with() {
    provider();
    let error = Hosts::new("graph.facebook.com", "https://b").unwrap_err();
    assert_eq!(error, BuildError::Host("graph.facebook.com".to_owned()));
    let error = "26".parse::<Version>().unwrap_err();
    assert_eq!(error, BuildError::Version("26".to_owned()));
}

#[tokio::test]
async fn a_page_of_media_may_be_longer_than_other_answers_and_too_long_is_known_as_such() {
    let long = |size: usize| Reply::Json(200, vec![], json!({"data": [], "id": "x".repeat(size)}));
    let world = world(vec![long(2_000_000), long(9_000_000), long(2_000_000)]).await;
    let page = ListMedia {
        edge: Edge::Media,
        limit: 100,
        after: None,
        since_s: None,
        until_s: None,
        children: true,
        insights: Vec::new(),
    };
    let read = world.graph.ask(&facebook(), &page).await.unwrap();
    assert_eq!(read.data, []);
    let error = world.graph.ask(&facebook(), &page).await.unwrap_err();
    assert!(error.is_too_long(), "{error:?}");
    let post = GetMedia {
        media: "17900000000000201".into(),
        insights: Vec::new(),
    };
    let error = world.graph.ask(&facebook(), &post).await.unwrap_err();
    assert!(error.is_too_long(), "{error:?}");
}
