//! The account's numbers over days: `reach` as a series, in pieces of thirty days; totals a day at a time, all of a
//! day's in one call. A day that is settled is asked for once and kept for good. Unique people are never added up.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use graph_api::{
    endpoint::account::{AccountInsights, Cut},
    insights::{Day, Insights, Surface, Window, account_metric},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    account::profile,
    entry::{Got, Kind, Source},
    errand::{Errand, Trouble},
    flow::Ask,
    media::to_value,
    numbers::Missing,
};
use crate::api::ApiError;

/// Days asked for at the same time.
const AT_ONCE: usize = 4;

const REFUSED: &str = "Meta does not give this metric for this account now.";
const FOLLOWERS: &str =
    "Meta gives this for the last 30 days, to accounts with at least 100 followers.";

/// How long a value's period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Period {
    Day,
    Week,
    Days28,
}

impl Period {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Days28 => "days_28",
        }
    }

    pub(crate) fn of_word(word: &str) -> Option<Self> {
        [Self::Day, Self::Week, Self::Days28]
            .into_iter()
            .find(|period| period.as_str() == word)
    }

    pub(crate) fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Days28 => 28,
        }
    }
}

/// One metric over the days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) metric: String,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    /// `end_time` and value, in order.
    pub(crate) points: Vec<(String, Value)>,
}

/// What was asked for of the account, as far as Meta gives it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct AccountNumbers {
    pub(crate) series: Vec<Series>,
    pub(crate) missing: Vec<Missing>,
    /// All followers, when this was fetched.
    pub(crate) followers: Option<i64>,
}

