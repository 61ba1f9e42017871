//! Reading conversations back. Every message is listed, details are given for the 20 newest only
//! (<https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/conversations-api>, 2026-11).

use serde_json::{Map, Value, json};

use super::Host;
use super::auth::Caller;
use super::call::Call;
use super::error::GraphError;
use super::fields::{self, Field};
use super::send::too_fast;
use crate::webhook::event::address;
use crate::world::clock::iso;
use crate::world::thread::{From, Message, Part, ReplyTo, Thread};
use crate::world::{Shared, State};

/// Messages whose details can be read, from the conversations page.
const DETAILED: usize = 20;
/// Threads idle for so long in Requests are not returned (same page).
const REQUEST_IDLE_MS: i64 = 30 * 24 * 3_600_000;
const PAGE: usize = 25;
const PAGE_LIMIT: usize = 100;

/// `GET /{account}/conversations`
pub(super) fn list(world: &Shared, call: &Call, caller: &Caller) -> Result<Value, GraphError> {
    admit(world, caller)?;
    // Without the platform a Page's conversations are Messenger's, of which there are none.
    if call.host == Host::Facebook && call.params.text("platform").as_deref() != Some("instagram") {
        return Ok(json!({"data": []}));
    }
    let fields = fields::parse(
        &call
            .params
            .text("fields")
            .unwrap_or_else(|| "id,updated_time".into()),
    )?;
    let wanted = call.params.text("user_id");
    let now_ms = world.clock().now_ms();
    let state = world.lock();
    let mut threads: Vec<&Thread> = state
        .threads
        .values()
        .filter(|thread| thread.account == caller.account && !thread.messages.is_empty())
        .filter(|thread| thread.general || now_ms - thread.updated_ms <= REQUEST_IDLE_MS)
        .filter(|thread| {
            wanted
                .as_deref()
                .is_none_or(|person| thread.person == person)
        })
        .collect();
    threads.sort_by_key(|thread| std::cmp::Reverse(thread.updated_ms));
    let limit = limit_of(call, PAGE);
    let after = call
        .params
        .text("after")
        .and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(0);
    let more = threads.len() > after + limit;
    let view = View {
        world,
        state: &state,
        call,
    };
    let data = threads
        .into_iter()
        .skip(after)
        .take(limit)
        .map(|thread| view.thread(thread, &fields))
        .collect::<Result<Vec<_>, _>>()?;
    let mut answer = json!({"data": data});
    if more {
        answer["paging"] =
            json!({"cursors": {"before": after.to_string(), "after": (after + limit).to_string()}});
    }
    Ok(answer)
}

/// `GET /{conversation}/messages`
pub(super) fn messages_of(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    admit(world, caller)?;
    let state = world.lock();
    let thread = find_thread(&state, caller, id).ok_or_else(|| GraphError::no_object(id))?;
    let fields = fields::parse(
        &call
            .params
            .text("fields")
            .unwrap_or_else(|| "id,created_time".into()),
    )?;
    let asked = Field {
        name: "messages".into(),
        limit: Some(limit_of(call, PAGE)),
        after: call.params.text("after"),
        fields,
    };
    View {
        world,
        state: &state,
        call,
    }
    .messages(thread, &asked)
}

