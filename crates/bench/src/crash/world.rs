//! The people's side of a trial: a simulator whose answers are slow enough to be hit, and people on one of its
//! messengers who send one reel each. What is peculiar to a messenger stands in `instagram` and `telegram`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use simulator::Simulator;

use super::checker::Thread;
use super::steps::Step;
use super::{instagram, telegram};
use crate::server::{ACCOUNT, APP_SECRET};

/// Where people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Messages come by webhook; answers are messages of their own.
    Instagram,
    /// Updates are asked for; the answer replaces the first word.
    Telegram,
}

impl Channel {
    /// The places where a kill can hit a job, in the order of the flow.
    pub fn steps(self) -> &'static [Step] {
        match self {
            Self::Instagram => &instagram::STEPS,
            Self::Telegram => &telegram::STEPS,
        }
    }
}

/// How people send their reels.
#[derive(Debug, Clone)]
pub enum Reels {
    /// Each another reel, for the stubs.
    Stubbed {
        /// A sample of the simulator that stands behind every share and every file of a person's own.
        code: String,
        /// Its media URL.
        media_url: String,
    },
    /// Samples of the simulator, by code, in turn; for the real tools.
    Samples(Vec<String>),
}

impl Reels {
    /// The sample behind what person `number` sends.
    pub(super) fn sample(&self, number: usize) -> Result<&str> {
        match self {
            Self::Stubbed { code, .. } => Ok(code),
            Self::Samples(codes) => codes
                .get(number % codes.len().max(1))
                .map(String::as_str)
                .context("there are no samples"),
        }
    }
}

/// The simulator and the people in it.
#[derive(Debug)]
pub struct World {
    simulator: Simulator,
    http: reqwest::Client,
    folder: PathBuf,
    channel: Channel,
    pub(super) reels: Reels,
    /// Who wrote what Telegram numbers so.
    pub(super) updates: Mutex<BTreeMap<i64, usize>>,
}

impl World {
    /// Starts a simulator that keeps its samples in `samples` and everything else below `folder`.
    pub async fn start(channel: Channel, folder: &Path, samples: &Path) -> Result<Self> {
        let options = simulator::Options {
            port: 0,
            data_dir: samples.to_owned(),
            app_secret: APP_SECRET.to_owned(),
            account_id: ACCOUNT.to_owned(),
            ..simulator::Options::default()
        };
        Ok(Self {
            simulator: Simulator::start(options).await?,
            http: reqwest::Client::builder().no_proxy().build()?,
            folder: folder.to_owned(),
            channel,
            reels: Reels::Samples(Vec::new()),
            updates: Mutex::default(),
        })
    }

    /// Where people write.
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// Chooses what people send.
    pub fn set_reels(&mut self, reels: Reels) {
        self.reels = reels;
    }

    /// Where the process under trial keeps its data.
    pub fn data(&self) -> &Path {
        &self.folder
    }

    /// The settings that put the simulator in Meta's and Telegram's place.
    pub fn connection(&self) -> Vec<(String, String)> {
        self.simulator
            .client_environment()
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let (name, value) = line.split_once('=')?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect()
    }

