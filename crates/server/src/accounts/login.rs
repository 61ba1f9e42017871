//! A login from its link to a connected account, top to bottom: begun here, allowed at Meta, finished once by whoever
//! began it; then the long-lived token, who the account is, its webhook subscription, and a handle of ours in place of
//! Meta's token.
//!
//! Longer than 400 lines, because the flow is told in one file, and each of its steps can fail in ways of its own.

use std::{collections::BTreeSet, time::Duration};

use graph_api::{
    budget::{Payer, Urgency},
    client::{AccessToken, Credentials, Login},
    error::{CallError, ErrorKind},
    id::{AccountId, PageId},
    oauth::{
        App, Grant, INSTAGRAM_SCOPES, LinkedPage, OwnAccount, OwnPages, PageAccount, Subscribe,
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use store::{
    AccountRow, AccountState, KeyKind, LoginTurn, NewAccount, NewKey, NewLogin, StoreError,
};
use url::Url;

use super::{
    FACEBOOK, INSTAGRAM, Registry, secret,
    verdict::{self, Failure, Verdict},
};
use crate::api::{Reach, Scope};

/// How long a login may take.
pub(crate) const LOGIN_LIVES_MS: i64 = 10 * 60_000;
/// Pages that are looked up one by one when Meta lists none.
const MOST_PAGES: usize = 20;

/// Which of Meta's logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Instagram,
    Facebook,
}

impl Family {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Instagram => INSTAGRAM,
            Self::Facebook => FACEBOOK,
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Instagram, Self::Facebook]
            .into_iter()
            .find(|family| family.as_str() == word)
    }
}

/// A login as it is meant: which one, and for which account alone if it is a reconnection.
#[derive(Debug, Clone)]
pub(crate) struct Meant {
    pub(crate) family: Family,
    pub(crate) only: Option<String>,
}

impl Meant {
    fn word(&self) -> String {
        match &self.only {
            Some(account) => format!("{}:{account}", self.family.as_str()),
            None => self.family.as_str().to_owned(),
        }
    }

    fn read(word: &str) -> Option<Self> {
        let (family, only) = word.split_once(':').map_or((word, None), |(family, only)| {
            (family, Some(only.to_owned()))
        });
        Some(Self {
            family: Family::parse(family)?,
            only,
        })
    }
}

/// Who began a login: only they can finish it.
#[derive(Debug, Clone)]
pub(crate) enum Bound {
    /// An API key.
    Key(Asker),
    /// The browser with this cookie.
    Browser(SecretString),
    /// Whoever was given the link.
    Ticket,
}

/// The key that began a login: what it gets for it is never more than it has.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) id: String,
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) reach: Reach,
}

impl Bound {
    /// Whether whoever began it may connect this account.
    fn may_connect(&self, account: &str) -> bool {
        match self {
            Self::Key(Asker {
                reach: Reach::Only(ids),
                ..
            }) => ids.contains(account),
            _ => true,
        }
    }

    fn word(&self) -> String {
        match self {
            Self::Key(key) => format!("key {}", key.id),
            Self::Browser(cookie) => format!("browser {}", secret::hash(cookie.expose_secret())),
            Self::Ticket => "ticket".to_owned(),
        }
    }

    fn hash(&self, state: &str) -> String {
        // A state that a caller chose is theirs alone: two callers may choose the same. One of ours is found whoever
        // brings it, so that we can say that it is somebody else's.
        match self {
            Self::Key(key) => secret::hash(&format!("key {} state {state}", key.id)),
            Self::Browser(_) => secret::hash(&format!("browser state {state}")),
            Self::Ticket => secret::hash(&format!("ticket {state}")),
        }
    }
}

/// What came back from Meta.
#[derive(Debug, Clone)]
pub(crate) struct Back {
    pub(crate) code: Option<SecretString>,
    /// The login it finishes; without one, an administrator says which family it is.
    pub(crate) state: Option<String>,
    pub(crate) without_state: Option<Family>,
    /// Pages that were chosen.
    pub(crate) pages: Vec<String>,
}

