//! Accounts and whether we may act for them.

use store::{AccountRow, AccountState, Store};

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
    /// Its handle, where it is connected.
    pub username: Option<String>,
    /// Its verdict and the days its token has left, where it is connected.
    pub health: Option<String>,
}

/// The account of the settings, every connected one, and every one with a state of its own.
pub async fn list(settings: &Settings) -> anyhow::Result<Vec<AccountLine>> {
    let store = app::open_store(settings, false).await?;
    let lines = lines(&store, settings.instagram.account_id.as_deref()).await;
    store.close().await;
    lines
}

async fn lines(store: &Store, configured: Option<&str>) -> anyhow::Result<Vec<AccountLine>> {
    let mut states = store.account_states(CHANNEL).await?;
    let rows = store.linked_accounts().await?;
    let connected = rows.iter().map(|row| row.account.as_str());
    for account in configured.into_iter().chain(connected) {
        if !states.iter().any(|(known, _)| known == account) {
            states.push((account.to_owned(), AccountState::Active));
        }
    }
    let now_ms = store.clock().now_ms();
    let lines = states.into_iter().map(|(account, state)| {
        let row = rows.iter().find(|row| row.account == account);
        line(account, state, row, now_ms)
    });
    Ok(lines.collect())
}

fn line(
    account: String,
    state: AccountState,
    row: Option<&AccountRow>,
    now_ms: i64,
) -> AccountLine {
    const DAY_MS: i64 = 86_400_000;
    let (state, reason) = match state {
        AccountState::Active => ("active", None),
        AccountState::NeedsLogin { reason } => ("needs login", Some(reason)),
        AccountState::Stopped { reason } => ("stopped", Some(reason)),
    };
    let health = row.map(|row| {
        let verdict = &row.health.verdict;
        match row.expires_at_ms.map(|end_ms| (end_ms - now_ms) / DAY_MS) {
            Some(days) => format!("{verdict}, {days} days left"),
            None => verdict.clone(),
        }
    });
    AccountLine {
        account,
        state,
        reason,
        username: row.and_then(|row| row.username.clone()),
        health,
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
