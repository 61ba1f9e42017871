//! The leak hunt: canary tokens that provably reached Meta's side are looked for in every answer, header, log line,
//! metric and byte on the disk.
//!
//! The tour asks for everything that the contract lists, with and without a key, with a token of Meta's in the body, with
//! tokens that died in each way, and with Meta quoting the token back in its errors. One write of each kind is carried
//! out whole (a reel with its upload, a message, a comment's reply) and events are forwarded, well and with Meta quoting.
//! An account logs in and is refreshed: the tokens of that are listened for on the wire, and looked for as well. A planted
//! leak shows that the judge is awake.

mod wire;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use bench::material::Film;
use bench::server::{Launch, Server};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulator::{Options, Simulator};
use wire::Wire;

const PAGE: &str = "EAAcanaryPAGE0123456789abcdefghijklmnop";
const RAW: &str = "IGAAcanaryRAW0123456789abcdefghijklmnopq";
const SECRET: &str = "canary0app0secret0123456789abcdef";
const KEY_HOLDER: &str = "leak-hunt";
/// Who writes to the account, and who logs in beside it.
const PERSON: &str = "5550000000000777";
const OTHER: &str = "17841400000000003";
const DAY_MS: i64 = 86_400_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// What was heard and seen of the server.
struct Tour {
    http: reqwest::Client,
    server: String,
    simulator: String,
    key: String,
    heard: Vec<(String, String)>,
    /// What Meta answers about tokens.
    tap: Wire,
    /// Who takes the events.
    receiver: Wire,
    film: PathBuf,
    /// Where the server keeps everything.
    data: PathBuf,
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

