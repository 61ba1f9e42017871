//! The account's numbers over days: `reach` as a series, in pieces of thirty days; totals a day at a time, all of a
//! day's in one call. A day that is settled is asked for once and kept for good. Unique people are never added up.

use graph_api::{
    endpoint::account::{AccountInsights, Cut},
    error::ErrorKind,
    insights::{ACCOUNT, FollowerTotal, Surface, Window, account_metric},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    account::profile,
    entry::{Got, Source},
    errand::{Errand, Trouble},
    flow::Ask,
    followers,
    media::to_value,
    numbers::Missing,
    totals::{DayTotals, by_day, total},
    wanted::Wanted,
};
use crate::api::ApiError;

pub(super) const REFUSED: &str = "Meta does not give this metric for this account now.";
const NO_DATA: &str = "Meta has no data for this; it may take up to 48 hours.";

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
    /// All followers by the day, as far as they can be known; never kept, since it is made of other things that are.
    #[serde(skip)]
    pub(crate) totals: Vec<FollowerTotal>,
    /// Daily changes up to now, of which the window is a part: what the totals are rebuilt from.
    #[serde(default)]
    pub(super) changes: Vec<(String, Value)>,
}

/// The account's numbers for a window.
pub(crate) async fn account_numbers(
    ask: Ask<'_>,
    period: Period,
    window: Window,
    metrics: &[&'static str],
) -> Result<Got<AccountNumbers>, ApiError> {
    let errand = Errand::new(ask.gate, ask.account, ask.urgency);
    // In whichever order they are named it is the same question.
    let metrics = in_order(|metric| metrics.contains(&metric));
    let metrics = metrics.as_slice();
    let wanted = Wanted::Account {
        period,
        window,
        metrics: metrics.to_vec(),
    };
    let work = async {
        let numbers = fetch(ask, &errand, period, window, metrics).await?;
        to_value(&numbers)
    };
    let gateway = &ask.gate.gateway;
    let got: Got<AccountNumbers> = Box::pin(gateway.get(ask, &wanted, &errand, work))
        .await?
        .read()?;
    if !metrics.contains(&"follower_count") {
        return Ok(got);
    }
    // The total is the profile's, which has times of its own.
    let (calls, source, fetched_at_ms) = (got.calls, got.source, got.fetched_at_ms);
    let profile = profile(ask).await?;
    let total = profile.body.followers_count;
    let totals = match (period, total) {
        (Period::Day, Some(total)) => {
            let now = (profile.fetched_at_ms, total);
            followers::by_day(ask, window.since, now, &got.body.changes).await?
        }
        _ => Vec::new(),
    };
    Ok(Got {
        calls: calls + profile.calls,
        source: match (source, profile.source) {
            (source, Source::Hit) => source,
            (source, other) => source.and(other),
        },
        fetched_at_ms: fetched_at_ms.min(profile.fetched_at_ms),
        given_at_ms: profile.given_at_ms,
        body: AccountNumbers {
            followers: total,
            totals,
            ..got.body
        },
    })
}

/// The names that are meant, in the table's order.
pub(super) fn in_order(is_meant: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let names = ACCOUNT.iter().map(|metric| metric.name);
    names.filter(|name| is_meant(name)).collect()
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
    let mut suspect = None;
    if metrics.contains(&"reach") {
        suspect = Box::pin(reach(errand, period, window, &mut numbers)).await?;
    }
    if metrics.contains(&"follower_count") && period == Period::Day {
        followers::new_by_day(errand, window, &mut numbers).await?;
    }
    if !totals.is_empty() {
        match period {
            Period::Day => {
                Box::pin(by_day(ask, errand, window, &totals, &mut numbers)).await?;
            }
            Period::Week | Period::Days28 => {
                let last = Window {
                    since: window.until.plus(1 - period.days()),
                    until: window.until,
                };
                let day = Box::pin(total(errand, last, &totals)).await?;
                numbers.add(&day, &window.until.end_time());
                numbers.refuse(&day.refused, REFUSED);
            }
        }
    }
    // Where the same window had totals, it was the series that Meta refused, and not the window or the account.
    if let Some(series) = suspect
        && numbers.series.iter().any(|series| is_total(&series.metric))
    {
        let gateway = &ask.gate.gateway;
        gateway
            .learn_refusal(ask.gate, ask.account, Surface::Account, &series)
            .await;
    }
    numbers.name_absent(period, metrics);
    Ok(numbers)
}

fn is_total(metric: &str) -> bool {
    account_metric(metric).is_some_and(|known| known.total)
}

impl AccountNumbers {
    pub(super) fn add(&mut self, day: &DayTotals, end_time: &str) {
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

    /// Says of everything that was asked for and did not come that Meta has no data.
    fn name_absent(&mut self, period: Period, asked: &[&str]) {
        self.series.retain(|series| !series.points.is_empty());
        for metric in asked {
            let name = match (*metric, period) {
                ("follower_count", Period::Day) => "new_followers",
                // The total is the profile's.
                ("follower_count", _) => continue,
                (metric, _) => metric,
            };
            if self.series.iter().all(|series| series.metric != name) {
                self.refuse(&[name.to_owned()], NO_DATA);
            }
        }
    }

    pub(super) fn refuse(&mut self, refused: &[String], note: &str) {
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

/// How Meta answered a question for a series.
pub(super) enum Told {
    Given(Series),
    /// Refused; and under this name, if the series itself is what Meta refused.
    Refused(Option<String>),
}

/// `reach` is the one series that Meta documents. With `week` and `days_28` each value is about so many days up to its
/// end; where that is refused, one total of the last of them stands for it.
/// Answers the name of a series that may have been refused as such.
async fn reach(
    errand: &Errand<'_>,
    period: Period,
    window: Window,
    numbers: &mut AccountNumbers,
) -> Result<Option<String>, Trouble> {
    let suspect = match series(errand, "reach", period.as_str(), window).await? {
        Told::Given(series) => {
            numbers.series.push(series);
            return Ok(None);
        }
        Told::Refused(suspect) => suspect,
    };
    if period == Period::Day {
        numbers.refuse(&["reach".to_owned()], REFUSED);
        return Ok(suspect);
    }
    let last = Window {
        since: window.until.plus(1 - period.days()),
        until: window.until,
    };
    let day = total(errand, last, &["reach"]).await?;
    numbers.add(&day, &window.until.end_time());
    numbers.refuse(&day.refused, REFUSED);
    Ok(suspect)
}

/// A series in pieces of thirty days, unless Meta refuses it or did so lately. A value belongs to the day before its
/// `end_time`, so what Meta adds at the edges is left out.
pub(super) async fn series(
    errand: &Errand<'_>,
    metric: &'static str,
    period: &'static str,
    window: Window,
) -> Result<Told, Trouble> {
    // That a series is refused says nothing about the total of the same name.
    let name = format!("{metric}:{period}");
    let now_ms = errand.gate.clock.now_ms();
    let gateway = &errand.gate.gateway;
    let allowed = gateway.split(errand.family(), Surface::Account, &[&name], now_ms);
    if allowed.0.is_empty() {
        return Ok(Told::Refused(None));
    }
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
            Err(trouble) if trouble.is_refusal() && !trouble.is_forbidden() => {
                let is_bad = trouble.kind() == Some(ErrorKind::BadRequest);
                return Ok(Told::Refused(is_bad.then_some(name)));
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
    Ok(Told::Given(series))
}
