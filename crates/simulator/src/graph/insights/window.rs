//! `since` and `until` of account insights: Pacific days, at most 30 of them, at most two years back.

use jiff::civil::Date;

use super::account::View;
use crate::graph::error::GraphError;
use crate::graph::media::moment;
use crate::world::pacific;

const DAY_MS: i64 = 24 * 3_600_000;
/// Seen in practice, 2026-09; a window that crosses the end of summer time is longer by an hour.
const LONGEST_MS: i64 = 30 * DAY_MS;
/// The 730th day back is refused (seen in practice, 2026-08).
const KEPT_MS: i64 = 730 * DAY_MS;
/// Days that `follower_count` and `online_followers` reach back, without today.
const RECENT_DAYS: i64 = 30;

/// A window and the Pacific days that end in it.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) since_ms: i64,
    pub(super) until_ms: i64,
    pub(super) days: Vec<Date>,
}

impl Window {
    pub(super) fn asked(view: &View<'_>, is_total: bool) -> Result<Self, GraphError> {
        let time = |name: &str, text: &Option<String>| {
            text.as_deref()
                .map(|text| {
                    moment(text)
                        .ok_or_else(|| GraphError::argument(format!("{name} param is not valid")))
                })
                .transpose()
        };
        let usual_ms = if is_total { DAY_MS } else { 2 * DAY_MS };
        let until_ms = time("until", &view.asked.until)?.unwrap_or(view.now_ms);
        let since_ms = time("since", &view.asked.since)?.unwrap_or(until_ms - usual_ms);
        if since_ms > until_ms {
            return Err(GraphError::argument("since param must be before until"));
        }
        if until_ms - since_ms > LONGEST_MS {
            return Err(GraphError::argument(
                "There cannot be more than 30 days (2592000 s) between since and until",
            ));
        }
        if since_ms <= view.now_ms - KEPT_MS {
            return Err(GraphError::argument(
                "since param is not valid. Metrics data is available for the last 2 years",
            ));
        }
        let earliest = pacific::plus(pacific::day_of(view.now_ms), -RECENT_DAYS);
        for metric in ["follower_count", "online_followers"] {
            if view.asked.metrics.iter().any(|name| name == metric)
                && since_ms < pacific::start_ms(earliest)
            {
                return Err(GraphError::argument(format!(
                    "({metric}) metric only supports querying data for the last 30 days excluding the current day"
                )));
            }
        }
        Ok(Self {
            since_ms,
            until_ms,
            days: days(since_ms, until_ms, view.now_ms),
        })
    }
}

/// Days that have begun and whose `end_time` is after `since` and not after `until`.
fn days(since_ms: i64, until_ms: i64, now_ms: i64) -> Vec<Date> {
    let mut day = pacific::day_of(since_ms);
    let mut days = Vec::new();
    while pacific::end_ms(day) <= until_ms {
        if pacific::end_ms(day) > since_ms && pacific::start_ms(day) < now_ms {
            days.push(day);
        }
        day = pacific::plus(day, 1);
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_belongs_to_the_window_in_which_it_ends() {
        let day: Date = "2026-06-05".parse().unwrap();
        let (start, end) = (pacific::start_ms(day), pacific::end_ms(day));
        let now = end + 10 * DAY_MS;
        assert_eq!(days(start, end, now), [day]);
        assert_eq!(days(end - 9 * 3_600_000, end + 15 * 3_600_000, now), [day]);
        assert!(days(end, end + 3_600_000, now).is_empty());
        assert_eq!(
            days(start, start + 30 * DAY_MS, now).len(),
            11,
            "the future is left out"
        );
    }
}
