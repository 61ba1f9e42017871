//! The account that the settings name (`INSTAGRAM_PAGE_ACCESS_TOKEN` and its ids): it becomes a row like any other, is
//! changed when the setting is, and works from the settings alone while Meta is away and nobody knows whose it is.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use graph_api::{
    budget::Urgency,
    client::{Credentials, Login},
    error::CallError,
    oauth::OwnAccount,
};
use store::{HealthChange, NewAccount, StoreError};
use tokio_util::sync::CancellationToken;

use super::{
    FACEBOOK, INSTAGRAM, Registry, of_settings, secret,
    verdict::{self, Verdict},
};

/// Where a row's token came from.
const ORIGIN: &str = "settings";
/// Before Meta is asked for the second time whose a token is.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// And at most, however often it was asked.
const LONGEST_PAUSE: Duration = Duration::from_mins(30);

/// The pause after so many tries: twice as long each time, and up to a quarter shorter by chance.
fn pause(tries: u32, chance: u8) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1_u32.checked_shl(tries - 1).unwrap_or(u32::MAX));
    let longest = doubled.min(LONGEST_PAUSE);
    longest.saturating_sub(longest / 4 * u32::from(chance) / u32::from(u8::MAX))
}

impl Registry {
    /// Puts the settings' account into the store, as far as the settings alone can tell who it is.
    pub(super) async fn take_settings(&self) -> Result<(), StoreError> {
        let Some(credentials) = of_settings(&self.settings.instagram) else {
            return Ok(());
        };
        if let Some(id) = self.settings.instagram.account_id.clone() {
            return self.connect_settings(&id, &credentials, None).await;
        }
        let print = self.settings_print();
        let rows = self.safe.store().linked_accounts().await?;
        if rows.iter().all(|row| row.settings_print != print) {
            let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
            view.nameless = Some(credentials);
        }
        Ok(())
    }

    /// Finds out whose the settings' token is. While Meta does not say it is asked more and more rarely, since calls
    /// count where they fail as well.
    pub(crate) async fn know_settings(self: Arc<Self>, stop: CancellationToken) {
        let clock = Arc::clone(self.safe.store().clock());
        let mut tries = 0;
        while !stop.is_cancelled() && !self.know_settings_account().await {
            tries += 1;
            tokio::select! {
                () = stop.cancelled() => {}
                () = clock.sleep(pause(tries, rand::random())) => {}
            }
        }
    }

    /// Asks Meta whose the settings' token is. True: there is nothing (more) to find out.
    async fn know_settings_account(&self) -> bool {
        let instagram = &self.settings.instagram;
        let Some(credentials) = of_settings(instagram) else {
            return true;
        };
        let print = self.settings_print();
        let ours = |known: &super::Known| known.row.settings_print == print;
        let known = self.all().into_iter().find(ours);
        if known
            .as_ref()
            .is_some_and(|known| known.row.username.is_some())
        {
            return true;
        }
        if known.is_none() && instagram.account_id.is_some() {
            // It was disconnected by hand, or a newer login stands in its place.
            return true;
        }
        if self.permit(&credentials.payer(), Urgency::CanWait).is_err() {
            return false;
        }
        match self.who(&credentials).await {
            Ok(found) => self.name_settings_account(&credentials, found).await,
            Err(error) => {
                let failure = verdict::of(&error);
                if failure.verdict == Verdict::Unchecked {
                    tracing::warn!(%error, "Meta does not say yet whose INSTAGRAM_PAGE_ACCESS_TOKEN is");
                    return false;
                }
                let (says, next) = failure.english;
                tracing::error!(%error, next, "INSTAGRAM_PAGE_ACCESS_TOKEN is no good: {says}");
                if let Some(known) = known {
                    let change = HealthChange {
                        verdict: Some(failure.verdict.as_str().to_owned()),
                        ..HealthChange::default()
                    };
                    self.judge(&known.row.account, change, failure).await;
                }
                true
            }
        }
    }