/// The account's numbers for a window.
pub(crate) async fn account_numbers(
    ask: Ask<'_>,
    period: Period,
    window: Window,
    metrics: &[&'static str],
) -> Result<Got<AccountNumbers>, ApiError> {
    let errand = Errand::new(ask.gate, ask.account, ask.urgency);
    let name = format!(
        "{}:{}:{}:{}",
        period.as_str(),
        window.since,
        window.until,
        metrics.join(",")
    );
    let work = async {
        let numbers = fetch(ask, &errand, period, window, metrics).await?;
        to_value(&numbers)
    };
    let got: Got<AccountNumbers> = ask
        .gate
        .gateway
        .get(ask, Kind::Account, &name, &errand, work)
        .await?
        .read()?;
    if !metrics.contains(&"follower_count") {
        return Ok(got);
    }
    // The total is the profile's, which has times of its own.
    let (calls, source, fetched_at_ms) = (got.calls, got.source, got.fetched_at_ms);
    let profile = profile(ask).await?;
    let total = profile.body.followers_count;
    Ok(Got {
        calls: calls + profile.calls,
        source: match (source, profile.source) {
            (source, Source::Hit) => source,
            (source, other) => source.and(other),
        },
        fetched_at_ms: fetched_at_ms.min(profile.fetched_at_ms),
        body: AccountNumbers {
            followers: total,
            ..got.body
        },
    })
}

async fn fetch(
    ask: Ask<'_>,
    errand: &Errand<'_>,
    period: Period,
    window: Window,
    metrics: &[&'static str],
) -> Result<AccountNumbers, ApiError> {
    let mut numbers = AccountNumbers::default();
    let totals: Vec<&'static str> = metrics
        .iter()
        .copied()
        .filter(|name| account_metric(name).is_some_and(|known| !known.series))
        .collect();
    if metrics.contains(&"reach") {
        reach(errand, period, window, &mut numbers).await?;
    }
    if metrics.contains(&"follower_count") && period == Period::Day {
        new_followers(errand, window, &mut numbers).await?;
    }
    if !totals.is_empty() {
        match period {
            Period::Day => by_day(ask, errand, window, &totals, &mut numbers).await?,
            Period::Week | Period::Days28 => {
                let last = Window {
                    since: window.until.plus(1 - period.days()),
                    until: window.until,
                };
                let day = total(errand, last, &totals).await?;
                numbers.add(&day, &window.until.end_time());
                numbers.refuse(&day.refused, REFUSED);
            }
        }
    }
    Ok(numbers)
}

impl AccountNumbers {
    fn add(&mut self, day: &DayTotals, end_time: &str) {
        for total in &day.totals {
            let point = (end_time.to_owned(), total.value.clone());
            match self.series.iter_mut().find(|s| s.metric == total.metric) {
                Some(series) => series.points.push(point),
                None => self.series.push(Series {
                    metric: total.metric.clone(),
                    title: total.title.clone(),
                    description: total.description.clone(),
                    points: vec![point],
                }),
            }
        }
    }

    fn refuse(&mut self, refused: &[String], note: &str) {
        for metric in refused {
            if self.missing.iter().all(|known| known.metric != *metric) {
                self.missing.push(Missing {
                    metric: metric.clone(),
                    note: note.to_owned(),
                });
            }
        }
    }
}

/// A window's totals.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct DayTotals {
    totals: Vec<Total>,
    refused: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Total {
    metric: String,
    title: Option<String>,
    description: Option<String>,
    value: Value,
}

async fn total(
    errand: &Errand<'_>,
    window: Window,
    metrics: &[&'static str],
) -> Result<DayTotals, Trouble> {
    let make = |metrics| AccountInsights {
        metrics,
        cut: Cut::Total,
        span: Some(window.span()),
        breakdown: None,
    };
    let gathered = errand.gather(Surface::Account, metrics, make).await?;
    if let Some(trouble) = gathered.object {
        return Err(trouble);
    }
    let totals = gathered
        .read
        .into_iter()
        .flat_map(|insights: Insights| insights.data)
        .filter_map(|insight| {
            Some(Total {
                value: insight.number()?,
                metric: insight.name,
                title: insight.title,
                description: insight.description,
            })
        })
        .collect();
    Ok(DayTotals {
        totals,
        refused: gathered.refused,
    })
}

/// All totals of each day. The first day that is not kept tells which metrics Meta refuses; the others follow together.
async fn by_day(
    ask: Ask<'_>,
    errand: &Errand<'_>,
    window: Window,
    metrics: &[&'static str],
    numbers: &mut AccountNumbers,
) -> Result<(), ApiError> {
    let days: Vec<Day> = window.days().collect();
    let Some((first, rest)) = days.split_first() else {
        return Ok(());
    };
    let mut found = vec![(*first, one_day(ask, errand, *first, metrics).await?)];
    let asked: Vec<_> = rest
        .iter()
        .map(|day| one_day(ask, errand, *day, metrics))
        .collect();
    let others: Vec<DayTotals> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    found.extend(rest.iter().copied().zip(others));
    for (day, totals) in &found {
        numbers.add(totals, &day.end_time());
        numbers.refuse(&totals.refused, REFUSED);
    }
    Ok(())
}

/// A day's totals: kept for good once they are settled.
async fn one_day(
    ask: Ask<'_>,
    errand: &Errand<'_>,
    day: Day,
    metrics: &[&'static str],
) -> Result<DayTotals, ApiError> {
    let gateway = &ask.gate.gateway;
    let name = format!("totals:{day}:{}", metrics.join(","));
    let settled = day.is_settled(ask.gate.clock.now_ms());
    if settled
        && let Some(kept) = gateway.peek(ask, Kind::ClosedDay, &name).await
        && let Ok(totals) = DayTotals::deserialize(&kept.body)
    {
        return Ok(totals);
    }
    let window = Window {
        since: day,
        until: day,
    };
    let totals = total(errand, window, metrics).await?;
    // A day with a refused metric is asked for again when Meta gives the metric again.
    if settled && totals.refused.is_empty() {
        let body = to_value(&totals)?;
        let along = vec![(Kind::ClosedDay, name, body)];
        gateway.keep_along(ask, along).await;
    }
    Ok(totals)
}

/// `reach` is the one series that Meta documents. With `week` and `days_28` each value is about so many days up to its
/// end; where that is refused, one total of the last of them stands for it.
async fn reach(
    errand: &Errand<'_>,
    period: Period,
    window: Window,
    numbers: &mut AccountNumbers,
) -> Result<(), Trouble> {
    let series = series(errand, "reach", period.as_str(), window).await?;
    match series {
        Some(series) => numbers.series.push(series),
        None if period == Period::Day => numbers.refuse(&["reach".to_owned()], REFUSED),
        None => {
            let last = Window {
                since: window.until.plus(1 - period.days()),
                until: window.until,
            };
            let day = total(errand, last, &["reach"]).await?;
            numbers.add(&day, &window.until.end_time());
            numbers.refuse(&day.refused, REFUSED);
        }
    }
    Ok(())
}

/// Followers that came on each day; only the last thirty days have it.
async fn new_followers(
    errand: &Errand<'_>,
    window: Window,
    numbers: &mut AccountNumbers,
) -> Result<(), Trouble> {
    let oldest = Day::of(errand.gate.clock.now_ms()).plus(-29);
    let window = Window {
        since: window.since.max(oldest),
        until: window.until,
    };
    let found = if window.since <= window.until {
        series(errand, "follower_count", "day", window).await?
    } else {
        None
    };
    match found {
        Some(series) if !series.points.is_empty() => numbers.series.push(Series {
            metric: "new_followers".to_owned(),
            title: None,
            description: None,
            ..series
        }),
        _ => numbers.refuse(&["new_followers".to_owned()], FOLLOWERS),
    }
    Ok(())
}

/// A series in pieces of thirty days; none where Meta refuses it. A value belongs to the day before its `end_time`, so
/// what Meta adds at the edges is left out.
async fn series(
    errand: &Errand<'_>,
    metric: &'static str,
    period: &'static str,
    window: Window,
) -> Result<Option<Series>, Trouble> {
    let mut series = Series {
        metric: metric.to_owned(),
        title: None,
        description: None,
        points: Vec::new(),
    };
    for (piece, span) in window.slices() {
        let call = AccountInsights {
            metrics: vec![metric.to_owned()],
            cut: Cut::Series(period),
            span: Some(span),
            breakdown: None,
        };
        let insights = match errand.ask(&call).await {
            Ok(insights) => insights,
            Err(trouble) if trouble.kind() == Some(graph_api::error::ErrorKind::BadRequest) => {
                return Ok(None);
            }
            Err(trouble) => return Err(trouble),
        };
        let Some(insight) = insights.data.into_iter().find(|i| i.name == metric) else {
            continue;
        };
        series.title = insight.title;
        series.description = insight.description;
        for point in insight.values {
            let Some(end_time) = point.end_time else {
                continue;
            };
            let is_new = || series.points.iter().all(|(known, _)| *known != end_time);
            if piece.holds(&end_time).is_some() && is_new() {
                series.points.push((end_time, point.value));
            }
        }
    }
    Ok(Some(series))
}
