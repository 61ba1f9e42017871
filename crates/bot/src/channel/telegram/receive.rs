//! How updates come: asked for, or delivered to a webhook. One typed method for each call; the loop is the server's.
//! <https://core.telegram.org/bots/api#getting-updates> (2026-11)

use std::time::Duration;

use frankenstein::methods::{
    DeleteWebhookParams, GetUpdatesParams, SetMyCommandsParams, SetWebhookParams,
};
use frankenstein::types::{AllowedUpdate, BotCommand};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use super::client::{CALL_TIMEOUT, Call, CallError};
use super::fault::{Deed, fault, refuse};
use super::update::BotIdentity;
use super::{Telegram, params};
use crate::channel::{ChannelError, Reaction};

/// Longest wait of one call (`LONG_POLL_MAX_TIMEOUT` of the public server, May 2026).
pub const LONGEST_WAIT: Duration = Duration::from_secs(50);

/// One update, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawUpdate {
    /// Its number; the next call asks for what comes after the last stored one.
    pub id: i64,
    /// Its JSON.
    pub json: Box<str>,
}

/// Why no updates came.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReceiveError {
    /// Somebody else asks for them, or a webhook is set.
    #[error("another program polls with this token, or a webhook is set")]
    Conflict,
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] ChannelError),
}

/// What Telegram says of our webhook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct WebhookState {
    /// Where it delivers; empty if it does not.
    pub url: String,
    /// How many updates wait.
    pub pending_update_count: u64,
    /// When a delivery failed last, in seconds.
    pub last_error_date: Option<i64>,
    /// Why.
    pub last_error_message: Option<String>,
}

/// A command in the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    /// Without the slash: 1 to 32 small letters, digits and underscores.
    pub word: &'a str,
    /// What it does, in at most 256 characters.
    pub sentence: &'a str,
}

/// Only what something is done with. Telegram remembers the list until another is given.
fn wanted() -> Vec<AllowedUpdate> {
    vec![
        AllowedUpdate::Message,
        AllowedUpdate::EditedMessage,
        AllowedUpdate::CallbackQuery,
        AllowedUpdate::MyChatMember,
    ]
}

#[derive(Deserialize)]
struct Me {
    id: i64,
    username: Option<String>,
}

impl Telegram {
    /// Asks who the bot is, and remembers it.
    pub async fn identify(&self) -> Result<BotIdentity, ChannelError> {
        let me: Me = self
            .quietly(Call::quiet("getMe", serde_json::Map::new()))
            .await?;
        let identity = BotIdentity {
            id: me.id.to_string(),
            username: me.username,
        };
        self.remember_name(identity.username.as_deref());
        Ok(identity)
    }

    /// The updates from `offset` on, waited for at most this long. Asking for an offset tells Telegram that those before
    /// it are stored.
    pub async fn updates(
        &self,
        offset: Option<i64>,
        wait: Duration,
    ) -> Result<Vec<RawUpdate>, ReceiveError> {
        let wait = wait.min(LONGEST_WAIT);
        let asked = GetUpdatesParams::builder()
            .maybe_offset(offset)
            .timeout(u32::try_from(wait.as_secs()).unwrap_or(0))
            .allowed_updates(wanted())
            .build();
        let mut call = Call::quiet("getUpdates", params(&asked)?);
        call.limit = wait + CALL_TIMEOUT;
        let updates: Vec<Box<RawValue>> =
            self.api.call(call).await.map_err(|error| match &error {
                CallError::Refused(refusal) if refusal.code == 409 => ReceiveError::Conflict,
                _ => ReceiveError::Failed(fault(&error, Deed::Repeatable)),
            })?;
        updates
            .iter()
            .map(|update| numbered(update.get()))
            .collect()
    }

    /// Has updates delivered to this address, proven by this secret. What waits is kept.
    pub async fn set_webhook(&self, url: &Url, secret: &SecretString) -> Result<(), ChannelError> {
        let asked = SetWebhookParams::builder()
            .url(url.as_str())
            .allowed_updates(wanted())
            .secret_token(secret.expose_secret())
            .build();
        self.done(Call::quiet("setWebhook", params(&asked)?)).await
    }

    /// Ends the delivery. What waits is kept.
    pub async fn delete_webhook(&self) -> Result<(), ChannelError> {
        let asked = DeleteWebhookParams::builder()
            .drop_pending_updates(false)
            .build();
        self.done(Call::quiet("deleteWebhook", params(&asked)?))
            .await
    }

    /// Where updates are delivered to, and how that goes.
    pub async fn webhook_info(&self) -> Result<WebhookState, ChannelError> {
        self.quietly(Call::quiet("getWebhookInfo", serde_json::Map::new()))
            .await
    }

    /// The menu of commands, for everybody or for people whose device speaks this language (two letters).
    pub async fn set_commands(
        &self,
        language: Option<&str>,
        commands: &[Command<'_>],
    ) -> Result<(), ChannelError> {
        let commands = commands
            .iter()
            .map(|command| {
                BotCommand::builder()
                    .command(command.word)
                    .description(command.sentence)
                    .build()
            })
            .collect();
        let asked = SetMyCommandsParams::builder()
            .commands(commands)
            .maybe_language_code(language)
            .build();
        self.done(Call::quiet("setMyCommands", params(&asked)?))
            .await
    }

    /// A call whose answer is only that it was done.
    pub(super) async fn done(&self, call: Call) -> Result<(), ChannelError> {
        self.quietly::<Value>(call).await.map(|_| ())
    }

    /// A call that may be repeated and belongs to no chat.
    pub(super) async fn quietly<T: serde::de::DeserializeOwned>(
        &self,
        call: Call,
    ) -> Result<T, ChannelError> {
        self.api
            .call(call)
            .await
            .map_err(|error| fault(&error, Deed::Repeatable))
    }
}

fn numbered(json: &str) -> Result<RawUpdate, ReceiveError> {
    #[derive(Deserialize)]
    struct Numbered {
        update_id: i64,
    }
    // An update without a number could never be acknowledged.
    let Numbered { update_id: id } = serde_json::from_str(json).map_err(|_| ChannelError {
        reaction: Reaction::Later(None),
        ..refuse("update_without_id")
    })?;
    Ok(RawUpdate {
        id,
        json: json.into(),
    })
}
