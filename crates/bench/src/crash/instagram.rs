//! People on Instagram: shares and pasted links in turn, answers as messages of their own.

use anyhow::Result;
use serde_json::json;

use super::checker::Thread;
use super::steps::Step;
use super::world::{Reels, World};
use crate::delivery::shortcode;

/// The steps of an answer here.
pub(super) const STEPS: [Step; 9] = [
    Step::Reply,
    Step::Download,
    Step::Fit,
    Step::Transcribe,
    Step::Summarise,
    Step::Between,
    Step::TextSent,
    Step::VideoSent,
    Step::Closing,
];

/// An IGSID.
pub(super) fn person(number: usize) -> String {
    format!("55500000000{number:05}")
}

pub(super) fn messages(number: usize) -> String {
    format!("/_sim/people/{}/messages", person(number))
}

pub(super) async fn send_reel(world: &World, number: usize) -> Result<()> {
    let is_share = number.is_multiple_of(2);
    let message = match &world.reels {
        Reels::Stubbed { media_url, .. } if is_share => json!({"attachments": [{
            "type": "ig_reel",
            "payload": {"url": media_url, "reel_video_id": format!("1790{number:013}"), "title": "legenda"}
        }]}),
        Reels::Stubbed { .. } => {
            let code = shortcode(u64::try_from(number)? + 1);
            json!({"text": format!("https://www.instagram.com/reel/{code}/")})
        }
        Reels::Samples(_) if is_share => {
            let code = world.reels.sample(number)?;
            json!({"share": {"code": code, "as": "ig_reel", "url": "cdn"}})
        }
        Reels::Samples(_) => {
            let code = world.reels.sample(number)?;
            json!({"text": format!("https://www.instagram.com/reel/{code}/")})
        }
    };
    world.post(&messages(number), &message).await?;
    Ok(())
}

pub(super) async fn thread(world: &World, number: usize) -> Result<Thread> {
    let mut thread = Thread {
        wants_video: true,
        ..Thread::default()
    };
    for message in world.messages(number).await? {
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

pub(super) async fn say_by_hand(world: &World, number: usize, text: &str) -> Result<()> {
    let body = json!({"recipient": {"id": person(number)}, "message": {"text": text}});
    let token = world.setting("INSTAGRAM_PAGE_ACCESS_TOKEN")?;
    let path = "/graph.facebook.com/v26.0/me/messages";
    world.call(path, Some(&token), &body).await
}
