//! The Facebook person who owns the Pages: `/me`, `/me/accounts`, `/me/permissions`, and what their token may not do.

use hyper::Method;
use serde_json::{Map, Value, json};

use super::auth::Caller;
use super::call::Call;
use super::conversations::no_field;
use super::error::GraphError;
use super::{fields, node};
use crate::login::new_token;
use crate::world::account::{FACEBOOK_SCOPES, Login, Token, TokenKind, TokenState};
use crate::world::{State, World};

/// The one person who logs in at Facebook here.
pub(super) const OWNER_ID: &str = "10200000000000001";
const OWNER_NAME: &str = "Nina Duarte";
/// Rows of a page of `/me/accounts`, as Meta's lists have by default.
const ROWS: usize = 25;
/// What only a Page can be asked for
/// (<https://developers.facebook.com/docs/instagram-platform/comment-moderation>, 2026-11, and the messaging pages).
const OF_A_PAGE: [&str; 7] = [
    "comments",
    "conversations",
    "message_attachments",
    "messages",
    "messenger_profile",
    "replies",
    "subscribed_apps",
];

/// The answer, if a person's token decides it; other calls go on as those of the account they name.
pub(super) fn run(
    world: &World,
    call: &Call,
    caller: &Caller,
) -> Option<Result<Value, GraphError>> {
    if caller.kind != TokenKind::User {
        return None;
    }
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    Some(match (&call.method, segments.as_slice()) {
        (&Method::GET, ["me" | OWNER_ID]) => me(call),
        (&Method::GET, ["me" | OWNER_ID, "accounts"]) => accounts(world, call, caller),
        (&Method::GET, ["me" | OWNER_ID, "permissions"]) => Ok(permissions(caller)),
        (&Method::DELETE, ["me" | OWNER_ID, "permissions"]) => Ok(give_up(world, call)),
        (_, ["me" | OWNER_ID, ..]) => Err(page_needed()),
        (_, [_, edge, ..]) if OF_A_PAGE.contains(edge) => Err(page_needed()),
        (&Method::GET, [id]) => return page(world, call, caller, id),
        _ => return None,
    })
}

fn page_needed() -> GraphError {
    GraphError::new(
        210,
        None,
        "(#210) A page access token is required to request this resource.",
    )
}

fn me(call: &Call) -> Result<Value, GraphError> {
    node::object(&node::asked(call, "name,id")?, OWNER_ID, "User", |field| {
        (field.name == "name").then(|| OWNER_NAME.into())
    })
}

/// A Page that was granted, as `/me/accounts` names it.
struct Row {
    id: String,
    name: String,
    account: Option<String>,
}

fn granted(state: &State, caller: &Caller) -> Vec<Row> {
    let linked = state.accounts.values().map(|account| Row {
        id: account.page_id.clone(),
        name: account.name.clone(),
        account: Some(account.id.clone()),
    });
    let lonely = state.lonely_pages.iter().map(|page| Row {
        id: page.id.clone(),
        name: page.name.clone(),
        account: None,
    });
    let mut rows: Vec<Row> = linked
        .chain(lonely)
        .filter(|row| caller.pages.contains(&row.id))
        .collect();
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    rows
}

fn accounts(world: &World, call: &Call, caller: &Caller) -> Result<Value, GraphError> {
    let asked = node::asked(call, "access_token,category,category_list,name,id,tasks")?;
    let limit = match call.params.text("limit") {
        None => ROWS,
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| GraphError::argument("param limit must be between 1 and 100"))?,
    };
    let after = call.params.text("after");
    let mut state = world.lock();
    let listed = state.app.dashboard.pages_listed && caller.has("pages_show_list");
    if !listed {
        return Ok(json!({"data": []}));
    }
    let rows: Vec<Row> = granted(&state, caller)
        .into_iter()
        .filter(|row| after.as_deref().is_none_or(|after| row.id.as_str() > after))
        .collect();
    let more = rows.len() > limit;
    let mut data = Vec::new();
    for row in rows.iter().take(limit) {
        let token = asked
            .iter()
            .any(|field| field.name == "access_token")
            .then(|| page_token(world, &mut state, call, row));
        data.push(shown(&state, caller, &asked, row, token.as_deref())?);
    }
    drop(state);
    let mut answer = json!({"data": data});
    if let (Some(first), Some(last)) = (rows.first(), rows.get(data_end(&rows, limit))) {
        answer["paging"] = json!({"cursors": {"before": first.id, "after": last.id}});
        if more {
            // Meta's links carry the token; whoever follows them must not keep them.
            let token = call.token.clone().unwrap_or_default();
            answer["paging"]["next"] = format!(
                "{}/graph.facebook.com/{}/{OWNER_ID}/accounts?access_token={token}&limit={limit}&after={}",
                world.base_url(),
                world.options().graph_version,
                last.id
            )
            .into();
        }
    }
    Ok(answer)
}

