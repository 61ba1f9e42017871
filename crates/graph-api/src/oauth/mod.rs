//! How an account becomes ours to act for: where its owner allows it, how the code they bring back becomes a token, and
//! what that token may do. One file a call.

mod account;
mod authorize;
mod debug_token;
mod facebook;
mod instagram;
mod pages;
mod subscribed_apps;

pub use account::{OwnAccount, OwnProfile};
pub use authorize::{FACEBOOK_SCOPES, INSTAGRAM_SCOPES};
pub use debug_token::TokenFacts;
pub use pages::{LinkedPage, OwnPages, PageAccount};
pub use subscribed_apps::{
    FACEBOOK_FIELDS, INSTAGRAM_FIELDS, Subscribe, Subscribed, Subscription, Unsubscribe,
};

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{Deserialize, Deserializer};
use serde_json::Value;
use std::time::Duration;

/// The app at Meta, as its dashboard shows it.
#[derive(Debug, Clone)]
pub struct App {
    /// Instagram Login wants the Instagram app's id, Facebook Login the Meta app's.
    pub id: String,
    /// The secret beside that id.
    pub secret: SecretString,
}

/// A token that Meta gave.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The token.
    pub token: SecretString,
    /// How long it lives; none: Meta does not say, or for ever.
    pub lives: Option<Duration>,
    /// What it may do, where Meta says so.
    pub permissions: Option<Vec<String>>,
}

/// An answer with a token, in any of the shapes that Meta has used.
#[derive(serde::Deserialize)]
struct GrantAnswer {
    access_token: Option<SecretString>,
    #[serde(default, deserialize_with = "loose_number")]
    expires_in: Option<u64>,
    #[serde(default, deserialize_with = "words")]
    permissions: Option<Vec<String>>,
}

/// Meta's sample wraps the answer in `data: [ … ]`, live answers are bare.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Wrapped<T> {
    List { data: Vec<T> },
    Bare(T),
}

impl<T> Wrapped<T> {
    fn one(self) -> Option<T> {
        match self {
            Self::List { data } => data.into_iter().next(),
            Self::Bare(value) => Some(value),
        }
    }
}

impl Wrapped<GrantAnswer> {
    fn grant(self) -> Option<Grant> {
        let answer = self.one()?;
        let token = answer
            .access_token
            .filter(|token| !token.expose_secret().is_empty())?;
        Some(Grant {
            token,
            lives: answer.expires_in.map(Duration::from_secs),
            permissions: answer.permissions,
        })
    }
}

fn read_grant(answer: &crate::client::Answer) -> Result<Grant, crate::error::CallError> {
    const WHAT: &str = "a token's answer without a token";
    answer
        .read::<Wrapped<GrantAnswer>>(WHAT)?
        .grant()
        .ok_or_else(|| answer.malformed(WHAT))
}

fn loose_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// A list, or one text with commas or spaces; none where it is neither.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let split = |text: &str| {
        text.split([',', ' '])
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(split(&text)),
        Value::Array(items) => Some(
            items
                .iter()
                .filter_map(Value::as_str)
                .flat_map(split)
                .collect(),
        ),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, token: &str, permissions: Option<&[&str]>, lives: Option<u64>) {
        let read: Wrapped<GrantAnswer> = serde_json::from_str(body).unwrap();
        let grant = read.grant().unwrap();
        assert_eq!(grant.token.expose_secret(), token);
        let expected: Option<Vec<String>> =
            permissions.map(|words| words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(grant.permissions, expected);
        assert_eq!(grant.lives, lives.map(Duration::from_secs));
    }

    #[test]
    fn a_token_is_read_in_every_shape() {
        let wrapped = r#"{"data":[{"access_token":"t","user_id":"1","permissions":"a,b"}]}"#;
        check(wrapped, "t", Some(&["a", "b"]), None);
        let flat = r#"{"access_token":"t","user_id":17841400000000001,"permissions":["a","b"]}"#;
        check(flat, "t", Some(&["a", "b"]), None);
        let bare = r#"{"access_token":"t","token_type":"bearer","expires_in":5183944}"#;
        check(bare, "t", None, Some(5_183_944));
        check(
            r#"{"access_token":"t","expires_in":"60"}"#,
            "t",
            None,
            Some(60),
        );
    }

    #[test]
    fn an_answer_without_a_token_is_none() {
        for body in [r#"{"data":[]}"#, "{}", r#"{"access_token":""}"#] {
            let read: Result<Wrapped<GrantAnswer>, _> = serde_json::from_str(body);
            assert!(read.ok().and_then(Wrapped::grant).is_none(), "{body}");
        }
    }
}
