//! Looks at everything a set-up needs and says one next step for each thing that is wrong.

use std::{sync::Arc, time::Duration};

use graph_api::client::{Credentials, Graph, Unobserved};
use media::{Studio, ToolReport};
use secrecy::SecretString;
use store::{Clock, SystemClock, intake::Intake};

use crate::{accounts, app, convert, settings::Settings};

/// How long Redis may take to say that it is there.
const REDIS_PATIENCE: Duration = Duration::from_secs(3);

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Fine.
    Good,
    /// It works, but somebody should know.
    Note,
    /// It stops the product from working.
    Bad,
}

/// One line of the doctor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How it is.
    pub state: State,
    /// What was looked at.
    pub name: String,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub next: Option<String>,
}

impl Line {
    fn good(name: &str, found: impl Into<String>) -> Self {
        Self {
            state: State::Good,
            name: name.to_owned(),
            found: found.into(),
            next: None,
        }
    }

    fn bad(name: &str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            state: State::Bad,
            name: name.to_owned(),
            found: found.into(),
            next: Some(next.into()),
        }
    }

    fn note(name: &str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            state: State::Note,
            name: name.to_owned(),
            found: found.into(),
            next: Some(next.into()),
        }
    }
}

/// Everything, in the order in which a newcomer sets it up.
pub async fn examine(settings: &Settings) -> Vec<Line> {
    let mut lines = Vec::new();
    // Telegram alone is a whole bot: then nothing of Instagram is missing.
    if settings.telegram.token.is_none() || settings.takes_instagram() {
        lines.extend([
            secrets(settings),
            verify_token(settings),
            public_url(settings),
        ]);
        lines.push(token(settings).await);
    }
    if settings.telegram.token.is_some() {
        lines.push(telegram(settings).await);
    }
    if let Some(url) = &settings.redis.url {
        lines.push(redis(url, &settings.redis.jobs_key).await);
    }
    lines.push(database(settings).await);
    lines.extend(tools(settings).await);
    lines
}

fn secrets(settings: &Settings) -> Line {
    match settings.instagram.app_secrets.len() {
        0 => Line::bad(
            "app secret",
            "not set: no delivery could be told from a forgery",
            "copy it from Meta's dashboard (App settings > Basic) into INSTAGRAM_APP_SECRET",
        ),
        1 => Line::good("app secret", "set"),
        count => Line::good("app secret", format!("{count} set")),
    }
}

fn verify_token(settings: &Settings) -> Line {
    if settings.instagram.verify_token.is_some() {
        Line::good("verify token", "set")
    } else {
        Line::bad(
            "verify token",
            "not set: Meta cannot verify the webhook",
            "choose any word, set INSTAGRAM_VERIFY_TOKEN, and type it into Meta's webhook form",
        )
    }
}

fn public_url(settings: &Settings) -> Line {
    match &settings.public_url {
        None => Line::note(
            "public address",
            "not set: links to files are never sent, and Meta must know the address all the same",
            "set GRAMOPHONE_PUBLIC_URL to the HTTPS address of your proxy",
        ),
        Some(url) if url.scheme() != "https" => Line::bad(
            "public address",
            "not HTTPS: Meta refuses to deliver there",
            "put nginx or Caddy with a certificate before this server; samples are in the README",
        ),
        Some(url) => Line::note(
            "webhook",
            format!("{}/webhooks/instagram", url.as_str().trim_end_matches('/')),
            "enter this address and the verify token in Meta's dashboard, and subscribe to messages",
        ),
    }
}

async fn token(settings: &Settings) -> Line {
    const NAME: &str = "access token";
    let instagram = &settings.instagram;
    if instagram.page_access_token.is_none() {
        return Line::bad(
            NAME,
            "not set: messages are stored but nobody is answered",
            "make a Page access token in Meta's dashboard and set INSTAGRAM_PAGE_ACCESS_TOKEN",
        );
    }
    let graph = Graph::new(
        convert::hosts(settings),
        settings.graph.version,
        Arc::new(Unobserved),
    );
    let (Ok(graph), Some(credentials)) = (graph, accounts::of_settings(instagram)) else {
        return Line::bad(
            NAME,
            "the Graph client cannot be set up",
            "check the section [graph] of the settings",
        );
    };
    ask_who_we_are(&graph, &credentials, instagram.account_id.as_deref()).await
}

