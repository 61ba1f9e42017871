//! The shapes of single events, as Meta's pages and captures show them.

use serde_json::{Map, Value, json};

use crate::world::World;
use crate::world::thread::{From, Message, Part, ReplyTo};

/// The list of an entry that an event stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum List {
    Messaging,
    Standby,
    Changes,
}

impl List {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Messaging => "messaging",
            Self::Standby => "standby",
            Self::Changes => "changes",
        }
    }
}

/// One event before it is put into an envelope.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) account: String,
    /// Deliveries about one person leave in order while nothing fails.
    pub(crate) person: String,
    /// The field that must be subscribed.
    pub(crate) field: &'static str,
    /// Our word for it, in the delivery list and in fault rules.
    pub(crate) kind: &'static str,
    pub(crate) list: List,
    pub(crate) item: Value,
}

impl Event {
    /// An event of the messaging family.
    pub(crate) fn messaging(account: &str, person: &str, kind: &'static str, item: Value) -> Self {
        let field = match kind {
            "reaction" => "message_reactions",
            "seen" => "messaging_seen",
            "postback" => "messaging_postbacks",
            "referral" => "messaging_referral",
            "edit" => "message_edit",
            "handover" => "messaging_handover",
            "optin" => "messaging_optins",
            "policy" => "messaging_policy_enforcement",
            _ => "messages",
        };
        Self {
            account: account.to_owned(),
            person: person.to_owned(),
            field,
            kind,
            list: List::Messaging,
            item,
        }
    }

    /// An event of the comments family.
    pub(crate) fn change(account: &str, person: &str, field: &'static str, value: &Value) -> Self {
        Self {
            account: account.to_owned(),
            person: person.to_owned(),
            field,
            kind: field,
            list: List::Changes,
            item: json!({"field": field, "value": value}),
        }
    }
}

/// `{sender, recipient, timestamp, <key>: <what>}` in the direction person -> account.
pub(crate) fn inbound(account: &str, person: &str, at_ms: i64, key: &str, what: Value) -> Value {
    let mut item = json!({
        "sender": {"id": person},
        "recipient": {"id": account},
        "timestamp": at_ms,
    });
    item[key] = what;
    item
}

/// What a person sent.
pub(crate) fn received(world: &World, account: &str, person: &str, message: &Message) -> Event {
    let item = inbound(
        account,
        person,
        message.at_ms,
        "message",
        body(world, message),
    );
    Event::messaging(account, person, "message", item)
}

/// What the account sent, told back to its app.
pub(crate) fn echo(world: &World, account: &str, person: &str, message: &Message) -> Event {
    let mut what = body(world, message);
    what["is_echo"] = Value::Bool(true);
    let item = json!({
        "sender": {"id": account},
        "recipient": {"id": person},
        "timestamp": message.at_ms,
        "message": what,
    });
    Event::messaging(account, person, "echo", item)
}

fn body(world: &World, message: &Message) -> Value {
    let mut what = Map::new();
    what.insert("mid".into(), message.mid.clone().into());
    if let Some(text) = &message.text {
        what.insert("text".into(), text.clone().into());
    }
    if !message.parts.is_empty() {
        let mut parts: Vec<Value> = message
            .parts
            .iter()
            .map(|part| attachment(world, part))
            .collect();
        // A link says until when it holds; two of one file in one message are the same link.
        for at in 1..parts.len() {
            let twin = (0..at).find(|twin| {
                let asset = &message.parts[*twin].asset;
                asset.is_some() && *asset == message.parts[at].asset
            });
            let url = twin.and_then(|twin| parts[twin].pointer("/payload/url").cloned());
            if let (Some(url), Some(slot)) = (url, parts[at].pointer_mut("/payload/url")) {
                *slot = url;
            }
        }
        what.insert("attachments".into(), parts.into());
    }
    if let Some(reply_to) = &message.reply_to {
        what.insert("reply_to".into(), reply(world, reply_to));
    }
    if message.unsupported {
        what.insert("is_unsupported".into(), true.into());
    }
    if let (From::Person, Some(payload)) = (message.from, &message.quick_replies) {
        what.insert("quick_reply".into(), payload.clone());
    }
    what.into()
}

pub(crate) fn attachment(world: &World, part: &Part) -> Value {
    let mut payload = match &part.payload {
        Some(Value::Object(object)) => object.clone(),
        _ => Map::new(),
    };
    if let Some(url) = address(world, part) {
        payload.insert("url".into(), url.into());
    }
    if let Some(title) = &part.title {
        payload.insert("title".into(), title.clone().into());
    }
    if let Some((name, id)) = &part.media_id {
        payload.insert((*name).into(), id.clone().into());
    }
    if payload.is_empty() {
        return json!({"type": part.kind});
    }
    json!({"type": part.kind, "payload": payload})
}

/// Where the bytes, or the page, of a part are.
pub(crate) fn address(world: &World, part: &Part) -> Option<String> {
    match (&part.link, &part.asset) {
        (Some(link), _) => Some(link.clone()),
        (None, Some(asset)) => Some(world.cdn_url(asset)),
        (None, None) => None,
    }
}

fn reply(world: &World, reply_to: &ReplyTo) -> Value {
    match reply_to {
        ReplyTo::Message { mid, own: false } => json!({"mid": mid}),
        ReplyTo::Message { mid, own: true } => json!({"mid": mid, "is_self_reply": true}),
        ReplyTo::Story { id, asset, link } => {
            let url = link
                .clone()
                .or_else(|| asset.as_deref().map(|asset| world.cdn_url(asset)));
            json!({"story": {"id": id, "url": url}})
        }
    }
}
