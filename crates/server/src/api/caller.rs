//! Who asks, and what they may do: an API key, an account's handle, or nobody where the settings allow that.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
};
use graph_api::{client::Credentials, id::AccountId};
use secrecy::{ExposeSecret as _, SecretString};
use store::KeyKind;
use subtle::ConstantTimeEq as _;

use super::{ApiError, Gate, home};
use crate::{accounts::secret, error::Unadvised};

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

    /// What a handle or a token of Meta's may do: everything for its account, but nothing about keys and accounts.
    pub(crate) const OF_ACCOUNT: [Self; 4] = [Self::Read, Self::Send, Self::Manage, Self::Publish];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

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
    /// The key's id, to which a login is bound; for whoever has none, a word.
    pub(crate) id: String,
    scopes: BTreeSet<Scope>,
    reach: Reach,
    /// The account behind the handle or token that came with the call.
    brought: Option<Box<Brought>>,
}

/// An account that came with the call itself.
#[derive(Debug, Clone)]
enum Brought {
    /// By a handle of ours: its id.
    Handle(String),
    /// By a token of Meta's.
    Token(Account),
}

/// An account that the caller may use, with what opens it.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// The professional account, as webhooks name it.
    pub(crate) id: AccountId,
    /// The account as this app alone knows it (Instagram Login's `id`).
    pub(crate) app_scoped_id: Option<String>,
    pub(crate) credentials: Credentials,
    /// Set when the caller brought a token of Meta's along: what is learned with it is theirs alone, and nothing of it
    /// is stored.
    pub(crate) private: Option<String>,
}

impl Caller {
    /// Finds out who asks. `token` is the `access_token` of a body of the second document: a handle of ours, which is
    /// the key for its account, or a token of Meta's, which is good for its account and this call alone. Meta's token
    /// opens an account, not this server: a key of ours has to come with it, or nobody needs one here.
    pub(crate) async fn of(
        gate: &Gate,
        parts: &Parts,
        token: Option<SecretString>,
    ) -> Result<Self, ApiError> {
        let by_key = match key_in(&parts.headers)? {
            Some(key) => Some(Self::by_key(gate, parts, key).await?),
            None => None,
        };
        let is_open = gate.settings.may_stay_open()
            && !was_forwarded(&parts.headers)
            && home::is_asked_at_home(parts);
        match (by_key, token) {
            (by_key, Some(token)) if secret::is_ours(token.expose_secret()) => {
                let handle = Self::by_key(gate, parts, token.expose_secret()).await?;
                handle.within(by_key.as_ref())
            }
            (None, Some(token)) if secret::is_metas(token.expose_secret()) && !is_open => {
                Err(refused(
                    "key_missing",
                    "a token of Meta's opens its account only beside an API key",
                )
                .next_step(
                    "Send a key as x-api-key as well (gramophone keys new makes one), or connect the account once and \
                     send its handle instead: GET /instagram/auth/url.",
                ))
            }
            (by_key, Some(token)) if secret::is_metas(token.expose_secret()) => {
                let account = gate.accounts.brought(&token).await?;
                Ok(Self::by_token(account, by_key))
            }
            (_, Some(_)) => Err(refused(
                "token_unknown",
                "access_token is neither a handle of ours nor a token of Meta's",
            )
            .next_step("Send the access_token that POST /instagram/auth/callback answered with.")),
            (Some(caller), None) => Ok(caller),
            (None, None) if is_open => Ok(Self::anyone_here()),
            (None, None) => Err(refused("key_missing", "this call needs an API key").next_step(
                "Make one with: gramophone keys new. Send it as x-api-key, or as Authorization: Bearer.",
            )),
        }
    }

    /// Whoever sits at this machine, where the settings let them.
    fn anyone_here() -> Self {
        Self {
            name: "loopback".to_owned(),
            id: "loopback".to_owned(),
            scopes: Scope::ALL.into(),
            reach: Reach::All,
            brought: None,
        }
    }

