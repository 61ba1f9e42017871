//! Publishing: a container is made, worked on and published
//! (<https://developers.facebook.com/docs/instagram-platform/content-publishing>, 2026-09).

mod draft;
mod fetch;
mod problem;
pub(crate) mod resumable;

use serde_json::{Map, Value, json};

use super::Host;
use super::auth::Caller;
use super::call::Call;
use super::conversations::no_field;
use super::error::GraphError;
use super::fields::{self, Field};
use crate::world::container::{CONTAINERS_A_DAY, Container, Content, Kind, LIFE_MS, Stage, Upload};
use crate::world::media::{Media, MediaType, Product};
use crate::world::{Shared, State, World};
use draft::{Draft, From};
use problem::problem;

fn need(caller: &Caller) -> Result<(), GraphError> {
    caller.need(
        "instagram_content_publish",
        "instagram_business_content_publish",
    )
}

/// `POST /{account}/media`
pub(super) async fn create(
    world: &Shared,
    call: &Call,
    caller: &Caller,
) -> Result<Value, GraphError> {
    need(caller)?;
    let now_ms = world.clock().now_ms();
    let (trials, made) = {
        let publishing = &world.lock().publishing;
        let made = publishing.made_lately(&caller.account, now_ms);
        (publishing.rules.trial_reels, made)
    };
    let draft = draft::read(call, caller.login, trials)?;
    if made >= CONTAINERS_A_DAY {
        return Err(problem(2_207_042));
    }
    let content = match &draft.from {
        From::Items(children) => {
            check_items(&world.lock(), caller, children, now_ms)?;
            Content::Here {
                at_ms: now_ms,
                asset: None,
            }
        }
        // An image is fetched before the answer, as its errors come with it; a video after.
        From::Url(url) if !draft.kind.is_video() => {
            let fetched = fetch::fetch(world, draft.kind, url, None).await;
            Content::Here {
                at_ms: world.clock().now_ms(),
                asset: Some(fetched.map_err(problem)?.id.clone()),
            }
        }
        From::Url(_) | From::Upload => Content::Awaited,
    };
    Ok(keep(world, call, caller, draft, content))
}

/// The container exists from here on, whatever becomes of the answer.
fn keep(world: &Shared, call: &Call, caller: &Caller, draft: Draft, content: Content) -> Value {
    let id = world.new_id("179");
    let mut answer = json!({"id": id});
    let mut container = Container {
        id: id.clone(),
        account: caller.account.clone(),
        kind: draft.kind,
        made_ms: world.clock().now_ms(),
        caption: draft.caption,
        alt_text: draft.alt_text,
        children: Vec::new(),
        share_to_feed: draft.share_to_feed,
        is_ai_generated: draft.is_ai_generated,
        trial: draft.trial,
        asked: call.params.shown(),
        thumb_offset_ms: draft.thumb_offset_ms,
        processing_ms: 0,
        fail: None,
        content,
        upload: None,
        published: None,
    };
    let mut fetching = None;
    match draft.from {
        From::Items(children) => container.children = children,
        From::Url(url) if draft.kind.is_video() => fetching = Some(url),
        From::Url(_) => {}
        From::Upload => {
            let name = format!("{}.bin", uuid::Uuid::now_v7());
            container.upload = Some(Upload {
                path: world.uploads().join(name),
                received: 0,
                size: None,
                busy: false,
            });
            let version = &world.options().graph_version;
            let base = world.base_url();
            answer["uri"] =
                format!("{base}/rupload.facebook.com/ig-api-upload/{version}/{id}").into();
        }
    }
    {
        let mut state = world.lock();
        container.processing_ms = state.publishing.rules.processing_ms;
        container.fail = state.publishing.next_fail();
        state.publishing.containers.insert(id.clone(), container);
    }
    if let Some(url) = fetching {
        fetch_later(world, &id, draft.kind, url, draft.thumb_offset_ms);
    }
    answer
}

/// Fetches a video while the client asks how far it is.
fn fetch_later(world: &Shared, id: &str, kind: Kind, url: String, thumb_offset_ms: Option<i64>) {
    let (world, id) = (std::sync::Arc::clone(world), id.to_owned());
    tokio::spawn(async move {
        let fetched = fetch::fetch(&world, kind, &url, thumb_offset_ms).await;
        let outcome = fetched.map(|asset| asset.id.clone());
        let now_ms = world.clock().now_ms();
        world.lock().publishing.settle(&id, outcome, now_ms);
    });
}

