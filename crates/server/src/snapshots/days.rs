//! The account's numbers by the day: those of this moment, series, and totals of one day after the other.

use std::collections::BTreeMap;

use graph_api::{
    endpoint::account::{AccountInsights, Cut, GetProfile},
    insights::{ACCOUNT, Day, Insights, Surface, Window, account_metric},
};
use serde_json::{Value, json};
use store::DayValue;

use super::{
    ask::{Halt, NO_DATA, REFUSED, Run, Told},
    plan,
};

/// Meta keeps an account's numbers so long.
/// <https://developers.facebook.com/docs/instagram-platform/insights> ("up to 90 days", read 2026-09-11)
const KEPT_DAYS: u32 = 90;
/// And new followers so long.
/// <https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights> (read 2026-09-11)
const FOLLOWERS_DAYS: i64 = 30;
/// From so many hours on a count is called late.
const LATE_HOURS: i64 = 3;
/// Comes only split, in a call of its own; not worth one for each day of a first run.
const SPLIT: &str = "follows_and_unfollows";
/// How many of the newest days are asked for it.
const SPLIT_DAYS: i64 = 3;
/// Refused days in a row after which older ones are left for tomorrow.
const ENOUGH: u32 = 2;

/// Followers, following and posts as of now, kept as the day's.
pub(super) async fn counts(run: &Run<'_>, day: Day) -> Result<(), Halt> {
    let profile = match run.ask(&GetProfile { more: false }).await? {
        Ok(profile) => profile,
        Err(refusal) => {
            tracing::warn!(account = run.account(), error = %refusal, "the profile was refused");
            return Ok(());
        }
    };
    // A first run, or a server that was away, is late; whoever reads the series must see it.
    let late_h = (run.now_ms() - day.end_s() * 1000).div_euclid(plan::HOUR_MS);
    let late = (late_h >= LATE_HOURS).then(|| format!("read {late_h} hours after the day ended"));
    let rows = [
        ("followers_count", profile.followers_count),
        ("follows_count", profile.follows_count),
        ("media_count", profile.media_count),
    ];
    let rows = rows.into_iter().map(|(metric, value)| DayValue {
        value,
        note: value.map_or_else(|| Some(NO_DATA.to_owned()), |_| late.clone()),
        ..row(run, metric, day)
    });
    Ok(run
        .parts
        .store
        .record_days(run.account(), rows.collect())
        .await?)
}

/// Reads every day that ended and is not known for good. Answers how many.
pub(super) async fn fill(run: &Run<'_>, day: Day) -> Result<usize, Halt> {
    let last = day.min(Day::of(run.now_ms()).plus(-1));
    let back = i64::from(run.parts.settings.snapshots.backfill_days.min(KEPT_DAYS));
    let since = last.plus(-back).to_string();
    let read = run.parts.store.days_read(run.account(), &since).await?;
    let due = plan::due(last, back, &read, run.job.created_at_ms);
    if due.is_empty() {
        return Ok(0);
    }
    if !run.steps().await?.contains_key("series") {
        series(run, "reach", "reach", &due).await?;
        let oldest = Day::of(run.now_ms()).plus(1 - FOLLOWERS_DAYS);
        let lately: Vec<Day> = due.iter().copied().filter(|day| *day >= oldest).collect();
        series(run, "follower_count", "new_followers", &lately).await?;
        run.step_done("series", json!({})).await?;
    }
    let mut refused = 0;
    for (place, day) in due.iter().enumerate() {
        let told = totals(run, *day).await?;
        if told.is_forbidden {
            // Nothing is known of these days: they are read as soon as the login allows it.
            return Ok(place);
        }
        if *day > last.plus(-SPLIT_DAYS) {
            split(run, *day).await?;
        }
        let store = &run.parts.store;
        store
            .mark_days_read(run.account(), vec![day.to_string()], run.now_ms())
            .await?;
        refused = if told.answers.is_empty() {
            refused + 1
        } else {
            0
        };
        if refused >= ENOUGH {
            return Ok(place + 1);
        }
    }
    Ok(due.len())
}

