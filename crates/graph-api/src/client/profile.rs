//! `GET /{igsid}` and `GET /me`: who a person is, once they wrote, and who we are.
//! <https://developers.facebook.com/docs/messenger-platform/instagram/features/user-profile> and
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started>
//! (read 2026-09-11)

use super::{Answer, Credentials, Graph, Login};
use crate::endpoint::rows::word;
use crate::error::CallError;
use crate::id::{AccountId, Igsid};
use crate::request::{Endpoint, Request};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

const PROFILE: &str = "name,username,profile_pic,follower_count,is_user_follow_business,\
                       is_business_follow_user,is_verified_user";

/// A person, as far as they show themselves to the account. Every part may be absent.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Their name.
    pub name: Option<String>,
    /// Their handle.
    pub username: Option<String>,
    /// Their picture, for a few days.
    pub profile_pic: Option<String>,
    /// How many follow them.
    pub follower_count: Option<i64>,
    /// They follow the account.
    pub is_user_follow_business: Option<bool>,
    /// The account follows them.
    pub is_business_follow_user: Option<bool>,
    /// They have the tick.
    pub is_verified_user: Option<bool>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile(redacted)")
    }
}

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// `id`: the Page, or the account as this app alone knows it.
    pub id: String,
    /// The professional account, as webhooks name it; none where the Page has no link to one.
    pub account: Option<AccountId>,
    /// The account's handle.
    pub username: Option<String>,
    /// The Page's or the account's name.
    pub name: Option<String>,
}

/// Asks who a person is. Only after they wrote or tapped an ice breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetPerson {
    /// The person.
    pub person: Igsid,
}

impl Endpoint for GetPerson {
    type Answer = Profile;

    fn request(&self, _: &Credentials) -> Request {
        Request::get("profile", &[self.person.as_str()]).with("fields", PROFILE)
    }

    fn read(&self, answer: &Answer) -> Result<Profile, CallError> {
        answer.read("a profile is an object of known fields")
    }
}

/// Asks whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetMe;

impl Endpoint for GetMe {
    type Answer = Me;

    fn request(&self, credentials: &Credentials) -> Request {
        let fields = match credentials.login {
            Login::Facebook { .. } => "id,name,instagram_business_account{id,username}",
            Login::Instagram => "id,user_id,username,name",
        };
        Request::get("me", &["me"]).with("fields", fields)
    }

    fn read(&self, answer: &Answer) -> Result<Me, CallError> {
        let value: Value = answer.read("/me is an object")?;
        read_me(&value).ok_or_else(|| answer.malformed("/me without an id"))
    }
}

impl Graph {
    /// Who a person is: [`GetPerson`].
    pub async fn profile(
        &self,
        credentials: &Credentials,
        of: &Igsid,
    ) -> Result<Profile, CallError> {
        let person = of.clone();
        self.ask(credentials, &GetPerson { person }).await
    }

    /// Whose token this is, and which account it speaks for, a check of the credentials: [`GetMe`].
    pub async fn me(&self, credentials: &Credentials) -> Result<Me, CallError> {
        self.ask(credentials, &GetMe).await
    }
}

/// Meta's sample wraps the object in `data: [ … ]`, live answers are bare.
fn read_me(value: &Value) -> Option<Me> {
    let value = value.pointer("/data/0").unwrap_or(value);
    let word = |at: &str| word(value.pointer(at)?);
    let account = word("/user_id").or_else(|| word("/instagram_business_account/id"));
    Some(Me {
        id: word("/id").or_else(|| account.clone())?,
        account: account.map(AccountId::from),
        username: word("/username").or_else(|| word("/instagram_business_account/username")),
        name: word("/name"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn me_is_read_bare_and_wrapped() {
        let bare = json!({"id": "9", "user_id": 178, "username": "g"});
        let wrapped = json!({"data": [bare.clone()]});
        let expected = Me {
            id: "9".to_owned(),
            account: Some(AccountId::from("178")),
            username: Some("g".to_owned()),
            name: None,
        };
        assert_eq!(read_me(&bare), Some(expected.clone()));
        assert_eq!(read_me(&wrapped), Some(expected));
        assert_eq!(read_me(&json!({"data": []})), None);
    }
}
