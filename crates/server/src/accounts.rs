//! Which accounts answer, and with which token: for now the one that the settings name.

use bot::Accounts;
use graph_api::{
    client::{Credentials, Login},
    id::AccountId,
};
use secrecy::SecretString;

use crate::settings::{Instagram, LoginKind};

/// The account of the settings.
#[derive(Debug)]
pub(crate) struct SettingsAccount {
    /// `None`: events of any account are answered.
    account: Option<String>,
    login: Login,
    /// Without a token nobody is answered.
    token: Option<SecretString>,
    app_secret: Option<SecretString>,
}

impl SettingsAccount {
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

impl Accounts for SettingsAccount {
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
