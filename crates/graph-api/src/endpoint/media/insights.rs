//! `GET /{media-id}/insights`: numbers of one post, reel or story. Their period is always `lifetime`.
//! <https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights> (read 2026-09-11)

use crate::client::Credentials;
use crate::error::CallError;
use crate::id::MediaId;
use crate::insights::Insights;
use crate::request::{Answer, Endpoint, Request};

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaInsights {
    /// Of which.
    pub media: MediaId,
    /// Which numbers. One that is refused refuses all.
    pub metrics: Vec<String>,
    /// Split by this dimension.
    pub breakdown: Option<&'static str>,
}

impl Endpoint for MediaInsights {
    type Answer = Insights;

    fn request(&self, _: &Credentials) -> Request {
        Request::get("media_insights", &[self.media.as_str(), "insights"])
            .with("metric", self.metrics.join(","))
            .with_some("breakdown", self.breakdown)
    }

    fn read(&self, answer: &Answer) -> Result<Insights, CallError> {
        answer.read("insights are an object")
    }
}
