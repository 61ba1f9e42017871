//! The app at Meta: what its dashboard holds, and the codes that its log-in pages gave out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::account::Login;

/// A code lives one hour and works once
/// (<https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login>, 2026-02).
const CODE_LIFE_MS: i64 = 3_600_000;

/// Which of the two shapes that Meta's pages and clients show for a short token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenAnswer {
    /// `{"data": [{…}]}` with `permissions` as text, as the log-in page's sample.
    #[default]
    Data,
    /// The bare object with `permissions` as a list, as clients report.
    Flat,
}

/// What a call with a version that Meta took away gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GoneVersions {
    #[default]
    Refuse,
    /// Answered by the oldest version that still lives.
    Upgrade,
}

/// What the app's dashboard holds; the switches of `POST /_sim/app`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Dashboard {
    /// Exact addresses that a log-in may lead back to; none: any address on this machine.
    pub(crate) redirect_uris: BTreeSet<String>,
    pub(crate) token_answer: TokenAnswer,
    /// A live app serves accounts without a role on it.
    pub(crate) live: bool,
    /// Whether `/me/accounts` names the Pages that were granted.
    pub(crate) pages_listed: bool,
    pub(crate) gone_versions: GoneVersions,
    /// Scopes by `config_id` of Facebook Login for Business; none: any id asks for everything.
    pub(crate) configs: BTreeMap<String, BTreeSet<String>>,
}

impl Default for Dashboard {
    fn default() -> Self {
        Self {
            redirect_uris: BTreeSet::new(),
            token_answer: TokenAnswer::default(),
            live: false,
            pages_listed: true,
            gone_versions: GoneVersions::default(),
            configs: BTreeMap::new(),
        }
    }
}

impl Dashboard {
    /// Whether a log-in may lead back to `uri`, compared letter by letter as Meta does.
    pub(crate) fn leads_to(&self, uri: &str) -> bool {
        if !self.redirect_uris.is_empty() {
            return self.redirect_uris.contains(uri);
        }
        let Ok(url) = Url::parse(uri) else {
            return false;
        };
        let here = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        here && matches!(url.scheme(), "http" | "https")
    }
}

/// What somebody allowed at a log-in page.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) login: Login,
    /// The Instagram account; in Facebook Login nobody, as a person logs in there.
    pub(crate) account: String,
    pub(crate) scopes: BTreeSet<String>,
    /// Pages that were chosen; Facebook Login only.
    pub(crate) pages: BTreeSet<String>,
}

#[derive(Debug)]
struct Code {
    grant: Grant,
    redirect_uri: String,
    made_ms: i64,
    used: bool,
}

/// Why a code gives no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeRefused {
    Unknown,
    Used,
    Late,
    OtherRedirect,
}

#[derive(Debug, Default)]
pub(crate) struct App {
    pub(crate) dashboard: Dashboard,
    /// Who logged in last in the browser; `force_reauth` asks anew.
    pub(crate) signed_in: Option<String>,
    codes: HashMap<String, Code>,
}

impl App {
    pub(crate) fn keep_code(
        &mut self,
        code: String,
        grant: Grant,
        redirect_uri: String,
        now_ms: i64,
    ) {
        self.codes.insert(
            code,
            Code {
                grant,
                redirect_uri,
                made_ms: now_ms,
                used: false,
            },
        );
    }

    /// Uses a code up. A wrong address leaves it usable, as the rightful owner may still come.
    pub(crate) fn take_code(
        &mut self,
        code: &str,
        login: Login,
        redirect_uri: &str,
        now_ms: i64,
    ) -> Result<Grant, CodeRefused> {
        let known = self
            .codes
            .get_mut(code)
            .filter(|known| known.grant.login == login)
            .ok_or(CodeRefused::Unknown)?;
        if known.used {
            return Err(CodeRefused::Used);
        }
        if now_ms >= known.made_ms + CODE_LIFE_MS {
            return Err(CodeRefused::Late);
        }
        if known.redirect_uri != redirect_uri {
            return Err(CodeRefused::OtherRedirect);
        }
        known.used = true;
        Ok(known.grant.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_registered_addresses_only_this_machine_is_good() {
        let mut dashboard = Dashboard::default();
        for (uri, good) in [
            ("http://127.0.0.1:8080/back", true),
            ("https://localhost/back", true),
            ("http://[::1]:9/back", true),
            ("https://example.org/back", false),
            ("http://127.0.0.1.example.org/", false),
            ("ftp://127.0.0.1/", false),
            ("back", false),
        ] {
            assert_eq!(dashboard.leads_to(uri), good, "{uri}");
        }
        dashboard
            .redirect_uris
            .insert("https://example.org/back".into());
        assert!(dashboard.leads_to("https://example.org/back"));
        assert!(!dashboard.leads_to("https://example.org/back/"));
        assert!(!dashboard.leads_to("http://127.0.0.1:8080/back"));
    }

    #[test]
    fn a_code_works_once_for_one_address_within_an_hour() {
        let mut app = App::default();
        let grant = Grant {
            login: Login::Instagram,
            account: "1".into(),
            scopes: BTreeSet::new(),
            pages: BTreeSet::new(),
        };
        app.keep_code("a".into(), grant.clone(), "http://x/".into(), 0);
        app.keep_code("b".into(), grant, "http://x/".into(), 0);
        let mut take = |code: &str, login, uri: &str, at| {
            app.take_code(code, login, uri, at)
                .map(|grant| grant.account)
        };
        assert_eq!(
            take("a", Login::Facebook, "http://x/", 1),
            Err(CodeRefused::Unknown)
        );
        assert_eq!(
            take("a", Login::Instagram, "http://y/", 1),
            Err(CodeRefused::OtherRedirect)
        );
        assert_eq!(take("a", Login::Instagram, "http://x/", 1), Ok("1".into()));
        assert_eq!(
            take("a", Login::Instagram, "http://x/", 1),
            Err(CodeRefused::Used)
        );
        assert_eq!(
            take("b", Login::Instagram, "http://x/", CODE_LIFE_MS),
            Err(CodeRefused::Late)
        );
    }
}