fn check_items(
    state: &State,
    caller: &Caller,
    children: &[String],
    now_ms: i64,
) -> Result<(), GraphError> {
    for id in children {
        let item = own(state, caller, id)?;
        if !item.kind.is_item() {
            return Err(GraphError::argument(format!(
                "{id} was not made with is_carousel_item"
            )));
        }
        match item.stage(now_ms) {
            Stage::Finished => {}
            other => return Err(refusal(other)),
        }
    }
    Ok(())
}

fn own<'a>(state: &'a State, caller: &Caller, id: &str) -> Result<&'a Container, GraphError> {
    let found = state.publishing.containers.get(id);
    found
        .filter(|container| container.account == caller.account)
        .ok_or_else(|| problem(2_207_008))
}

/// Why a container in this state cannot be published.
fn refusal(stage: Stage) -> GraphError {
    match stage {
        Stage::Expired => problem(2_207_020),
        Stage::Error(_) => problem(2_207_053),
        Stage::InProgress | Stage::Finished | Stage::Published => problem(2_207_027),
    }
}

/// Whether `id` is a container of this caller.
pub(super) fn is_container(world: &World, caller: &Caller, id: &str) -> bool {
    own(&world.lock(), caller, id).is_ok()
}

/// `GET /{container}?fields=status_code,status`
pub(super) fn read(
    world: &World,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    need(caller)?;
    let asked = fields::parse(&call.params.text("fields").unwrap_or_default())?;
    let now_ms = world.clock().now_ms();
    let known = world.lock();
    let container = own(&known, caller, id)?;
    let stage = container.stage(now_ms);
    let mut object = Map::new();
    for field in asked.iter().filter(|field| field.name != "id") {
        let value = match field.name.as_str() {
            "status_code" => stage.code().into(),
            "status" => words(stage).into(),
            "video_status" if container.kind.is_video() => video_status(container, stage),
            "video_status" => continue,
            other => return Err(no_field(other, "IGMediaBuilder").at(call.host)),
        };
        object.insert(field.name.clone(), value);
    }
    object.insert("id".into(), id.into());
    Ok(object.into())
}

fn words(stage: Stage) -> String {
    match stage {
        Stage::InProgress => "In Progress: Media is still being processed.".into(),
        Stage::Finished => {
            "Finished: Media has been uploaded and it is ready to be published.".into()
        }
        Stage::Error(subcode) => {
            format!("Error: Media upload has failed with error code {subcode}")
        }
        Stage::Expired => "Expired: Media was not published within 24 hours.".into(),
        Stage::Published => "Published: Media has been successfully published.".into(),
    }
}

fn video_status(container: &Container, stage: Stage) -> Value {
    let awaited = matches!(container.content, Content::Awaited);
    let received = container
        .upload
        .as_ref()
        .map_or(0, |upload| upload.received);
    let uploading = if awaited { "in_progress" } else { "complete" };
    let processing = match stage {
        _ if awaited => "not_started",
        Stage::InProgress => "in_progress",
        Stage::Error(_) => "error",
        _ => "complete",
    };
    json!({
        "uploading_phase": {"status": uploading, "bytes_transferred": received},
        "processing_phase": {"status": processing},
    })
}

