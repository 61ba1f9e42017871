//! The first flow, whole: a person writes in the simulated Instagram, the webhook comes in, a job
//! answers, and the person sees it.

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};
use server::Roles;
use simulator::{Options, Simulator};

use crate::house::{House, eventually};

const PATIENCE: Duration = Duration::from_mins(1);

struct Street {
    simulator: Simulator,
    house: House,
    http: reqwest::Client,
}

impl Street {
    async fn open() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = Options {
            data_dir: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("simulator"),
            ..Options::default()
        };
        let simulator = Simulator::start(options).await.expect("a simulator");
        let base = simulator.base_url();
        let (facebook, instagram) = (
            format!("{base}/graph.facebook.com"),
            format!("{base}/graph.instagram.com"),
        );
        let (pages, host) = (
            format!("{base}/www.instagram.com"),
            simulator.host_and_port(),
        );
        let known = Options::default();
        let house = House::with(
            Roles::BOTH,
            &[
                ("instagram.app_secrets", known.app_secret.as_str()),
                ("instagram.verify_token", &known.verify_token),
                ("instagram.account_id", &known.account_id),
                ("instagram.page_id", &known.page_id),
                ("instagram.page_access_token", &known.page_token),
                ("snapshots.enabled", "false"),
                ("graph.graph_facebook", &facebook),
                ("graph.graph_instagram", &instagram),
                ("media.pages", &pages),
                ("media.test_hosts", &host),
            ],
        )
        .await;
        let webhook = format!("http://{}/webhooks/instagram", house.address)
            .parse()
            .unwrap();
        simulator.set_webhook(webhook).await.expect("the handshake");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            simulator,
            house,
            http,
        }
    }

    fn thread(&self, person: &str) -> String {
        format!(
            "{}/_sim/people/{person}/messages?probe=0",
            self.simulator.base_url()
        )
    }

    async fn write(&self, person: &str, message: Value) {
        let sent = self
            .http
            .post(self.thread(person))
            .json(&message)
            .send()
            .await
            .unwrap();
        assert!(sent.status().is_success(), "{}", sent.text().await.unwrap());
    }

    /// What the account has said to this person.
    async fn answers(&self, person: &str) -> Vec<String> {
        let thread: Value = self
            .http
            .get(self.thread(person))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let said = |message: &Value| message["text"].as_str().unwrap_or_default().to_owned();
        let messages = thread["messages"].as_array().unwrap();
        messages
            .iter()
            .filter(|message| message["from"] == "business")
            .map(said)
            .collect()
    }

    async fn close(self) {
        eventually("no job is left", PATIENCE, || async {
            self.house.jobs().await == 0
        })
        .await;
        self.house.close().await;
        self.simulator.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_answered_once_in_its_language() {
    let street = Street::open().await;
    street
        .write(
            "5550000000000101",
            json!({"text": "Hello, how does this work? Can you help me please?"}),
        )
        .await;
    street
        .write(
            "5550000000000102",
            json!({"text": "Olá, tudo bem? Como isso funciona, por favor?"}),
        )
        .await;
    for person in ["5550000000000101", "5550000000000102"] {
        eventually("an answer", PATIENCE, || async {
            !street.answers(person).await.is_empty()
        })
        .await;
    }
    let redelivered = street
        .http
        .post(format!(
            "{}/_sim/webhooks/redeliver",
            street.simulator.base_url()
        ))
        .json(&json!({"times": 30}))
        .send()
        .await
        .unwrap();
    assert!(redelivered.status().is_success());
    eventually("no job is left", PATIENCE, || async {
        street.house.jobs().await == 0
    })
    .await;
    for (person, word) in [("5550000000000101", "reel"), ("5550000000000102", "reel")] {
        let answers = street.answers(person).await;
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert!(answers[0].contains(word), "{answers:?}");
    }
    assert_ne!(
        street.answers("5550000000000101").await,
        street.answers("5550000000000102").await
    );
    street.close().await;
}
