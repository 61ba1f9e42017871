//! Accounts and whether we may act for them.

use store::{AccountState, Store};

use crate::{app, settings::Settings};

const CHANNEL: &str = "instagram";

/// An account as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountLine {
    /// `entry[].id` of its events.
    pub account: String,
    /// `active`, `needs login` or `stopped`.
    pub state: &'static str,
    /// Why it is not active.
    pub reason: Option<String>,
}

/// The account of the settings and every account with a state of its own.
pub async fn list(settings: &Settings) -> anyhow::Result<Vec<AccountLine>> {
    let store = app::open_store(settings, false).await?;
    let lines = lines(&store, settings.instagram.account_id.as_deref()).await;
    store.close().await;
    lines
}

async fn lines(store: &Store, configured: Option<&str>) -> anyhow::Result<Vec<AccountLine>> {
    let mut states = store.account_states(CHANNEL).await?;
    if let Some(account) = configured
        && !states.iter().any(|(known, _)| known == account)
    {
        states.push((account.to_owned(), AccountState::Active));
    }
    Ok(states
        .into_iter()
        .map(|(account, state)| line(account, state))
        .collect())
}

fn line(account: String, state: AccountState) -> AccountLine {
    let (state, reason) = match state {
        AccountState::Active => ("active", None),
        AccountState::NeedsLogin { reason } => ("needs login", Some(reason)),
        AccountState::Stopped { reason } => ("stopped", Some(reason)),
    };
    AccountLine {
        account,
        state,
        reason,
    }
}

/// Says that the account may be used again: its waiting jobs go on.
pub async fn activate(settings: &Settings, account: &str) -> anyhow::Result<()> {
    let store = app::open_store(settings, false).await?;
    let set = store
        .set_account_state(CHANNEL, account, AccountState::Active)
        .await;
    store.close().await;
    Ok(set?)
}