/// A conversation or a message by its id; `None` if `id` is neither.
pub(super) fn node(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Option<Result<Value, GraphError>> {
    let state = world.lock();
    let thread_id = find_thread(&state, caller, id).map(|thread| thread.id.clone());
    let of_mid = state
        .threads_by_mid
        .get(id)
        .filter(|(account, _)| *account == caller.account)
        .cloned();
    drop(state);
    match (thread_id, of_mid) {
        (Some(_), _) => Some(conversation(world, call, caller, id)),
        (None, Some(key)) => Some(message(world, call, caller, &key, id)),
        (None, None) => None,
    }
}

fn conversation(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    admit(world, caller)?;
    let fields = fields::parse(
        &call
            .params
            .text("fields")
            .unwrap_or_else(|| "id,updated_time".into()),
    )?;
    let state = world.lock();
    let thread = find_thread(&state, caller, id).ok_or_else(|| GraphError::no_object(id))?;
    View {
        world,
        state: &state,
        call,
    }
    .thread(thread, &fields)
}

fn message(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    key: &(String, String),
    mid: &str,
) -> Result<Value, GraphError> {
    admit(world, caller)?;
    let fields = fields::parse(
        &call
            .params
            .text("fields")
            .unwrap_or_else(|| "id,created_time".into()),
    )?;
    let state = world.lock();
    let view = View {
        world,
        state: &state,
        call,
    };
    let thread = state
        .threads
        .get(key)
        .ok_or_else(|| GraphError::no_object(mid))?;
    match view.visible(thread).position(|message| message.mid == mid) {
        Some(place) if place < DETAILED => {
            let message = view
                .visible(thread)
                .nth(place)
                .ok_or_else(GraphError::message_gone)?;
            view.message(thread, message, &fields)
        }
        _ => Err(GraphError::message_gone()),
    }
}

/// Permission, and 2 calls a second
/// (<https://developers.facebook.com/docs/graph-api/overview/rate-limiting>, 2026-11).
fn admit(world: &Shared, caller: &Caller) -> Result<(), GraphError> {
    caller.need_messages()?;
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    let limit = state.limits.conversations_per_second;
    let Some(account) = state.accounts.get_mut(&caller.account) else {
        return Ok(());
    };
    if !account.message_access {
        return Err(GraphError::new(
            200,
            Some(2_534_041),
            "(#200) The account owner has disabled access to Instagram direct messages",
        ));
    }
    if account.spent.conversations.take(now_ms, 1_000, limit) {
        Ok(())
    } else {
        Err(too_fast())
    }
}

fn find_thread<'a>(state: &'a State, caller: &Caller, id: &str) -> Option<&'a Thread> {
    // Thread ids all begin alike; anything else needs no search.
    id.starts_with("aWdfZAG06").then(|| {
        state
            .threads
            .values()
            .find(|thread| thread.id == id && thread.account == caller.account)
    })?
}

fn limit_of(call: &Call, default: usize) -> usize {
    let asked = call
        .params
        .text("limit")
        .and_then(|limit| limit.parse().ok());
    asked.unwrap_or(default).clamp(1, PAGE_LIMIT)
}

/// Turns state into answers.
struct View<'a> {
    world: &'a Shared,
    state: &'a State,
    call: &'a Call,
}

