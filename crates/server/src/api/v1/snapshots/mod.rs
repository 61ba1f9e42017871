//! What was kept of accounts, posts and stories, beyond what Meta remembers; and a snapshot right now.

mod shape;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use garde::Validate;
use graph_api::insights::{ACCOUNT, Day};
use serde::Deserialize;
use store::StoryQuery;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    api::{ApiError, Asked, Caller, Failures, Gate, Once, Paging, Scope},
    error::Problems,
    snapshots::snapshot_now,
};
use shape::{
    ArchiveOut, HistoryOut, KeptPointOut, KeptSeriesOut, SnapshotsOut, TakenOut, media_day, point,
    story,
};

/// Days that one call answers at most.
const LONGEST_DAYS: i64 = 1_100;
/// Days without being asked.
const USUAL_DAYS: i64 = 30;
/// What is counted of the account itself, beside Meta's metrics.
const COUNTS: [&str; 4] = [
    "followers_count",
    "follows_count",
    "media_count",
    "new_followers",
];
/// Two snapshots within this time are one.
const ONCE_MS: i64 = 60_000;

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(series, take))
        .routes(routes!(history))
        .routes(routes!(archive))
}

/// Which series, of which days.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
struct SeriesQuery {
    /// Names, with commas between them; all of them without.
    #[param(example = "followers_count,reach")]
    metrics: Option<String>,
    /// First day, as Meta counts days (Pacific time); 30 days without.
    #[param(example = "2026-10-01")]
    since: Option<String>,
    /// Last day, included; yesterday's is the newest that is complete.
    #[param(example = "2026-10-31")]
    until: Option<String>,
}

/// Which days.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
struct DaysQuery {
    /// First day, as Meta counts days (Pacific time); 30 days without.
    #[param(example = "2026-10-01")]
    since: Option<String>,
    /// Last day, included.
    #[param(example = "2026-10-31")]
    until: Option<String>,
}

/// Which page of stories.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// How many, at most 100.
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(minimum = 1, maximum = 100, example = 25)]
    limit: Option<u32>,
    /// The cursor of the page before.
    #[garde(skip)]
    after: Option<String>,
}

/// Numbers of an account by the day.
///
/// Followers, following, posts, and Meta's insights, kept for as long as this server runs; Meta itself forgets most of
/// them after 90 days. Each value says when it was read and from which version of Meta's API.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/snapshots", tag = "snapshots",
    params(("account" = String, Path, description = "Either id of the account."), SeriesQuery),
    responses((status = 200, body = SnapshotsOut), Failures)
)]
async fn series(
    State(gate): State<Arc<Gate>>,
    Path(account): Path<String>,
    Asked(query): Asked<SeriesQuery>,
    caller: Caller,
) -> Result<Json<SnapshotsOut>, ApiError> {
    let account = account_of(&gate, &caller, Scope::Read, &account).await?;
    let mut problems = Problems::default();
    let metrics = metrics_of(query.metrics.as_deref(), &mut problems);
    let (since, until) = (query.since.as_deref(), query.until.as_deref());
    let days = days_of(&gate, since, until, &mut problems);
    let (Some(metrics), Some((since, until))) = (metrics, days) else {
        return Err(problems.told());
    };
    let values = gate
        .store
        .day_values(&account, &metrics, &since, &until)
        .await?;
    let mut by_metric: BTreeMap<String, Vec<KeptPointOut>> = BTreeMap::new();
    for value in values {
        by_metric
            .entry(value.metric.clone())
            .or_default()
            .push(point(value));
    }
    let data = metrics
        .into_iter()
        .map(|metric| KeptSeriesOut {
            points: by_metric.remove(&metric).unwrap_or_default(),
            metric,
        })
        .collect();
    Ok(Json(SnapshotsOut {
        data,
        paging: Paging { after: None },
    }))
}

/// Takes a snapshot now.
///
/// It is taken as soon as Meta's allowance has room beside calls that people wait for, and kept as of today; a later one
/// of the same day replaces it. Two within a minute are one, and so are two with the same `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/snapshots", tag = "snapshots",
    params(
        ("account" = String, Path, description = "Either id of the account."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is the same snapshot."),
    ),
    responses((status = 202, body = TakenOut), Failures)
)]
async fn take(
    State(gate): State<Arc<Gate>>,
    Path(account): Path<String>,
    caller: Caller,
    Once(once): Once,
) -> Result<(StatusCode, Json<TakenOut>), ApiError> {
    let account = account_of(&gate, &caller, Scope::Manage, &account).await?;
    let now_ms = gate.clock.now_ms();
    let once = match once {
        None => format!("minute:{}", now_ms.div_euclid(ONCE_MS)),
        Some(id) => format!("key:{id}"),
    };
    let day = Day::of(now_ms);
    let job = gate
        .store
        .enqueue(snapshot_now(&account, day, &once, now_ms))
        .await?;
    let taken = TakenOut {
        job: job.id,
        day: day.to_string(),
        new: job.new,
    };
    Ok((StatusCode::ACCEPTED, Json(taken)))
}

