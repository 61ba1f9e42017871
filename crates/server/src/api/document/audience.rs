//! `POST /instagram/audience/insights`: shares by age, gender and country, with the head counts they were made of.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use graph_api::insights::{Axis, Timeframe, shares, words};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::body::{TokenIn, account};
use crate::{
    api::{ApiError, Asked, DocumentCall, Failures, Gate, InOrder, Provenance},
    gateway::{self, Group, Served, Wishes},
};

const ROUNDED: &str = "Percentages of the heads that Meta returned (unknown gender included, at most 45 countries), \
                       each rounded to a whole number; counts holds the heads.";

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new().routes(routes!(insights))
}

/// Which people.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
struct PeriodIn {
    /// `lifetime` and `days_28`: the last 30 days; `day` and `week`: the last 7. Meta has no shorter time.
    #[param(default = "lifetime", example = "lifetime")]
    period: Option<String>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
struct AudienceAnswer {
    insights: AudienceOut,
    #[schema(example = "Audience insights retrieved successfully")]
    message: &'static str,
    source: Provenance,
}

/// The metrics.
#[derive(Debug, Serialize, ToSchema)]
struct AudienceOut {
    data: Vec<AudienceMetric>,
}

/// One metric.
#[derive(Debug, Serialize, ToSchema)]
struct AudienceMetric {
    #[schema(example = "follower_demographics")]
    name: String,
    #[schema(example = "lifetime")]
    period: &'static str,
    values: Vec<AudienceValue>,
    title: &'static str,
    description: &'static str,
    /// False where Meta has none: the objects are then empty.
    available: bool,
    /// How it was made, or why it is empty.
    note: String,
}

/// The shares.
#[derive(Debug, Serialize, ToSchema)]
struct AudienceValue {
    /// Percentages.
    value: AxesOut,
    /// Heads.
    counts: AxesOut,
}

/// By age, gender and country.
#[derive(Debug, Default, Serialize, ToSchema)]
struct AxesOut {
    #[schema(value_type = std::collections::BTreeMap<String, i64>, example = json!({"18-24": 35}))]
    age: InOrder,
    #[schema(value_type = std::collections::BTreeMap<String, i64>, example = json!({"F": 55, "M": 45}))]
    gender: InOrder,
    #[schema(value_type = std::collections::BTreeMap<String, i64>, example = json!({"BR": 70}))]
    country: InOrder,
}

/// Who the people are.
#[utoipa::path(post, path = "/instagram/audience/insights", tag = "document", params(PeriodIn), request_body = TokenIn,
    responses((status = 200, body = AudienceAnswer), Failures))]
async fn insights(
    State(gate): State<Arc<Gate>>,
    Asked(asked): Asked<PeriodIn>,
    wishes: Wishes,
    call: DocumentCall<TokenIn>,
) -> Result<Served, ApiError> {
    let account = account(&gate, &call).await?;
    let timeframe = match asked.period.as_deref() {
        None | Some("") => Timeframe::ThisMonth,
        Some(period) => Timeframe::of_period(period).ok_or_else(|| {
            ApiError::invalid_at("period", "must be lifetime, day, week or days_28")
        })?,
    };
    let got = gateway::audience(wishes.ask(&gate, &account), timeframe, &Axis::DOCUMENT).await?;
    let source = Provenance::of(&gate, got.fetched_at_ms);
    let answer = got.map(|groups| AudienceAnswer {
        insights: AudienceOut {
            data: groups.groups.into_iter().map(shape).collect(),
        },
        message: "Audience insights retrieved successfully",
        source,
    });
    Ok(Served::new(answer, &wishes))
}

fn shape(group: Group) -> AudienceMetric {
    let mut shown = AudienceValue {
        value: AxesOut::default(),
        counts: AxesOut::default(),
    };
    let mut available = false;
    for (axis, heads) in &group.axes {
        let shares = shares(heads);
        available |= !shares.is_empty();
        let percents = shares.iter().map(|s| (s.group.clone(), s.percent));
        *shown.value.of(axis) = InOrder(percents.collect());
        *shown.counts.of(axis) = InOrder(heads.clone());
    }
    let (title, description) = words(&group.metric);
    AudienceMetric {
        name: group.metric,
        period: "lifetime",
        values: vec![shown],
        title,
        description,
        available,
        note: match group.note {
            Some(note) if !available => note,
            _ => ROUNDED.to_owned(),
        },
    }
}

impl AxesOut {
    fn of(&mut self, axis: &str) -> &mut InOrder {
        match axis {
            "age" => &mut self.age,
            "gender" => &mut self.gender,
            _ => &mut self.country,
        }
    }
}
