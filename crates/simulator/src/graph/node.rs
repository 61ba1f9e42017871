//! `GET /{id}`: the account itself, its Page, a person, a conversation or a message.

use serde_json::{Map, Value, json};

use super::auth::{self, Caller};
use super::call::Call;
use super::conversations::{self, no_field};
use super::error::GraphError;
use super::fields::{self, Field};
use super::media;
use crate::world::Shared;
use crate::world::account::{Account, Login};
use crate::world::thread::Person;

pub(super) fn read(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    let now_ms = world.clock().now_ms();
    let account = world.lock().shown_account(&caller.account, now_ms);
    if let Some(account) = account.filter(|account| auth::is_own(account, id)) {
        return own(world, call, caller, (&account, id));
    }
    if let Some(answer) = media::node(world, call, caller, id) {
        return answer;
    }
    if let Some(answer) = conversations::node(world, call, caller, id) {
        return answer;
    }
    let person = world.lock().people.get(id).cloned();
    match person {
        Some(person) => profile(world, call, caller, &person),
        None => Err(GraphError::no_object(id)),
    }
}

/// The account: a Page in the Facebook flavour unless its Instagram id is asked.
fn own(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    (account, id): (&Account, &str),
) -> Result<Value, GraphError> {
    let is_page = caller.login == Login::Facebook && id != account.id;
    if is_page {
        let fields = asked(call, "id,name")?;
        if fields.iter().any(is_link) {
            caller.need("instagram_basic", "")?;
        }
        return object(&fields, &account.page_id, "Page", |field| {
            page_field(account, field)
        });
    }
    caller.need("instagram_basic", "instagram_business_basic")?;
    let fields = asked(
        call,
        if caller.login == Login::Facebook {
            "id,username"
        } else {
            "id,user_id"
        },
    )?;
    let id = if caller.login == Login::Facebook {
        &account.id
    } else {
        &account.app_scoped_id
    };
    let mut answer = object(&fields, id, "IGUser", |field| {
        user_field(account, caller.login, field)
    })?;
    fill(&mut answer, Some(world.base_url()));
    if account.wrapped_me && caller.login == Login::Instagram {
        return Ok(json!({"data": [answer]}));
    }
    Ok(answer)
}

fn page_field(account: &Account, field: &Field) -> Option<Value> {
    Some(match field.name.as_str() {
        "name" => account.name.clone().into(),
        "username" => account.username.clone().into(),
        _ if is_link(field) => linked(account, field).ok()?,
        _ => return None,
    })
}

fn is_link(field: &Field) -> bool {
    matches!(
        field.name.as_str(),
        "instagram_business_account" | "connected_instagram_account"
    )
}

/// The Instagram account behind a Page, with the fields asked in braces.
pub(super) fn linked(account: &Account, asked: &Field) -> Result<Value, GraphError> {
    let mut answer = object(&asked.fields, &account.id, "IGUser", |field| {
        user_field(account, Login::Facebook, field)
    })?;
    fill(&mut answer, None);
    Ok(answer)
}

/// Leaves out what nobody filled in, and puts the host before the path of the picture.
fn fill(answer: &mut Value, base_url: Option<&str>) {
    let Some(answer) = answer.as_object_mut() else {
        return;
    };
    answer.retain(|name, value| name == "name" || !value.is_null());
    if let Some(path) = answer.remove("profile_picture_url")
        && let (Some(base_url), Some(path)) = (base_url, path.as_str())
    {
        let address = format!("{base_url}{path}");
        answer.insert("profile_picture_url".into(), address.into());
    }
}

fn user_field(account: &Account, login: Login, field: &Field) -> Option<Value> {
    let about = &account.about;
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned()).into();
    let facebook = login == Login::Facebook;
    Some(match field.name.as_str() {
        "username" => account.username.clone().into(),
        "name" => account.name.clone().into(),
        "biography" => filled(&about.biography),
        "website" => filled(&about.website),
        "followers_count" => about.followers_count.into(),
        "follows_count" => about.follows_count.into(),
        "media_count" => about.media_count.into(),
        // A path; the host comes before it.
        "profile_picture_url" => {
            let host = "cdn/scontent.cdninstagram.com/v/t51.2885-19";
            format!("/{host}/{}.jpg", account.id).into()
        }
        "user_id" if !facebook => account.id.clone().into(),
        "account_type" if !facebook => filled(&about.account_type),
        "has_profile_pic" | "is_published" if facebook => true.into(),
        "ig_id" | "legacy_instagram_user_id" if facebook => {
            account.id.trim_start_matches("178414").to_owned().into()
        }
        _ => return None,
    })
}

/// A person, readable only after they wrote or tapped
/// (<https://developers.facebook.com/docs/messenger-platform/instagram/features/user-profile>, 2026-09).
fn profile(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    person: &Person,
) -> Result<Value, GraphError> {
    caller.need_messages()?;
    let consent = {
        let state = world.lock();
        let key = (caller.account.clone(), person.igsid.clone());
        state.threads.get(&key).is_some_and(|thread| thread.consent)
    };
    if !consent {
        return Err(GraphError::new(
            230,
            None,
            "(#230) User consent is required to access user profile",
        ));
    }
    if person.blocked {
        return Err(GraphError::no_object(&person.igsid));
    }
    let fields = asked(call, "name,username")?;
    let mut answer = object(&fields, &person.igsid, "IGBusinessScopedID", |field| {
        Some(match field.name.as_str() {
            "name" => person.name.clone().into(),
            "username" => person.username.clone().into(),
            "profile_pic" if person.has_picture => {
                let host = "cdn/scontent.cdninstagram.com/v/t51.2885-19";
                format!("{}/{host}/{}.jpg", world.base_url(), person.igsid).into()
            }
            "profile_pic" => Value::Null,
            "follower_count" => person.followers.into(),
            "is_user_follow_business" => person.follows_business.into(),
            "is_business_follow_user" => person.followed_by_business.into(),
            "is_verified_user" => person.verified.into(),
            _ => return None,
        })
    })?;
    if !person.has_picture
        && let Some(object) = answer.as_object_mut()
    {
        object.remove("profile_pic");
    }
    Ok(answer)
}

pub(super) fn asked(call: &Call, default: &str) -> Result<Vec<Field>, GraphError> {
    fields::parse(
        &call
            .params
            .text("fields")
            .unwrap_or_else(|| default.to_owned()),
    )
}

/// The asked fields and always the id, as the Graph answers.
pub(super) fn object(
    fields: &[Field],
    id: &str,
    node: &str,
    read: impl Fn(&Field) -> Option<Value>,
) -> Result<Value, GraphError> {
    let mut object = Map::new();
    for field in fields.iter().filter(|field| field.name != "id") {
        let value = read(field).ok_or_else(|| no_field(&field.name, node))?;
        object.insert(field.name.clone(), value);
    }
    object.insert("id".into(), id.into());
    Ok(object.into())
}