/// `POST /{account}/media_publish`: the post is visible from here on.
pub(super) fn publish(world: &World, call: &Call, caller: &Caller) -> Result<Value, GraphError> {
    need(caller)?;
    let creation = call
        .params
        .text("creation_id")
        .ok_or_else(|| GraphError::argument("The parameter creation_id is required"))?;
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    let container = own(&state, caller, &creation)?.clone();
    match container.stage(now_ms) {
        Stage::Finished if container.kind.is_item() => {
            return Err(GraphError::argument(
                "An item of a carousel cannot be published alone",
            ));
        }
        Stage::Finished => {}
        other => return Err(refusal(other)),
    }
    let quota = state.publishing.rules.quota_total;
    if state
        .publishing
        .posted_since(&caller.account, now_ms - LIFE_MS)
        >= quota
    {
        return Err(problem(2_207_042));
    }
    let username = state
        .accounts
        .get(&caller.account)
        .map(|account| account.username.clone())
        .unwrap_or_default();
    let id = world.new_id("180");
    let mut post = media(&container, &id, &username, now_ms);
    for item in &container.children {
        let Ok(item) = own(&state, caller, item).cloned() else {
            continue;
        };
        let child = world.new_id("180");
        let mut part = media(&item, &child, &username, now_ms);
        part.parent = Some(id.clone());
        post.children.push(child.clone());
        state.media.insert(child, part);
        if let Some(item) = state.publishing.containers.get_mut(&item.id) {
            item.published = Some(id.clone());
        }
    }
    state.media.insert(id.clone(), post);
    state.publishing.count_post(&caller.account, now_ms);
    if let Some(container) = state.publishing.containers.get_mut(&creation) {
        container.published = Some(id.clone());
    }
    Ok(json!({"id": id}))
}

fn media(container: &Container, id: &str, username: &str, now_ms: i64) -> Media {
    let (kind, product) = match container.kind {
        Kind::Image | Kind::ItemImage => (MediaType::Image, Product::Feed),
        Kind::ItemVideo => (MediaType::Video, Product::Feed),
        Kind::Carousel => (MediaType::CarouselAlbum, Product::Feed),
        Kind::Reel => (MediaType::Video, Product::Reels),
        Kind::StoryImage => (MediaType::Image, Product::Story),
        Kind::StoryVideo => (MediaType::Video, Product::Story),
    };
    // A second is the finest step in which Meta tells when something was posted.
    let at_ms = now_ms - now_ms.rem_euclid(1_000);
    let mut media = Media::new(id, &container.account, at_ms).posted_as(kind, product, username);
    media.caption.clone_from(&container.caption);
    media.alt_text.clone_from(&container.alt_text);
    media.is_shared_to_feed = container.kind == Kind::Reel && container.share_to_feed;
    media.is_ai_generated = container.is_ai_generated;
    if let Content::Here { asset, .. } = &container.content {
        media.asset.clone_from(asset);
    }
    media
}

/// `GET /{account}/content_publishing_limit`
pub(super) fn limit(world: &World, call: &Call, caller: &Caller) -> Result<Value, GraphError> {
    need(caller)?;
    let text = call.params.text("fields").unwrap_or_default();
    let mut asked = fields::parse(&text)?;
    if asked.is_empty() {
        asked.push(Field {
            name: "quota_usage".into(),
            ..Field::default()
        });
    }
    let now_ms = world.clock().now_ms();
    let since_ms = match call.params.text("since") {
        None => now_ms - LIFE_MS,
        Some(text) => {
            let since = text.parse::<i64>().ok().map(|seconds| seconds * 1_000);
            since
                .filter(|since| (0..=LIFE_MS).contains(&(now_ms - since)))
                .ok_or_else(|| {
                    GraphError::argument("Param since must be within the last 24 hours")
                })?
        }
    };
    let state = world.lock();
    let mut row = Map::new();
    for field in asked {
        let value = match field.name.as_str() {
            "quota_usage" => state
                .publishing
                .posted_since(&caller.account, since_ms)
                .into(),
            "config" => json!({
                "quota_total": state.publishing.rules.quota_total,
                "quota_duration": LIFE_MS / 1_000,
            }),
            other => return Err(no_field(other, "ContentPublishingLimitResponse").at(call.host)),
        };
        row.insert(field.name, value);
    }
    Ok(json!({"data": [row]}))
}

/// `DELETE /{media}`: Facebook Login with a permission of its own, since 2025-12-03.
pub(super) fn delete(
    world: &World,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    if call.host == Host::Instagram {
        return Err(GraphError::argument("Unsupported delete request").at(call.host));
    }
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    if state.media_of(&caller.account, id, now_ms).is_none() {
        return Err(GraphError::no_object(id));
    }
    caller.need("instagram_manage_contents", "")?;
    if let Some(media) = state.media.get_mut(id) {
        media.published = false;
    }
    state.comments.retain(|_, comment| comment.media != id);
    Ok(json!({"success": true}))
}
