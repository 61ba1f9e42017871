//! Telegram's updates: a stranger's are refused, and the change from asking for them to a webhook loses and doubles none.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use server::{App, Roles};
use simulator::{Options, Simulator};
use store::Store;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    client::{Answer, ask},
    house::{eventually, settings},
};

const CHAT: u64 = 7_001;
const WEBHOOK_SECRET: &str = "a-webhook-secret-of-the-tests";
const PATIENCE: Duration = Duration::from_mins(1);

struct World {
    simulator: Simulator,
    http: reqwest::Client,
    folder: TempDir,
}

/// A process of ours that takes Telegram's updates.
struct Process {
    address: SocketAddr,
    store: Store,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl World {
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = Options {
            data_dir: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("simulator"),
            ..Options::default()
        };
        Self {
            simulator: Simulator::start(options).await.expect("a simulator"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    async fn process(&self, changes: &[(&str, &str)]) -> Process {
        let environment = self.simulator.client_environment();
        let value = |name: &str| {
            let line = environment.lines().find_map(|line| line.strip_prefix(name));
            line.expect("a setting").trim_start_matches('=').to_owned()
        };
        let (token, api) = (
            value("TELEGRAM_BOT_TOKEN"),
            value("GRAMOPHONE_TELEGRAM__API"),
        );
        let mut all = vec![
            ("telegram.token", token.as_str()),
            ("telegram.api", api.as_str()),
            ("telegram.webhook_secret", WEBHOOK_SECRET),
        ];
        all.extend(changes);
        let app = App::build(settings(self.folder.path(), &all), Roles::SERVE)
            .await
            .expect("a server");
        let (address, store) = (app.address().expect("an address"), app.store().clone());
        let stop = CancellationToken::new();
        let running = tokio::spawn(app.run(stop.clone()));
        Process {
            address,
            store,
            stop,
            running,
        }
    }

    async fn write(&self, text: &str) {
        let base = self.simulator.base_url();
        let url = format!("{base}/_sim/telegram/chats/{CHAT}/messages");
        let answer = self.http.post(url).json(&json!({"text": text})).send();
        assert!(answer.await.expect("the simulator").status().is_success());
    }

    /// Updates that nobody has taken yet.
    async fn pending(&self) -> u64 {
        let url = format!("{}/_sim/telegram", self.simulator.base_url());
        let answer = self.http.get(url).send().await.expect("the simulator");
        let state: Value = answer.json().await.expect("JSON");
        let pending = state.pointer("/webhook/pending_update_count");
        pending.and_then(Value::as_u64).expect("a count")
    }
}

impl Process {
    async fn until_jobs(&self, jobs: i64) {
        eventually("the jobs are there", PATIENCE, || async {
            self.store.unfinished_jobs().await.unwrap() >= jobs
        })
        .await;
        assert_eq!(self.store.unfinished_jobs().await.unwrap(), jobs);
    }

    async fn end(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(40), self.running).await;
        ended.expect("in time").expect("no panic").expect("well");
    }
}

async fn deliver(address: SocketAddr, headers: &str, body: &str) -> Answer {
    let request = format!(
        "POST /webhooks/telegram HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    ask(address, request).await
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn from_polling_to_a_webhook_and_back_without_a_gap_or_a_double() {
    let world = World::new().await;
    let polling = [("telegram.updates", "polling")];
    let process = world.process(&polling).await;
    world.write("oi").await;
    process.until_jobs(1).await;
    process.end().await;

    // Nobody is there; what is written waits.
    world.write("tudo bem?").await;
    let port = free_port().to_string();
    let public = format!("http://127.0.0.1:{port}");
    let process = world
        .process(&[
            ("telegram.updates", "webhook"),
            ("public_url", &public),
            ("listen.port", &port),
        ])
        .await;
    process.until_jobs(2).await;
    world.write("alguém aí?").await;
    process.until_jobs(3).await;
    process.end().await;

    world.write("oi de novo").await;
    let process = world.process(&polling).await;
    process.until_jobs(4).await;
    eventually("everything is acknowledged", PATIENCE, || async {
        world.pending().await == 0
    })
    .await;
    process.until_jobs(4).await;
    process.end().await;
}

#[tokio::test]
async fn forged_updates_leave_no_trace() {
    let world = World::new().await;
    let process = world.process(&[("telegram.updates", "polling")]).await;
    let now = 1_900_000_000;
    let body = json!({"update_id": 5, "message": {
        "message_id": 1, "date": now, "chat": {"id": CHAT, "type": "private", "first_name": "A"},
        "from": {"id": CHAT, "is_bot": false, "first_name": "A"}, "text": "oi",
    }})
    .to_string();
    let name = "x-telegram-bot-api-secret-token";
    for headers in [
        String::new(),
        format!("{name}: \r\n"),
        format!("{name}: {}\r\n", &WEBHOOK_SECRET[1..]),
        format!("{name}: {WEBHOOK_SECRET}x\r\n"),
        format!("{name}: {WEBHOOK_SECRET}\r\n{name}: {WEBHOOK_SECRET}\r\n"),
    ] {
        let answer = deliver(process.address, &headers, &body).await;
        assert_eq!(answer.status, 401, "{headers}");
        assert!(!answer.body.contains(WEBHOOK_SECRET));
    }
    assert_eq!(process.store.unfinished_jobs().await.unwrap(), 0);

    let right = format!("{name}: {WEBHOOK_SECRET}\r\n");
    // Until the bot's name is known, groups could not be told apart: Telegram is asked to send it again.
    eventually("the bot is known", PATIENCE, || async {
        deliver(process.address, &right, &body).await.status == 200
    })
    .await;
    assert_eq!(deliver(process.address, &right, &body).await.status, 200);
    process.until_jobs(1).await;
    assert_eq!(
        deliver(process.address, &right, "no json").await.status,
        400
    );
    process.until_jobs(1).await;
    process.end().await;
}
