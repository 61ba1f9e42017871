//! `GET /v1/accounts/{account}/audience`: who the people are, as heads and as shares, and when they are online.

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::{Path, State};
use garde::Validate;
use graph_api::insights::{Axis, Timeframe, shares};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    api::{ApiError, Asked, Caller, Failures, Gate, InOrder, Provenance, Scope},
    gateway::{self, Group, Online, Served, Wishes},
};

const AXES: [Axis; 4] = [Axis::Age, Axis::Gender, Axis::Country, Axis::City];

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new().routes(routes!(audience))
}

/// Which people.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
struct AudienceIn {
    /// `this_month` (the last 30 days) or `this_week` (the last 7).
    #[param(default = "this_month")]
    timeframe: Option<String>,
}

/// The groups.
#[derive(Debug, Serialize, ToSchema)]
struct AudienceGroups {
    data: Vec<AudienceGroup>,
    #[schema(example = "this_month")]
    timeframe: String,
    online_followers: OnlineOut,
    source: Provenance,
}

/// When followers are online.
#[derive(Debug, Serialize, ToSchema)]
struct OnlineOut {
    /// Heads by the hour of the day (0 to 23): the mean over `by_day`, rounded.
    #[schema(value_type = std::collections::BTreeMap<String, i64>, example = json!({"9": 310, "20": 1240}))]
    hours: InOrder,
    /// As Meta sends them: of the last 30 days those that it has finished counting, which takes 48 hours.
    by_day: Vec<OnlineDay>,
    /// The zone of the days, and, as far as Meta says anything about it, of the hours.
    #[schema(example = "America/Los_Angeles")]
    time_zone: &'static str,
    available: bool,
    /// Why it is empty: Meta gives it from 100 followers on.
    note: Option<String>,
}

/// One day's hours.
#[derive(Debug, Serialize, ToSchema)]
struct OnlineDay {
    #[schema(example = "2026-01-31")]
    day: String,
    #[schema(value_type = std::collections::BTreeMap<String, i64>, example = json!({"9": 305, "20": 1255}))]
    hours: InOrder,
}

/// One metric.
#[derive(Debug, Serialize, ToSchema)]
struct AudienceGroup {
    #[schema(example = "follower_demographics")]
    metric: String,
    axes: Vec<AxisOut>,
    available: bool,
    /// Why it is empty.
    note: Option<String>,
}

/// One way to tell people apart.
#[derive(Debug, Serialize, ToSchema)]
struct AxisOut {
    /// `age`, `gender`, `country` or `city`.
    #[schema(example = "country")]
    axis: String,
    /// As Meta sends them; at most 45.
    groups: Vec<ShareOut>,
}

/// One group of people.
#[derive(Debug, Serialize, ToSchema)]
struct ShareOut {
    #[schema(example = "BR")]
    group: String,
    #[schema(example = 7012)]
    count: i64,
    /// Of all heads that Meta returned for this axis, rounded by itself to a whole number.
    #[schema(example = 70)]
    percent: i64,
}

/// Who the people are, and at which hours followers are online.
#[utoipa::path(get, path = "/v1/accounts/{account}/audience", tag = "insights",
    params(("account" = String, Path, example = "17841400000000001"), AudienceIn),
    responses((status = 200, body = AudienceGroups), (status = 304, description = "As you have it."), Failures))]
async fn audience(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    Asked(asked): Asked<AudienceIn>,
    wishes: Wishes,
    caller: Caller,
) -> Result<Served, ApiError> {
    caller.need(Scope::Read)?;
    let account = caller.account(&gate, Some(&id)).await?;
    let timeframe = match asked.timeframe.as_deref() {
        None | Some("" | "this_month") => Timeframe::ThisMonth,
        Some("this_week") => Timeframe::ThisWeek,
        Some(_) => {
            return Err(ApiError::invalid_at(
                "timeframe",
                "must be this_week or this_month",
            ));
        }
    };
    let ask = wishes.ask(&gate, &account);
    let mut got = gateway::audience(ask, timeframe, &AXES).await?;
    let online = match gateway::online(ask).await {
        Ok(online) => {
            got.calls += online.calls;
            got.source = got.source.and(online.source);
            got.fetched_at_ms = got.fetched_at_ms.min(online.fetched_at_ms);
            online.body
        }
        // The groups are good all the same.
        Err(error) => Online {
            note: Some(format!(
                "Meta could not be asked for this: {}",
                error.says()
            )),
            ..Online::default()
        },
    };
    let source = Provenance::of(&gate, got.fetched_at_ms);
    let answer = got.map(|groups| AudienceGroups {
        data: groups.groups.into_iter().map(shape).collect(),
        timeframe: groups.timeframe,
        online_followers: hours(online),
        source,
    });
    Ok(Served::new(answer, &wishes))
}

fn hours(online: Online) -> OnlineOut {
    let in_order = |hours: BTreeMap<u32, i64>| {
        let named = hours.into_iter();
        InOrder(
            named
                .map(|(hour, heads)| (hour.to_string(), heads))
                .collect(),
        )
    };
    OnlineOut {
        hours: in_order(online.usual()),
        available: !online.days.is_empty(),
        by_day: online
            .days
            .into_iter()
            .map(|(day, hours)| OnlineDay {
                day,
                hours: in_order(hours),
            })
            .collect(),
        time_zone: "America/Los_Angeles",
        note: online.note,
    }
}

fn shape(group: Group) -> AudienceGroup {
    let available = group.axes.iter().any(|(_, heads)| !heads.is_empty());
    let axes = group
        .axes
        .iter()
        .map(|(axis, heads)| AxisOut {
            axis: axis.clone(),
            groups: shares(heads)
                .into_iter()
                .map(|share| ShareOut {
                    group: share.group,
                    count: share.count,
                    percent: share.percent,
                })
                .collect(),
        })
        .collect();
    AudienceGroup {
        metric: group.metric,
        axes,
        available,
        note: group.note.filter(|_| !available),
    }
}