    async fn name_settings_account(&self, credentials: &Credentials, found: Found) -> bool {
        let id = found.account.clone();
        let named = self.settings.instagram.account_id.as_deref();
        if named.is_some_and(|named| named != id) {
            tracing::error!(
                account = id,
                "instagram.account_id names another account than INSTAGRAM_PAGE_ACCESS_TOKEN belongs to: set it to this one"
            );
        }
        let id = named.map_or(id, str::to_owned);
        let stored = self.connect_settings(&id, credentials, Some(found)).await;
        if let Err(error) = stored {
            tracing::warn!(%error, "the settings' account cannot be stored yet");
            return false;
        }
        if let Err(error) = self.reload().await {
            tracing::warn!(%error, "the accounts cannot be read anew");
            return false;
        }
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        view.nameless = None;
        true
    }

    async fn connect_settings(
        &self,
        id: &str,
        credentials: &Credentials,
        found: Option<Found>,
    ) -> Result<(), StoreError> {
        let (Some(print), Some(token)) = (
            self.settings_print(),
            self.settings.instagram.page_access_token.clone(),
        ) else {
            return Ok(());
        };
        let known = self.safe.store().linked_account(id).await?;
        let is_the_same = known
            .as_ref()
            .is_some_and(|row| row.settings_print.as_deref() == Some(&print));
        if is_the_same && found.is_none() {
            // A login or a refresh may have brought a newer token since; and whoever disconnected it meant it.
            return Ok(());
        }
        let is_newer = known.as_ref().is_some_and(|row| {
            is_the_same && row.token_print.as_deref() != Some(secret::print(&token).as_str())
        });
        if is_newer {
            return Ok(());
        }
        let verdict = match found {
            Some(_) => Verdict::Fine,
            None => Verdict::Unchecked,
        };
        let (login, page_id) = match &credentials.login {
            Login::Facebook { page_id } => (FACEBOOK, Some(page_id.as_str().to_owned())),
            Login::Instagram => (INSTAGRAM, None),
        };
        let found = found.unwrap_or_default();
        let account = NewAccount {
            account: id.to_owned(),
            app_scoped_id: found.app_scoped_id,
            page_id: found.page_id.or(page_id),
            login: login.to_owned(),
            username: found.username,
            name: found.name,
            account_type: found.account_type,
            origin: ORIGIN.to_owned(),
            token_print: secret::print(&token),
            token,
            settings_print: Some(print),
            issued_at_ms: None,
            expires_at_ms: None,
            scopes: None,
            verdict: verdict.as_str().to_owned(),
        };
        self.safe.connect(account).await?;
        Ok(())
    }

    fn settings_print(&self) -> Option<String> {
        let instagram = &self.settings.instagram;
        instagram.page_access_token.as_ref().map(secret::print)
    }

    /// Who stands behind credentials that may not know their own account. Takes no permit.
    pub(super) async fn who(&self, credentials: &Credentials) -> Result<Found, CallError> {
        let found = self.ask_who(credentials).await;
        if let Err(error) = &found {
            self.learn(&credentials.payer(), error);
        }
        found
    }

    async fn ask_who(&self, credentials: &Credentials) -> Result<Found, CallError> {
        match &credentials.login {
            Login::Instagram => {
                let profile = self.graph.ask(credentials, &OwnAccount).await?;
                Ok(Found {
                    account: profile.account.into_string(),
                    app_scoped_id: profile.app_scoped_id,
                    page_id: None,
                    username: profile.username,
                    name: profile.name,
                    account_type: profile.account_type,
                })
            }
            Login::Facebook { .. } => {
                let me = self.graph.me(credentials).await?;
                let account = me.account.map(graph_api::id::AccountId::into_string);
                let account = account.unwrap_or_else(|| credentials.account.as_str().to_owned());
                Ok(Found {
                    account,
                    app_scoped_id: None,
                    page_id: Some(me.id),
                    username: me.username,
                    name: me.name,
                    account_type: None,
                })
            }
        }
    }
}

/// An account as Meta names it.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    pub(super) account: String,
    pub(super) app_scoped_id: Option<String>,
    pub(super) page_id: Option<String>,
    pub(super) username: Option<String>,
    pub(super) name: Option<String>,
    pub(super) account_type: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_is_asked_more_and_more_rarely() {
        for (tries, seconds) in [(1, 5), (2, 10), (3, 20), (9, 1280), (10, 1800), (90, 1800)] {
            let longest = Duration::from_secs(seconds);
            assert_eq!(pause(tries, 0), longest);
            assert_eq!(pause(tries, u8::MAX), longest * 3 / 4);
        }
    }
}