fn data_end(rows: &[Row], limit: usize) -> usize {
    rows.len().min(limit).saturating_sub(1)
}

fn shown(
    state: &State,
    caller: &Caller,
    asked: &[fields::Field],
    row: &Row,
    token: Option<&str>,
) -> Result<Value, GraphError> {
    let mut object = Map::new();
    for field in asked {
        let value = match field.name.as_str() {
            "id" => continue,
            "access_token" => json!(token),
            "name" => json!(row.name),
            "category" => json!("Food & beverage"),
            "category_list" => json!([{"id": "150000000000001", "name": "Food & beverage"}]),
            "tasks" => json!([
                "ADVERTISE",
                "ANALYZE",
                "CREATE_CONTENT",
                "MESSAGING",
                "MODERATE",
                "MANAGE"
            ]),
            "instagram_business_account" => {
                let account = row
                    .account
                    .as_ref()
                    .and_then(|account| state.accounts.get(account));
                match account {
                    // A Page without one lacks the field.
                    None => continue,
                    Some(account) => {
                        caller.need("instagram_basic", "")?;
                        node::linked(account, field)?
                    }
                }
            }
            other => return Err(no_field(other, "Page")),
        };
        object.insert(field.name.clone(), value);
    }
    object.insert("id".into(), row.id.clone().into());
    Ok(object.into())
}

/// The Page's token that belongs to this person's token: the same each time. Made from a long one it has no end.
fn page_token(world: &World, state: &mut State, call: &Call, row: &Row) -> String {
    let parent = call.token.clone().unwrap_or_default();
    let account = row.account.clone().unwrap_or_else(|| row.id.clone());
    let known = state.tokens.iter().find(|(_, token)| {
        token.parent.as_deref() == Some(parent.as_str()) && token.account == account
    });
    if let Some((value, _)) = known {
        return value.clone();
    }
    let mut token = Token::endless(&account, Login::Facebook);
    token.issued_ms = world.clock().now_ms();
    if let Some(person) = state.tokens.get(&parent) {
        token.scopes.clone_from(&person.scopes);
        token.data_access_ms = person.data_access_ms;
        token.long = person.long;
        if !person.long {
            token.expires_ms = person.expires_ms;
        }
    }
    token.parent = Some(parent);
    let value = new_token("EAA");
    state.tokens.insert(value.clone(), token);
    value
}

/// A Page that was granted, read by its person: also its token and tasks, and a Page without Instagram.
fn page(
    world: &World,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Option<Result<Value, GraphError>> {
    let mut state = world.lock();
    let row = granted(&state, caller)
        .into_iter()
        .find(|row| row.id == id)?;
    Some(node::asked(call, "name,id").and_then(|asked| {
        let token = asked
            .iter()
            .any(|field| field.name == "access_token")
            .then(|| page_token(world, &mut state, call, &row));
        shown(&state, caller, &asked, &row, token.as_deref())
    }))
}

fn permissions(caller: &Caller) -> Value {
    let rows: Vec<Value> = FACEBOOK_SCOPES
        .iter()
        .filter(|scope| caller.has(scope))
        .map(|scope| json!({"permission": scope, "status": "granted"}))
        .collect();
    json!({"data": rows})
}

/// The person takes the app out: every token of theirs dies.
fn give_up(world: &World, call: &Call) -> Value {
    let mut state = world.lock();
    for (value, token) in &mut state.tokens {
        let own = call.token.as_deref() == Some(value.as_str());
        if own || token.parent == call.token {
            token.state = TokenState::AppRemoved;
        }
    }
    json!({"success": true})
}
