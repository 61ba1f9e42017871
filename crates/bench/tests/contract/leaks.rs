//! The leak hunt: canary tokens that provably reached Meta's side are looked for in every answer, header, log line,
//! metric and byte on the disk.
//!
//! The tour asks for everything that the contract lists, with and without a key, with a token of Meta's in the body, with
//! tokens that died in each way, and with Meta quoting the token back in its errors. A planted leak shows that the judge
//! is awake.

use std::path::Path;

use base64::Engine as _;
use bench::server::{Launch, Server};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulator::{Options, Simulator};

const PAGE: &str = "EAAcanaryPAGE0123456789abcdefghijklmnop";
const RAW: &str = "IGAAcanaryRAW0123456789abcdefghijklmnopq";
const SECRET: &str = "canary0app0secret0123456789abcdef";
const KEY_HOLDER: &str = "leak-hunt";

/// What was heard and seen of the server.
struct Tour {
    http: reqwest::Client,
    server: String,
    simulator: String,
    key: String,
    heard: Vec<(String, String)>,
}

impl Tour {
    /// Asks and writes down everything that comes back.
    async fn ask(&mut self, call: reqwest::RequestBuilder) -> Value {
        let request = call.build().unwrap();
        let name = format!("{} {}", request.method(), request.url());
        let answer = self.http.execute(request).await.unwrap();
        let head = format!("{} {:?}", answer.status(), answer.headers());
        let body = answer.text().await.unwrap();
        let value = serde_json::from_str(&body).unwrap_or(Value::Null);
        self.heard.push((name, format!("{head}\n{body}")));
        value
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server)
    }

    async fn control(&self, path: &str, body: &Value) {
        let url = format!("{}{path}", self.simulator);
        let answer = self.http.post(url).json(body).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{path}: {}",
            answer.text().await.unwrap()
        );
    }

    /// Every operation of the contract, with made-up parameters.
    async fn everything(&mut self) {
        let contract = self.ask(self.http.get(self.url("/openapi.json"))).await;
        let paths = contract["paths"].as_object().expect("paths").clone();
        assert!(paths.len() > 20, "the contract has {} paths", paths.len());
        for (path, operations) in paths {
            if path == "/v1/stream" {
                continue;
            }
            let path = filled(&path);
            for method in operations.as_object().expect("operations").keys() {
                let Ok(method) = method.to_uppercase().parse::<reqwest::Method>() else {
                    continue;
                };
                let url = self.url(&path);
                let with_key = self
                    .http
                    .request(method.clone(), &url)
                    .header("x-api-key", &self.key);
                self.ask(with_key.json(&json!({}))).await;
                let raw = self
                    .http
                    .request(method.clone(), &url)
                    .header("x-api-key", &self.key)
                    .json(&json!({"access_token": RAW}));
                self.ask(raw).await;
                self.ask(
                    self.http
                        .request(method, format!("{url}?access_token={RAW}")),
                )
                .await;
            }
        }
        self.ask(self.http.get(self.url("/metrics"))).await;
        self.ask(self.http.get(self.url("/"))).await;
        self.ask(self.http.get(self.url("/readyz"))).await;
    }
}

/// A path whose parameters are ids that exist, where one is known.
fn filled(path: &str) -> String {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').expect("a closing brace");
        filled.push_str(before);
        filled.push_str(if name == "account" {
            bench::server::ACCOUNT
        } else {
            "17900000000000001"
        });
        rest = after;
    }
    filled + rest
}

/// The canary in every spelling in which it could hide.
fn spellings(canary: &str) -> Vec<String> {
    let base64 = base64::engine::general_purpose::STANDARD;
    vec![
        canary.to_owned(),
        hex::encode(canary),
        base64.encode(canary).trim_end_matches('=').to_owned(),
        canary.chars().rev().collect(),
    ]
}

/// Where the canaries are, among named texts.
fn found(places: &[(String, Vec<u8>)], canaries: &[&str]) -> Vec<String> {
    let mut leaks = Vec::new();
    for canary in canaries {
        for spelling in spellings(canary) {
            for (name, bytes) in places {
                if bytes
                    .windows(spelling.len())
                    .any(|window| window == spelling.as_bytes())
                {
                    leaks.push(format!("{canary} in {name}"));
                }
            }
        }
    }
    leaks
}

