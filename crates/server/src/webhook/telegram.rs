//! Telegram's updates, by webhook or by asking for them: stored, and only then acknowledged.
//!
//! Telegram keeps an update for 24 hours until it is told that it was taken: by the 200 of a webhook, by the next
//! question of polling. So nothing stands between it and the database, and a change from one way to the other, or a
//! repeat, is told apart by what the update is about (<https://core.telegram.org/bots/api#getting-updates>,
//! read 2026-11-22).

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use bot::channel::telegram::{
    BotIdentity, Command, LONGEST_WAIT, RawUpdate, ReceiveError, Telegram, new_event,
};
use bytes::Bytes;
use futures::future::join_all;
use hmac::{Hmac, KeyInit as _, Mac as _};
use media::Language;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use store::{NewDelivery, Store, StoreError};
use subtle::ConstantTimeEq as _;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    body,
    error::ApiError,
    health::Health,
    telemetry::AckMetrics,
    webhook::meta::{Refusal, Taken},
};

/// Its name among the parts.
const NAME: &str = "telegram";
/// The path of the webhook.
pub(crate) const PATH: &str = "/webhooks/telegram";
const SECRET: HeaderName = HeaderName::from_static("x-telegram-bot-api-secret-token");
/// First and longest wait after a failed call.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));
/// Another program polls with our token: it must be ended by somebody, so there is no hurry.
const CONFLICT: Duration = Duration::from_secs(15);
/// How often the webhook is looked at: somebody may have pointed it elsewhere.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

/// Takes updates in.
#[derive(Debug)]
pub(crate) struct Updates {
    /// The bot.
    pub telegram: Arc<Telegram>,
    /// Where updates go.
    pub store: Store,
    /// What Telegram says to prove itself.
    pub secret: SecretString,
    /// Where Telegram is to deliver; `None`: we ask.
    pub webhook: Option<Url>,
    /// Longest body.
    pub max_body_bytes: usize,
    /// Longest wait for a body.
    pub body_timeout: Duration,
    /// Ack time and outcomes.
    pub metrics: AckMetrics,
    /// Who the bot is: asked once.
    pub identity: OnceLock<BotIdentity>,
    /// Where it is told how Telegram is.
    pub health: Arc<Health>,
}

/// The secret of the webhook, from the key of this installation.
pub(crate) fn secret_from(master_key: &SecretString) -> SecretString {
    // HMAC takes keys of any length, so the other arm cannot be reached.
    let mac = Hmac::<Sha256>::new_from_slice(master_key.expose_secret().as_bytes());
    let digest = mac.map(|mut mac| {
        mac.update(b"gramophone-telegram-webhook");
        hex::encode(mac.finalize().into_bytes())
    });
    SecretString::from(digest.unwrap_or_default())
}

/// The webhook's route.
pub(crate) fn routes(updates: Arc<Updates>) -> Router {
    Router::new().route(PATH, post(receive)).with_state(updates)
}

async fn receive(State(updates): State<Arc<Updates>>, request: Request) -> Response {
    match updates.take_in(request).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refusal) => {
            updates.metrics.refused(refusal.word());
            tracing::debug!(reason = refusal.word(), "update refused");
            ApiError::new(refusal.status(), refusal.word(), refusal.to_string())
                .next_step(refusal.next_step())
                .into_response()
        }
    }
}

