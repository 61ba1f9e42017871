//! Who asks, and what they may do: an API key, an account's handle, or nobody where the settings allow that.
#![allow(clippy::unused_async)]

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, request::Parts},
};
use graph_api::{client::Credentials, id::AccountId};
use secrecy::SecretString;

use super::{ApiError, Gate};

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scope {
    /// Look.
    Read,
    /// Write to people.
    Send,
    /// Moderate, and change what is set.
    Manage,
    /// Post.
    Publish,
    /// Everything, keys and accounts included.
    Admin,
}

impl Scope {
    pub(crate) const ALL: [Self; 5] = [
        Self::Read,
        Self::Send,
        Self::Manage,
        Self::Publish,
        Self::Admin,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Send => "send",
            Self::Manage => "manage",
            Self::Publish => "publish",
            Self::Admin => "admin",
        }
    }
}

/// Which accounts a caller may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every account.
    All,
    /// These professional accounts.
    Only(BTreeSet<String>),
}

/// Somebody who may ask.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// For limits, logs and idempotency: the key's visible name, never the key.
    pub(crate) name: String,
    scopes: BTreeSet<Scope>,
    reach: Reach,
}

/// An account that the caller may use, with what opens it.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// The professional account, as webhooks name it.
    pub(crate) id: AccountId,
    /// The account as this app alone knows it (Instagram Login's `id`).
    pub(crate) app_scoped_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) credentials: Credentials,
    /// Set when the caller brought a token of Meta's along: what is learned with it is theirs alone, and nothing of it
    /// is stored.
    pub(crate) private: Option<String>,
}

impl Caller {
    /// Finds out who asks. `token` is the `access_token` of a body of the second document.
    pub(crate) async fn of(
        gate: &Gate,
        parts: &Parts,
        token: Option<SecretString>,
    ) -> Result<Self, ApiError> {
        let _ = token;
        if gate.settings.may_stay_open() && !was_forwarded(&parts.headers) {
            return Ok(Self {
                name: "loopback".to_owned(),
                scopes: Scope::ALL.into(),
                reach: Reach::All,
            });
        }
        Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "key_missing",
            "this call needs an API key",
        )
        .next_step("Make one with: gramophone keys new. Send it as x-api-key, or as Authorization: Bearer."))
    }

    /// Fails without this scope.
    pub(crate) fn need(&self, scope: Scope) -> Result<(), ApiError> {
        if self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin) {
            return Ok(());
        }
        Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "scope_missing",
            format!("this key lacks the scope {}", scope.as_str()),
        )
        .next_step("Use a key with that scope, or make one: gramophone keys new."))
    }

    /// What they may do.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = Scope> {
        self.scopes.iter().copied()
    }

    /// Which accounts they may use.
    pub(crate) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The account they mean: by either of its ids, or the only one they have.
    pub(crate) async fn account(
        &self,
        gate: &Gate,
        picked: Option<&str>,
    ) -> Result<Account, ApiError> {
        gate.accounts.pick(&self.reach, picked)
    }
}

impl FromRequestParts<Arc<Gate>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gate: &Arc<Gate>) -> Result<Self, ApiError> {
        Self::of(gate, parts, None).await
    }
}

/// A proxy stands in between, so loopback proves nothing.
fn was_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name == "forwarded"
            || name == "via"
            || name.starts_with("x-forwarded-")
            || name == "x-real-ip"
    })
}
