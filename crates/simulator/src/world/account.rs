//! Professional accounts and the tokens that open them.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::media::Media;
use super::rate::Spent;
use super::{State, pacific};
use crate::Options;
use crate::seed::shape::Numbers;

/// Which of Meta's two log-ins made a token; it decides the host the token works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Login {
    /// graph.facebook.com, Page access token.
    Facebook,
    /// graph.instagram.com, Instagram user access token.
    Instagram,
}

/// What became of a token; each dead state has its own subcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenState {
    Active,
    /// 463
    Expired,
    /// 460
    Revoked,
    /// 458
    AppRemoved,
    /// 459
    Checkpoint,
    /// 467
    Invalid,
    /// 492
    RoleLost,
}

impl TokenState {
    pub(crate) fn subcode(self) -> Option<u32> {
        match self {
            Self::Active => None,
            Self::AppRemoved => Some(458),
            Self::Checkpoint => Some(459),
            Self::Revoked => Some(460),
            Self::Expired => Some(463),
            Self::Invalid => Some(467),
            Self::RoleLost => Some(492),
        }
    }
}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenKind {
    /// An Instagram user's: one professional account.
    Instagram,
    /// A Facebook person's: their Pages, and nothing that a Page must do itself.
    User,
    /// A Page's.
    Page,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// Empty for a Facebook person's token.
    pub(crate) account: String,
    pub(crate) login: Login,
    pub(crate) kind: TokenKind,
    /// Made to live 60 days.
    pub(crate) long: bool,
    pub(crate) state: TokenState,
    pub(crate) issued_ms: i64,
    pub(crate) expires_ms: Option<i64>,
    /// When Facebook stops giving data out although the token lives.
    pub(crate) data_access_ms: Option<i64>,
    pub(crate) scopes: BTreeSet<String>,
    /// Pages a Facebook person granted.
    pub(crate) pages: BTreeSet<String>,
    /// The person's token that a Page's token was made from.
    pub(crate) parent: Option<String>,
}

impl Token {
    /// A token that never ends with every permission of its log-in, as tests and the demo use it.
    pub(crate) fn endless(account: &str, login: Login) -> Self {
        Self {
            account: account.to_owned(),
            login,
            kind: match login {
                Login::Facebook => TokenKind::Page,
                Login::Instagram => TokenKind::Instagram,
            },
            long: true,
            state: TokenState::Active,
            issued_ms: 0,
            expires_ms: None,
            data_access_ms: None,
            scopes: all_scopes(login),
            pages: BTreeSet::new(),
            parent: None,
        }
    }

    /// Its state now: time alone can end it.
    pub(crate) fn state_at(&self, now_ms: i64) -> TokenState {
        if self.expires_ms.is_some_and(|at_ms| now_ms >= at_ms) {
            TokenState::Expired
        } else {
            self.state
        }
    }
}

/// A Page that no Instagram account is linked to.
#[derive(Debug, Clone)]
pub(crate) struct LonelyPage {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// What an account shows of itself besides its names.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) biography: String,
    pub(crate) website: String,
    pub(crate) account_type: String,
    /// Insights of older media are refused.
    pub(crate) professional_since_ms: i64,
    pub(crate) followers_count: u64,
    pub(crate) follows_count: u64,
    /// Filled in by [`State::shown_account`].
    pub(crate) media_count: usize,
}

impl Default for About {
    fn default() -> Self {
        Self {
            biography: String::new(),
            website: String::new(),
            account_type: "BUSINESS".into(),
            professional_since_ms: 0,
            followers_count: 0,
            follows_count: 0,
            media_count: 0,
        }
    }
}

/// One professional account.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in Meta's settings"
)]
pub(crate) struct Account {
    /// The id that webhooks carry (`user_id` in the Instagram flavour).
    pub(crate) id: String,
    /// The app-scoped id that `/me?fields=id` answers in the Instagram flavour.
    pub(crate) app_scoped_id: String,
    pub(crate) page_id: String,
    pub(crate) username: String,
    pub(crate) name: String,
    /// Webhook fields the app gets for this account; empty: unsubscribed.
    pub(crate) fields: BTreeSet<String>,
    /// The owner's switch "allow access to messages".
    pub(crate) message_access: bool,
    /// The app holds the Human Agent feature.
    pub(crate) human_agent: bool,
    /// Whether several images in one message are enabled (2534068 otherwise).
    pub(crate) image_lists: bool,
    /// `/me` answers `{"data":[{…}]}` in the Instagram flavour, as one of Meta's samples shows.
    pub(crate) wrapped_me: bool,
    /// Restricted by policy: every call fails with 10/1893063.
    pub(crate) restricted: bool,
    /// Personal accounts cannot use the API.
    pub(crate) professional: bool,
    /// Its owner has a role on the app; without it an app in development is refused every call.
    pub(crate) role: bool,
    /// Impressions of the last 24 hours, as far as they decide how often the app may call; absent: that of the limits.
    pub(crate) impressions: Option<u32>,
    /// `ice_breakers` and `persistent_menu`, as they were set.
    pub(crate) profile: serde_json::Map<String, serde_json::Value>,
    pub(crate) spent: Spent,
    pub(crate) about: About,
    /// What its insights are computed from; shared, as nobody changes it.
    pub(crate) numbers: Arc<Numbers>,
}

