//! A whole small world: simulator, webhook receiver, store, bot and runner, with time moved by hand.

mod receiver;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bot::channel::instagram::Instagram;
use bot::{Bot, BotParts, BotSettings, StaticAccounts};
use graph_api::budget::{Budget, Memory};
use graph_api::client::{AccessToken, Credentials, Graph, Hosts as GraphHosts, Login, Unobserved};
use graph_api::id::AccountId;
use media::Studio;
use media::link::Hosts;
use serde_json::{Value, json};
use simulator::{Options, Simulator};
use store::{
    Claimed, Clock as _, Conversation, Finish, Handler, JobRow, ManualClock, Runner, RunnerOptions,
    Store,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

pub(crate) const PERSON: &str = "5550000000000001";
pub(crate) const OTHER: &str = "5550000000000002";
pub(crate) const ACCOUNT: &str = "17841400000000001";
/// Real seconds a test waits for something that does not come, before it says so.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a test may choose.
pub(crate) struct Choice {
    pub(crate) settings: BotSettings,
    /// What Instagram is given at most.
    pub(crate) files: media::ChannelLimits,
    pub(crate) media: media::Settings,
    /// Where the bot believes Meta to be; `None` is the simulator.
    pub(crate) token: String,
}

pub(crate) struct World {
    pub(crate) sim: Simulator,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) data_dir: PathBuf,
    http: reqwest::Client,
    parts: Box<dyn Fn() -> Bot + Send + Sync>,
    /// Every job that was run.
    log: Arc<Mutex<BTreeSet<Uuid>>>,
    running: Option<(CancellationToken, JoinHandle<()>)>,
    receiver: receiver::Receiver,
    _folder: TempDir,
}

/// The folder where sample reels are made once for all tests.
fn samples_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("samples")
}

/// The real yt-dlp: set-up puts it beside the workspace, and a variable may name another.
fn yt_dlp() -> PathBuf {
    let installed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../.tools/yt-dlp/bin/yt-dlp"
    );
    std::env::var_os("GRAMOPHONE_TEST_YT_DLP").map_or_else(|| installed.into(), PathBuf::from)
}

/// A recogniser that always hears the same, notes that it was asked, and waits while the file
/// `hold` lies in the data folder.
fn hearing(data_dir: &Path) -> String {
    let data_dir = data_dir.display();
    format!(
        "echo x >> {data_dir}/heard; while [ -e {data_dir}/hold ]; do sleep 0.02; done; echo '{HEARD}'"
    )
}