/// A finished login.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) row: AccountRow,
    pub(crate) media_count: Option<i64>,
    /// What a program gets instead of Meta's token; a browser is shown none.
    pub(crate) handle: Option<SecretString>,
    /// Why events do not come yet, if they do not.
    pub(crate) not_subscribed: Option<Failure>,
}

/// Why a login did not finish.
#[derive(Debug)]
pub(crate) enum LoginError {
    /// A known failure, and Meta's own error where there is one.
    Known(Failure, Option<CallError>),
    /// Several Pages could be meant: the login goes on with the ones that are chosen.
    Choose(Vec<LinkedPage>),
    /// Meta takes no calls for so long. Nothing of the login is used up: it may be finished then.
    NotYet(Duration),
    /// Meta ended it in the middle, and takes no calls for so long: another login is needed then.
    CutShort(Duration),
    Store(StoreError),
}

impl From<Failure> for LoginError {
    fn from(failure: Failure) -> Self {
        Self::Known(failure, None)
    }
}

impl From<CallError> for LoginError {
    fn from(error: CallError) -> Self {
        Self::Known(verdict::of(&error), Some(error))
    }
}

impl From<StoreError> for LoginError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Meta has taken the code, or may have: trying again means logging in again.
fn code_is_spent(error: LoginError) -> LoginError {
    match error {
        LoginError::Known(verdict::AWAY, meta) => LoginError::Known(verdict::CUT_OFF, meta),
        error => error,
    }
}

impl Registry {
    /// Begins a login: Meta's page for a browser. `state` comes back with it.
    pub(crate) async fn begin_login(
        &self,
        meant: &Meant,
        bound: &Bound,
        state: &str,
    ) -> Result<Url, LoginError> {
        let app = self.app(meant.family)?;
        self.remember_login(meant, bound, state).await?;
        let back = self.redirect_uri();
        let url = match meant.family {
            Family::Instagram => self.graph.instagram_login(&app, &back, state),
            Family::Facebook => self.graph.facebook_login(&app, &back, state),
        };
        Ok(url?)
    }

    /// A login that begins when its link is opened: what stands in the link.
    pub(crate) async fn ticket(&self, meant: &Meant) -> Result<String, LoginError> {
        let ticket = secret::random();
        self.remember_login(meant, &Bound::Ticket, &ticket).await?;
        Ok(ticket)
    }

    /// Takes a ticket, once.
    pub(crate) async fn take_ticket(&self, ticket: &str) -> Result<Meant, LoginError> {
        Ok(self.take(&Bound::Ticket, ticket).await?.0)
    }

    async fn remember_login(
        &self,
        meant: &Meant,
        bound: &Bound,
        state: &str,
    ) -> Result<(), StoreError> {
        let store = self.safe.store();
        let login = NewLogin {
            hash: bound.hash(state),
            login: meant.word(),
            bound_to: bound.word(),
            expires_at_ms: store.clock().now_ms() + LOGIN_LIVES_MS,
        };
        store.begin_login(login).await
    }

    async fn take(
        &self,
        bound: &Bound,
        state: &str,
    ) -> Result<(Meant, Option<SecretString>), LoginError> {
        let turn = self
            .safe
            .take_login(&bound.hash(state), &bound.word())
            .await?;
        match turn {
            LoginTurn::Yours { login, kept } => {
                let meant = Meant::read(&login).ok_or(verdict::STATE_UNKNOWN)?;
                Ok((meant, kept))
            }
            LoginTurn::Unknown => Err(verdict::STATE_UNKNOWN.into()),
            LoginTurn::Used => Err(verdict::STATE_USED.into()),
            LoginTurn::Expired => Err(verdict::STATE_EXPIRED.into()),
            LoginTurn::Foreign => Err(verdict::STATE_FOREIGN.into()),
        }
    }

