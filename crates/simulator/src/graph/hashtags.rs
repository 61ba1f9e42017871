//! Hashtag search, on graph.facebook.com only and with a feature that Meta grants by review
//! (<https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-hashtag-search>, 2026-11).

use serde_json::{Value, json};

use super::Host;
use super::auth::{self, Caller};
use super::call::Call;
use super::discovery;
use super::error::GraphError;
use super::fields;
use crate::world::World;
use crate::world::public::{Post, tag_id};

const PAGE: usize = 25;
const PAGE_LIMIT: usize = 50;
/// `recent_media` goes back one day.
const RECENT_MS: i64 = 24 * 3_600_000;

/// The host, the feature, the permission, and `user_id`, which must be the caller's.
fn admit(world: &World, call: &Call, caller: &Caller) -> Result<(), GraphError> {
    if call.host == Host::Instagram {
        let path = format!("/{}", call.segments.join("/"));
        return Err(GraphError::no_path(call.host, &path));
    }
    caller.need("instagram_basic", "")?;
    let state = world.lock();
    if !state.public.hashtag_access {
        return Err(GraphError::permission("Instagram Public Content Access"));
    }
    let user = call
        .params
        .text("user_id")
        .ok_or_else(|| GraphError::argument("The parameter user_id is required"))?;
    match state.accounts.get(&caller.account) {
        Some(account) if account.id == user => Ok(()),
        _ => Err(GraphError::no_object(&user)),
    }
}

/// `GET /ig_hashtag_search?user_id&q`
pub(super) fn search(world: &World, call: &Call, caller: &Caller) -> Result<Value, GraphError> {
    admit(world, call, caller)?;
    let asked = call
        .params
        .text("q")
        .map(|text| text.trim_start_matches('#').to_lowercase())
        .filter(|text| !text.is_empty())
        .ok_or_else(|| GraphError::argument("The parameter q is required"))?;
    let written = |letter: char| letter.is_alphanumeric() || letter == '_';
    if !asked.chars().all(written) {
        return Err(GraphError::argument(
            "Param q must be a hashtag without blanks and emoji",
        ));
    }
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    if !state.public.tag_exists(&asked) {
        return Err(
            GraphError::new(24, Some(2_207_024), "The requested resource does not exist")
                .telling("Hashtag not found", "There is no such hashtag."),
        );
    }
    if !state.public.ask(&caller.account, &asked, now_ms) {
        return Err(too_many());
    }
    Ok(json!({"data": [{"id": tag_id(&asked)}]}))
}

fn too_many() -> GraphError {
    GraphError::new(18, Some(2_207_034), "Max number of hashtag queries reached").telling(
        "Too many hashtags",
        "An account may ask for 30 different hashtags within 7 days.",
    )
}

/// Whether `id` is a hashtag's.
pub(super) fn is_tag(world: &World, id: &str) -> bool {
    world.lock().public.tag_of_id(id).is_some()
}

/// `GET /{hashtag}`
pub(super) fn node(world: &World, call: &Call, id: &str) -> Result<Value, GraphError> {
    if call.host == Host::Instagram {
        return Err(GraphError::no_object(id));
    }
    let tag = world.lock().public.tag_of_id(id);
    let tag = tag.ok_or_else(|| GraphError::no_object(id))?;
    let asked = fields::parse(&call.params.text("fields").unwrap_or_default())?;
    let mut answer = json!({"id": id});
    if asked.iter().any(|field| field.name == "name") {
        answer["name"] = tag.into();
    }
    Ok(answer)
}

/// `GET /{hashtag}/recent_media` and `/top_media`
pub(super) fn media(
    world: &World,
    call: &Call,
    caller: &Caller,
    (id, edge): (&str, &str),
) -> Result<Value, GraphError> {
    admit(world, call, caller)?;
    let fields = fields::parse(&call.params.text("fields").unwrap_or_default())?;
    let limit = call.params.text("limit").and_then(|text| text.parse().ok());
    let limit = limit.unwrap_or(PAGE).clamp(1, PAGE_LIMIT);
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    let tag = state.public.tag_of_id(id);
    let tag = tag.ok_or_else(|| GraphError::no_object(id))?;
    if !state.public.ask(&caller.account, &tag, now_ms) {
        return Err(too_many());
    }
    let key = (caller.account.clone(), tag.clone(), edge.to_owned());
    // The cursor is the same on every page; how far a reader is, only Meta knows.
    let cursor = format!("QVFI{}", hex::encode(format!("{edge}:{tag}")));
    let from = match call.params.text("after").filter(|text| !text.is_empty()) {
        None => 0,
        Some(after) if after == cursor => state.public.read.get(&key).copied().unwrap_or(0),
        Some(_) => return Err(GraphError::argument("Invalid cursor")),
    };
    let mut posts: Vec<&Post> = state.public.tagged(&tag);
    if edge == "recent_media" {
        posts.retain(|post| now_ms - post.at_ms <= RECENT_MS);
        posts.sort_by(|a, b| b.place().cmp(&a.place()));
    } else {
        posts.sort_by_key(|post| std::cmp::Reverse((post.like_count, post.at_ms)));
    }
    let more = posts.len() > from + limit;
    let data = posts
        .into_iter()
        .skip(from)
        .take(limit)
        .map(|post| discovery::shown(world, post, &fields, None))
        .collect::<Result<Vec<_>, _>>()?;
    let mut answer = json!({"data": data});
    if more {
        answer["paging"] = json!({"cursors": {"after": cursor}});
    }
    state.public.read.insert(key, from + limit);
    Ok(answer)
}

/// `GET /{account}/recently_searched_hashtags`
pub(super) fn recent(world: &World, call: &Call, caller: &Caller) -> Result<Value, GraphError> {
    if call.host == Host::Instagram {
        return Err(GraphError::no_path(
            call.host,
            "/recently_searched_hashtags",
        ));
    }
    caller.need("instagram_basic", "")?;
    let state = world.lock();
    let known = state.accounts.get(&caller.account);
    if known.is_none_or(|account| !auth::is_own(account, &call.segments[0])) {
        return Err(GraphError::no_object(&call.segments[0]));
    }
    if !state.public.hashtag_access {
        return Err(GraphError::permission("Instagram Public Content Access"));
    }
    let limit = call.params.text("limit").and_then(|text| text.parse().ok());
    let limit = limit.unwrap_or(PAGE).clamp(1, 30);
    let tags = state
        .public
        .asked_by(&caller.account, world.clock().now_ms());
    let asked = fields::parse(&call.params.text("fields").unwrap_or_default())?;
    let named = asked.iter().any(|field| field.name == "name");
    let row = |tag: &String| {
        if named {
            json!({"id": tag_id(tag), "name": tag})
        } else {
            json!({"id": tag_id(tag)})
        }
    };
    let data: Vec<Value> = tags.iter().take(limit).map(row).collect();
    Ok(json!({"data": data}))
}
