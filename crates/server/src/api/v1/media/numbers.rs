//! Numbers of a post, reel or story, each with what it is and where it comes from.

use graph_api::insights::{Insight, Surface, Unit, for_surface, media_metric};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{Gate, Provenance},
    gateway::Numbers,
};

/// The numbers of one media object.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct NumbersOut {
    /// `feed`, `reels` or `story`: what decides which numbers there are.
    #[schema(example = "reels")]
    surface: String,
    data: Vec<NumberOut>,
    /// Why Meta has no numbers at all for it, where that is so.
    note: Option<String>,
    source: Provenance,
}

/// One number.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct NumberOut {
    #[schema(example = "views")]
    metric: String,
    /// None where Meta does not give it: missing is not zero.
    #[schema(example = 1250)]
    value: Option<Value>,
    /// `count`, `milliseconds` or `percent`.
    #[schema(example = "count")]
    unit: &'static str,
    #[schema(example = "lifetime")]
    period: &'static str,
    available: bool,
    /// Why it is not there.
    note: Option<String>,
}

impl NumbersOut {
    pub(super) fn of(gate: &Gate, numbers: &Numbers, fetched_at_ms: i64) -> Self {
        let surface = Surface::from_word(&numbers.surface).unwrap_or(Surface::Feed);
        let expected = for_surface(surface)
            .iter()
            .map(|metric| (*metric).to_owned());
        let more = numbers
            .given
            .iter()
            .map(|insight| insight.name.clone())
            .filter(|name| !for_surface(surface).contains(&name.as_str()));
        let data = expected
            .chain(more)
            .map(|metric| number(numbers, metric))
            .collect();
        Self {
            surface: numbers.surface.clone(),
            data,
            note: numbers.note.clone(),
            source: Provenance::of(gate, fetched_at_ms),
        }
    }
}

fn number(numbers: &Numbers, metric: String) -> NumberOut {
    let value = numbers.get(&metric).and_then(Insight::number);
    let unit = match media_metric(&metric).map(|known| known.unit) {
        Some(Unit::Milliseconds) => "milliseconds",
        Some(Unit::Percent) => "percent",
        _ => "count",
    };
    NumberOut {
        available: value.is_some(),
        note: value.is_none().then(|| numbers.why_not(&metric).to_owned()),
        value,
        unit,
        period: "lifetime",
        metric,
    }
}
