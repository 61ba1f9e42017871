//! The accounts that are connected: a view in memory of what the store keeps, which bot and gateway read on every call,
//! and everything that changes it: the settings' token, logins, refreshes, and what calls show about an account.

mod alert;
mod caller_token;
mod heard;
pub(crate) mod login;
pub(crate) mod secret;
mod settings;
pub(crate) mod tend;
pub(crate) mod verdict;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::http::StatusCode;
use bot::{Accounts, channel::instagram::SharedBudget};
use graph_api::{
    budget::{Bucket, Payer, Permit, Urgency},
    client::{Credentials, Graph, Login},
    error::CallError,
    id::{AccountId, PageId},
};
use secrecy::SecretString;
use store::{AccountRow, Safe, StoreError};
use tokio_util::sync::CancellationToken;

use crate::{
    api::{Account, ApiError, Reach},
    settings::{Instagram, LoginKind, Settings},
};

pub(crate) use heard::Heard;
use verdict::Verdict;

/// How often the view is read anew: another process may have changed what is stored.
const READ_EVERY: Duration = Duration::from_secs(5);

/// A connected account with what opens it.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) row: AccountRow,
    /// `None`: it is stored and does not open.
    pub(crate) token: Option<SecretString>,
}

/// What decides about kept answers of an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) connected_at_ms: i64,
    /// Meta takes its token, as far as anybody knows.
    pub(crate) is_usable: bool,
}

#[derive(Debug, Default)]
struct View {
    /// By the professional account's id.
    accounts: BTreeMap<String, Known>,
    /// The settings' token while nobody knows whose it is: it answers for any account, as it always did.
    nameless: Option<Credentials>,
}

/// The accounts of this installation.
pub(crate) struct Registry {
    safe: Safe,
    graph: Arc<Graph>,
    /// The allowance that everybody spends.
    budget: SharedBudget,
    settings: Arc<Settings>,
    heard: Arc<Heard>,
    /// Where we listen, for links while there is no public address.
    listens: std::sync::OnceLock<std::net::SocketAddr>,
    view: RwLock<View>,
    /// Held from the read to the end of the write, so that an older read never takes a newer one's place.
    reading: tokio::sync::Mutex<()>,
    brought: caller_token::Brought,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

impl Registry {
    /// The registry with what is stored and what the settings bring. Asks nobody.
    pub(crate) async fn open(
        safe: Safe,
        graph: Arc<Graph>,
        budget: SharedBudget,
        settings: Arc<Settings>,
        heard: Arc<Heard>,
    ) -> Result<Self, StoreError> {
        let registry = Self {
            brought: caller_token::Brought::new(Arc::clone(safe.store().clock())),
            safe,
            graph,
            budget,
            settings,
            heard,
            listens: std::sync::OnceLock::new(),
            view: RwLock::default(),
            reading: tokio::sync::Mutex::default(),
        };
        registry.take_settings().await?;
        registry.reload().await?;
        Ok(registry)
    }

    /// Keeps the view fresh, and writes down what calls have shown.
    pub(crate) async fn watch(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            self.write_what_was_heard().await;
            if let Err(error) = self.reload().await {
                tracing::warn!(%error, "the accounts cannot be read anew");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.heard.something() => {}
                () = tokio::time::sleep(READ_EVERY) => {}
            }
        }
        self.write_what_was_heard().await;
    }

    /// Reads what is stored.
    pub(crate) async fn reload(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.reading.lock().await;
        let mut accounts = BTreeMap::new();
        for (row, token) in self.safe.tokens().await? {
            let token = match token {
                Ok(token) => Some(token),
                Err(error) => {
                    tracing::error!(account = %row.account, %error, "an account's token does not open");
                    None
                }
            };
            accounts.insert(row.account.clone(), Known { row, token });
        }
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        view.accounts = accounts;
        Ok(())
    }

    /// Whether Meta may be asked on this account now; else when.
    fn permit(&self, payer: &Payer, urgency: Urgency) -> Result<(), i64> {
        let now_ms = self.safe.store().clock().now_ms();
        match self.budget.take(payer, Bucket::Other, urgency, now_ms) {
            Permit::Go => Ok(()),
            Permit::Wait { until_ms } => Err(until_ms),
        }
    }

