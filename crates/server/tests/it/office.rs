//! A server that works, with the simulated Meta beside it and nobody else in the room: for what callers of the API
//! write and publish.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde_json::{Value, json};
use simulator::{Options, Simulator};
use tempfile::TempDir;

use crate::{
    api::{Api, Got},
    house::eventually,
    meta::part,
    process::{MovedClock, Process},
};

const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Office {
    pub(crate) simulator: Simulator,
    pub(crate) process: Process,
    pub(crate) api: Api,
    pub(crate) account: String,
    folder: TempDir,
    clock: Arc<MovedClock>,
    settings: Vec<(String, String)>,
    http: reqwest::Client,
}

impl Office {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// The same with some settings changed; in their values, `{simulator}` is where the simulator is, and `{app}` the app
    /// that it knows.
    pub(crate) async fn with(changes: &[(&str, &str)]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = Options {
            data_dir: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("simulator"),
            ..Options::default()
        };
        let simulator = Simulator::start(options).await.expect("a simulator");
        let base = simulator.base_url();
        let at = |host: &str| format!("{base}/{host}");
        let known = Options::default();
        let own = [
            ("api.open_on_loopback", "true".to_owned()),
            ("instagram.app_secrets", known.app_secret.clone()),
            ("instagram.verify_token", known.verify_token.clone()),
            ("instagram.account_id", known.account_id.clone()),
            ("instagram.page_id", known.page_id.clone()),
            ("instagram.page_access_token", known.page_token.clone()),
            ("graph.graph_facebook", at("graph.facebook.com")),
            ("graph.graph_instagram", at("graph.instagram.com")),
            ("graph.rupload", at("rupload.facebook.com")),
            ("graph.instagram_login", at("www.instagram.com")),
            ("graph.instagram_api", at("api.instagram.com")),
            ("instagram.app_id", known.app_id.clone()),
        ];
        let own = own
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let changes = changes.iter().map(|(name, value)| {
            let value = value.replace("{simulator}", &base);
            ((*name).to_owned(), value.replace("{app}", &known.app_id))
        });
        let settings: Vec<(String, String)> = own.chain(changes).collect();
        let (folder, clock) = (
            tempfile::tempdir().unwrap(),
            Arc::new(MovedClock::default()),
        );
        let process = Process::start(folder.path(), clock.clone(), &settings).await;
        let office = Self {
            api: Api::at(process.address),
            account: known.account_id.clone(),
            simulator,
            process,
            folder,
            clock,
            settings,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        };
        office.sim("publishing", json!({"processing_ms": 0})).await;
        office
    }

    /// The server is killed where it stands; another one starts on its data, so much later.
    pub(crate) async fn killed(self, away_ms: i64) -> Self {
        self.killed_for(away_ms, &[]).await
    }

    /// The same, and the other one has other settings.
    pub(crate) async fn killed_for(mut self, away_ms: i64, changes: &[(&str, &str)]) -> Self {
        self.process.kill().await;
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.settings.extend(changes.iter().map(own));
        let moved = json!({"advance_ms": away_ms});
        let url = format!("{}/_sim/clock", self.simulator.base_url());
        let answer = self.http.post(url).json(&moved).send().await.unwrap();
        assert!(answer.status().is_success());
        self.clock.advance(away_ms);
        let process = Process::start(self.folder.path(), self.clock.clone(), &self.settings).await;
        Self {
            api: Api::at(process.address),
            process,
            ..self
        }
    }

    /// Time passes, for Meta and for us.
    pub(crate) async fn advance(&self, by_ms: i64) {
        self.sim("clock", json!({"advance_ms": by_ms})).await;
        self.clock.advance(by_ms);
    }

    /// The folders of files that were handed in and are kept.
    pub(crate) fn handed_in(&self) -> Vec<PathBuf> {
        let uploads = self.folder.path().join("uploads");
        let entries = std::fs::read_dir(uploads).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }

    /// Meta's events come to the server from now on.
    pub(crate) async fn listen(&self) {
        let url = format!("http://{}/webhooks/instagram", self.process.address);
        self.sim("webhooks", json!({ "url": url })).await;
    }

    /// Until so many events of this kind are stored.
    pub(crate) async fn heard(&self, kind: &str, count: usize) {
        eventually("the events are stored", PATIENCE, || async {
            let got = self.api.get(&format!("/v1/events?kind={kind}")).await;
            got.body["data"]
                .as_array()
                .is_some_and(|all| all.len() >= count)
        })
        .await;
    }

