//! A server that works, with the simulated Meta beside it and nobody else in the room: for what callers of the API
//! write and publish.

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};
use server::Roles;
use simulator::{Options, Simulator};

use crate::{
    api::{Api, Got},
    house::{House, eventually},
};

const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Office {
    pub(crate) simulator: Simulator,
    pub(crate) house: House,
    pub(crate) api: Api,
    pub(crate) account: String,
    http: reqwest::Client,
}

impl Office {
    pub(crate) async fn open() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = Options {
            data_dir: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("simulator"),
            ..Options::default()
        };
        let simulator = Simulator::start(options).await.expect("a simulator");
        let base = simulator.base_url();
        let at = |host: &str| format!("{base}/{host}");
        let known = Options::default();
        let changes = [
            ("api.open_on_loopback", "true".to_owned()),
            ("instagram.app_secrets", known.app_secret.clone()),
            ("instagram.verify_token", known.verify_token.clone()),
            ("instagram.account_id", known.account_id.clone()),
            ("instagram.page_id", known.page_id.clone()),
            ("instagram.page_access_token", known.page_token.clone()),
            ("graph.graph_facebook", at("graph.facebook.com")),
            ("graph.graph_instagram", at("graph.instagram.com")),
            ("graph.rupload", at("rupload.facebook.com")),
        ];
        let changes: Vec<(&str, &str)> = changes
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let house = House::with(Roles::BOTH, &changes).await;
        let office = Self {
            api: Api::of(&house),
            account: known.account_id.clone(),
            simulator,
            house,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        };
        office.sim("publishing", json!({"processing_ms": 0})).await;
        office
    }

    /// A path of this account's.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/accounts/{}/{rest}", self.account)
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
        let calls = self.look("calls?method=POST&limit=1000").await;
        let calls = calls["calls"].as_array().cloned().unwrap_or_default();
        let ends = |call: &&Value| {
            let path = call["path"].as_str().unwrap_or_default();
            path.ends_with(ending)
        };
        calls.iter().filter(ends).count()
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
        let path = self.path(&format!("publications/{id}"));
        eventually("the publication is over", PATIENCE, || async {
            let state = self.api.get(&path).await.body["state"].clone();
            ["published", "failed", "cancelled", "unknown"]
                .iter()
                .any(|over| state == *over)
        })
        .await;
        self.api.get(&path).await.body
    }

    pub(crate) async fn close(self) {
        self.house.close().await;
        self.simulator.stop().await;
    }
}
