//! The control API under `/_sim/telegram`: chats, what happens in them, and updates on their way.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::chat::{Book, Chat, ChatKind, User};
use super::{changed, person, show, view, webhook};
use crate::control::{Answer, Refused, order};
use crate::webhook::arrange;
use crate::world::{Shared, World};

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/_sim/telegram", get(overview))
        .route("/_sim/telegram/chats", get(list).post(create))
        .route("/_sim/telegram/chats/{id}", get(read).post(change))
        .route(
            "/_sim/telegram/chats/{id}/messages",
            get(view::read).post(person::write),
        )
        .route("/_sim/telegram/chats/{id}/edits", post(person::edit))
        .route("/_sim/telegram/chats/{id}/taps", post(person::tap))
        .route("/_sim/telegram/updates", get(pending).post(any_update))
        .route("/_sim/telegram/webhook/hold", post(hold))
        .route("/_sim/telegram/webhook/release", post(release))
        .route("/_sim/telegram/webhook/redeliver", post(redeliver))
}

/// `GET /_sim/telegram`
async fn overview(State(world): State<Shared>) -> Json<Value> {
    let info = webhook::info(&world);
    let book = world.telegram().lock();
    let mut commands: BTreeMap<&str, BTreeMap<&str, &Value>> = BTreeMap::new();
    for ((scope, language), list) in &book.commands {
        commands.entry(scope).or_default().insert(language, list);
    }
    Json(json!({
        "bot": show::me(world.options()),
        "webhook": info,
        "delivery": book.webhook.show(),
        // By scope, then language; the empty language is the one for everybody else.
        "commands": commands,
        "pending": book.updates.pending.len(),
        "holding": book.updates.holding,
        "held": book.updates.held.len(),
        "chats": book.chats.len(),
        // Polls that have begun to wait so far.
        "polls": world.telegram().polls.borrow().0,
    }))
}

fn describe(book: &Book, chat: &Chat) -> Value {
    let user = book.users.get(&chat.id);
    let topics: Vec<Value> = chat
        .topics
        .iter()
        .map(|(id, name)| json!({"id": id, "name": name}))
        .collect();
    json!({
        "id": chat.id,
        "type": if chat.forum { "forum" } else { chat.kind.word() },
        "title": if chat.is_private() { user.map(|user| user.first_name.as_str()) } else { Some(chat.title.as_str()) },
        "username": user.map_or(chat.username.as_deref(), |user| user.username.as_deref()),
        "language_code": user.and_then(|user| user.language_code.as_deref()),
        "started": chat.started,
        "blocked": chat.blocked,
        "kicked": chat.kicked,
        "deactivated": user.is_some_and(|user| user.deactivated),
        "bot_is_admin": chat.bot_is_admin,
        "members": chat.members,
        "topics": topics,
        "migrated_to": chat.migrated_to,
        "messages": chat.messages.len(),
    })
}

async fn list(State(world): State<Shared>) -> Json<Value> {
    let book = world.telegram().lock();
    let chats: Vec<Value> = book
        .chats
        .values()
        .map(|chat| describe(&book, chat))
        .collect();
    Json(json!({"chats": chats}))
}

async fn read(State(world): State<Shared>, Path(id): Path<i64>) -> Answer {
    let book = world.telegram().lock();
    let chat = book
        .chats
        .get(&id)
        .ok_or_else(|| Refused::missing(format!("there is no chat {id}")))?;
    Ok(Json(describe(&book, chat)))
}

/// What a chat is or becomes; what is not named stays.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ChatIn {
    id: Option<i64>,
    /// `private`, `group`, `supergroup` or `forum`.
    #[serde(rename = "type")]
    kind: Option<String>,
    title: Option<String>,
    username: Option<String>,
    last_name: Option<String>,
    /// `""` takes it away.
    language_code: Option<String>,
    started: Option<bool>,
    blocked: Option<bool>,
    kicked: Option<bool>,
    deactivated: Option<bool>,
    bot_is_admin: Option<bool>,
    members: Option<Vec<i64>>,
    /// Names of topics to add; their ids are in the answer.
    topics: Vec<String>,
    migrated_to: Option<i64>,
}