    async fn by_key(gate: &Gate, parts: &Parts, key: &str) -> Result<Self, ApiError> {
        let hash = secret::hash(key);
        let row = gate.store.key_by_hash(&hash).await?;
        // What is no good costs whoever presented it, so that nobody guesses for long.
        let refused = |code, detail| {
            gate.limits.refused(parts, &hash);
            refused(code, detail)
        };
        let now_ms = gate.clock.now_ms();
        // The database compares the hash; once more here, in constant time, so that no index or collation decides.
        let row = row.filter(|row| row.hash.as_bytes().ct_eq(hash.as_bytes()).into());
        let Some(row) = row else {
            return Err(refused("key_unknown", "this API key is not known")
                .next_step("Check for a missing letter, or make another: gramophone keys new."));
        };
        if row.revoked_at_ms.is_some() {
            return Err(refused("key_revoked", "this API key was revoked")
                .next_step("Make another: gramophone keys new."));
        }
        if row.expires_at_ms.is_some_and(|end_ms| end_ms <= now_ms) {
            return Err(refused("key_expired", "this API key has expired")
                .next_step("Make another: gramophone keys new."));
        }
        gate.limits.note_good(&hash);
        if let Err(error) = gate.store.key_used(&row).await {
            tracing::warn!(%error, "the use of a key cannot be written down");
        }
        let brought = match (&row.kind, row.accounts.as_deref()) {
            (KeyKind::Handle, Some([account])) => Some(Box::new(Brought::Handle(account.clone()))),
            _ => None,
        };
        Ok(Self {
            name: row.name,
            id: row.id.to_string(),
            scopes: row
                .scopes
                .iter()
                .filter_map(|word| Scope::parse(word))
                .collect(),
            reach: row.accounts.map_or(Reach::All, |accounts| {
                Reach::Only(accounts.into_iter().collect())
            }),
            brought,
        })
    }

    /// A handle beside a key: the key's scopes, for the handle's account, if the key may use it.
    fn within(self, key: Option<&Self>) -> Result<Self, ApiError> {
        let (Some(key), Reach::Only(ids)) = (key, &self.reach) else {
            return Ok(self);
        };
        if let Reach::Only(allowed) = &key.reach
            && !ids.is_subset(allowed)
        {
            return Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "account_not_allowed",
                "this API key may not use the account of that access_token",
            )
            .next_step(
                "Leave one of the two out, or make a key for that account: gramophone keys new.",
            ));
        }
        Ok(Self {
            scopes: key.scopes.clone(),
            name: key.name.clone(),
            id: key.id.clone(),
            ..self
        })
    }

    fn by_token(account: Account, key: Option<Self>) -> Self {
        let print: String = account
            .private
            .iter()
            .flat_map(|hash| hash.chars().take(12))
            .collect();
        let (name, id, scopes) = if let Some(key) = key {
            (key.name, key.id, key.scopes)
        } else {
            let name = format!("token {print}");
            (name.clone(), name, Scope::OF_ACCOUNT.into())
        };
        Self {
            name,
            id,
            scopes,
            reach: Reach::Only(BTreeSet::from([account.id.as_str().to_owned()])),
            brought: Some(Box::new(Brought::Token(account))),
        }
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
    #[allow(
        clippy::unused_async,
        reason = "handlers treat the look-up as one that may have to ask"
    )]
    pub(crate) async fn account(
        &self,
        gate: &Gate,
        picked: Option<&str>,
    ) -> Result<Account, ApiError> {
        match self.brought.as_deref() {
            Some(Brought::Token(account)) => {
                let is_meant = |id: &str| {
                    id == account.id.as_str() || account.app_scoped_id.as_deref() == Some(id)
                };
                if picked.is_none_or(is_meant) {
                    Ok(account.clone())
                } else {
                    Err(crate::accounts::no_account())
                }
            }
            Some(Brought::Handle(id)) => {
                gate.accounts.pick(&self.reach, Some(picked.unwrap_or(id)))
            }
            None => gate.accounts.pick(&self.reach, picked),
        }
    }
}

impl FromRequestParts<Arc<Gate>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gate: &Arc<Gate>) -> Result<Self, ApiError> {
        Self::of(gate, parts, None).await
    }
}

fn refused(code: &'static str, detail: &str) -> Unadvised {
    ApiError::new(StatusCode::UNAUTHORIZED, code, detail)
}

/// The key in the headers: `x-api-key`, or `Authorization: Bearer`.
pub(super) fn key_in(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let text = |value: &'_ HeaderValue| {
        let text = value.to_str().ok()?.trim();
        (!text.is_empty()).then_some(())
    };
    let found = match (headers.get("x-api-key"), headers.get(header::AUTHORIZATION)) {
        (Some(key), _) if text(key).is_some() => key.to_str().ok(),
        (_, Some(value)) => {
            let value = value.to_str().unwrap_or_default();
            let (scheme, key) = value.split_once(' ').unwrap_or((value, ""));
            if !scheme.eq_ignore_ascii_case("bearer") || key.trim().is_empty() {
                return Err(refused(
                    "key_malformed",
                    "Authorization is not of the form: Bearer, a space, the key",
                )
                .next_step("Send Authorization: Bearer gmk_…, or the key alone as x-api-key."));
            }
            Some(key)
        }
        _ => None,
    };
    Ok(found.map(str::trim))
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
