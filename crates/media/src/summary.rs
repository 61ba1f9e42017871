//! From caption and transcript to a few points.

use crate::{Settings, Summary, SummaryKind, SummaryRequest};

/// Never fails: without a model, or when it misbehaves, the words themselves are shown.
pub async fn summarise(_settings: &Settings, request: &SummaryRequest) -> Summary {
    let points: Vec<String> = request.caption.iter().cloned().collect();
    let kind = if points.is_empty() {
        SummaryKind::Nothing
    } else {
        SummaryKind::CaptionOnly
    };
    Summary {
        title: None,
        points,
        kind,
        low_confidence: false,
        engine: "none".to_owned(),
    }
}
