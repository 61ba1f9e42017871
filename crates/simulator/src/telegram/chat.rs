//! Chats, the people in them and the messages: what Telegram knows about one bot.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Value, json};

use super::entity::Words;
use super::error::BotError;
use super::file::Files;
use super::flood::{BotPace, ChatPace};
use super::update::Updates;
use super::webhook::Webhook;

/// More than a person reads; keeps a load test's memory flat.
const KEPT_MESSAGES: usize = 2_000;
/// A chat action is shown this long, or until a message of the bot arrives
/// (<https://core.telegram.org/bots/api#sendchataction>, 2026-11).
pub(super) const ACTION_MS: i64 = 5_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChatKind {
    Private,
    Group,
    Supergroup,
}

impl ChatKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup => "supergroup",
        }
    }
}

/// Somebody on Telegram.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) first_name: String,
    pub(super) last_name: Option<String>,
    pub(super) username: Option<String>,
    pub(super) language_code: Option<String>,
    pub(super) deactivated: bool,
}

impl User {
    fn new(id: i64) -> Self {
        let tail = id.rem_euclid(10_000);
        Self {
            id,
            first_name: format!("Pessoa {tail:04}"),
            last_name: None,
            username: Some(format!("pessoa_{tail:04}")),
            language_code: Some("pt-br".into()),
            deactivated: false,
        }
    }

    /// The `User` object.
    pub(super) fn show(&self) -> Value {
        let mut shown = json!({"id": self.id, "is_bot": false, "first_name": self.first_name});
        for (name, value) in [
            ("last_name", &self.last_name),
            ("username", &self.username),
            ("language_code", &self.language_code),
        ] {
            if let Some(value) = value {
                shown[name] = value.as_str().into();
            }
        }
        shown
    }
}

/// A file on a message.
#[derive(Debug, Clone)]
pub(super) struct Media {
    /// Key into [`Files`].
    pub(super) file_id: String,
    /// What the bot said of it, for the view.
    pub(super) given: Value,
}

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: i64,
    pub(super) at_ms: i64,
    /// Absent: the bot.
    pub(super) from: Option<i64>,
    /// The text; the caption where there is media.
    pub(super) words: Words,
    pub(super) media: Option<Media>,
    /// Inline keyboard.
    pub(super) markup: Option<Value>,
    pub(super) reply_to: Option<i64>,
    pub(super) thread: Option<i64>,
    /// Fields that a forwarded message carries.
    pub(super) forward: Option<Value>,
    pub(super) group: Option<String>,
    pub(super) link_preview: Option<Value>,
    pub(super) reaction: Option<String>,
    pub(super) edited_ms: Option<i64>,
    /// Earlier versions, oldest first.
    pub(super) history: Vec<Value>,
}

impl Message {
    pub(super) fn new(from: Option<i64>, at_ms: i64) -> Self {
        Self {
            id: 0,
            at_ms,
            from,
            words: Words::default(),
            media: None,
            markup: None,
            reply_to: None,
            thread: None,
            forward: None,
            group: None,
            link_preview: None,
            reaction: None,
            edited_ms: None,
            history: Vec::new(),
        }
    }
}

/// What the bot pretends to be doing.
#[derive(Debug, Clone)]
pub(super) struct Action {
    pub(super) word: String,
    pub(super) until_ms: i64,
    pub(super) thread: Option<i64>,
}

#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a state of its own in which a chat can be"
)]
pub(super) struct Chat {
    pub(super) id: i64,
    pub(super) kind: ChatKind,
    pub(super) title: String,
    pub(super) username: Option<String>,
    pub(super) forum: bool,
    /// Topic id -> name.
    pub(super) topics: BTreeMap<i64, String>,
    pub(super) members: Vec<i64>,
    /// The person has written to the bot, so the bot may write.
    pub(super) started: bool,
    pub(super) blocked: bool,
    pub(super) kicked: bool,
    /// Hears everything in a group; otherwise only what is meant for it.
    pub(super) bot_is_admin: bool,
    pub(super) migrated_to: Option<i64>,
    pub(super) messages: VecDeque<Message>,
    /// Newest id of a supergroup, which counts for itself.
    pub(super) last_id: i64,
    pub(super) action: Option<Action>,
    pub(super) pace: ChatPace,
    /// Answers to taps: text, alert, query id.
    pub(super) toasts: VecDeque<Value>,
}

impl Chat {
    fn new(id: i64, last_id: i64) -> Self {
        // Supergroup ids begin with -100 and have 13 digits and more.
        let kind = match id {
            1.. => ChatKind::Private,
            ..=-1_000_000_000_000 => ChatKind::Supergroup,
            _ => ChatKind::Group,
        };
        Self {
            id,
            kind,
            title: format!("Grupo {}", id.rem_euclid(10_000)),
            username: None,
            forum: false,
            topics: BTreeMap::new(),
            members: Vec::new(),
            started: true,
            blocked: false,
            kicked: false,
            bot_is_admin: true,
            migrated_to: None,
            messages: VecDeque::new(),
            last_id,
            action: None,
            pace: ChatPace::default(),
            toasts: VecDeque::new(),
        }
    }

