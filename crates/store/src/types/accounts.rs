//! Connected accounts, the keys that may use them, and logins on their way.

use secrecy::SecretString;
use uuid::Uuid;

/// An account that was connected, without its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Ours, for ever: the token is sealed to it.
    pub id: Uuid,
    /// The id that events name.
    pub account: String,
    /// The id under which this app alone knows it.
    pub app_scoped_id: Option<String>,
    /// The page it is linked to, where the login went through one.
    pub page_id: Option<String>,
    /// Which login, in the caller's word.
    pub login: String,
    /// Its handle.
    pub username: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What sort of account, in the caller's word.
    pub account_type: Option<String>,
    /// Where its token came from, in the caller's word.
    pub origin: String,
    /// By which a new token is told from an old one; nothing leads back from it.
    pub token_print: Option<String>,
    /// The print of the setting that last changed this account.
    pub settings_print: Option<String>,
    /// When the token was issued.
    pub issued_at_ms: Option<i64>,
    /// When it was last exchanged for a fresh one.
    pub refreshed_at_ms: Option<i64>,
    /// When it ends; `None`: never, or nobody said.
    pub expires_at_ms: Option<i64>,
    /// What it may do; `None`: nobody said.
    pub scopes: Option<Vec<String>>,
    /// How it is.
    pub health: AccountHealth,
    /// When it was first connected.
    pub connected_at_ms: i64,
    /// When it was disconnected; its token is gone since.
    pub removed_at_ms: Option<i64>,
}

/// How an account is, as far as calls have shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountHealth {
    /// The caller's word.
    pub verdict: String,
    /// Since when.
    pub verdict_at_ms: i64,
    /// The last call that went well.
    pub last_good_at_ms: Option<i64>,
    /// The code of the last failure that said something about the account.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at_ms: Option<i64>,
}

/// What is new about an account's health; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HealthChange {
    /// The caller's word.
    pub verdict: Option<String>,
    /// A call went well then.
    pub good_at_ms: Option<i64>,
    /// A failure's code.
    pub error: Option<String>,
    /// What the token may do.
    pub scopes: Option<Vec<String>>,
    /// When the token ends.
    pub expires_at_ms: Option<i64>,
}

/// An account as a login or a setting brings it.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The id that events name: what is known under it is updated.
    pub account: String,
    /// The id under which this app alone knows it.
    pub app_scoped_id: Option<String>,
    /// The page it is linked to.
    pub page_id: Option<String>,
    /// Which login.
    pub login: String,
    /// Its handle.
    pub username: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What sort of account.
    pub account_type: Option<String>,
    /// Where its token came from.
    pub origin: String,
    /// The token, sealed before it is written.
    pub token: SecretString,
    /// By which it is told from another.
    pub token_print: String,
    /// Set where a setting brought it.
    pub settings_print: Option<String>,
    /// When it was issued.
    pub issued_at_ms: Option<i64>,
    /// When it ends.
    pub expires_at_ms: Option<i64>,
    /// What it may do.
    pub scopes: Option<Vec<String>>,
    /// The health it starts with.
    pub verdict: String,
}

/// A fresh token for an account that is there.
#[derive(Debug, Clone)]
pub struct FreshToken {
    /// The token, sealed before it is written.
    pub token: SecretString,
    /// By which it is told from another.
    pub token_print: String,
    /// When it ends.
    pub expires_at_ms: Option<i64>,
}

/// Where a rotation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotated {
    /// The key that everything is sealed with now.
    pub key: i64,
    /// Rows that were sealed anew.
    pub resealed: u64,
    /// Rows that no key opens: they stay as they are, and their account has to log in again.
    pub unreadable: u64,
    /// Older keys that were thrown away.
    pub keys_dropped: u64,
}

/// Whether a key was made by hand, or stands for one account's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Made by an operator.
    Key,
    /// Given out by a login, as the token of an account.
    Handle,
}

/// A key of our API, of which only a hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Its id.
    pub id: Uuid,
    /// What sort.
    pub kind: KeyKind,
    /// SHA-256 of the key, in hex.
    pub hash: String,
    /// Its first characters, by which people recognise it.
    pub prefix: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Which accounts it may use; `None`: all.
    pub accounts: Option<Vec<String>>,
    /// When it was made.
    pub created_at_ms: i64,
    /// When it was last used, to the minute.
    pub last_used_at_ms: Option<i64>,
    /// Since when it is no good.
    pub revoked_at_ms: Option<i64>,
    /// When it ends.
    pub expires_at_ms: Option<i64>,
}

/// A key to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// What sort.
    pub kind: KeyKind,
    /// SHA-256 of the key, in hex.
    pub hash: String,
    /// Its first characters.
    pub prefix: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Which accounts it may use; `None`: all.
    pub accounts: Option<Vec<String>>,
    /// When it ends.
    pub expires_at_ms: Option<i64>,
}

/// A login that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLogin {
    /// SHA-256 of what comes back with it, in hex.
    pub hash: String,
    /// Which login.
    pub login: String,
    /// To whom it is bound, in the caller's words; no secret.
    pub bound_to: String,
    /// When it is too late.
    pub expires_at_ms: i64,
}

/// Whether a login may go on.
#[derive(Debug, Clone)]
pub enum LoginTurn {
    /// Yes, this once: which login it is, and what was kept with it.
    Yours {
        /// Which login.
        login: String,
        /// What was sealed with it.
        kept: Option<SecretString>,
    },
    /// Nobody began it.
    Unknown,
    /// It went on before.
    Used,
    /// It took too long.
    Expired,
    /// Somebody else began it.
    Foreign,
}
