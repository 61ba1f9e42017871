//! `GET /{account}/insights`: periods, metric types, breakdowns and windows, refused as Meta refuses them
//! (<https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights>, 2026-11).

use serde_json::{Value, json};

use super::asked::Asked;
use super::people::{self, is_demographic};
use super::window::Window;
use super::{item, media, metric, results};
use crate::graph::error::GraphError;
use crate::world::State;
use crate::world::account::Account;
use crate::world::clock::iso;
use crate::world::pacific;

/// Several insights are kept from smaller accounts (the page named above).
pub(super) const FOLLOWERS_NEEDED: u64 = 100;
/// Follows and unfollows come so late (seen in practice, 2026-09), and followers by the hour are chosen to.
const LATE_MS: i64 = 48 * 3_600_000;

const PERIODS: [&str; 6] = [
    "day",
    "week",
    "days_28",
    "month",
    "lifetime",
    "total_over_range",
];

/// What an answer is made of.
pub(super) struct View<'a> {
    pub(super) state: &'a State,
    pub(super) account: &'a Account,
    pub(super) asked: &'a Asked,
    pub(super) now_ms: i64,
}

/// The items, and the window they are of; demographics have none.
pub(super) fn of_account(view: &View<'_>) -> Result<(Vec<Value>, Option<Window>), GraphError> {
    let asked = view.asked;
    check_names(view)?;
    let period = check_period(asked)?;
    let is_total = check_type(asked)?;
    if asked.metrics.iter().all(|name| is_demographic(name)) {
        return Ok((people::of_account(view)?, None));
    }
    check_breakdowns(asked, is_total)?;
    let window = Window::asked(view, is_total)?;
    let items = asked.metrics.iter().filter_map(|name| {
        if needs_followers(name) && view.account.about.followers_count < FOLLOWERS_NEEDED {
            return None;
        }
        let mut item = item(name, &period, &view.account.id);
        if is_total {
            item["total_value"] = total(view, name, &window)?;
        } else {
            let values = series(view, (name, &period), &window);
            if values.is_empty() {
                return None;
            }
            item["values"] = values.into();
        }
        Some(item)
    });
    Ok((items.collect(), Some(window)))
}

fn needs_followers(metric: &str) -> bool {
    matches!(
        metric,
        "follower_count" | "online_followers" | "follows_and_unfollows"
    )
}

fn check_names(view: &View<'_>) -> Result<(), GraphError> {
    let asked = &view.asked.metrics;
    if asked.is_empty() {
        return Err(GraphError::argument("The parameter metric is required"));
    }
    let known: Vec<&str> = metric::OF_ACCOUNT
        .into_iter()
        .filter(|name| !view.state.insights.refuse.contains(*name))
        .collect();
    for (at, name) in asked.iter().enumerate() {
        if name == "impressions" {
            return Err(media::retired(name, "user"));
        }
        if !known.contains(&name.as_str()) {
            return Err(media::unknown(at, &known));
        }
    }
    Ok(())
}

fn check_period(asked: &Asked) -> Result<String, GraphError> {
    let period = asked
        .period
        .clone()
        .ok_or_else(|| GraphError::argument("The parameter period is required"))?;
    if !PERIODS.contains(&period.as_str()) {
        return Err(GraphError::argument(format!(
            "period must be one of the following values: {}",
            PERIODS.join(", ")
        )));
    }
    let fits = |metric: &str| match metric {
        "reach" => matches!(period.as_str(), "day" | "week" | "days_28"),
        "online_followers" => period == "lifetime",
        _ if is_demographic(metric) => period == "lifetime",
        _ => period == "day",
    };
    let wrong = of(asked, |name| !fits(name));
    if wrong.is_empty() {
        Ok(period)
    } else {
        Err(GraphError::argument(format!(
            "Incompatible metrics ({}) with period ({period})",
            wrong.join(",")
        )))
    }
}

