//! `POST /instagram/account/insights`: the account's numbers by the day, the week or four weeks.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use graph_api::insights::{FollowerTotal, Known, Window};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    body::{TokenIn, account},
    insight::{InsightOut, ValueOut},
};
use crate::{
    api::{ApiError, Asked, DocumentCall, Failures, Gate, NoteOut, Provenance, meta_time, window},
    gateway::{self, AccountNumbers, Period, Served, Wishes},
};

/// The document's list, in its order.
const METRICS: [&str; 10] = [
    "reach",
    "follower_count",
    "website_clicks",
    "profile_views",
    "accounts_engaged",
    "total_interactions",
    "likes",
    "comments",
    "shares",
    "saves",
];

const TOTAL: &str = "The last value is all followers when this was fetched. Earlier ones were counted by our snapshots, or \
                     (derived) are what the daily changes in new_followers leave, which do not name who left.";

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new().routes(routes!(insights))
}

/// Which days.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
struct DaysIn {
    /// `day`, `week` or `days_28`.
    #[param(default = "day", example = "day")]
    period: Option<String>,
    /// First day, as Meta counts days (Pacific time).
    #[param(example = "2024-01-15")]
    since: Option<String>,
    /// Last day, included.
    #[param(example = "2024-01-22")]
    until: Option<String>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
struct AccountInsightsAnswer {
    insights: AccountInsightsOut,
    #[schema(example = "day")]
    period: &'static str,
    #[schema(example = "Account insights retrieved successfully")]
    message: &'static str,
    source: Provenance,
}

/// The metrics. What Meta refuses is not here but in `notes`.
#[derive(Debug, Serialize, ToSchema)]
struct AccountInsightsOut {
    data: Vec<InsightOut>,
    notes: Vec<NoteOut>,
}

/// The account's numbers.
///
/// A day is one of Meta's: Pacific time, `until` included. Without dates it is the last day that is over. Numbers of
/// unique people (`reach`, `accounts_engaged`) are asked for by period and never added up.
#[utoipa::path(post, path = "/instagram/account/insights", tag = "document", params(DaysIn), request_body = TokenIn,
    responses((status = 200, body = AccountInsightsAnswer), Failures))]
async fn insights(
    State(gate): State<Arc<Gate>>,
    Asked(days): Asked<DaysIn>,
    wishes: Wishes,
    call: DocumentCall<TokenIn>,
) -> Result<Served, ApiError> {
    let account = account(&gate, &call).await?;
    let (period, window): (Period, Window) = window(
        &gate,
        days.period.as_deref(),
        days.since.as_deref(),
        days.until.as_deref(),
    )?;
    let ask = wishes.ask(&gate, &account);
    let got = gateway::account_numbers(ask, period, window, &METRICS).await?;
    let source = Provenance::of(&gate, got.fetched_at_ms);
    let fetched = meta_time(got.fetched_at_ms);
    let answer = got.map(|numbers| AccountInsightsAnswer {
        insights: shape(numbers, (period, window), &fetched),
        period: period.as_str(),
        message: "Account insights retrieved successfully",
        source,
    });
    Ok(Served::new(answer, &wishes))
}

fn shape(
    mut numbers: AccountNumbers,
    (period, window): (Period, Window),
    fetched: &str,
) -> AccountInsightsOut {
    let mut data = Vec::new();
    for name in METRICS.iter().chain(&["new_followers"]) {
        if *name == "follower_count" {
            data.extend(followers(&numbers, period, window, fetched));
            continue;
        }
        let Some(at) = numbers.series.iter().position(|s| s.metric == *name) else {
            continue;
        };
        let series = numbers.series.swap_remove(at);
        let values = series
            .points
            .into_iter()
            .map(|(end_time, value)| ValueOut {
                end_time: Some(end_time),
                ..ValueOut::of(value)
            })
            .collect();
        data.push(
            InsightOut::new(name, period.as_str(), values)
                .said_by_meta(series.title, series.description),
        );
    }
    AccountInsightsOut {
        data,
        notes: numbers.missing.into_iter().map(NoteOut::from).collect(),
    }
}

/// The days that were asked for, as far as they can be known, and the moment of this answer.
fn followers(
    numbers: &AccountNumbers,
    period: Period,
    window: Window,
    fetched: &str,
) -> Option<InsightOut> {
    let now = ValueOut {
        end_time: Some(fetched.to_owned()),
        ..ValueOut::of(numbers.followers?)
    };
    let days = window.since..=window.until;
    let ended = |it: &&FollowerTotal| it.known != Known::Now && days.contains(&it.day);
    let values = numbers.totals.iter().filter(ended).map(|it| ValueOut {
        end_time: Some(it.day.end_time()),
        derived: (it.known == Known::Derived).then_some(true),
        ..ValueOut::of(it.total)
    });
    Some(InsightOut {
        derived_from: Some("followers_count"),
        note: Some(TOTAL.to_owned()),
        ..InsightOut::new(
            "follower_count",
            period.as_str(),
            values.chain([now]).collect(),
        )
    })
}
