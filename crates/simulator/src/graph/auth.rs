//! Who calls: the token, its state, its host family, its proof. Checked before the path, as Meta does.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Host;
use super::call::Call;
use super::error::GraphError;
use crate::world::account::{Account, Login, Token, TokenKind};
use crate::world::asset::hmac_hex;
use crate::world::{State, World};

/// A caller whose token is good.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) login: Login,
    pub(crate) kind: TokenKind,
    scopes: BTreeSet<String>,
    /// Pages that a person's token was granted for.
    pub(crate) pages: BTreeSet<String>,
}

impl Caller {
    /// Fails without the permission that each log-in calls by its own name.
    pub(crate) fn need(&self, facebook: &str, instagram: &str) -> Result<(), GraphError> {
        let scope = match self.login {
            Login::Facebook => facebook,
            Login::Instagram => instagram,
        };
        if self.has(scope) {
            Ok(())
        } else {
            Err(GraphError::permission(scope))
        }
    }

    /// Whether this scope was granted, by its own name.
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    pub(crate) fn need_messages(&self) -> Result<(), GraphError> {
        self.need(
            "instagram_manage_messages",
            "instagram_business_manage_messages",
        )
    }
}

pub(crate) fn authorise(world: &World, call: &Call) -> Result<Caller, GraphError> {
    let value = call
        .token
        .as_deref()
        .ok_or_else(|| GraphError::no_token(call.host))?;
    let state = world.lock();
    let token = state
        .tokens
        .get(value)
        .ok_or_else(|| GraphError::no_token(call.host))?;
    let at_home = match call.host {
        Host::Facebook => token.login == Login::Facebook,
        Host::Instagram => token.login == Login::Instagram,
    };
    if !at_home {
        return Err(GraphError::no_token(call.host));
    }
    let now_ms = world.clock().now_ms();
    if let Some(subcode) = token.state_at(now_ms).subcode() {
        return Err(GraphError::dead_token(subcode));
    }
    if let Some(proof) = call.params.text("appsecret_proof")
        && proof != hmac_hex(world.options().app_secret.as_bytes(), value.as_bytes())
    {
        return Err(GraphError::argument(
            "Invalid appsecret_proof provided in the API argument",
        ));
    }
    if token.data_access_ms.is_some_and(|at_ms| now_ms >= at_ms) {
        return Err(GraphError::new(
            10,
            None,
            "(#10) The access to data ended 90 days after the last log-in. The person must log in again.",
        ));
    }
    let account = target(&state, token, call);
    if let Some(account) = state.accounts.get(&account) {
        standing(&state, account, call)?;
    }
    Ok(Caller {
        account,
        login: token.login,
        kind: token.kind,
        scopes: token.scopes.clone(),
        pages: token.pages.clone(),
    })
}

/// Which scope an edge needs: method (`*` for any), edge, Facebook's scope, Instagram's scope; an empty one: that
/// log-in has no such call (<https://developers.facebook.com/docs/instagram-platform/overview>, 2026-11). Sends and
/// fields inside `fields` check their own.
const SCOPES: [(&str, &str, &str, &str); 19] = [
    (
        "GET",
        "media",
        "instagram_basic",
        "instagram_business_basic",
    ),
    (
        "POST",
        "media",
        "instagram_content_publish",
        "instagram_business_content_publish",
    ),
    (
        "POST",
        "media_publish",
        "instagram_content_publish",
        "instagram_business_content_publish",
    ),
    (
        "GET",
        "content_publishing_limit",
        "instagram_content_publish",
        "instagram_business_content_publish",
    ),
    (
        "GET",
        "stories",
        "instagram_basic",
        "instagram_business_basic",
    ),
    ("GET", "tags", "instagram_basic", "instagram_business_basic"),
    (
        "GET",
        "live_media",
        "instagram_basic",
        "instagram_business_basic",
    ),
    (
        "GET",
        "children",
        "instagram_basic",
        "instagram_business_basic",
    ),
    (
        "GET",
        "insights",
        "instagram_manage_insights",
        "instagram_business_manage_insights",
    ),
    (
        "*",
        "comments",
        "instagram_manage_comments",
        "instagram_business_manage_comments",
    ),
    (
        "*",
        "replies",
        "instagram_manage_comments",
        "instagram_business_manage_comments",
    ),
    (
        "POST",
        "mentions",
        "instagram_manage_comments",
        "instagram_business_manage_comments",
    ),
    ("*", "likes", "instagram_manage_engagement", ""),
    (
        "*",
        "messages",
        "instagram_manage_messages",
        "instagram_business_manage_messages",
    ),
    (
        "*",
        "message_attachments",
        "instagram_manage_messages",
        "instagram_business_manage_messages",
    ),
    (
        "*",
        "messenger_profile",
        "instagram_manage_messages",
        "instagram_business_manage_messages",
    ),
    (
        "GET",
        "conversations",
        "instagram_manage_messages",
        "instagram_business_manage_messages",
    ),
    (
        "*",
        "subscribed_apps",
        "pages_manage_metadata",
        "instagram_business_basic",
    ),
    ("GET", "recently_searched_hashtags", "instagram_basic", ""),
];