impl Updates {
    async fn take_in(&self, request: Request) -> Result<(), Refusal> {
        let (head, body) = request.into_parts();
        let mut given = head.headers.get_all(SECRET).iter();
        let (Some(secret), None) = (given.next(), given.next()) else {
            return Err(Refusal::Unsigned);
        };
        let ours = self.secret.expose_secret().as_bytes();
        if ours.is_empty() || !bool::from(secret.as_bytes().ct_eq(ours)) {
            return Err(Refusal::Unsigned);
        }
        if self.identity.get().is_none() {
            // Who is spoken to in a group cannot be told yet; Telegram sends it again.
            return Err(Refusal::NotStored);
        }
        let body = body::read(body, self.max_body_bytes, self.body_timeout).await?;
        let text = std::str::from_utf8(&body).map_err(|_| Refusal::Broken)?;
        if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
            return Err(Refusal::Broken);
        }
        self.store(text).await.map_err(|error| {
            tracing::warn!(%error, "an update could not be stored; Telegram will send it again");
            Refusal::NotStored
        })
    }

    async fn store(&self, json: &str) -> Result<(), StoreError> {
        let (started, received_at_ms) = (Instant::now(), self.store.clock().now_ms());
        let identity = self.telegram.identity();
        let delivery = NewDelivery {
            id: self.store.new_id(),
            channel: "telegram",
            received_at_ms,
            body: Bytes::copy_from_slice(json.as_bytes()),
            events: vec![new_event(&identity, json, received_at_ms)],
        };
        let accepted = self.store.accept(delivery).await?;
        self.metrics
            .taken(Taken::Stored(accepted), started.elapsed());
        Ok(())
    }

    /// Receives until told to stop.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let work = async {
            self.introduce().await;
            match &self.webhook {
                Some(url) => self.keep_webhook(url).await,
                None => self.poll().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
    }

    /// Who the bot is, and what it understands: asked and told until it succeeds.
    async fn introduce(&self) {
        let mut wait = AGAIN.0;
        loop {
            match self.telegram.identify().await {
                Ok(identity) => {
                    tracing::info!(
                        bot = identity.id,
                        name = identity.username.as_deref(),
                        "Telegram knows the bot"
                    );
                    let _ = self.identity.set(identity);
                    self.health.outsider(NAME, None);
                    break;
                }
                Err(error) => {
                    tracing::warn!(
                        code = error.code,
                        "Telegram does not answer; is telegram.token the one that @BotFather gave?"
                    );
                }
            }
            pause(&mut wait).await;
        }
        for language in Language::ALL {
            let menu = bot::command::menu(language)
                .map(|(word, text)| (word, bot::texts::plain(language, text)));
            let commands: Vec<_> = menu
                .iter()
                .map(|(word, sentence)| Command { word, sentence })
                .collect();
            let mut codes = vec![Some(language.code())];
            if language == Language::En {
                // Whoever speaks none of the three is answered best in English.
                codes.push(None);
            }
            for code in codes {
                if let Err(error) = self.telegram.set_commands(code, &commands).await {
                    tracing::info!(code = error.code, "the list of commands could not be set");
                }
            }
        }
    }

    async fn keep_webhook(&self, url: &Url) {
        let mut wait = AGAIN.0;
        let mut told = None;
        loop {
            let known = self.telegram.webhook_info().await;
            let is_set = known.as_ref().is_ok_and(|known| known.url == url.as_str());
            if let Ok(known) = &known
                && is_set
                && known.last_error_date != told
                && let Some(why) = &known.last_error_message
            {
                told = known.last_error_date;
                tracing::warn!(
                    why,
                    waiting = known.pending_update_count,
                    "Telegram could not deliver to the webhook"
                );
            }
            // Set at every start, since the secret may have changed.
            let first = wait == AGAIN.0;
            if first || !is_set {
                match self.telegram.set_webhook(url, &self.secret).await {
                    Ok(()) => tracing::info!("Telegram delivers to the webhook"),
                    Err(error) => {
                        tracing::warn!(
                            code = error.code,
                            "the webhook could not be set; is public_url an https address that Telegram reaches?"
                        );
                        pause(&mut wait).await;
                        continue;
                    }
                }
            }
            wait = AGAIN.1;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn poll(&self) {
        let mut wait = AGAIN.0;
        let mut offset = None;
        let mut is_ours = false;
        loop {
            if !is_ours {
                // What waits for a webhook stays and comes with the first question.
                is_ours = match self.telegram.delete_webhook().await {
                    Ok(()) => true,
                    Err(error) => {
                        tracing::warn!(code = error.code, "the webhook could not be taken away");
                        pause(&mut wait).await;
                        continue;
                    }
                };
            }
            match self.telegram.updates(offset, LONGEST_WAIT).await {
                Ok(updates) => match self.store_all(&updates).await {
                    Ok(()) => {
                        // Acknowledged by the next question, so only after they are stored.
                        self.health.outsider(NAME, None);
                        offset = updates.iter().map(|update| update.id + 1).max().or(offset);
                        wait = AGAIN.0;
                        continue;
                    }
                    Err(error) => {
                        tracing::warn!(%error, updates = updates.len(), "updates could not be stored; asking for them again");
                    }
                },
                Err(ReceiveError::Conflict) => {
                    is_ours = false;
                    self.health
                        .outsider(NAME, Some("another program takes this bot's updates"));
                    tracing::warn!(
                        "another program takes this bot's updates: end it, or give this one a token of its own"
                    );
                    tokio::time::sleep(CONFLICT).await;
                    continue;
                }
                Err(ReceiveError::Failed(error)) => {
                    self.health
                        .outsider(NAME, Some("does not answer; asking again"));
                    tracing::info!(code = error.code, "Telegram gave no updates");
                }
            }
            pause(&mut wait).await;
        }
    }

    async fn store_all(&self, updates: &[RawUpdate]) -> Result<(), StoreError> {
        // Side by side, so that they share a commit; they are handed to the writer in this order.
        let stored = join_all(updates.iter().map(|update| self.store(&update.json)));
        stored.await.into_iter().collect()
    }
}

async fn pause(wait: &mut Duration) {
    tokio::time::sleep(*wait).await;
    *wait = (*wait * 2).min(AGAIN.1);
}
