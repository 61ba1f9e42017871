//! `GET /{ig-id}/insights`: numbers of the account, by the day or for a whole window.
//! <https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights> (read 2026-09-11)

use crate::client::Credentials;
use crate::error::CallError;
use crate::insights::{Insights, Span};
use crate::request::{Answer, Endpoint, Request};

/// How the numbers are cut. The two may not be mixed in one call: that refuses all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cut {
    /// A value for each `day`, `week` (seven days up to then) or `days_28`.
    Series(&'static str),
    /// One value for the window.
    Total,
}

/// The call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountInsights {
    /// Which numbers. One that is refused refuses all.
    pub metrics: Vec<String>,
    /// How they are cut.
    pub cut: Cut,
    /// The window, at most thirty days; without it the last day.
    pub span: Option<Span>,
    /// Split by this dimension.
    pub breakdown: Option<&'static str>,
}

impl Endpoint for AccountInsights {
    type Answer = Insights;

    fn request(&self, credentials: &Credentials) -> Request {
        let (period, metric_type) = match self.cut {
            Cut::Series(period) => (period, "time_series"),
            // With totals only `day` is documented, and the window alone counts.
            Cut::Total => ("day", "total_value"),
        };
        Request::get(
            "account_insights",
            &[credentials.account.as_str(), "insights"],
        )
        .with("metric", self.metrics.join(","))
        .with("period", period)
        .with("metric_type", metric_type)
        .with_some("breakdown", self.breakdown)
        .with_some("since", self.span.map(|span| span.since_s.to_string()))
        .with_some("until", self.span.map(|span| span.until_s.to_string()))
    }

    fn read(&self, answer: &Answer) -> Result<Insights, CallError> {
        answer.read("insights are an object")
    }
}