    /// Finishes a login, once: the accounts that are connected now.
    pub(crate) async fn finish_login(
        &self,
        bound: &Bound,
        back: Back,
    ) -> Result<Vec<Connected>, LoginError> {
        // Before the state and the code are spent: both are good once.
        self.may_call(&Payer::App).await?;
        let (meant, kept) = match (&back.state, back.without_state) {
            (Some(state), _) => self.take(bound, state).await?,
            (None, Some(family)) => (Meant { family, only: None }, None),
            (None, None) => return Err(verdict::STATE_UNKNOWN.into()),
        };
        let connected = match meant.family {
            Family::Instagram => {
                let short = self.exchange(meant.family, bound, &back).await?;
                let connected = self.connect_instagram(&meant, bound, short).await;
                vec![connected.map_err(code_is_spent)?]
            }
            Family::Facebook => {
                let person = match kept {
                    Some(token) => token,
                    None => self.facebook_grant(bound, &back).await?,
                };
                let connected = self.connect_pages(&meant, bound, &back, &person).await;
                match connected {
                    Err(error) => return Err(self.goes_on(error, bound, &back, person).await?),
                    Ok(connected) => connected,
                }
            }
        };
        if let Err(error) = self.reload().await {
            tracing::warn!(%error, "the accounts cannot be read anew");
        }
        Ok(connected)
    }

    /// A permit for somebody who waits, within the bound for everybody who does.
    async fn may_call(&self, payer: &Payer) -> Result<(), LoginError> {
        let clock = self.safe.store().clock();
        let patience_ms = i64::from(self.settings.api.wait_seconds) * 1000;
        let give_up_ms = clock.now_ms().saturating_add(patience_ms);
        loop {
            match self.permit(payer, Urgency::Now) {
                Ok(()) => return Ok(()),
                Err(until_ms) if until_ms <= give_up_ms => clock.sleep_until(until_ms).await,
                Err(until_ms) => return Err(LoginError::NotYet(self.left(until_ms))),
            }
        }
    }

    fn left(&self, until_ms: i64) -> Duration {
        let now_ms = self.safe.store().clock().now_ms();
        Duration::from_millis(until_ms.saturating_sub(now_ms).max(0).unsigned_abs())
    }

    /// A call of a login that is being finished, with its permit; a refusal tells the calls that follow.
    async fn paid<T>(
        &self,
        payer: &Payer,
        call: impl Future<Output = Result<T, CallError>> + Send,
    ) -> Result<T, LoginError> {
        match self.may_call(payer).await {
            Err(LoginError::NotYet(wait)) => return Err(LoginError::CutShort(wait)),
            other => other?,
        }
        call.await.map_err(|error| match self.learn(payer, &error) {
            Some(until_ms) => LoginError::CutShort(self.left(until_ms)),
            None => error.into(),
        })
    }

