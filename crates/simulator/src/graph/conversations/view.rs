//! How conversations and messages are shown: field by field, as asked.

use serde_json::{Map, Value, json};

use super::{DETAILED, PAGE, PAGE_LIMIT};
use crate::graph::call::Call;
use crate::graph::error::GraphError;
use crate::graph::fields::Field;
use crate::webhook::event::address;
use crate::world::clock::iso;
use crate::world::thread::{From, Message, Part, ReplyTo, Thread};
use crate::world::{Shared, State};

/// Turns state into answers.
pub(super) struct View<'a> {
    pub(super) world: &'a Shared,
    pub(super) state: &'a State,
    pub(super) call: &'a Call,
}

impl View<'_> {
    /// Newest first, without unsent ones, and without what a fault keeps back.
    pub(super) fn visible<'t>(
        &self,
        thread: &'t Thread,
    ) -> impl Iterator<Item = &'t Message> + use<'t> {
        let until_ms = self.world.clock().now_ms() - self.call.hints.lag_ms;
        thread
            .messages
            .iter()
            .rev()
            .filter(move |message| !message.deleted && message.at_ms <= until_ms)
    }

    pub(super) fn thread(&self, thread: &Thread, fields: &[Field]) -> Result<Value, GraphError> {
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

    pub(super) fn messages(&self, thread: &Thread, field: &Field) -> Result<Value, GraphError> {
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

    pub(super) fn message(
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

pub(in crate::graph) fn no_field(field: &str, node: &str) -> GraphError {
    GraphError::argument(format!(
        "Tried accessing nonexisting field ({field}) on node type ({node})"
    ))
}
