//! API keys from the command line: how the first one is made.

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use store::{KeyKind, KeyRow, NewKey};
use uuid::Uuid;

use crate::{accounts::secret, api::Scope, app, settings::Settings};

/// What a key is to be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What people call it.
    pub name: String,
    /// `read`, `send`, `manage`, `publish`, `admin`.
    pub scopes: Vec<String>,
    /// The accounts it may use; none: all.
    pub accounts: Vec<String>,
}

/// Every key, revoked ones too, the newest first.
pub async fn list(settings: &Settings) -> anyhow::Result<Vec<KeyRow>> {
    let store = app::open_store(settings, false).await?;
    let keys = store.keys().await;
    store.close().await;
    Ok(keys?)
}

/// Makes a key. The answer is the only sight of it: for the operator's eyes, not for a log.
pub async fn make(settings: &Settings, wanted: Wanted) -> anyhow::Result<String> {
    if let Some(word) = wanted
        .scopes
        .iter()
        .find(|word| Scope::parse(word).is_none())
    {
        anyhow::bail!("{word} is no scope; take of: read, send, manage, publish, admin");
    }
    let store = app::open_store(settings, false).await?;
    let fresh = secret::make(KeyKind::Key);
    let key = NewKey {
        kind: KeyKind::Key,
        hash: fresh.hash,
        prefix: fresh.prefix,
        name: wanted.name,
        scopes: wanted.scopes,
        accounts: (!wanted.accounts.is_empty()).then_some(wanted.accounts),
        expires_at_ms: None,
    };
    let kept = store.add_key(key).await;
    store.close().await;
    kept?;
    Ok(fresh.secret.expose_secret().to_owned())
}

/// From now on this key is no good. False: there is no such key, or it was revoked before.
pub async fn revoke(settings: &Settings, id: &str) -> anyhow::Result<bool> {
    let id: Uuid = id
        .parse()
        .context("that is no key's id; see: gramophone keys list")?;
    let store = app::open_store(settings, false).await?;
    let revoked = store.revoke_key(id).await;
    store.close().await;
    Ok(revoked?)
}
