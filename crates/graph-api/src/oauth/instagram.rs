//! Instagram Login's tokens, <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login>
//! (read 2026-02-06):
//! `POST api.instagram.com/oauth/access_token` makes a code a token of one hour,
//! `GET graph.instagram.com/access_token` makes that one of 60 days,
//! `GET graph.instagram.com/refresh_access_token` makes that a fresh one, once it is a day old and not yet over.
//! All of them have no version in the path.

use super::{App, Grant, read_grant};
use crate::client::{AppCall, AppHost, Graph};
use crate::error::CallError;
use secrecy::SecretString;

impl Graph {
    /// The code that came back from the login, for a token of one hour. A code works once, within an hour.
    pub async fn instagram_code(
        &self,
        app: &App,
        redirect_uri: &str,
        code: &SecretString,
    ) -> Result<Grant, CallError> {
        let call = AppCall {
            endpoint: "oauth_code",
            host: AppHost::InstagramApi,
            path: &["oauth", "access_token"],
            pairs: vec![
                ("client_id", app.id.clone().into()),
                ("client_secret", app.secret.clone()),
                ("grant_type", "authorization_code".into()),
                ("redirect_uri", redirect_uri.into()),
                ("code", code.clone()),
            ],
        };
        read_grant(&self.ask_app(call).await?)
    }

    /// A token of one hour, while it lives, for one of 60 days.
    pub async fn instagram_long_lived(
        &self,
        app: &App,
        token: &SecretString,
    ) -> Result<Grant, CallError> {
        let call = AppCall {
            endpoint: "oauth_long_lived",
            host: AppHost::GraphInstagram,
            path: &["access_token"],
            pairs: vec![
                ("grant_type", "ig_exchange_token".into()),
                ("client_secret", app.secret.clone()),
                ("access_token", token.clone()),
            ],
        };
        read_grant(&self.ask_app(call).await?)
    }

    /// A token of 60 days for a fresh one. Refused in its first 24 hours, and after its end.
    pub async fn instagram_refresh(&self, token: &SecretString) -> Result<Grant, CallError> {
        let call = AppCall {
            endpoint: "oauth_refresh",
            host: AppHost::GraphInstagram,
            path: &["refresh_access_token"],
            pairs: vec![
                ("grant_type", "ig_refresh_token".into()),
                ("access_token", token.clone()),
            ],
        };
        read_grant(&self.ask_app(call).await?)
    }
}
