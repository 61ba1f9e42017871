//! Who pays for a call: kept apart, since a token that somebody brings along must not spend, or close, what is ours.

use crate::id::AccountId;

/// Whose allowance a call is made from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Payer {
    /// An account's, and the app's behind it.
    Account(AccountId),
    /// That of a token which a caller brought along, by the token's hash. It may belong to another app, so what Meta
    /// says to it closes no door but its own, and no door of ours stops it.
    Guest(String),
    /// The app itself, where a call is made with its secret: to exchange a code, to look at a token.
    App,
}

impl Payer {
    /// Whether the token is a caller's.
    pub fn is_guest(&self) -> bool {
        matches!(self, Self::Guest(_))
    }
}

impl From<&AccountId> for Payer {
    fn from(account: &AccountId) -> Self {
        Self::Account(account.clone())
    }
}

impl From<&Self> for Payer {
    fn from(payer: &Self) -> Self {
        payer.clone()
    }
}
