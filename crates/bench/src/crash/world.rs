//! The people's side of a trial: a simulator whose answers are slow enough to be hit, two hundred people who
//! send one reel each, and what each of them sees.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use simulator::Simulator;

use super::checker::Thread;
use crate::delivery::shortcode;
use crate::server::{ACCOUNT, APP_SECRET};

/// How people send their reels.
#[derive(Debug, Clone)]
pub enum Reels {
    /// Pasted links and shares in turn, each another reel, for the stubs.
    Stubbed {
        /// A media URL of the simulator that stands behind every share.
        media_url: String,
    },
    /// Samples of the simulator, by code, in turn; for the real tools.
    Samples(Vec<String>),
}

/// The simulator and the people in it.
#[derive(Debug)]
pub struct World {
    simulator: Simulator,
    http: reqwest::Client,
    folder: PathBuf,
    reels: Reels,
}

impl World {
    /// Starts a simulator that keeps its samples in `samples` and everything else below `folder`.
    pub async fn start(folder: &Path, samples: &Path) -> Result<Self> {
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
            reels: Reels::Samples(Vec::new()),
        })
    }

    /// Chooses what people send.
    pub fn set_reels(&mut self, reels: Reels) {
        self.reels = reels;
    }

    /// Where the process under trial keeps its data.
    pub fn data(&self) -> &Path {
        &self.folder
    }

    /// The settings that put the simulator in Meta's place.
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

    /// Points webhooks at the process, whose port stays the same over its lives.
    pub async fn aim_webhooks(&self, port: u16) -> Result<()> {
        let target = format!("http://127.0.0.1:{port}/webhooks/instagram");
        self.simulator.set_webhook(target.parse()?).await?;
        Ok(())
    }

    /// The IGSID of a person.
    pub fn person(number: usize) -> String {
        format!("55500000000{number:05}")
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

    /// Makes Meta's answers take between `low` and `high` milliseconds, so that a kill can hit a call under way.
    pub async fn slow_down(&self, path: &str, ms: u64) -> Result<()> {
        let fault =
            json!({"match": {"path": path}, "times": 1_000_000, "do": {"kind": "delay", "ms": ms}});
        self.post("/_sim/faults", &fault).await?;
        Ok(())
    }

    /// Person `number` sends a reel that nobody sent before.
    pub async fn send_reel(&self, number: usize) -> Result<()> {
        let person = Self::person(number);
        let message = match &self.reels {
            Reels::Stubbed { media_url } if number.is_multiple_of(2) => json!({"attachments": [{
                "type": "ig_reel",
                "payload": {"url": media_url, "reel_video_id": format!("1790{number:013}"), "title": "legenda"}
            }]}),
            Reels::Stubbed { .. } => {
                let code = shortcode(u64::try_from(number)? + 1);
                json!({"text": format!("https://www.instagram.com/reel/{code}/")})
            }
            Reels::Samples(codes) => {
                let code = codes
                    .get(number % codes.len().max(1))
                    .context("there are no samples")?;
                if number.is_multiple_of(2) {
                    json!({"share": {"code": code, "as": "ig_reel", "url": "cdn"}})
                } else {
                    json!({"text": format!("https://www.instagram.com/reel/{code}/")})
                }
            }
        };
        self.post(&format!("/_sim/people/{person}/messages"), &message)
            .await?;
        Ok(())
    }

    /// What a person sees from the business.
    pub async fn thread(&self, number: usize) -> Result<Thread> {
        let seen = self
            .get(&format!("/_sim/people/{}/messages", Self::person(number)))
            .await?;
        let mut thread = Thread::default();
        for message in seen["messages"].as_array().into_iter().flatten() {
            if message["from"] != "business" {
                continue;
            }
            if let Some(text) = message["text"].as_str().filter(|text| !text.is_empty()) {
                thread.texts.push(text.to_owned());
            }
            thread.media += message["attachments"].as_array().map_or(0, Vec::len);
        }
        Ok(thread)
    }

    /// Meta's clock moves on, so that deliveries which met a dead process are tried again.
    pub async fn deliver_what_is_due(&self) -> Result<()> {
        self.post("/_sim/clock", &json!({"advance_ms": 30_000}))
            .await?;
        Ok(())
    }

    /// Plants a double send: says `text` once more as the business, past the process under trial.
    pub async fn send_as_business(&self, person: &str, text: &str) -> Result<()> {
        let url = format!("{}/graph.facebook.com/v26.0/me/messages", self.base());
        let body = json!({"recipient": {"id": person}, "message": {"text": text}});
        let answer = self
            .http
            .post(url)
            .bearer_auth("SIM-PAGE-TOKEN")
            .json(&body)
            .send()
            .await?;
        answer.error_for_status()?;
        Ok(())
    }

    /// Plants a lost job: takes the reel jobs of person `number` out of the tables of the dead process.
    pub async fn plant_lost_job(&self, number: usize) -> Result<()> {
        let pool = super::steps::tables(self.data()).await?;
        sqlx::query("DELETE FROM job WHERE person = ? AND queue = 'reel'")
            .bind(Self::person(number))
            .execute(&pool)
            .await?;
        pool.close().await;
        Ok(())
    }
}
