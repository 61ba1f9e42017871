//! People on Telegram: pasted links, hidden links and files of their own in turn, in a private chat each. The answer
//! replaces the first word, so what a person sees is the last version of every message.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::checker::Thread;
use super::steps::Step;
use super::world::{Reels, World};
use crate::delivery::shortcode;

/// The steps of an answer here.
pub(super) const STEPS: [Step; 10] = [
    Step::Reply,
    Step::Placeholder,
    Step::Download,
    Step::Fit,
    Step::Transcribe,
    Step::Summarise,
    Step::Between,
    Step::TextSent,
    Step::VideoSent,
    Step::Closing,
];

/// A chat, whose id is its person's.
pub(super) fn person(number: usize) -> String {
    (5_550_000_000 + number).to_string()
}

/// Whether this person sends a video of their own: it is answered with words alone.
fn has_own(number: usize) -> bool {
    number % 4 == 3
}

pub(super) fn messages(number: usize) -> String {
    format!("/_sim/telegram/chats/{}/messages", person(number))
}

pub(super) async fn send_reel(world: &World, number: usize) -> Result<()> {
    let sample = world.reels.sample(number)?;
    let code = match &world.reels {
        Reels::Stubbed { .. } => shortcode(u64::try_from(number)? + 1),
        Reels::Samples(_) => sample.to_owned(),
    };
    let link = format!("https://www.instagram.com/reel/{code}/");
    let message = match number % 4 {
        _ if has_own(number) => json!({"video": {"code": sample}}),
        1 => json!({"text": "olha", "link": {"text": "isso", "url": link}}),
        _ => json!({"text": link}),
    };
    let sent = world.post(&messages(number), &message).await?;
    let update = sent["update_id"]
        .as_i64()
        .context("the message became no update")?;
    world.remember_update(update, number);
    Ok(())
}

async fn from_bot(world: &World, number: usize) -> Result<Vec<Value>> {
    let mut messages = world.messages(number).await?;
    messages.retain(|message| message["from"] == "bot");
    Ok(messages)
}

pub(super) async fn thread(world: &World, number: usize) -> Result<Thread> {
    let mut thread = Thread {
        wants_video: !has_own(number),
        ..Thread::default()
    };
    for message in from_bot(world, number).await? {
        let words = message["text"].as_str().or(message["caption"].as_str());
        thread
            .texts
            .extend(words.filter(|words| !words.is_empty()).map(str::to_owned));
        thread.media += usize::from(!message["media"].is_null());
        // A message with nothing to see would pass unseen otherwise.
        if words.is_none_or(str::is_empty) && message["media"].is_null() {
            thread.texts.push(String::new());
        }
    }
    Ok(thread)
}

/// The updates that were asked for with a later offset, by their people.
pub(super) async fn acknowledged(world: &World) -> Result<Vec<String>> {
    let seen = world.get("/_sim/telegram/updates").await?;
    let delivered: BTreeSet<i64> = seen["delivered"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|update| update["update_id"].as_i64())
        .collect();
    let updates = world.updates.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(updates
        .iter()
        .filter(|(update, _)| delivered.contains(update))
        .map(|(_, number)| person(*number))
        .collect())
}

async fn call(world: &World, method: &str, body: &Value) -> Result<()> {
    let token = world.setting("TELEGRAM_BOT_TOKEN")?;
    let path = format!("/api.telegram.org/bot{token}/{method}");
    world.call(&path, None, body).await
}

pub(super) async fn say_by_hand(world: &World, number: usize, text: &str) -> Result<()> {
    let body = json!({"chat_id": person(number), "text": text});
    call(world, "sendMessage", &body).await
}

impl World {
    /// Plants a double: sends the video that a person has on Telegram once more, past the process under trial.
    pub async fn send_video_by_hand(&self, number: usize) -> Result<()> {
        let messages = from_bot(self, number).await?;
        let file = messages
            .iter()
            .find_map(|message| message["media"]["file_id"].as_str())
            .context("there is no video to send again")?;
        let body = json!({"chat_id": person(number), "video": file});
        call(self, "sendVideo", &body).await
    }
}
