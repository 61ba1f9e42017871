//! Where a number comes from: every answer of the reading side says it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Gate;

/// Where an answer comes from.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Provenance {
    /// The Graph API version that was asked.
    #[schema(example = "v26.0")]
    graph_version: String,
    /// When Meta was asked.
    #[schema(example = "2026-11-22T16:00:00Z")]
    fetched_at: String,
    /// How many hours Meta's numbers may be late.
    #[schema(example = 48)]
    lag_hours: u32,
}

impl Provenance {
    pub(crate) fn of(gate: &Gate, fetched_at_ms: i64) -> Self {
        Self {
            graph_version: gate.settings.graph.version.to_string(),
            fetched_at: rfc3339(fetched_at_ms),
            lag_hours: 48,
        }
    }
}

/// A moment as our API writes it.
pub(crate) fn rfc3339(at_ms: i64) -> String {
    // Whole seconds: a caller compares these.
    let at = Timestamp::from_second(at_ms.div_euclid(1000)).unwrap_or_default();
    at.to_string()
}
