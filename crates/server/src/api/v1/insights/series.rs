//! `GET /v1/accounts/{account}/insights`: chosen metrics over chosen days, and their sum where a sum is true.

use std::sync::Arc;

use axum::extract::{Path, State};
use garde::Validate;
use graph_api::insights::{
    ACCOUNT, Day, FollowerTotal, Known, Sum, Window, account_metric, add_up,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    api::{ApiError, Asked, Caller, Failures, Gate, NoteOut, Provenance, Scope, window},
    error::Problems,
    gateway::{self, AccountNumbers, Period, Series, Served, Wishes},
};

const USUAL: [&str; 9] = [
    "reach",
    "views",
    "accounts_engaged",
    "total_interactions",
    "likes",
    "comments",
    "shares",
    "saves",
    "follower_count",
];

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new().routes(routes!(insights))
}

/// Which numbers of which days.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
struct SeriesIn {
    /// Names with commas between them.
    #[param(example = "reach,likes")]
    metrics: Option<String>,
    /// `day`, `week` or `days_28`: how long each value's period is.
    #[param(default = "day")]
    period: Option<String>,
    /// First day, as Meta counts days (Pacific time).
    #[param(example = "2026-01-01")]
    since: Option<String>,
    /// Last day, included.
    #[param(example = "2026-01-31")]
    until: Option<String>,
}

/// The series.
#[derive(Debug, Serialize, ToSchema)]
struct SeriesAnswer {
    data: Vec<SeriesOut>,
    /// What Meta does not give, and why.
    notes: Vec<NoteOut>,
    #[schema(example = "2026-01-01")]
    since: String,
    #[schema(example = "2026-01-31")]
    until: String,
    #[schema(example = "America/Los_Angeles")]
    time_zone: &'static str,
    source: Provenance,
}

/// One metric.
#[derive(Debug, Serialize, ToSchema)]
struct SeriesOut {
    #[schema(example = "reach")]
    metric: String,
    #[schema(example = "day")]
    period: &'static str,
    values: Vec<PointOut>,
    /// The sum over the days; null where it would count people twice.
    #[schema(example = 1250)]
    sum: Option<i64>,
    /// What it was made of, where Meta does not give it as it stands.
    #[schema(example = "followers_count")]
    derived_from: Option<&'static str>,
}

/// One value.
#[derive(Debug, Serialize, ToSchema)]
struct PointOut {
    /// The day, or the last day of the period.
    #[schema(example = "2026-01-31")]
    day: String,
    #[schema(example = "2026-02-01T08:00:00+0000")]
    end_time: String,
    #[schema(example = 1250)]
    value: Value,
    /// False while Meta may still change it.
    settled: bool,
    /// Of `follower_count`: `now` (Meta's total), `snapshot` (we counted when the day ended) or `daily_changes` (a later
    /// total less `new_followers`, which does not name who left).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "daily_changes")]
    known_by: Option<&'static str>,
}

/// Numbers of the account over days.
///
/// `follower_count` comes as two series: `new_followers`, as Meta gives it, and `follower_count`, the totals: our own
/// snapshots, and where there is none, rebuilt backwards from the next later total and the daily changes.
#[utoipa::path(get, path = "/v1/accounts/{account}/insights", tag = "insights",
    params(("account" = String, Path, example = "17841400000000001"), SeriesIn),
    responses((status = 200, body = SeriesAnswer), (status = 304, description = "As you have it."), Failures))]