    pub(super) fn find(&mut self, id: i64) -> Option<&mut Message> {
        self.messages
            .iter_mut()
            .rev()
            .find(|message| message.id == id)
    }

    pub(super) fn has(&self, id: i64) -> bool {
        self.messages.iter().any(|message| message.id == id)
    }

    pub(super) fn is_private(&self) -> bool {
        self.kind == ChatKind::Private
    }
}

/// A tap that waits for its answer.
#[derive(Debug, Clone)]
pub(super) struct Callback {
    pub(super) chat: i64,
    pub(super) at_ms: i64,
}

/// Everything behind Telegram's lock.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) chats: BTreeMap<i64, Chat>,
    pub(super) users: BTreeMap<i64, User>,
    pub(super) files: Files,
    pub(super) updates: Updates,
    pub(super) webhook: Webhook,
    pub(super) callbacks: HashMap<String, Callback>,
    /// (scope, language) -> commands.
    pub(super) commands: BTreeMap<(String, String), Value>,
    pub(super) pace: BotPace,
    /// ONE counter over private chats and basic groups, incoming and outgoing.
    last_id: i64,
    /// Where the counters of new supergroups begin: above 0 after a reset.
    floor: i64,
}

impl Book {
    /// An empty one whose numbers go on, so that what a bot remembers names nothing new. Where
    /// updates go stays.
    pub(super) fn emptied(self) -> Self {
        let supergroups = self.chats.values().map(|chat| chat.last_id).max();
        Self {
            floor: supergroups.unwrap_or(0).max(self.floor),
            last_id: self.last_id,
            updates: self.updates.emptied(),
            webhook: self.webhook.kept(),
            ..Self::default()
        }
    }

    /// The chat, which comes into being when somebody first names it through the control API.
    pub(super) fn chat(&mut self, id: i64) -> &mut Chat {
        if id > 0 {
            self.user(id);
        }
        let floor = self.floor;
        self.chats.entry(id).or_insert_with(|| Chat::new(id, floor))
    }

    pub(super) fn user(&mut self, id: i64) -> &mut User {
        self.users.entry(id).or_insert_with(|| User::new(id))
    }

    /// Puts a message into its chat under the next number there.
    pub(super) fn add(&mut self, chat_id: i64, mut message: Message) -> i64 {
        let shared = &mut self.last_id;
        let floor = self.floor;
        let chat = self
            .chats
            .entry(chat_id)
            .or_insert_with(|| Chat::new(chat_id, floor));
        let last = if chat.kind == ChatKind::Supergroup {
            &mut chat.last_id
        } else {
            shared
        };
        *last += 1;
        message.id = *last;
        if message.from.is_none() {
            chat.action = None;
        }
        let id = message.id;
        chat.messages.push_back(message);
        if chat.messages.len() > KEPT_MESSAGES {
            chat.messages.pop_front();
        }
        id
    }

    /// A new topic; its id is the number of the message that opened it.
    pub(super) fn add_topic(&mut self, chat_id: i64, name: &str) -> i64 {
        let chat = self.chat(chat_id);
        // Number 1 is the making of the group, and topic 1 is "General".
        chat.last_id = chat.last_id.max(1) + 1;
        let id = chat.last_id;
        chat.topics.insert(id, name.to_owned());
        id
    }

    /// The number of the chat that a bot names.
    pub(super) fn named(&self, named: Option<String>) -> Result<i64, BotError> {
        let named = named.ok_or_else(|| BotError::bad("chat_id is empty"))?;
        let missing = || BotError::bad("chat not found");
        let id = match named.strip_prefix('@') {
            Some(username) => self
                .chats
                .values()
                .find(|chat| {
                    !chat.is_private()
                        && chat
                            .username
                            .as_deref()
                            .is_some_and(|own| own.eq_ignore_ascii_case(username))
                })
                .map(|chat| chat.id)
                .ok_or_else(missing)?,
            None => named.trim().parse().map_err(|_| missing())?,
        };
        if self.chats.contains_key(&id) {
            Ok(id)
        } else {
            Err(missing())
        }
    }

    /// The chat a bot names, if it may do something there.
    pub(super) fn open(&mut self, named: Option<String>) -> Result<&mut Chat, BotError> {
        let id = self.named(named)?;
        let gone = self.users.get(&id).is_some_and(|user| user.deactivated);
        let chat = self.chat(id);
        match chat.kind {
            ChatKind::Private if gone => Err(BotError::forbidden("user is deactivated")),
            ChatKind::Private if !chat.started => Err(BotError::forbidden(
                "bot can't initiate conversation with a user",
            )),
            ChatKind::Private if chat.blocked => {
                Err(BotError::forbidden("bot was blocked by the user"))
            }
            ChatKind::Group if chat.kicked => {
                Err(BotError::forbidden("bot was kicked from the group chat"))
            }
            ChatKind::Supergroup if chat.kicked => Err(BotError::forbidden(
                "bot was kicked from the supergroup chat",
            )),
            _ => match chat.migrated_to {
                Some(to) => Err(BotError::migrated(to)),
                None => Ok(chat),
            },
        }
    }
}
