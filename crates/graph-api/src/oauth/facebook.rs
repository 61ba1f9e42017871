//! `GET graph.facebook.com/{version}/oauth/access_token`: Facebook Login's tokens. A code becomes a user token of an
//! hour or two, that one a user token of about 60 days; Page tokens made from the latter have no end.
//! <https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived> (read 2026-09-11)

use super::{App, Grant, read_grant};
use crate::client::{AppCall, AppHost, Graph};
use crate::error::CallError;
use secrecy::SecretString;

const PATH: &[&str] = &["oauth", "access_token"];

impl Graph {
    /// The code that came back from the dialog, for a user token.
    pub async fn facebook_code(
        &self,
        app: &App,
        redirect_uri: &str,
        code: &SecretString,
    ) -> Result<Grant, CallError> {
        let call = AppCall {
            endpoint: "oauth_code",
            host: AppHost::GraphFacebook,
            path: PATH,
            pairs: vec![
                ("client_id", app.id.clone().into()),
                ("client_secret", app.secret.clone()),
                ("redirect_uri", redirect_uri.into()),
                ("code", code.clone()),
            ],
        };
        read_grant(&self.ask_app(call).await?)
    }

    /// A user token, while it lives, for one of about 60 days.
    pub async fn facebook_long_lived(
        &self,
        app: &App,
        token: &SecretString,
    ) -> Result<Grant, CallError> {
        let call = AppCall {
            endpoint: "oauth_long_lived",
            host: AppHost::GraphFacebook,
            path: PATH,
            pairs: vec![
                ("grant_type", "fb_exchange_token".into()),
                ("client_id", app.id.clone().into()),
                ("client_secret", app.secret.clone()),
                ("fb_exchange_token", token.clone()),
            ],
        };
        read_grant(&self.ask_app(call).await?)
    }
}