async fn insights(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    Asked(asked): Asked<SeriesIn>,
    wishes: Wishes,
    caller: Caller,
) -> Result<Served, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&id)).await?;
    let mut problems = Problems::default();
    let metrics = metrics(asked.metrics.as_deref(), &mut problems);
    let window = problems.keep(window(
        &gate,
        asked.period.as_deref(),
        asked.since.as_deref(),
        asked.until.as_deref(),
    ));
    let (Some(metrics), Some((period, window))) = (metrics, window) else {
        return Err(problems.told());
    };
    let ask = wishes.ask(&gate, &account);
    let got = gateway::account_numbers(ask, period, window, &metrics).await?;
    let source = Provenance::of(&gate, got.fetched_at_ms);
    let fetched_at_ms = got.fetched_at_ms;
    let answer = got.map(|numbers| {
        let mut data: Vec<SeriesOut> = numbers
            .series
            .iter()
            .map(|series| shape(series, period, fetched_at_ms))
            .collect();
        data.extend(followers(&numbers, window, fetched_at_ms));
        SeriesAnswer {
            data,
            notes: numbers.missing.into_iter().map(NoteOut::from).collect(),
            since: window.since.to_string(),
            until: window.until.to_string(),
            time_zone: "America/Los_Angeles",
            source,
        }
    });
    Ok(Served::new(answer, &wishes))
}

/// The metrics that are meant, unless one of them is none.
fn metrics(named: Option<&str>, problems: &mut Problems) -> Option<Vec<&'static str>> {
    let Some(named) = named.filter(|named| !named.is_empty()) else {
        return Some(USUAL.to_vec());
    };
    let mut metrics = Vec::new();
    let mut are_known = true;
    for name in named.split(',').map(str::trim) {
        let Some(known) = account_metric(name) else {
            let known: Vec<&str> = ACCOUNT.iter().map(|metric| metric.name).collect();
            problems.add(
                "metrics",
                format!("{name:?} is none of: {}", known.join(", ")),
            );
            are_known = false;
            continue;
        };
        if !metrics.contains(&known.name) {
            metrics.push(known.name);
        }
    }
    are_known.then_some(metrics)
}

fn point(end_time: &str, value: Value, now_ms: i64) -> PointOut {
    let day = Day::of_end_time(end_time);
    PointOut {
        day: day.map(|day| day.to_string()).unwrap_or_default(),
        end_time: end_time.to_owned(),
        value,
        settled: day.is_some_and(|day| day.is_settled(now_ms)),
        known_by: None,
    }
}

fn shape(series: &Series, period: Period, now_ms: i64) -> SeriesOut {
    let whole = series.points.iter().filter_map(|(_, value)| value.as_i64());
    // Values of a week overlap.
    let sum = match (period, series.metric.as_str()) {
        (Period::Day, "new_followers") => Some(whole.sum()),
        (Period::Day, metric) => add_up(metric, whole),
        _ => None,
    };
    debug_assert!(sum.is_none() || !is_unique(&series.metric));
    SeriesOut {
        metric: series.metric.clone(),
        period: period.as_str(),
        values: series
            .points
            .iter()
            .map(|(end_time, value)| point(end_time, value.clone(), now_ms))
            .collect(),
        sum,
        derived_from: None,
    }
}

fn is_unique(metric: &str) -> bool {
    account_metric(metric).is_some_and(|known| known.sum == Sum::Never)
}

/// Totals at the end of each day of the window; where none is known, the one of now.
fn followers(numbers: &AccountNumbers, window: Window, now_ms: i64) -> Option<SeriesOut> {
    let now = FollowerTotal {
        day: Day::of(now_ms),
        total: numbers.followers?,
        known: Known::Now,
    };
    let days = window.since..=window.until;
    let within = numbers.totals.iter().filter(|it| days.contains(&it.day));
    let mut totals: Vec<FollowerTotal> = within.copied().collect();
    if totals.is_empty() {
        totals.push(now);
    }
    let shown = |it: FollowerTotal| PointOut {
        known_by: Some(match it.known {
            Known::Now => "now",
            Known::Counted => "snapshot",
            Known::Derived => "daily_changes",
        }),
        ..point(&it.day.end_time(), it.total.into(), now_ms)
    };
    Some(SeriesOut {
        metric: "follower_count".to_owned(),
        period: "day",
        values: totals.into_iter().map(shown).collect(),
        sum: None,
        derived_from: Some("followers_count"),
    })
}