impl Account {
    pub(crate) fn new(id: &str, page_id: &str, username: &str) -> Self {
        Self {
            id: id.to_owned(),
            app_scoped_id: app_scoped(id),
            page_id: page_id.to_owned(),
            username: username.to_owned(),
            name: "Gramophone".into(),
            fields: WEBHOOK_FIELDS
                .iter()
                .map(|field| (*field).to_owned())
                .collect(),
            message_access: true,
            human_agent: false,
            image_lists: true,
            wrapped_me: false,
            restricted: false,
            professional: true,
            role: true,
            impressions: None,
            profile: serde_json::Map::new(),
            spent: Spent::default(),
            about: About::default(),
            numbers: Arc::default(),
        }
    }
}

/// Field names an app can subscribe to; an unknown one fails the call. `message_echoes` is on Meta's page and yet no
/// such name: its own refusal lists the others (reported from 2026-05 on), and echoes come with `messages`.
pub(crate) const WEBHOOK_FIELDS: [&str; 14] = [
    "comments",
    "live_comments",
    "mentions",
    "message_edit",
    "message_reactions",
    "messages",
    "messaging_handover",
    "messaging_optins",
    "messaging_policy_enforcement",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "response_feedback",
    "standby",
];

/// Meta's names, also those that a Page role from Business Manager needs
/// (<https://developers.facebook.com/docs/instagram-platform/overview>, 2026-11).
pub(crate) const FACEBOOK_SCOPES: [&str; 14] = [
    "ads_management",
    "ads_read",
    "business_management",
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_comments",
    "instagram_manage_contents",
    "instagram_manage_engagement",
    "instagram_manage_insights",
    "instagram_manage_messages",
    "pages_manage_metadata",
    "pages_messaging",
    "pages_read_engagement",
    "pages_show_list",
];

/// <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login>, 2026-02;
/// the insights pages add the one for insights.
pub(crate) const INSTAGRAM_SCOPES: [&str; 5] = [
    "instagram_business_basic",
    "instagram_business_content_publish",
    "instagram_business_manage_comments",
    "instagram_business_manage_insights",
    "instagram_business_manage_messages",
];

/// Every permission that its log-in can grant.
pub(crate) fn all_scopes(login: Login) -> BTreeSet<String> {
    let scopes: &[&str] = match login {
        Login::Facebook => &FACEBOOK_SCOPES,
        Login::Instagram => &INSTAGRAM_SCOPES,
    };
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}

/// A different number for the same account, as Meta gives each app its own.
fn app_scoped(id: &str) -> String {
    let tail: String = id
        .chars()
        .rev()
        .take(12)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    format!("29999{tail:0>12}")
}

impl State {
    /// An account with what changes by itself: its followers at the end of the last Pacific day, and its posts.
    pub(crate) fn shown_account(&self, id: &str, now_ms: i64) -> Option<Account> {
        let mut account = self.accounts.get(id)?.clone();
        let yesterday = pacific::plus(pacific::day_of(now_ms), -1);
        if let Some(day) = account.numbers.day(yesterday) {
            account.about.followers_count = day.followers;
        }
        let listed = |media: &&Media| media.is_listed(id, now_ms);
        account.about.media_count = self.media.values().filter(listed).count();
        Some(account)
    }

    /// The account and tokens that [`Options`] name.
    pub(crate) fn seed(&mut self, options: &Options) {
        let account = Account::new(&options.account_id, &options.page_id, "gramophone");
        self.accounts.insert(account.id.clone(), account);
        for (value, login) in [
            (&options.page_token, Login::Facebook),
            (&options.instagram_token, Login::Instagram),
        ] {
            self.tokens
                .insert(value.clone(), Token::endless(&options.account_id, login));
        }
        self.seed_choices();
        self.app.dashboard.redirect_uris = options.redirect_uris.iter().cloned().collect();
    }

    /// What the log-in pages offer besides: another business, a personal account, a Page without Instagram. The app
    /// gets no events of them until it subscribes.
    fn seed_choices(&mut self) {
        for (id, page, username, name, professional) in [
            (
                "17841400000000003",
                "100000000000003",
                "atelie.da.bia",
                "Ateliê da Bia",
                true,
            ),
            ("17841400000000004", "", "bia.pessoal", "Bia Moreira", false),
        ] {
            let mut account = Account::new(id, page, username);
            name.clone_into(&mut account.name);
            account.professional = professional;
            account.fields.clear();
            self.accounts.insert(id.to_owned(), account);
        }
        self.lonely_pages.push(LonelyPage {
            id: "100000000000009".into(),
            name: "Praça das Flores".into(),
        });
    }
}