impl View<'_> {
    /// Newest first, without unsent ones, and without what a fault keeps back.
    fn visible<'t>(&self, thread: &'t Thread) -> impl Iterator<Item = &'t Message> + use<'t> {
        let until_ms = self.world.clock().now_ms() - self.call.hints.lag_ms;
        thread
            .messages
            .iter()
            .rev()
            .filter(move |message| !message.deleted && message.at_ms <= until_ms)
    }

    fn thread(&self, thread: &Thread, fields: &[Field]) -> Result<Value, GraphError> {
        let mut object = Map::new();
        object.insert("id".into(), thread.id.clone().into());
        for field in fields {
            let value = match field.name.as_str() {
                "id" => continue,
                "updated_time" => iso(thread.updated_ms).into(),
                "participants" => json!({"data": [self.account(thread), self.person(thread)]}),
                "messages" => self.messages(thread, field)?,
                "name" => Value::Null,
                other => return Err(no_field(other, "Conversation")),
            };
            object.insert(field.name.clone(), value);
        }
        Ok(object.into())
    }

    fn messages(&self, thread: &Thread, field: &Field) -> Result<Value, GraphError> {
        let limit = field.limit.unwrap_or(PAGE).clamp(1, PAGE_LIMIT);
        let start = match &field.after {
            Some(cursor) => self
                .visible(thread)
                .position(|message| cursor_of(message) == *cursor)
                .map_or(0, |at| at + 1),
            None => 0,
        };
        let bare = vec![named("id"), named("created_time")];
        let asked = if field.fields.is_empty() {
            &bare
        } else {
            &field.fields
        };
        let chosen: Vec<(usize, &Message)> = self
            .visible(thread)
            .enumerate()
            .skip(start)
            .take(limit)
            .collect();
        let data = chosen
            .iter()
            .map(|(place, message)| {
                let fields = if *place < DETAILED { asked } else { &bare };
                self.message(thread, message, fields)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut answer = json!({"data": data});
        if let Some((_, last)) = chosen.last() {
            answer["paging"] = json!({"cursors": {"after": cursor_of(last)}});
        }
        Ok(answer)
    }

    fn message(
        &self,
        thread: &Thread,
        message: &Message,
        fields: &[Field],
    ) -> Result<Value, GraphError> {
        let (from, to) = match message.from {
            From::Person => (self.person(thread), self.account(thread)),
            From::Business => (self.account(thread), self.person(thread)),
        };
        let mut object = Map::new();
        object.insert("id".into(), message.mid.clone().into());
        for field in fields {
            let value = match field.name.as_str() {
                "created_time" => iso(message.at_ms).into(),
                "from" => from.clone(),
                "to" => json!({"data": [to]}),
                "message" => message.text.clone().unwrap_or_default().into(),
                "attachments" => self.attachments(message),
                "shares" => self.shares(message),
                "story" => self.story(message),
                "reactions" => self.reactions(thread, message),
                "is_unsupported" if message.unsupported => "true".into(),
                "id" | "is_unsupported" | "tags" => continue,
                other => return Err(no_field(other, "Message")),
            };
            if !value.is_null() {
                object.insert(field.name.clone(), value);
            }
        }
        Ok(object.into())
    }

    fn account(&self, thread: &Thread) -> Value {
        let username = self
            .state
            .accounts
            .get(&thread.account)
            .map(|account| account.username.clone());
        json!({"username": username, "id": thread.account})
    }

    fn person(&self, thread: &Thread) -> Value {
        let username = self
            .state
            .people
            .get(&thread.person)
            .map(|person| person.username.clone());
        json!({"username": username, "id": thread.person})
    }

    fn attachments(&self, message: &Message) -> Value {
        let data: Vec<Value> = message
            .parts
            .iter()
            .filter(|part| !is_share(part))
            .filter_map(|part| self.attachment(part))
            .collect();
        if data.is_empty() {
            Value::Null
        } else {
            json!({"data": data})
        }
    }

    fn attachment(&self, part: &Part) -> Option<Value> {
        let url = address(self.world, part)?;
        let asset = part
            .asset
            .as_deref()
            .and_then(|id| self.world.assets().get(id));
        let id = part.asset.clone().unwrap_or_else(|| "0".into());
        let mut data = json!({"url": url, "preview_url": url});
        if let Some(probe) = asset.as_deref().and_then(|asset| asset.probe.get())
            && let (Some(width), Some(height)) = (probe.width, probe.height)
        {
            data["width"] = width.into();
            data["height"] = height.into();
        }
        Some(match part.kind.as_str() {
            "image" => json!({"id": id, "image_data": data}),
            "video" | "story_mention" => json!({"id": id, "video_data": data}),
            kind => json!({"id": id, "name": kind, "file_url": url}),
        })
    }

    fn shares(&self, message: &Message) -> Value {
        let data: Vec<Value> = message
            .parts
            .iter()
            .filter(|part| is_share(part))
            .filter_map(|part| address(self.world, part))
            .map(|link| json!({"link": link}))
            .collect();
        if data.is_empty() {
            Value::Null
        } else {
            json!({"data": data})
        }
    }

    fn story(&self, message: &Message) -> Value {
        if let Some(ReplyTo::Story { id, asset, link }) = &message.reply_to {
            let link = link
                .clone()
                .or_else(|| asset.as_deref().map(|asset| self.world.cdn_url(asset)));
            return json!({"reply_to": {"link": link, "id": id}});
        }
        match message
            .parts
            .iter()
            .find(|part| part.kind == "story_mention")
        {
            Some(part) => json!({"mention": {"link": address(self.world, part), "id": part.asset}}),
            None => Value::Null,
        }
    }

    fn reactions(&self, thread: &Thread, message: &Message) -> Value {
        let mut data = Vec::new();
        if let Some((word, _)) = &message.reaction_of_person {
            data.push(json!({"reaction": word, "users": [self.person(thread)]}));
        }
        if let Some(reaction) = &message.reaction_of_business {
            data.push(json!({"reaction": reaction, "users": [self.account(thread)]}));
        }
        if data.is_empty() {
            Value::Null
        } else {
            json!({"data": data})
        }
    }
}

fn is_share(part: &Part) -> bool {
    matches!(part.kind.as_str(), "share" | "ig_post" | "ig_reel" | "reel")
}

fn named(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        ..Field::default()
    }
}

/// Opaque and stable: the end of the message's id.
fn cursor_of(message: &Message) -> String {
    let skip = message.mid.len().saturating_sub(32);
    format!("QVFI{}", message.mid.get(skip..).unwrap_or_default())
}

pub(super) fn no_field(field: &str, node: &str) -> GraphError {
    GraphError::argument(format!(
        "Tried accessing nonexisting field ({field}) on node type ({node})"
    ))
}