    /// A code is exchanged once, whoever brings it again and however fast.
    async fn code<'a>(&self, back: &'a Back) -> Result<&'a SecretString, LoginError> {
        let code = back.code.as_ref().ok_or(verdict::CODE_MISSING)?;
        let hash = secret::hash(code.expose_secret());
        if self.safe.store().spend_code(&hash).await? {
            Ok(code)
        } else {
            Err(verdict::CODE_USED.into())
        }
    }

    /// The short-lived token for the code. Where Meta was not even reached, state and code are as good as before.
    async fn exchange(
        &self,
        family: Family,
        bound: &Bound,
        back: &Back,
    ) -> Result<Grant, LoginError> {
        let app = self.app(family)?;
        let code = self.code(back).await?;
        let uri = self.redirect_uri();
        let payer = Payer::App;
        let exchanged = match family {
            Family::Instagram => {
                let call = self.graph.instagram_code(&app, &uri, code);
                self.paid(&payer, call).await
            }
            Family::Facebook => {
                let call = self.graph.facebook_code(&app, &uri, code);
                self.paid(&payer, call).await
            }
        };
        let error = match exchanged {
            Ok(grant) => return Ok(grant),
            // Meta did not look at it.
            Err(LoginError::CutShort(wait)) => LoginError::NotYet(wait),
            Err(LoginError::Known(_, Some(CallError::NotSent(why)))) => {
                CallError::NotSent(why).into()
            }
            Err(error) => return Err(code_is_spent(error)),
        };
        let store = self.safe.store();
        store
            .give_back_code(&secret::hash(code.expose_secret()))
            .await?;
        if let Some(state) = &back.state {
            store.give_back_login(&bound.hash(state)).await?;
        }
        Err(error)
    }

    /// A login of Facebook's that can go on with the token that it has: a Page has to be chosen, or Meta is away.
    async fn goes_on(
        &self,
        error: LoginError,
        bound: &Bound,
        back: &Back,
        person: SecretString,
    ) -> Result<LoginError, StoreError> {
        let error = match error {
            LoginError::CutShort(wait) if back.state.is_some() => LoginError::NotYet(wait),
            error => error,
        };
        let can = matches!(
            error,
            LoginError::Choose(_) | LoginError::NotYet(_) | LoginError::Known(verdict::AWAY, _)
        );
        match &back.state {
            Some(state) if can => {
                let hash = bound.hash(state);
                self.safe.keep_with_login(&hash, person).await?;
                Ok(error)
            }
            _ => Ok(code_is_spent(error)),
        }
    }

    async fn instagram_grant(&self, short: Grant) -> Result<Grant, LoginError> {
        let app = self.app(Family::Instagram)?;
        let exchange = self.graph.instagram_long_lived(&app, &short.token);
        let mut long = self.paid(&Payer::App, exchange).await?;
        long.permissions = long.permissions.or(short.permissions);
        let lacks_basic = long.permissions.as_ref().is_some_and(|granted| {
            !granted
                .iter()
                .any(|scope| Some(&scope.as_str()) == INSTAGRAM_SCOPES.first())
        });
        if lacks_basic {
            return Err(verdict::SCOPES_MISSING.into());
        }
        Ok(long)
    }

    async fn facebook_grant(&self, bound: &Bound, back: &Back) -> Result<SecretString, LoginError> {
        let short = self.exchange(Family::Facebook, bound, back).await?;
        let app = self.app(Family::Facebook)?;
        let exchange = self.graph.facebook_long_lived(&app, &short.token);
        let long = self.paid(&Payer::App, exchange).await;
        Ok(long.map_err(code_is_spent)?.token)
    }

    async fn connect_instagram(
        &self,
        meant: &Meant,
        bound: &Bound,
        short: Grant,
    ) -> Result<Connected, LoginError> {
        let grant = self.instagram_grant(short).await?;
        let credentials =
            self.fresh_credentials(AccountId::from("me"), Login::Instagram, &grant.token);
        self.connect(meant, bound, credentials, grant).await
    }

    async fn connect_pages(
        &self,
        meant: &Meant,
        bound: &Bound,
        back: &Back,
        person: &SecretString,
    ) -> Result<Vec<Connected>, LoginError> {
        let mut pages = self.linked_pages(person).await?;
        pages.retain(|page| {
            let meant = meant
                .only
                .as_deref()
                .is_none_or(|only| page.account.as_ref().is_some_and(|id| id.as_str() == only));
            let may = page.account.as_ref();
            let may = may.is_some_and(|id| bound.may_connect(id.as_str()));
            meant && may
        });
        if pages.is_empty() {
            return Err(verdict::OTHER_ACCOUNT.into());
        }
        let is_chosen = |page: &LinkedPage| back.pages.iter().any(|id| id == page.id.as_str());
        // Whoever names a Page that is not among them is asked again, not turned away.
        let is_open = back.pages.is_empty() && pages.len() > 1;
        if is_open || !back.pages.is_empty() && !pages.iter().any(is_chosen) {
            return Err(LoginError::Choose(pages));
        }
        pages.retain(|page| back.pages.is_empty() || is_chosen(page));
        let mut connected = Vec::with_capacity(pages.len());
        for page in pages {
            let (Some(account), Some(token)) = (page.account, page.token) else {
                return Err(verdict::PAGE_ROLE.into());
            };
            let login = Login::Facebook { page_id: page.id };
            let credentials = self.fresh_credentials(account, login, &token);
            // A Page's token has no end; what it may do, Meta says on asking.
            let app = self.app(Family::Facebook)?;
            let look = self.graph.debug_token(&app, &token);
            let facts = self.paid(&Payer::App, look).await;
            let grant = Grant {
                token,
                lives: None,
                permissions: facts.ok().map(|facts| facts.scopes),
            };
            connected.push(self.connect(meant, bound, credentials, grant).await?);
        }
        Ok(connected)
    }

    /// The Pages that have an Instagram account and a token for us.
    async fn linked_pages(&self, person: &SecretString) -> Result<Vec<LinkedPage>, LoginError> {
        let login = Login::Facebook {
            page_id: PageId::from("me"),
        };
        let credentials = self.fresh_credentials(AccountId::from("me"), login, person);
        let payer = newcomer(&credentials);
        let listed = self.graph.ask(&credentials, &OwnPages);
        let mut pages = self.paid(&payer, listed).await?;
        if pages.is_empty() {
            // Pages of a business are missing from the list at times, though they were chosen.
            let app = self.app(Family::Facebook)?;
            let look = self.graph.debug_token(&app, person);
            let facts = self.paid(&Payer::App, look).await?;
            for page in facts.targets.into_iter().take(MOST_PAGES) {
                let call = PageAccount { page: page.into() };
                match self.paid(&payer, self.graph.ask(&credentials, &call)).await {
                    Ok(page) => pages.push(page),
                    Err(LoginError::CutShort(wait)) => return Err(LoginError::CutShort(wait)),
                    // Targets are Pages and accounts alike; what is no Page is none of ours.
                    Err(_) => {}
                }
            }
        }
        if pages.is_empty() {
            return Err(verdict::NO_PAGE.into());
        }
        pages.retain(|page| page.account.is_some());
        if pages.is_empty() {
            return Err(verdict::PAGE_WITHOUT_ACCOUNT.into());
        }
        pages.retain(|page| page.token.is_some());
        if pages.is_empty() {
            return Err(verdict::PAGE_ROLE.into());
        }
        Ok(pages)
    }

    /// Who the account is, its row, its subscription, its handle. Longer than 60 lines for the row's many columns.
    async fn connect(
        &self,
        meant: &Meant,
        bound: &Bound,
        mut credentials: Credentials,
        grant: Grant,
    ) -> Result<Connected, LoginError> {
        let asked = self.graph.ask(&credentials, &OwnAccount);
        let profile = self.paid(&newcomer(&credentials), asked).await?;
        let account = profile.account.as_str().to_owned();
        let is_other = meant.only.as_deref().is_some_and(|only| only != account);
        if is_other || !bound.may_connect(&account) {
            return Err(verdict::OTHER_ACCOUNT.into());
        }
        credentials.account = profile.account;
        let store = self.safe.store();
        let now_ms = store.clock().now_ms();
        let lives_ms = grant
            .lives
            .and_then(|lives| i64::try_from(lives.as_millis()).ok());
        let page_id = match &credentials.login {
            Login::Facebook { page_id } => Some(page_id.as_str().to_owned()),
            Login::Instagram => None,
        };
        let row = self
            .safe
            .connect(NewAccount {
                account: account.clone(),
                app_scoped_id: profile.app_scoped_id,
                page_id,
                login: meant.family.as_str().to_owned(),
                username: profile.username.clone(),
                name: profile.name,
                account_type: profile.account_type,
                origin: "login".to_owned(),
                token_print: secret::print(&grant.token),
                token: grant.token,
                settings_print: None,
                issued_at_ms: Some(now_ms),
                expires_at_ms: lives_ms.map(|lives_ms| now_ms + lives_ms),
                scopes: grant.permissions,
                verdict: Verdict::Fine.as_str().to_owned(),
            })
            .await?;
        let not_subscribed = self.subscribe(&credentials, &row).await;
        // What waits for this account goes on.
        store
            .set_account_state("instagram", &account, AccountState::Active)
            .await?;
        tracing::info!(
            account,
            login = meant.family.as_str(),
            "an account was connected"
        );
        Ok(Connected {
            handle: match bound {
                Bound::Key(key) => Some(self.handle(&row, key).await?),
                Bound::Browser(_) | Bound::Ticket => None,
            },
            row,
            media_count: profile.media_count,
            not_subscribed,
        })
    }

    /// Lets the account's events come to us; says why not.
    async fn subscribe(&self, credentials: &Credentials, row: &AccountRow) -> Option<Failure> {
        let mut subscribe = Subscribe {
            scopes: row.scopes.clone(),
            only_core: false,
        };
        let payer = credentials.payer();
        let account = credentials.account.as_str();
        let asked = self.graph.ask(credentials, &subscribe);
        let mut error = self.paid(&payer, asked).await.err()?;
        // Meta takes all fields or none, and its list changes: fewer kinds of event are better than no event.
        if let LoginError::Known(_, Some(refusal)) = &error
            && refusal
                .graph()
                .is_some_and(|graph| graph.kind == ErrorKind::BadRequest)
        {
            tracing::warn!(error = %refusal, account, "Meta refused the list of events, so only messages and comments are asked for");
            subscribe.only_core = true;
            let asked = self.graph.ask(credentials, &subscribe);
            error = self.paid(&payer, asked).await.err()?;
        }
        let failure = match error {
            LoginError::Known(failure, _) => failure,
            _ => verdict::THROTTLED,
        };
        let code = failure.code;
        tracing::warn!(
            code,
            account,
            "the account's events are not delivered to us yet"
        );
        Some(failure)
    }

    /// A new handle for an account: what our callers keep instead of Meta's token. It may do what the key that asked may.
    async fn handle(&self, row: &AccountRow, key: &Asker) -> Result<SecretString, StoreError> {
        let fresh = secret::make(KeyKind::Handle);
        let name = row.username.as_deref().unwrap_or(&row.account);
        let key = NewKey {
            kind: KeyKind::Handle,
            hash: fresh.hash,
            prefix: fresh.prefix,
            name: format!("@{name}"),
            scopes: Scope::OF_ACCOUNT
                .into_iter()
                .filter(|scope| key.scopes.contains(scope) || key.scopes.contains(&Scope::Admin))
                .map(|scope| scope.as_str().to_owned())
                .collect(),
            accounts: Some(vec![row.account.clone()]),
            expires_at_ms: None,
        };
        self.safe.store().add_key(key).await?;
        Ok(fresh.secret)
    }

    fn fresh_credentials(
        &self,
        account: AccountId,
        login: Login,
        token: &SecretString,
    ) -> Credentials {
        Credentials {
            account,
            app_secret: self.proof_secret(&login),
            login,
            token: AccessToken::from(token.clone()),
        }
    }

    /// The app that a login goes through.
    pub(super) fn app(&self, family: Family) -> Result<App, Failure> {
        let instagram = &self.settings.instagram;
        let common = (
            instagram.app_id.clone(),
            instagram.app_secrets.first().cloned(),
        );
        let (id, secret) = match family {
            Family::Instagram => common,
            Family::Facebook => (
                instagram.facebook_app_id.clone().or(common.0),
                instagram.facebook_app_secret.clone().or(common.1),
            ),
        };
        match (id, secret) {
            (Some(id), Some(secret)) => Ok(App { id, secret }),
            _ => Err(verdict::APP_UNSET),
        }
    }

    fn redirect_uri(&self) -> String {
        match &self.settings.instagram.redirect_uri {
            Some(uri) => uri.to_string(),
            None => format!("{}/instagram/auth/callback", self.base_url()),
        }
    }
}

/// Who pays for the calls of somebody whose account nobody knows yet: nobody else's allowance, and the app's.
fn newcomer(credentials: &Credentials) -> Payer {
    if credentials.account.as_str() == "me" {
        return Payer::Account(AccountId::from(format!(
            "login {}",
            credentials.token.fingerprint()
        )));
    }
    credentials.payer()
}
