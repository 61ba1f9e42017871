//! A thread as the person in it sees it, with what ffprobe says about each file.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, people, taps};
use crate::webhook::event::address;
use crate::world::Shared;
use crate::world::thread::{From, Message, Part};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ViewIn {
    /// The account; absent: the first.
    to: Option<String>,
    /// `0` leaves ffprobe out, for threads with hundreds of files.
    probe: Option<String>,
}

/// `GET /_sim/people/{igsid}/messages`
pub(super) async fn read(
    State(world): State<Shared>,
    Path(igsid): Path<String>,
    Query(input): Query<ViewIn>,
) -> Answer {
    let account = people::account(&world, input.to.as_deref())?;
    let now_ms = world.clock().now_ms();
    let (messages, typing, seen_at) = {
        let mut state = world.lock();
        let thread = state.threads.get_mut(&(account.clone(), igsid.clone()));
        match thread {
            Some(thread) => (
                thread.messages.iter().cloned().collect::<Vec<Message>>(),
                thread.typing_until_ms > now_ms,
                thread.seen_ms,
            ),
            None => (Vec::new(), false, None),
        }
    };
    let probing = !matches!(input.probe.as_deref(), Some("0" | "false"));
    let mut shown = Vec::with_capacity(messages.len());
    for message in messages.iter().filter(|message| !message.deleted) {
        shown.push(show(&world, message, probing).await);
    }
    Ok(Json(
        json!({"messages": shown, "typing": typing, "seen_at": seen_at, "now_ms": now_ms}),
    ))
}

async fn show(world: &Shared, message: &Message, probing: bool) -> Value {
    let mut attachments = Vec::with_capacity(message.parts.len());
    for part in &message.parts {
        attachments.push(attachment(world, part, probing).await);
    }
    let mut shown = json!({
        "id": message.mid,
        "at": message.at_ms,
        "from": if message.from == From::Person { "person" } else { "business" },
        "text": message.text,
        "attachments": attachments,
        // What the other side put on it, as the app shows it under the bubble.
        "reaction": match message.from {
            From::Person => message.reaction_of_business.clone(),
            From::Business => message.reaction_of_person.as_ref().map(|(_, emoji)| emoji.clone()),
        },
    });
    if message.edits > 0 {
        shown["edits"] = message.edits.into();
    }
    if let (From::Business, Some(chips)) = (message.from, taps::chips(message)) {
        shown["quick_replies"] = chips.into();
    }
    if let Some(crate::world::thread::ReplyTo::Message { mid, .. }) = &message.reply_to {
        shown["reply_to"] = mid.clone().into();
    }
    shown
}

async fn attachment(world: &Shared, part: &Part, probing: bool) -> Value {
    let mut shown = Map::new();
    shown.insert("type".into(), part.kind.clone().into());
    shown.insert("url".into(), address(world, part).into());
    if let Some(title) = &part.title {
        shown.insert("title".into(), title.clone().into());
    }
    if let Some(payload) = &part.payload {
        shown.insert("payload".into(), payload.clone());
    }
    if let Some(asset) = part.asset.as_deref().and_then(|id| world.assets().get(id)) {
        let known = asset.probe.initialized();
        let probe = if probing || known {
            world.probe(&asset).await
        } else {
            crate::world::probe::Probe::default()
        };
        let bytes = if asset.bytes > 0 || !probing {
            asset.bytes
        } else {
            size(world, &asset).await
        };
        shown.insert("bytes".into(), bytes.into());
        shown.insert("duration_ms".into(), probe.duration_ms.into());
        shown.insert("width".into(), probe.width.into());
        shown.insert("height".into(), probe.height.into());
        shown.insert("video_codec".into(), probe.video_codec.into());
        shown.insert("audio_codec".into(), probe.audio_codec.into());
    }
    shown.into()
}

async fn size(world: &Shared, asset: &Arc<crate::world::asset::Asset>) -> u64 {
    match world.asset_path(asset).await {
        Some(path) => tokio::fs::metadata(path).await.map_or(0, |data| data.len()),
        None => 0,
    }
}