    /// The same, with the times of a trial instead of those of a day.
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut list = self.connection();
        for (name, value) in [
            ("GRAMOPHONE_SEND__SETTLE_SECONDS", "3"),
            ("GRAMOPHONE_BOT__CONCURRENCY", "4"),
            ("GRAMOPHONE_BOT__STATUS_AFTER_SECONDS", "30"),
            ("GRAMOPHONE_LOG__LEVEL", "warn"),
        ] {
            list.push((name.to_owned(), value.to_owned()));
        }
        list
    }

    /// A base URL of one of the simulator's hosts.
    pub fn base(&self) -> String {
        self.simulator.base_url()
    }

    /// Points webhooks at the process, whose port stays the same over its lives; polling finds its way alone.
    pub async fn aim_webhooks(&self, port: u16) -> Result<()> {
        if self.channel == Channel::Instagram {
            let target = format!("http://127.0.0.1:{port}/webhooks/instagram");
            self.simulator.set_webhook(target.parse()?).await?;
        }
        Ok(())
    }

    /// How the tables call a person.
    pub fn person(&self, number: usize) -> String {
        match self.channel {
            Channel::Instagram => instagram::person(number),
            Channel::Telegram => telegram::person(number),
        }
    }

    /// A control call.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self
            .http
            .post(format!("{}{path}", self.base()))
            .json(body)
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{path}: {status} {text}");
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// A control read.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let answer = self
            .http
            .get(format!("{}{path}", self.base()))
            .send()
            .await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// The simulator's first sample of this kind.
    pub async fn sample(&self, what: &str) -> Result<Value> {
        let listed = self.get("/_sim/reels").await?;
        let list = listed.as_array().or_else(|| listed["reels"].as_array());
        let found = list.into_iter().flatten().find(|reel| reel["what"] == what);
        found
            .cloned()
            .with_context(|| format!("there is no sample of {what}"))
    }

    /// Makes a call take so long, so that a kill can hit it under way: before the messenger has done what it is asked
    /// for, and after.
    pub async fn slow_down(&self, path: &str, ms: u64) -> Result<()> {
        let times: &[&str] = match self.channel {
            Channel::Instagram => &["before"],
            Channel::Telegram => &["before", "after"],
        };
        for when in times {
            let fault = json!({"match": {"path": path}, "times": 0,
                "do": {"kind": "delay", "ms": ms, "when": when}});
            self.post("/_sim/faults", &fault).await?;
        }
        Ok(())
    }

    /// Person `number` sends a reel that nobody sent before.
    pub async fn send_reel(&self, number: usize) -> Result<()> {
        match self.channel {
            Channel::Instagram => instagram::send_reel(self, number).await,
            Channel::Telegram => telegram::send_reel(self, number).await,
        }
    }

    /// What a person sees of the answer.
    pub async fn thread(&self, number: usize) -> Result<Thread> {
        match self.channel {
            Channel::Instagram => instagram::thread(self, number).await,
            Channel::Telegram => telegram::thread(self, number).await,
        }
    }

    /// Every message between a person and the business, as the simulator shows it.
    pub(super) async fn messages(&self, number: usize) -> Result<Vec<Value>> {
        let path = match self.channel {
            Channel::Instagram => instagram::messages(number),
            Channel::Telegram => telegram::messages(number),
        };
        let mut seen = self.get(&format!("{path}?probe=0")).await?;
        Ok(serde_json::from_value(seen["messages"].take())?)
    }

    /// Meta's clock moves on, so that deliveries which met a dead process are tried again. Telegram's updates wait to
    /// be asked for.
    pub async fn deliver_what_is_due(&self) -> Result<()> {
        if self.channel == Channel::Instagram {
            self.post("/_sim/clock", &json!({"advance_ms": 30_000}))
                .await?;
        }
        Ok(())
    }

    /// People whose message the process has acknowledged, as the messenger says it.
    pub async fn acknowledged(&self) -> Result<Vec<String>> {
        match self.channel {
            Channel::Instagram => super::steps::people_heard(self.data()).await,
            Channel::Telegram => telegram::acknowledged(self).await,
        }
    }

    /// Plants a fault: says `text` as the business, past the process under trial.
    pub async fn say_by_hand(&self, number: usize, text: &str) -> Result<()> {
        match self.channel {
            Channel::Instagram => instagram::say_by_hand(self, number, text).await,
            Channel::Telegram => telegram::say_by_hand(self, number, text).await,
        }
    }

    /// Plants a lost job: takes the reel jobs of person `number` out of the tables of the dead process.
    pub async fn plant_lost_job(&self, number: usize) -> Result<()> {
        let pool = super::steps::tables(self.data()).await?;
        sqlx::query("DELETE FROM job WHERE person = ? AND queue = 'reel'")
            .bind(self.person(number))
            .execute(&pool)
            .await?;
        pool.close().await;
        Ok(())
    }

    /// A setting of the connection.
    pub(super) fn setting(&self, name: &str) -> Result<String> {
        let found = self
            .connection()
            .into_iter()
            .find(|(known, _)| known == name);
        found
            .map(|(_, value)| value)
            .with_context(|| format!("the simulator names no {name}"))
    }

    /// A call of the messenger's own interface, as another program with the same token would make it.
    pub(super) async fn call(&self, path: &str, token: Option<&str>, body: &Value) -> Result<()> {
        let mut call = self.http.post(format!("{}{path}", self.base())).json(body);
        if let Some(token) = token {
            call = call.bearer_auth(token);
        }
        call.send().await?.error_for_status()?;
        Ok(())
    }

    /// Remembers whose message an update is about.
    pub(super) fn remember_update(&self, update: i64, number: usize) {
        let mut updates = self.updates.lock().unwrap_or_else(PoisonError::into_inner);
        updates.insert(update, number);
    }
}