/// Whether totals are asked. Forgetting to say so fails the whole call, `reach` included.
fn check_type(asked: &Asked) -> Result<bool, GraphError> {
    let is_total = match asked.metric_type.as_deref() {
        None | Some("time_series") => false,
        Some("total_value") => true,
        Some(_) => {
            return Err(GraphError::argument(
                "metric_type must be one of the following values: time_series, total_value",
            ));
        }
    };
    let is_series = |name: &str| matches!(name, "follower_count" | "online_followers");
    let (wrong, needed) = if is_total {
        (of(asked, is_series), "time_series")
    } else {
        (
            of(asked, |name| name != "reach" && !is_series(name)),
            "total_value",
        )
    };
    if wrong.is_empty() {
        Ok(is_total)
    } else {
        Err(GraphError::argument(format!(
            "The following metrics ({}) should be specified with parameter metric_type={needed}",
            wrong.join(",")
        )))
    }
}

/// The table of the page named above; of the two names for followers Meta takes `follow_type`.
fn check_breakdowns(asked: &Asked, is_total: bool) -> Result<(), GraphError> {
    let Some(breakdown) = asked.breakdowns.first() else {
        return Ok(());
    };
    let has = |metric: &str| {
        let known: &[&str] = match metric {
            "reach" | "views" => &["media_product_type", "follow_type"],
            "total_interactions" | "likes" | "comments" | "shares" | "saves" => {
                &["media_product_type"]
            }
            "profile_links_taps" => &["contact_button_type"],
            "follows_and_unfollows" => &["follow_type"],
            _ => &[],
        };
        is_total && asked.breakdowns.len() == 1 && known.contains(&breakdown.as_str())
    };
    match of(asked, |name| !has(name)).first() {
        None => Ok(()),
        Some(metric) => Err(GraphError::argument(format!(
            "Incompatible breakdowns ({}) for metric ({metric})",
            asked.breakdowns.join(",")
        ))),
    }
}

fn of(asked: &Asked, wanted: impl Fn(&str) -> bool) -> Vec<&str> {
    let names = asked.metrics.iter().map(String::as_str);
    names.filter(|name| wanted(name)).collect()
}

/// One value for each day whose end lies in the window.
fn series(view: &View<'_>, (metric, period): (&str, &str), window: &Window) -> Vec<Value> {
    let numbers = &view.account.numbers;
    window
        .days
        .iter()
        .filter_map(|date| {
            let value: Value = match (metric, period) {
                ("online_followers", _) if pacific::end_ms(*date) > view.now_ms => return None,
                ("online_followers", _) if pacific::end_ms(*date) > view.now_ms - LATE_MS => {
                    json!({})
                }
                ("online_followers", _) => json!(numbers.audience.online_followers),
                ("reach", "week") => numbers.reach_of(*date, 7, view.now_ms)?.into(),
                ("reach", "days_28") => numbers.reach_of(*date, 28, view.now_ms)?.into(),
                _ => numbers.counted(*date, metric, view.now_ms)?.into(),
            };
            Some(json!({"value": value, "end_time": iso(pacific::end_ms(*date))}))
        })
        .collect()
}

/// One value for the whole window; people are counted once however many days they came.
fn total(view: &View<'_>, metric: &str, window: &Window) -> Option<Value> {
    let numbers = &view.account.numbers;
    let each: Vec<u64> = window
        .days
        .iter()
        .filter_map(|date| numbers.counted(*date, metric, view.now_ms))
        .collect();
    let last = *window.days.last()?;
    let value = match metric {
        "reach" => numbers.reach_of(last, each.len(), view.now_ms)?,
        "accounts_engaged" => numbers.rules.unique(&each),
        _ => each.iter().sum(),
    };
    let Some(breakdown) = view.asked.breakdowns.first() else {
        return Some(json!({"value": value}));
    };
    if metric == "follows_and_unfollows" {
        if pacific::end_ms(last) > view.now_ms - LATE_MS {
            return Some(json!({"breakdowns": [{"dimension_keys": [breakdown]}]}));
        }
        let sum = |name: &str| -> u64 {
            let each = window.days.iter();
            each.filter_map(|date| numbers.counted(*date, name, view.now_ms))
                .sum()
        };
        let rows = [
            (vec!["FOLLOWER"], sum("follows")),
            (vec!["NON_FOLLOWER"], sum("unfollows")),
        ];
        return Some(json!({"breakdowns": results(&[breakdown], rows.into_iter())}));
    }
    let parts = numbers.rules.split(breakdown, value);
    let rows = parts
        .iter()
        .map(|(name, value)| (vec![name.as_str()], *value));
    Some(json!({"value": value, "breakdowns": results(&[breakdown], rows)}))
}
