//! A simulator, a receiver of its webhooks, and short ways to call it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use serde_json::{Value, json};
use simulator::{Options, Simulator};
use tokio::sync::{Mutex, watch};

pub(crate) const PERSON: &str = "5550000000000001";
pub(crate) const ACCOUNT: &str = "17841400000000001";
pub(crate) const FACEBOOK: &str = "graph.facebook.com/v26.0";
pub(crate) const INSTAGRAM: &str = "graph.instagram.com/v26.0";

/// One webhook that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) body: Bytes,
    pub(crate) signature: Option<String>,
    pub(crate) status: u16,
}

impl Arrival {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The first event of the first entry.
    pub(crate) fn item(&self) -> Value {
        self.json()["entry"][0]["messaging"][0].clone()
    }
}

#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    arrivals: watch::Sender<Vec<Arrival>>,
    /// What it answers; the last one repeats.
    statuses: Mutex<Vec<u16>>,
}

impl Receiver {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Arc::new(Self {
            url: format!(
                "http://{}/webhooks/instagram",
                listener.local_addr().unwrap()
            ),
            arrivals: watch::Sender::new(Vec::new()),
            statuses: Mutex::new(vec![200]),
        });
        let app = Router::new()
            .route("/webhooks/instagram", get(challenge).post(arrive))
            .with_state(Arc::clone(&receiver));
        tokio::spawn(async move { axum::serve(listener, app).await });
        receiver
    }

    pub(crate) async fn answer(&self, statuses: &[u16]) {
        *self.statuses.lock().await = statuses.iter().rev().copied().collect();
    }

    /// Waits until at least `count` webhooks arrived; all that have arrived then.
    pub(crate) async fn wait(&self, count: usize) -> Vec<Arrival> {
        let mut arrivals = self.arrivals.subscribe();
        let waiting = arrivals.wait_for(|arrivals| arrivals.len() >= count);
        match tokio::time::timeout(Duration::from_secs(20), waiting).await {
            Ok(arrivals) => arrivals.unwrap().clone(),
            Err(late) => panic!(
                "waited for {count} webhooks ({late}), got {:#?}",
                self.arrivals.borrow()
            ),
        }
    }

    pub(crate) fn so_far(&self) -> Vec<Arrival> {
        self.arrivals.borrow().clone()
    }
}

async fn challenge(RawQuery(query): RawQuery) -> (StatusCode, String) {
    let query = query.unwrap_or_default();
    let pair = |name: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let good = pair("hub.mode").as_deref() == Some("subscribe")
        && pair("hub.verify_token").as_deref() == Some("simulator-verify-token");
    match pair("hub.challenge") {
        Some(challenge) if good => (StatusCode::OK, challenge),
        _ => (StatusCode::FORBIDDEN, String::new()),
    }
}

async fn arrive(
    State(receiver): State<Arc<Receiver>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let status = {
        let mut statuses = receiver.statuses.lock().await;
        if statuses.len() > 1 {
            statuses.pop().unwrap()
        } else {
            statuses[0]
        }
    };
    let signature = headers
        .get("x-hub-signature-256")
        .map(|value| value.to_str().unwrap().to_owned());
    receiver.arrivals.send_modify(|arrivals| {
        arrivals.push(Arrival {
            body,
            signature,
            status,
        });
    });
    StatusCode::from_u16(status).unwrap()
}

/// A simulator with an empty receiver attached.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) receiver: Arc<Receiver>,
    pub(crate) client: reqwest::Client,
    _data: tempfile::TempDir,
}

/// An answer of any of the simulated hosts.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// `(code, subcode)` of an error.
    pub(crate) fn error(&self) -> (i64, Option<i64>) {
        let error = &self.body["error"];
        assert!(
            error["fbtrace_id"].is_string(),
            "not an error of Meta's: {:?}",
            self.body
        );
        (
            error["code"].as_i64().unwrap(),
            error["error_subcode"].as_i64(),
        )
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        let world = Self::without_webhook().await;
        let url = world.receiver.url.parse().unwrap();
        world.simulator.set_webhook(url).await.unwrap();
        world
    }

    pub(crate) async fn without_webhook() -> Self {
        let data = tempfile::tempdir().unwrap();
        let options = Options {
            data_dir: data.path().to_owned(),
            ..Options::default()
        };
        Self::with(options, data).await
    }

    pub(crate) async fn with(options: Options, data: tempfile::TempDir) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let simulator = Simulator::start(options).await.unwrap();
        Self {
            simulator,
            receiver: Receiver::start().await,
            client,
            _data: data,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.simulator.base_url())
    }

    /// A control call that must succeed.
    pub(crate) async fn sim(&self, path: &str, body: Value) -> Value {
        let request = self
            .client
            .post(self.url(&format!("_sim/{path}")))
            .json(&body);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn look(&self, path: &str) -> Value {
        let answer = self
            .client
            .get(self.url(&format!("_sim/{path}")))
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{path}");
        answer.json().await.unwrap()
    }

    /// Somebody writes; the message id.
    pub(crate) async fn person_writes(&self, text: &str) -> String {
        let answer = self
            .sim(&format!("people/{PERSON}/messages"), json!({"text": text}))
            .await;
        answer["mid"].as_str().unwrap().to_owned()
    }

    /// The thread as the person sees it.
    pub(crate) async fn thread(&self) -> Value {
        self.look(&format!("people/{PERSON}/messages?probe=0"))
            .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(self.client.get(self.url(path)).bearer_auth(token(path)))
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(
            self.client
                .post(self.url(path))
                .bearer_auth(token(path))
                .json(&body),
        )
        .await
    }

    pub(crate) async fn call(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer {
            status,
            headers,
            body: answer.json().await.unwrap(),
        }
    }

    /// Sends a text from the account to the person.
    pub(crate) async fn send_text(&self, text: &str) -> Answer {
        self.post(&format!("{FACEBOOK}/me/messages"), text_to(PERSON, text))
            .await
    }
}

pub(crate) fn text_to(person: &str, text: &str) -> Value {
    json!({"recipient": {"id": person}, "message": {"text": text}})
}

fn token(path: &str) -> &'static str {
    if path.starts_with("graph.instagram.com") {
        "SIM-INSTAGRAM-TOKEN"
    } else {
        "SIM-PAGE-TOKEN"
    }
}
