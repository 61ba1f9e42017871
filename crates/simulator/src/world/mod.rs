//! Everything the simulated Meta knows, behind one handle that every host shares.
//!
//! State lives in one short-held lock: a call checks and changes it in one go, so that a client
//! killed at any moment finds either all of a call's effect or none.

pub(crate) mod account;
pub(crate) mod app;
pub(crate) mod asset;
pub(crate) mod budget;
pub(crate) mod clock;
pub(crate) mod comment;
pub(crate) mod container;
pub(crate) mod insight_rules;
pub(crate) mod media;
pub(crate) mod pacific;
pub(crate) mod probe;
pub(crate) mod public;
pub(crate) mod rate;
pub(crate) mod thread;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::{Semaphore, broadcast};

use crate::calls::CallLog;
use crate::fault::Faults;
use crate::samples::Samples;
use crate::seed::{self, shape::SeedFile};
use crate::telegram::Telegram;
use crate::webhook::Webhooks;
use crate::{Options, StartError};
use account::{Account, LonelyPage, Token};
use app::App;
use asset::Assets;
use clock::Clock;
use comment::Comment;
use insight_rules::InsightRules;
use rate::Limits;
use thread::{Person, Thread};

/// What the phone page is told: which thread changed, and how.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Change {
    /// `instagram` or `telegram`, where the person is a chat and the account a bot.
    pub(crate) channel: &'static str,
    pub(crate) person: String,
    pub(crate) account: String,
    /// `message`, `typing`, `seen`, `reaction`, `unsend`, `edit`, `toast`, `chat`, `profile`.
    pub(crate) what: &'static str,
    pub(crate) at: i64,
}

/// What a lock protects.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) app: App,
    pub(crate) lonely_pages: Vec<LonelyPage>,
    pub(crate) people: BTreeMap<String, Person>,
    /// Keyed by account, then person.
    pub(crate) threads: BTreeMap<(String, String), Thread>,
    /// Message id -> thread, for calls that name only a message.
    pub(crate) threads_by_mid: HashMap<String, (String, String)>,
    /// Reusable uploads: attachment id -> what it is.
    pub(crate) attachments: HashMap<String, Attachment>,
    pub(crate) comments: BTreeMap<String, Comment>,
    /// Media id -> post, reel, story or file of a carousel.
    pub(crate) media: BTreeMap<String, media::Media>,
    pub(crate) publishing: container::Publishing,
    /// Other people's posts: what discovery, hashtags and mentions show.
    pub(crate) public: public::Public,
    pub(crate) insights: InsightRules,
    pub(crate) limits: Limits,
    pub(crate) platform: budget::Platform,
}

/// A reusable upload.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) account: String,
    pub(crate) kind: String,
    pub(crate) asset: String,
}

#[derive(Debug)]
pub(crate) struct World {
    options: Options,
    base_url: String,
    clock: Clock,
    /// Read once; absent: the seed is made anew for the clock's moment.
    seed_file: Option<SeedFile>,
    state: Mutex<State>,
    assets: Assets,
    samples: Samples,
    calls: CallLog,
    faults: Faults,
    webhooks: Webhooks,
    telegram: Telegram,
    changes: broadcast::Sender<Change>,
    http: reqwest::Client,
    uploads: PathBuf,
    cdn_key: [u8; 32],
    sequence: AtomicU64,
    probing: Semaphore,
}

impl World {
    pub(crate) fn new(mut options: Options, local: SocketAddr) -> Result<Self, StartError> {
        let seed_file = options.seed_file.as_deref().map(seed::load).transpose()?;
        if let Some(file) = &seed_file {
            // The file says who the account is; the tokens are the usual ones.
            for (given, ours) in [
                (&file.first.account.id, &mut options.account_id),
                (&file.first.account.page_id, &mut options.page_id),
            ] {
                if !given.is_empty() {
                    ours.clone_from(given);
                }
            }
        }
        let uploads = options
            .data_dir
            .join("uploads")
            .join(uuid::Uuid::now_v7().to_string());
        std::fs::create_dir_all(&uploads).map_err(|source| StartError::DataFolder {
            path: uploads.display().to_string(),
            source,
        })?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(64)
            .build()?;
        let clock = Clock::new(options.clock_start);
        let state = fresh(&options, seed_file.as_ref(), clock.now_ms());
        // Listening on every address is not an address a client can call.
        let host = if local.ip().is_unspecified() {
            "127.0.0.1".into()
        } else {
            local.ip().to_string()
        };
        let host = if local.is_ipv6() && !local.ip().is_unspecified() {
            format!("[{host}]")
        } else {
            host
        };
        Ok(Self {
            base_url: format!("http://{host}:{}", local.port()),
            clock,
            seed_file,
            state: Mutex::new(state),
            assets: Assets::default(),
            samples: Samples::open(&options.data_dir, &options.ffmpeg),
            calls: CallLog::default(),
            faults: Faults::default(),
            webhooks: Webhooks::new(options.slow_retries),
            telegram: Telegram::default(),
            changes: broadcast::Sender::new(1_024),
            http,
            uploads,
            cdn_key: rand::random(),
            sequence: AtomicU64::new(1),
            probing: Semaphore::new(1),
            options,
        })
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// `http://host:port`, without a slash at the end.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn samples(&self) -> &Samples {
        &self.samples
    }

