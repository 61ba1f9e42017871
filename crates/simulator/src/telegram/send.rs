//! Messages out: texts, files, albums, and what the bot pretends to be doing.

use serde_json::{Map, Value, json};

use super::call::Call;
use super::chat::{ACTION_MS, Action, Book, ChatKind, Media, Message};
use super::entity::{self, CAPTION_UNITS, TEXT_UNITS, Words};
use super::error::BotError;
use super::file::Kind;
use super::flood::Asked;
use super::{changed, flood, markup, media, show};
use crate::world::Shared;

/// <https://core.telegram.org/bots/api#sendchataction>, 2026-11.
const ACTIONS: [&str; 11] = [
    "choose_sticker",
    "find_location",
    "record_audio",
    "record_video",
    "record_video_note",
    "record_voice",
    "typing",
    "upload_audio",
    "upload_document",
    "upload_photo",
    "upload_video",
];
/// Names of before.
const OLD_ACTIONS: [&str; 3] = ["upload_voice", "upload_video_note", "pick_up_location"];
/// <https://core.telegram.org/bots/api#sendmediagroup>, 2026-11.
const GROUP: std::ops::RangeInclusive<usize> = 2..=10;
/// Topic "General" of a forum is not addressed by its number.
const GENERAL: i64 = 1;

/// `sendMessage`
pub(super) fn message(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let text = call
        .text("text")
        .ok_or_else(|| BotError::bad("message text is empty"))?;
    let words = entity::read(call, Some(text), "entities")?;
    let draft = Draft {
        words,
        media: None,
        markup: markup::read(call)?,
        link_preview: call.json("link_preview_options", "link preview options")?,
    };
    if draft.words.text.is_empty() {
        return Err(BotError::bad("text must be non-empty"));
    }
    if entity::units(&draft.words.text) > TEXT_UNITS {
        return Err(BotError::bad("message is too long"));
    }
    one(world, call, draft)
}

/// `sendVideo` and its like.
pub(super) async fn file(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let wanted = match call.method.as_str() {
        "sendphoto" => Kind::Photo,
        "sendvideo" => Kind::Video,
        "sendanimation" => Kind::Animation,
        "sendaudio" => Kind::Audio,
        "sendvoice" => Kind::Voice,
        _ => Kind::Document,
    };
    let words = caption(entity::read(
        call,
        call.text("caption"),
        "caption_entities",
    )?)?;
    let markup = markup::read(call)?;
    // Who may not write is told before the file is looked into.
    world.telegram().lock().open(call.text("chat_id"))?;
    let request = media::Request {
        call,
        wanted,
        file: call.text(wanted.word()),
        field: wanted.word(),
        object: None,
    };
    let media = media::take(world, &request).await?;
    let draft = Draft {
        words,
        media: Some(media),
        markup,
        link_preview: None,
    };
    one(world, call, draft)
}

/// `sendMediaGroup`
pub(super) async fn group(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let list = call
        .json("media", "media")?
        .ok_or_else(|| BotError::bad("parameter \"media\" is required"))?;
    let Value::Array(list) = list else {
        return Err(BotError::bad("expected an Array of InputMedia"));
    };
    if list.len() > *GROUP.end() {
        return Err(BotError::bad("too much messages to send as an album"));
    }
    if list.len() < *GROUP.start() {
        return Err(BotError::bad("too few messages to send as an album"));
    }
    world.telegram().lock().open(call.text("chat_id"))?;
    let mut drafts = Vec::with_capacity(list.len());
    for item in &list {
        let (media, words) = input_media(world, call, item).await?;
        drafts.push(Draft {
            words,
            media: Some(media),
            markup: None,
            link_preview: None,
        });
    }
    let kinds: Vec<Option<Kind>> = {
        let book = world.telegram().lock();
        drafts
            .iter()
            .map(|draft| kind_of(&book, draft.media.as_ref()?))
            .collect()
    };
    let visual = |kind: &Option<Kind>| matches!(kind, Some(Kind::Photo | Kind::Video));
    let fits = kinds.iter().all(visual) || kinds.windows(2).all(|pair| pair[0] == pair[1]);
    if !fits || kinds.contains(&Some(Kind::Animation)) {
        return Err(BotError::bad(
            "can't use the media of the specified type in the album",
        ));
    }
    let (chat, ids) = commit(world, call, drafts)?;
    let book = world.telegram().lock();
    Ok(ids
        .into_iter()
        .filter_map(|id| show::message(world.options(), &book, chat, id))
        .collect::<Vec<_>>()
        .into())
}

pub(super) fn kind_of(book: &Book, media: &Media) -> Option<Kind> {
    book.files.get(&media.file_id).map(|stored| stored.kind)
}

/// One `InputMedia`: its file and its caption.
pub(super) async fn input_media(
    world: &Shared,
    call: &Call,
    item: &Value,
) -> Result<(Media, Words), BotError> {
    let broken = |why: &str| BotError::bad(format!("can't parse InputMedia: {why}"));
    let object: &Map<String, Value> = item
        .as_object()
        .ok_or_else(|| broken("expected an Object"))?;
    let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let named = text("type").ok_or_else(|| broken("Can't find field \"type\""))?;
    let wanted = match named.as_str() {
        "photo" => Kind::Photo,
        "video" => Kind::Video,
        "animation" => Kind::Animation,
        "audio" => Kind::Audio,
        "document" => Kind::Document,
        other => return Err(broken(&format!("type \"{other}\" is unsupported"))),
    };
    let words = caption(entity::words(
        text("caption").unwrap_or_default(),
        text("parse_mode"),
        object.get("caption_entities").cloned(),
    )?)?;
    let file = text("media").filter(|file| !file.is_empty());
    if file.is_none() {
        return Err(broken("media not found"));
    }
    let request = media::Request {
        call,
        wanted,
        file,
        field: "media",
        object: Some(object),
    };
    Ok((media::take(world, &request).await?, words))
}

