//! `GET /{media}/insights`: which metric exists for which kind, and how all others fail the whole call
//! (<https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights>, 2026-11).

use serde_json::{Map, Number, Value, json};

use super::asked::Asked;
use super::{item, metric, results};
use crate::graph::auth::Caller;
use crate::graph::error::GraphError;
use crate::world::State;
use crate::world::account::Login;
use crate::world::media::{Media, MediaType, Product};

/// A story's numbers are shown from so many viewers on (the page named above).
const STORY_VIEWERS: u64 = 5;

/// The insights of one media; one bad metric fails all.
pub(in crate::graph) fn of_media(
    state: &State,
    caller: &Caller,
    media: &Media,
    asked: &Asked,
) -> Result<Value, GraphError> {
    check(state, caller, asked)?;
    owned(state, media)?;
    let wrong: Vec<&str> = asked
        .metrics
        .iter()
        .map(String::as_str)
        .filter(|metric| !fits(media, metric))
        .collect();
    if !wrong.is_empty() {
        return Err(GraphError::argument(format!(
            "The Media Insights API does not support the {} metric for this media product type.",
            wrong.join(", ")
        )));
    }
    let breakdown = broken_down(asked)?;
    let number = |name: &str| media.metrics.get(name).and_then(Number::as_u64);
    if media.is_story() && number("reach").is_some_and(|viewers| viewers < STORY_VIEWERS) {
        return Err(GraphError::new(
            10,
            None,
            "(#10) Not enough viewers for the media to show insights",
        )
        // Not 403, though a missing permission has the same code (clients' own tests, read 2026-11-22).
        .final_400());
    }
    let data: Vec<Value> = asked
        .metrics
        .iter()
        .filter_map(|name| {
            let value = media.metrics.get(name)?;
            let mut item = item(name, "lifetime", &media.id);
            item["values"] = json!([{"value": value}]);
            if let Some(breakdown) = breakdown {
                item["total_value"] = parts(media, name, (breakdown, value));
            }
            Some(item)
        })
        .collect();
    Ok(Map::from_iter([("data".to_owned(), data.into())]).into())
}

/// What is wrong whatever the media is: no metric, or one that Meta does not know.
pub(in crate::graph) fn check(
    state: &State,
    caller: &Caller,
    asked: &Asked,
) -> Result<(), GraphError> {
    super::need(caller)?;
    if asked.metrics.is_empty() {
        return Err(GraphError::argument("The parameter metric is required"));
    }
    let known: Vec<&str> = metric::OF_MEDIA
        .into_iter()
        .filter(|name| !metric::RETIRED.contains(name) && !state.insights.refuse.contains(*name))
        .filter(|name| caller.login == Login::Facebook || !metric::FACEBOOK_ONLY.contains(name))
        .collect();
    for (at, name) in asked.metrics.iter().enumerate() {
        if metric::RETIRED.contains(&name.as_str()) {
            return Err(retired(name, "media"));
        }
        if !known.contains(&name.as_str()) {
            return Err(unknown(at, &known));
        }
    }
    Ok(())
}

/// The sentence that clients saw for `impressions` (gitroomhq/postiz-app issue 622, 2025-02).
pub(super) fn retired(name: &str, node: &str) -> GraphError {
    GraphError::argument(format!(
        "Starting from version 22 and above, the {name} metric is no longer supported for the queried {node}. \
         Please refer to the documentation for a list of supported metrics."
    ))
}

pub(super) fn unknown(at: usize, known: &[&str]) -> GraphError {
    GraphError::argument(format!(
        "metric[{at}] must be one of the following values: {}",
        known.join(", ")
    ))
}

/// Files of carousels and media from before the account was professional have none.
fn owned(state: &State, media: &Media) -> Result<(), GraphError> {
    if media.parent.is_some() || media.tagged_by.is_some() {
        return Err(GraphError::argument(
            "The Media Insights API does not support media inside an album. Query the album instead.",
        ));
    }
    let since_ms = state
        .accounts
        .get(&media.account)
        .map_or(0, |account| account.about.professional_since_ms);
    if media.timestamp_ms < since_ms {
        return Err(GraphError::new(100, Some(2_108_006), "Invalid parameter").telling(
            "Media posted before business account conversion",
            "The media was posted before the most recent time that the user's account was converted to a \
             business account from a personal account.",
        ));
    }
    Ok(())
}

/// The table of the page named above.
fn fits(media: &Media, metric: &str) -> bool {
    let product = media.media_product_type;
    let (feed, reel, story) = (
        matches!(product, Product::Feed | Product::Ad),
        product == Product::Reels,
        product == Product::Story,
    );
    match metric {
        "views" | "reach" | "shares" | "total_interactions" | "reposts" => true,
        "likes" | "comments" | "saved" | "total_likes" | "total_comments" => !story,
        "follows" | "profile_visits" | "profile_activity" => !reel,
        "navigation" | "replies" | "link_clicks" => story,
        "ig_reels_avg_watch_time" | "ig_reels_video_view_total_time" | "reels_skip_rate" => reel,
        "total_views" => !feed,
        "crossposted_views" => reel && media.crossposted,
        "facebook_views" => media.crossposted && media.media_type != MediaType::CarouselAlbum,
        _ => false,
    }
}

/// The breakdown, if every asked metric has it.
fn broken_down(asked: &Asked) -> Result<Option<&'static str>, GraphError> {
    let Some(first) = asked.breakdowns.first() else {
        return Ok(None);
    };
    let of = |metric: &str| match metric {
        "profile_activity" => Some("action_type"),
        "navigation" => Some("story_navigation_action_type"),
        _ => None,
    };
    for metric in &asked.metrics {
        if of(metric) != Some(first.as_str()) || asked.breakdowns.len() > 1 {
            return Err(GraphError::argument(format!(
                "Incompatible breakdowns ({}) for metric ({metric})",
                asked.breakdowns.join(",")
            )));
        }
    }
    Ok(asked.metrics.first().and_then(|metric| of(metric)))
}

fn parts(media: &Media, metric: &str, (breakdown, total): (&str, &Number)) -> Value {
    let rows = media
        .breakdowns
        .get(metric)
        .into_iter()
        .flatten()
        .map(|(name, value)| (vec![name.as_str()], *value));
    json!({"value": total, "breakdowns": results(&[breakdown], rows)})
}
