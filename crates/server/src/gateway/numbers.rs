//! The numbers of one post, reel or story: answered from the page it came with, else asked for by what it is. What Meta
//! does not give is named, with the reason, and costs nothing else.

use std::sync::OnceLock;

use futures::{StreamExt as _, stream};
use graph_api::{
    endpoint::media::{GetMedia, Media, MediaInsights},
    error::ErrorKind,
    id::MediaId,
    insights::{Insight, Insights, LIST, Surface, for_surface, media_metric},
};
use serde::{Deserialize, Serialize};

use super::{
    entry::{Got, Kind, Source},
    errand::{Errand, Trouble},
    flow::Ask,
    media::{node_name, to_value},
    wanted::Wanted,
};
use crate::api::ApiError;

/// How many posts are asked for at once where each needs a call of its own.
const AT_ONCE: usize = 4;

const NO_DATA: &str = "Meta has no data for this yet; it may take up to 48 hours.";
const REFUSED: &str = "Meta does not give this metric for this media.";
const NOT_FOR_KIND: &str = "This kind of media has no such metric.";
const BEFORE: &str =
    "Published before the account became a professional one: Meta has no numbers for it.";
const CHILD: &str =
    "A picture or video inside an album has no numbers of its own; ask for the album's.";
const FEW_VIEWERS: &str =
    "Meta shows a story's numbers from five viewers on, and this one has had fewer.";
const FEW_OR_FORBIDDEN: &str =
    "Meta shows a story's numbers from five viewers on, and needs the permission for insights.";
const NONE_AT_ALL: &str = "Meta gives no numbers for this media.";

/// The numbers of one media object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Numbers {
    /// `feed`, `reels`, `story`.
    pub(crate) surface: String,
    pub(crate) given: Vec<Insight>,
    pub(crate) missing: Vec<Missing>,
    /// Why there is nothing at all.
    pub(crate) note: Option<String>,
}

/// A metric that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Missing {
    pub(crate) metric: String,
    pub(crate) note: String,
}

impl Numbers {
    /// What came with a row of a list.
    pub(crate) fn of(surface: Surface, given: Vec<Insight>) -> Self {
        let mut numbers = Self {
            surface: surface.as_str().to_owned(),
            given,
            missing: Vec::new(),
            note: None,
        };
        numbers.name_missing(surface, &[]);
        numbers
    }

    fn none(surface: Surface, note: &str) -> Self {
        Self {
            note: Some(note.to_owned()),
            ..Self::of(surface, Vec::new())
        }
    }

    fn name_missing(&mut self, surface: Surface, refused: &[&str]) {
        for metric in for_surface(surface) {
            if self.given.iter().any(|insight| insight.name == *metric) {
                continue;
            }
            let note = if refused.contains(metric) {
                REFUSED
            } else {
                NO_DATA
            };
            self.missing.push(Missing {
                metric: (*metric).to_owned(),
                note: note.to_owned(),
            });
        }
    }

    /// The metric, if Meta gave it.
    pub(crate) fn get(&self, metric: &str) -> Option<&Insight> {
        self.given
            .iter()
            .find(|insight| insight.name == metric && insight.number().is_some())
    }

    /// Why a metric is not there.
    pub(crate) fn why_not(&self, metric: &str) -> &str {
        if let Some(note) = &self.note {
            return note;
        }
        let surface = Surface::from_word(&self.surface);
        let exists = media_metric(metric)
            .is_some_and(|known| surface.is_some_and(|here| known.surfaces.contains(&here)));
        if !exists {
            return NOT_FOR_KIND;
        }
        self.missing
            .iter()
            .find(|missing| missing.metric == metric)
            .map_or(NO_DATA, |missing| &missing.note)
    }
}

/// That the login may not read numbers, once one post of a page has shown it: the others would say the same.
type Barred = OnceLock<ApiError>;

/// The numbers of one media object.
pub(crate) async fn numbers(ask: Ask<'_>, media: &MediaId) -> Result<Got<Numbers>, ApiError> {
    unless(ask, media, &Barred::new()).await
}

async fn unless(ask: Ask<'_>, media: &MediaId, barred: &Barred) -> Result<Got<Numbers>, ApiError> {
    let errand = Errand::new(ask.gate, ask.account, ask.urgency);
    let gateway = &ask.gate.gateway;
    let work = async {
        if let Some(never) = gateway.peek(ask, Kind::NoNumbers, media.as_str()).await {
            return Ok(never.body.clone());
        }
        if let Some(error) = barred.get() {
            return Err(error.clone());
        }
        let known = gateway.peek(ask, Kind::Media, &node_name(media)).await;
        let known: Option<Media> = known.and_then(|entry| Media::deserialize(&entry.body).ok());
        let numbers = match known {
            Some(node) => by_kind(&errand, &node).await,
            None => unknown(ask, &errand, media).await,
        };
        let numbers = numbers.map_err(|trouble| {
            let is_forbidden = trouble.is_forbidden();
            let error = ApiError::from(trouble);
            if is_forbidden {
                let _ = barred.set(error.clone());
            }
            error
        })?;
        let body = to_value(&numbers)?;
        if numbers.note.as_deref() == Some(BEFORE) {
            let along = vec![(Kind::NoNumbers, media.as_str().to_owned(), body.clone())];
            gateway.keep_along(ask, along).await;
        }
        Ok(body)
    };
    let wanted = Wanted::Numbers(media.clone());
    Box::pin(gateway.get(ask, &wanted, &errand, work))
        .await?
        .read()
}

