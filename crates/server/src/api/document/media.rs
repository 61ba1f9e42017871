//! `POST /instagram/user/media`: the document's list, with cursors of ours and no token in any link.

use std::sync::Arc;

use axum::extract::State;
use garde::Validate;
use graph_api::endpoint::media::{Edge, Media};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::body::{TokenIn, account};
use crate::{
    api::{ApiError, Asked, DocumentCall, Failures, Gate, Provenance, cursor},
    gateway::{self, Listing, Served, Wishes},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new().routes(routes!(media))
}

/// Which page.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct PageIn {
    /// Number of posts.
    #[serde(default = "default_limit")]
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 25)]
    limit: u32,
    /// The page behind this cursor, from `paging.cursors.after`.
    #[garde(skip)]
    after: Option<String>,
}

fn default_limit() -> u32 {
    25
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
struct MediaAnswer {
    media: MediaList,
    #[schema(example = "Media retrieved successfully")]
    message: &'static str,
    source: Provenance,
}

/// A page of posts, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct MediaList {
    data: Vec<DocumentMediaOut>,
    paging: DocumentPagingOut,
}

/// How to go on.
#[derive(Debug, Serialize, ToSchema)]
struct DocumentPagingOut {
    cursors: CursorsOut,
    /// The next page's address on this server; none on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Cursors of ours.
#[derive(Debug, Serialize, ToSchema)]
struct CursorsOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// For the parameter `after`; none on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// A post or reel.
#[derive(Debug, Serialize, ToSchema)]
struct DocumentMediaOut {
    #[schema(example = "17895695668004550")]
    id: String,
    /// Empty where there is none.
    caption: String,
    #[schema(example = "IMAGE")]
    media_type: String,
    /// None where Meta gives no file (licensed sound).
    media_url: Option<String>,
    #[schema(example = "https://www.instagram.com/p/ABC123/")]
    permalink: Option<String>,
    #[schema(example = "2024-01-15T10:30:00+0000")]
    timestamp: Option<String>,
    media_product_type: Option<String>,
    thumbnail_url: Option<String>,
    username: Option<String>,
    /// None where likes are hidden.
    like_count: Option<i64>,
    comments_count: Option<i64>,
}

impl From<Media> for DocumentMediaOut {
    fn from(media: Media) -> Self {
        Self {
            id: media.id.into_string(),
            caption: media.caption.unwrap_or_default(),
            media_type: media.media_type.unwrap_or_default(),
            media_url: media.media_url,
            permalink: media.permalink,
            timestamp: media.timestamp,
            media_product_type: media.media_product_type,
            thumbnail_url: media.thumbnail_url,
            username: media.username,
            like_count: media.like_count,
            comments_count: media.comments_count,
        }
    }
}

/// The account's posts and reels, newest first.
///
/// Their numbers come along in the same call to Meta and are kept, so that asking for the insights of each costs
/// nothing more.
#[utoipa::path(post, path = "/instagram/user/media", tag = "document", params(PageIn), request_body = TokenIn,
    responses((status = 200, body = MediaAnswer), Failures))]
async fn media(
    State(gate): State<Arc<Gate>>,
    Asked(page): Asked<PageIn>,
    wishes: Wishes,
    call: DocumentCall<TokenIn>,
) -> Result<Served, ApiError> {
    let account = account(&gate, &call).await?;
    let after = page.after.as_deref().filter(|after| !after.is_empty());
    let listing = Listing {
        edge: Edge::Media,
        limit: page.limit,
        after: after.map(cursor::unwrap).transpose()?,
        since_s: None,
        until_s: None,
        children: false,
    };
    let got = gateway::list(wishes.ask(&gate, &account), &listing).await?;
    let source = Provenance::of(&gate, got.fetched_at_ms);
    let answer = got.map(|found| {
        let after = found.after.as_deref().map(cursor::wrap);
        let next = after
            .as_ref()
            .map(|after| format!("/instagram/user/media?limit={}&after={after}", page.limit));
        MediaAnswer {
            media: MediaList {
                data: found.data.into_iter().map(DocumentMediaOut::from).collect(),
                paging: DocumentPagingOut {
                    cursors: CursorsOut {
                        before: found.before.as_deref().map(cursor::wrap),
                        after,
                    },
                    next,
                },
            },
            message: "Media retrieved successfully",
            source,
        }
    });
    Ok(Served::new(answer, &wishes))
}
