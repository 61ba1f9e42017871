//! Likes of the account: `POST` and `DELETE /{ig-id}/likes`, Facebook Login only, since 2026-04-22
//! (<https://developers.facebook.com/docs/instagram-platform/changelog>, 2026-09).

use serde_json::{Value, json};

use super::Host;
use super::auth::Caller;
use super::call::Call;
use super::comments::own;
use super::error::GraphError;
use crate::world::World;

pub(super) fn like(world: &World, call: &Call, caller: &Caller) -> Result<Value, GraphError> {
    if call.host == Host::Instagram {
        return Err(GraphError::no_path(call.host, "/likes"));
    }
    caller.need("instagram_manage_engagement", "")?;
    let on = call.method == hyper::Method::POST;
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    match (call.params.text("media_id"), call.params.text("comment_id")) {
        (Some(id), None) => {
            if state.media_of(&caller.account, &id, now_ms).is_none() {
                return Err(GraphError::no_object(&id));
            }
            let liked = &mut state.publishing.liked;
            let changed = if on {
                liked.insert(id.clone())
            } else {
                liked.remove(&id)
            };
            if let Some(media) = state.media.get_mut(&id) {
                media.like_count = counted(media.like_count, on, changed);
            }
        }
        (None, Some(id)) => {
            own(&state, caller, &id)?;
            if let Some(comment) = state.comments.get_mut(&id) {
                comment.likes = counted(comment.likes, on, comment.liked != on);
                comment.liked = on;
            }
        }
        _ => {
            return Err(GraphError::argument(
                "Exactly one of media_id and comment_id is required",
            ));
        }
    }
    Ok(json!({"success": true}))
}

fn counted(likes: u64, on: bool, changed: bool) -> u64 {
    match (changed, on) {
        (false, _) => likes,
        (true, true) => likes + 1,
        (true, false) => likes.saturating_sub(1),
    }
}