async fn ask_who_we_are(
    graph: &Graph,
    credentials: &Credentials,
    configured: Option<&str>,
) -> Line {
    const NAME: &str = "access token";
    match (graph.me(credentials).await, configured) {
        (Err(error), _) => Line::bad(
            NAME,
            error.to_string(),
            "make a new token in Meta's dashboard and set INSTAGRAM_PAGE_ACCESS_TOKEN; for a network error try again",
        ),
        (Ok(me), None) => Line::note(
            NAME,
            "Meta accepts it",
            format!(
                "set instagram.account_id to {} so that events of other accounts are not answered",
                me.account
                    .as_ref()
                    .map_or("the account's id", |id| id.as_str())
            ),
        ),
        (Ok(me), Some(configured)) => match me.account {
            Some(account) if account.as_str() != configured => Line::bad(
                NAME,
                format!("it belongs to account {account}, the settings name {configured}"),
                format!("set instagram.account_id to {account}, or use the other account's token"),
            ),
            _ => Line::good(NAME, "Meta accepts it"),
        },
    }
}

async fn telegram(settings: &Settings) -> Line {
    const NAME: &str = "Telegram";
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let bot = match app::outside::telegram_of(settings, &clock) {
        Ok(Some(bot)) => bot,
        Ok(None) => return Line::note(NAME, "not set up", "set TELEGRAM_BOT_TOKEN"),
        Err(error) => {
            return Line::bad(
                NAME,
                super::told(&error),
                "check the section [telegram] of the settings",
            );
        }
    };
    let identity = match bot.identify().await {
        Ok(identity) => identity,
        Err(error) => {
            return Line::bad(
                NAME,
                format!("does not know the bot ({})", error.code),
                "set TELEGRAM_BOT_TOKEN to what @BotFather gave; for a network error try again",
            );
        }
    };
    let name = identity.username.unwrap_or(identity.id);
    match bot.webhook_info().await {
        Ok(webhook) if webhook.last_error_message.is_some() => Line::note(
            NAME,
            format!(
                "@{name}; a delivery failed: {}",
                webhook.last_error_message.unwrap_or_default()
            ),
            "see that Telegram reaches public_url over HTTPS, or set telegram.updates to \"polling\"",
        ),
        Ok(webhook) if webhook.url.is_empty() => {
            Line::good(NAME, format!("@{name}, asked for its updates"))
        }
        Ok(_) => Line::good(NAME, format!("@{name}, delivers to a webhook")),
        Err(error) => Line::bad(NAME, error.code, "try again"),
    }
}

async fn redis(url: &SecretString, key: &str) -> Line {
    const NAME: &str = "Redis";
    let mut intake = match Intake::open(url, key) {
        Ok(intake) => intake,
        Err(error) => return Line::bad(NAME, error.to_string(), "check redis.url"),
    };
    match tokio::time::timeout(REDIS_PATIENCE, intake.waiting()).await {
        Ok(Ok(waiting)) => Line::good(NAME, format!("answers; {waiting} jobs wait in {key}")),
        Ok(Err(error)) => Line::bad(
            NAME,
            error.to_string(),
            "start it, or correct redis.url and redis.jobs_key",
        ),
        Err(_) => Line::bad(
            NAME,
            "does not answer in time",
            "start it, or correct redis.url",
        ),
    }
}

async fn database(settings: &Settings) -> Line {
    match app::open_store(settings, false).await {
        Ok(store) => {
            let answer = store.ping().await;
            store.close().await;
            match answer {
                Ok(()) => Line::good("database", "opens and answers"),
                Err(error) => Line::bad(
                    "database",
                    error.to_string(),
                    "check database.url and free disk space",
                ),
            }
        }
        Err(error) => Line::bad(
            "database",
            super::told(&error),
            "check database.url, and that this user may write to the data folder",
        ),
    }
}

async fn tools(settings: &Settings) -> Vec<Line> {
    match Studio::new(convert::media(settings)) {
        Ok(studio) => studio.check().await.into_iter().map(tool).collect(),
        Err(error) => vec![Line::bad(
            "tools",
            error.to_string(),
            "check the sections [media] and [tools]",
        )],
    }
}

fn tool(report: ToolReport) -> Line {
    let version = report
        .version
        .unwrap_or_else(|| "version unknown".to_owned());
    let found = match report.age_days {
        Some(days) => format!("{version}, {days} days old"),
        None => version,
    };
    match report.problem {
        None => Line::good(report.name, found),
        Some(problem) => Line::bad(
            report.name,
            problem,
            format!(
                "install {} and name it in the section [tools] of the settings; make setup-demo does it here",
                report.name
            ),
        ),
    }
}
