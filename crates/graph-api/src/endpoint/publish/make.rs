//! `POST /{ig-id}/media`: makes a container. Nobody sees it; a second one does no harm but counts towards
//! [`CONTAINERS_PER_DAY`](crate::limits::CONTAINERS_PER_DAY).
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media>
//! (read 2026-09-11)

use super::container::{Kind, Source, UserTag, Work};
use crate::client::Credentials;
use crate::endpoint::rows::made;
use crate::error::CallError;
use crate::id::ContainerId;
use crate::request::{Answer, Endpoint, Request};
use serde_json::{Value, json};

/// The call.
#[derive(Debug, Clone, PartialEq)]
pub struct MakeContainer {
    /// What.
    pub work: Work,
}

/// A container that was made.
pub type Made = ContainerId;

impl Endpoint for MakeContainer {
    type Answer = Made;

    fn request(&self, credentials: &Credentials) -> Request {
        let mut form = Vec::new();
        kind_and_source(&self.work, &mut form);
        words(&self.work, &mut form);
        extras(&self.work, &mut form);
        let mut request = Request::post("containers", &[credentials.account.as_str(), "media"]);
        request.visible = false;
        request.form(form)
    }

    fn read(&self, answer: &Answer) -> Result<Made, CallError> {
        made(answer, "a container has an id").map(Into::into)
    }
}

type Form = Vec<(&'static str, String)>;

fn kind_and_source(work: &Work, form: &mut Form) {
    let media_type = match (work.kind, &work.source) {
        (Kind::Reel, _) => Some("REELS"),
        (Kind::Story, _) => Some("STORIES"),
        (Kind::Carousel, _) => Some("CAROUSEL"),
        (Kind::ItemVideo, _) => Some("VIDEO"),
        (Kind::Image | Kind::ItemImage, _) => None,
    };
    if let Some(media_type) = media_type {
        form.push(("media_type", media_type.to_owned()));
    }
    if matches!(work.kind, Kind::ItemImage | Kind::ItemVideo) {
        form.push(("is_carousel_item", "true".to_owned()));
    }
    match &work.source {
        Source::ImageUrl(url) => form.push(("image_url", url.clone())),
        Source::VideoUrl(url) => form.push(("video_url", url.clone())),
        Source::Upload => form.push(("upload_type", "resumable".to_owned())),
        Source::Items(items) => {
            let ids: Vec<&str> = items.iter().map(ContainerId::as_str).collect();
            form.push(("children", ids.join(",")));
        }
    }
}

fn words(work: &Work, form: &mut Form) {
    let texts = [
        ("caption", &work.caption),
        ("alt_text", &work.alt_text),
        ("location_id", &work.location_id),
        ("cover_url", &work.cover_url),
        ("audio_name", &work.audio_name),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            form.push((name, value.clone()));
        }
    }
}

fn extras(work: &Work, form: &mut Form) {
    if !work.collaborators.is_empty() {
        form.push(("collaborators", json!(work.collaborators).to_string()));
    }
    if !work.user_tags.is_empty() {
        let tags: Vec<Value> = work.user_tags.iter().map(tag).collect();
        form.push(("user_tags", Value::from(tags).to_string()));
    }
    // The cover wins; sending both would only invite a complaint about the offset.
    if let (Some(offset), None) = (work.thumb_offset_ms, &work.cover_url) {
        form.push(("thumb_offset", offset.to_string()));
    }
    if let Some(share) = work.share_to_feed {
        form.push(("share_to_feed", share.to_string()));
    }
    if let Some(trial) = &work.trial {
        form.push((
            "trial_params",
            json!({ "graduation_strategy": trial }).to_string(),
        ));
    }
    if let Some(machine) = work.is_ai_generated {
        form.push(("is_ai_generated", machine.to_string()));
    }
}

fn tag(tag: &UserTag) -> Value {
    let mut object = json!({ "username": tag.username });
    for (name, at) in [("x", tag.x), ("y", tag.y)] {
        if let Some(at) = at {
            object[name] = at.into();
        }
    }
    object
}
