//! Who calls: the token, its state, its host family, its proof. Checked before the path, as Meta does.

use super::Host;
use super::call::Call;
use super::error::GraphError;
use crate::world::World;
use crate::world::account::{Account, Login, TokenState};
use crate::world::asset::hmac_hex;

/// A caller whose token is good.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) login: Login,
    scopes: std::collections::BTreeSet<String>,
}

impl Caller {
    /// Fails without the permission that each log-in calls by its own name.
    pub(crate) fn need(&self, facebook: &str, instagram: &str) -> Result<(), GraphError> {
        let scope = match self.login {
            Login::Facebook => facebook,
            Login::Instagram => instagram,
        };
        if self.scopes.contains(scope) {
            Ok(())
        } else {
            Err(GraphError::permission(scope))
        }
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
    let expired = token
        .expires_ms
        .is_some_and(|at_ms| world.clock().now_ms() >= at_ms);
    let token_state = if expired {
        TokenState::Expired
    } else {
        token.state
    };
    if let Some(subcode) = token_state.subcode() {
        return Err(GraphError::dead_token(subcode));
    }
    if let Some(proof) = call.params.text("appsecret_proof")
        && proof != hmac_hex(world.options().app_secret.as_bytes(), value.as_bytes())
    {
        return Err(GraphError::argument(
            "Invalid appsecret_proof provided in the API argument",
        ));
    }
    let restricted = state
        .accounts
        .get(&token.account)
        .is_some_and(|account| account.restricted);
    if restricted {
        return Err(GraphError::new(
            10,
            Some(1_893_063),
            "(#10) The account is temporarily restricted.",
        ));
    }
    Ok(Caller {
        account: token.account.clone(),
        login: token.login,
        scopes: token.scopes.clone(),
    })
}

/// Whether `id` in a path means this account: `me`, its Page, its Instagram id, its app-scoped id.
pub(crate) fn is_own(account: &Account, id: &str) -> bool {
    id == "me" || id == account.id || id == account.page_id || id == account.app_scoped_id
}
