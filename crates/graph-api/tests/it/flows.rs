//! Real flows against the simulator, which shares no line with this crate: what it delivers is
//! verified and read, what we send arrives, and its refusals mean what they say.

use crate::fixtures::{ACCOUNT, PAGE, PERSON, check_both_ways, check_stored};
use crate::responder::{Reply, Request, Responder};
use bytes::Bytes;
use graph_api::client::{
    AccessToken, Action, Credentials, Graph, Hosts, Login, MediaKind, Outgoing, Unobserved, Upload,
    Version,
};
use graph_api::error::{CallError, ErrorKind, Outcome, Reaction};
use graph_api::id::{AccountId, AttachmentId, Igsid, PageId};
use graph_api::webhook::{AppSecrets, Event, Kind, Shape, parse, verify_challenge};
use secrecy::SecretString;
use serde_json::{Value, json};
use simulator::{Options, Simulator};
use std::sync::Arc;
use tempfile::TempDir;

pub(crate) const APP_SECRET: &str = "simulator-app-secret";

pub(crate) struct Meta {
    pub(crate) simulator: Simulator,
    pub(crate) http: reqwest::Client,
    pub(crate) graph: Graph,
    _data: TempDir,
}

impl Meta {
    pub(crate) async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let options = Options {
            data_dir: data.path().to_owned(),
            ..Options::default()
        };
        let simulator = Simulator::start(options).await.unwrap();
        let hosts = Hosts::behind(&simulator.base_url());
        let graph = Graph::new(hosts.unwrap(), Version::NEWEST, Arc::new(Unobserved)).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            simulator,
            http,
            graph,
            _data: data,
        }
    }

    /// A call of the simulator's control API.
    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_sim/{path}", self.simulator.base_url());
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path} {body}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn writes(&self, message: Value) -> String {
        let answer = self
            .control(&format!("people/{PERSON}/messages"), message)
            .await;
        answer["mid"].as_str().unwrap().to_owned()
    }

    /// The thread as the person sees it.
    async fn thread(&self) -> Value {
        let url = format!(
            "{}/_sim/people/{PERSON}/messages?probe=0",
            self.simulator.base_url()
        );
        let text = self
            .http
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn business_said(&self) -> Vec<Value> {
        let thread = self.thread().await;
        let messages = thread["messages"].as_array().unwrap().clone();
        messages
            .into_iter()
            .filter(|message| message["from"] == "business")
            .collect()
    }

    async fn send(&self, what: &Outgoing) -> Result<String, CallError> {
        let sent = self
            .graph
            .send(&facebook(), &Igsid::from(PERSON), what)
            .await?;
        Ok(sent.message_id.into_string())
    }

    async fn mids(&self) -> Vec<String> {
        let messages = self
            .graph
            .recent_messages(&facebook(), &Igsid::from(PERSON))
            .await;
        messages
            .unwrap()
            .into_iter()
            .map(|message| message.id.into_string())
            .collect()
    }
}

pub(crate) fn facebook() -> Credentials {
    let options = Options::default();
    Credentials {
        account: AccountId::from(ACCOUNT),
        login: Login::Facebook {
            page_id: PageId::from(PAGE),
        },
        token: AccessToken::new(&options.page_token),
        app_secret: Some(APP_SECRET.into()),
    }
}

pub(crate) fn instagram() -> Credentials {
    let token = AccessToken::new(&Options::default().instagram_token);
    Credentials {
        login: Login::Instagram,
        token,
        ..facebook()
    }
}

fn text(text: &str) -> Outgoing {
    Outgoing::Text(text.to_owned())
}

/// A webhook of ours, as small as it can be.
pub(crate) async fn hook() -> Responder {
    let expected = SecretString::from(Options::default().verify_token);
    Responder::answering(Box::new(move |request: &Request| {
        if request.method == "POST" {
            return Some(Reply::Json(200, Vec::new(), json!({})));
        }
        let challenge = verify_challenge(request.query(), &expected).unwrap();
        let length = challenge.len();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{challenge}");
        Some(Reply::Raw(answer.into_bytes()))
    }))
    .await
}

async fn with_hook() -> (Meta, Responder) {
    let (meta, hook) = (Meta::start().await, hook().await);
    let url = hook.base.parse().unwrap();
    meta.simulator.set_webhook(url).await.unwrap();
    (meta, hook)
}

