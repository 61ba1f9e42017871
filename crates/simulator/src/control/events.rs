//! What a person does in a thread beside writing: seeing, reacting, unsending, editing, tapping, and
//! answering or mentioning in stories.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::people::{self, StoryIn};
use super::share::{self, AttachmentIn};
use super::{Answer, Refused};
use crate::webhook::event::{Event, inbound};
use crate::webhook::{self, Timing};
use crate::world::Shared;
use crate::world::thread::{From, Message};

pub(super) fn send(world: &Shared, event: Event) -> Json<Value> {
    let deliveries = webhook::emit(world, event, Timing::default());
    Json(json!({"deliveries": people::ids(&deliveries)}))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeenIn {
    to: Option<String>,
    /// Absent: the newest message of the business.
    mid: Option<String>,
}

/// The person reads: `messaging_seen`.
pub(super) async fn seen(
    State(world): State<Shared>,
    Path(igsid): Path<String>,
    input: Option<Json<SeenIn>>,
) -> Answer {
    let Json(input) = input.unwrap_or_default();
    let account = people::account(&world, input.to.as_deref())?;
    let newest = {
        let mut state = world.lock();
        let thread = state.thread(&account, &igsid);
        thread
            .messages
            .iter()
            .rev()
            .find(|message| message.from == From::Business)
            .map(|message| message.mid.clone())
    };
    let mid = input
        .mid
        .or(newest)
        .ok_or_else(|| Refused::bad("there is no message of the business to see"))?;
    let item = inbound(
        &account,
        &igsid,
        world.clock().now_ms(),
        "read",
        json!({"mid": mid}),
    );
    Ok(send(
        &world,
        Event::messaging(&account, &igsid, "seen", item),
    ))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReactionIn {
    /// The message; whose thread it is, is known.
    mid: String,
    /// Absent: taken back.
    emoji: Option<String>,
}

pub(super) async fn reaction(State(world): State<Shared>, Json(input): Json<ReactionIn>) -> Answer {
    let (account, person) = change(&world, &input.mid, |message| {
        message.reaction_of_person = input
            .emoji
            .clone()
            .map(|emoji| (word(&emoji).to_owned(), emoji));
    })?;
    let what = match &input.emoji {
        Some(emoji) => {
            json!({"mid": input.mid, "action": "react", "reaction": word(emoji), "emoji": emoji})
        }
        None => json!({"mid": input.mid, "action": "unreact"}),
    };
    world.changed(&account, &person, "reaction");
    let item = inbound(&account, &person, world.clock().now_ms(), "reaction", what);
    Ok(send(
        &world,
        Event::messaging(&account, &person, "reaction", item),
    ))
}

/// Meta's word for an emoji.
fn word(emoji: &str) -> &'static str {
    match emoji.trim_end_matches('\u{fe0f}') {
        "❤" => "love",
        "👍" => "like",
        "😆" | "😂" => "laugh",
        "😮" => "wow",
        "😢" => "sad",
        "😡" => "angry",
        _ => "other",
    }
}

/// Changes one message by its id; answers whose thread it is in.
fn change(
    world: &Shared,
    mid: &str,
    how: impl FnOnce(&mut Message),
) -> Result<(String, String), Refused> {
    let mut state = world.lock();
    let thread = state
        .thread_of_mid(mid)
        .ok_or_else(|| Refused::missing("there is no such message"))?;
    let whose = (thread.account.clone(), thread.person.clone());
    let message = thread
        .find(mid)
        .ok_or_else(|| Refused::missing("there is no such message"))?;
    how(message);
    Ok(whose)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnsendIn {
    mid: String,
}

/// The person takes a message back; its files are gone from the media host.
pub(super) async fn unsend(State(world): State<Shared>, Json(input): Json<UnsendIn>) -> Answer {
    let mut assets = Vec::new();
    let (account, person) = change(&world, &input.mid, |message| {
        message.deleted = true;
        assets = message
            .parts
            .iter()
            .filter_map(|part| part.asset.clone())
            .collect();
    })?;
    for asset in assets {
        world.assets().remove(&asset);
    }
    world.changed(&account, &person, "unsend");
    let what = json!({"mid": input.mid, "is_deleted": true});
    let item = inbound(&account, &person, world.clock().now_ms(), "message", what);
    Ok(send(
        &world,
        Event::messaging(&account, &person, "unsend", item),
    ))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EditIn {
    mid: String,
    text: String,
}

pub(super) async fn edit(State(world): State<Shared>, Json(input): Json<EditIn>) -> Answer {
    let mut edits = 0;
    let (account, person) = change(&world, &input.mid, |message| {
        message.text = Some(input.text.clone());
        message.edits += 1;
        edits = message.edits;
    })?;
    world.changed(&account, &person, "edit");
    // A string in Meta's own sample, although it counts.
    let what = json!({"mid": input.mid, "text": input.text, "num_edit": edits.to_string()});
    let item = inbound(
        &account,
        &person,
        world.clock().now_ms(),
        "message_edit",
        what,
    );
    Ok(send(
        &world,
        Event::messaging(&account, &person, "edit", item),
    ))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoryEventIn {
    from: String,
    to: Option<String>,
    /// `reply` to a story of the account, or `mention` of it in the person's story.
    kind: String,
    text: Option<String>,
    code: Option<String>,
    url: Option<String>,
    id: Option<String>,
}

pub(super) async fn story(State(world): State<Shared>, Json(input): Json<StoryEventIn>) -> Answer {
    let account = people::account(&world, input.to.as_deref())?;
    let mut message = people::fresh(&world);
    match input.kind.as_str() {
        "reply" => {
            message.text = Some(input.text.unwrap_or_else(|| "👏".into()));
            let story = StoryIn {
                code: input.code,
                url: input.url,
                id: input.id,
            };
            message.reply_to = Some(people::story_reply(&world, story));
        }
        "mention" => {
            let part = serde_json::from_value(
                json!({"type": "story_mention", "code": input.code, "url": input.url}),
            );
            let part: AttachmentIn = part.map_err(|error| Refused::bad(error.to_string()))?;
            message.parts = vec![share::attachment(&world, part)?];
        }
        _ => return Err(Refused::bad("kind is reply or mention")),
    }
    let mid = message.mid.clone();
    let deliveries = people::say(&world, &account, &input.from, message, None, false);
    Ok(Json(
        json!({"mid": mid, "deliveries": people::ids(&deliveries)}),
    ))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TapIn {
    from: String,
    to: Option<String>,
    title: Option<String>,
    payload: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

/// A tap on an ice breaker, a menu item or a button. We let it open the window; Meta does not say.
pub(super) async fn postback(State(world): State<Shared>, Json(input): Json<TapIn>) -> Answer {
    let account = people::account(&world, input.to.as_deref())?;
    let now_ms = world.clock().now_ms();
    open(&world, &account, &input.from, now_ms);
    let mut what = json!({"mid": world.new_mid(), "title": input.title, "payload": input.payload});
    if let Some(reference) = input.reference {
        what["referral"] = json!({"ref": reference, "source": "SHORTLINK", "type": "OPEN_THREAD"});
    }
    let item = inbound(&account, &input.from, now_ms, "postback", what);
    Ok(send(
        &world,
        Event::messaging(&account, &input.from, "postback", item),
    ))
}

pub(super) fn open(world: &Shared, account: &str, person: &str, now_ms: i64) {
    let mut state = world.lock();
    state.person(person);
    let thread = state.thread(account, person);
    thread.opened_ms = Some(now_ms);
    thread.consent = true;
}

/// Somebody follows an ig.me link into a thread that exists.
pub(super) async fn referral(State(world): State<Shared>, Json(input): Json<TapIn>) -> Answer {
    let account = people::account(&world, input.to.as_deref())?;
    let what = json!({"ref": input.reference, "source": "SHORTLINK", "type": "OPEN_THREAD"});
    let item = inbound(
        &account,
        &input.from,
        world.clock().now_ms(),
        "referral",
        what,
    );
    Ok(send(
        &world,
        Event::messaging(&account, &input.from, "referral", item),
    ))
}
