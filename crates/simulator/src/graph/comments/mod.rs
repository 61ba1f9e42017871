//! Comments and replies: reading them here, writing them in `write`
//! (<https://developers.facebook.com/docs/instagram-platform/comment-moderation>, 2026-11).

mod write;

use serde_json::{Map, Value, json};

use crate::graph::auth::Caller;
use crate::graph::call::Call;
use crate::graph::conversations::no_field;
use crate::graph::error::GraphError;
use crate::graph::fields::{self, Field};
use crate::graph::page::{self, Window};
use crate::world::account::Login;
use crate::world::clock::iso;
use crate::world::comment::Comment;
use crate::world::{State, World};

pub(crate) use write::told;
pub(super) use write::{change, comment, delete, fault_of, reply, switch};

/// Comments a page, from the page named above; also what comes unasked.
const PAGE: usize = 50;
const SCOPES: (&str, &str) = (
    "instagram_manage_comments",
    "instagram_business_manage_comments",
);

/// Whether the caller may see comments. Instagram Login shows an empty list instead of an error.
fn may_see(caller: &Caller) -> Result<bool, GraphError> {
    match (caller.need(SCOPES.0, SCOPES.1), caller.login) {
        (Ok(()), _) => Ok(true),
        (Err(_), Login::Instagram) => Ok(false),
        (Err(error), Login::Facebook) => Err(error),
    }
}

fn need(caller: &Caller) -> Result<(), GraphError> {
    caller.need(SCOPES.0, SCOPES.1)
}

/// A comment under a post of the caller's.
pub(in crate::graph) fn own<'a>(
    state: &'a State,
    caller: &Caller,
    id: &str,
) -> Result<&'a Comment, GraphError> {
    let found = state.comments.get(id);
    found
        .filter(|comment| comment.account == caller.account)
        .ok_or_else(|| GraphError::no_object(id))
}

/// Whether `id` is a comment that this caller can name.
pub(in crate::graph) fn is_comment(world: &World, caller: &Caller, id: &str) -> bool {
    own(&world.lock(), caller, id).is_ok()
}

/// `GET /{media}/comments`
pub(in crate::graph) fn list(
    world: &World,
    call: &Call,
    caller: &Caller,
    media: &str,
) -> Result<Value, GraphError> {
    let state = world.lock();
    if state
        .media_of(&caller.account, media, world.clock().now_ms())
        .is_none()
    {
        return Err(GraphError::no_object(media));
    }
    let window = Window::of_call(call, PAGE, PAGE)?;
    let show = Show::new(world, &state, call, caller);
    show.page(&format!("{media}/comments"), &asked(call)?, &window)
}

/// `GET /{comment}/replies`
pub(in crate::graph) fn replies(
    world: &World,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    let state = world.lock();
    own(&state, caller, id)?;
    let window = Window::of_call(call, PAGE, PAGE)?;
    let show = Show::new(world, &state, call, caller);
    show.page(&format!("{id}/replies"), &asked(call)?, &window)
}

/// `comments{…}` inside the fields of a media.
pub(in crate::graph) fn expanded(
    world: &World,
    state: &State,
    (call, caller): (&Call, &Caller),
    media: &str,
    field: &Field,
) -> Result<Value, GraphError> {
    let window = Window::of_field(field, PAGE, PAGE)?;
    let show = Show::new(world, state, call, caller);
    show.page(
        &format!("{media}/comments"),
        &or_default(&field.fields),
        &window,
    )
}

/// `GET /{comment}`
pub(in crate::graph) fn read(
    world: &World,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    need(caller)?;
    let state = world.lock();
    let comment = own(&state, caller, id)?;
    Show::new(world, &state, call, caller).comment(comment, &asked(call)?)
}

fn asked(call: &Call) -> Result<Vec<Field>, GraphError> {
    let text = call.params.text("fields").unwrap_or_default();
    Ok(or_default(&fields::parse(&text)?))
}