/// The events of the next delivery, after every check that holds for all of them.
async fn next_events(hook: &mut Responder) -> Vec<Event> {
    let secrets = AppSecrets::new(vec!["another".into(), APP_SECRET.into()]).unwrap();
    loop {
        let request = hook.next().await;
        if request.method != "POST" {
            continue;
        }
        let header = request.header("x-hub-signature-256").map(str::as_bytes);
        let verified = secrets
            .verify(header, Bytes::from(request.body.clone()))
            .unwrap();
        let delivery = parse(&verified).unwrap();
        assert_eq!(delivery.object, "instagram");
        check_both_ways(&request.body);
        delivery.events.iter().for_each(check_stored);
        return delivery.events;
    }
}

async fn next_event(hook: &mut Responder) -> Event {
    let mut events = next_events(hook).await;
    assert_eq!(events.len(), 1);
    let event = events.remove(0);
    assert_eq!(event.account.as_str(), ACCOUNT);
    assert!(event.at_ms > 1_700_000_000_000, "{}", event.at_ms);
    event
}

#[tokio::test]
async fn what_people_write_arrives_as_they_wrote_it() {
    let (meta, mut hook) = with_hook().await;
    let hook = &mut hook;

    let typed = "Olá 🎵 https://www.instagram.com/reel/CPaoCaseiro/ <b> 50% @ana";
    let mid = meta.writes(json!({"text": typed})).await;
    let event = next_event(hook).await;
    assert_eq!(event.kind.mid().unwrap().as_str(), mid);
    assert_eq!(event.person.as_ref().unwrap().as_str(), PERSON);
    let Kind::Message(message) = &event.kind else {
        panic!("{event:?}")
    };
    assert_eq!(message.text.as_deref(), Some(typed));
    let first = event.dedupe;

    for (shape, host) in [("permalink", "www.instagram.com"), ("cdn", "127.0.0.1")] {
        let share = json!({"code": "CPaoCaseiro", "as": "ig_reel", "url": shape});
        meta.writes(json!({ "share": share })).await;
        let Kind::Message(message) = next_event(hook).await.kind else {
            panic!("{shape}")
        };
        let attachment = &message.attachments[0];
        assert_eq!(attachment.kind, "ig_reel");
        let url = url::Url::parse(attachment.url.as_deref().unwrap()).unwrap();
        assert_eq!(url.host_str(), Some(host), "{shape}");
        assert!(
            attachment.media_id.is_some() && attachment.title.is_some(),
            "{shape}"
        );
    }

    meta.control("edits", json!({"mid": mid, "text": "changed"}))
        .await;
    let Kind::Edit { num_edit, .. } = next_event(hook).await.kind else {
        panic!("edit")
    };
    assert_eq!(num_edit, 1);
    meta.control("unsend", json!({"mid": mid})).await;
    let deleted = next_event(hook).await;
    assert_eq!(
        (deleted.kind.name(), deleted.kind.mid().unwrap().as_str()),
        ("deleted", &*mid)
    );
    assert_ne!(deleted.dedupe, first);
}

#[tokio::test]
async fn stories_arrive_as_replies_and_mentions() {
    let (meta, mut hook) = with_hook().await;
    let hook = &mut hook;
    meta.control(
        "stories",
        json!({"from": PERSON, "kind": "reply", "code": "HStoryOfDay"}),
    )
    .await;
    let Kind::Message(message) = next_event(hook).await.kind else {
        panic!("story reply")
    };
    assert!(message.reply_to.is_some());
    meta.control(
        "stories",
        json!({"from": PERSON, "kind": "mention", "code": "HStoryOfDay"}),
    )
    .await;
    let Kind::Message(message) = next_event(hook).await.kind else {
        panic!("story mention")
    };
    assert_eq!(message.attachments[0].kind, "story_mention");
}

#[tokio::test]
async fn everything_else_arrives_as_what_it_is() {
    let (meta, mut hook) = with_hook().await;
    let hook = &mut hook;
    let calls = [
        (
            "postbacks",
            json!({"from": PERSON, "title": "Help", "payload": "HELP"}),
            "postback",
        ),
        (
            "referrals",
            json!({"from": PERSON, "ref": "poster"}),
            "referral",
        ),
        (
            "comments",
            json!({"from": PERSON, "text": "Which song?"}),
            "comment",
        ),
        (
            "comments",
            json!({"from": PERSON, "text": "Hi!", "live": true}),
            "live_comment",
        ),
        ("mentions", json!({}), "mention"),
        ("self", json!({"text": "a try"}), "echo"),
        (
            "echoes",
            json!({"person": PERSON, "text": "by hand"}),
            "echo",
        ),
        (
            "threads/owner",
            json!({"person": PERSON, "owner": "other"}),
            "thread_control",
        ),
        (
            "events",
            json!({"list": "messaging", "item": {"hologram": {}}}),
            "unknown",
        ),
    ];
    for (path, body, expected) in calls {
        meta.control(path, body).await;
        assert_eq!(next_event(hook).await.kind.name(), expected, "{path}");
    }
    meta.writes(json!({"text": "to the other app"})).await;
    let standby = next_event(hook).await;
    assert_eq!(
        (standby.kind.name(), standby.shape),
        ("message", Shape::Standby)
    );

    let own = json!({"from": ACCOUNT, "text": "Thank you"});
    meta.control("comments", own).await;
    let Kind::Comment(comment) = next_event(hook).await.kind else {
        panic!("own comment")
    };
    assert!(comment.is_own);
}