/// The numbers of a page's media, in its order: what came along is free, the rest is asked for a few at a time. Where
/// that fails for one of them, it says so and the others have theirs.
pub(crate) async fn many(ask: Ask<'_>, page: &[Media]) -> Vec<Got<Numbers>> {
    // What a page just brought is kept; asking anew would only repeat it.
    let ask = Ask { anew: false, ..ask };
    let barred = Barred::new();
    let asked: Vec<_> = page
        .iter()
        .map(|media| unless(ask, &media.id, &barred))
        .collect();
    let found = stream::iter(asked)
        .buffered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    page.iter()
        .zip(found)
        .map(|(media, found)| found.unwrap_or_else(|error| failed(ask, media, &error)))
        .collect()
}

fn failed(ask: Ask<'_>, media: &Media, error: &ApiError) -> Got<Numbers> {
    let body = error.body();
    let why = body["detail"].as_str().unwrap_or_default();
    let note = format!("Its numbers could not be read now: {why}.");
    let now_ms = ask.gate.clock.now_ms();
    Got {
        body: Numbers::none(media.surface(), &note),
        fetched_at_ms: now_ms,
        given_at_ms: now_ms,
        // It says nothing about the page that it is in.
        source: Source::Hit,
        calls: 0,
    }
}

/// Nobody knows yet what it is: one call for the thing and its numbers, which fits posts and reels.
async fn unknown(ask: Ask<'_>, errand: &Errand<'_>, media: &MediaId) -> Result<Numbers, Trouble> {
    let gateway = &ask.gate.gateway;
    let now_ms = ask.gate.clock.now_ms();
    let (insights, _) = gateway.split(errand.family(), Surface::Feed, LIST, now_ms);
    let call = |insights| GetMedia {
        media: media.clone(),
        insights,
    };
    let found = match errand.ask(&call(insights)).await {
        Err(trouble) if trouble.kind() == Some(ErrorKind::BeforeBusiness) => {
            return Ok(Numbers::none(Surface::Feed, BEFORE));
        }
        Err(trouble) if trouble.is_refusal() => errand.ask(&call(Vec::new())).await,
        other => other,
    };
    let mut node = found?;
    let numbers = match node.insights.take() {
        Some(given) => Numbers::of(node.surface(), given),
        None => by_kind(errand, &node).await?,
    };
    if let Ok(body) = to_value(&node) {
        let along = vec![(Kind::Media, node_name(media), body)];
        gateway.keep_along(ask, along).await;
    }
    Ok(numbers)
}

/// What it is, is known: one call for what such media have.
async fn by_kind(errand: &Errand<'_>, node: &Media) -> Result<Numbers, Trouble> {
    // A child has neither a page nor a product.
    if node.permalink.is_none() && node.media_product_type.is_none() {
        return Ok(Numbers::none(Surface::Feed, CHILD));
    }
    let surface = node.surface();
    let make = |metrics| MediaInsights {
        media: node.id.clone(),
        metrics,
        breakdown: None,
    };
    let found = errand.gather(surface, for_surface(surface), make).await?;
    if let Some(trouble) = found.object {
        let granted = grants_insights(errand);
        // Zeros would be a lie. Of a story the same code says that too few have seen it; what the login granted tells
        // which is meant.
        let may_be_few = surface == Surface::Story && granted != Some(false);
        if trouble.is_forbidden() && !may_be_few {
            return Err(trouble);
        }
        return Ok(Numbers::none(surface, nothing(surface, &trouble, granted)));
    }
    let given: Vec<Insight> = found
        .read
        .into_iter()
        .flat_map(|insights: Insights| insights.data)
        .collect();
    let mut numbers = Numbers {
        given,
        ..Numbers::none(surface, "")
    };
    numbers.note = None;
    numbers.missing.clear();
    numbers.name_missing(surface, &found.refused);
    Ok(numbers)
}

/// Whether the account's login granted insights, where that is known.
fn grants_insights(errand: &Errand<'_>) -> Option<bool> {
    let account = errand.account;
    if account.private.is_some() {
        return None;
    }
    errand.gate.accounts.grants_insights(account.id.as_str())
}

fn nothing(surface: Surface, trouble: &Trouble, granted: Option<bool>) -> &'static str {
    match (trouble.kind(), surface, granted) {
        (Some(ErrorKind::BeforeBusiness), ..) => BEFORE,
        (_, Surface::Story, Some(true)) if trouble.is_forbidden() => FEW_VIEWERS,
        (_, Surface::Story, _) if trouble.is_forbidden() => FEW_OR_FORBIDDEN,
        _ => NONE_AT_ALL,
    }
}
