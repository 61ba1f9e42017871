//! Lists of media with their numbers in one call, and what follows from them for free: each row of a page is kept as
//! the answer to the question for that row alone.

use graph_api::{
    endpoint::{
        Page,
        media::{Child, Edge, GetChildren, GetMedia, ListMedia, Media},
    },
    id::MediaId,
    insights::{LIST, Surface, for_surface},
};
use serde::Serialize;
use serde_json::Value;

use super::{
    entry::{Got, Kind},
    errand::{Errand, Trouble},
    flow::Ask,
    numbers::Numbers,
    wanted::Wanted,
};
use crate::api::ApiError;

/// Meta's word for what holds several pictures or videos.
const ALBUM: &str = "CAROUSEL_ALBUM";

/// What a caller wants of a list.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) edge: Edge,
    pub(crate) limit: u32,
    /// Meta's cursor.
    pub(crate) after: Option<String>,
    pub(crate) since_s: Option<i64>,
    pub(crate) until_s: Option<i64>,
    /// With what albums hold.
    pub(crate) children: bool,
}

impl Listing {
    pub(super) fn name(&self) -> String {
        let bare = if self.children { "" } else { ":bare" };
        let number = |at: Option<i64>| at.map_or_else(String::new, |at| at.to_string());
        format!(
            "list:{}:{}:{}:{}:{}{bare}",
            self.edge.as_str(),
            self.limit,
            number(self.since_s),
            number(self.until_s),
            self.after.as_deref().unwrap_or_default()
        )
    }

    pub(super) fn kind(&self) -> Kind {
        match self.edge {
            Edge::Tags => Kind::Tagged,
            Edge::Media | Edge::Stories => Kind::Media,
        }
    }

    /// What is asked for with each row: only what every kind of row in this list has.
    fn metrics(&self, errand: &Errand<'_>, now_ms: i64) -> Vec<&'static str> {
        let gateway = &errand.gate.gateway;
        let allowed = |surface, metrics: &[&'static str]| {
            gateway.split(errand.family(), surface, metrics, now_ms).0
        };
        match self.edge {
            Edge::Tags => Vec::new(),
            Edge::Stories => allowed(Surface::Story, for_surface(Surface::Story)),
            Edge::Media => allowed(Surface::Reels, &allowed(Surface::Feed, LIST)),
        }
    }
}

pub(crate) fn to_value<T: Serialize>(body: &T) -> Result<Value, ApiError> {
    serde_json::to_value(body).map_err(|error| {
        tracing::error!(%error, "an answer cannot be kept");
        ApiError::internal()
    })
}

/// A page of a list. Its rows come with their numbers where Meta gives them along.
pub(crate) async fn list(ask: Ask<'_>, listing: &Listing) -> Result<Got<Page<Media>>, ApiError> {
    let errand = Errand::new(ask.gate, ask.account, ask.urgency);
    let work = async {
        let page = fetch(&errand, listing).await?;
        if listing.kind().is_stored() {
            keep_rows(ask, listing, &page).await;
        }
        to_value(&page)
    };
    let wanted = Wanted::List(listing.clone());
    ask.gate
        .gateway
        .get(ask, &wanted, &errand, work)
        .await?
        .read()
}

/// One call with numbers; where Meta refuses them for one row or for all, or that is too much for it, a second one
/// without.
async fn fetch(errand: &Errand<'_>, listing: &Listing) -> Result<Page<Media>, Trouble> {
    let now_ms = errand.gate.clock.now_ms();
    let call = |insights| ListMedia {
        edge: listing.edge,
        limit: listing.limit,
        after: listing.after.clone(),
        since_s: listing.since_s,
        until_s: listing.until_s,
        children: listing.children,
        insights,
    };
    let metrics = listing.metrics(errand, now_ms);
    let with_numbers = !metrics.is_empty();
    match errand.ask(&call(metrics)).await {
        Err(trouble) if with_numbers && (trouble.is_refusal() || trouble.is_too_much()) => {
            errand.ask(&call(Vec::new())).await
        }
        other => other,
    }
}

async fn keep_rows(ask: Ask<'_>, listing: &Listing, page: &Page<Media>) {
    let mut found = Vec::with_capacity(2 * page.data.len());
    for media in &page.data {
        let mut node = media.clone();
        if let Some(insights) = node.insights.take()
            && let Ok(numbers) = to_value(&Numbers::of(media.surface(), insights))
        {
            found.push((Kind::Numbers, media.id.to_string(), numbers));
        }
        // Without what it holds an album is no answer to who asks for it.
        let is_whole = listing.children || node.media_type.as_deref() != Some(ALBUM);
        if is_whole && let Ok(node) = to_value(&node) {
            found.push((Kind::Media, node_name(&media.id), node));
        }
    }
    ask.gate.gateway.keep_along(ask, found).await;
}

pub(super) fn node_name(media: &MediaId) -> String {
    format!("node:{media}")
}

/// One post, reel, story, or child of an album.
pub(crate) async fn node(ask: Ask<'_>, media: &MediaId) -> Result<Got<Media>, ApiError> {
    let errand = Errand::new(ask.gate, ask.account, ask.urgency);
    let work = async {
        let call = GetMedia {
            media: media.clone(),
            insights: Vec::new(),
        };
        let media = errand.ask(&call).await?;
        to_value(&media)
    };
    let wanted = Wanted::Node(media.clone());
    ask.gate
        .gateway
        .get(ask, &wanted, &errand, work)
        .await?
        .read()
}

/// What an album holds.
pub(crate) async fn children(ask: Ask<'_>, media: &MediaId) -> Result<Got<Vec<Child>>, ApiError> {
    let errand = Errand::new(ask.gate, ask.account, ask.urgency);
    let work = async {
        let call = GetChildren {
            media: media.clone(),
        };
        let children = errand.ask(&call).await?;
        to_value(&children)
    };
    let wanted = Wanted::Children(media.clone());
    ask.gate
        .gateway
        .get(ask, &wanted, &errand, work)
        .await?
        .read()
}
