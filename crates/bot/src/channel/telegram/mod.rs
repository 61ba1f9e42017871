//! Telegram over the Bot API, by webhook or by polling.
//!
//! - `update`: what comes in, as an event with its job; `inbound`: what it says and asks for; `located`: its files.
//! - `compose`: what goes out; `client`: one attempt of one call; `sent`: what it shows; `fault`: what an error means.
//! - `pace`: how fast; `probe`: what became of a send that nobody answered; `receive`: how updates come.

mod client;
mod compose;
mod fault;
mod inbound;
mod located;
mod pace;
mod place;
mod probe;
mod receive;
mod sent;
mod split;
mod update;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use frankenstein::methods::{AnswerCallbackQueryParams, DeleteMessageParams, SendChatActionParams};
use frankenstein::types::ChatAction;
use media::ChannelLimits;
use media::link::Hosts;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Map, Value};
use store::{Clock, Conversation, EventRow};
use url::Url;

pub use client::BuildError;
pub use receive::{Command, LONGEST_WAIT, RawUpdate, ReceiveError, WebhookState};
pub use update::{BotIdentity, SHAPE, new_event};

use super::{
    Channel, ChannelError, Content, FileToUpload, Inbound, Limits, Located, Lying, Outcome, Probe,
    Sent, Sign,
};
use client::{Api, Call, CallError};
use fault::{Deed, Mirror, fault, refuse};
use inbound::{DOWNLOAD_BYTES, Reader};
use pace::Pace;
use place::Place;
use probe::Ids;
use sent::sent;
use update::Heard;

/// The word in `Conversation::channel`.
pub const NAME: &str = "telegram";
/// Where the common server is.
pub const API: &str = "https://api.telegram.org";

/// Choices below a message: what fits a phone without scrolling; Telegram itself takes 100.
const CHOICES: usize = 8;
/// A sign of progress that takes longer is given up: the next one is already more true.
const PROGRESS_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a chat rests after a sign of progress whose fate is not known.
const LATE_MS: i64 = 5_000;
/// After a flood for which Telegram gave no time.
const CLOSED: Duration = Duration::from_secs(30);

/// What the channel is built from.
#[allow(missing_debug_implementations)]
pub struct TelegramParts {
    /// As @BotFather gives it.
    pub token: SecretString,
    /// Base address, [`API`] or a server of one's own.
    pub api: Url,
    /// The data folder; files lie in its work folders.
    pub data_dir: PathBuf,
    /// Where a local Bot API server keeps its files, if there is one in local mode.
    pub local_files_root: Option<PathBuf>,
    /// Sizes; may ask for less than Telegram allows.
    pub files: ChannelLimits,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Telegram as a channel, for one bot.
pub struct Telegram {
    api: Api,
    data_dir: PathBuf,
    local_files_root: Option<PathBuf>,
    files: ChannelLimits,
    clock: Arc<dyn Clock>,
    identity: RwLock<BotIdentity>,
    pace: Mutex<Pace>,
    ids: Mutex<Ids>,
    /// Groups that became supergroups, with their new ids, as far as this process was told.
    moved: Mutex<HashMap<i64, i64>>,
}

impl fmt::Debug for Telegram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telegram")
            .field("account", &self.api.account())
            .finish_non_exhaustive()
    }
}

/// These are short tables: what one thread left half written is still well formed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Parameters of a call as they are sent.
fn params(asked: &impl Serialize) -> Result<Map<String, Value>, ChannelError> {
    match serde_json::to_value(asked) {
        Ok(Value::Object(params)) => Ok(params),
        _ => Err(refuse("uncomposed")),
    }
}

impl Telegram {
    /// The channel of the bot that this token belongs to. A TLS provider must be installed before.
    pub fn new(parts: TelegramParts) -> Result<Self, BuildError> {
        let api = Api::new(parts.api, &parts.token)?;
        let identity = BotIdentity {
            id: api.account().to_owned(),
            username: None,
        };
        Ok(Self {
            api,
            data_dir: parts.data_dir,
            local_files_root: parts.local_files_root,
            files: parts.files,
            clock: parts.clock,
            identity: RwLock::new(identity),
            pace: Mutex::default(),
            ids: Mutex::default(),
            moved: Mutex::default(),
        })
    }

