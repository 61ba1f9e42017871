//! A whole small world: simulator, webhook receiver, store, bot and runner, with time moved by hand.

mod hands;
mod house;
mod look;
mod receiver;
pub(crate) mod telegram;
mod wait;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bot::channel::Channel;
use bot::channel::instagram::Instagram;
use bot::channel::telegram::Telegram;
use bot::{Bot, BotParts, BotSettings, StaticAccounts};
use graph_api::budget::{Budget, Memory};
use graph_api::client::{AccessToken, Credentials, Login};
use graph_api::id::AccountId;
use media::Studio;
use media::link::Hosts;
use serde_json::{Value, json};
use simulator::{Options, Simulator};
use store::{Clock as _, Conversation, Handler, ManualClock, Runner, RunnerOptions, Store};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use hands::Logged;
use house::{client, clock_of, graph, media_settings, open_store, samples_dir};

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
    /// What Telegram is given at most; `None`: there is no Telegram.
    pub(crate) telegram: Option<media::ChannelLimits>,
    /// Where the simulator's recogniser and language model are; nothing asks them unless a test says so.
    pub(crate) ai: Url,
}

/// Makes a bot, and its Telegram, if it has one.
type Parts = Box<dyn Fn() -> (Bot, Option<Arc<Telegram>>) + Send + Sync>;

pub(crate) struct World {
    pub(crate) sim: Simulator,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) data_dir: PathBuf,
    http: reqwest::Client,
    parts: Parts,
    /// Every job that was run.
    log: Arc<Mutex<BTreeSet<Uuid>>>,
    /// Whose reels were answered, in this order.
    answered: Arc<Mutex<Vec<String>>>,
    /// Handlers at work, those of jobs that are gone among them.
    hands: Arc<AtomicUsize>,
    running: Option<(CancellationToken, JoinHandle<()>)>,
    receiver: receiver::Receiver,
    /// Where Telegram's updates come in, if it is there.
    updates: Option<telegram::Updates>,
    folder: TempDir,
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
        let data_dir = folder.path().join("data");
        std::fs::create_dir(&data_dir).expect("a data folder");
        let options = Options {
            data_dir: samples_dir(),
            ..Options::default()
        };
        let (secret, page) = (options.app_secret.clone(), options.page_id.clone());
        let token = options.page_token.clone();
        let sim = Simulator::start(options).await.expect("a simulator");
        let base = sim.base_url();
        let media = media_settings(&sim, folder.path(), &data_dir);
        let pages = media.media.pages.clone();
        let mut choice = Choice {
            settings: BotSettings::default(),
            files: media::ChannelLimits::instagram(),
            media,
            token,
            telegram: None,
            ai: Url::parse(&format!("{base}/ai/v1")).expect("a URL"),
        };
        // A person at the keyboard is slower than a test.
        choice.settings.brake.per_minute = 1000;
        choice.settings.brake.per_hour = 1000;
        choose(&mut choice);

        let http = client();
        let clock = clock_of(&http, &base).await;
        let store = open_store(&data_dir, &clock).await;
        let credentials = Credentials {
            account: AccountId::from(ACCOUNT),
            login: Login::Facebook {
                page_id: page.into(),
            },
            token: AccessToken::new(&choice.token),
            app_secret: Some(secret.clone().into()),
        };
        let graph = graph(&base);
        let studio = Arc::new(Studio::new(choice.media).expect("a studio"));
        let updates = match choice.telegram {
            Some(_) => Some(telegram::Updates::new(&sim, &clock, &data_dir).await),
            None => None,
        };
        let chats = choice.telegram.map(|files| {
            let (base, clock, data_dir) = (sim.base_url(), clock.clone(), data_dir.clone());
            move || Arc::new(telegram::channel(&base, &clock, &data_dir, files))
        });
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
                let telegram = chats.as_ref().map(|chats| chats());
                let mut channels: Vec<Arc<dyn Channel>> = vec![Arc::new(instagram)];
                channels.extend(telegram.clone().map(|one| one as Arc<dyn Channel>));
                let bot = Bot::new(BotParts {
                    store: store.clone(),
                    studio: studio.clone(),
                    settings: settings.clone(),
                    clock: clock.clone(),
                    data_dir: data_dir.clone(),
                    hosts: media_hosts.clone(),
                    channels,
                })
                .expect("a bot");
                (bot, telegram)
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
            answered: Arc::default(),
            hands: Arc::default(),
            running: None,
            receiver,
            updates,
            folder,
        };
        world.start();
        world
    }

    /// One more bot on the same data.
    pub(crate) fn bot(&self) -> Bot {
        (self.parts)().0
    }

    /// Starts a bot and a runner; after `kill` a new process, so to say.
    pub(crate) fn start(&mut self) {
        let (bot, telegram) = (self.parts)();
        let options = RunnerOptions {
            lease: Duration::from_mins(10),
            poll: Duration::from_secs(1),
            grace: Duration::from_secs(25),
        };
        let handlers = bot.handlers().into_iter().map(|(queue, places, inner)| {
            let handler: Arc<dyn Handler> = Arc::new(Logged {
                inner,
                log: self.log.clone(),
                answered: self.answered.clone(),
                hands: self.hands.clone(),
            });
            (queue, places, handler)
        });
        let runner = Runner::new(self.store.clone(), handlers.collect(), options);
        let stop = CancellationToken::new();
        let task = tokio::spawn({
            let stop = stop.clone();
            async move {
                // Without its name it would not know when a group speaks to it.
                if let Some(telegram) = telegram {
                    telegram.identify().await.expect("a name");
                }
                runner.run(stop).await.expect("the runner ran");
            }
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

    /// Takes away what was set up there, such as `faults`.
    pub(crate) async fn clear(&self, path: &str) {
        let url = format!("{}/_sim/{path}", self.sim.base_url());
        let answer = self.http.delete(url).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
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

    pub(crate) fn conversation(person: &str) -> Conversation {
        Conversation::new("instagram", ACCOUNT, person)
    }

    /// Makes the recogniser wait, or lets it go on.
    pub(crate) fn hold(&self, hold: bool) {
        put(&self.folder.path().join("hold"), hold);
    }

    /// Makes ffmpeg wait before it encodes pictures, or lets it go on.
    pub(crate) fn hold_encoding(&self, hold: bool) {
        put(&self.data_dir.join("work").join("hold-encoding"), hold);
    }

    /// From now on the recogniser hears this.
    pub(crate) fn says(&self, words: &str) {
        std::fs::write(self.folder.path().join("says"), words).expect("written");
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
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

/// Nobody is ever shown the name of a sentence instead of the sentence.
fn check_words(seen: &Value) {
    let seen = seen.to_string();
    assert!(!seen.contains("Unknown localization key"), "{seen}");
}

/// Puts an empty file there, or takes it away.
fn put(path: &Path, there: bool) {
    if there {
        let folder = path.parent().expect("a folder");
        std::fs::create_dir_all(folder).expect("a folder");
        std::fs::write(path, "").expect("written");
    } else {
        std::fs::remove_file(path).expect("removed");
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
