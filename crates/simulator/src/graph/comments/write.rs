//! Writing under posts: comments, replies, hiding, deleting, the switch of a post.

use serde_json::{Value, json};

use super::{need, own};
use crate::graph::auth::Caller;
use crate::graph::call::Call;
use crate::graph::error::GraphError;
use crate::webhook::{self, Timing, event::Event};
use crate::world::comment::Comment;
use crate::world::{Shared, State, World};

/// `POST /{media}/comments`
pub(in crate::graph) fn comment(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    media: &str,
) -> Result<Value, GraphError> {
    need(caller)?;
    let text = words(call)?;
    {
        let state = world.lock();
        let found = state
            .media_of(&caller.account, media, world.clock().now_ms())
            .ok_or_else(|| GraphError::no_object(media))?;
        if !found.comment_enabled {
            return Err(GraphError::argument(
                "Comments are turned off for this media",
            ));
        }
    }
    Ok(write(world, call, caller, (media, None), text))
}

/// `POST /{comment}/replies`; a reply to a reply lands below the comment that began it.
pub(in crate::graph) fn reply(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    need(caller)?;
    let text = words(call)?;
    let (media, top) = {
        let state = world.lock();
        let named = own(&state, caller, id)?;
        let top = match &named.parent {
            Some(parent) => own(&state, caller, parent).unwrap_or(named),
            None => named,
        };
        if top.hidden || named.hidden {
            return Err(GraphError::argument(
                "A hidden comment cannot be replied to",
            ));
        }
        if named.live {
            return Err(GraphError::argument(
                "Comments on a live video cannot be replied to",
            ));
        }
        (top.media.clone(), top.id.clone())
    };
    Ok(write(world, call, caller, (&media, Some(top)), text))
}

/// The account's own words are under the post from here on, whatever becomes of the answer.
fn write(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    (media, parent): (&str, Option<String>),
    text: String,
) -> Value {
    let id = world.new_id("178");
    let comment = {
        let mut state = world.lock();
        let username = state
            .accounts
            .get(&caller.account)
            .map(|account| account.username.clone())
            .unwrap_or_default();
        let comment = Comment {
            id: id.clone(),
            account: caller.account.clone(),
            media: media.to_owned(),
            parent,
            person: caller.account.clone(),
            username,
            text,
            at_ms: world.clock().now_ms(),
            hidden: false,
            live: false,
            likes: 0,
            liked: false,
            replied_privately: false,
        };
        state.add_comment(comment.clone());
        comment
    };
    // Meta tells an app about its own comments too: bots that answer every comment must know themselves.
    if !call.hints.lose_echo {
        let event = told(&world.lock(), &comment);
        webhook::emit(world, event, Timing::default());
    }
    json!({"id": id})
}

/// The webhook of a new comment.
pub(crate) fn told(state: &State, comment: &Comment) -> Event {
    let product = state
        .media
        .get(&comment.media)
        .map_or(Value::from("FEED"), |media| json!(media.media_product_type));
    let mut value = json!({
        "id": comment.id,
        "text": comment.text,
        "from": {"id": comment.person, "username": comment.username},
        "media": {"id": comment.media, "media_product_type": product},
    });
    if let Some(parent) = &comment.parent {
        value["parent_id"] = parent.clone().into();
    }
    let field = if comment.live {
        "live_comments"
    } else {
        "comments"
    };
    Event::change(&comment.account, &comment.person, field, &value)
}

/// `POST /{comment}?hide=…`: what the account wrote itself stays visible.
pub(in crate::graph) fn change(
    world: &World,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    need(caller)?;
    let hide = flag(call, "hide")?
        .ok_or_else(|| GraphError::argument("The parameter hide is required"))?;
    let mut state = world.lock();
    own(&state, caller, id)?;
    if let Some(comment) = state.comments.get_mut(id) {
        comment.hidden = hide && !comment.is_own();
    }
    Ok(json!({"success": true}))
}

/// `DELETE /{comment}`: replies go with it.
pub(in crate::graph) fn delete(
    world: &World,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    need(caller)?;
    let mut state = world.lock();
    own(&state, caller, id)?;
    state.remove_comment(id);
    Ok(json!({"success": true}))
}

/// `POST /{media}?comment_enabled=…`
pub(in crate::graph) fn switch(
    world: &World,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    need(caller)?;
    let enabled = flag(call, "comment_enabled")?
        .ok_or_else(|| GraphError::argument("The parameter comment_enabled is required"))?;
    let now_ms = world.clock().now_ms();
    let mut state = world.lock();
    if state.media_of(&caller.account, id, now_ms).is_none() {
        return Err(GraphError::no_object(id));
    }
    if let Some(media) = state.media.get_mut(id) {
        media.comment_enabled = enabled;
    }
    Ok(json!({"success": true}))
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

fn words(call: &Call) -> Result<String, GraphError> {
    let text = call
        .params
        .text("message")
        .filter(|text| !text.trim().is_empty())
        .ok_or_else(|| GraphError::argument("The parameter message is required"))?;
    match fault_of(&text) {
        None => Ok(text),
        Some(why) => {
            Err(GraphError::argument("The comment cannot be posted")
                .telling("Comment not posted", why))
        }
    }
}

/// Rules for the text of a comment: from third-party reports, not on Meta's pages (2026-11).
pub(in crate::graph) fn fault_of(text: &str) -> Option<&'static str> {
    let pieces = || text.split_whitespace();
    let tags = text.matches('#').count();
    let links = pieces()
        .filter(|piece| piece.starts_with("http://") || piece.starts_with("https://"))
        .count();
    let letters: Vec<char> = text
        .chars()
        .filter(|letter| letter.is_alphabetic())
        .collect();
    let shouted = letters.len() > 3 && letters.iter().all(|letter| letter.is_uppercase());
    if text.chars().count() > 300 {
        Some("A comment has at most 300 characters.")
    } else if tags > 4 {
        Some("A comment has at most 4 hashtags.")
    } else if links > 1 {
        Some("A comment has at most one link.")
    } else if shouted {
        Some("A comment cannot be all capital letters.")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::fault_of;

    #[test]
    fn a_comment_keeps_to_the_rules() {
        assert_eq!(fault_of("Que som bom! #vinil https://example.org"), None);
        assert_eq!(fault_of("OK!"), None);
        assert!(fault_of(&"é".repeat(301)).is_some());
        assert!(fault_of(&"é".repeat(300)).is_none());
        assert!(fault_of("#a #b #c #d #e").is_some());
        assert!(fault_of("https://a.example http://b.example").is_some());
        assert!(fault_of("COMPREM AGORA").is_some());
    }
}
