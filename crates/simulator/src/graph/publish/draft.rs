//! The parameters of `POST /{id}/media`: which kind of post they ask for, and every rule they can break.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media>, 2026-11.

use serde_json::Value;

use super::problem::problem;
use crate::graph::call::Call;
use crate::graph::error::GraphError;
use crate::world::account::Login;
use crate::world::container::Kind;

const CAPTION: usize = 2_200;
const HASHTAGS: usize = 30;
const MENTIONS: usize = 20;
const ALT_TEXT: usize = 1_000;
const COLLABORATORS: usize = 3;
const PRODUCTS: usize = 5;
const SPONSORS: usize = 2;

/// Where the file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum From {
    Url(String),
    Upload,
    /// A carousel has no file of its own.
    Items(Vec<String>),
}

#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) kind: Kind,
    pub(super) from: From,
    pub(super) caption: Option<String>,
    pub(super) alt_text: Option<String>,
    pub(super) share_to_feed: bool,
    pub(super) is_ai_generated: bool,
    pub(super) trial: bool,
    pub(super) thumb_offset_ms: Option<i64>,
}

pub(super) fn read(call: &Call, login: Login, trials: bool) -> Result<Draft, GraphError> {
    let (kind, from) = kind_and_source(call)?;
    extras(call, login, kind)?;
    // The caption of an item is not an error; nobody ever sees it.
    let caption = call.params.text("caption").filter(|_| !kind.is_item());
    if let Some(caption) = &caption {
        check_caption(caption)?;
    }
    let alt_text = call.params.text("alt_text");
    if let Some(text) = &alt_text {
        if !matches!(kind, Kind::Image | Kind::ItemImage) {
            return Err(GraphError::argument("alt_text is for image posts only"));
        }
        if text.chars().count() > ALT_TEXT {
            return Err(GraphError::argument("alt_text has at most 1000 characters"));
        }
    }
    let trial = trial(call, kind)?;
    if trial && !trials {
        return Err(problem(2_207_081));
    }
    let is_ai_generated = flag(call, "is_ai_generated")?.unwrap_or(false);
    if is_ai_generated && kind.is_item() {
        return Err(GraphError::argument(
            "is_ai_generated belongs to the carousel, not to its items",
        ));
    }
    // The cover wins, so that the offset beside it is not even looked at.
    let thumb_offset_ms = match (
        call.params.text("cover_url"),
        call.params.text("thumb_offset"),
    ) {
        (None, Some(text)) if kind.is_video() => {
            let offset = text.parse::<i64>().ok().filter(|offset| *offset >= 0);
            Some(offset.ok_or_else(|| problem(2_207_057))?)
        }
        _ => None,
    };
    Ok(Draft {
        kind,
        from,
        caption,
        alt_text,
        share_to_feed: flag(call, "share_to_feed")?.unwrap_or(true) && !trial,
        is_ai_generated,
        trial,
        thumb_offset_ms,
    })
}

fn kind_and_source(call: &Call) -> Result<(Kind, From), GraphError> {
    let item = flag(call, "is_carousel_item")?.unwrap_or(false);
    let image = call.params.text("image_url");
    let video = call.params.text("video_url");
    let resumable = match call.params.text("upload_type").as_deref() {
        None => false,
        Some("resumable") => true,
        Some(_) => return Err(GraphError::argument("Param upload_type must be resumable")),
    };
    let video_from = |video: Option<String>| match (video, resumable) {
        (Some(url), false) => Ok(From::Url(url)),
        (None, true) => Ok(From::Upload),
        (Some(_), true) => Err(GraphError::argument(
            "video_url and upload_type=resumable exclude each other",
        )),
        (None, false) => Err(GraphError::argument("The parameter video_url is required")),
    };
    let image_from = |image: Option<String>| match image {
        Some(url) => Ok(From::Url(url)),
        None => Err(GraphError::argument("The parameter image_url is required")),
    };
    match call.params.text("media_type").as_deref() {
        None | Some("IMAGE") if item => Ok((Kind::ItemImage, image_from(image)?)),
        None | Some("IMAGE") => Ok((Kind::Image, image_from(image)?)),
        Some("VIDEO") if item => Ok((Kind::ItemVideo, video_from(video)?)),
        Some("REELS") if !item => Ok((Kind::Reel, video_from(video)?)),
        Some("STORIES") if !item => match (image, video) {
            (Some(_), Some(_)) => Err(GraphError::argument(
                "A story has an image_url or a video_url, not both",
            )),
            (Some(url), None) if !resumable => Ok((Kind::StoryImage, From::Url(url))),
            (_, video) => Ok((Kind::StoryVideo, video_from(video)?)),
        },
        Some("CAROUSEL") if !item => {
            let children = words(call, "children")?;
            if !(2..=10).contains(&children.len()) {
                return Err(problem(2_207_028));
            }
            Ok((Kind::Carousel, From::Items(children)))
        }
        // VIDEO alone ended 2023-11-09; reels cannot stand in a carousel.
        Some(_) => Err(problem(2_207_023)),
    }
}

