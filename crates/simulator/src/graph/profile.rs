//! `messenger_profile`: the questions and the menu that people find in the chat before they write.

use serde_json::{Map, Value, json};

use super::Host;
use super::auth::Caller;
use super::call::Call;
use super::error::GraphError;
use crate::world::Shared;
use crate::world::account::Account;

/// <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/ice-breakers>, 2026-11.
const ICE_BREAKERS: usize = 4;
/// Letters of a question, same page.
const QUESTION_CHARS: usize = 80;
/// Meta gives no figure for Instagram that we could confirm; 5 is the strict side.
const MENU_ITEMS: usize = 5;
/// Letters of a menu item, of Messenger's menu
/// (<https://developers.facebook.com/docs/messenger-platform/send-messages/persistent-menu>, 2026-11).
const TITLE_CHARS: usize = 30;
/// Letters of a payload, same page.
pub(super) const PAYLOAD_CHARS: usize = 1_000;

const FIELDS: [&str; 2] = ["ice_breakers", "persistent_menu"];

pub(super) fn run(world: &Shared, call: &Call, caller: &Caller) -> Result<Value, GraphError> {
    caller.need_messages()?;
    if call.host == Host::Facebook && call.params.text("platform").as_deref() != Some("instagram") {
        // Without it a Page's profile is that of Messenger, which Instagram does not show.
        return Err(GraphError::argument("param platform must be instagram"));
    }
    let answer = {
        let mut state = world.lock();
        let account = state
            .accounts
            .get_mut(&caller.account)
            .ok_or_else(|| GraphError::no_object("me"))?;
        match call.method.as_str() {
            "POST" => set(call, account)?,
            "GET" => return Ok(get(call, account)),
            "DELETE" => delete(call, account)?,
            _ => return Err(GraphError::argument("Unsupported method")),
        }
    };
    world.changed(&caller.account, "", "profile");
    Ok(answer)
}

fn set(call: &Call, account: &mut Account) -> Result<Value, GraphError> {
    let ice_breakers = call.params.list("ice_breakers")?;
    let menu = call.params.list("persistent_menu")?;
    if ice_breakers.is_none() && menu.is_none() {
        return Err(GraphError::argument(
            "Requires one of the params: ice_breakers,persistent_menu",
        ));
    }
    // Both are checked before either is kept.
    let ice_breakers = ice_breakers.map(check_ice_breakers).transpose()?;
    if let Some(menu) = &menu {
        check_menu(menu)?;
    }
    for (name, value) in [("ice_breakers", ice_breakers), ("persistent_menu", menu)] {
        if let Some(value) = value {
            account.profile.insert(name.to_owned(), value.into());
        }
    }
    Ok(json!({"result": "success"}))
}

/// Meta's newer page shows lists by locale, its older sample one flat list: both are taken.
fn check_ice_breakers(list: Vec<Value>) -> Result<Vec<Value>, GraphError> {
    let flat = list.iter().all(|item| item["call_to_actions"].is_null());
    let lists = if flat {
        vec![json!({"call_to_actions": list, "locale": "default"})]
    } else {
        list
    };
    by_locale(&lists)?;
    for actions in &lists {
        let actions = actions["call_to_actions"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if actions.is_empty() || actions.len() > ICE_BREAKERS {
            return Err(GraphError::argument(format!(
                "param ice_breakers must have between 1 and {ICE_BREAKERS} questions"
            )));
        }
        for action in actions {
            text(action, "question", QUESTION_CHARS)?;
            text(action, "payload", PAYLOAD_CHARS)?;
        }
    }
    Ok(lists)
}

fn check_menu(lists: &[Value]) -> Result<(), GraphError> {
    by_locale(lists)?;
    for menu in lists {
        let actions = menu["call_to_actions"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if actions.is_empty() || actions.len() > MENU_ITEMS {
            return Err(GraphError::argument(format!(
                "param persistent_menu must have between 1 and {MENU_ITEMS} items"
            )));
        }
        for action in actions {
            text(action, "title", TITLE_CHARS)?;
            match action["type"].as_str() {
                Some("postback") => text(action, "payload", PAYLOAD_CHARS)?,
                Some("web_url") => text(action, "url", PAYLOAD_CHARS)?,
                _ => {
                    return Err(GraphError::argument(
                        "A menu item is of type postback or web_url",
                    ));
                }
            }
        }
    }
    Ok(())
}

/// One list each language, and one for everybody else.
fn by_locale(lists: &[Value]) -> Result<(), GraphError> {
    let mut seen = Vec::new();
    for list in lists {
        let locale = list["locale"].as_str().unwrap_or("default");
        if seen.contains(&locale) {
            return Err(GraphError::argument(format!("locale {locale} comes twice")));
        }
        seen.push(locale);
    }
    if seen.contains(&"default") {
        Ok(())
    } else {
        Err(GraphError::argument("locale default is missing"))
    }
}

fn text(action: &Value, name: &str, limit: usize) -> Result<(), GraphError> {
    let length = action[name].as_str().map_or(0, |text| text.chars().count());
    if (1..=limit).contains(&length) {
        Ok(())
    } else {
        Err(GraphError::argument(format!(
            "{name} must have between 1 and {limit} characters"
        )))
    }
}

fn get(call: &Call, account: &Account) -> Value {
    let asked = call.params.text("fields").unwrap_or_default();
    let shown: Map<String, Value> = account
        .profile
        .iter()
        .filter(|(name, _)| asked.split(',').any(|field| field.trim() == *name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if shown.is_empty() {
        return json!({"data": []});
    }
    json!({"data": [shown]})
}

fn delete(call: &Call, account: &mut Account) -> Result<Value, GraphError> {
    let named: Vec<String> = match call.params.list("fields") {
        Ok(Some(list)) => list
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        // A list as in a query: `fields=ice_breakers,persistent_menu`.
        _ => call
            .params
            .text("fields")
            .unwrap_or_default()
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect(),
    };
    let unknown = named.iter().find(|name| !FIELDS.contains(&name.as_str()));
    if let Some(name) = unknown {
        return Err(GraphError::argument(format!(
            "Param fields must be one of {{ice_breakers, persistent_menu}} - got \"{name}\"."
        )));
    }
    for name in named {
        account.profile.remove(&name);
    }
    Ok(json!({"result": "success"}))
}
