//! The account's totals a day at a time: all of a day's in one call, kept for good once they are settled.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use graph_api::{
    endpoint::account::{AccountInsights, Cut},
    insights::{BELIEVED_MS, Day, Insights, Surface, Window, account_metric},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    entry::Kind,
    errand::{Errand, Trouble},
    flow::Ask,
    media::to_value,
    series::{AccountNumbers, REFUSED, in_order},
};
use crate::api::ApiError;

/// Days asked for at the same time.
const AT_ONCE: usize = 4;
/// Comes in a call of its own.
const SPLIT: &str = "follows_and_unfollows";

/// A window's totals.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct DayTotals {
    pub(super) totals: Vec<Total>,
    pub(super) refused: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Total {
    pub(super) metric: String,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) value: Value,
}

pub(super) async fn total(
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
    let found = errand.gather(Surface::Account, metrics, make).await?;
    if let Some(trouble) = found.object {
        return Err(trouble);
    }
    let totals = found
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
        refused: found.refused.into_iter().map(str::to_owned).collect(),
    })
}

impl DayTotals {
    /// The part that is wanted.
    fn only(mut self, wanted: &[&str]) -> Self {
        self.totals
            .retain(|total| wanted.contains(&total.metric.as_str()));
        self.refused
            .retain(|metric| wanted.contains(&metric.as_str()));
        self
    }
}

/// The totals of each day. All of a day's come in one call, so all are asked for and kept, whichever are wanted now; but
/// for the one that comes in a call of its own.
pub(super) async fn by_day(
    ask: Ask<'_>,
    errand: &Errand<'_>,
    window: Window,
    metrics: &[&'static str],
    numbers: &mut AccountNumbers,
) -> Result<(), ApiError> {
    let together = in_order(|metric| {
        metric != SPLIT && account_metric(metric).is_some_and(|known| !known.series)
    });
    for list in [together, vec![SPLIT]] {
        let wanted: Vec<&'static str> = metrics
            .iter()
            .copied()
            .filter(|metric| list.contains(metric))
            .collect();
        if !wanted.is_empty() {
            each_day(ask, errand, window, (&list, &wanted), numbers).await?;
        }
    }
    Ok(())
}

/// The first day tells which metrics Meta refuses; the others follow together.
async fn each_day(
    ask: Ask<'_>,
    errand: &Errand<'_>,
    window: Window,
    (list, wanted): (&[&'static str], &[&'static str]),
    numbers: &mut AccountNumbers,
) -> Result<(), ApiError> {
    let days: Vec<Day> = window.days().collect();
    let Some((first, rest)) = days.split_first() else {
        return Ok(());
    };
    let one = one_day(ask, errand, *first, (list, wanted)).await?;
    // Not one metric is given: so it would be on every day, and nothing would be learned of it.
    let is_hopeless = one.totals.is_empty() && !one.refused.is_empty();
    let rest = if is_hopeless { &[] } else { rest };
    let mut found = vec![(*first, one)];
    let asked: Vec<_> = rest
        .iter()
        .map(|day| one_day(ask, errand, *day, (list, wanted)))
        .collect();
    let others: Vec<DayTotals> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    found.extend(rest.iter().copied().zip(others));
    for (day, totals) in found {
        let totals = totals.only(wanted);
        numbers.add(&totals, &day.end_time());
        numbers.refuse(&totals.refused, REFUSED);
    }
    Ok(())
}

/// A day's totals: kept for good once they are settled, with the names of those that Meta refused. It is asked for again
/// only when one of these is wanted and may be given again.
async fn one_day(
    ask: Ask<'_>,
    errand: &Errand<'_>,
    day: Day,
    (list, wanted): (&[&'static str], &[&'static str]),
) -> Result<DayTotals, ApiError> {
    let gateway = &ask.gate.gateway;
    let now_ms = ask.gate.clock.now_ms();
    let name = match list {
        [metric] => format!("totals:{day}:{metric}"),
        _ => format!("totals:{day}"),
    };
    let settled = day.is_settled(now_ms);
    if settled
        && let Some(kept) = gateway.peek(ask, Kind::ClosedDay, &name).await
        && let Ok(totals) = DayTotals::deserialize(&kept.body)
    {
        let refused: Vec<&str> = totals.refused.iter().map(String::as_str).collect();
        let (given, _) = gateway.split(errand.family(), Surface::Account, &refused, now_ms);
        let is_wanted = given.iter().any(|metric| wanted.contains(metric));
        if !is_wanted || now_ms - kept.fetched_at_ms < BELIEVED_MS {
            return Ok(totals);
        }
    }
    let window = Window {
        since: day,
        until: day,
    };
    let totals = total(errand, window, list).await?;
    let is_hopeless = totals.totals.is_empty() && !totals.refused.is_empty();
    if settled && !is_hopeless {
        let body = to_value(&totals)?;
        let along = vec![(Kind::ClosedDay, name, body)];
        gateway.keep_along(ask, along).await;
    }
    Ok(totals)
}
