//! `POST`, `GET` and `DELETE /{account or page}/subscribed_apps`: whether an account's events come to us. Without the
//! first of them nothing is delivered, whatever the dashboard says.
//! <https://developers.facebook.com/docs/instagram-platform/webhooks> (read 2026-11-22)

use crate::client::{Answer, Credentials, Login};
use crate::endpoint::rows::success;
use crate::error::CallError;
use crate::request::{Endpoint, Request};
use reqwest::Method;
use serde::Deserialize;

/// What an account connected by Instagram Login sends us, and the permission that each needs: one field without its
/// permission, or one that Meta does not know any more, and it refuses all of them. `message_echoes` stands on Meta's
/// page and is refused (seen by others from 2026-05 on): our own sends come with `messages`.
pub const INSTAGRAM_FIELDS: &[(&str, &str)] = &[
    ("comments", COMMENTS),
    ("live_comments", COMMENTS),
    ("mentions", COMMENTS),
    ("messages", MESSAGES),
    ("message_edit", MESSAGES),
    ("message_reactions", MESSAGES),
    ("messaging_handover", MESSAGES),
    ("messaging_optins", MESSAGES),
    ("messaging_postbacks", MESSAGES),
    ("messaging_referral", MESSAGES),
    ("messaging_seen", MESSAGES),
    ("standby", MESSAGES),
];
const COMMENTS: &str = "instagram_business_manage_comments";
const MESSAGES: &str = "instagram_business_manage_messages";

/// What a Page's subscription turns on; which of the account's fields come is the dashboard's affair in Facebook Login.
pub const FACEBOOK_FIELDS: &[&str] = &["feed", "messages"];

const PATH: &str = "subscribed_apps";

/// Lets the account's events come to us.
#[derive(Debug, Clone, Default)]
pub struct Subscribe {
    /// What the login granted; none: nobody knows, so everything is asked for.
    pub scopes: Option<Vec<String>>,
    /// Only what nobody can do without, for when Meta has refused the whole list for one of its fields.
    pub only_core: bool,
}

/// The fields that Meta's own example names.
const CORE: &[&str] = &["comments", "messages"];

impl Subscribe {
    fn fields(&self, login: &Login) -> Vec<&'static str> {
        if matches!(login, Login::Facebook { .. }) {
            return FACEBOOK_FIELDS.to_vec();
        }
        let granted = |scope: &str| {
            let scopes = self.scopes.as_ref();
            scopes.is_none_or(|scopes| scopes.iter().any(|given| given == scope))
        };
        let fields = INSTAGRAM_FIELDS.iter();
        fields
            .filter(|(field, scope)| granted(scope) && (!self.only_core || CORE.contains(field)))
            .map(|(field, _)| *field)
            .collect()
    }
}

/// What is delivered now.
#[derive(Debug, Clone, Copy)]
pub struct Subscribed;

/// Ends the delivery.
#[derive(Debug, Clone, Copy)]
pub struct Unsubscribe;

/// One app's subscription to an account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Subscription {
    /// The app's id; Facebook Login calls it `id`.
    #[serde(alias = "id")]
    pub app_id: Option<String>,
    /// What is delivered.
    pub subscribed_fields: Vec<String>,
}

impl Endpoint for Subscribe {
    type Answer = ();

    fn request(&self, credentials: &Credentials) -> Request {
        let fields = self.fields(&credentials.login);
        Request {
            // It may be repeated, and nobody sees it.
            visible: false,
            ..Request::post("subscribe", &[credentials.node(), PATH])
        }
        .with("subscribed_fields", fields.join(","))
    }

    fn read(&self, answer: &Answer) -> Result<(), CallError> {
        success(answer)
    }
}

impl Endpoint for Subscribed {
    type Answer = Vec<Subscription>;

    fn request(&self, credentials: &Credentials) -> Request {
        Request::get("subscribed", &[credentials.node(), PATH])
    }

    fn read(&self, answer: &Answer) -> Result<Self::Answer, CallError> {
        #[derive(Deserialize)]
        struct List {
            data: Vec<Subscription>,
        }
        let list: List = answer.read("subscribed_apps answers with a list")?;
        Ok(list.data)
    }
}

impl Endpoint for Unsubscribe {
    type Answer = ();

    fn request(&self, credentials: &Credentials) -> Request {
        Request {
            method: Method::DELETE,
            ..Request::get("unsubscribe", &[credentials.node(), PATH])
        }
    }

    fn read(&self, answer: &Answer) -> Result<(), CallError> {
        success(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_granted_is_asked_for() {
        let of = |scopes: Option<&[&str]>| {
            let scopes = scopes.map(|words| words.iter().map(|word| (*word).to_owned()).collect());
            let (all, core) = (false, true);
            let of = |only_core| {
                let scopes = scopes.clone();
                Subscribe { scopes, only_core }.fields(&Login::Instagram)
            };
            assert!(of(core).iter().all(|field| of(all).contains(field)));
            assert!(of(core).iter().all(|field| CORE.contains(field)));
            of(all)
        };
        assert_eq!(of(None).len(), INSTAGRAM_FIELDS.len());
        assert_eq!(
            of(Some(&[COMMENTS])),
            ["comments", "live_comments", "mentions"]
        );
        assert!(!of(Some(&[MESSAGES])).contains(&"comments"));
        assert!(of(Some(&[])).is_empty());
    }
}