/// Fails without the scope of the edge. Lists of comments are empty in the Instagram family instead, as field reports
/// of 2026-07 say.
pub(crate) fn permit(call: &Call, caller: &Caller) -> Result<Option<Value>, GraphError> {
    let method = call.method.as_str();
    let Some(edge) = call.segments.get(1) else {
        return Ok(None);
    };
    let row = SCOPES
        .iter()
        .find(|(of, name, ..)| name == edge && (*of == method || *of == "*"));
    let Some((_, _, facebook, instagram)) = row else {
        return Ok(None);
    };
    if caller.login == Login::Instagram && instagram.is_empty() {
        let path = format!("/{}", call.segments.join("/"));
        return Err(GraphError::no_path(call.host, &path));
    }
    match caller.need(facebook, instagram) {
        Err(_)
            if caller.login == Login::Instagram
                && method == "GET"
                && matches!(edge.as_str(), "comments" | "replies") =>
        {
            Ok(Some(json!({"data": []})))
        }
        other => other.map(|()| None),
    }
}

/// The account a call is about. A person's token serves every Page it was granted for: the path tells which, or the
/// owner of the post or comment there, or `user_id` where hashtags are asked for.
fn target(state: &State, token: &Token, call: &Call) -> String {
    if token.kind != TokenKind::User {
        return token.account.clone();
    }
    let id = call.segments.first().map_or("", String::as_str);
    if id == "me" {
        return String::new();
    }
    let granted = || {
        let accounts = state.accounts.values();
        accounts.filter(|account| token.pages.contains(&account.page_id))
    };
    let named = call.params.text("user_id");
    let owner = state
        .media
        .get(id)
        .map(|media| &media.account)
        .or_else(|| state.comments.get(id).map(|comment| &comment.account))
        .or_else(|| {
            let containers = &state.publishing.containers;
            containers.get(id).map(|container| &container.account)
        })
        .or(named.as_ref());
    granted()
        .find(|account| is_own(account, id))
        .or_else(|| granted().find(|account| owner == Some(&account.id)))
        .or_else(|| granted().next())
        .map(|account| account.id.clone())
        .unwrap_or_default()
}

/// What bars an account whatever it asks.
fn standing(state: &State, account: &Account, call: &Call) -> Result<(), GraphError> {
    if account.restricted {
        return Err(GraphError::new(
            10,
            Some(1_893_063),
            "(#10) The account is temporarily restricted.",
        ));
    }
    if !account.role && !state.app.dashboard.live {
        return Err(GraphError::new(
            100,
            None,
            format!(
                "Unsupported request - method type: {}",
                call.method.as_str().to_lowercase()
            ),
        )
        .worded_for(call.host));
    }
    Ok(())
}

/// Whether `id` in a path means this account: `me`, its Page, its Instagram id, its app-scoped id.
pub(crate) fn is_own(account: &Account, id: &str) -> bool {
    id == "me" || id == account.id || id == account.page_id || id == account.app_scoped_id
}
