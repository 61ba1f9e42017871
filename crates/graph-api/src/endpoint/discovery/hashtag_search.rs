//! `GET /ig_hashtag_search?user_id&q`: a hashtag's id. Thirty different ones in seven days for each account; asking for
//! the same one again is free.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-hashtag-search> (read 2026-08)

use crate::client::Credentials;
use crate::endpoint::rows::{object, text};
use crate::error::CallError;
use crate::id::HashtagId;
use crate::request::{Answer, Endpoint, Request};

/// A hashtag without its `#`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashtagName(String);

impl HashtagName {
    /// `None` for what no hashtag is: empty, with spaces, with marks or emoji.
    pub fn new(name: &str) -> Option<Self> {
        let name = name.trim().trim_start_matches('#');
        let fits = !name.is_empty()
            && name.chars().count() <= 100
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        fits.then(|| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashtagSearch {
    /// Which.
    pub name: HashtagName,
}

impl Endpoint for HashtagSearch {
    type Answer = HashtagId;

    fn request(&self, credentials: &Credentials) -> Request {
        Request::get("hashtag_search", &["ig_hashtag_search"])
            .with("user_id", credentials.account.as_str())
            .with("q", self.name.as_str())
    }

    fn read(&self, answer: &Answer) -> Result<HashtagId, CallError> {
        const WHAT: &str = "a hashtag has an id";
        let list = object(answer, WHAT)?;
        list.pointer("/data/0")
            .and_then(|first| text(first, "id"))
            .map(Into::into)
            .ok_or_else(|| answer.malformed(WHAT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashtag_is_one_word() {
        assert_eq!(
            HashtagName::new("#férias_2026").unwrap().as_str(),
            "férias_2026"
        );
        for bad in ["", "#", "a b", "a&user_id=1", "🎵"] {
            assert_eq!(HashtagName::new(bad), None, "{bad}");
        }
    }
}
