//! Where an account's owner allows us to act for it: addresses for a browser, made without asking anybody.
//! Instagram Login:
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login>
//! (read 2026-02-06); Facebook Login:
//! <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow> (read 2026-11-22).

use super::App;
use crate::client::Graph;
use crate::error::CallError;
use url::Url;

/// What we ask for in Instagram Login. The page's own list omits insights, yet the insights pages require them.
pub const INSTAGRAM_SCOPES: &[&str] = &[
    "instagram_business_basic",
    "instagram_business_manage_messages",
    "instagram_business_manage_comments",
    "instagram_business_content_publish",
    "instagram_business_manage_insights",
];

/// The same in Facebook Login, with what finds the Page and reads its messages.
pub const FACEBOOK_SCOPES: &[&str] = &[
    "instagram_basic",
    "instagram_manage_messages",
    "instagram_manage_comments",
    "instagram_content_publish",
    "instagram_manage_insights",
    "pages_show_list",
    "pages_read_engagement",
    "pages_manage_metadata",
];

impl Graph {
    /// Instagram Login's page. `redirect_uri` must equal a registered one letter by letter, and the code's exchange has
    /// to repeat it.
    pub fn instagram_login(
        &self,
        app: &App,
        redirect_uri: &str,
        state: &str,
    ) -> Result<Url, CallError> {
        let (hosts, _) = self.place();
        let mut url = under(&hosts.instagram_login, &["oauth", "authorize"])?;
        ask(&mut url, app, redirect_uri, (state, INSTAGRAM_SCOPES));
        Ok(url)
    }

    /// Facebook Login's dialog, in which the person also chooses Pages.
    pub fn facebook_login(
        &self,
        app: &App,
        redirect_uri: &str,
        state: &str,
    ) -> Result<Url, CallError> {
        let (hosts, version) = self.place();
        let mut url = under(
            &hosts.facebook_dialog,
            &[&version.to_string(), "dialog", "oauth"],
        )?;
        ask(&mut url, app, redirect_uri, (state, FACEBOOK_SCOPES));
        Ok(url)
    }
}

fn ask(url: &mut Url, app: &App, redirect_uri: &str, (state, scopes): (&str, &[&str])) {
    url.query_pairs_mut()
        .append_pair("client_id", &app.id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("response_type", "code")
        .append_pair("scope", &scopes.join(","))
        .append_pair("state", state);
}

fn under(base: &Url, path: &[&str]) -> Result<Url, CallError> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| crate::client::unsendable("the base address has no path"))?
        .pop_if_empty()
        .extend(path);
    Ok(url)
}