#[tokio::test]
async fn a_repeated_delivery_has_the_same_keys() {
    let (meta, mut hook) = with_hook().await;
    meta.writes(json!({"text": "once"})).await;
    let first = next_event(&mut hook).await;
    meta.control("webhooks/redeliver", json!({"times": 2}))
        .await;
    for _ in 0..2 {
        assert!(next_event(&mut hook).await == first);
    }
}

#[tokio::test]
async fn what_we_send_arrives_and_can_be_read_back() {
    let meta = Meta::start().await;
    let mut hook = hook().await;
    meta.writes(json!({"text": "hi"})).await;
    meta.simulator
        .set_webhook(hook.base.parse().unwrap())
        .await
        .unwrap();
    let to = Igsid::from(PERSON);
    for credentials in [facebook(), instagram()] {
        let me = meta.graph.me(&credentials).await.unwrap();
        assert_eq!(me.account.unwrap().as_str(), ACCOUNT);
        assert!(
            meta.graph
                .profile(&credentials, &to)
                .await
                .unwrap()
                .username
                .is_some()
        );
        meta.graph
            .sender_action(&credentials, &to, Action::MarkSeen)
            .await
            .unwrap();
        meta.graph
            .sender_action(&credentials, &to, Action::TypingOn)
            .await
            .unwrap();
        let thread = meta.thread().await;
        assert_eq!(thread["typing"], true);
        assert!(thread["seen_at"].is_i64());
        let said = "É só isto: 🎵";
        let sent = meta
            .graph
            .send(&credentials, &to, &text(said))
            .await
            .unwrap();
        assert_eq!(sent.recipient_id, to);
        let message = meta.business_said().await.pop().unwrap();
        assert_eq!(
            (message["id"].as_str(), message["text"].as_str()),
            (Some(sent.message_id.as_str()), Some(said))
        );
        let newest = meta
            .graph
            .recent_messages(&credentials, &to)
            .await
            .unwrap()
            .remove(0);
        assert_eq!(
            (&newest.id, newest.text.as_deref()),
            (&sent.message_id, Some(said))
        );
        assert_eq!(newest.from_id.as_deref(), Some(ACCOUNT));
        let echo = next_event(&mut hook).await;
        assert_eq!(
            (echo.kind.name(), echo.kind.mid()),
            ("echo", Some(&sent.message_id))
        );
        assert_eq!(echo.person, Some(to.clone()));
    }
}

/// The smallest file that passes for an mp4 by its first bytes, and then as many as wanted.
fn mp4(folder: &TempDir, bytes: usize) -> std::path::PathBuf {
    let mut file = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    file.resize(bytes, 7);
    let path = folder.path().join("made.mp4");
    std::fs::write(&path, file).unwrap();
    path
}

#[tokio::test]
async fn a_video_is_uploaded_and_sent() {
    let meta = Meta::start().await;
    meta.writes(json!({"text": "hi"})).await;
    let folder = tempfile::tempdir().unwrap();
    let path = mp4(&folder, 2_000_000);
    let upload = Upload {
        kind: MediaKind::Video,
        path: &path,
        file_name: "é.mp4",
        mime: "video/mp4",
    };
    for credentials in [facebook(), instagram()] {
        let id = meta.graph.upload(&credentials, upload).await.unwrap();
        let video = Outgoing::Attachment {
            kind: MediaKind::Video,
            id,
        };
        meta.graph
            .send(&credentials, &Igsid::from(PERSON), &video)
            .await
            .unwrap();
        let message = meta.business_said().await.pop().unwrap();
        let attachment = &message["attachments"][0];
        assert_eq!(
            (attachment["type"].as_str(), attachment["bytes"].as_u64()),
            (Some("video"), Some(2_000_000))
        );
        let newest = meta
            .graph
            .recent_messages(&credentials, &Igsid::from(PERSON))
            .await
            .unwrap();
        assert_eq!(newest[0].attachment_kinds, ["video"]);
    }
    let unknown = Outgoing::Attachment {
        kind: MediaKind::Video,
        id: AttachmentId::from("1"),
    };
    let error = meta.send(&unknown).await.unwrap_err();
    assert_eq!(
        (error.outcome(), error.reaction()),
        (Outcome::Refused, Reaction::Refused),
        "{error}"
    );
}

