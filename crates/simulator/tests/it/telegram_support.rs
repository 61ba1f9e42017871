//! Short ways to be a bot, and a receiver of Telegram's webhooks.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

use crate::support::{Answer, World};

pub(crate) const CHAT: i64 = 5_550_000_001;
pub(crate) const GROUP: i64 = -4_000_000_001;
pub(crate) const FORUM: i64 = -1_002_000_000_001;
pub(crate) const BOT: &str = "api.telegram.org/bot123456789:SIM-TELEGRAM-TOKEN";

/// A file that begins like a JPEG of this size.
pub(crate) fn jpeg(width: u16, height: u16, bytes: usize) -> Vec<u8> {
    let mut file = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08".to_vec();
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.extend(b"\x03\x01\x22\x00");
    file.resize(bytes.max(file.len()), 7);
    file
}

/// A file that begins like an MP4.
pub(crate) fn mp4(bytes: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    file.resize(bytes.max(file.len()), 7);
    file
}

pub(crate) fn part(bytes: Vec<u8>, name: &str) -> reqwest::multipart::Part {
    reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned())
}

/// A world with one person who has written to the bot.
pub(crate) async fn world() -> World {
    let world = World::without_webhook().await;
    world
        .chat_writes(CHAT, json!({"text": "oi", "silent": true}))
        .await;
    world
}

impl World {
    pub(crate) async fn bot(&self, method: &str, body: Value) -> Answer {
        let request = self.client.post(self.url(&format!("{BOT}/{method}")));
        self.call(request.json(&body)).await
    }

    /// A call that must succeed; its result.
    pub(crate) async fn bot_ok(&self, method: &str, body: Value) -> Value {
        let answer = self.bot(method, body).await;
        assert_eq!(answer.status, 200, "{method}: {}", answer.body);
        assert_eq!(answer.body["ok"], true);
        answer.body["result"].clone()
    }

    /// A call that must fail; status and sentence.
    pub(crate) async fn bot_fails(&self, method: &str, body: Value) -> (u16, String) {
        failure(&self.bot(method, body).await)
    }

    pub(crate) async fn bot_form(&self, method: &str, form: reqwest::multipart::Form) -> Answer {
        let request = self.client.post(self.url(&format!("{BOT}/{method}")));
        self.call(request.multipart(form)).await
    }

    pub(crate) async fn chat_writes(&self, chat: i64, body: Value) -> Value {
        self.sim(&format!("telegram/chats/{chat}/messages"), body)
            .await
    }

    /// The chat as the person sees it.
    pub(crate) async fn chat(&self, chat: i64) -> Value {
        self.look(&format!("telegram/chats/{chat}/messages?probe=0"))
            .await
    }

    /// What `getUpdates` says without waiting.
    pub(crate) async fn updates(&self, offset: i64) -> Vec<Value> {
        let updates = self.bot_ok("getUpdates", json!({"offset": offset})).await;
        updates.as_array().unwrap().clone()
    }

    /// Waits until a control answer is what a test wants; the answer.
    pub(crate) async fn until(&self, path: &str, good: impl Fn(&Value) -> bool) -> Value {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let seen = self.look(path).await;
            if good(&seen) {
                return seen;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{path} stays {seen:#}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a poll waits for updates.
    pub(crate) async fn until_polling(&self) {
        self.until_polls(1).await;
    }

    /// Waits until so many polls have begun to wait, one after the other.
    pub(crate) async fn until_polls(&self, count: u64) {
        self.until("telegram", |seen| seen["polls"].as_u64() >= Some(count))
            .await;
    }

    /// The newest update.
    pub(crate) async fn last_update(&self) -> Value {
        self.updates(-1).await.pop().unwrap()
    }
}

pub(crate) fn failure(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.body["ok"], false, "{}", answer.body);
    assert_eq!(answer.body["error_code"], answer.status);
    let sentence = answer.body["description"].as_str().unwrap().to_owned();
    (answer.status, sentence)
}

/// One update that arrived by webhook.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) body: Value,
    pub(crate) secret: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Hook {
    pub(crate) url: String,
    arrivals: watch::Sender<Vec<Posted>>,
    /// What it answers; the last one repeats.
    statuses: Mutex<Vec<u16>>,
    reply: Mutex<Option<Value>>,
    /// Keeps callers waiting for their answer.
    holding: watch::Sender<bool>,
}

impl Hook {
    pub(crate) async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook = Arc::new(Self {
            url: format!(
                "http://{}/webhooks/telegram",
                listener.local_addr().unwrap()
            ),
            arrivals: watch::Sender::new(Vec::new()),
            statuses: Mutex::new(vec![200]),
            reply: Mutex::default(),
            holding: watch::Sender::new(false),
        });
        let app = Router::new()
            .route("/webhooks/telegram", post(arrive))
            .with_state(Arc::clone(&hook));
        tokio::spawn(async move { axum::serve(listener, app).await });
        hook
    }

    pub(crate) async fn answer(&self, statuses: &[u16]) {
        *self.statuses.lock().await = statuses.iter().rev().copied().collect();
    }

    pub(crate) fn hold(&self, hold: bool) {
        self.holding.send_replace(hold);
    }

    pub(crate) async fn reply(&self, reply: Value) {
        *self.reply.lock().await = Some(reply);
    }

    pub(crate) async fn wait(&self, count: usize) -> Vec<Posted> {
        let mut arrivals = self.arrivals.subscribe();
        let waiting = arrivals.wait_for(|arrivals| arrivals.len() >= count);
        match tokio::time::timeout(Duration::from_secs(20), waiting).await {
            Ok(arrivals) => arrivals.unwrap().clone(),
            Err(late) => panic!(
                "waited for {count} updates ({late}), got {:#?}",
                self.arrivals.borrow()
            ),
        }
    }
}

async fn arrive(State(hook): State<Arc<Hook>>, headers: HeaderMap, body: Bytes) -> Response {
    let status = {
        let mut statuses = hook.statuses.lock().await;
        if statuses.len() > 1 {
            statuses.pop().unwrap()
        } else {
            statuses[0]
        }
    };
    let secret = headers
        .get("x-telegram-bot-api-secret-token")
        .map(|value| value.to_str().unwrap().to_owned());
    let body = serde_json::from_slice(&body).unwrap();
    hook.arrivals
        .send_modify(|arrivals| arrivals.push(Posted { body, secret }));
    hook.holding
        .subscribe()
        .wait_for(|hold| !hold)
        .await
        .unwrap();
    let status = StatusCode::from_u16(status).unwrap();
    match hook.reply.lock().await.clone() {
        Some(reply) => (status, axum::Json(reply)).into_response(),
        None => status.into_response(),
    }
}