    /// The calls that somebody made whose path ends so and whose body holds this.
    pub(crate) async fn calls_with(&self, ending: &str, words: &str) -> Vec<Value> {
        let calls = self.look("calls?method=POST&limit=1000").await;
        let calls = calls["calls"].as_array().cloned().unwrap_or_default();
        let fits = |call: &Value| {
            let path = call["path"].as_str().unwrap_or_default();
            path.ends_with(ending) && call["body"].to_string().contains(words)
        };
        calls.into_iter().filter(fits).collect()
    }

    /// A path of this account's.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/accounts/{}/{rest}", self.account)
    }

    /// Until what a server asks of Meta by itself when it starts is answered: whose the token is, and the chat's menu.
    pub(crate) async fn begun(&self) {
        eventually("the server has begun", PATIENCE, || async {
            let known = self.api.get("/v1/accounts").await.body["data"].clone();
            let is_known = |one: &Value| one["username"].is_string();
            let named = known.as_array().is_some_and(|all| all.iter().all(is_known));
            named && self.calls("/messenger_profile").await > 0
        })
        .await;
    }

    /// Connects one more account, by Instagram Login.
    pub(crate) async fn connect(&self, account: &str) -> Got {
        let begun = self.api.get("/instagram/auth/url").await;
        let page = begun.body["auth_url"].as_str().unwrap().to_owned();
        let page = format!("{page}&sim_decision=allow&sim_account={account}");
        let led = self.api.get(&page).await;
        let back = led.headers["location"].to_str().unwrap().to_owned();
        let back = back.split('#').next().unwrap();
        let body = json!({"code": part(back, "code"), "state": part(back, "state")});
        self.api.post("/instagram/auth/callback", &body).await
    }

    /// A call of the simulator's control API.
    pub(crate) async fn sim(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_sim/{path}", self.simulator.base_url());
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path} {body}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// What the simulator shows.
    pub(crate) async fn look(&self, path: &str) -> Value {
        let url = format!("{}/_sim/{path}", self.simulator.base_url());
        let answer = self.http.get(url).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// The next call that is like this is carried out, and its answer lost.
    pub(crate) async fn lose_answer(&self, path: &str) {
        let fault = json!({
            "match": {"method": "POST", "path": path}, "times": 1, "do": {"kind": "apply_then_drop"},
        });
        self.sim("faults", fault).await;
    }

    /// How often a call that ends so was made.
    pub(crate) async fn calls(&self, ending: &str) -> usize {
        self.calls_with(ending, "").await.len()
    }

    /// A write that goes on after its answer, followed to its end.
    pub(crate) async fn settled(&self, got: Got) -> Got {
        let mut got = got;
        let end = tokio::time::Instant::now() + PATIENCE;
        while got.status == 202 && tokio::time::Instant::now() < end {
            let write = got.body["write"].as_str().unwrap().to_owned();
            tokio::time::sleep(Duration::from_millis(50)).await;
            got = self.api.get(&self.path(&format!("writes/{write}"))).await;
        }
        got
    }

    /// A publication, once it is over.
    pub(crate) async fn over(&self, id: &str) -> Value {
        self.over_with(id, 0).await
    }

    /// The same, and so much more time passes between two looks.
    pub(crate) async fn over_with(&self, id: &str, step_ms: i64) -> Value {
        let path = self.path(&format!("publications/{id}"));
        eventually("the publication is over", PATIENCE, || async {
            if step_ms > 0 {
                self.advance(step_ms).await;
            }
            let state = self.api.get(&path).await.body["state"].clone();
            ["published", "failed", "cancelled", "unknown"]
                .iter()
                .any(|over| state == *over)
        })
        .await;
        self.api.get(&path).await.body
    }

    /// A publication, once it waits for this.
    pub(crate) async fn waits(&self, id: &str, why: &str) -> Got {
        let path = self.path(&format!("publications/{id}"));
        eventually("the publication waits", PATIENCE, || async {
            self.api.get(&path).await.body["waits_for"] == why
        })
        .await;
        self.api.get(&path).await
    }

    pub(crate) async fn close(self) {
        self.process.close().await;
        self.simulator.stop().await;
    }
}