fn or_default(fields: &[Field]) -> Vec<Field> {
    if !fields.is_empty() {
        return fields.to_vec();
    }
    let named = |name: &&str| Field {
        name: (*name).to_owned(),
        ..Field::default()
    };
    ["timestamp", "text", "id"].iter().map(named).collect()
}

/// Shows comments to one caller.
struct Show<'a> {
    world: &'a World,
    state: &'a State,
    call: &'a Call,
    caller: &'a Caller,
}

impl<'a> Show<'a> {
    fn new(world: &'a World, state: &'a State, call: &'a Call, caller: &'a Caller) -> Self {
        Self {
            world,
            state,
            call,
            caller,
        }
    }

    /// A page of `{media}/comments` or `{comment}/replies`.
    fn page(&self, path: &str, fields: &[Field], window: &Window) -> Result<Value, GraphError> {
        if !may_see(self.caller)? {
            return Ok(json!({"data": []}));
        }
        let (of, edge) = path.split_once('/').unwrap_or((path, "comments"));
        let newest = edge == "comments";
        let all = if newest {
            self.state.comments_of(of)
        } else {
            self.state.replies_to(of)
        };
        let (page, more) = page::cut(all, window, Comment::place, newest);
        let ends = page
            .first()
            .zip(page.last())
            .map(|(first, last)| (first.place(), last.place()));
        let next = ends
            .filter(|_| more)
            .map(|(_, last)| page::next_url(self.world, self.call, path, last));
        let data = page
            .iter()
            .map(|comment| self.comment(comment, fields))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(page::answer(&data, ends, next))
    }

    fn comment(&self, comment: &Comment, fields: &[Field]) -> Result<Value, GraphError> {
        let mut object = Map::new();
        for field in fields.iter().filter(|field| field.name != "id") {
            if let Some(value) = self.field(comment, field)? {
                object.insert(field.name.clone(), value);
            }
        }
        object.insert("id".into(), comment.id.clone().into());
        Ok(object.into())
    }

    /// The post, with as much of it as a comment shows.
    fn media(&self, comment: &Comment, field: &Field) -> Result<Value, GraphError> {
        let mut object = json!({"id": comment.media});
        let known = self.state.media.get(&comment.media);
        for asked in field.fields.iter().filter(|asked| asked.name != "id") {
            object[&asked.name] = match (asked.name.as_str(), known) {
                ("media_product_type", Some(media)) => json!(media.media_product_type),
                ("media_type", Some(media)) => json!(media.media_type),
                ("permalink", Some(media)) => media.permalink.clone().into(),
                ("media_product_type" | "media_type" | "permalink", None) => continue,
                (other, _) => return Err(no_field(other, "IGMedia").at(self.call.host)),
            };
        }
        Ok(object)
    }

    fn field(&self, comment: &Comment, field: &Field) -> Result<Option<Value>, GraphError> {
        Ok(Some(match field.name.as_str() {
            "text" => comment.text.clone().into(),
            "timestamp" => iso(comment.at_ms).into(),
            "username" => comment.username.clone().into(),
            "like_count" => comment.likes.into(),
            "hidden" => comment.hidden.into(),
            "from" => json!({"id": comment.person, "username": comment.username}),
            "media" => self.media(comment, field)?,
            "legacy_instagram_comment_id" => comment.id.replacen("178", "181", 1).into(),
            // Only of what the account wrote itself.
            "user" if comment.is_own() => json!({"id": comment.person}),
            "user" => return Ok(None),
            "parent_id" => return Ok(comment.parent.clone().map(Value::from)),
            // A comment without replies has no such key, as everywhere in the Graph.
            "replies" => {
                let path = format!("{}/replies", comment.id);
                let window = Window::of_field(field, PAGE, PAGE)?;
                let page = self.page(&path, &or_default(&field.fields), &window)?;
                let empty = page["data"].as_array().is_none_or(Vec::is_empty);
                return Ok((!empty).then_some(page));
            }
            other => {
                return Err(no_field(other, "IGComment").at(self.call.host));
            }
        }))
    }
}
