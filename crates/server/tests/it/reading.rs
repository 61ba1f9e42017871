//! A server that reads a simulated account, with the truth beside it: `GET /_sim/seed`, and the calls that arrived.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde_json::{Value, json};
use server::Roles;
use simulator::{Options, Simulator};
use store::ManualClock;

use crate::{
    api::{Api, Asked, Got},
    house::House,
};

/// Friday the 20th of November 2026, noon at the Pacific.
pub(crate) const NOW_MS: i64 = 1_795_204_800_000;
/// The account with too few followers.
pub(crate) const SMALL: (&str, &str) = ("17841400000000080", "100000000000080");

pub(crate) struct Reading {
    pub(crate) simulator: Simulator,
    pub(crate) house: House,
    pub(crate) api: Api,
    pub(crate) clock: Arc<ManualClock>,
    /// What the account really has.
    pub(crate) seed: Value,
    http: reqwest::Client,
}

impl Reading {
    /// The usual account, through Facebook Login.
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// The same account through Instagram Login.
    pub(crate) async fn by_instagram() -> Self {
        let token = Options::default().instagram_token;
        let changes = [
            ("instagram.login", "instagram"),
            ("instagram.page_access_token", token.as_str()),
        ];
        Self::with(&changes).await
    }

    pub(crate) async fn with(changes: &[(&str, &str)]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let known = Options {
            data_dir: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("simulator"),
            clock_start: Some(NOW_MS),
            ..Options::default()
        };
        let simulator = Simulator::start(known.clone()).await.expect("a simulator");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let base = simulator.base_url();
        let seed = http.get(format!("{base}/_sim/seed")).send().await.unwrap();
        let seed = seed.json().await.unwrap();
        let (facebook, instagram) = (
            format!("{base}/graph.facebook.com"),
            format!("{base}/graph.instagram.com"),
        );
        let mut all = vec![
            ("instagram.app_secrets", known.app_secret.as_str()),
            ("instagram.account_id", &known.account_id),
            ("instagram.page_id", &known.page_id),
            ("instagram.page_access_token", &known.page_token),
            ("graph.graph_facebook", &facebook),
            ("graph.graph_instagram", &instagram),
            ("api.open_on_loopback", "true"),
        ];
        all.extend_from_slice(changes);
        let clock = Arc::new(ManualClock::new(NOW_MS));
        let house = House::by_clock(Roles::SERVE, &all, Arc::clone(&clock) as _).await;
        Self {
            api: Api::of(&house),
            simulator,
            house,
            clock,
            seed,
            http,
        }
    }

    pub(crate) async fn post(&self, path: &str) -> Got {
        self.good(Asked::post(path, &json!({}))).await
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.good(Asked::get(path)).await
    }

    /// The answer to a call that must go well.
    pub(crate) async fn good(&self, asked: Asked) -> Got {
        let got = self.api.ask(asked).await;
        assert_eq!(got.status, 200, "{}", got.text);
        got
    }

    /// Asks the simulator for something.
    pub(crate) async fn tell(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.simulator.base_url());
        let answer = self.http.post(url).json(body).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
        answer.json().await.unwrap_or_default()
    }

    /// What the simulator shows here.
    pub(crate) async fn look(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.simulator.base_url());
        let answer = self.http.get(url).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Has the simulator forget what is here.
    pub(crate) async fn forget(&self, path: &str) {
        let url = format!("{}{path}", self.simulator.base_url());
        let answer = self.http.delete(url).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
    }

    /// Graph calls that arrived since the last look: path and status. The look at each account's health, which the
    /// server takes by itself (`/me`), is no answer to anybody and is left out.
    pub(crate) async fn calls(&self) -> Vec<(String, u64)> {
        let log = self.look("/_sim/calls?limit=5000").await;
        self.forget("/_sim/calls").await;
        let calls = log["calls"].as_array().expect("calls");
        calls
            .iter()
            .filter(|call| {
                call["host"]
                    .as_str()
                    .is_some_and(|host| host.starts_with("graph."))
            })
            .filter(|call| {
                !call["path"]
                    .as_str()
                    .is_some_and(|path| path.ends_with("/me"))
            })
            .map(|call| {
                let path = call["path"].as_str().unwrap().to_owned();
                (path, call["status"].as_u64().unwrap())
            })
            .collect()
    }

    /// Moves both clocks.
    pub(crate) async fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap();
        self.tell("/_sim/clock", &json!({"advance_ms": ms})).await;
        self.clock.advance(by);
    }

    /// Posts and reels of the seed, newest first, as far as they are published.
    pub(crate) fn media(&self) -> Vec<&Value> {
        let all = self.seed["media"].as_array().unwrap();
        all.iter()
            .filter(|media| media["published"] != false && media.get("parent").is_none())
            .collect()
    }

    /// A day of the seed.
    pub(crate) fn day(&self, date: &str) -> &Value {
        let days = self.seed["days"].as_array().unwrap();
        days.iter().find(|day| day["date"] == date).expect("a day")
    }

    pub(crate) async fn close(self) {
        self.house.close().await;
        self.simulator.stop().await;
    }
}

/// What a header of ours says.
pub(crate) fn header<'a>(got: &'a Got, name: &str) -> &'a str {
    got.headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// The metric of this name in a list of them.
pub(crate) fn metric<'a>(data: &'a Value, name: &str) -> &'a Value {
    let list = data.as_array().expect("a list");
    let found = list
        .iter()
        .find(|metric| metric["name"] == name || metric["metric"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {data}"))
}