fn caption(words: Words) -> Result<Words, BotError> {
    if entity::units(&words.text) > CAPTION_UNITS {
        return Err(BotError::bad("message caption is too long"));
    }
    Ok(words)
}

/// A message before it is sent.
pub(super) struct Draft {
    words: Words,
    media: Option<Media>,
    markup: Option<Value>,
    link_preview: Option<Value>,
}

fn one(world: &Shared, call: &Call, draft: Draft) -> Result<Value, BotError> {
    let (chat, ids) = commit(world, call, vec![draft])?;
    let book = world.telegram().lock();
    let sent = ids
        .first()
        .and_then(|id| show::message(world.options(), &book, chat, *id));
    sent.ok_or_else(|| BotError::new(500, "Internal Server Error"))
}

/// Checks where the messages go and puts them there, all or none.
fn commit(world: &Shared, call: &Call, drafts: Vec<Draft>) -> Result<(i64, Vec<i64>), BotError> {
    let limits = world.lock().limits.clone();
    let now_ms = world.clock().now_ms();
    let reply = Reply::read(call)?;
    let mut book = world.telegram().lock();
    let chat = book.open(call.text("chat_id"))?;
    let chat_id = chat.id;
    let mut thread = thread(chat, call.int("message_thread_id"))?;
    let reply_to = match reply {
        Some(reply) if chat.has(reply.to) => {
            // An answer stays in the topic of what it answers.
            thread = thread.or_else(|| chat.find(reply.to).and_then(|message| message.thread));
            Some(reply.to)
        }
        Some(reply) if !reply.optional => {
            return Err(BotError::bad("message to be replied not found"));
        }
        _ => None,
    };
    spend(&mut book, chat_id, drafts.len(), now_ms, &limits)?;
    let group = (drafts.len() > 1).then(|| world.new_id("13"));
    let mut ids = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let mut message = Message::new(None, now_ms);
        message.words = draft.words;
        message.media = draft.media;
        message.markup = draft.markup;
        message.link_preview = draft.link_preview;
        message.reply_to = reply_to;
        message.thread = thread;
        message.group.clone_from(&group);
        ids.push(book.add(chat_id, message));
    }
    drop(book);
    changed(world, chat_id, "message");
    Ok((chat_id, ids))
}

/// Counts messages (and edits) against the flood limits.
pub(super) fn spend(
    book: &mut Book,
    chat_id: i64,
    count: usize,
    now_ms: i64,
    limits: &crate::world::rate::Limits,
) -> Result<(), BotError> {
    let Some(chat) = book.chats.get_mut(&chat_id) else {
        return Ok(());
    };
    let asked = Asked {
        is_private: chat.is_private(),
        count: u32::try_from(count).unwrap_or(1),
        now_ms,
    };
    flood::spend(&mut book.pace, &mut chat.pace, asked, limits)
}

struct Reply {
    to: i64,
    optional: bool,
}

impl Reply {
    fn read(call: &Call) -> Result<Option<Self>, BotError> {
        if let Some(value) = call.json("reply_parameters", "reply parameters")? {
            let Value::Object(object) = value else {
                return Err(BotError::bad("object expected as reply parameters"));
            };
            let to = object
                .get("message_id")
                .and_then(Value::as_i64)
                .unwrap_or(0);
            let optional = object
                .get("allow_sending_without_reply")
                .and_then(Value::as_bool)
                .unwrap_or(false);
            return Ok((to > 0).then_some(Self { to, optional }));
        }
        let to = call.int("reply_to_message_id").filter(|to| *to > 0);
        let optional = call.flag("allow_sending_without_reply");
        Ok(to.map(|to| Self { to, optional }))
    }
}

/// The topic a message goes to. Only forums (and private chats that could have topics) look at it.
fn thread(chat: &super::chat::Chat, named: Option<i64>) -> Result<Option<i64>, BotError> {
    let Some(thread) = named.filter(|thread| *thread != 0) else {
        return Ok(None);
    };
    let missing = || Err(BotError::bad("message thread not found"));
    match chat.kind {
        ChatKind::Private => missing(),
        ChatKind::Supergroup if chat.forum => {
            if thread != GENERAL && chat.topics.contains_key(&thread) {
                Ok(Some(thread))
            } else {
                missing()
            }
        }
        _ => Ok(None),
    }
}

/// `sendChatAction`
pub(super) fn action(world: &Shared, call: &Call) -> Result<Value, BotError> {
    let known = |action: &String| {
        ACTIONS.contains(&action.as_str()) || OLD_ACTIONS.contains(&action.as_str())
    };
    let named = call
        .text("action")
        .map(|action| action.to_ascii_lowercase())
        .filter(known)
        .ok_or_else(|| BotError::bad("wrong parameter action in request"))?;
    let now_ms = world.clock().now_ms();
    let chat_id = {
        let mut book = world.telegram().lock();
        let chat = book.open(call.text("chat_id"))?;
        let thread = thread(chat, call.int("message_thread_id"))?;
        chat.action = Some(Action {
            word: named,
            until_ms: now_ms + ACTION_MS,
            thread,
        });
        chat.id
    };
    changed(world, chat_id, "typing");
    Ok(json!(true))
}
