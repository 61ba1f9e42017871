//! All followers by the day: what our own snapshots counted, and between them what follows from Meta's total of now and
//! its daily changes, of which we have kept more than Meta does.

use std::collections::BTreeMap;

use graph_api::insights::{Day, FollowerTotal, Window, follower_totals};
use serde_json::Value;

use super::{
    errand::{Errand, Trouble},
    flow::Ask,
    series::{AccountNumbers, Series, Told, series},
};
use crate::api::ApiError;

const FOLLOWERS: &str =
    "Meta gives this for the last 30 days, to accounts with at least 100 followers.";

const LAST_FOLLOWERS: &str = "Meta gives this for the last 30 days; earlier days are not here.";

const COUNTED: &str = "followers_count";
const CHANGES: &str = "new_followers";

/// Followers that came on each day; only the last thirty days have it. Asked for up to yesterday in the same call, since
/// totals are rebuilt backwards from now.
pub(super) async fn new_by_day(
    errand: &Errand<'_>,
    window: Window,
    numbers: &mut AccountNumbers,
) -> Result<(), Trouble> {
    let today = Day::of(errand.gate.clock.now_ms());
    let oldest = today.plus(-29);
    let until_now = Window {
        since: window.since.max(oldest),
        // The current day has none.
        until: today.plus(-1),
    };
    let found = if until_now.since <= window.until {
        series(errand, "follower_count", "day", until_now).await?
    } else {
        Told::Refused(None)
    };
    numbers.changes = match found {
        Told::Given(series) => series.points,
        Told::Refused(_) => Vec::new(),
    };
    let points: Vec<_> = numbers
        .changes
        .iter()
        .filter(|(end_time, _)| window.holds(end_time).is_some())
        .cloned()
        .collect();
    if points.is_empty() {
        numbers.refuse(&[CHANGES.to_owned()], FOLLOWERS);
    } else {
        numbers.series.push(Series {
            metric: CHANGES.to_owned(),
            title: None,
            description: None,
            points,
        });
        if window.since < oldest {
            numbers.refuse(&[CHANGES.to_owned()], LAST_FOLLOWERS);
        }
    }
    Ok(())
}

/// Totals from `since` to the day on which `total` was read. `changes` are Meta's, by their `end_time`.
pub(super) async fn by_day(
    ask: Ask<'_>,
    since: Day,
    (fetched_at_ms, total): (i64, i64),
    changes: &[(String, Value)],
) -> Result<Vec<FollowerTotal>, ApiError> {
    let today = Day::of(fetched_at_ms);
    let (counted, mut known) = if ask.account.private.is_some() {
        Default::default()
    } else {
        kept(ask, since, today).await?
    };
    let told = changes
        .iter()
        .filter_map(|(end_time, value)| Some((Day::of_end_time(end_time)?, value.as_i64()?)));
    known.extend(told);
    Ok(follower_totals((today, total), &known, &counted, since))
}

type ByDay = BTreeMap<Day, i64>;

/// What snapshots kept: totals that were read as soon as their day had ended, and daily changes.
async fn kept(ask: Ask<'_>, since: Day, until: Day) -> Result<(ByDay, ByDay), ApiError> {
    let metrics = [COUNTED.to_owned(), CHANGES.to_owned()];
    let (since, until) = (since.to_string(), until.to_string());
    let store = &ask.gate.store;
    let rows = store
        .day_values(ask.account.id.as_str(), &metrics, &since, &until)
        .await?;
    let (mut counted, mut changes) = (ByDay::new(), ByDay::new());
    for row in rows {
        let (Some(day), Some(value)) = (Day::parse(&row.day), row.value) else {
            continue;
        };
        if row.metric == CHANGES {
            changes.insert(day, value);
        } else if row.note.is_none() && row.fetched_at_ms >= day.end_s() * 1000 {
            // Read late, or before the day was over, it is another moment's number.
            counted.insert(day, value);
        }
    }
    Ok((counted, changes))
}
