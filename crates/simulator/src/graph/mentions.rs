//! Mentions: somebody names the account in a caption or a comment under their own post
//! (<https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/mentioned_comment>, 2026-11).

use serde_json::{Map, Value, json};

use super::auth::Caller;
use super::call::Call;
use super::comments;
use super::conversations::no_field;
use super::error::GraphError;
use super::fields::Field;
use crate::world::World;
use crate::world::clock::iso;
use crate::world::media::short_code;
use crate::world::public::{Mention, tag_id};

fn need(caller: &Caller) -> Result<(), GraphError> {
    caller.need(
        "instagram_manage_comments",
        "instagram_business_manage_comments",
    )
}

/// `mentioned_comment.comment_id(X){…}`
pub(super) fn comment(
    world: &World,
    call: &Call,
    caller: &Caller,
    field: &Field,
) -> Result<Value, GraphError> {
    need(caller)?;
    let id = argument(field, "comment_id")?;
    let state = world.lock();
    let found = state.public.mentions.iter().find(|mention| {
        mention.account == caller.account && mention.comment.as_deref() == Some(id)
    });
    let mention = found.ok_or_else(|| GraphError::no_object(id))?;
    object(&field.fields, id, |asked| {
        Ok(match asked {
            "text" => mention.text.clone().into(),
            "timestamp" => iso(mention.at_ms).into(),
            "like_count" => 0.into(),
            "username" => mention.username.clone().into(),
            "from" => json!({"id": somebody(mention), "username": mention.username}),
            "media" => json!({"id": mention.media}),
            other => return Err(no_field(other, "IGComment").at(call.host)),
        })
    })
}

/// `mentioned_media.media_id(X){…}`
pub(super) fn media(
    world: &World,
    call: &Call,
    caller: &Caller,
    field: &Field,
) -> Result<Value, GraphError> {
    need(caller)?;
    let id = argument(field, "media_id")?;
    let state = world.lock();
    let mentions = || {
        state
            .public
            .mentions
            .iter()
            .filter(|one| is_here(one, caller, id))
    };
    let mention = mentions().next().ok_or_else(|| GraphError::no_object(id))?;
    let caption = mentions().find(|one| one.comment.is_none());
    object(&field.fields, id, |asked| {
        Ok(match asked {
            // Of other people's captions Meta gives no @ (page named above).
            "caption" => caption
                .map_or_else(String::new, |one| one.text.replace('@', ""))
                .into(),
            "permalink" => format!("https://www.instagram.com/p/{}/", short_code(id)).into(),
            "media_url" => {
                let host = "cdn/scontent.cdninstagram.com/v/t50.2886-16";
                format!("{}/{host}/{id}", world.base_url()).into()
            }
            "owner" => json!({"id": somebody(mention)}),
            "timestamp" => iso(mention.at_ms).into(),
            "username" => mention.username.clone().into(),
            "media_type" => "IMAGE".into(),
            "like_count" => 0.into(),
            "comments_count" => mentions()
                .filter(|one| one.comment.is_some())
                .count()
                .into(),
            other => return Err(no_field(other, "IGMedia").at(call.host)),
        })
    })
}

/// Whoever names the account has an id; the same name has the same one.
fn somebody(mention: &Mention) -> String {
    tag_id(&mention.username)
}

fn is_here(mention: &Mention, caller: &Caller, media: &str) -> bool {
    mention.account == caller.account && mention.media == media
}

fn argument<'a>(field: &'a Field, name: &str) -> Result<&'a str, GraphError> {
    field
        .option(name)
        .filter(|id| !id.is_empty())
        .ok_or_else(|| GraphError::argument(format!("The parameter {name} is required")))
}

fn object(
    fields: &[Field],
    id: &str,
    read: impl Fn(&str) -> Result<Value, GraphError>,
) -> Result<Value, GraphError> {
    let mut object = Map::new();
    for field in fields.iter().filter(|field| field.name != "id") {
        object.insert(field.name.clone(), read(&field.name)?);
    }
    object.insert("id".into(), id.into());
    Ok(object.into())
}

/// `POST /{account}/mentions`: a comment under the post, or a reply to the comment.
pub(super) fn answer(world: &World, call: &Call, caller: &Caller) -> Result<Value, GraphError> {
    need(caller)?;
    let required = |name: &str| {
        call.params
            .text(name)
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| GraphError::argument(format!("The parameter {name} is required")))
    };
    let media = required("media_id")?;
    let message = required("message")?;
    if let Some(why) = comments::fault_of(&message) {
        return Err(
            GraphError::argument("The comment cannot be posted").telling("Comment not posted", why)
        );
    }
    let comment = call.params.text("comment_id");
    let id = world.new_id("178");
    let mut state = world.lock();
    let found = state.public.mentions.iter_mut().find(|mention| {
        is_here(mention, caller, &media) && (comment.is_none() || mention.comment == comment)
    });
    let named = comment.as_deref().unwrap_or(&media);
    let mention = found.ok_or_else(|| GraphError::no_object(named))?;
    mention.answers.push((id.clone(), message));
    Ok(json!({"id": id}))
}
