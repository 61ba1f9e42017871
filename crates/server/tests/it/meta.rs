//! A server with the simulated Meta behind it, and one clock for both that the test moves.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde_json::{Value, json};
use server::Roles;
use simulator::{Options, Simulator};
use store::ManualClock;

use crate::{
    api::{Api, Asked, Got},
    house::House,
};

/// Where the tests' time begins.
pub(crate) const START_MS: i64 = 1_790_000_000_000;

pub(crate) struct Meta {
    pub(crate) simulator: Simulator,
    pub(crate) house: House,
    pub(crate) api: Api,
    pub(crate) clock: Arc<ManualClock>,
}

impl Meta {
    /// A server that everybody on this machine may ask, with no account connected.
    pub(crate) async fn new() -> Self {
        Self::with(Roles::SERVE, &[("api.open_on_loopback", "true")]).await
    }

    pub(crate) async fn with(roles: Roles, changes: &[(&str, &str)]) -> Self {
        let options = Options {
            data_dir: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("simulator"),
            clock_start: Some(START_MS),
            ..Options::default()
        };
        let (app_id, app_secret) = (options.app_id.clone(), options.app_secret.clone());
        let simulator = Simulator::start(options).await.expect("a simulator");
        let base = simulator.base_url();
        let hosts = [
            ("graph.graph_facebook", format!("{base}/graph.facebook.com")),
            (
                "graph.graph_instagram",
                format!("{base}/graph.instagram.com"),
            ),
            ("graph.instagram_login", format!("{base}/www.instagram.com")),
            ("graph.instagram_api", format!("{base}/api.instagram.com")),
            ("graph.facebook_dialog", format!("{base}/www.facebook.com")),
            ("instagram.app_id", app_id),
            ("instagram.app_secrets", app_secret),
        ];
        let mut all: Vec<(&str, &str)> = hosts
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        all.extend(changes);
        let clock = Arc::new(ManualClock::new(START_MS));
        let house = House::by_clock(roles, &all, Arc::clone(&clock) as _).await;
        Self {
            api: Api::of(&house),
            simulator,
            house,
            clock,
        }
    }

    /// Moves the server's clock and Meta's.
    pub(crate) async fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap();
        let moved = self
            .control("/_sim/clock", &json!({"advance_ms": ms}))
            .await;
        assert_eq!(moved.status, 200, "{}", moved.text);
        self.clock.advance(by);
    }

    /// A call to the simulator's controls.
    pub(crate) async fn control(&self, path: &str, body: &Value) -> Got {
        let url = format!("{}{path}", self.simulator.base_url());
        self.api.ask(Asked::post(&url, body)).await
    }

    /// How many calls Meta got whose path ends like this.
    pub(crate) async fn calls(&self, end: &str) -> usize {
        self.made(end).await.len()
    }

    /// Every call that Meta got whose path ends like this.
    pub(crate) async fn made(&self, end: &str) -> Vec<Value> {
        let url = format!("{}/_sim/calls", self.simulator.base_url());
        let got = self.api.get(&url).await;
        let list = got.body.as_array().cloned();
        let list = list.or_else(|| got.body["calls"].as_array().cloned());
        let is_it = |call: &Value| {
            call["path"]
                .as_str()
                .is_some_and(|path| path.ends_with(end))
        };
        list.unwrap_or_default().into_iter().filter(is_it).collect()
    }

    /// Follows Meta's login page as somebody who allows everything; answers where it leads back to.
    pub(crate) async fn allow(&self, auth_url: &str, more: &str) -> String {
        let page = self
            .api
            .get(&format!("{auth_url}&sim_decision=allow{more}"))
            .await;
        assert!((300..400).contains(&page.status), "{}", page.text);
        let back = page.headers["location"].to_str().unwrap().to_owned();
        // A browser keeps what stands behind # to itself.
        back.split('#').next().unwrap().to_owned()
    }

    /// Connects an account as a program does; answers what our callback said.
    pub(crate) async fn connect(&self, login: &str, more: &str) -> Got {
        let begun = self
            .api
            .get(&format!("/instagram/auth/url?login={login}"))
            .await;
        assert_eq!(begun.status, 200, "{}", begun.text);
        let back = self
            .allow(begun.body["auth_url"].as_str().unwrap(), more)
            .await;
        let body = json!({"code": part(&back, "code"), "state": part(&back, "state")});
        self.api.post("/instagram/auth/callback", &body).await
    }

    pub(crate) async fn close(self) {
        self.house.close().await;
        self.simulator.stop().await;
    }
}

/// A parameter of an address.
pub(crate) fn part(address: &str, name: &str) -> String {
    let (_, query) = address.split_once('?').unwrap();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let found = pairs.into_iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value).unwrap_or_default()
}