fn files(folder: &Path, places: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, places);
        } else if let Ok(bytes) = std::fs::read(&path) {
            places.push((path.display().to_string(), bytes));
        }
    }
}

/// A key for everything, made as an operator makes one.
async fn admin_key(data: &Path, environment: &[(String, String)]) -> String {
    let output = tokio::process::Command::new(bench::demo::program().unwrap())
        .args(["keys", "new", KEY_HOLDER, "--scopes", "admin", "--data"])
        .arg(data)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", data)
        .envs(environment.iter().cloned())
        .current_dir(data)
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout).unwrap();
    printed
        .split_whitespace()
        .find(|word| word.starts_with("gmk_"))
        .unwrap_or_else(|| panic!("no key in {printed}"))
        .to_owned()
}

async fn house(folder: &Path) -> (Simulator, Server, Tour) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = Options {
        page_token: PAGE.to_owned(),
        instagram_token: RAW.to_owned(),
        app_secret: SECRET.to_owned(),
        data_dir: folder.join("simulator"),
        ..Options::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let data = folder.join("data");
    std::fs::create_dir_all(&data).unwrap();
    let program = bench::demo::program().unwrap();
    let mut launch = Launch::new(&program, "up", &data).unwrap();
    launch.environment = simulator
        .client_environment()
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    launch
        .environment
        .push(("GRAMOPHONE_LOG__LEVEL".into(), "trace".into()));
    launch
        .environment
        .push(("GRAMOPHONE_API__CALLS_PER_MINUTE".into(), "1000000".into()));
    let key = admin_key(&data, &launch.environment).await;
    let server = launch.start().await.unwrap();
    let tour = Tour {
        http: reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
        server: format!("http://{}", launch.address()),
        simulator: simulator.base_url(),
        key,
        heard: Vec::new(),
    };
    (simulator, server, tour)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_of_metas_is_found_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let (simulator, server, mut tour) = house(folder.path()).await;
    tour.everything().await;
    // Meta quotes the token back at us, then kills it in every way.
    let quoted = json!({
        "match": {"path": "graph."}, "times": 0,
        "do": {"kind": "status", "status": 400, "code": 100,
               "message": format!("(#100) access_token={PAGE}&x={RAW} is malformed")},
    });
    tour.control("/_sim/faults", &quoted).await;
    tour.everything().await;
    let http = tour.http.clone();
    let faults = format!("{}/_sim/faults", tour.simulator);
    assert!(
        http.delete(faults)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    for state in ["expired", "revoked", "checkpoint"] {
        for token in [PAGE, RAW] {
            tour.control("/_sim/tokens", &json!({"token": token, "state": state}))
                .await;
        }
        tour.everything().await;
    }
    for canary in [PAGE, RAW] {
        let print = &hex::encode(Sha256::digest(canary.as_bytes()))[..16];
        let url = format!("{}/_sim/calls?fingerprint={print}", tour.simulator);
        let calls: Value = tour
            .http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert!(
            !calls["calls"].as_array().unwrap().is_empty(),
            "{canary} never reached Meta's side, so nothing is proved"
        );
    }
    server.kill().await.unwrap();
    let mut places: Vec<(String, Vec<u8>)> = std::mem::take(&mut tour.heard)
        .into_iter()
        .map(|(name, text)| (format!("the answer to {name}"), text.into_bytes()))
        .collect();
    files(&folder.path().join("data"), &mut places);
    let logs = places.iter().find(|(name, _)| name.ends_with("server.log"));
    assert!(
        logs.is_some_and(|(_, log)| log.len() > 10_000),
        "the log was written"
    );
    let leaks = found(&places, &[PAGE, RAW, SECRET]);
    assert!(
        leaks.is_empty(),
        "{} leaks:\n{}",
        leaks.len(),
        leaks[..leaks.len().min(20)].join("\n")
    );
    simulator.stop().await;
}

#[test]
fn a_planted_leak_is_found_in_every_spelling() {
    for spelling in spellings(PAGE) {
        let places = [
            ("a clean place".to_owned(), b"nothing".to_vec()),
            (
                "a log".to_owned(),
                format!("called {spelling}&limit=1").into_bytes(),
            ),
        ];
        assert_eq!(
            found(&places, &[PAGE, RAW]),
            [format!("{PAGE} in a log")],
            "{spelling}"
        );
    }
}