fn check_caption(caption: &str) -> Result<(), GraphError> {
    if caption.chars().count() > CAPTION || caption.matches('#').count() > HASHTAGS {
        return Err(problem(2_207_010));
    }
    if caption.matches('@').count() > MENTIONS {
        return Err(problem(2_207_040));
    }
    Ok(())
}

/// Lists that hang on a post. They are checked and kept as they came.
fn extras(call: &Call, login: Login, kind: Kind) -> Result<(), GraphError> {
    if words(call, "collaborators")?.len() > COLLABORATORS {
        return Err(GraphError::argument("There are at most 3 collaborators"));
    }
    if words(call, "branded_content_sponsor_ids")?.len() > SPONSORS {
        return Err(GraphError::argument("There are at most 2 sponsors"));
    }
    if call.params.text("is_paid_partnership").is_some() && login == Login::Instagram {
        return Err(GraphError::argument(
            "is_paid_partnership is for Facebook Login only",
        ));
    }
    let on_image = matches!(kind, Kind::Image | Kind::ItemImage);
    for tag in call.params.list("user_tags")?.unwrap_or_default() {
        if tag["username"].as_str().is_none_or(str::is_empty) {
            return Err(GraphError::argument("Param user_tags needs usernames"));
        }
        let inside = |name: &str| {
            let place = tag[name].as_f64();
            place.is_some_and(|place| (0.0..=1.0).contains(&place))
        };
        if on_image && !(inside("x") && inside("y")) {
            return Err(GraphError::argument(
                "Param user_tags needs x and y between 0 and 1 on images",
            ));
        }
    }
    let products = call.params.list("product_tags")?.unwrap_or_default();
    if products.len() > PRODUCTS {
        return Err(problem(2_207_037));
    }
    for product in products {
        let placed = product.get("x").is_some() && product.get("y").is_some();
        if kind.is_video() && placed {
            return Err(problem(2_207_035));
        }
        if on_image && !placed {
            return Err(problem(2_207_036));
        }
    }
    Ok(())
}

fn trial(call: &Call, kind: Kind) -> Result<bool, GraphError> {
    let Some(params) = call.params.object("trial_params")? else {
        return Ok(false);
    };
    if kind != Kind::Reel {
        return Err(GraphError::argument("trial_params is for reels only"));
    }
    match params.get("graduation_strategy").and_then(Value::as_str) {
        Some("MANUAL" | "SS_PERFORMANCE") => Ok(true),
        _ => Err(GraphError::argument(
            "graduation_strategy must be MANUAL or SS_PERFORMANCE",
        )),
    }
}

fn flag(call: &Call, name: &str) -> Result<Option<bool>, GraphError> {
    match call.params.text(name).as_deref() {
        None => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(_) => Err(GraphError::argument(format!(
            "Param {name} must be a boolean"
        ))),
    }
}

/// A list of words: JSON, or separated by commas.
fn words(call: &Call, name: &str) -> Result<Vec<String>, GraphError> {
    let text = call.params.text(name).unwrap_or_default();
    if !text.is_empty() && !text.trim_start().starts_with('[') {
        return Ok(text.split(',').map(|word| word.trim().to_owned()).collect());
    }
    let list = call.params.list(name)?.unwrap_or_default();
    let word = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    list.iter()
        .map(|value| {
            word(value).ok_or_else(|| GraphError::argument(format!("Param {name} must hold text")))
        })
        .collect()
}
