//! `GET /v1/accounts/{account}/audience`: who the people are, as heads and as shares.

use std::sync::Arc;

use axum::extract::{Path, State};
use garde::Validate;
use graph_api::insights::{Axis, Timeframe, shares};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    api::{ApiError, Asked, Caller, Failures, Gate, Provenance, Scope},
    gateway::{self, Group, Served, Wishes},
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
    source: Provenance,
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

/// Who the people are.
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
    let got = gateway::audience(wishes.ask(&gate, &account), timeframe, &AXES).await?;
    let source = Provenance::of(&gate, got.fetched_at_ms);
    let answer = got.map(|groups| AudienceGroups {
        data: groups.groups.into_iter().map(shape).collect(),
        timeframe: groups.timeframe,
        source,
    });
    Ok(Served::new(answer, &wishes))
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