#[tokio::test]
async fn refusals_mean_what_they_say() {
    let meta = Meta::start().await;
    let stranger = meta.send(&text("you do not know me")).await.unwrap_err();
    assert_eq!(stranger.outcome(), Outcome::Refused, "{stranger}");
    let reaction = stranger.reaction();
    assert!(
        matches!(
            reaction,
            Reaction::PersonUnreachable | Reaction::WindowClosed
        ),
        "{stranger}"
    );

    meta.writes(json!({"text": "hi"})).await;
    meta.control("clock", json!({"advance_ms": 24 * 3_600_000 + 60_000}))
        .await;
    let late = meta.send(&text("too late")).await.unwrap_err();
    assert_eq!(
        late.graph().unwrap().kind,
        ErrorKind::OutsideWindow,
        "{late}"
    );
    assert_eq!(late.reaction(), Reaction::WindowClosed);

    meta.writes(json!({"text": "hi again"})).await;
    meta.control(&format!("people/{PERSON}"), json!({"blocked": true}))
        .await;
    let blocked = meta.send(&text("hello?")).await.unwrap_err();
    assert_eq!(blocked.reaction(), Reaction::PersonUnreachable, "{blocked}");
    meta.control(&format!("people/{PERSON}"), json!({"blocked": false}))
        .await;

    let bad_proof = Credentials {
        app_secret: Some("wrong".into()),
        ..facebook()
    };
    let refused = meta
        .graph
        .send(&bad_proof, &Igsid::from(PERSON), &text("x"))
        .await
        .unwrap_err();
    assert_eq!(refused.outcome(), Outcome::Refused, "{refused}");

    meta.control(
        "tokens",
        json!({"token": Options::default().page_token, "state": "expired"}),
    )
    .await;
    let expired = meta.send(&text("who am I?")).await.unwrap_err();
    assert_eq!(expired.graph().unwrap().subcode, Some(463));
    assert_eq!(expired.reaction(), Reaction::NeedsLogin);
    assert!(meta.business_said().await.is_empty());
}

#[tokio::test]
async fn an_unknown_outcome_is_found_by_looking() {
    let meta = Meta::start().await;
    meta.writes(json!({"text": "hi"})).await;
    let cases = [
        (json!({"kind": "apply_then_drop"}), true),
        (
            json!({"kind": "apply_then_error", "status": 500, "code": 2}),
            true,
        ),
        (
            json!({"kind": "apply_then_error", "status": 400, "code": 1, "subcode": 1_357_046}),
            true,
        ),
        (json!({"kind": "cut", "bytes": 20}), true),
        (json!({"kind": "drop_then_close"}), false),
        (json!({"kind": "status", "status": 503, "code": 2}), false),
    ];
    for (n, (fault, arrives)) in cases.into_iter().enumerate() {
        let kind = &format!("{n} {}", fault["kind"]);
        let matched = json!({"method": "POST", "path": "messages"});
        let rule = json!({"match": matched, "times": 1, "do": fault});
        meta.control("faults", rule).await;
        let before = meta.mids().await;
        let error = meta.send(&text(kind)).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{kind}: {error}");
        assert_eq!(error.reaction(), Reaction::Reconcile, "{kind}: {error}");
        // Asking twice a second is all that Meta allows.
        meta.control("clock", json!({"advance_ms": 2_000})).await;
        let after = meta.mids().await;
        assert_eq!(after.len() - before.len(), usize::from(arrives), "{kind}");
        let copies = meta.business_said().await;
        let copies = copies
            .iter()
            .filter(|message| message["text"] == **kind)
            .count();
        assert_eq!(copies, usize::from(arrives), "{kind} was sent again");
        meta.control("clock", json!({"advance_ms": 2_000})).await;
    }
}

#[tokio::test]
async fn reading_too_often_is_throttled() {
    let meta = Meta::start().await;
    meta.writes(json!({"text": "hi"})).await;
    let mut errors = Vec::new();
    for _ in 0..4 {
        if let Err(error) = meta
            .graph
            .recent_messages(&facebook(), &Igsid::from(PERSON))
            .await
        {
            errors.push(error);
        }
    }
    assert!(!errors.is_empty());
    for error in errors {
        assert!(
            matches!(error.reaction(), Reaction::Throttled { .. }),
            "{error}"
        );
        assert_eq!(error.outcome(), Outcome::Refused);
    }
}