    /// The bot's id: `Conversation::account` of everything here.
    pub fn account(&self) -> &str {
        self.api.account()
    }

    /// Who the bot is, as far as it is known: its name only after [`Self::identify`].
    pub fn identity(&self) -> BotIdentity {
        self.identity
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn remember_name(&self, username: Option<&str>) {
        let mut identity = self
            .identity
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        identity.username = username.map(str::to_owned);
    }

    fn place(&self, of: &Conversation) -> Result<Place, ChannelError> {
        let place = Place::parse(&of.person).ok_or_else(|| refuse("no_chat"))?;
        let moved = locked(&self.moved).get(&place.chat).copied();
        Ok(moved.map_or(place, |chat| Place { chat, ..place }))
    }

    /// What the error means, and what it teaches about the chat.
    fn learn(&self, place: Place, error: &CallError, deed: Deed) -> ChannelError {
        if let CallError::Refused(refusal) = error {
            if refusal.code == 429 {
                let wait = refusal.retry_after.unwrap_or(CLOSED);
                let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                let until_ms = self.clock.now_ms().saturating_add(wait_ms);
                locked(&self.pace).close(place.chat, until_ms);
                metrics::counter!("gramophone_telegram_floods_total").increment(1);
            }
            if let Some(chat) = refusal.migrate_to {
                locked(&self.moved).insert(place.chat, chat);
            }
        }
        fault(error, deed)
    }
}

#[async_trait]
impl Channel for Telegram {
    fn name(&self) -> &'static str {
        NAME
    }

    fn limits(&self) -> Limits {
        Limits {
            files: self.files,
            pictures_per_message: *compose::ALBUM.end(),
            window_ms: None,
            edits: true,
            uploads_apart: false,
            documents: true,
            caption_units: split::CAPTION_UNITS,
            inbound_bytes: inbound::DOWNLOAD_BYTES,
            choices: CHOICES,
            outcome: Outcome::Probe,
        }
    }

    fn split(&self, text: &str) -> Vec<String> {
        split::split(text, split::TEXT_UNITS)
    }

    fn permit(&self, to: &Conversation, _: &Content) -> Result<(), Duration> {
        match self.place(to) {
            Ok(place) => locked(&self.pace).take(place.chat, self.clock.now_ms()),
            // The send itself will say what is wrong.
            Err(_) => Ok(()),
        }
    }

    fn cursor(&self, of: &Conversation, newest: Option<&str>) -> Option<String> {
        let theirs = newest.and_then(|mid| mid.parse().ok());
        let seen = self
            .place(of)
            .ok()
            .and_then(|place| locked(&self.ids).newest(place));
        theirs.max(seen).map(|mid: i32| mid.to_string())
    }

    fn key_print(&self, account: &str) -> Option<String> {
        (account == self.account()).then(|| self.api.fingerprint())
    }

    fn read(&self, event: &EventRow, _: &Hosts) -> Option<Inbound> {
        let place = event.person.as_deref().and_then(Place::parse);
        if let (Some(place), Some(mid)) =
            (place, event.mid.as_deref().and_then(|mid| mid.parse().ok()))
        {
            locked(&self.ids).saw(place, mid);
        }
        let most_bytes = self.local_files_root.is_none().then_some(DOWNLOAD_BYTES);
        Reader {
            bot: &self.identity(),
            most_bytes,
        }
        .read(event)
    }

    /// Telegram does not tell a bot what it said itself.
    fn echo(&self, _: &EventRow) -> Option<Lying> {
        None
    }

    async fn sign(&self, to: &Conversation, sign: Sign) {
        // A bot has no way to say "seen".
        let (Sign::Typing, Ok(place)) = (sign, self.place(to)) else {
            return;
        };
        if locked(&self.pace).is_closed(place.chat, self.clock.now_ms()) {
            return;
        }
        let asked = SendChatActionParams::builder()
            .chat_id(place.chat)
            .maybe_message_thread_id(place.thread)
            .action(ChatAction::Typing)
            .build();
        self.try_quietly(place, "sendChatAction", &asked).await;
    }

