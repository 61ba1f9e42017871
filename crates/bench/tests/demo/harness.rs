//! Starts `gramophone demo` on free ports and speaks with it as the phone page does.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::Row as _;

/// A running demo, and a person who looks at it.
pub(crate) struct Demo(bench::demo::Demo);

impl Demo {
    /// Starts the binary that this workspace built.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts it with settings of its own.
    pub(crate) async fn start_with(environment: &[(&str, &str)]) -> Self {
        let program = bench::demo::program().unwrap();
        Self(
            bench::demo::Demo::start(&program, environment)
                .await
                .unwrap(),
        )
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0.simulator)
    }

    /// The end of what the demo printed, for a failure's message.
    pub(crate) fn log(&self) -> String {
        self.0.log()
    }

    /// The folder that the demo keeps everything in.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.data()
    }

    /// A control call that must succeed.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self
            .0
            .http
            .post(self.url(path))
            .json(body)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// A control read that must succeed.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.0.http.get(self.url(path)).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    /// A person writes.
    pub(crate) async fn write(&self, person: &str, message: &Value) -> Value {
        self.post(&format!("/_sim/people/{person}/messages"), message)
            .await
    }

    /// What the business has answered this person so far.
    pub(crate) async fn answers(&self, person: &str) -> Vec<Value> {
        let thread = self.get(&format!("/_sim/people/{person}/messages")).await;
        let messages = thread["messages"].as_array().cloned().unwrap_or_default();
        messages
            .into_iter()
            .filter(|message| message["from"] == "business")
            .collect()
    }

    /// Waits until the answers satisfy `enough`; fails with the log and the thread when they never do.
    pub(crate) async fn wait(
        &self,
        person: &str,
        seconds: u64,
        enough: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let until = Instant::now() + Duration::from_secs(seconds);
        loop {
            let answers = self.answers(person).await;
            if enough(&answers) {
                return answers;
            }
            assert!(
                Instant::now() < until,
                "the answer did not come within {seconds} s; so far: {answers:#?}\nlog:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The sample whose `what` is this word.
    pub(crate) async fn sample(&self, what: &str) -> Value {
        // The large file is made only when somebody asks; its size is known from then on.
        let path = if what == "big" {
            "/_sim/reels?make=big"
        } else {
            "/_sim/reels"
        };
        let reels = self.get(path).await;
        let list = reels
            .as_array()
            .cloned()
            .or_else(|| reels["reels"].as_array().cloned())
            .unwrap_or_default();
        list.into_iter()
            .find(|reel| reel["what"] == what)
            .unwrap_or_else(|| panic!("no sample is `{what}`: {reels}"))
    }

    /// The calls that the outsiders got, oldest first.
    pub(crate) async fn calls(&self) -> Vec<Value> {
        let calls = self.get("/_sim/calls").await;
        calls
            .as_array()
            .cloned()
            .or_else(|| calls["calls"].as_array().cloned())
            .unwrap_or_default()
    }

    /// How much of today's limit a person has used.
    pub(crate) async fn quota_used(&self, person: &str) -> i64 {
        let pool = bench::crash::steps::tables(&self.data()).await.unwrap();
        let row = sqlx::query("SELECT COALESCE(SUM(used), 0) FROM quota WHERE scope LIKE ?")
            .bind(format!("%:{person}"))
            .fetch_one(&pool)
            .await
            .unwrap();
        pool.close().await;
        row.try_get(0).unwrap()
    }

    /// Waits until every delivery arrived and no job is left in an unfinished state.
    pub(crate) async fn quiet(&self) {
        let until = Instant::now() + Duration::from_mins(2);
        while bench::crash::steps::unfinished_jobs(&self.data())
            .await
            .unwrap()
            > 0
        {
            assert!(
                Instant::now() < until,
                "jobs stay unfinished:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Fetches an attachment's bytes as the person's phone would.
    pub(crate) async fn fetch(&self, url: &str) -> Vec<u8> {
        let url = if url.starts_with("http") {
            url.to_owned()
        } else {
            self.url(url)
        };
        let answer = self.0.http.get(url).send().await.unwrap();
        assert!(answer.status().is_success());
        answer.bytes().await.unwrap().to_vec()
    }
}

/// All texts of some answers, one after the other.
pub(crate) fn texts(answers: &[Value]) -> String {
    answers
        .iter()
        .filter_map(|answer| answer["text"].as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The attachments of this type among some answers.
pub(crate) fn attachments(answers: &[Value], kind: &str) -> Vec<Value> {
    answers
        .iter()
        .filter_map(|answer| answer["attachments"].as_array())
        .flatten()
        .filter(|attachment| attachment["type"] == kind)
        .cloned()
        .collect()
}

/// Whether a video has arrived.
pub(crate) fn has_video(answers: &[Value]) -> bool {
    !attachments(answers, "video").is_empty()
}
