//! Telegram in the small world. Its updates are asked for whenever somebody did something, so that what a person wrote
//! is stored when the test goes on; the real receiver is the server's.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bot::channel::telegram::{Telegram, TelegramParts, new_event};
use bytes::Bytes;
use media::ChannelLimits;
use secrecy::SecretString;
use serde_json::{Value, json};
use simulator::Simulator;
use store::{Clock as _, Conversation, ManualClock, NewDelivery};
use tokio::sync::Mutex;
use url::Url;

use super::{PATIENCE, World};
use crate::telegram_support::TOKEN;

/// People who write to the bot on Telegram.
pub(crate) const ANA: &str = "5550000101";
pub(crate) const BIA: &str = "5550000202";
/// The bot's id.
pub(crate) const BOT: &str = "123456789";

/// Where updates come in.
pub(super) struct Updates {
    telegram: Telegram,
    /// What comes next.
    offset: Mutex<Option<i64>>,
}

impl Updates {
    pub(super) async fn new(sim: &Simulator, clock: &Arc<ManualClock>, data_dir: &Path) -> Self {
        let telegram = channel(&sim.base_url(), clock, data_dir, ChannelLimits::telegram());
        telegram.identify().await.expect("a name");
        Self {
            telegram,
            offset: Mutex::new(None),
        }
    }
}

/// The channel against the simulator.
pub(super) fn channel(
    base: &str,
    clock: &Arc<ManualClock>,
    data_dir: &Path,
    files: ChannelLimits,
) -> Telegram {
    let parts = TelegramParts {
        token: SecretString::from(TOKEN),
        api: Url::parse(&format!("{base}/api.telegram.org")).expect("a URL"),
        data_dir: data_dir.to_path_buf(),
        local_files_root: None,
        files,
        clock: clock.clone(),
    };
    Telegram::new(parts).expect("a channel")
}

impl World {
    /// With both channels.
    pub(crate) async fn both() -> Self {
        Self::both_with(|_| {}).await
    }

    pub(crate) async fn both_with(choose: impl FnOnce(&mut super::Choice)) -> Self {
        Self::with(|choice| {
            choice.telegram = Some(ChannelLimits::telegram());
            choose(choice);
        })
        .await
    }

    pub(crate) fn chat(person: &str) -> Conversation {
        Conversation::new("telegram", BOT, person)
    }

    /// Takes in what waits, as the server does: acknowledged only when it is stored.
    pub(crate) async fn pull(&self) {
        let updates = self.updates.as_ref().expect("Telegram");
        let mut offset = updates.offset.lock().await;
        loop {
            let new = updates.telegram.updates(*offset, Duration::ZERO).await;
            let new = new.expect("updates");
            let Some(last) = new.iter().map(|update| update.id).max() else {
                return;
            };
            for update in new {
                self.take_in(&update.json).await;
            }
            *offset = Some(last + 1);
        }
    }

    /// Stores one update; may be repeated.
    pub(crate) async fn take_in(&self, json: &str) {
        let updates = self.updates.as_ref().expect("Telegram");
        let now_ms = self.clock.now_ms();
        let delivery = NewDelivery {
            id: self.store.new_id(),
            channel: "telegram",
            received_at_ms: now_ms,
            body: Bytes::copy_from_slice(json.as_bytes()),
            events: vec![new_event(&updates.telegram.identity(), json, now_ms)],
        };
        self.store.accept(delivery).await.expect("accepted");
    }

    /// Somebody writes in a chat; returns the message's id when the update is stored.
    pub(crate) async fn tell(&self, chat: &str, message: Value) -> i64 {
        let answer = self
            .control(&format!("telegram/chats/{chat}/messages"), message)
            .await;
        self.pull().await;
        answer["message_id"].as_i64().expect("an id")
    }

    /// The same in plain words, until everything is answered.
    pub(crate) async fn tell_words(&self, chat: &str, words: &str) {
        self.tell(chat, json!({"text": words})).await;
        self.until_idle().await;
    }

    /// What the bot said in a chat and is there now, oldest first.
    pub(crate) async fn said_in(&self, chat: &str) -> Vec<Value> {
        let view = self
            .look(&format!("telegram/chats/{chat}/messages?probe=0"))
            .await;
        let messages = view["messages"].as_array().cloned().unwrap_or_default();
        messages
            .into_iter()
            .filter(|message| message["from"] == "bot")
            .collect()
    }

    /// The same as text: words, or `[video] caption`.
    pub(crate) async fn read_in(&self, chat: &str) -> Vec<String> {
        self.said_in(chat).await.iter().map(shown).collect()
    }

    /// Takes a message of ours away, as a person can.
    pub(crate) async fn remove_message(&self, chat: &str, id: &Value) {
        let url = format!(
            "{}/api.telegram.org/bot{TOKEN}/deleteMessage",
            self.sim.base_url()
        );
        let body = json!({"chat_id": chat, "message_id": id});
        let answer = self.http.post(url).json(&body).send().await;
        assert!(answer.expect("an answer").status().is_success());
    }

    /// Taps the button with this title on the last message that has it; returns that message's id.
    pub(crate) async fn tap(&self, chat: &str, title: &str) -> i64 {
        let said = self.said_in(chat).await;
        let found = said.iter().rev().find_map(|message| {
            let button = buttons(message).find(|button| button["text"] == title)?;
            Some((message["id"].as_i64()?, button["data"].clone()))
        });
        let (id, data) = found.unwrap_or_else(|| panic!("no button {title:?} in {said:?}"));
        let tap = json!({"message_id": id, "data": data});
        self.control(&format!("telegram/chats/{chat}/taps"), tap)
            .await;
        self.pull().await;
        id
    }

    /// The next calls of this method go wrong in this way; 0 times is always.
    pub(crate) async fn fault_in(&self, method: &str, what: Value, times: u64) {
        let path = format!("bot*/{method}");
        let fault = json!({"match": {"path": path}, "times": times, "do": what});
        self.control("faults", fault).await;
    }

    /// Waits until a message of ours in a chat is as wanted.
    pub(crate) async fn until_said(
        &self,
        chat: &str,
        wanted: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let started = Instant::now();
        loop {
            let said = self.said_in(chat).await;
            if wanted(&said) {
                return said;
            }
            assert!(started.elapsed() < PATIENCE, "still {said:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A message as text.
pub(crate) fn shown(message: &Value) -> String {
    super::check_words(message);
    match message["media"]["type"].as_str() {
        Some(kind) => format!(
            "[{kind}] {}",
            message["caption"].as_str().unwrap_or_default()
        )
        .trim_end()
        .to_owned(),
        None => message["text"].as_str().unwrap_or_default().to_owned(),
    }
}

/// The buttons below a message, row after row.
pub(crate) fn buttons(message: &Value) -> impl Iterator<Item = &Value> {
    let rows = message["buttons"].as_array().into_iter().flatten();
    rows.flat_map(|row| row.as_array().into_iter().flatten())
}

/// The titles of the buttons below a message.
pub(crate) fn titles(message: &Value) -> Vec<&str> {
    buttons(message)
        .filter_map(|button| button["text"].as_str())
        .collect()
}

/// What a message was before each of its changes.
pub(crate) fn history(message: &Value) -> Vec<String> {
    let before = message["history"].as_array().into_iter().flatten();
    before
        .map(|version| match version["text"].as_str() {
            Some(text) => text.to_owned(),
            None => format!("[{}]", version["media"]),
        })
        .collect()
}
