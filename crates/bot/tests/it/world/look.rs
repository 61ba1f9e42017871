//! What can be seen from outside: by people, in the call log, and how jobs ended.

use serde_json::{Value, json};
use store::{Conversation, JobRow};

use super::World;

impl World {
    /// What the person sees from our side, oldest first: texts, or `[video]` for files.
    pub(crate) async fn seen_by(&self, person: &str) -> Vec<String> {
        let thread = self
            .look(&format!("people/{person}/messages?probe=0"))
            .await;
        super::check_words(&thread);
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

    async fn all_calls(&self) -> Vec<Value> {
        let calls = self.look("calls").await;
        calls["calls"].as_array().cloned().unwrap_or_default()
    }

    /// How often something to watch was fetched from anywhere: a page, a media host, a person's own file.
    pub(crate) async fn downloads(&self) -> usize {
        let calls = self.all_calls().await;
        let fetches = calls.iter().filter(|call| {
            let (host, path) = (call["host"].as_str(), call["path"].as_str());
            host == Some("www.instagram.com")
                || host == Some("lookaside.fbsbx.com")
                || path.is_some_and(|path| path.starts_with("/file/"))
        });
        fetches.count()
    }

    /// Calls to a messenger of this kind, by the end of their path.
    pub(crate) async fn calls(&self, path_end: &str) -> Vec<Value> {
        self.all_calls()
            .await
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

    pub(super) async fn jobs(&self, queue: &str) -> Vec<JobRow> {
        let ids = self.log.lock().expect("no panic").clone();
        let mut found = Vec::new();
        for id in ids {
            // One that was forgotten is gone.
            let job = self.store.job(id).await.expect("a read");
            found.extend(job.filter(|job| job.queue == queue));
        }
        found
    }

    /// Whose reels were answered, in this order.
    pub(crate) fn answered(&self) -> Vec<String> {
        self.answered.lock().expect("no panic").clone()
    }

    /// How many times the recogniser was asked.
    pub(crate) fn times_heard(&self) -> usize {
        std::fs::read_to_string(self.folder.path().join("heard"))
            .map_or(0, |log| log.lines().count())
    }

    /// What is charged to this person today.
    pub(crate) async fn charged(&self, person: &str) -> u32 {
        self.charged_to(&Self::conversation(person)).await
    }

    /// What is charged to this conversation today.
    pub(crate) async fn charged_to(&self, talk: &Conversation) -> u32 {
        let zone = bot::zone("America/Sao_Paulo").expect("a zone");
        let day = bot::day_of(self.now_ms(), &zone).name;
        self.store
            .quota_used(&talk.key(), &day)
            .await
            .expect("a count")
    }

    /// The last message of ours with chips that a person on Instagram sees, and the chips' titles.
    pub(crate) async fn chips(&self, person: &str) -> (String, Vec<Value>) {
        let thread = self
            .look(&format!("people/{person}/messages?probe=0"))
            .await;
        let messages = thread["messages"].as_array().expect("messages");
        let with_chips = |message: &&Value| !message["quick_replies"].is_null();
        let last = messages.iter().rfind(with_chips).expect("chips");
        let mid = last["id"].as_str().expect("an id").to_owned();
        let chips = last["quick_replies"].as_array().expect("chips").clone();
        (mid, chips)
    }

    /// A person on Instagram taps a chip of the last message that has any; returns when the webhook is stored.
    pub(crate) async fn tap_chip(&self, person: &str, title: &str) {
        let (mid, chips) = self.chips(person).await;
        let chip = chips.iter().find(|chip| chip["title"] == title);
        let chip = chip.unwrap_or_else(|| panic!("no chip {title:?} in {chips:?}"));
        self.tap_payload(person, &mid, &chip["payload"]).await;
    }

    pub(crate) async fn tap_payload(&self, person: &str, mid: &str, payload: &Value) {
        let stored = self.receiver.count();
        let tap = json!({"mid": mid, "payload": payload});
        self.control(&format!("people/{person}/taps"), tap).await;
        self.receiver.wait_for(stored + 1).await;
    }
}
