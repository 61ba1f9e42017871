//! Telegram, Redis and the menu of Instagram's chat, as far as the settings name them.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::Context as _;
use bot::{
    OurSides,
    channel::{
        instagram::Instagram,
        telegram::{Telegram, TelegramParts},
    },
};
use store::{Clock, intake::Intake};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::App;
use crate::{
    convert,
    pushed::Pushed,
    settings::{Settings, TelegramUpdates},
    telemetry::AckMetrics,
    webhook::telegram::{self, Updates},
};

impl App {
    /// What takes Telegram's updates in, if there is a bot.
    pub(super) fn updates(&self) -> Option<Arc<Updates>> {
        let settings = &self.settings;
        let ours = &settings.telegram;
        let webhook = match ours.updates {
            TelegramUpdates::None => return None,
            TelegramUpdates::Polling => None,
            TelegramUpdates::Webhook | TelegramUpdates::Auto => settings.public_url.clone(),
        };
        Some(Arc::new(Updates {
            telegram: Arc::clone(self.telegram.as_ref()?),
            store: self.store.clone(),
            secret: ours
                .webhook_secret
                .clone()
                .unwrap_or_else(|| telegram::secret_from(&self.link_secret)),
            webhook: webhook.and_then(|url| {
                let url = format!("{}{}", url.as_str().trim_end_matches('/'), telegram::PATH);
                url.parse().ok()
            }),
            max_body_bytes: settings.webhook.max_body_bytes,
            body_timeout: Duration::from_secs(settings.webhook.body_timeout_seconds),
            metrics: AckMetrics::new(),
            identity: OnceLock::new(),
            health: Arc::clone(&self.health),
        }))
    }

    /// Takes in what other programs push into Redis, if there is one.
    pub(super) fn take_pushed_jobs(
        &self,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let settings = &self.settings;
        let Some(url) = &settings.redis.url else {
            return Ok(());
        };
        let pushed = Pushed {
            intake: Intake::open(url, &settings.redis.jobs_key)
                .context("redis.url or redis.jobs_key cannot be used")?,
            store: self.store.clone(),
            ours: OurSides {
                telegram: self.telegram.as_ref().map(|bot| bot.account().to_owned()),
                instagram: settings.instagram.account_id.clone(),
                page: settings.instagram.page_id.clone(),
            },
            health: Arc::clone(&self.health),
        };
        tasks.spawn(pushed.run(stop.clone()));
        Ok(())
    }
}

/// First questions and menu of the chat, beside the work: nobody waits for them, and they may be set again at the next
/// start.
pub(super) async fn introduce(instagram: Arc<Instagram>, account: String, stop: CancellationToken) {
    let Some(outcome) = stop
        .run_until_cancelled(instagram.introduce(&account))
        .await
    else {
        return;
    };
    match outcome {
        Ok(()) => tracing::info!(account, "first questions and menu are set"),
        Err(error) => {
            tracing::info!(
                account,
                code = error.code,
                "first questions and menu could not be set"
            );
        }
    }
}

/// The Telegram bot of the settings, if there is one.
pub(crate) fn telegram_of(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Option<Arc<Telegram>>> {
    let ours = &settings.telegram;
    let Some(token) = &ours.token else {
        return Ok(None);
    };
    let parts = TelegramParts {
        token: token.clone(),
        api: ours.api.clone(),
        data_dir: settings.data_dir.clone(),
        local_files_root: ours.local_files.clone(),
        files: convert::telegram_files(settings),
        clock: Arc::clone(clock),
    };
    let telegram = Telegram::new(parts).context("the Telegram client cannot be set up")?;
    Ok(Some(Arc::new(telegram)))
}

/// Asks who the bot is until Telegram answers: a worker alone has nobody else who does, and takes our name out of what
/// people write in groups.
pub(super) async fn know_the_bot(telegram: Arc<Telegram>, stop: CancellationToken) {
    let mut wait = Duration::from_secs(1);
    while telegram.identify().await.is_err() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(Duration::from_mins(1)),
        }
    }
}
