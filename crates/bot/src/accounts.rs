//! Whose key opens which account.
//!
//! A trait, because today the one account comes from the environment and later ones come from a
//! table of people who signed in; nothing above needs to know.

use graph_api::client::Credentials;

/// Finds the credentials of an account.
pub trait Accounts: Send + Sync {
    /// The credentials of this professional account (`entry[].id`), if it is ours.
    fn credentials(&self, account: &str) -> Option<Credentials>;
}

/// The accounts that the settings name.
#[derive(Debug, Clone, Default)]
pub struct StaticAccounts(Vec<Credentials>);

impl StaticAccounts {
    /// These accounts and no others.
    pub fn new(accounts: Vec<Credentials>) -> Self {
        Self(accounts)
    }
}

impl Accounts for StaticAccounts {
    fn credentials(&self, account: &str) -> Option<Credentials> {
        self.0
            .iter()
            .find(|known| known.account.as_str() == account)
            .cloned()
    }
}
