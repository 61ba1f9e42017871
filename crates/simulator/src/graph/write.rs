//! Where calls about comments, publishing, likes, mentions, discovery and hashtags go. What is not one of
//! these is left to the dispatcher of all calls.

use hyper::Method;
use serde_json::Value;

use super::auth::{self, Caller};
use super::call::Call;
use super::error::GraphError;
use super::fields::{self, Field};
use super::{comments, discovery, hashtags, likes, mentions, node, publish};
use crate::world::account::Login;
use crate::world::{Shared, World};

/// The answer, or `None` when the call is none of ours.
pub(super) async fn dispatch(
    world: &Shared,
    call: &Call,
    caller: &Caller,
) -> Option<Result<Value, GraphError>> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let own = |id: &str| {
        let state = world.lock();
        let account = state.accounts.get(&caller.account);
        account.is_some_and(|account| auth::is_own(account, id))
    };
    Some(match (&call.method, segments.as_slice()) {
        (&Method::POST, [id, "media"]) if own(id) => publish::create(world, call, caller).await,
        (&Method::POST, [id, "media_publish"]) if own(id) => publish::publish(world, call, caller),
        (&Method::GET, [id, "content_publishing_limit"]) if own(id) => {
            publish::limit(world, call, caller)
        }
        (&Method::POST, [id, "mentions"]) if own(id) => mentions::answer(world, call, caller),
        (&Method::POST | &Method::DELETE, [id, "likes"]) if own(id) => {
            likes::like(world, call, caller)
        }
        (&Method::GET, [id, "recently_searched_hashtags"]) if own(id) => {
            hashtags::recent(world, call, caller)
        }
        (&Method::GET, ["ig_hashtag_search"]) => hashtags::search(world, call, caller),
        (&Method::GET, [id, edge @ ("recent_media" | "top_media")]) => {
            hashtags::media(world, call, caller, (id, edge))
        }
        (&Method::GET, [id, "comments"]) => comments::list(world, call, caller, id),
        (&Method::POST, [id, "comments"]) => comments::comment(world, call, caller, id),
        (&Method::GET, [id, "replies"]) => comments::replies(world, call, caller, id),
        (&Method::POST, [id, "replies"]) => comments::reply(world, call, caller, id),
        (_, [id]) => return one(world, call, caller, id),
        _ => return None,
    })
}

/// A call about one object.
fn one(world: &World, call: &Call, caller: &Caller, id: &str) -> Option<Result<Value, GraphError>> {
    let is_comment = comments::is_comment(world, caller, id);
    let is_media = {
        let state = world.lock();
        let now_ms = world.clock().now_ms();
        state.media_of(&caller.account, id, now_ms).is_some()
    };
    Some(match call.method {
        Method::GET if is_comment => comments::read(world, call, caller, id),
        Method::GET if publish::is_container(world, caller, id) => {
            publish::read(world, call, caller, id)
        }
        Method::GET if hashtags::is_tag(world, id) => hashtags::node(world, call, id),
        Method::POST if is_comment => comments::change(world, call, caller, id),
        Method::DELETE if is_comment => comments::delete(world, caller, id),
        Method::POST if is_media => comments::switch(world, call, caller, id),
        Method::DELETE if is_media => publish::delete(world, call, caller, id),
        Method::POST | Method::DELETE => Err(GraphError::no_object(id)),
        _ => return None,
    })
}

/// `business_discovery`, `mentioned_comment` and `mentioned_media` are fields of the account that look
/// beyond it; the others of the same call are read as always.
pub(super) fn beyond(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Option<Result<Value, GraphError>> {
    let asked = fields::parse(&call.params.text("fields")?).ok()?;
    let is_ours = |field: &Field| {
        matches!(
            field.name.as_str(),
            "business_discovery" | "mentioned_comment" | "mentioned_media"
        )
    };
    let is_user = {
        let state = world.lock();
        let account = state.accounts.get(&caller.account)?;
        auth::is_own(account, id) && (caller.login == Login::Instagram || id == account.id)
    };
    if !is_user || !asked.iter().any(is_ours) {
        return None;
    }
    let (ours, rest): (Vec<Field>, Vec<Field>) = asked.into_iter().partition(is_ours);
    let values = ours.iter().map(|field| {
        let value = match field.name.as_str() {
            "business_discovery" => discovery::read(world, caller, field),
            "mentioned_comment" => mentions::comment(world, call, caller, field),
            _ => mentions::media(world, call, caller, field),
        };
        value.map(|value| (field.name.clone(), value))
    });
    let values = match values.collect::<Result<Vec<_>, _>>() {
        Ok(values) => values,
        Err(error) => return Some(Err(error)),
    };
    let mut plain = call.clone();
    let rest = if rest.is_empty() {
        "id".into()
    } else {
        fields::print(&rest)
    };
    plain.params.set("fields", rest);
    Some(node::read(world, &plain, caller, id).map(|mut answer| {
        let object = match answer.get_mut("data").and_then(|data| data.get_mut(0)) {
            Some(wrapped) => wrapped,
            None => &mut answer,
        };
        for (name, value) in values {
            object[name] = value;
        }
        answer
    }))
}