/// A post's numbers by the day.
///
/// What the post had in all at the end of each day. Posts are read once a day; numbers that Meta refused stay as they
/// were read last.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/media/{media}/history", tag = "snapshots",
    params(
        ("account" = String, Path, description = "Either id of the account."),
        ("media" = String, Path, description = "The post."),
        DaysQuery,
    ),
    responses((status = 200, body = HistoryOut), Failures)
)]
async fn history(
    State(gate): State<Arc<Gate>>,
    Path((account, media)): Path<(String, String)>,
    Asked(query): Asked<DaysQuery>,
    caller: Caller,
) -> Result<Json<HistoryOut>, ApiError> {
    let account = account_of(&gate, &caller, Scope::Read, &account).await?;
    let mut problems = Problems::default();
    let (since, until) = (query.since.as_deref(), query.until.as_deref());
    let Some((since, until)) = days_of(&gate, since, until, &mut problems) else {
        return Err(problems.told());
    };
    let days = gate
        .store
        .media_days(&account, &media, &since, &until)
        .await?;
    Ok(Json(HistoryOut {
        data: days.into_iter().map(media_day).collect(),
        paging: Paging { after: None },
    }))
}

/// Stories that ended, with their last numbers.
///
/// Meta forgets a story's numbers when it ends after 24 hours. These are the last that were read before, or Meta's own
/// last word where the account is connected by Facebook Login.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/stories/archive", tag = "snapshots",
    params(("account" = String, Path, description = "Either id of the account."), PageQuery),
    responses((status = 200, body = ArchiveOut), Failures)
)]
async fn archive(
    State(gate): State<Arc<Gate>>,
    Path(account): Path<String>,
    Asked(query): Asked<PageQuery>,
    caller: Caller,
) -> Result<Json<ArchiveOut>, ApiError> {
    let account = account_of(&gate, &caller, Scope::Read, &account).await?;
    let limit = query.limit.unwrap_or(25);
    let asked = StoryQuery {
        ended_by_ms: Some(gate.clock.now_ms()),
        before: query.after.as_deref().map(cursor).transpose()?,
        limit: limit + 1,
    };
    let mut rows = gate.store.stories(&account, &asked).await?;
    let is_more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let last = rows.last().filter(|_| is_more);
    let after = last.map(|row| format!("{}.{}", row.story.published_at_ms, row.story.media));
    Ok(Json(ArchiveOut {
        data: rows.into_iter().map(story).collect(),
        paging: Paging { after },
    }))
}

/// The id under which an account's numbers are kept. What a caller's own token opens is not kept.
async fn account_of(
    gate: &Gate,
    caller: &Caller,
    scope: Scope,
    account: &str,
) -> Result<String, ApiError> {
    caller.need(scope)?;
    let account = caller.account(gate, Some(account)).await?;
    if account.private.is_some() {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "account_not_connected",
            "numbers are kept for connected accounts only",
        )
        .next_step("Connect the account: GET /instagram/auth/url."));
    }
    Ok(account.id.as_str().to_owned())
}

/// The metrics that are meant, unless one of them is none.
fn metrics_of(asked: Option<&str>, problems: &mut Problems) -> Option<Vec<String>> {
    let known = COUNTS
        .iter()
        .copied()
        .chain(ACCOUNT.iter().map(|metric| metric.name))
        .filter(|name| *name != "follower_count");
    let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
        return Some(known.map(str::to_owned).collect());
    };
    let known: Vec<&str> = known.collect();
    let mut metrics: Vec<String> = Vec::new();
    let mut are_known = true;
    for name in asked.split(',').map(str::trim) {
        if !known.contains(&name) {
            problems.add(
                "metrics",
                format!("{name:?} is none of {}", known.join(", ")),
            );
            are_known = false;
        } else if !metrics.iter().any(|metric| metric == name) {
            metrics.push(name.to_owned());
        }
    }
    are_known.then_some(metrics)
}

/// The days that are meant, unless they are none.
fn days_of(
    gate: &Gate,
    since: Option<&str>,
    until: Option<&str>,
    problems: &mut Problems,
) -> Option<(String, String)> {
    let mut day = |at, text: Option<&str>, usual: Day| {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Some(usual);
        };
        let day = Day::parse(text);
        if day.is_none() {
            problems.add(at, "must be a day, like 2026-10-01");
        }
        day
    };
    let last = day("until", until, Day::of(gate.clock.now_ms()));
    let usual = last.unwrap_or(Day::of(gate.clock.now_ms()));
    let first = day("since", since, usual.plus(1 - USUAL_DAYS));
    let (since, until) = (first?, last?);
    if since > until {
        problems.add("since", "is after until");
        return None;
    }
    if since.days_until(until) >= LONGEST_DAYS {
        let says = format!("is more than {LONGEST_DAYS} days before until");
        problems.add("since", says);
        return None;
    }
    Some((since.to_string(), until.to_string()))
}

fn cursor(text: &str) -> Result<(i64, String), ApiError> {
    let parts = text.split_once('.');
    parts
        .and_then(|(at_ms, id)| Some((at_ms.parse().ok()?, id.to_owned())))
        .ok_or_else(|| ApiError::invalid_at("after", "is no cursor of ours"))
}