    async fn control(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.simulator);
        let answer = self.http.post(url).json(body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// With the key that may do everything.
    async fn keyed(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let call = self.http.request(method.parse().unwrap(), self.url(path));
        self.ask(call.header("x-api-key", &self.key).json(body))
            .await
    }

    /// Asks until it is so.
    async fn until(&mut self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let told = self.keyed("GET", path, &Value::Null).await;
            if is_so(&told) {
                return told;
            }
            assert!(Instant::now() < end, "{path} says only {told}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// An account logs in and its token is refreshed; the three tokens that Meta made for it.
    async fn logs_in(&mut self) -> Vec<String> {
        let begun = self.keyed("GET", "/instagram/auth/url", &Value::Null).await;
        let page = begun["auth_url"].as_str().expect("an address of Meta's");
        let page = format!("{page}&sim_decision=allow&sim_account={OTHER}");
        let back = self.http.get(page).send().await.unwrap();
        let back = back.headers()["location"].to_str().unwrap().to_owned();
        let back: url::Url = back.parse().unwrap();
        let part = |name: &str| {
            let found = back.query_pairs().find(|(key, _)| key == name);
            found.unwrap().1.into_owned()
        };
        let body = json!({"code": part("code"), "state": part("state")});
        let answer = self.keyed("POST", "/instagram/auth/callback", &body).await;
        assert_eq!(answer["user_profile"]["user_id"], OTHER, "{answer}");
        // Meta refreshes no token on its first day.
        let clock = format!("{}/_sim/clock", self.simulator);
        let clock = self.http.get(clock).send().await.unwrap();
        let clock: Value = clock.json().await.unwrap();
        let issued_ms = clock["now_ms"].as_i64().expect("a time") - 2 * DAY_MS;
        let older = json!({"all": true, "account": OTHER, "issued_ms": issued_ms});
        self.control("/_sim/tokens", &older).await;
        // Nor do we ask before its second day; the server sees within seconds what changed in its tables.
        let tables = bench::crash::steps::tables(&self.data).await.unwrap();
        let older = "UPDATE account SET issued_at_ms = issued_at_ms - ? WHERE account = ?";
        let older = sqlx::query(older).bind(2 * DAY_MS).bind(OTHER);
        let changed = older.execute(&tables).await.unwrap();
        assert_eq!(changed.rows_affected(), 1);
        tables.close().await;
        let refresh = format!("/v1/accounts/{OTHER}/refresh");
        let end = Instant::now() + PATIENCE;
        while self.tap.tokens().len() < 3 {
            assert!(Instant::now() < end, "the token is not refreshed");
            let answer = self.keyed("POST", &refresh, &json!({})).await;
            assert_eq!(answer["health"]["verdict"], "fine", "{answer}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let posts = format!("/v1/accounts/{OTHER}/media");
        self.keyed("GET", &posts, &Value::Null).await;
        let tokens = self.tap.tokens();
        assert_eq!(tokens.len(), 3, "short, long, refreshed");
        tokens
    }

    /// A person writes and comments, and the account does one write of each kind; answers where the reel is found, and
    /// how the message and the reply ended.
    async fn writes(&mut self, round: &str) -> (String, [Value; 2]) {
        let says = json!({"text": format!("How much is it, {round}?")});
        let person = format!("/_sim/people/{PERSON}/messages");
        self.control(&person, &says).await;
        let says = json!({"from": PERSON, "text": format!("Nice, {round}")});
        let comment = self.control("/_sim/comments", &says).await["id"].clone();
        let comment = comment.as_str().expect("a comment's id");
        for words in ["How much is it", "Nice"] {
            let path = "/v1/events?limit=500";
            let said = format!("{words}, {round}");
            self.until(path, |told| told.to_string().contains(&said))
                .await;
        }
        let account = format!("/v1/accounts/{}", bench::server::ACCOUNT);
        let film = std::fs::read(&self.film).unwrap();
        let upload = self.http.post(self.url(&format!("{account}/uploads")));
        let upload = upload.header("x-api-key", &self.key);
        let upload = upload.header("content-type", "video/mp4").body(film);
        let upload = self.ask(upload).await["id"].clone();
        let reel = json!({"kind": "reel", "items": [{"upload": upload}], "caption": round});
        let publications = format!("{account}/publications");
        let reel = self.keyed("POST", &publications, &reel).await["id"].clone();
        let reel = format!("{publications}/{}", reel.as_str().expect("a publication"));
        let message = json!({"to": PERSON, "text": format!("Five, {round}")});
        let replies = format!("{account}/comments/{comment}/replies");
        let reply = json!({"text": format!("Thanks, {round}")});
        let mut ends = Vec::new();
        for (path, body) in [(format!("{account}/messages"), message), (replies, reply)] {
            let told = self.keyed("POST", &path, &body).await;
            let path = told["write"]
                .as_str()
                .map(|id| format!("{account}/writes/{id}"));
            ends.push(match path {
                Some(path) => self.until(&path, |told| told["state"] != "waiting").await,
                None => told,
            });
        }
        (reel, ends.try_into().unwrap())
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
    let hidden: Vec<(&str, String)> = canaries
        .iter()
        .flat_map(|canary| spellings(canary).into_iter().map(|one| (*canary, one)))
        .collect();
    let mut leaks = Vec::new();
    for (name, bytes) in places {
        // What is no text is replaced, the canaries' letters are not; and text is searched fast.
        let text = String::from_utf8_lossy(bytes);
        for (canary, spelling) in &hidden {
            if text.contains(spelling.as_str()) {
                leaks.push(format!("{canary} in {name}"));
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
    let base = simulator.base_url();
    let meta = base.trim_start_matches("http://").to_owned();
    let (tap, receiver) = (Wire::tap(meta.clone()).await, Wire::receiver().await);
    launch.environment = environment(&simulator, &meta, &tap, &receiver);
    let key = admin_key(&data, &launch.environment).await;
    let server = launch.start().await.unwrap();
    let tour = Tour {
        http: reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
        server: format!("http://{}", launch.address()),
        simulator: base,
        key,
        heard: Vec::new(),
        tap,
        receiver,
        film: bench::material::make(&folder.join("film"), Film::default())
            .unwrap()
            .video,
        data,
    };
    let hook = json!({"url": tour.url("/webhooks/instagram")});
    tour.control("/_sim/webhooks", &hook).await;
    tour.control("/_sim/publishing", &json!({"processing_ms": 0}))
        .await;
    (simulator, server, tour)
}

/// What the simulator says, with everything logged, events sent out, and a tap where Meta answers about tokens.
fn environment(
    simulator: &Simulator,
    meta: &str,
    tap: &Wire,
    receiver: &Wire,
) -> Vec<(String, String)> {
    let own = [
        ("GRAMOPHONE_LOG__LEVEL", "trace".to_owned()),
        ("GRAMOPHONE_API__CALLS_PER_MINUTE", "1000000".to_owned()),
        (
            "CONTENT_CALLBACK_URL",
            format!("http://{}/", receiver.address),
        ),
        ("API_SECRET", "the-key-of-the-receiver".to_owned()),
        (
            "GRAMOPHONE_FORWARD__LOOPBACK_HOSTS",
            receiver.address.to_string(),
        ),
    ];
    let tapped = [
        "GRAMOPHONE_GRAPH__GRAPH_INSTAGRAM",
        "GRAMOPHONE_GRAPH__INSTAGRAM_API",
    ];
    let told = simulator.client_environment();
    let told = told.lines().filter_map(|line| line.split_once('='));
    let told = told.map(|(name, value)| {
        let value = if tapped.contains(&name) {
            value.replace(meta, &tap.address.to_string())
        } else {
            value.to_owned()
        };
        (name, value)
    });
    told.chain(own)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

impl Tour {
    /// Meta refuses calls like these and quotes tokens as it does.
    async fn quotes(&self, path: &str, times: u32, tokens: &[String]) {
        let quoted = json!({
            "match": {"path": path}, "times": times,
            "do": {"kind": "status", "status": 400, "code": 100,
                   "message": format!("(#100) access_token={} is malformed", tokens.join("&x="))},
        });
        self.control("/_sim/faults", &quoted).await;
    }

    async fn no_faults(&self) {
        let faults = format!("{}/_sim/faults", self.simulator);
        let answer = self.http.delete(faults).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// The stream from its beginning, until this is told.
    async fn follow(&mut self, words: &str) {
        let path = self.url("/v1/stream?after=0");
        let call = self.http.get(&path).header("x-api-key", &self.key);
        let mut stream = call.send().await.unwrap();
        let mut told = format!("{:?}", stream.headers());
        while !told.contains(words) {
            let piece = tokio::time::timeout(PATIENCE, stream.chunk()).await;
            let piece = piece.expect("something in time").unwrap();
            told.push_str(&String::from_utf8_lossy(&piece.expect("more of it")));
        }
        self.heard.push((path, told));
    }

    /// How often a call that carried this token, and is like that, came to Meta.
    async fn arrived(&self, token: &str, path: &str) -> usize {
        let print = &hex::encode(Sha256::digest(token.as_bytes()))[..16];
        let url = format!(
            "{}/_sim/calls?fingerprint={print}&path={path}",
            self.simulator
        );
        let calls = self.http.get(url).send().await.unwrap();
        let calls: Value = calls.json().await.unwrap();
        calls["calls"].as_array().unwrap().len()
    }

    /// Everything that the server has said and kept, by name.
    fn places(&mut self, data: &Path) -> Vec<(String, Vec<u8>)> {
        let mut places: Vec<(String, Vec<u8>)> = std::mem::take(&mut self.heard)
            .into_iter()
            .map(|(name, text)| (format!("the answer to {name}"), text.into_bytes()))
            .collect();
        for event in self.receiver.heard() {
            places.push(("an event that was sent out".to_owned(), event));
        }
        files(data, &mut places);
        let logs = places.iter().find(|(name, _)| name.ends_with("server.log"));
        assert!(
            logs.is_some_and(|(_, log)| log.len() > 10_000),
            "the log was written"
        );
        places
    }
}

/// One write of each kind, well and with Meta quoting tokens where it is refused.
async fn write_everything(tour: &mut Tour, tokens: &[String]) {
    let (reel, written) = tour.writes("first").await;
    tour.until(&reel, |told| told["state"] == "published").await;
    for write in written {
        assert_eq!(write["state"], "done", "{write}");
    }
    for path in ["*/messages", "*/replies"] {
        tour.quotes(path, 0, tokens).await;
    }
    tour.quotes("rupload.", 1, tokens).await;
    let uploads = tour.arrived(PAGE, "ig-api-upload").await;
    let (reel, refused) = tour.writes("second").await;
    for write in refused {
        let quoted = &write["error"]["meta"]["code"];
        assert_eq!(quoted, 100, "Meta's refusal is told: {write}");
    }
    // What becomes of the reel may take longer; that its upload was refused is enough.
    let end = Instant::now() + PATIENCE;
    while tour.arrived(PAGE, "ig-api-upload").await == uploads {
        assert!(Instant::now() < end, "the second reel was not handed in");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tour.keyed("GET", &reel, &Value::Null).await;
    tour.no_faults().await;
    tour.follow("\"queue\":\"publish\"").await;
    let sent_out = |tour: &Tour, words: &str| {
        let events = tour.receiver.heard();
        let has = |event: &Vec<u8>| String::from_utf8_lossy(event).contains(words);
        events.iter().any(has)
    };
    for words in ["How much is it, second?", "Nice, second"] {
        let end = Instant::now() + PATIENCE;
        while !sent_out(tour, words) {
            assert!(Instant::now() < end, "{words} was not sent out");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_of_metas_is_found_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let (simulator, server, mut tour) = house(folder.path()).await;
    let mut tokens = vec![PAGE.to_owned(), RAW.to_owned()];
    tokens.extend(tour.logs_in().await);
    write_everything(&mut tour, &tokens).await;
    tour.everything().await;
    // Meta quotes the tokens back at us, then kills them in every way.
    tour.quotes("graph.", 0, &tokens).await;
    tour.everything().await;
    tour.no_faults().await;
    for state in ["expired", "revoked", "checkpoint"] {
        for token in [PAGE, RAW] {
            tour.control("/_sim/tokens", &json!({"token": token, "state": state}))
                .await;
        }
        tour.everything().await;
    }
    for token in &tokens {
        let came = tour.arrived(token, "").await;
        assert!(came > 0, "{token} never reached Meta, so nothing is proved");
    }
    for path in ["/messages", "/replies", "/media_publish", "ig-api-upload"] {
        let came = tour.arrived(PAGE, path).await;
        assert!(came > 0, "no {path} of the account's came to Meta");
    }
    server.kill().await.unwrap();
    let places = tour.places(&folder.path().join("data"));
    let mut canaries: Vec<&str> = tokens.iter().map(String::as_str).collect();
    canaries.push(SECRET);
    // What is no secret is found where it belongs, so what is secret would be.
    let seen = found(&places, &["How much is it, second"]).join("\n");
    for place in ["an event that was sent out", "the answer to GET", "/data/"] {
        assert!(seen.contains(place), "{place} was not searched: {seen}");
    }
    let leaks = found(&places, &canaries);
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
