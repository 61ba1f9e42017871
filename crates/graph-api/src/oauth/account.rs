//! `GET /me` (Instagram Login) and `GET /{account}` (Facebook Login): who the account behind a fresh token is, with
//! both of its ids. `user_id` is what webhooks name; `id` is the account as this app alone knows it.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started>
//! (read 2026-09-11)

use crate::client::{Answer, Credentials, Login};
use crate::endpoint::rows::word;
use crate::error::CallError;
use crate::id::AccountId;
use crate::request::{Endpoint, Request};
use serde_json::Value;

/// Asks who the account is.
#[derive(Debug, Clone, Copy)]
pub struct OwnAccount;

/// The account, as far as Meta shows it to this login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnProfile {
    /// The professional account, as webhooks name it.
    pub account: AccountId,
    /// The account as this app alone knows it; Instagram Login only.
    pub app_scoped_id: Option<String>,
    /// Its handle.
    pub username: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// `BUSINESS`, `MEDIA_CREATOR`, … in upper case; Instagram Login only.
    pub account_type: Option<String>,
    /// How many posts it has.
    pub media_count: Option<i64>,
}

impl Endpoint for OwnAccount {
    type Answer = OwnProfile;

    fn request(&self, credentials: &Credentials) -> Request {
        match credentials.login {
            Login::Instagram => Request::get("own_account", &["me"]).with(
                "fields",
                "id,user_id,username,name,account_type,media_count",
            ),
            Login::Facebook { .. } => Request::get("own_account", &[credentials.account.as_str()])
                .with("fields", "id,username,name,media_count"),
        }
    }

    fn read(&self, answer: &Answer) -> Result<Self::Answer, CallError> {
        const WHAT: &str = "an account without an id";
        let value: Value = answer.read(WHAT)?;
        read(&value).ok_or_else(|| answer.malformed(WHAT))
    }
}

/// Meta's sample wraps the object in `data: [ … ]`, live answers are bare.
fn read(value: &Value) -> Option<OwnProfile> {
    let value = value.pointer("/data/0").unwrap_or(value);
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = value.get("id").and_then(word);
    let user_id = value.get("user_id").and_then(word);
    Some(OwnProfile {
        app_scoped_id: user_id.is_some().then(|| id.clone()).flatten(),
        account: user_id.or(id).map(AccountId::from)?,
        username: text("username"),
        name: text("name"),
        account_type: text("account_type").map(|kind| kind.to_uppercase()),
        media_count: value.get("media_count").and_then(Value::as_i64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_id_that_webhooks_name_is_told_from_the_other() {
        let instagram =
            json!({"id": "900", "user_id": 17_841_400_000_000_001_u64, "account_type": "Business"});
        let expected = OwnProfile {
            account: AccountId::from("17841400000000001"),
            app_scoped_id: Some("900".to_owned()),
            username: None,
            name: None,
            account_type: Some("BUSINESS".to_owned()),
            media_count: None,
        };
        assert_eq!(read(&instagram), Some(expected.clone()));
        assert_eq!(read(&json!({"data": [instagram]})), Some(expected));
        let facebook = read(&json!({"id": "17841400000000001", "media_count": 3})).unwrap();
        assert_eq!(facebook.account.as_str(), "17841400000000001");
        assert_eq!(facebook.app_scoped_id, None);
        assert_eq!(read(&json!({})), None);
    }
}