/// What the recogniser hears.
pub(crate) const HEARD: &str = "marmalade canary sings quietly about gramophone needles";

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(choose: impl FnOnce(&mut Choice)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = folder.path().to_path_buf();
        let options = Options {
            data_dir: samples_dir(),
            ..Options::default()
        };
        let (secret, page, token) = (
            options.app_secret.clone(),
            options.page_id.clone(),
            options.page_token.clone(),
        );
        let sim = Simulator::start(options).await.expect("a simulator");
        let base = sim.base_url();
        let pages = Url::parse(&format!("{base}/www.instagram.com")).expect("a URL");
        let mut media = media::Settings {
            data_dir: data_dir.clone(),
            ..media::Settings::default()
        };
        media.media.pages = pages.clone();
        media.tools.yt_dlp = yt_dlp();
        media.speech.engine = media::settings::SpeechEngine::Command;
        media.speech.command = vec!["/bin/sh".into(), "-c".into(), hearing(&data_dir)];
        media.media.test_hosts = vec![sim.host_and_port()];
        let mut choice = Choice {
            settings: BotSettings::default(),
            files: media::ChannelLimits::instagram(),
            media,
            token,
        };
        // A person at the keyboard is slower than a test.
        choice.settings.brake.per_minute = 1000;
        choice.settings.brake.per_hour = 1000;
        choose(&mut choice);

        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        let now: Value = get(&http, &format!("{base}/_sim/clock")).await;
        let clock = Arc::new(ManualClock::new(now["now_ms"].as_i64().expect("the time")));
        let store = Store::open(store::Options {
            url: format!("sqlite://{}?mode=rwc", data_dir.join("store.db").display()),
            durability: store::Durability::Normal,
            clock: clock.clone(),
            exclusive: false,
        })
        .await
        .expect("a store");
        let credentials = Credentials {
            account: AccountId::from(ACCOUNT),
            login: Login::Facebook { page_id: page },
            token: AccessToken::new(&choice.token),
            app_secret: Some(secret.clone().into()),
        };
        let hosts = GraphHosts::new(
            &format!("{base}/graph.facebook.com"),
            &format!("{base}/graph.instagram.com"),
        )
        .expect("hosts");
        let graph = Arc::new(Graph::new(hosts, "v26.0", Arc::new(Unobserved)).expect("a client"));
        let studio = Arc::new(Studio::new(choice.media).expect("a studio"));
        let media_hosts = Hosts::new(&pages, &[sim.host_and_port()]);
        let parts = {
            let (store, clock, data_dir) = (store.clone(), clock.clone(), data_dir.clone());
            let (settings, files) = (choice.settings, choice.files);
            Box::new(move || {
                let instagram = Instagram::new(
                    graph.clone(),
                    Arc::new(StaticAccounts::new(vec![credentials.clone()])),
                    clock.clone(),
                    Arc::new(Budget::new(Memory::default())),
                    files,
                );
                Bot::new(BotParts {
                    store: store.clone(),
                    studio: studio.clone(),
                    settings: settings.clone(),
                    clock: clock.clone(),
                    data_dir: data_dir.clone(),
                    hosts: media_hosts.clone(),
                    channels: vec![Arc::new(instagram)],
                })
                .expect("a bot")
            })
        };
        let receiver = receiver::start(store.clone(), clock.clone(), secret).await;
        sim.set_webhook(receiver.url.clone())
            .await
            .expect("the handshake");
        let mut world = Self {
            sim,
            store,
            clock,
            data_dir,
            http,
            parts,
            log: Arc::default(),
            running: None,
            receiver,
            _folder: folder,
        };
        world.start();
        world
    }

    /// One more bot on the same data.
    pub(crate) fn bot(&self) -> Bot {
        (self.parts)()
    }

    /// Starts a bot and a runner; after `kill` a new process, so to say.
    pub(crate) fn start(&mut self) {
        let bot = (self.parts)();
        let options = RunnerOptions {
            lease: Duration::from_mins(10),
            poll: Duration::from_secs(1),
            grace: Duration::from_secs(25),
        };
        let handlers = bot.handlers().into_iter().map(|(queue, places, inner)| {
            let handler: Arc<dyn Handler> = Arc::new(Logged {
                inner,
                log: self.log.clone(),
            });
            (queue, places, handler)
        });
        let runner = Runner::new(self.store.clone(), handlers.collect(), options);
        let stop = CancellationToken::new();
        let task = tokio::spawn({
            let stop = stop.clone();
            async move { runner.run(stop).await.expect("the runner ran") }
        });
        self.running = Some((stop, task));
    }

    /// The process dies where it stands.
    pub(crate) async fn kill(&mut self) {
        let (_, task) = self.running.take().expect("a running bot");
        task.abort();
        let _ = task.await;
    }

    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_sim/{path}", self.sim.base_url());
        let answer = self
            .http
            .post(url)
            .json(&body)
            .send()
            .await
            .expect("the simulator answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "/_sim/{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    pub(crate) async fn look(&self, path: &str) -> Value {
        get(&self.http, &format!("{}/_sim/{path}", self.sim.base_url())).await
    }

    /// A person writes; returns when the webhook is stored.
    pub(crate) async fn write(&self, person: &str, message: Value) -> String {
        let stored = self.receiver.count();
        let answer = self
            .control(&format!("people/{person}/messages"), message)
            .await;
        self.receiver.wait_for(stored + 1).await;
        answer["mid"].as_str().expect("a mid").to_owned()
    }

    pub(crate) async fn fault(&self, body: &str, what: Value, times: u64) {
        let fault = json!({
            "match": {"method": "POST", "path": "*/messages", "body": body}, "times": times, "do": what
        });
        self.control("faults", fault).await;
    }

    /// Moves both clocks.
    pub(crate) async fn advance(&self, by_ms: i64) {
        self.control("clock", json!({"advance_ms": by_ms})).await;
        self.clock.advance(Duration::from_millis(
            u64::try_from(by_ms).expect("forward"),
        ));
    }

    async fn is_busy(&self) -> (bool, bool) {
        let counts = self.store.job_counts().await.expect("counts");
        let any = |states: &[&str]| {
            counts
                .iter()
                .any(|count| count.count > 0 && states.contains(&count.state.as_str()))
        };
        (any(&["running"]), any(&["waiting", "scheduled"]))
    }

    /// Moves time on, whenever nobody is at work, until no job is left to do.
    pub(crate) async fn until_idle(&self) {
        let started = Instant::now();
        let mut quiet = 0;
        loop {
            match self.is_busy().await {
                (true, _) => quiet = 0,
                (false, true) => {
                    quiet = 0;
                    self.advance(1_000).await;
                }
                (false, false) => quiet += 1,
            }
            if quiet > 2 {
                return;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "jobs do not end: {:?}",
                self.store.job_counts().await
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a job of this queue has been put off into the future for this reason.
    pub(crate) async fn until_put_off(&self, queue: &str, why: &str) {
        let started = Instant::now();
        loop {
            let jobs = self.jobs(queue).await;
            let is_put_off = |job: &JobRow| {
                job.state == "scheduled"
                    && job.run_at_ms > self.now_ms()
                    && job.note.as_deref() == Some(why)
            };
            if jobs.iter().any(is_put_off) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "not put off: {jobs:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a send is under way or of unknown outcome.
    pub(crate) async fn until_open_part(&self) {
        let started = Instant::now();
        while self.store.part_counts().await.expect("counts").is_empty() {
            assert!(started.elapsed() < PATIENCE, "no send began");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the person sees this many messages of ours.
    pub(crate) async fn until_seen(&self, person: &str, count: usize) -> Vec<String> {
        let started = Instant::now();
        loop {
            let seen = self.seen_by(person).await;
            if seen.len() >= count {
                return seen;
            }
            assert!(started.elapsed() < PATIENCE, "still {seen:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until the store knows that a message was taken back.
    pub(crate) async fn until_deleted(&self, person: &str, mid: &str) {
        let started = Instant::now();
        loop {
            let events = self
                .store
                .events_of_mid(&Self::conversation(person), mid)
                .await;
            if events
                .expect("events")
                .iter()
                .any(|event| event.kind == "deleted")
            {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "the unsend never came");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What the person sees from our side, oldest first: texts, or `[video]` for files.
    pub(crate) async fn seen_by(&self, person: &str) -> Vec<String> {
        let thread = self
            .look(&format!("people/{person}/messages?probe=0"))
            .await;
        let messages = thread["messages"].as_array().cloned().unwrap_or_default();
        messages
            .iter()
            .filter(|message| message["from"] == "business")
            .map(|message| {
                let files = message["attachments"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                match message["text"].as_str() {
                    Some(text) if !text.is_empty() => text.to_owned(),
                    _ => {
                        let kinds: Vec<&str> = files
                            .iter()
                            .map(|file| file["type"].as_str().unwrap_or("?"))
                            .collect();
                        format!("[{}]", kinds.join("]["))
                    }
                }
            })
            .collect()
    }

    /// Calls to Meta of this kind, by the end of their path.
    pub(crate) async fn calls(&self, path_end: &str) -> Vec<Value> {
        let calls = self.look("calls?limit=1000").await;
        let calls = calls["calls"].as_array().cloned().unwrap_or_default();
        calls
            .into_iter()
            .filter(|call| {
                call["path"]
                    .as_str()
                    .is_some_and(|path| path.ends_with(path_end))
            })
            .collect()
    }

    /// How the jobs of a queue ended, in the order they were made: state and note.
    pub(crate) async fn notes(&self, queue: &str) -> Vec<(String, String)> {
        let jobs = self.jobs(queue).await;
        jobs.into_iter()
            .map(|job| (job.state, job.note.unwrap_or_default()))
            .collect()
    }

    async fn jobs(&self, queue: &str) -> Vec<JobRow> {
        let ids = self.log.lock().expect("no panic").clone();
        let mut found = Vec::new();
        for id in ids {
            let job = self.store.job(id).await.expect("a read").expect("a job");
            if job.queue == queue {
                found.push(job);
            }
        }
        found
    }

    pub(crate) fn conversation(person: &str) -> Conversation {
        Conversation::new("instagram", ACCOUNT, person)
    }

    /// How many times the recogniser was asked.
    pub(crate) fn times_heard(&self) -> usize {
        std::fs::read_to_string(self.data_dir.join("heard")).map_or(0, |log| log.lines().count())
    }

    /// Makes the recogniser wait, or lets it go on.
    pub(crate) fn hold(&self, hold: bool) {
        let path = self.data_dir.join("hold");
        if hold {
            std::fs::write(path, "").expect("written");
        } else {
            std::fs::remove_file(path).expect("removed");
        }
    }

    /// Waits until the recogniser is at work.
    pub(crate) async fn until_heard(&self, times: usize) {
        let started = Instant::now();
        while self.times_heard() < times {
            assert!(
                started.elapsed() < PATIENCE,
                "nobody listens: {:?}",
                self.store.job_counts().await
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What is charged to this person today.
    pub(crate) async fn charged(&self, person: &str) -> u32 {
        let zone = bot::zone("America/Sao_Paulo").expect("a zone");
        let day = bot::day_of(self.now_ms(), &zone).name;
        let scope = Self::conversation(person).key();
        self.store.quota_used(&scope, &day).await.expect("a count")
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}

/// Notes which jobs were run.
struct Logged {
    inner: Arc<dyn Handler>,
    log: Arc<Mutex<BTreeSet<Uuid>>>,
}

#[async_trait]
impl Handler for Logged {
    async fn run(&self, job: &Claimed) -> Finish {
        self.log.lock().expect("no panic").insert(job.id);
        self.inner.run(job).await
    }

    async fn buried(&self, job: &Claimed, reason: &str) {
        self.inner.buried(job, reason).await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some((stop, task)) = self.running.take() {
            stop.cancel();
            task.abort();
        }
    }
}

async fn get(http: &reqwest::Client, url: &str) -> Value {
    http.get(url)
        .send()
        .await
        .expect("the simulator answers")
        .json()
        .await
        .expect("JSON")
}
