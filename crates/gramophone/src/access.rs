//! Who may use what: accounts and how they are, API keys, and the keys that stored secrets are sealed with.

use anyhow::Context as _;
use server::{
    operate::{self, keys::Wanted},
    settings::Settings,
};

use crate::{
    cli::{Accounts, Keys, Secrets},
    console::say,
};

/// `gramophone accounts`.
pub(crate) async fn accounts(settings: &Settings, command: Option<Accounts>) -> anyhow::Result<()> {
    match command.unwrap_or(Accounts::List) {
        Accounts::List => {
            let lines = operate::accounts::list(settings).await?;
            if lines.is_empty() {
                say(
                    "no account yet; start the server and open /instagram/auth/url, or set INSTAGRAM_PAGE_ACCESS_TOKEN",
                );
            }
            for line in lines {
                let name = line
                    .username
                    .map(|name| format!("  @{name}"))
                    .unwrap_or_default();
                let reason = line
                    .reason
                    .map(|reason| format!(" ({reason})"))
                    .unwrap_or_default();
                let health = line
                    .health
                    .map(|health| format!("  {health}"))
                    .unwrap_or_default();
                say(format!(
                    "{}{name}  {}{reason}{health}",
                    line.account, line.state
                ));
                if line.state != "active" {
                    say(format!(
                        "  -> connect it again, or set a new token, then: gramophone accounts activate {}",
                        line.account
                    ));
                }
            }
        }
        Accounts::Activate { id } => {
            operate::accounts::activate(settings, &id).await?;
            say(format!("{id} is active; its waiting jobs go on"));
        }
    }
    Ok(())
}

/// `gramophone keys`.
pub(crate) async fn keys(settings: &Settings, command: Option<Keys>) -> anyhow::Result<()> {
    match command.unwrap_or(Keys::List) {
        Keys::List => {
            let keys = operate::keys::list(settings).await?;
            if keys.is_empty() {
                say("no key yet; make one with: gramophone keys new NAME");
            }
            for key in keys {
                let accounts = key
                    .accounts
                    .map_or_else(|| "all accounts".to_owned(), |all| all.join(","));
                let state = if key.revoked_at_ms.is_some() {
                    "  revoked"
                } else {
                    ""
                };
                let used = if key.last_used_at_ms.is_some() {
                    ""
                } else {
                    "  never used"
                };
                say(format!(
                    "{}  {}...  {}  {}  {accounts}{state}{used}",
                    key.id,
                    key.prefix,
                    key.name,
                    key.scopes.join(",")
                ));
            }
        }
        Keys::New {
            name,
            scopes,
            accounts,
        } => {
            let wanted = Wanted {
                name,
                scopes,
                accounts,
            };
            let key = operate::keys::make(settings, wanted).await?;
            say(key);
            say(
                "this is the only time it is shown; send it as x-api-key, or as Authorization: Bearer",
            );
        }
        Keys::Revoke { id } => {
            let revoked = operate::keys::revoke(settings, &id).await?;
            revoked
                .then_some(())
                .context("no such key, or it was revoked before; see: gramophone keys list")?;
            say("revoked; whoever uses it is refused from now on");
        }
    }
    Ok(())
}

/// `gramophone secrets`.
pub(crate) async fn secrets(settings: &Settings, command: &Secrets) -> anyhow::Result<()> {
    match command {
        Secrets::Rotate => {
            let rotated = operate::secrets::rotate(settings).await?;
            say(format!(
                "sealed {} secrets with a new key and threw {} older keys away",
                rotated.resealed, rotated.keys_dropped
            ));
            if rotated.unreadable > 0 {
                say(format!(
                    "{} secrets do not open: give the master key they were sealed under as master_key_before and run this \
                     again, or connect their accounts again",
                    rotated.unreadable
                ));
            }
        }
    }
    Ok(())
}
