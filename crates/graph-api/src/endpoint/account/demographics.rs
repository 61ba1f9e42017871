//! `GET /{ig-id}/insights` for demographics: who follows, who interacts, who was reached; one dimension a call.
//! <https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights> (read 2026-09-11)

use crate::client::Credentials;
use crate::error::CallError;
use crate::insights::{Axis, Insights, Timeframe};
use crate::request::{Answer, Endpoint, Request};

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDemographics {
    /// `follower_demographics` and its like.
    pub metrics: Vec<String>,
    /// By what people are told apart.
    pub axis: Axis,
    /// Which people; none where Meta refuses a timeframe.
    pub timeframe: Option<Timeframe>,
}

impl Endpoint for AccountDemographics {
    type Answer = Insights;

    fn request(&self, credentials: &Credentials) -> Request {
        Request::get(
            "account_demographics",
            &[credentials.account.as_str(), "insights"],
        )
        .with("metric", self.metrics.join(","))
        .with("period", "lifetime")
        .with("metric_type", "total_value")
        .with("breakdown", self.axis.as_str())
        .with_some("timeframe", self.timeframe.map(Timeframe::as_str))
    }

    fn read(&self, answer: &Answer) -> Result<Insights, CallError> {
        answer.read("insights are an object")
    }
}
