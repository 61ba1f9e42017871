//! Whose rows a caller sees in lists: of all accounts, of theirs, of the one they pick.

use axum::http::StatusCode;

use super::{ApiError, Caller, Gate, Reach};

/// The accounts whose rows the caller sees; `None` means all of them, and what is of no account.
pub(crate) async fn seen_accounts(
    caller: &Caller,
    gate: &Gate,
    picked: Option<&str>,
) -> Result<Option<Vec<String>>, ApiError> {
    let Some(picked) = picked else {
        return Ok(match caller.reach() {
            Reach::All => None,
            Reach::Only(ids) => Some(ids.iter().cloned().collect()),
        });
    };
    let is_theirs = match caller.reach() {
        Reach::All => false,
        Reach::Only(ids) => ids.contains(picked),
    };
    if is_theirs {
        return Ok(Some(vec![picked.to_owned()]));
    }
    // By its other id; or, for who sees everything, an account that is no longer connected.
    match caller.account(gate, Some(picked)).await {
        Ok(account) => Ok(Some(vec![account.id.into_string()])),
        Err(_) if *caller.reach() == Reach::All => Ok(Some(vec![picked.to_owned()])),
        Err(_) => Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "account_unknown",
            "there is no such account for this key",
        )
        .next_step("See which accounts the key has: GET /v1/me.")),
    }
}

/// Whether a caller sees what is of this account; empty: of none.
pub(crate) fn sees(caller: &Caller, account: &str) -> bool {
    match caller.reach() {
        Reach::All => true,
        Reach::Only(ids) => ids.contains(account),
    }
}