/// `POST /_sim/telegram/chats`: makes one; without an id, one that fits its type.
async fn create(State(world): State<Shared>, Json(input): Json<ChatIn>) -> Answer {
    let number = i64::try_from(world.next()).unwrap_or(0);
    let id = input.id.unwrap_or(match input.kind.as_deref() {
        Some("group") => -(4_000_000_000 + number),
        Some("supergroup" | "forum") => -(1_002_000_000_000 + number),
        _ => 7_100_000_000 + number,
    });
    apply(&world, id, input)
}

/// `POST /_sim/telegram/chats/{id}`
async fn change(
    State(world): State<Shared>,
    Path(id): Path<i64>,
    Json(input): Json<ChatIn>,
) -> Answer {
    apply(&world, id, input)
}

/// Who the person of a private chat is.
fn rename(user: &mut User, input: &ChatIn) {
    for (given, field) in [
        (&input.username, &mut user.username),
        (&input.last_name, &mut user.last_name),
        (&input.language_code, &mut user.language_code),
    ] {
        if let Some(given) = given {
            *field = (!given.is_empty()).then(|| given.clone());
        }
    }
    if let Some(title) = &input.title {
        user.first_name.clone_from(title);
    }
    user.deactivated = input.deactivated.unwrap_or(user.deactivated);
}

fn apply(world: &Shared, id: i64, input: ChatIn) -> Answer {
    let mut book = world.telegram().lock();
    let fits = match input.kind.as_deref() {
        None => true,
        Some("private") => id > 0,
        Some("group") => (-999_999_999_999..0).contains(&id),
        Some("supergroup" | "forum") => id <= -1_000_000_000_000,
        Some(_) => false,
    };
    if !fits {
        return Err(Refused::bad(
            "type is private (id above 0), group (below 0), supergroup or forum (-100…)",
        ));
    }
    if id > 0 {
        rename(book.user(id), &input);
    }
    let chat = book.chat(id);
    let was_out = chat.blocked || chat.kicked;
    if let Some(title) = input.title {
        chat.title = title;
    }
    if id < 0 && input.username.is_some() {
        chat.username = input.username;
    }
    for (given, field) in [
        (input.started, &mut chat.started),
        (input.blocked, &mut chat.blocked),
        (input.kicked, &mut chat.kicked),
        (input.bot_is_admin, &mut chat.bot_is_admin),
    ] {
        *field = given.unwrap_or(*field);
    }
    chat.forum |= input.kind.as_deref() == Some("forum");
    if let Some(members) = input.members {
        chat.members = members;
    }
    let is_out = chat.blocked || chat.kicked;
    let migrated = input.migrated_to.filter(|_| chat.migrated_to.is_none());
    chat.migrated_to = input.migrated_to.or(chat.migrated_to);
    for name in &input.topics {
        book.add_topic(id, name);
    }
    let membership = (was_out != is_out).then(|| membership(world, &mut book, id, is_out));
    let moves = migrated.map(|to| migration(world, &mut book, id, to));
    let shown = book.chats.get(&id).map(|chat| describe(&book, chat));
    drop(book);
    changed(world, id, "chat");
    if let Some(item) = membership {
        webhook::emit(world, "my_chat_member", id, item);
    }
    for (lane, item) in moves.into_iter().flatten() {
        webhook::emit(world, "message", lane, item);
    }
    Ok(Json(shown.unwrap_or_default()))
}

/// `ChatMemberUpdated`: the bot was blocked, put out, or let in again.
fn membership(world: &Shared, book: &mut Book, id: i64, is_out: bool) -> Value {
    let from = book.chats[&id].members.first().copied().filter(|_| id < 0);
    let from = book.user(from.unwrap_or_else(|| id.abs())).show();
    let bot = show::bot(world.options());
    let member = json!({"user": bot, "status": "member"});
    let out = json!({"user": bot, "status": "kicked", "until_date": 0});
    let (old, new) = if is_out { (member, out) } else { (out, member) };
    json!({
        "chat": show::chat(book, &book.chats[&id]),
        "from": from,
        "date": world.clock().now_ms().div_euclid(1_000),
        "old_chat_member": old,
        "new_chat_member": new,
    })
}