    pub(crate) fn assets(&self) -> &Assets {
        &self.assets
    }

    pub(crate) fn calls(&self) -> &CallLog {
        &self.calls
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(crate) fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    pub(crate) fn telegram(&self) -> &Telegram {
        &self.telegram
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Where uploads of this run are written.
    pub(crate) fn uploads(&self) -> &Path {
        &self.uploads
    }

    pub(crate) fn cdn_key(&self) -> &[u8] {
        &self.cdn_key
    }

    pub(crate) fn probing(&self) -> &Semaphore {
        &self.probing
    }

    /// The state; never held across an await.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whoever watches (the phone page) that a thread changed.
    pub(crate) fn changed(&self, account: &str, person: &str, what: &'static str) {
        self.tell("instagram", account, person, what);
    }

    /// The same for a Telegram chat.
    pub(crate) fn telegram_changed(&self, chat: &str, what: &'static str) {
        let bot = self.options.telegram_token.split(':').next();
        self.tell("telegram", bot.unwrap_or_default(), chat, what);
    }

    fn tell(&self, channel: &'static str, account: &str, person: &str, what: &'static str) {
        // An error means that nobody watches.
        let _ = self.changes.send(Change {
            channel,
            person: person.to_owned(),
            account: account.to_owned(),
            what,
            at: self.clock.now_ms(),
        });
    }

    pub(crate) fn watch(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// A number never given out before.
    pub(crate) fn next(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// A 17-digit id, as Meta's objects have.
    pub(crate) fn new_id(&self, prefix: &str) -> String {
        let width = 17_usize.saturating_sub(prefix.len());
        let mixed = u64::from(rand::random::<u32>()) % 100_000;
        format!("{prefix}{:0>width$}", self.next() * 100_000 + mixed)
    }

    /// A message id: opaque, long, URL-safe, as captured ones are.
    pub(crate) fn new_mid(&self) -> String {
        let mut mid = String::from("aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlE");
        let noise: [u8; 24] = rand::random();
        mid.push_str(&letters(&self.next().to_be_bytes()));
        mid.push_str(&letters(&noise));
        mid
    }

    /// Back to the first moment; the webhook target and the samples stay.
    pub(crate) async fn reset(&self) {
        self.clock.unmove();
        let fresh = fresh(&self.options, self.seed_file.as_ref(), self.clock.now_ms());
        *self.lock() = fresh;
        self.faults.clear();
        self.calls.clear();
        self.webhooks.clear();
        self.telegram.clear();
        self.assets.clear();
        self.remove_uploads().await;
        let _ = tokio::fs::create_dir_all(&self.uploads).await;
    }

    pub(crate) async fn remove_uploads(&self) {
        let _ = tokio::fs::remove_dir_all(&self.uploads).await;
    }
}

/// The first moment: the account that the options name, and what the seed knows.
fn fresh(options: &Options, file: Option<&SeedFile>, now_ms: i64) -> State {
    let mut state = State::default();
    state.seed(options);
    match file {
        Some(file) => state.plant(options, file),
        None => state.plant(options, &seed::made(options, now_ms)),
    }
    state.seed_others(now_ms);
    state
}

/// Base64-like letters without padding, enough for an id that nobody decodes.
pub(crate) fn letters(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(ALPHABET[usize::from(byte >> 2)]));
        text.push(char::from(ALPHABET[usize::from(byte & 0x3f)]));
    }
    text
}

/// A shared world, as axum's state carries it.
pub(crate) type Shared = Arc<World>;
