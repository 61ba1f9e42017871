//! What can be asked for on the reading side, as data: the name under which its answer is kept, and the way to ask for
//! it again when nobody is there any more who could.

use graph_api::{
    id::MediaId,
    insights::{Axis, Timeframe, Window},
};

use super::{
    account::profile,
    audience::audience,
    entry::Kind,
    flow::Ask,
    media::{Listing, children, list, node, node_name},
    numbers::numbers,
    online::online,
    series::{Period, account_numbers},
};
use crate::api::ApiError;

/// A question whose answer is kept.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    Profile,
    List(Listing),
    Node(MediaId),
    Children(MediaId),
    Numbers(MediaId),
    Account {
        period: Period,
        window: Window,
        metrics: Vec<&'static str>,
    },
    Audience {
        timeframe: Timeframe,
        axes: Vec<Axis>,
    },
    Online,
}

impl Wanted {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Profile => Kind::Profile,
            Self::List(listing) => listing.kind(),
            Self::Node(_) | Self::Children(_) => Kind::Media,
            Self::Numbers(_) => Kind::Numbers,
            Self::Account { .. } => Kind::Account,
            Self::Audience { .. } | Self::Online => Kind::Audience,
        }
    }

    /// Its name among its kind.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Profile => String::new(),
            Self::List(listing) => listing.name(),
            Self::Node(media) => node_name(media),
            Self::Children(media) => format!("children:{media}"),
            Self::Numbers(media) => media.to_string(),
            Self::Account {
                period,
                window,
                metrics,
            } => format!(
                "{}:{}:{}:{}",
                period.as_str(),
                window.since,
                window.until,
                metrics.join(",")
            ),
            Self::Audience { timeframe, axes } => {
                let axes: Vec<&str> = axes.iter().map(|axis| axis.as_str()).collect();
                format!("{}:{}", timeframe.as_str(), axes.join(","))
            }
            Self::Online => "online".to_owned(),
        }
    }

    /// Asks for it, for nobody in particular: what comes is kept.
    pub(super) async fn fetch(&self, ask: Ask<'_>) -> Result<(), ApiError> {
        match self {
            Self::Profile => profile(ask).await.map(drop),
            Self::List(listing) => list(ask, listing).await.map(drop),
            Self::Node(media) => node(ask, media).await.map(drop),
            Self::Children(media) => children(ask, media).await.map(drop),
            Self::Numbers(media) => numbers(ask, media).await.map(drop),
            Self::Account {
                period,
                window,
                metrics,
            } => account_numbers(ask, *period, *window, metrics)
                .await
                .map(drop),
            Self::Audience { timeframe, axes } => audience(ask, *timeframe, axes).await.map(drop),
            Self::Online => online(ask).await.map(drop),
        }
    }
}