/// The two service messages with which a group becomes a supergroup.
fn migration(world: &Shared, book: &mut Book, id: i64, to: i64) -> Vec<(i64, Value)> {
    book.chat(to).kind = ChatKind::Supergroup;
    let title = book.chats[&id].title.clone();
    book.chat(to).title = title;
    let from = book.chats[&id].members.first().copied().unwrap_or(id.abs());
    let mut service = |within: i64, name: &str, other: i64| {
        let user = book.user(from).show();
        let message = super::chat::Message::new(Some(from), world.clock().now_ms());
        let number = book.add(within, message);
        // A service message is not part of what people read.
        book.chat(within).messages.pop_back();
        let item = json!({
            "message_id": number,
            "from": user,
            "chat": show::chat(book, &book.chats[&within]),
            "date": world.clock().now_ms().div_euclid(1_000),
            name: other,
        });
        (within, item)
    };
    vec![
        service(id, "migrate_to_chat_id", to),
        service(to, "migrate_from_chat_id", id),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateIn {
    /// One update without its number: `{"message": {…}}`.
    update: serde_json::Map<String, Value>,
}

/// `POST /_sim/telegram/updates`: any other update as it is.
async fn any_update(State(world): State<Shared>, Json(input): Json<UpdateIn>) -> Answer {
    let kinds: Vec<(String, Value)> = input
        .update
        .into_iter()
        .filter(|(name, _)| name != "update_id")
        .collect();
    let [(kind, item)] = kinds.as_slice() else {
        return Err(Refused::bad(
            "update holds exactly one kind, such as message",
        ));
    };
    let lane = ["/chat/id", "/message/chat/id"]
        .iter()
        .find_map(|place| item.pointer(place).and_then(Value::as_i64))
        .unwrap_or(0);
    let update_id = webhook::emit(&world, kind, lane, item.clone());
    Ok(Json(json!({"update_id": update_id})))
}

/// `GET /_sim/telegram/updates`: what waits, and what was delivered lately.
async fn pending(State(world): State<Shared>) -> Json<Value> {
    let book = world.telegram().lock();
    let show = |update: &super::update::Update| json!({"update_id": update.id, "kind": update.kind, "at": update.at_ms, "failures": update.failures});
    Json(json!({
        "pending": book.updates.pending.iter().map(show).collect::<Vec<_>>(),
        "held": book.updates.held.iter().map(show).collect::<Vec<_>>(),
        "delivered": book.updates.done.iter().map(show).collect::<Vec<_>>(),
    }))
}

async fn hold(State(world): State<Shared>) -> Json<Value> {
    let mut book = world.telegram().lock();
    book.updates.holding = true;
    Json(json!({"holding": true, "held": book.updates.held.len()}))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReleaseIn {
    /// `as_is`, `reverse`, `shuffle`, or positions in the held list; polling sorts by number anyhow.
    order: Value,
    seed: u64,
}

async fn release(State(world): State<Shared>, input: Option<Json<ReleaseIn>>) -> Answer {
    let Json(input) = input.unwrap_or_default();
    let order = order(&input.order, input.seed)?;
    let ids: Vec<i64> = {
        let mut book = world.telegram().lock();
        book.updates.holding = false;
        let mut held = std::mem::take(&mut book.updates.held);
        arrange(&mut held, &order);
        let ids = held.iter().map(|update| update.id).collect();
        for mut update in held {
            // One lane for all of them: the order a test asked for must be the order they leave in.
            update.lane = i64::MIN;
            book.updates.put(update);
        }
        ids
    };
    world.telegram().wake();
    Ok(Json(json!({"updates": ids})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RedeliverIn {
    /// The update; absent: the newest delivered.
    id: Option<i64>,
    times: Option<usize>,
}

/// The same update again, under the same number.
async fn redeliver(State(world): State<Shared>, input: Option<Json<RedeliverIn>>) -> Answer {
    let Json(input) = input.unwrap_or_default();
    let times = input.times.unwrap_or(1);
    let id = {
        let mut book = world.telegram().lock();
        let found = book
            .updates
            .done
            .iter()
            .rev()
            .find(|update| input.id.is_none_or(|id| id == update.id))
            .cloned()
            .ok_or_else(|| Refused::missing("no such update was delivered"))?;
        for _ in 0..times {
            let mut again = found.clone();
            (again.failures, again.ready_ms) = (0, 0);
            book.updates.put(again);
        }
        found.id
    };
    world.telegram().wake();
    Ok(Json(json!({"update_id": id, "times": times})))
}
