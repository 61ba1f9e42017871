//! People: who they are, and what they write.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::share::{self, AttachmentIn, ShareIn};
use super::{Answer, Refused};
use crate::webhook::{self, Delivery, Timing, event};
use crate::world::Shared;
use crate::world::thread::{From, Message, Person, ReplyTo};

/// What a person writes; `share` and `text` together become two messages, as the app does it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct MessageIn {
    /// The account written to; absent: the first.
    to: Option<String>,
    text: Option<String>,
    attachments: Vec<AttachmentIn>,
    share: Option<ShareIn>,
    reply_to: Option<ReplyIn>,
    quick_reply: Option<Value>,
    /// A message kind that Meta does not hand out.
    is_unsupported: bool,
    /// Put into `message` as it is (`referral`, what Meta adds next).
    extra: Option<Value>,
    /// The event is not sent: a webhook that was lost.
    silent: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplyIn {
    mid: Option<String>,
    story: Option<StoryIn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoryIn {
    pub(super) code: Option<String>,
    pub(super) url: Option<String>,
    pub(super) id: Option<String>,
}

/// `POST /_sim/people/{igsid}/messages`
pub(super) async fn write(
    State(world): State<Shared>,
    Path(igsid): Path<String>,
    Json(input): Json<MessageIn>,
) -> Answer {
    let account = account(&world, input.to.as_deref())?;
    let mut messages = Vec::new();
    if let Some(shared) = &input.share {
        let mut message = fresh(&world);
        message.parts = share::parts(&world, shared)?;
        messages.push(message);
    }
    let parts = input
        .attachments
        .into_iter()
        .map(|part| share::attachment(&world, part))
        .collect::<Result<Vec<_>, _>>()?;
    let rest = input.text.is_some() || !parts.is_empty() || input.is_unsupported;
    if rest {
        let mut message = fresh(&world);
        message.text = input.text;
        message.parts = parts;
        message.quick_replies = input.quick_reply;
        message.unsupported = input.is_unsupported;
        message.reply_to = input
            .reply_to
            .map(|reply| reply_to(&world, &igsid, reply))
            .transpose()?;
        messages.push(message);
    }
    if messages.is_empty() {
        return Err(Refused::bad("give text, share or attachments"));
    }
    let mids: Vec<String> = messages.iter().map(|message| message.mid.clone()).collect();
    let mut deliveries = Vec::new();
    for message in messages {
        deliveries.extend(say(
            &world,
            &account,
            &igsid,
            message,
            input.extra.as_ref(),
            input.silent,
        ));
    }
    Ok(Json(
        json!({"mid": mids.last(), "mids": mids, "deliveries": ids(&deliveries)}),
    ))
}

/// Puts a person's message into its thread and sends its event.
pub(super) fn say(
    world: &Shared,
    account: &str,
    igsid: &str,
    message: Message,
    extra: Option<&Value>,
    silent: bool,
) -> Vec<Arc<Delivery>> {
    let mut event = event::received(world, account, igsid, &message);
    if let (Some(Value::Object(extra)), Some(body)) = (extra, event.item["message"].as_object_mut())
    {
        body.extend(extra.clone());
    }
    {
        let mut state = world.lock();
        state.person(igsid);
        state.add(account, igsid, message);
    }
    world.changed(account, igsid, "message");
    if silent {
        Vec::new()
    } else {
        webhook::emit(world, event, Timing::default())
    }
}

pub(super) fn fresh(world: &Shared) -> Message {
    Message::new(world.new_mid(), world.clock().now_ms(), From::Person)
}

pub(super) fn ids(deliveries: &[Arc<Delivery>]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.id()).collect()
}

/// The account a call is about: the named one, else the first that was set up.
pub(super) fn account(world: &Shared, named: Option<&str>) -> Result<String, Refused> {
    let id = named.unwrap_or(&world.options().account_id);
    if world.lock().accounts.contains_key(id) {
        Ok(id.to_owned())
    } else {
        Err(Refused::missing(format!(
            "there is no account {id}; POST /_sim/accounts makes one"
        )))
    }
}

pub(super) fn reply_to(world: &Shared, igsid: &str, reply: ReplyIn) -> Result<ReplyTo, Refused> {
    if let Some(story) = reply.story {
        return Ok(story_reply(world, story));
    }
    let mid = reply
        .mid
        .ok_or_else(|| Refused::bad("reply_to needs mid or story"))?;
    let mut state = world.lock();
    let own = state
        .thread_of_mid(&mid)
        .filter(|thread| thread.person == igsid)
        .and_then(|thread| {
            thread
                .find(&mid)
                .map(|message| message.from == From::Person)
        })
        .ok_or_else(|| Refused::missing("the message replied to is not in this thread"))?;
    Ok(ReplyTo::Message { mid, own })
}

pub(super) fn story_reply(world: &Shared, story: StoryIn) -> ReplyTo {
    let asset = story
        .code
        .map(|code| world.sample_asset(&code, None, "video/mp4").id.clone());
    let id = story.id.unwrap_or_else(|| world.new_id("182"));
    ReplyTo::Story {
        id,
        asset,
        link: story.url,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PersonIn {
    username: Option<String>,
    /// `null` takes the name away, as some profiles have none.
    name: NameIn,
    has_picture: Option<bool>,
    followers: Option<u64>,
    verified: Option<bool>,
    follows_business: Option<bool>,
    followed_by_business: Option<bool>,
    blocked: Option<bool>,
}

/// A name that is given, taken away by `null`, or not spoken of.
#[derive(Debug, Default)]
enum NameIn {
    #[default]
    Unchanged,
    Becomes(Option<String>),
}

impl<'de> Deserialize<'de> for NameIn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<String>::deserialize(deserializer).map(Self::Becomes)
    }
}

/// `POST /_sim/people/{igsid}`: who somebody is; creates them.
pub(super) async fn change(
    State(world): State<Shared>,
    Path(igsid): Path<String>,
    Json(input): Json<PersonIn>,
) -> Json<Value> {
    let mut state = world.lock();
    let person = state.person(&igsid);
    if let Some(username) = input.username {
        person.username = username;
    }
    if let NameIn::Becomes(name) = input.name {
        person.name = name;
    }
    if let Some(followers) = input.followers {
        person.followers = followers;
    }
    for (value, field) in [
        (input.has_picture, &mut person.has_picture),
        (input.verified, &mut person.verified),
        (input.follows_business, &mut person.follows_business),
        (input.followed_by_business, &mut person.followed_by_business),
        (input.blocked, &mut person.blocked),
    ] {
        if let Some(value) = value {
            *field = value;
        }
    }
    Json(show(person))
}

pub(super) async fn read(State(world): State<Shared>, Path(igsid): Path<String>) -> Answer {
    let state = world.lock();
    let person = state
        .people
        .get(&igsid)
        .ok_or_else(|| Refused::missing(format!("nobody is {igsid}")))?;
    Ok(Json(show(person)))
}

pub(super) async fn list(State(world): State<Shared>) -> Json<Value> {
    let state = world.lock();
    Json(json!({"people": state.people.values().map(show).collect::<Vec<_>>()}))
}

fn show(person: &Person) -> Value {
    json!({
        "igsid": person.igsid,
        "user_id": person.user_id,
        "username": person.username,
        "name": person.name,
        "has_picture": person.has_picture,
        "followers": person.followers,
        "verified": person.verified,
        "follows_business": person.follows_business,
        "followed_by_business": person.followed_by_business,
        "blocked": person.blocked,
    })
}
