//! `GET /{id}`: the account itself, its Page, a person, a conversation or a message.

use serde_json::{Map, Value, json};

use super::auth::{self, Caller};
use super::call::Call;
use super::conversations::{self, no_field};
use super::error::GraphError;
use super::fields::{self, Field};
use crate::world::Shared;
use crate::world::account::{Account, Login};
use crate::world::thread::Person;

pub(super) fn read(
    world: &Shared,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    let account = world.lock().accounts.get(&caller.account).cloned();
    if let Some(account) = account.filter(|account| auth::is_own(account, id)) {
        return own(call, caller, &account, id);
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
fn own(call: &Call, caller: &Caller, account: &Account, id: &str) -> Result<Value, GraphError> {
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
    let answer = object(&fields, id, "IGUser", |field| {
        user_field(account, caller.login, field)
    })?;
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
    object(&asked.fields, &account.id, "IGUser", |field| {
        user_field(account, Login::Facebook, field)
    })
}

fn user_field(account: &Account, login: Login, field: &Field) -> Option<Value> {
    Some(match field.name.as_str() {
        "user_id" if login == Login::Instagram => account.id.clone().into(),
        "username" => account.username.clone().into(),
        "name" => account.name.clone().into(),
        "account_type" if login == Login::Instagram => "BUSINESS".into(),
        "followers_count" | "follows_count" | "media_count" => 0.into(),
        "profile_picture_url" => Value::Null,
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
