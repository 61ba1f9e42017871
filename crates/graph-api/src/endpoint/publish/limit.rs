//! `GET /{ig-id}/content_publishing_limit`: how much was published in the last 24 hours, and how much may be. Meta's
//! pages say 100, 50 and 25, so it is read and never assumed.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/content_publishing_limit>
//! (read 2026)

use crate::client::Credentials;
use crate::endpoint::rows::{count, object};
use crate::error::CallError;
use crate::request::{Answer, Endpoint, Request};

/// What may still be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Published within the period.
    pub used: i64,
    /// What may be published within it, where Meta says so.
    pub total: Option<i64>,
    /// The period, in seconds, where Meta says so.
    pub period_s: Option<i64>,
}

impl Allowance {
    /// Whether one more may be published.
    pub fn has_room(&self) -> bool {
        self.total.is_none_or(|total| self.used < total)
    }
}

/// The call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishingLimit;

impl Endpoint for PublishingLimit {
    type Answer = Allowance;

    fn request(&self, credentials: &Credentials) -> Request {
        let path = [credentials.account.as_str(), "content_publishing_limit"];
        Request::get("publishing_limit", &path).with("fields", "config,quota_usage")
    }

    fn read(&self, answer: &Answer) -> Result<Allowance, CallError> {
        const WHAT: &str = "a publishing limit has quota_usage";
        let list = object(answer, WHAT)?;
        let first = list.pointer("/data/0").unwrap_or(&list);
        let config = first.get("config");
        Ok(Allowance {
            used: count(first, "quota_usage").ok_or_else(|| answer.malformed(WHAT))?,
            total: config.and_then(|config| count(config, "quota_total")),
            period_s: config.and_then(|config| count(config, "quota_duration")),
        })
    }
}
