//! `GET /me` (Instagram Login) and `GET /{ig-id}` (Facebook Login): the account's profile.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started>,
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user> (read 2026-09-11)

use crate::client::{Credentials, Login};
use crate::error::CallError;
use crate::lenient;
use crate::request::{Answer, Endpoint, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const INSTAGRAM: &str = "id,user_id,username,name,account_type,profile_picture_url,followers_count,\
                         follows_count,media_count";
const FACEBOOK: &str =
    "id,username,name,profile_picture_url,followers_count,follows_count,media_count";

/// Fields that the Instagram Login page does not name although Meta's own libraries have them: where they are refused,
/// ask without.
const MORE: &str = ",biography,website";

/// An account as it shows itself. Everything but the ids may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountProfile {
    /// With Instagram Login the id that this app alone knows; with Facebook Login the account's.
    pub id: String,
    /// The account's id, as webhooks name it.
    pub user_id: String,
    /// The handle.
    #[serde(default, deserialize_with = "lenient::text")]
    pub username: Option<String>,
    /// The name above the biography.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// `Business`, `BUSINESS`, `Media_Creator`, …; never with Facebook Login.
    #[serde(default, deserialize_with = "lenient::text")]
    pub account_type: Option<String>,
    /// An address for a few days.
    #[serde(default, deserialize_with = "lenient::text")]
    pub profile_picture_url: Option<String>,
    /// Followers now.
    #[serde(default, deserialize_with = "lenient::count")]
    pub followers_count: Option<i64>,
    /// Whom it follows.
    #[serde(default, deserialize_with = "lenient::count")]
    pub follows_count: Option<i64>,
    /// What it has published.
    #[serde(default, deserialize_with = "lenient::count")]
    pub media_count: Option<i64>,
    /// About itself.
    #[serde(default, deserialize_with = "lenient::text")]
    pub biography: Option<String>,
    /// Its link.
    #[serde(default, deserialize_with = "lenient::text")]
    pub website: Option<String>,
}

/// The call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetProfile {
    /// Also biography and website.
    pub more: bool,
}

impl Endpoint for GetProfile {
    type Answer = AccountProfile;

    fn request(&self, credentials: &Credentials) -> Request {
        let (node, fields) = match credentials.login {
            Login::Instagram => ("me", INSTAGRAM),
            Login::Facebook { .. } => (credentials.account.as_str(), FACEBOOK),
        };
        let more = if self.more { MORE } else { "" };
        Request::get("account_profile", &[node]).with("fields", format!("{fields}{more}"))
    }

    fn read(&self, answer: &Answer) -> Result<AccountProfile, CallError> {
        let mut value: Value = answer.read("a profile is an object")?;
        // Meta's sample wraps the object, live answers are bare.
        if let Some(first) = value.pointer_mut("/data/0") {
            value = first.take();
        }
        let word = |key: &str| match value.get(key) {
            Some(Value::String(word)) if !word.is_empty() => Some(word.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let (Some(id), user_id) = (word("id").or_else(|| word("user_id")), word("user_id")) else {
            return Err(answer.malformed("a profile without an id"));
        };
        value["user_id"] = user_id.unwrap_or_else(|| id.clone()).into();
        value["id"] = id.into();
        serde_json::from_value(value).map_err(|_| answer.malformed("a profile is an object"))
    }
}