    async fn notice_tap(&self, event: &EventRow) {
        if let (Some(Heard::Tap(tap)), Some(place)) = (
            update::hear(&event.raw),
            event.person.as_deref().and_then(Place::parse),
        ) {
            let asked = AnswerCallbackQueryParams::builder()
                .callback_query_id(tap.id)
                .build();
            self.try_quietly(place, "answerCallbackQuery", &asked).await;
        }
    }

    async fn progress(&self, to: &Conversation, mid: &str, words: &str) {
        let (Ok(place), Ok(mid)) = (self.place(to), compose::message_id(mid)) else {
            return;
        };
        if !locked(&self.pace).take_progress(place.chat, self.clock.now_ms()) {
            return;
        }
        let Ok(draft) = compose::text_over(place, mid, words, &[]) else {
            return;
        };
        let mut call = draft.into_call();
        call.limit = PROGRESS_TIMEOUT;
        if let Err(error) = self.api.call::<Value>(call).await {
            self.learn(place, &error, Deed::Repeatable);
            if matches!(error, CallError::Lost) {
                // It may still arrive; what comes next must not be overtaken by it.
                let until_ms = self.clock.now_ms().saturating_add(LATE_MS);
                locked(&self.pace).close(place.chat, until_ms);
            }
        }
    }

    async fn take_back(&self, to: &Conversation, mid: &str) -> Result<(), ChannelError> {
        let place = self.place(to)?;
        let asked = DeleteMessageParams::builder()
            .chat_id(place.chat)
            .message_id(compose::message_id(mid)?)
            .build();
        let call = Call::quiet("deleteMessage", params(&asked)?);
        match self.api.call::<Value>(call).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.learn(place, &error, Deed::Repeatable)),
        }
    }

    async fn locate(&self, _: &Conversation, file: &str) -> Result<Located, ChannelError> {
        self.find_file(file).await
    }

    /// Files go out with the message that shows them.
    async fn upload(&self, _: &Conversation, _: FileToUpload<'_>) -> Result<String, ChannelError> {
        Err(refuse("no_upload_apart"))
    }

    async fn send(&self, to: &Conversation, content: &Content) -> Result<Sent, ChannelError> {
        let place = self.place(to)?;
        let draft = compose::draft(&self.data_dir, place, content)?;
        let over = draft.over;
        let deed = if over.is_some() {
            Deed::Repeatable
        } else {
            Deed::Send
        };
        let answer = match self.api.call::<Value>(draft.into_call()).await {
            Ok(answer) => sent(&answer).ok_or(CallError::Malformed(200)),
            Err(error) => Err(error),
        };
        let error = match (answer, over) {
            (Ok((newest, sent)), _) => {
                let mut ids = locked(&self.ids);
                ids.saw(place, newest);
                if deed == Deed::Send {
                    ids.settled(place);
                }
                return Ok(sent);
            }
            // It is already what it shall become.
            (Err(error), Some(mid)) if Mirror::of(&error) == Some(Mirror::Same) => {
                tracing::debug!(code = "not_modified", "an edit had been made before");
                return Ok(Sent::words(mid.to_string()));
            }
            (Err(error), _) => error,
        };
        let error = self.learn(place, &error, deed);
        if !error.may_be_done && deed == Deed::Send {
            locked(&self.ids).settled(place);
        }
        Err(error)
    }

    /// A bot cannot read what was said.
    async fn newest(&self, _: &Conversation) -> Result<Vec<Lying>, ChannelError> {
        Err(refuse("no_thread"))
    }

    async fn probe(
        &self,
        of: &Conversation,
        probe: Probe<'_>,
    ) -> Result<Option<String>, ChannelError> {
        self.find(of, probe).await
    }
}

impl Telegram {
    /// A call of which nothing hangs.
    async fn try_quietly(&self, place: Place, method: &'static str, asked: &impl Serialize) {
        let Ok(params) = params(asked) else { return };
        if let Err(error) = self.api.call::<Value>(Call::quiet(method, params)).await {
            let error = self.learn(place, &error, Deed::Repeatable);
            tracing::debug!(
                method,
                code = error.code,
                "a small call did not come through"
            );
        }
    }
}
