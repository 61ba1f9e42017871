//! `business_discovery`: another professional account by its name, on graph.facebook.com only
//! (<https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/business_discovery>, 2026-08).

use serde_json::{Map, Value, json};

use super::auth::Caller;
use super::conversations::no_field;
use super::error::GraphError;
use super::fields::Field;
use super::page::{self, Window};
use crate::world::World;
use crate::world::account::Login;
use crate::world::clock::iso;
use crate::world::public::{Post, Profile, Standing};

/// Meta names no size of a page; these are the usual ones of the Graph.
const PAGE: usize = 25;
const PAGE_LIMIT: usize = 100;

pub(super) fn read(world: &World, caller: &Caller, field: &Field) -> Result<Value, GraphError> {
    if caller.login == Login::Instagram {
        return Err(no_field("business_discovery", "IGUser").at(super::Host::Instagram));
    }
    for scope in [
        "instagram_basic",
        "instagram_manage_insights",
        "pages_read_engagement",
    ] {
        caller.need(scope, "")?;
    }
    let username = field
        .option("username")
        .filter(|name| !name.is_empty())
        .ok_or_else(|| GraphError::argument("The parameter username is required"))?;
    let state = world.lock();
    let profile = state
        .public
        .profile(username)
        .filter(|profile| profile.standing == Standing::Professional)
        .ok_or_else(|| not_found(username))?;
    let mut object = Map::new();
    for asked in field.fields.iter().filter(|asked| asked.name != "id") {
        object.insert(asked.name.clone(), value(world, profile, asked)?);
    }
    object.insert("id".into(), profile.id.clone().into());
    Ok(object.into())
}

/// A personal account answers the same as one that does not exist.
fn not_found(username: &str) -> GraphError {
    GraphError::new(110, Some(2_207_013), "Invalid user id").telling(
        "Cannot find User",
        format!("The user with username: {username} cannot be found."),
    )
}

fn value(world: &World, profile: &Profile, field: &Field) -> Result<Value, GraphError> {
    Ok(match field.name.as_str() {
        "username" => profile.username.clone().into(),
        "name" => profile.name.clone().into(),
        "biography" => profile.biography.clone().into(),
        "website" => profile.website.clone().into(),
        "followers_count" => profile.followers_count.into(),
        "follows_count" => profile.follows_count.into(),
        "media_count" => profile.media.len().into(),
        "profile_picture_url" => {
            let host = "cdn/scontent.cdninstagram.com/v/t51.2885-19";
            format!("{}/{host}/{}.jpg", world.base_url(), profile.id).into()
        }
        "media" => media(world, profile, field)?,
        other => return Err(no_field(other, "ShadowIGUser")),
    })
}

/// Posts, newest first. There are cursors but no `next`: clients write the next call themselves.
fn media(world: &World, profile: &Profile, field: &Field) -> Result<Value, GraphError> {
    let window = Window::of_field(field, PAGE, PAGE_LIMIT)?;
    let all: Vec<&Post> = profile.media.iter().collect();
    let (page, more) = page::cut(all, &window, Post::place, true);
    let data = page
        .iter()
        .map(|post| shown(world, post, &field.fields, Some(profile)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut answer = json!({"data": data});
    if let (Some(first), Some(last)) = (page.first(), page.last()) {
        let mut cursors = json!({"after": page::write(last.place())});
        if window.after.is_some() {
            cursors["before"] = page::write(first.place()).into();
        }
        if !more && let Some(cursors) = cursors.as_object_mut() {
            cursors.remove("after");
        }
        answer["paging"] = json!({ "cursors": cursors });
    }
    Ok(answer)
}

/// A post of somebody else; of hashtag search there is no owner to tell.
pub(super) fn shown(
    world: &World,
    post: &Post,
    fields: &[Field],
    owner: Option<&Profile>,
) -> Result<Value, GraphError> {
    let mut object = Map::new();
    for field in fields.iter().filter(|field| field.name != "id") {
        let value = match field.name.as_str() {
            "caption" => post.caption.clone().into(),
            "timestamp" => iso(post.at_ms).into(),
            "media_type" => json!(post.media_type),
            "media_product_type" => json!(post.media_product_type),
            "permalink" => post.permalink().into(),
            "comments_count" => post.comments_count.into(),
            "like_count" => match post.like_count {
                Some(likes) => likes.into(),
                None => continue,
            },
            "view_count" if owner.is_some() => match post.view_count {
                Some(views) => views.into(),
                None => continue,
            },
            "media_url" if post.no_media_url => continue,
            "media_url" => media_url(world, post).into(),
            "username" if owner.is_some() => owner.map(|owner| owner.username.clone()).into(),
            "owner" if owner.is_some() => json!({"id": owner.map(|owner| owner.id.clone())}),
            other => return Err(no_field(other, "IGMedia")),
        };
        object.insert(field.name.clone(), value);
    }
    object.insert("id".into(), post.id.clone().into());
    Ok(object.into())
}

/// An address of the media host that nobody here can open: the files of other people are not ours.
fn media_url(world: &World, post: &Post) -> String {
    format!(
        "{}/cdn/scontent.cdninstagram.com/v/t50.2886-16/{}",
        world.base_url(),
        post.id
    )
}
