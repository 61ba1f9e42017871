//! Who the people are: three metrics by three axes in three calls, each axis by itself, since a crossed count may drop
//! whoever is known on one axis only.

use graph_api::{
    endpoint::account::AccountDemographics,
    insights::{Axis, Insights, Surface, Timeframe, counts},
};
use serde::{Deserialize, Serialize};

use super::{
    entry::Got,
    errand::{Errand, Trouble},
    flow::Ask,
    media::to_value,
    wanted::Wanted,
};
use crate::api::ApiError;

const METRICS: [&str; 3] = [
    "follower_demographics",
    "engaged_audience_demographics",
    "reached_audience_demographics",
];

const TOO_FEW: &str =
    "Meta has no data: the account needs 100 followers, or 100 interactions in this time.";
const REFUSED: &str = "Meta does not give this metric for this account.";

/// Head counts of one metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) metric: String,
    /// `age`, `gender`, … with their groups and heads.
    pub(crate) axes: Vec<(String, Vec<(String, i64)>)>,
    pub(crate) note: Option<String>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Groups {
    pub(crate) timeframe: String,
    pub(crate) groups: Vec<Group>,
}

/// Head counts by these axes.
pub(crate) async fn audience(
    ask: Ask<'_>,
    timeframe: Timeframe,
    axes: &[Axis],
) -> Result<Got<Groups>, ApiError> {
    let errand = Errand::new(ask.gate, ask.account, ask.urgency);
    let wanted = Wanted::Audience {
        timeframe,
        axes: axes.to_vec(),
    };
    let work = async {
        let groups = fetch(&errand, timeframe, axes).await?;
        to_value(&groups)
    };
    Box::pin(ask.gate.gateway.get(ask, &wanted, &errand, work))
        .await?
        .read()
}

async fn fetch(
    errand: &Errand<'_>,
    timeframe: Timeframe,
    axes: &[Axis],
) -> Result<Groups, Trouble> {
    let mut groups: Vec<Group> = METRICS
        .iter()
        .map(|metric| Group {
            metric: (*metric).to_owned(),
            axes: Vec::new(),
            note: None,
        })
        .collect();
    // What takes no timeframe by one axis takes none by the others.
    let mut timeless = Vec::new();
    for axis in axes {
        let (answers, refused) = by_axis(errand, timeframe, *axis, &mut timeless).await?;
        for group in &mut groups {
            let found = answers.iter().find_map(|answer| answer.get(&group.metric));
            let heads = found.map_or_else(Vec::new, |insight| counts(insight, *axis));
            if refused.contains(&group.metric.as_str()) {
                group.note = Some(REFUSED.to_owned());
            } else if heads.is_empty() && group.note.is_none() {
                group.note = Some(TOO_FEW.to_owned());
            }
            group.axes.push((axis.as_str().to_owned(), heads));
        }
    }
    Ok(Groups {
        timeframe: timeframe.as_str().to_owned(),
        groups,
    })
}

/// All metrics by one axis: with a timeframe, and those that Meta refuses with it, without. Only what is refused both
/// ways is a metric that Meta does not give.
async fn by_axis(
    errand: &Errand<'_>,
    timeframe: Timeframe,
    axis: Axis,
    timeless: &mut Vec<&'static str>,
) -> Result<(Vec<Insights>, Vec<&'static str>), Trouble> {
    let make = |timeframe| {
        move |metrics| AccountDemographics {
            metrics,
            axis,
            timeframe,
        }
    };
    let timed: Vec<&str> = METRICS
        .into_iter()
        .filter(|metric| !timeless.contains(metric))
        .collect();
    let with = errand
        .search(Surface::Account, &timed, make(Some(timeframe)))
        .await?;
    // Without the permission it is not a matter of metrics.
    let with = with.readable()?;
    let rest: Vec<&str> = METRICS
        .into_iter()
        .filter(|metric| timeless.contains(metric) || with.refused.contains(metric))
        .collect();
    let without = errand
        .gather(Surface::Account, &rest, make(None))
        .await?
        .readable()?;
    for metric in rest {
        if !without.refused.contains(&metric) && !timeless.contains(&metric) {
            timeless.push(metric);
        }
    }
    let answers = with.read.into_iter().chain(without.read).collect();
    Ok((answers, without.refused))
}
