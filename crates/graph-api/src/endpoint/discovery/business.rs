//! `GET /{ig-id}?fields=business_discovery.username(…){…}`: another professional account and its posts.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/business_discovery>
//! (read 2026-08-12)

use super::Seen;
use crate::client::Credentials;
use crate::endpoint::Page;
use crate::endpoint::rows::{count, object, text};
use crate::error::CallError;
use crate::limits::is_username;
use crate::request::{Answer, Endpoint, Request};
use serde_json::Value;

const FIELDS: &str = "id,username,name,biography,website,profile_picture_url,followers_count,follows_count,media_count";
const MEDIA: &str = "id,caption,timestamp,media_type,media_product_type,permalink,media_url,like_count,comments_count,\
     view_count";

/// A name that Instagram gives: it goes into a list of fields, where other characters would mean something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// `None` for anything but letters, digits, dots and underscores, thirty at most.
    pub fn new(name: &str) -> Option<Self> {
        let name = name.trim().trim_start_matches('@');
        is_username(name).then(|| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Another account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// Its id.
    pub id: String,
    /// Its name.
    pub username: String,
    /// What it calls itself.
    pub name: Option<String>,
    /// What it says of itself.
    pub biography: Option<String>,
    /// Its website.
    pub website: Option<String>,
    /// Its picture, for a while.
    pub profile_picture_url: Option<String>,
    /// How many follow it.
    pub followers_count: Option<i64>,
    /// How many it follows.
    pub follows_count: Option<i64>,
    /// How many posts it has.
    pub media_count: Option<i64>,
    /// Its posts, newest first.
    pub media: Page<Seen>,
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessDiscovery {
    /// Whom.
    pub username: Username,
    /// How many posts at most.
    pub limit: u32,
    /// After this cursor of Meta's: only characters that cursors have are used.
    pub after: Option<String>,
}

impl Endpoint for BusinessDiscovery {
    type Answer = Discovered;

    fn request(&self, credentials: &Credentials) -> Request {
        let after = self.after.as_deref().unwrap_or_default();
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '=');
        let after: String = after.chars().filter(plain).collect();
        let after = if after.is_empty() {
            after
        } else {
            format!(".after({after})")
        };
        let fields = format!(
            "business_discovery.username({}){{{FIELDS},media.limit({}){after}{{{MEDIA}}}}}",
            self.username.as_str(),
            self.limit
        );
        Request::get("business_discovery", &[credentials.account.as_str()]).with("fields", fields)
    }

    fn read(&self, answer: &Answer) -> Result<Discovered, CallError> {
        const WHAT: &str = "a discovery has the account";
        let found = object(answer, WHAT)?;
        let found = found
            .get("business_discovery")
            .ok_or_else(|| answer.malformed(WHAT))?;
        Ok(Discovered {
            id: text(found, "id").ok_or_else(|| answer.malformed(WHAT))?,
            username: text(found, "username").unwrap_or_else(|| self.username.0.clone()),
            name: text(found, "name"),
            biography: text(found, "biography"),
            website: text(found, "website"),
            profile_picture_url: text(found, "profile_picture_url"),
            followers_count: count(found, "followers_count"),
            follows_count: count(found, "follows_count"),
            media_count: count(found, "media_count"),
            media: Page::of(found.get("media").unwrap_or(&Value::Null), Seen::of),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_become_a_field() {
        assert_eq!(Username::new(" @ana.b_c ").unwrap().as_str(), "ana.b_c");
        for bad in ["", "a b", "a){id}", "ana,id", &"a".repeat(31), "çà"] {
            assert_eq!(Username::new(bad), None, "{bad}");
        }
    }
}