    /// What a refusal says about the calls that follow: until when they stay away, if it was for asking too much.
    fn learn(&self, payer: &Payer, error: &CallError) -> Option<i64> {
        let now_ms = self.safe.store().clock().now_ms();
        let closed = self
            .budget
            .learn_error(payer, Bucket::Other, error.graph()?, now_ms)?;
        Some(now_ms.saturating_add(i64::try_from(closed.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Says where the listener is.
    pub(crate) fn listens_at(&self, address: std::net::SocketAddr) {
        // A second address would be a second listener, which there is not.
        let _ = self.listens.set(address);
    }

    /// Where the world, or whoever sits at this machine, reaches us; without a slash at its end.
    pub(crate) fn base_url(&self) -> String {
        if let Some(url) = &self.settings.public_url {
            return url.as_str().trim_end_matches('/').to_owned();
        }
        let listen = &self.settings.listen;
        let address = self.listens.get().copied();
        let address = address.unwrap_or_else(|| (listen.address, listen.port).into());
        format!("http://{address}")
    }

    /// Whether the account's login granted insights; none: nobody knows.
    pub(crate) fn grants_insights(&self, account: &str) -> Option<bool> {
        let granted = self.find(account)?.row.scopes?;
        let is_it = |scope: &String| {
            [
                "instagram_manage_insights",
                "instagram_business_manage_insights",
            ]
            .contains(&scope.as_str())
        };
        Some(granted.iter().any(is_it))
    }

    /// Every connected account.
    pub(crate) fn all(&self) -> Vec<Known> {
        self.read(|view| view.accounts.values().cloned().collect())
    }

    /// A connected account by either of its ids.
    pub(crate) fn find(&self, id: &str) -> Option<Known> {
        self.read(|view| {
            let by_scoped = || {
                let scoped = |known: &&Known| known.row.app_scoped_id.as_deref() == Some(id);
                view.accounts.values().find(scoped)
            };
            view.accounts.get(id).or_else(by_scoped).cloned()
        })
    }

    /// How a connected account stands, as far as whatever is kept of it is concerned.
    pub(crate) fn standing(&self, account: &str) -> Option<Standing> {
        self.read(|view| {
            let row = &view.accounts.get(account)?.row;
            Some(Standing {
                connected_at_ms: row.connected_at_ms,
                is_usable: Verdict::parse(&row.health.verdict).is_usable(),
            })
        })
    }

    fn read<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The account that is meant: by either of its ids, or the only one within reach.
    pub(crate) fn pick(&self, reach: &Reach, picked: Option<&str>) -> Result<Account, ApiError> {
        let within = |id: &str| match reach {
            Reach::All => true,
            Reach::Only(ids) => ids.contains(id),
        };
        if let Some(id) = picked {
            let found = self.find(id).filter(|known| within(&known.row.account));
            return match found {
                Some(known) => self.account(&known),
                None => self.nameless_account(reach, id),
            };
        }
        let mut all = self.all();
        all.retain(|known| within(&known.row.account));
        match all.as_slice() {
            [one] => self.account(one),
            [] => {
                let id = self.settings.instagram.account_id.as_deref();
                self.nameless_account(reach, id.unwrap_or("me"))
            }
            _ => Err(ambiguous(&all)),
        }
    }

    /// The account as the API's handlers use it.
    fn account(&self, known: &Known) -> Result<Account, ApiError> {
        let credentials = self.credentials_of(known).ok_or_else(locked)?;
        Ok(Account {
            id: credentials.account.clone(),
            app_scoped_id: known.row.app_scoped_id.clone(),
            credentials,
            private: None,
        })
    }

    fn nameless_account(&self, reach: &Reach, id: &str) -> Result<Account, ApiError> {
        let credentials = (*reach == Reach::All)
            .then(|| self.credentials(id))
            .flatten()
            .ok_or_else(no_account)?;
        Ok(Account {
            id: credentials.account.clone(),
            app_scoped_id: None,
            credentials,
            private: None,
        })
    }

    pub(crate) fn credentials_of(&self, known: &Known) -> Option<Credentials> {
        let row = &known.row;
        let login = match row.page_id.clone() {
            Some(page_id) if row.login == FACEBOOK => Login::Facebook {
                page_id: page_id.into(),
            },
            _ => Login::Instagram,
        };
        Some(Credentials {
            account: AccountId::from(row.account.clone()),
            app_secret: self.proof_secret(&login),
            login,
            token: known.token.clone()?.into(),
        })
    }

    /// The secret of the app that the token was given to.
    fn proof_secret(&self, login: &Login) -> Option<SecretString> {
        let instagram = &self.settings.instagram;
        match login {
            Login::Facebook { .. } => instagram.facebook_app_secret.clone(),
            Login::Instagram => None,
        }
        .or_else(|| instagram.app_secrets.first().cloned())
    }
}

/// The words of the two logins, in rows and addresses.
pub(crate) const FACEBOOK: &str = "facebook";
pub(crate) const INSTAGRAM: &str = "instagram";

impl Accounts for Registry {
    fn credentials(&self, account: &str) -> Option<Credentials> {
        let known = self.read(|view| view.accounts.get(account).cloned());
        if let Some(known) = known {
            return self.credentials_of(&known);
        }
        let nameless = self.read(|view| view.nameless.clone())?;
        Some(Credentials {
            account: AccountId::from(account),
            ..nameless
        })
    }
}

/// What the settings bring, as they stand: for whoever asks Meta before anything is stored.
pub(crate) fn of_settings(instagram: &Instagram) -> Option<Credentials> {
    let login = match instagram.login {
        LoginKind::Facebook => Login::Facebook {
            page_id: PageId::from(instagram.page_id.as_deref().unwrap_or("me")),
        },
        LoginKind::Instagram => Login::Instagram,
    };
    Some(Credentials {
        account: AccountId::from(instagram.account_id.as_deref().unwrap_or("me")),
        login,
        token: instagram.page_access_token.clone()?.into(),
        app_secret: instagram.app_secrets.first().cloned(),
    })
}

pub(crate) fn no_account() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "account_unknown",
        "no such account is connected, or this key may not use it",
    )
    .next_step("List the accounts with GET /v1/accounts, or connect one: GET /instagram/auth/url.")
}

fn locked() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "token_locked",
        "the account's token does not open with this server's master key",
    )
    .next_step("Set the master key that was used before, or connect the account again: GET /instagram/auth/url.")
}

fn ambiguous(all: &[Known]) -> ApiError {
    let names: Vec<&str> = all.iter().map(|known| known.row.account.as_str()).collect();
    ApiError::invalid_at(
        "account",
        format!(
            "several accounts are connected; name one of {} (user_id, or in the path)",
            names.join(", ")
        ),
    )
}
