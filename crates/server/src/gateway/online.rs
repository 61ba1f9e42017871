//! When followers are online: heads by the hour, of each of the last days.

use std::collections::BTreeMap;

use graph_api::insights::{Day, SETTLED_MS, Window, online_hours};
use serde::{Deserialize, Serialize};

use super::{
    entry::Got,
    errand::{Errand, Trouble},
    flow::Ask,
    media::to_value,
    series::{Told, series},
    wanted::Wanted,
};
use crate::api::ApiError;

/// Days back that Meta answers for.
/// <https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights> (read 2026-09-11)
const DAYS_BACK: i64 = 29;

const REFUSED: &str = "Meta does not give this for this account now.";
const TOO_FEW: &str = "Meta has no data: the account needs 100 followers, and a day's hours come up to 48 hours after it \
                       ended.";

/// Heads by the hour of Meta's day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Online {
    /// Each day with its hours, oldest first; days without any are left out.
    pub(crate) days: Vec<(String, BTreeMap<u32, i64>)>,
    /// Why there is nothing.
    pub(crate) note: Option<String>,
}

impl Online {
    /// The mean of each hour over the days that have it, rounded.
    pub(crate) fn usual(&self) -> BTreeMap<u32, i64> {
        let mut sums: BTreeMap<u32, (i64, i64)> = BTreeMap::new();
        for (hour, heads) in self.days.iter().flat_map(|(_, hours)| hours) {
            let sum = sums.entry(*hour).or_default();
            *sum = (sum.0 + heads, sum.1 + 1);
        }
        sums.into_iter()
            .map(|(hour, (heads, days))| (hour, (heads + days / 2) / days))
            .collect()
    }
}

/// When followers were online, over the days that Meta has finished counting.
pub(crate) async fn online(ask: Ask<'_>) -> Result<Got<Online>, ApiError> {
    let errand = Errand::new(ask.gate, ask.account, ask.urgency);
    let work = async {
        let online = fetch(&errand).await?;
        to_value(&online)
    };
    ask.gate
        .gateway
        .get(ask, &Wanted::Online, &errand, work)
        .await?
        .read()
}

async fn fetch(errand: &Errand<'_>) -> Result<Online, Trouble> {
    let now_ms = errand.gate.clock.now_ms();
    // Newer days are empty, and Meta was seen to refuse a window that touches them.
    let window = Window {
        since: Day::of(now_ms).plus(-DAYS_BACK),
        until: Day::of(now_ms - SETTLED_MS).plus(-1),
    };
    let Told::Given(found) = series(errand, "online_followers", "lifetime", window).await? else {
        return Ok(Online {
            note: Some(REFUSED.to_owned()),
            ..Online::default()
        });
    };
    let days: Vec<_> = found
        .points
        .iter()
        .filter_map(|(end_time, value)| {
            Some((Day::of_end_time(end_time)?.to_string(), online_hours(value)))
        })
        .filter(|(_, hours)| !hours.is_empty())
        .collect();
    let note = days.is_empty().then(|| TOO_FEW.to_owned());
    Ok(Online { days, note })
}