/// Daily values of one metric, a call for thirty days.
async fn series(run: &Run<'_>, metric: &str, name: &str, due: &[Day]) -> Result<(), Halt> {
    let (Some(since), Some(until)) = (due.iter().min(), due.iter().max()) else {
        return Ok(());
    };
    let window = Window {
        since: *since,
        until: *until,
    };
    for (piece, span) in window.slices() {
        let wanted: Vec<Day> = piece.days().filter(|day| due.contains(day)).collect();
        if wanted.is_empty() {
            continue;
        }
        let call = AccountInsights {
            metrics: vec![metric.to_owned()],
            cut: Cut::Series("day"),
            span: Some(span),
            breakdown: None,
        };
        let (values, missing) = match run.ask(&call).await? {
            Ok(insights) => (by_day(&insights, metric, piece), NO_DATA),
            Err(_) => (BTreeMap::new(), REFUSED),
        };
        let rows = wanted.into_iter().map(|day| {
            let value = values.get(&day).copied();
            DayValue {
                value,
                note: value.is_none().then(|| note_of(metric, missing)),
                ..row(run, name, day)
            }
        });
        run.parts
            .store
            .record_days(run.account(), rows.collect())
            .await?;
    }
    Ok(())
}

fn note_of(metric: &str, missing: &str) -> String {
    let fewest = account_metric(metric).map_or(0, |known| known.followers);
    if fewest == 0 {
        return missing.to_owned();
    }
    format!("{missing}; accounts with fewer than {fewest} followers never get it")
}

fn by_day(insights: &Insights, metric: &str, piece: Window) -> BTreeMap<Day, i64> {
    let points = insights
        .get(metric)
        .map(|insight| insight.values.as_slice());
    points
        .unwrap_or_default()
        .iter()
        .filter_map(|point| {
            let day = piece.holds(point.end_time.as_deref()?)?;
            Some((day, whole(&point.value)?))
        })
        .collect()
}

/// Everything that comes as a total, for one day, in one call.
async fn totals(run: &Run<'_>, day: Day) -> Result<Told, Halt> {
    let metrics: Vec<&'static str> = ACCOUNT
        .iter()
        .filter(|metric| metric.total && !metric.series && metric.name != SPLIT)
        .map(|metric| metric.name)
        .collect();
    let told = run
        .gather(Surface::Account, &metrics, |names| total(names, day, None))
        .await?;
    let numbers = told.numbers.iter().map(|(metric, value)| DayValue {
        value: whole(value),
        ..row(run, metric, day)
    });
    let notes = told.notes.iter().map(|(metric, note)| DayValue {
        note: Some(note.clone()),
        ..row(run, metric, day)
    });
    let rows = numbers.chain(notes).collect();
    run.parts.store.record_days(run.account(), rows).await?;
    Ok(told)
}

/// Who came and who left, which Meta gives only split, and late.
async fn split(run: &Run<'_>, day: Day) -> Result<(), Halt> {
    let told = run
        .gather(Surface::Account, &[SPLIT], |names| {
            total(names, day, Some("follow_type"))
        })
        .await?;
    let parts: BTreeMap<String, Value> = told
        .answers
        .iter()
        .filter_map(|insights| insights.get(SPLIT)?.total_value.as_ref())
        .flat_map(|total| &total.breakdowns)
        .flat_map(|breakdown| &breakdown.results)
        .map(|row| (row.dimension_values.join(","), row.value.clone()))
        .collect();
    let value = DayValue {
        note: parts.is_empty().then(|| note_of(SPLIT, NO_DATA)),
        split: (!parts.is_empty()).then(|| json!(parts)),
        ..row(run, SPLIT, day)
    };
    Ok(run
        .parts
        .store
        .record_days(run.account(), vec![value])
        .await?)
}

fn total(metrics: Vec<String>, day: Day, breakdown: Option<&'static str>) -> AccountInsights {
    let window = Window {
        since: day,
        until: day,
    };
    AccountInsights {
        metrics,
        cut: Cut::Total,
        span: Some(window.span()),
        breakdown,
    }
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A number of a day that is still to be filled in.
fn row(run: &Run<'_>, metric: &str, day: Day) -> DayValue {
    DayValue {
        metric: metric.to_owned(),
        day: day.to_string(),
        value: None,
        split: None,
        note: None,
        settled: day.is_settled(run.now_ms()),
        fetched_at_ms: run.now_ms(),
        api_version: run.version(),
    }
}
