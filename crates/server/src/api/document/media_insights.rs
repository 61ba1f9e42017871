//! `POST /instagram/media/{media_id}/insights`: the document's six metrics, always all six, and what Meta gives besides.

use std::sync::Arc;

use axum::extract::{Path, State};
use graph_api::{
    id::MediaId,
    insights::{DOCUMENT, Insight},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    body::{TokenIn, account},
    insight::{InsightOut, ValueOut},
};
use crate::{
    api::{ApiError, DocumentCall, Failures, Gate, Provenance, meta_id},
    gateway::{self, Numbers, Served, Wishes},
};

const DERIVED: &str = "Meta counts views since 2024 and no longer impressions; this is views, in which replays count.";

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new().routes(routes!(insights))
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
struct MediaInsightsAnswer {
    insights: MediaInsightsOut,
    #[schema(example = "Insights retrieved successfully")]
    message: &'static str,
    source: Provenance,
}

/// The metrics.
#[derive(Debug, Serialize, ToSchema)]
struct MediaInsightsOut {
    data: Vec<InsightOut>,
    /// Why Meta has no numbers at all for it, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Numbers of one post, reel or story.
///
/// `impressions`, `reach`, `likes`, `comments`, `shares` and `saves` are always there. One that Meta does not give has
/// the value 0, `available: false` and a note.
#[utoipa::path(post, path = "/instagram/media/{media_id}/insights", tag = "document",
    params(("media_id" = String, Path, example = "17895695668004550")), request_body = TokenIn,
    responses((status = 200, body = MediaInsightsAnswer), Failures))]
async fn insights(
    State(gate): State<Arc<Gate>>,
    Path(media): Path<String>,
    wishes: Wishes,
    call: DocumentCall<TokenIn>,
) -> Result<Served, ApiError> {
    let account = account(&gate, &call).await?;
    let media: MediaId = meta_id("media_id", media)?;
    let got = Box::pin(gateway::numbers(wishes.ask(&gate, &account), &media)).await?;
    let source = Provenance::of(&gate, got.fetched_at_ms);
    let answer = got.map(|numbers| MediaInsightsAnswer {
        insights: shape(numbers),
        message: "Insights retrieved successfully",
        source,
    });
    Ok(Served::new(answer, &wishes))
}

fn shape(numbers: Numbers) -> MediaInsightsOut {
    let mut data: Vec<InsightOut> = DOCUMENT
        .iter()
        .map(|(name, metric)| of_document(&numbers, name, metric))
        .collect();
    let also = |insight: &&Insight| {
        DOCUMENT.iter().all(|(name, _)| *name != insight.name) && insight.number().is_some()
    };
    data.extend(numbers.given.iter().filter(also).map(as_given));
    MediaInsightsOut {
        data,
        note: numbers.note,
    }
}

fn of_document(numbers: &Numbers, name: &str, metric: &'static str) -> InsightOut {
    let Some(given) = numbers.get(metric) else {
        return InsightOut {
            available: Some(false),
            note: Some(numbers.why_not(metric).to_owned()),
            ..InsightOut::new(name, "lifetime", vec![ValueOut::of(0)])
        };
    };
    let value = given.number().unwrap_or_else(|| 0.into());
    let shaped = InsightOut::new(name, "lifetime", vec![ValueOut::of(value)]);
    if name == metric {
        return shaped.said_by_meta(given.title.clone(), given.description.clone());
    }
    InsightOut {
        derived_from: Some(metric),
        note: (metric == "views").then(|| DERIVED.to_owned()),
        ..shaped
    }
}

fn as_given(insight: &Insight) -> InsightOut {
    let value = insight.number().unwrap_or_else(|| 0.into());
    InsightOut::new(&insight.name, "lifetime", vec![ValueOut::of(value)])
        .said_by_meta(insight.title.clone(), insight.description.clone())
}
