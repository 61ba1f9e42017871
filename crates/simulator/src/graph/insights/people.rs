//! Demographics: head counts of followers and of engaged and reached people, one or two breakdowns a call
//! (<https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights>, 2026-11).

use serde_json::{Value, json};

use super::account::{FOLLOWERS_NEEDED, View};
use super::{item, results};
use crate::graph::error::GraphError;
use crate::seed::shape::{Counts, Demographics, Frames};
use crate::world::insight_rules::Timeframe;
use crate::world::pacific;

/// The page named above.
const ROWS: usize = 45;
const ENGAGEMENTS_NEEDED: u64 = 100;

const FRAMES: [&str; 6] = [
    "last_14_days",
    "last_30_days",
    "last_90_days",
    "prev_month",
    "this_month",
    "this_week",
];
/// What is left of them for engaged and reached people since v20.0 (the changelog, 2024-08).
const FRAMES_LEFT: [&str; 2] = ["this_month", "this_week"];

pub(super) fn is_demographic(metric: &str) -> bool {
    metric.ends_with("_demographics")
}

pub(super) fn of_account(view: &View<'_>) -> Result<Vec<Value>, GraphError> {
    let frame = check_frame(view)?;
    let keys: Vec<&str> = view.asked.breakdowns.iter().map(String::as_str).collect();
    if keys.is_empty() {
        return Err(GraphError::argument("The parameter breakdown is required"));
    }
    let known = ["age", "city", "country", "gender"];
    if let Some(wrong) = keys.iter().find(|key| !known.contains(key)) {
        return Err(incompatible(view, wrong));
    }
    if !matches!(keys.as_slice(), [_] | ["age", "gender"] | ["gender", "age"]) {
        return Err(incompatible(view, &keys.join(",")));
    }
    let items = view.asked.metrics.iter().filter_map(|metric| {
        let people = people(view, metric, frame)?;
        let mut item = item(metric, "lifetime", &view.account.id);
        item["total_value"] = json!({"breakdowns": rows(people, &keys, frame)});
        Some(item)
    });
    Ok(items.collect())
}

fn incompatible(view: &View<'_>, breakdowns: &str) -> GraphError {
    let metric = view.asked.metrics.first().map_or("", String::as_str);
    GraphError::argument(format!(
        "Incompatible breakdowns ({breakdowns}) for metric ({metric})"
    ))
}

fn check_frame<'a>(view: &View<'a>) -> Result<Option<&'a str>, GraphError> {
    let of_visitors = view
        .asked
        .metrics
        .iter()
        .any(|metric| metric != "follower_demographics");
    let refused = view.state.insights.timeframe == Timeframe::Refused;
    let Some(frame) = view.asked.timeframe.as_deref() else {
        return if of_visitors && !refused {
            Err(GraphError::argument("The parameter timeframe is required"))
        } else {
            Ok(None)
        };
    };
    if refused {
        return Err(GraphError::argument("param timeframe is not supported"));
    }
    let known: &[&str] = if of_visitors { &FRAMES_LEFT } else { &FRAMES };
    if known.contains(&frame) {
        Ok(Some(frame))
    } else {
        Err(GraphError::argument(format!(
            "timeframe must be one of the following values: {}",
            known.join(", ")
        )))
    }
}

/// The people of a metric, unless there are too few to tell.
fn people<'a>(view: &View<'a>, metric: &str, frame: Option<&str>) -> Option<&'a Demographics> {
    let audience = &view.account.numbers.audience;
    let (days, of): (_, fn(&Frames) -> &Demographics) = match frame {
        Some("this_week") => (7, |frames| &frames.this_week),
        _ => (30, |frames| &frames.this_month),
    };
    match metric {
        "follower_demographics" => {
            (view.account.about.followers_count >= FOLLOWERS_NEEDED).then_some(&audience.follower)
        }
        "engaged_audience_demographics" => {
            (interactions(view, days) >= ENGAGEMENTS_NEEDED).then(|| of(&audience.engaged))
        }
        _ => Some(of(&audience.reached)).filter(|people| people.people() >= ENGAGEMENTS_NEEDED),
    }
}

/// Of the last days that are over.
fn interactions(view: &View<'_>, days: i64) -> u64 {
    let today = pacific::day_of(view.now_ms);
    (1..=days)
        .filter_map(|back| view.account.numbers.day(pacific::plus(today, -back)))
        .map(|day| day.total_interactions)
        .sum()
}

/// The 45 largest rows. With a timeframe, it is the first dimension.
fn rows(people: &Demographics, keys: &[&str], frame: Option<&str>) -> Value {
    let counts: &Counts = match keys {
        ["age"] => &people.age,
        ["gender"] => &people.gender,
        ["country"] => &people.country,
        ["city"] => &people.city,
        _ => &people.age_gender,
    };
    let mut largest: Vec<(&String, u64)> =
        counts.iter().map(|(name, count)| (name, *count)).collect();
    largest.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    largest.truncate(ROWS);
    let upper = frame.map(str::to_uppercase);
    let mut all = keys.to_vec();
    if frame.is_some() {
        all.insert(0, "timeframe");
    }
    let rows = largest.into_iter().map(|(name, count)| {
        let mut values: Vec<&str> = match keys {
            ["age", "gender"] => name.split(',').collect(),
            ["gender", "age"] => name.rsplit(',').collect(),
            _ => vec![name.as_str()],
        };
        if let Some(frame) = &upper {
            values.insert(0, frame);
        }
        (values, count)
    });
    results(&all, rows)
}
