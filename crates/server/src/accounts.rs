//! Which accounts answer, and with which token: for now the one that the settings name.

use bot::Accounts;
use graph_api::{
    client::{Credentials, Login},
    id::AccountId,
};
use secrecy::SecretString;

use crate::{
    api::{Account, ApiError, Reach},
    settings::{Instagram, LoginKind},
};

/// The accounts of this installation.
#[derive(Debug)]
pub(crate) struct Registry {
    /// `None`: events of any account are answered.
    account: Option<String>,
    login: Login,
    /// Without a token nobody is answered.
    token: Option<SecretString>,
    app_secret: Option<SecretString>,
}

impl Registry {
    pub(crate) fn new(instagram: &Instagram) -> Self {
        let login = match instagram.login {
            LoginKind::Facebook => Login::Facebook {
                page_id: instagram.page_id.clone().unwrap_or_else(|| "me".to_owned()),
            },
            LoginKind::Instagram => Login::Instagram,
        };
        Self {
            account: instagram.account_id.clone(),
            login,
            token: instagram.page_access_token.clone(),
            app_secret: instagram.app_secrets.first().cloned(),
        }
    }
}

impl Registry {
    /// The account that is meant: by its id, or the only one within reach.
    pub(crate) fn pick(&self, reach: &Reach, picked: Option<&str>) -> Result<Account, ApiError> {
        let id = picked.or(self.account.as_deref()).ok_or_else(no_account)?;
        let within = match reach {
            Reach::All => true,
            Reach::Only(ids) => ids.contains(id),
        };
        let credentials = within.then(|| self.credentials(id)).flatten();
        let credentials = credentials.ok_or_else(no_account)?;
        Ok(Account {
            id: credentials.account.clone(),
            app_scoped_id: None,
            username: None,
            credentials,
            private: None,
        })
    }
}

fn no_account() -> ApiError {
    ApiError::new(
        axum::http::StatusCode::NOT_FOUND,
        "account_unknown",
        "no such account is connected, or this key may not use it",
    )
    .next_step("List the accounts with GET /v1/accounts, or connect one: GET /instagram/auth/url.")
}

impl Accounts for Registry {
    fn credentials(&self, account: &str) -> Option<Credentials> {
        if self.account.as_deref().is_some_and(|ours| ours != account) {
            return None;
        }
        Some(Credentials {
            account: AccountId::from(account.to_owned()),
            login: self.login.clone(),
            token: self.token.clone()?.into(),
            app_secret: self.app_secret.clone(),
        })
    }
}
